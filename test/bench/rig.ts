// Servers, connections and worker processes of one benchmark, and how it waits for what the monitor has committed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import { z } from 'zod';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { ensureStreams, eventsStream } from '../../src/broker/streams.ts';
import { decodePosition } from '../../src/processor/position.ts';
import { partitionKeys } from '../../src/store/keys.ts';
import { startTestServers, type TestServers } from '../support/servers.ts';
import type { Quantiles } from './report.ts';

export const PARTITIONS = 8;
/** A worker that is silent for longer is killed. */
const LIMIT_MS = 120_000;

export interface Rig {
  readonly servers: TestServers;
  readonly nc: NatsConnection;
  readonly redis: Redis;
  readonly publisher: Publisher;
  /** Starts a worker on these servers; it is ended with the rig at the latest. */
  worker(file: string, env?: Readonly<Record<string, string>>): Promise<Worker>;
  /** The last sequence of each partition's stream. */
  lastSequences(): Promise<number[]>;
  /** Messages that are applied and committed, over all partitions. */
  committed(): Promise<number>;
}

/** Runs `work` on servers of its own, with the streams made, and ends all of it. */
export async function withRig<T>(work: (rig: Rig) => Promise<T>): Promise<T> {
  const servers = await startTestServers(null, { partitions: PARTITIONS });
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'bench' });
  const redis = new Redis(servers.redisUrl);
  const publisher = new Publisher(nc);
  const workers: Worker[] = [];
  try {
    await ensureStreams(nc, PARTITIONS, { replicas: 1 });
    return await work({
      servers,
      nc,
      redis,
      publisher,
      worker: async (file, env = {}) => {
        const worker = new Worker(file, servers, env);
        workers.push(worker);
        await worker.until('ready');
        return worker;
      },
      lastSequences: () =>
        Promise.all(
          Array.from(
            { length: PARTITIONS },
            async (_, p) => (await streamState(nc, eventsStream(p))).lastSeq,
          ),
        ),
      committed: async () => {
        const each = await Promise.all(
          Array.from({ length: PARTITIONS }, (_, p) => redis.hget(partitionKeys(p).meta, 'position')),
        );
        return each.reduce((sum, text) => sum + (decodePosition(text ?? '')?.seq ?? 0), 0);
      },
    });
  } finally {
    await Promise.all(workers.map(worker => worker.stop()));
    publisher.close();
    redis.disconnect();
    await nc.close();
    await servers.close();
  }
}

const QUANTILES = z.object({ count: z.number(), p50: z.number(), p99: z.number(), max: z.number() });
/** Counts of nothing have no quantiles: JSON makes null of NaN. */
const MAYBE = z.object({
  count: z.number(),
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  max: z.number().nullable(),
});

/** What workers say. */
const SAID = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), address: z.string().optional() }),
  z.object({ kind: z.literal('used'), rss: z.number(), cpuMs: z.number(), timers: z.number() }),
  z.object({ kind: z.literal('lags'), events: MAYBE, timers: MAYBE }),
  z.object({
    kind: z.literal('done'),
    events: z.number(),
    seconds: z.number(),
    cpuMs: z.number(),
    lags: MAYBE.optional(),
  }),
]);
export type Said = z.infer<typeof SAID>;
type Of<K extends Said['kind']> = Extract<Said, { readonly kind: K }>;

/** What a worker is told. */
export type Told = 'lags' | 'reset' | 'finish';

/** One process of a benchmark, spoken with over its channel. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #last = new Map<Said['kind'], Said>();
  #waiting: (() => void)[] = [];
  #ended = false;
  rssMax = 0;

  constructor(file: string, servers: TestServers, env: Readonly<Record<string, string>>) {
    const own = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean);
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#child = spawn(process.execPath, ['--max-semi-space-size=32', ...own, '--import=tsx', path], {
      env: {
        ...process.env,
        ...servers.env,
        HTTP_PORT: '0',
        LOG_LEVEL: 'error',
        PARTITIONS: String(PARTITIONS),
        ...env,
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', message => this.#take(SAID.parse(message)));
    this.#child.on('exit', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** What it used last; zero before it said anything. */
  get used(): Of<'used'> {
    const said = this.#last.get('used');
    return said?.kind === 'used' ? said : { kind: 'used', rss: 0, cpuMs: 0, timers: 0 };
  }

  /** Where it listens. */
  get address(): string {
    const said = this.#last.get('ready');
    if (said?.kind !== 'ready' || said.address === undefined) throw new Error('this worker has no address');
    return said.address;
  }

  /** Waits until it says something of this kind, unless it has since it was last asked. @throws after `LIMIT_MS` */
  async until<K extends Said['kind']>(kind: K): Promise<Of<K>> {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT_MS);
    try {
      return await this.#until(kind);
    } finally {
      clearTimeout(limit);
    }
  }

  async #until<K extends Said['kind']>(kind: K): Promise<Of<K>> {
    for (;;) {
      const said = this.#last.get(kind);
      if (said !== undefined && isKind(said, kind)) return said;
      if (this.#ended) throw new Error(`a worker ended before it said '${kind}'`);
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve);
      });
    }
  }

  tell(what: Told): void {
    this.#child.send(what);
  }

  /** The lags that it has counted since the last `reset`, in ms. */
  async lags(): Promise<{ events: Quantiles; timers: Quantiles }> {
    this.#last.delete('lags');
    this.tell('lags');
    const { events, timers } = await this.until('lags');
    return { events: numbers(events), timers: numbers(timers) };
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  #take(said: Said): void {
    if (said.kind === 'used') this.rssMax = Math.max(this.rssMax, said.rss);
    this.#last.set(said.kind, said);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each();
  }
}

function isKind<K extends Said['kind']>(said: Said, kind: K): said is Of<K> {
  return said.kind === kind;
}

/** Quantiles as they came over a channel. */
export function numbers(found: z.infer<typeof MAYBE>): Quantiles {
  const { count, p50, p99, max } = found;
  const text = { count, p50: p50 ?? Number.NaN, p99: p99 ?? Number.NaN, max: max ?? Number.NaN };
  return count === 0 ? text : QUANTILES.parse(text);
}

/** Waits until `done` holds, looking every `stepMs`. @throws when it takes longer than `limitMs` */
export async function waitFor(
  what: string,
  limitMs: number,
  done: () => Promise<boolean> | boolean,
  stepMs = 20,
): Promise<void> {
  const until = performance.now() + limitMs;
  while (!(await done())) {
    if (performance.now() > until) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(stepMs);
  }
}

/** Calls `send` with 0, 1, 2 … at an even rate a second for as many times; what is late is made up for at once. */
export async function pace(
  rate: number,
  count: number,
  send: (i: number) => void | Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  for (let i = 0; i < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) * rate) / 1000) + 1);
    for (; i < due; i++) {
      const waits = send(i);
      if (waits !== undefined) await waits;
    }
    await sleep(1);
  }
}
