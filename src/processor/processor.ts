// The partitions of one process: it shares them with the other processes by leases, takes over what nobody holds, and
// gives away what is more than its part. A partition that fails is loaded again from what was committed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import { MEMBERS } from '../store/keys.ts';
import { defineScripts, FencedError, PartitionStore } from '../store/partition-store.ts';
import { MissingEventsError } from './load.ts';
import { type Measure, Partition, type PolicySource } from './partition.ts';
import { Turns } from './turns.ts';

export interface ProcessorOptions {
  readonly redis: Redis;
  readonly nc: NatsConnection;
  readonly policies: PolicySource;
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

/** Leases are renewed, and free ones looked for, this often; */
const PERIOD_MS = 400;
/** this often while some that would be ours are still held by another, maybe dead. */
const WANTING_PERIOD_MS = 100;
/** A silent process counts no longer after this share of a lease: so that its part is known when its leases end. */
const MEMBER_SHARE = 0.6;
const STATUS_PERIOD_MS = 1_000;
const STATUS_TTL_MS = 5_000;
const RETRY_MS = [50, 200, 500, 1_000, 2_000];

interface Owned {
  readonly epoch: string;
  readonly store: PartitionStore;
  partition: Partition | null;
  /** Until when the lease is ours for certain, on this process's own clock (`performance.now`). */
  heldUntil: number;
  /** False once the lease is lost or given away: the task then ends. */
  wanted: boolean;
  task: Promise<void>;
}

export class Processor {
  readonly id = randomUUID();
  readonly #options: ProcessorOptions;
  readonly #stores: readonly PartitionStore[];
  readonly #owned = new Map<number, Owned>();
  readonly #turns = new Turns();
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #statusAt = Number.NEGATIVE_INFINITY;
  #givenAway: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #hasLooked = false;

  constructor(options: ProcessorOptions) {
    this.#options = options;
    defineScripts(options.redis);
    this.#stores = Array.from({ length: options.partitions }, (_, p) => new PartitionStore(options.redis, p));
  }

  start(): void {
    const round = async () => {
      let part = 0;
      try {
        part = await this.#heartbeat();
        this.#hasLooked = true;
      } catch (error) {
        this.#options.log.warn({ err: error }, 'Redis did not answer a round of leases');
      }
      const period = this.#owned.size < part ? WANTING_PERIOD_MS : PERIOD_MS;
      if (!this.#stopped) this.#timer = setTimeout(next, period);
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

  /** True when it has looked what is free, and every partition that it owns has once caught up with where its stream ended. */
  get caughtUp(): boolean {
    return (
      this.#hasLooked && [...this.#owned.values()].every(({ partition }) => partition?.caughtUp === true)
    );
  }

  /** Finishes the batches under way and gives all leases back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
    await Promise.all([this.#givenAway, ...[...this.#owned.keys()].map(number => this.#giveAway(number))]);
    await this.#options.redis.zrem(MEMBERS, this.id).catch(() => {});
  }

  /** One round; tells how many partitions would be this process's fair part. */
  async #heartbeat(): Promise<number> {
    const { redis } = this.#options;
    // The time of Redis, since those of the processes' machines may differ.
    const [seconds, micros] = await redis.time();
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    await redis.zadd(MEMBERS, now, this.id);
    await redis.zremrangebyscore(MEMBERS, '-inf', now - this.#options.leaseMs * MEMBER_SHARE);
    const members = Math.max(1, await redis.zcard(MEMBERS));
    await Promise.all([...this.#owned].map(([number, owned]) => this.#renew(number, owned)));
    for (const { partition } of this.#owned.values())
      partition?.announce(this.#options.policies.current.hash);
    const part = Math.ceil(this.#stores.length / members);
    await this.#rebalance(part);
    if (performance.now() - this.#statusAt >= STATUS_PERIOD_MS) {
      this.#statusAt = performance.now();
      await Promise.all([...this.#owned.values()].map(owned => this.#sayStatus(owned)));
    }
    return part;
  }

  async #renew(number: number, owned: Owned): Promise<void> {
    const { leaseMs, log } = this.#options;
    const { partition } = owned;
    const committed = partition?.change ?? 0;
    const askedAt = performance.now();
    const change = await owned.store.renew(owned.epoch, leaseMs);
    if (change === null) {
      log.warn({ partition: number }, 'the lease was lost');
      this.#drop(number, owned);
      return;
    }
    owned.heldUntil = askedAt + leaseMs;
    // A commit may be under way, so the number lies between what was committed before and what is being committed now.
    if (partition !== null && (change < committed || change > partition.changeTried))
      partition.abandon(`Redis holds change ${change} of its state, not ${committed}`);
  }

  /** Takes free partitions up to the fair part, or gives one away that is beyond it. */
  async #rebalance(part: number): Promise<void> {
    if (this.#owned.size > part) {
      const last = [...this.#owned.keys()].at(-1);
      // Not awaited: what it has under way may take long, and the other leases must be renewed meanwhile.
      if (last !== undefined) this.#givenAway = Promise.all([this.#givenAway, this.#giveAway(last)]);
      return;
    }
    for (const store of this.#stores) {
      if (this.#stopped || this.#owned.size >= part) return;
      if (!this.#owned.has(store.partition)) await this.#take(store);
    }
  }

  async #take(store: PartitionStore): Promise<void> {
    const epoch = randomUUID();
    const { leaseMs } = this.#options;
    const heldUntil = performance.now() + leaseMs;
    if (!(await store.acquire(epoch, leaseMs))) return;
    const task = Promise.resolve();
    const owned: Owned = { epoch, store, partition: null, heldUntil, wanted: true, task };
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
          turns: this.#turns,
          store: owned.store,
          epoch: owned.epoch,
          lapsedMs: () => Math.max(0, performance.now() - owned.heldUntil),
          onProlonged: askedAt => {
            owned.heldUntil = Math.max(owned.heldUntil, askedAt + this.#options.leaseMs);
          },
          cacheMax: Math.max(100, Math.floor(this.#options.cacheMax / this.#stores.length)),
        });
        if (!owned.wanted) return;
        await this.#sayStatus(owned);
        await owned.partition.run();
      } catch (error) {
        if (error instanceof FencedError && error.why === 'lease') {
          this.#drop(owned.store.partition, owned);
          return;
        }
        const level = error instanceof MissingEventsError ? 'error' : 'warn';
        log[level]({ partition: owned.store.partition, err: error }, 'partition stopped; it is loaded again');
      } finally {
        owned.partition?.close();
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
      asOf: partition.asOf,
      time: partition.time,
      pending: partition.pending,
      caughtUp: partition.caughtUp,
      position: [partition.created, partition.position],
    };
    await store.say(JSON.stringify(status), STATUS_TTL_MS);
  }
}
