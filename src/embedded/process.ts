// One server process that we run: started detached (a Ctrl-C on the terminal must not reach it before we have
// closed our connections), watched, and ended by its pid.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { childEnvironment } from '../config.ts';

export type ServerKind = 'nats' | 'redis';

export interface Launch {
  readonly kind: ServerKind;
  /** The server's executable. */
  readonly program: string;
  readonly configFile: string;
  readonly port: number;
  readonly password: string;
  /** Where its standard output and error go. */
  readonly outputFile: string;
  /** The log that its configuration names. */
  readonly logFile: string;
}

/** The server ended before it answered; the message carries the end of its output and its log. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
}

/** Milliseconds between two looks at a server that starts or ends. */
const POLL_MS = 20;
/** A store of many gigabytes may take minutes to recover. */
const START_MS_MAX = 600_000;
/** How often a start is tried again when another program has taken the port meanwhile. */
const PORT_TRIES_MAX = 5;
/** The ports that we choose from: below those that systems give to outgoing connections and to port 0. */
const PORTS = { first: 20_000, count: 12_000 } as const;

/**
 * Starts the server that `prepare` configures for a port: `preferred` if that is free, else any. Between the look
 * and the start another program may take the port; then the next one is tried. @throws ServerStartError
 */
export async function launchOnFreePort(
  preferred: number | undefined,
  prepare: (port: number) => Launch | Promise<Launch>,
  onWait?: (seconds: number) => void,
): Promise<{ readonly pid: number; readonly port: number }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort(preferred);
    try {
      return { pid: await launch(await prepare(port), onWait), port };
    } catch (error) {
      const lost = error instanceof ServerStartError && !(await isFree(port));
      if (!lost || tries === PORT_TRIES_MAX) throw error;
    }
  }
}

/** Starts the server and waits until it answers. Returns its pid. @throws ServerStartError */
export async function launch(server: Launch, onWait?: (seconds: number) => void): Promise<number> {
  const logged = sizeOf(server.logFile);
  const output = openSync(server.outputFile, 'w', 0o600);
  const args = server.kind === 'nats' ? ['-c', server.configFile] : [server.configFile];
  const child = spawn(server.program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: childEnvironment(),
  });
  closeSync(output);
  let ended: string | null = null;
  child.once('error', error => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `it ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`;
  });
  child.unref();
  const began = Date.now();
  let told = 0;
  while (Date.now() - began < START_MS_MAX) {
    if (ended !== null) {
      throw new ServerStartError(`${server.program} did not start: ${ended}\n${lastWords(server, logged)}`);
    }
    if (child.pid !== undefined && (await answers(server.kind, server.port, server.password)))
      return child.pid;
    const seconds = Math.floor((Date.now() - began) / 1000);
    if (seconds > told) {
      told = seconds;
      onWait?.(seconds);
    }
    await sleep(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new ServerStartError(`${server.program} did not answer within ${START_MS_MAX / 1000} s`);
}

/** Ends a process: SIGTERM, and SIGKILL when it is still there after `graceMs`. */
export async function endProcess(pid: number, graceMs = 15_000): Promise<void> {
  if (!signal(pid, 'SIGTERM')) return;
  if (await gone(pid, graceMs)) return;
  signal(pid, 'SIGKILL');
  await gone(pid, 5_000);
}

/** Waits until a process is gone; false when it is still there after `waitMs`. */
export async function gone(pid: number, waitMs: number): Promise<boolean> {
  const until = Date.now() + waitMs;
  while (isAlive(pid)) {
    if (Date.now() > until) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Sends a signal; false when there is no such process. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** True while the process runs. One that has ended and only waits to be reaped is gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return process.platform !== 'linux';
  }
}

/** True when a server answers on this port and takes the password, ready to work (Redis: loaded). */
export function answers(kind: ServerKind, port: number, password: string, waitMs = 1_000): Promise<boolean> {
  const hello =
    kind === 'nats'
      ? `CONNECT ${JSON.stringify({ user: NATS_USER, pass: password, verbose: false, lang: 'probe', version: '1' })}\r\nPING\r\n`
      : `AUTH ${password}\r\nPING\r\n`;
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let text = '';
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(waitMs, () => finish(false));
    socket.once('connect', () => socket.write(hello));
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      if (text.includes('PONG\r\n')) finish(true);
      else if (text.includes('-ERR') || /^-[A-Z]+ /m.test(text)) finish(false);
    });
    socket.once('error', () => finish(false));
    socket.once('close', () => resolve(false));
  });
}

/** The user name of our own nats-server. */
export const NATS_USER = 'monitor';

/** A loopback port that is free now; `preferred` if that is. */
export async function freePort(preferred = 0): Promise<number> {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < PORTS.count; tries++) {
    const port = PORTS.first + randomInt(PORTS.count);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${PORTS.first} and ${PORTS.first + PORTS.count} on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve(true)));
  });
}

/** The last lines of what the server printed, and of what it logged after the first `logged` bytes, which are older. */
function lastWords({ outputFile, logFile }: Launch, logged: number): string {
  return [...tail(outputFile, 0), ...tail(logFile, logged)].join('\n');
}

function tail(file: string, from: number): string[] {
  try {
    const text = readFileSync(file).subarray(from).toString('utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-8);
  } catch {
    return [];
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
