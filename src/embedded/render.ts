// Renders the configuration of the servers that the monitor runs itself, from the files that are shipped for
// operators under deploy/, so that both are the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';

export interface NatsRendering {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly storeDir: string;
  readonly storeBytesMax: number;
  readonly logFile: string;
  /** Null leaves the subject mapping out. */
  readonly partitions: number | null;
  /** Key of the encrypted store; null leaves it plain. */
  readonly storeKey: string | null;
}

/** The shipped subject mapping, for this number of partitions. */
export function renderMapping(partitions: number): string {
  return shipped('nats/mapping.conf')
    .replaceAll('partition(8,', `partition(${partitions},`)
    .replace('modulo 8.', `modulo ${partitions}.`);
}

/** Configuration of a nats-server on loopback with JetStream and the partition mapping. */
export function renderNats(options: NatsRendering): string {
  const encryption =
    options.storeKey === null ? '' : `  cipher: chacha\n  key: ${JSON.stringify(options.storeKey)}\n`;
  return `server_name: ${JSON.stringify(options.name)}
listen: "127.0.0.1:${options.port}"
max_payload: 1MB
log_file: ${JSON.stringify(options.logFile)}
logfile_size_limit: 10MB
authorization {
  user: ${JSON.stringify(options.user)}
  password: ${JSON.stringify(options.password)}
}
jetstream {
  store_dir: ${JSON.stringify(options.storeDir)}
  max_memory_store: 256MB
  max_file_store: ${Math.floor(options.storeBytesMax)}
${encryption}}
${options.partitions === null ? '' : renderMapping(options.partitions)}`;
}

export interface RedisRendering {
  readonly port: number;
  readonly password: string;
  readonly dir: string;
  readonly logFile: string;
}

/** Configuration of a redis-server on loopback with an append-only file. */
export function renderRedis(options: RedisRendering): string {
  return `${shipped('redis/redis.conf')}
bind 127.0.0.1
port ${options.port}
protected-mode yes
requirepass ${options.password}
dir ${JSON.stringify(options.dir)}
logfile ${JSON.stringify(options.logFile)}
daemonize no
`;
}

function shipped(file: string): string {
  return readFileSync(join(packageRoot(), 'deploy', file), 'utf8');
}
