// How the monitor connects to Redis.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

type Log = Pick<Logger, 'warn' | 'info'>;

/** Says in the log, once for each time, that the connection is lost and that it is there again. */
export function connectRedis(url: string, ca: string | null, log: Log | null = null): Redis {
  const redis = new Redis(url, {
    // Commands wait for a lost connection to come back; what they belong to is bounded by its own means.
    maxRetriesPerRequest: null,
    retryStrategy: attempt => Math.min(1_000, 20 * 2 ** Math.min(attempt, 6)),
    ...(ca === null ? {} : { tls: { ca: readFileSync(ca) } }),
  });
  let isLost = false;
  redis.on('error', (error: Error) => {
    if (!isLost) log?.warn({ err: error }, 'no connection to Redis; it is tried again');
    isLost = true;
  });
  redis.on('ready', () => {
    if (isLost) log?.info('Redis is there again');
    isLost = false;
  });
  return redis;
}
