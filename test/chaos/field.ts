// The field of the chaos tests: private servers, monitors as processes of their own that are started again whenever they
// end, and a publisher that does not let go of a message before it is stored.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import { z } from 'zod';
import { apiRequest } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { currentDefinition, ensureStreams } from '../../src/broker/streams.ts';
import { readPolicyText } from '../../src/policy-store/source.ts';
import { startTestServers, type TestServer, type TestServers } from '../support/servers.ts';
import type { LoadMessage } from './load.ts';
import { MonitorProcess } from './monitor-process.ts';
import { whyUnsettled } from './settled.ts';

export const PARTITIONS = 8;
const START_ATTEMPTS = 40;
const ADMIN_TOKEN = 'an-admin-token-of-the-chaos';
/** In which all that was on its way between processes has arrived. */
const STILL_MS = 150;
const SEND_MS_MAX = 10_000;

export interface FieldOptions {
  /** What the policy file says in the beginning. */
  readonly policy: string;
  readonly monitors: number;
  readonly env?: Readonly<Record<string, string>>;
}

export class Field {
  readonly servers: TestServers;
  readonly nc: NatsConnection;
  readonly redis: Redis;
  readonly monitors: readonly MonitorProcess[];
  /** The file that POLICY_FILE of each monitor names. */
  readonly policyFile: string;
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
    this.policyFile = policyFileOf(servers);
    this.#publisher = new Publisher(nc, { timeoutMs: 2_000 });
  }

  static async open(options: FieldOptions): Promise<Field> {
    const servers = await startTestServers(null, { partitions: PARTITIONS });
    const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'chaos' });
    await ensureStreams(nc, PARTITIONS);
    const redis = new Redis(servers.redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    // Whoever kills Redis knows that it is gone.
    redis.on('error', () => {});
    writeFileSync(policyFileOf(servers), options.policy);
    const monitors = Array.from(
      { length: options.monitors },
      (_, i) =>
        new MonitorProcess(`monitor-${i}`, servers.dir, {
          ...servers.env,
          HTTP_PORT: '0',
          PARTITIONS: String(PARTITIONS),
          POLICY_FILE: policyFileOf(servers),
          ADMIN_TOKEN,
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

  /** Puts a policy into force as an operator does who tells one process; false when it can't be told, or can't do it. */
  async sendPolicy(text: string, monitor: MonitorProcess): Promise<boolean> {
    const { address } = monitor;
    if (address === null) return false;
    const { hash } = readPolicyText(text).policy;
    const response = await fetch(`${address}/api/v1/policy?confirm=${hash}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: text,
      signal: AbortSignal.timeout(SEND_MS_MAX),
    });
    return response.ok;
  }

  /**
   * Waits until all that is stored is applied, all records are published and all cases are under the policy in force; then
   * holds all monitors, so that nothing is told any more, does the work, and lets them go on.
   */
  async whileSettled<T>(withinMs: number, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      await this.#settled(deadline - Date.now(), say);
      for (const monitor of this.monitors) monitor.hold(true);
      try {
        await sleep(STILL_MS);
        if ((await whyUnsettled(this.nc, this.redis, PARTITIONS)) === '') return await work();
      } finally {
        for (const monitor of this.monitors) monitor.hold(false);
      }
      await sleep(STILL_MS);
    }
  }

  async #settled(withinMs: number, say: (line: string) => void): Promise<void> {
    let saidAt = Date.now();
    let why = '';
    await until(
      () => `all is applied (${why})`,
      async () => {
        why = await whyUnsettled(this.nc, this.redis, PARTITIONS);
        if (why !== '' && Date.now() - saidAt > 5_000) {
          saidAt = Date.now();
          say(`it waits: ${why}`);
          for (const { name, logFile } of this.monitors) say(`  ${name}: ${lastWarning(logFile)}`);
        }
        return why === '';
      },
      withinMs,
    );
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
      monitor.hold(false);
      await monitor.end();
    }
    this.#publisher.close();
    this.redis.disconnect();
    await this.nc.close();
    await this.servers.close();
  }
}

function policyFileOf({ dir }: TestServers): string {
  return join(dir, 'policy.json');
}

function lastWarning(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return (lines.findLast(line => line.startsWith('{"level":40')) ?? 'no warning').slice(0, 300);
}

const STATUS = z.object({ owner: z.string() });

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
