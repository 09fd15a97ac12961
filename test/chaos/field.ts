// The field of the chaos tests: private servers, monitors as processes of their own that are started again whenever they
// end, and a publisher that does not let go of a message before it is stored.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, cpSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import { z } from 'zod';
import { apiRequest } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { currentDefinition, ensureStreams } from '../../src/broker/streams.ts';
import { childEnvironment } from '../../src/config.ts';
import { packageRoot } from '../../src/package-root.ts';
import { startTestServers, type TestServer, type TestServers } from '../support/servers.ts';
import type { LoadMessage } from './load.ts';

export const PARTITIONS = 8;
const RESTART_MS = 200;
const START_ATTEMPTS = 40;

export interface FieldOptions {
  readonly policyFile: string;
  readonly monitors: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** One monitor as a process; it is started again whenever it ends, until it is stopped. */
export class MonitorProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #wanted = false;
  #starts = 0;

  constructor(name: string, dir: string, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.logFile = join(dir, `${name}.log`);
    this.#env = env;
  }

  get starts(): number {
    return this.#starts;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    this.#wanted = true;
    this.#spawn();
  }

  #spawn(): void {
    const output = openSync(this.logFile, 'a', 0o600);
    this.#starts += 1;
    const child = spawn(process.execPath, ['--import=tsx', 'src/main.ts', 'serve'], {
      cwd: packageRoot(),
      env: childEnvironment(this.#env),
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child = child;
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#wanted) setTimeout(() => this.#wanted && this.#child === null && this.#spawn(), RESTART_MS);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** SIGKILL; it is not started again. */
  async end(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

export class Field {
  readonly servers: TestServers;
  readonly nc: NatsConnection;
  readonly redis: Redis;
  readonly monitors: readonly MonitorProcess[];
  readonly #publisher: Publisher;
  #published = 0;
  /** How many messages went where no mapping takes them. */
  unrouted = 0;

  private constructor(
    servers: TestServers,
    nc: NatsConnection,
    redis: Redis,
    monitors: readonly MonitorProcess[],
  ) {
    this.servers = servers;
    this.nc = nc;
    this.redis = redis;
    this.monitors = monitors;
    this.#publisher = new Publisher(nc, { timeoutMs: 2_000 });
  }

  static async open(options: FieldOptions): Promise<Field> {
    const servers = await startTestServers(null, { partitions: PARTITIONS });
    const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'chaos' });
    await ensureStreams(nc, PARTITIONS);
    const redis = new Redis(servers.redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    // Whoever kills Redis knows that it is gone.
    redis.on('error', () => {});
    const monitors = Array.from(
      { length: options.monitors },
      (_, i) =>
        new MonitorProcess(`monitor-${i}`, servers.dir, {
          ...servers.env,
          HTTP_PORT: '0',
          PARTITIONS: String(PARTITIONS),
          POLICY_FILE: options.policyFile,
          LOG_LEVEL: 'info',
          ...options.env,
        }),
    );
    for (const monitor of monitors) monitor.start();
    const field = new Field(servers, nc, redis, monitors);
    await until('every partition has an owner', async () => (await field.owners()).every(Boolean), 60_000);
    return field;
  }

  /** Publishes until it is stored, whatever becomes of the server meanwhile. */
  async publish({ subject, data, headers }: LoadMessage): Promise<void> {
    this.#published += 1;
    if (subject === 'cc.events.ticket') this.unrouted += 1;
    const msgId = `chaos-${this.#published}`;
    for (;;) {
      const result = await this.#publisher.publish(subject, data, { msgId, ...(headers ? { headers } : {}) });
      if (result.result === 'stored') return;
      if (result.result === 'closed' && this.#publisher.isClosed) return;
      if (result.result === 'too-large') throw new Error('the load is larger than the server takes');
      await sleep(50);
    }
  }

  /** The owner of each partition as its status says; empty where none is known. */
  async owners(): Promise<string[]> {
    const texts = await this.redis.mget(this.#keys('status'));
    return texts.map(text => (text === null ? '' : STATUS.parse(JSON.parse(text)).owner));
  }

  #keys(name: string): string[] {
    return Array.from({ length: PARTITIONS }, (_, p) => `sla:{${p}}:${name}`);
  }

  /**
   * Waits until all that is stored is applied, all records are published, and no alarm is due before `quietMs` from now.
   * Resolves with an instant up to which everything has been told.
   */
  async settled(quietMs: number, withinMs: number, say: (line: string) => void): Promise<number> {
    let at = 0;
    let saidAt = Date.now();
    let why = '';
    await until(
      () => `all is applied (${why})`,
      async () => {
        at = Date.now();
        const found = await this.#unsettled(at + quietMs);
        if (found !== '' && Date.now() - saidAt > 5_000) {
          saidAt = Date.now();
          say(`it waits: ${found}`);
          for (const { name, logFile } of this.monitors) say(`  ${name}: ${lastWarning(logFile)}`);
        }
        why = found;
        return why === '';
      },
      withinMs,
    );
    return at;
  }

  async #unsettled(quietUntil: number): Promise<string> {
    for (let p = 0; p < PARTITIONS; p++) {
      const { last_seq } = (
        await apiRequest(this.nc, `$JS.API.STREAM.INFO.SLA_EVENTS_${p}`, null, STREAM_INFO)
      ).state;
      const [position, outbox, alarm] = await Promise.all([
        this.redis.hget(`sla:{${p}}:meta`, 'position'),
        this.redis.llen(`sla:{${p}}:outbox`),
        this.redis.zrangebyscore(`sla:{${p}}:alarms`, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1),
      ]);
      const seq = position === null ? 0 : POSITION.parse(JSON.parse(position))[1];
      if (seq !== last_seq) return `partition ${p} is at ${seq} of ${last_seq}`;
      if (outbox > 0) return `partition ${p} has ${outbox} unpublished records`;
      const next = Number(alarm[1] ?? Number.POSITIVE_INFINITY);
      if (next < quietUntil) return `partition ${p} has an alarm in ${next - Date.now()} ms`;
    }
    const { num_pending, num_ack_pending } = await apiRequest(
      this.nc,
      '$JS.API.CONSUMER.INFO.SLA_UNROUTED.mover',
      null,
      CONSUMER_INFO,
    );
    return num_pending + num_ack_pending > 0 ? 'unrouted messages wait' : '';
  }

  /** Makes the streams' own windows for duplicates too short to help, as after an outage that lasted longer. */
  async shortenWindows(): Promise<void> {
    for (const stream of ['SLA_RECORDS', 'SLA_REJECTS', 'SLA_ACTIONS']) {
      const config = await currentDefinition(this.nc, stream);
      const change = { ...config, duplicate_window: 100_000_000 };
      await apiRequest(this.nc, `$JS.API.STREAM.UPDATE.${stream}`, change, z.looseObject({}));
    }
    await sleep(300);
  }

  /** Keeps a copy of Redis's files as they are now, as a backup would. */
  backup(): void {
    const { dir } = this.servers.redis;
    rmSync(`${dir}.backup`, { recursive: true, force: true });
    cpSync(dir, `${dir}.backup`, { recursive: true });
  }

  /** Puts Redis back to the copy, while the monitors run. */
  async restore(): Promise<void> {
    const { redis } = this.servers;
    await redis.kill();
    rmSync(redis.dir, { recursive: true, force: true });
    cpSync(`${redis.dir}.backup`, redis.dir, { recursive: true });
    await this.startAgain(redis);
  }

  /** Starts a killed server. Meanwhile a connection of somebody else may have been given its port for a moment. */
  async startAgain(server: TestServer): Promise<void> {
    let failure: unknown = null;
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      try {
        await server.start();
        return;
      } catch (error) {
        failure = error;
        await sleep(250);
      }
    }
    throw failure;
  }

  /** Tells what was found where it hangs: the first alarms with their cases, and the ends of the logs. */
  async explain(say: (line: string) => void): Promise<void> {
    for (const { name, logFile } of this.monitors)
      say(`${name}: ${readFileSync(logFile, 'utf8').split('\n').slice(-12).join('\n')}`);
    if (this.redis.status !== 'ready') return;
    for (let p = 0; p < PARTITIONS; p++) {
      const [key = '', at = ''] = await this.redis.zrangebyscore(
        `sla:{${p}}:alarms`,
        '-inf',
        '+inf',
        'WITHSCORES',
        'LIMIT',
        0,
        1,
      );
      const [meta, state, closed, status] = await Promise.all([
        this.redis.hgetall(`sla:{${p}}:meta`),
        this.redis.hget(`sla:{${p}}:cases`, key),
        this.redis.hget(`sla:{${p}}:closed`, key),
        this.redis.get(`sla:{${p}}:status`),
      ]);
      say(`partition ${p}: ${JSON.stringify(meta)} ${status} alarm ${at} of ${key}: ${state ?? closed}`);
    }
  }

  async close(): Promise<void> {
    for (const monitor of this.monitors) {
      monitor.signal('SIGCONT');
      await monitor.end();
    }
    this.#publisher.close();
    this.redis.disconnect();
    await this.nc.close();
    await this.servers.close();
  }
}

function lastWarning(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return (lines.findLast(line => line.startsWith('{"level":40')) ?? 'no warning').slice(0, 300);
}

const STATUS = z.object({ owner: z.string() });
const POSITION = z.tuple([z.string(), z.number()]).rest(z.unknown());
const STREAM_INFO = z.object({ state: z.object({ last_seq: z.number() }) });
const CONSUMER_INFO = z.object({ num_pending: z.number(), num_ack_pending: z.number() });

/** Waits until a condition holds; a look that fails counts as one that does not hold. */
export async function until(
  what: string | (() => string),
  test: () => Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    let failure = '';
    try {
      if (await test()) return;
    } catch (error) {
      failure = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > deadline) {
      const name = typeof what === 'string' ? what : what();
      throw new Error(`did not happen within ${withinMs} ms: ${name}${failure}`);
    }
    await sleep(50);
  }
}
