// How the monitor connects to Redis.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';

export function connectRedis(url: string, ca: string | null): Redis {
  return new Redis(url, {
    // Commands wait for a lost connection to come back; what they belong to is bounded by its own means.
    maxRetriesPerRequest: null,
    retryStrategy: attempt => Math.min(1_000, 20 * 2 ** Math.min(attempt, 6)),
    ...(ca === null ? {} : { tls: { ca: readFileSync(ca) } }),
  });
}
