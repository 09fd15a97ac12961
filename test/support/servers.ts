// Private servers for a test: real nats-server and redis-server on free loopback ports, data in a temporary folder,
// gone when the test ends. They can be killed and started again on the same data and ports.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  endProcess,
  freePort,
  gone,
  type Launch,
  launch,
  NATS_USER,
  type ServerKind,
  signal,
} from '../../src/embedded/process.ts';
import { ensurePrograms } from '../../src/embedded/programs.ts';
import { renderNats, renderRedis } from '../../src/embedded/render.ts';

/** One server of a test. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** The pid of the process that runs now or ran last. */
  readonly pid: number;
  /** Folder of its data. */
  readonly dir: string;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void>;
  /** Starts it again on the same data and port; waits until it answers. */
  start(): Promise<void>;
}

export interface TestServers {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly nats: TestServer;
  readonly redis: TestServer;
  /** The temporary folder; tests may put files of their own there. */
  readonly dir: string;
  /** Environment variables with which the program finds these servers. */
  readonly env: { readonly NATS_URL: string; readonly REDIS_URL: string; readonly DATA_DIR: string };
  close(): Promise<void>;
}

interface Teardown {
  teardown(work: () => Promise<void> | void): unknown;
}

/** Differs from test to test: none may take another's server on a port for its own. */
const PASSWORD = `test-${randomUUID()}`;

/**
 * Starts both servers. `t.teardown` closes them; without a test (benchmarks) call `close`.
 * `partitions` is what the subject mapping says (8); null leaves the mapping out.
 */
export async function startTestServers(
  t: Teardown | null,
  options: { readonly partitions?: number | null } = {},
): Promise<TestServers> {
  const programs = await ensurePrograms(['nats-server', 'redis-server']);
  const dir = mkdtempSync(join(tmpdir(), 'sla-test-'));
  const at = (...parts: string[]) => join(dir, ...parts);
  for (const folder of ['nats', 'redis', 'data']) mkdirSync(at(folder));
  const natsPort = await freePort();
  const redisPort = await freePort();
  const natsConf = renderNats({
    name: 'test',
    port: natsPort,
    user: NATS_USER,
    password: PASSWORD,
    storeDir: at('nats'),
    storeBytesMax: 20e9,
    logFile: at('nats.log'),
    partitions: options.partitions === undefined ? 8 : options.partitions,
    storeKey: null,
  });
  const redisConf = renderRedis({
    port: redisPort,
    password: PASSWORD,
    dir: at('redis'),
    logFile: at('redis.log'),
  });
  writeFileSync(at('nats.conf'), natsConf);
  writeFileSync(at('redis.conf'), redisConf);
  const how = (kind: ServerKind, port: number): Launch => ({
    kind,
    program: programs[`${kind}-server`],
    configFile: at(`${kind}.conf`),
    port,
    password: PASSWORD,
    outputFile: at(`${kind}.out`),
    logFile: at(`${kind}.log`),
  });
  const nats = testServer(
    how('nats', natsPort),
    `nats://${NATS_USER}:${PASSWORD}@127.0.0.1:${natsPort}`,
    at('nats'),
  );
  const redis = testServer(
    how('redis', redisPort),
    `redis://:${PASSWORD}@127.0.0.1:${redisPort}`,
    at('redis'),
  );
  const onExit = () => {
    for (const server of [nats, redis]) if (server.pid > 0) signal(server.pid, 'SIGKILL');
  };
  const close = async () => {
    process.off('exit', onExit);
    await Promise.all([nats.kill(), redis.kill()]);
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', onExit);
  guard(dir);
  t?.teardown(close);
  await Promise.all([nats.start(), redis.start()]);
  return {
    natsUrl: nats.url,
    redisUrl: redis.url,
    nats,
    redis,
    dir,
    env: { NATS_URL: nats.url, REDIS_URL: redis.url, DATA_DIR: at('data') },
    close,
  };
}

/**
 * A test that is killed closes nothing: a small shell outlives it, ends the servers whose pids stand in the folder,
 * and removes it.
 */
function guard(dir: string): void {
  const script = `while [ -d "$1" ] && kill -0 "$2" 2>/dev/null; do sleep 1; done
    for file in "$1"/nats.pid "$1"/redis.pid; do [ -f "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null; done
    rm -rf "$1"`;
  spawn('/bin/sh', ['-c', script, 'guard', dir, String(process.pid)], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}

function testServer(how: Launch, url: string, dir: string): TestServer {
  let pid = 0;
  return {
    url,
    port: how.port,
    dir,
    get pid() {
      return pid;
    },
    kill: async () => {
      if (pid === 0) return;
      signal(pid, 'SIGKILL');
      if (!(await gone(pid, 10_000))) throw new Error(`${how.kind} ${pid} survives SIGKILL`);
    },
    stop: async () => {
      if (pid !== 0) await endProcess(pid);
    },
    start: async () => {
      pid = await launch(how);
      writeFileSync(join(dir, '..', `${how.kind}.pid`), String(pid));
    },
  };
}
