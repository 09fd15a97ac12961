// The partitions of one process: it shares them with the other processes by leases, takes over what nobody holds, and
// gives away what is more than its part. A partition that fails is loaded again from what was committed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { MEMBERS } from '../store/keys.ts';
import { defineScripts, FencedError, PartitionStore } from '../store/partition-store.ts';
import { MissingEventsError } from './load.ts';
import { type Measure, Partition } from './partition.ts';

export interface ProcessorOptions {
  readonly redis: Redis;
  readonly nc: NatsConnection;
  readonly policy: CompiledPolicy;
  readonly policyOf: (hash: string) => CompiledPolicy;
  readonly partitions: number;
  readonly batchMax: number;
  /** Shortest time between two commits of a partition, ms. */
  readonly lingerMs: number;
  /** A dead process's partitions are free after this time. */
  readonly leaseMs: number;
  /** Cases in memory, over all partitions. */
  readonly cacheMax: number;
  /** How long a closed case is kept, ms. */
  readonly closedKeepMs: number;
  readonly log: Logger;
  readonly measure: Measure;
}

/** Leases are renewed, and free ones looked for, this often. */
const PERIOD_MS = 400;
const STATUS_PERIOD_MS = 1_000;
const STATUS_TTL_MS = 5_000;
const RETRY_MS = [50, 200, 500, 1_000, 2_000];

interface Owned {
  readonly epoch: string;
  readonly store: PartitionStore;
  partition: Partition | null;
  /** False once the lease is lost or given away: the task then ends. */
  wanted: boolean;
  task: Promise<void>;
}

export class Processor {
  readonly id = randomUUID();
  readonly #options: ProcessorOptions;
  readonly #stores: readonly PartitionStore[];
  readonly #owned = new Map<number, Owned>();
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #statusAt = 0;
  #stopped = false;

  constructor(options: ProcessorOptions) {
    this.#options = options;
    defineScripts(options.redis);
    this.#stores = Array.from({ length: options.partitions }, (_, p) => new PartitionStore(options.redis, p));
  }

  start(): void {
    const round = async () => {
      try {
        await this.#heartbeat();
      } catch (error) {
        this.#options.log.warn({ err: error }, 'Redis did not answer a round of leases');
      }
      if (!this.#stopped) this.#timer = setTimeout(next, PERIOD_MS);
    };
    const next = () => {
      this.#round = round();
    };
    next();
  }

  /** The partition while this process owns it and it is loaded, else null. */
  partition(number: number): Partition | null {
    return this.#owned.get(number)?.partition ?? null;
  }

  get owned(): readonly number[] {
    return [...this.#owned.keys()];
  }

  /** True when every partition of this process has once caught up with where its stream ended when it was loaded. */
  get caughtUp(): boolean {
    return [...this.#owned.values()].every(({ partition }) => partition?.caughtUp === true);
  }

  /** Finishes the batches under way and gives all leases back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
    await Promise.all([...this.#owned.keys()].map(number => this.#giveAway(number)));
    await this.#options.redis.zrem(MEMBERS, this.id).catch(() => {});
  }

  async #heartbeat(): Promise<void> {
    const { redis } = this.#options;
    const now = Date.now();
    await redis.zadd(MEMBERS, now, this.id);
    await redis.zremrangebyscore(MEMBERS, '-inf', now - this.#options.leaseMs);
    const members = Math.max(1, await redis.zcard(MEMBERS));
    await Promise.all([...this.#owned].map(([number, owned]) => this.#renew(number, owned)));
    await this.#rebalance(Math.ceil(this.#stores.length / members));
    if (now - this.#statusAt >= STATUS_PERIOD_MS) {
      this.#statusAt = now;
      await Promise.all([...this.#owned.values()].map(owned => this.#sayStatus(owned)));
    }
  }

  async #renew(number: number, owned: Owned): Promise<void> {
    if (await owned.store.renew(owned.epoch, this.#options.leaseMs)) return;
    this.#options.log.warn({ partition: number }, 'the lease was lost');
    this.#drop(number, owned);
  }

  /** Takes free partitions up to the fair part, or gives one away that is beyond it. */
  async #rebalance(part: number): Promise<void> {
    if (this.#owned.size > part) {
      const last = [...this.#owned.keys()].at(-1);
      if (last !== undefined) await this.#giveAway(last);
      return;
    }
    for (const store of this.#stores) {
      if (this.#stopped || this.#owned.size >= part) return;
      if (!this.#owned.has(store.partition)) await this.#take(store);
    }
  }

  async #take(store: PartitionStore): Promise<void> {
    const epoch = randomUUID();
    if (!(await store.acquire(epoch, this.#options.leaseMs))) return;
    const owned: Owned = { epoch, store, partition: null, wanted: true, task: Promise.resolve() };
    this.#owned.set(store.partition, owned);
    this.#options.log.info({ partition: store.partition }, 'partition taken');
    owned.task = this.#keepRunning(owned);
  }

  async #giveAway(number: number): Promise<void> {
    const owned = this.#owned.get(number);
    if (owned === undefined) return;
    this.#drop(number, owned);
    await owned.task;
    await owned.store.release(owned.epoch).catch(() => {});
  }

  #drop(number: number, owned: Owned): void {
    owned.wanted = false;
    owned.partition?.stop();
    if (this.#owned.get(number) === owned) this.#owned.delete(number);
  }

  /** Loads and runs the partition, again after each failure, until it is given away or its lease is lost. */
  async #keepRunning(owned: Owned): Promise<void> {
    const { log } = this.#options;
    for (let failures = 0; owned.wanted; failures++) {
      if (failures > 0) await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 2_000);
      if (!owned.wanted) return;
      const startedAt = Date.now();
      try {
        owned.partition = await Partition.open({
          ...this.#options,
          store: owned.store,
          epoch: owned.epoch,
          owner: this.id,
          cacheMax: Math.max(100, Math.floor(this.#options.cacheMax / this.#stores.length)),
        });
        if (owned.wanted) await owned.partition.run();
      } catch (error) {
        if (error instanceof FencedError && error.why === 'lease') {
          this.#drop(owned.store.partition, owned);
          return;
        }
        const level = error instanceof MissingEventsError ? 'error' : 'warn';
        log[level]({ partition: owned.store.partition, err: error }, 'partition stopped; it is loaded again');
      } finally {
        owned.partition = null;
      }
      if (Date.now() - startedAt > 10_000) failures = 0;
    }
  }

  async #sayStatus({ store, partition }: Owned): Promise<void> {
    if (partition === null) return;
    const status = {
      owner: this.id,
      wall: Date.now(),
      time: partition.time,
      pending: partition.pending,
      caughtUp: partition.caughtUp,
      position: [partition.created, partition.position],
    };
    await store.say(JSON.stringify(status), STATUS_TTL_MS);
  }
}
