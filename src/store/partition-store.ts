// One partition's state in Redis: loading it, and the one atomic commit that changes it.
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { chunksOf } from '../engine/codec.ts';
import { CHANGES, chunkField, type PartitionKeys, partitionKeys } from './keys.ts';

/** Everything that one commit changes. Lists are flat, as Redis takes them: key, value, key, value … */
export interface Commit {
  readonly casesSet: string[];
  readonly casesRemoved: string[];
  readonly closedSet: string[];
  readonly closedRemoved: string[];
  readonly alarmsSet: (string | number)[];
  readonly alarmsRemoved: string[];
  readonly riskSet: (string | number)[];
  readonly riskRemoved: string[];
  readonly cellsSet: (string | number)[];
  readonly cellsRemoved: string[];
  readonly outbox: string[];
  readonly alerts: string[];
  readonly chunksSet: string[];
  readonly chunksRemoved: string[];
}

export function emptyCommit(): Commit {
  return {
    casesSet: [],
    casesRemoved: [],
    closedSet: [],
    closedRemoved: [],
    alarmsSet: [],
    alarmsRemoved: [],
    riskSet: [],
    riskRemoved: [],
    cellsSet: [],
    cellsRemoved: [],
    outbox: [],
    alerts: [],
    chunksSet: [],
    chunksRemoved: [],
  };
}

export interface CommitHead {
  readonly epoch: string;
  readonly expected: string;
  readonly position: string;
  readonly time: number;
  /** One more than the stored one. */
  readonly change: number;
  readonly dropFromOutbox: number;
  /** How long the lease is prolonged, ms. */
  readonly leaseMs: number;
  /** What subscribers are told; null for nothing. */
  readonly message: string | null;
}

/** The commit was refused: another owner holds the lease, or the position is not the one the batch began at. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  readonly why: 'lease' | 'position';
  constructor(why: 'lease' | 'position', partition: number) {
    super(`partition ${partition}: commit refused, the ${why} is not ours`);
    this.why = why;
  }
}

/** What a partition's owner finds when it takes over, besides case states, which are loaded on demand. */
export interface PartitionSnapshot {
  /** As written by the last commit; empty when there is none. */
  readonly position: string;
  readonly time: number;
  readonly change: number;
  readonly cells: Map<string, number>;
  readonly outbox: string[];
  readonly alerts: Map<string, string>;
}

/** A case as kept; `closed` tells which hash holds it. */
export interface KeptCase {
  readonly text: string;
  readonly chunks: readonly string[];
  readonly closed: boolean;
}

/** Reads what is kept of cases of one partition, in the order of `keys`; a broken case, with chunks missing, throws. */
export async function readCases(
  redis: Redis,
  hashes: PartitionKeys,
  keys: readonly string[],
): Promise<(KeptCase | null)[]> {
  if (keys.length === 0) return [];
  const open = await redis.hmget(hashes.cases, ...keys);
  const others = keys.filter((_, i) => open[i] == null);
  const closed = others.length === 0 ? [] : await redis.hmget(hashes.closed, ...others);
  let next = 0;
  const heads = open.map(text => {
    if (text != null) return { text, closed: false };
    const other = closed[next++];
    return other == null ? null : { text: other, closed: true };
  });
  const fields = heads.flatMap((head, i) => (head === null ? [] : chunkFields(keys[i] ?? '', head.text)));
  const chunks = fields.length === 0 ? [] : await redis.hmget(hashes.chunks, ...fields);
  let at = 0;
  return heads.map((head, i) => {
    if (head === null) return null;
    const count = chunksOf(head.text);
    const found = chunks.slice(at, at + count);
    at += count;
    return { ...head, chunks: found.map(chunk => chunk ?? missingChunk(keys[i])) };
  });
}

function chunkFields(key: string, head: string): string[] {
  return Array.from({ length: chunksOf(head) }, (_, index) => chunkField(key, index));
}

function missingChunk(key: string | undefined): never {
  throw new Error(`a chunk of case ${key} is missing`);
}

const ALARM_PAGE = 10_000;

const SCRIPTS = {
  slaCommit: { lua: script('commit.lua'), numberOfKeys: 10 },
  slaRenew: { lua: script('renew.lua'), numberOfKeys: 2 },
  slaRelease: { lua: script('release.lua'), numberOfKeys: 1 },
  slaWipe: { lua: script('wipe.lua') },
} as const;

function script(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** Makes the scripts known to a connection; `evalsha` is tried first, so the text travels once. */
export function defineScripts(redis: Redis): void {
  for (const [name, definition] of Object.entries(SCRIPTS)) redis.defineCommand(name, definition);
}

type Command = (...args: (string | number)[]) => Promise<unknown>;

function command(redis: Redis, name: keyof typeof SCRIPTS): Command {
  const found: unknown = Reflect.get(redis, name);
  if (typeof found !== 'function') throw new Error(`script ${name} is not defined on this connection`);
  return (...args) => Promise.resolve(Reflect.apply(found, redis, args));
}

export class PartitionStore {
  readonly partition: number;
  readonly keys: PartitionKeys;
  readonly #redis: Redis;
  readonly #commit: Command;
  readonly #renew: Command;
  readonly #release: Command;
  readonly #wipe: Command;

  constructor(redis: Redis, partition: number) {
    this.partition = partition;
    this.keys = partitionKeys(partition);
    this.#redis = redis;
    this.#commit = command(redis, 'slaCommit');
    this.#renew = command(redis, 'slaRenew');
    this.#release = command(redis, 'slaRelease');
    this.#wipe = command(redis, 'slaWipe');
  }

  /** Takes the lease if nobody holds it. `epoch` is compared for equality, never by order. */
  async acquire(epoch: string, ttlMs: number): Promise<boolean> {
    return (await this.#redis.set(this.keys.lease, epoch, 'PX', ttlMs, 'NX')) === 'OK';
  }

  /** Prolongs the lease and tells the stored change number; null when the lease is no longer ours. */
  async renew(epoch: string, ttlMs: number): Promise<number | null> {
    const change = Number(await this.#renew(this.keys.lease, this.keys.meta, epoch, ttlMs));
    return change < 0 ? null : change;
  }

  async release(epoch: string): Promise<void> {
    await this.#release(this.keys.lease, epoch);
  }

  async load(): Promise<PartitionSnapshot> {
    const { keys } = this;
    const [meta, cells, outbox, alerts] = await Promise.all([
      this.#redis.hgetall(keys.meta),
      this.#redis.hgetall(keys.cells),
      this.#redis.lrange(keys.outbox, 0, -1),
      this.#redis.hgetall(keys.alerts),
    ]);
    return {
      position: meta.position ?? '',
      time: Number(meta.time ?? 0),
      change: Number(meta.change ?? 0),
      cells: new Map(Object.entries(cells).map(([key, value]) => [key, Number(value)])),
      outbox,
      alerts: new Map(Object.entries(alerts)),
    };
  }

  /**
   * Forgets everything but the lease, so that the partition can be rebuilt from its stream. Change numbers go on from
   * `changeMin` at least: an emptied Redis no longer knows what was told before, a clock in ms is above all of it.
   * @throws FencedError when the lease is no longer ours: what is there then is the next owner's
   */
  async wipe(epoch: string, changeMin = 0): Promise<void> {
    const { lease, meta, status: _status, ...rest } = this.keys;
    const keys = [lease, meta, ...Object.values(rest)];
    if ((await this.#wipe(keys.length, ...keys, epoch, changeMin)) !== 1)
      throw new FencedError('lease', this.partition);
  }

  /** What is kept of cases, in the order of `keys`: an open state, else a closed one, else null. */
  cases(keys: readonly string[]): Promise<(KeptCase | null)[]> {
    return readCases(this.#redis, this.keys, keys);
  }

  /** Keys of all open cases, in no order. */
  openKeys(): Promise<string[]> {
    return this.#redis.hkeys(this.keys.cases);
  }

  /**
   * Alarms with `from` ≤ score < `to`, as key and instant. Read in pages, since there may be many at one instant.
   */
  async alarms(from: number, to: number): Promise<{ readonly key: string; readonly at: number }[]> {
    const found: { key: string; at: number }[] = [];
    for (let offset = 0; ; offset += ALARM_PAGE) {
      const page = await this.#redis.zrangebyscore(
        this.keys.alarms,
        from,
        `(${to}`,
        'WITHSCORES',
        'LIMIT',
        offset,
        ALARM_PAGE,
      );
      for (let i = 0; i + 1 < page.length; i += 2)
        found.push({ key: page[i] ?? '', at: Number(page[i + 1]) });
      if (page.length < 2 * ALARM_PAGE) return found;
    }
  }

  /** Says how the partition stands, for readers; it expires when the owner falls silent. */
  async say(status: string, ttlMs: number): Promise<void> {
    await this.#redis.set(this.keys.status, status, 'PX', ttlMs);
  }

  /** @throws FencedError when the lease or the position is not ours; nothing was changed then. */
  async commit(head: CommitHead, commit: Commit): Promise<void> {
    const { keys } = this;
    const args: (string | number)[] = [
      keys.lease,
      keys.meta,
      keys.cases,
      keys.closed,
      keys.alarms,
      keys.risk,
      keys.cells,
      keys.outbox,
      keys.alerts,
      keys.chunks,
      head.epoch,
      head.expected,
      head.position,
      head.time,
      head.change,
      head.dropFromOutbox,
      CHANGES,
      head.message ?? '',
      head.leaseMs,
    ];
    for (const group of groupsOf(commit)) {
      args.push(group.length);
      for (const value of group) args.push(value);
    }
    const answer = await this.#commit(...args);
    if (answer === 'lease' || answer === 'position') throw new FencedError(answer, this.partition);
    if (answer !== 'ok') throw new Error(`commit script answered ${String(answer)}`);
  }
}

/** In the order in which the script takes them. */
function groupsOf(commit: Commit): readonly (readonly (string | number)[])[] {
  return [
    commit.casesSet,
    commit.casesRemoved,
    commit.closedSet,
    commit.closedRemoved,
    commit.alarmsSet,
    commit.alarmsRemoved,
    commit.riskSet,
    commit.riskRemoved,
    commit.cellsSet,
    commit.cellsRemoved,
    commit.outbox,
    commit.alerts,
    commit.chunksSet,
    commit.chunksRemoved,
  ];
}
