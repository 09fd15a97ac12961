// The listening server: plain, or with TLS whose certificate is read again when its files change, so that a renewal
// needs no restart. A pair that can't be read leaves the one in use.
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { FastifyBaseLogger } from 'fastify';

/** Files of certificate and key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

const LOOK_MS = 10_000;

export function createHttpServer(
  tls: TlsFiles | null,
  handler: http.RequestListener,
  log: Pick<FastifyBaseLogger, 'info' | 'error'>,
  lookMs = LOOK_MS,
): http.Server {
  if (!tls) return http.createServer(handler);
  const server = https.createServer(read(tls), handler);
  const renew = (): void => {
    try {
      server.setSecureContext(read(tls));
      log.info('the certificate was read again');
    } catch (error) {
      log.error({ err: error }, 'the changed certificate can not be used; the one before stays');
    }
  };
  const files = [tls.cert, tls.key];
  for (const file of files) watchFile(file, { interval: lookMs, persistent: false }, renew);
  server.once('close', () => {
    for (const file of files) unwatchFile(file, renew);
  });
  return server;
}

function read({ cert, key }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}
