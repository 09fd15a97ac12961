// Follows the committed state of every partition: a snapshot, then the changes by number. A gap, a number that goes
// back or a reconnect loads the partition again; until that is done the last complete view stays. Nothing here is
// ever the only copy of anything.
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { BoardHealth, FeedItem } from '../contract/frame.ts';
import { CellBook } from '../engine/cell-book.ts';
import { CHANGES } from '../store/keys.ts';
import { loadPartition, type Pulse, readPulse, type Snapshot } from './view-load.ts';
import { type AlertState, type Change, type PartitionStatus, parseChange } from './view-wire.ts';

export interface LiveViewOptions {
  /** Runs commands. */
  readonly redis: Redis;
  /** A connection of its own that subscribes; the view never closes either. */
  readonly subscriber: Redis;
  readonly partitions: number;
  readonly log: { warn(fields: object, message: string): void };
}

/** Changes kept while a snapshot is under way; beyond it the snapshot is loaded once more. */
const BUFFERED_MAX = 5_000;
const PULSE_MS = 1_000;
/** An owner that was not heard of for this long is not taken for alive. */
const SILENT_MS_MAX = 3_000;
/** A partition whose state is older than this is behind: its figures are shown grey. */
const BEHIND_MS_MAX = 3_000;
export const FEED_MAX = 50;

interface Partition {
  readonly p: number;
  loaded: boolean;
  /** The number of the last change that is in the book. */
  number: number;
  /** Changes that came while a snapshot is being read; null when none is. */
  buffered: Change[] | null;
  again: boolean;
  /** What the next pulse must find in the book already, or else a message was lost. */
  expected: number;
  time: number;
  status: PartitionStatus | null;
  /** This process's clock when `status` last told something new, ms. */
  heardAt: number;
  /** False after a connect until its owner has been heard: an old copy may have been put back. */
  confirmed: boolean;
  /** The position that was shown last; a state behind it is an old copy that is catching up. */
  position: readonly [stream: string, sequence: number] | null;
  behindShown: boolean;
  /** Whether the last question to Redis failed. */
  failing: boolean;
  alerts: readonly AlertState[];
}

interface ViewEvents {
  /** Something that boards show may have changed. */
  change: [];
  /** The set of clocks at risk or overdue changed. */
  risk: [];
}

export class LiveView extends EventEmitter<ViewEvents> {
  readonly book = new CellBook();
  readonly #options: LiveViewOptions;
  readonly #partitions: readonly Partition[];
  #feed: FeedItem[] = [];
  #timer: NodeJS.Timeout | null = null;
  #pulsing = false;

  constructor(options: LiveViewOptions) {
    super();
    this.#options = options;
    this.#partitions = Array.from({ length: options.partitions }, (_, p) => newPartition(p));
  }

  /** Subscribes and loads what is there. What can't be loaded now is tried again each second. */
  async start(): Promise<void> {
    const { subscriber } = this.#options;
    subscriber.on('message', this.#onMessage);
    subscriber.on('ready', this.#onReady);
    this.#timer = setInterval(() => void this.#pulse(), PULSE_MS);
    await subscriber.subscribe(CHANGES);
    await Promise.all(this.#partitions.map(partition => this.#load(partition)));
    await this.#pulse();
  }

  stop(): void {
    const { subscriber } = this.#options;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    subscriber.off('message', this.#onMessage);
    subscriber.off('ready', this.#onReady);
  }

  get partitions(): number {
    return this.#partitions.length;
  }

  /** True once every partition was loaded. */
  get loaded(): boolean {
    return this.#partitions.every(partition => partition.loaded);
  }

  /** True when the counters may be shown: no partition is behind what was stored when it was loaded. */
  get countable(): boolean {
    return this.#partitions.every(
      ({ loaded, confirmed, behindShown, status }) =>
        loaded && confirmed && !behindShown && status?.caughtUp === true,
    );
  }

  /** Adds what happened before the view began to what it has seen itself. */
  remember(earlier: readonly FeedItem[]): void {
    const known = new Set(this.#feed.map(({ id }) => id));
    this.#feed = latestFirst([...this.#feed, ...earlier.filter(({ id }) => !known.has(id))]);
  }

  /** What happened last, latest first. */
  get feed(): readonly FeedItem[] {
    return this.#feed;
  }

  get alerts(): readonly AlertState[] {
    return this.#partitions.flatMap(partition => partition.alerts);
  }

  /** The latest status of a partition's owner, or null when there is no owner or it is not known. */
  status(p: number): PartitionStatus | null {
    return this.#partitions[p]?.status ?? null;
  }

  /** True while the partition has an owner that was heard of within 3 seconds. */
  alive(p: number): boolean {
    const partition = this.#partitions[p];
    return partition?.status != null && performance.now() - partition.heardAt <= SILENT_MS_MAX;
  }

  /** The instant for which the whole view holds, ms: the earliest of all partitions', as their owners say. */
  asOf(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { time, status } of this.#partitions) {
      least = Math.min(least, status === null ? time : Math.max(status.asOf, time));
    }
    return Number.isFinite(least) ? least : 0;
  }

  health(): BoardHealth {
    const behind: number[] = [];
    let pending = 0;
    for (const partition of this.#partitions) {
      pending += partition.status?.pending ?? 0;
      const fresh = partition.loaded && this.alive(partition.p) && isUpToDate(partition.status);
      if (!fresh) behind.push(partition.p);
    }
    return { fresh: behind.length === 0, pending, behind };
  }

  readonly #onMessage = (_channel: string, text: string): void => {
    let change: Change;
    try {
      change = parseChange(text);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a change could not be read; the partitions are loaded again');
      this.#reloadAll();
      return;
    }
    const partition = this.#partitions[change.p];
    if (!partition) return;
    if (partition.buffered) {
      if (partition.buffered.length < BUFFERED_MAX) partition.buffered.push(change);
      else partition.again = true;
    } else if (!partition.loaded || !this.#apply(partition, change)) {
      void this.#load(partition);
    }
  };

  /** After a connect, messages may have been missed and Redis may hold an older copy. */
  readonly #onReady = (): void => {
    for (const partition of this.#partitions) partition.confirmed = false;
    this.#reloadAll();
  };

  #reloadAll(): void {
    for (const partition of this.#partitions) void this.#load(partition);
  }

  /** Applies a change that is the next one; false when one before it is missing. */
  #apply(partition: Partition, change: Change): boolean {
    if (change.n <= partition.number) return true;
    if (change.n !== partition.number + 1) return false;
    for (const [key, value] of Object.entries(change.cells)) this.book.set(partition.p, key, value);
    partition.number = change.n;
    partition.time = Math.max(partition.time, change.asOf);
    if (change.feed.length > 0) this.#feed = latestFirst([...change.feed.toReversed(), ...this.#feed]);
    this.emit('change');
    if (change.risk) this.emit('risk');
    // A change does not carry the alerts themselves, but tells when one turned.
    if (change.feed.some(({ kind }) => kind === 'firing' || kind === 'resolved')) void this.#pulse();
    return true;
  }

  async #load(partition: Partition): Promise<void> {
    if (partition.buffered) {
      partition.again = true;
      return;
    }
    partition.again = false;
    partition.buffered = [];
    try {
      this.#replace(partition, await loadPartition(this.#options.redis, partition.p));
    } catch (error) {
      // The last complete view stays; the next pulse tries again, since `loaded` or the number tells.
      this.#failed(partition, error);
      partition.buffered = null;
      partition.expected = Number.POSITIVE_INFINITY;
      return;
    }
    const buffered: Change[] = partition.buffered;
    partition.buffered = null;
    const gap = buffered.some(change => !this.#apply(partition, change));
    this.emit('change');
    this.emit('risk');
    if (gap || partition.again) await this.#load(partition);
  }

  /** Puts a snapshot in place of what is known, in one go: no reader ever sees a part. */
  #replace(partition: Partition, snapshot: Snapshot): void {
    this.book.clear(partition.p);
    for (const [key, value] of snapshot.cells) this.book.set(partition.p, key, value);
    if (snapshot.number < partition.number) partition.confirmed = false;
    partition.number = snapshot.number;
    partition.expected = snapshot.number;
    partition.time = snapshot.time;
    partition.loaded = true;
    this.#heard(partition, snapshot);
  }

  /** Looks each second for what no message tells: owners' heartbeats, alerts, lost messages, a wiped store. */
  async #pulse(): Promise<void> {
    if (this.#pulsing) return;
    this.#pulsing = true;
    try {
      await Promise.all(this.#partitions.map(partition => this.#pulseOf(partition)));
    } finally {
      this.#pulsing = false;
    }
    this.emit('change');
  }

  async #pulseOf(partition: Partition): Promise<void> {
    const { expected, number: before } = partition;
    let pulse: Pulse;
    try {
      pulse = await readPulse(this.#options.redis, partition.p);
    } catch (error) {
      this.#failed(partition, error);
      return;
    }
    partition.failing = false;
    this.#heard(partition, pulse);
    partition.expected = pulse.number;
    // What was committed a second ago has been told since, or its message was lost.
    const lost = partition.number < expected;
    // What was known before the question was asked is in the answer, or the store was put back.
    const wentBack = pulse.number < before;
    if (!partition.loaded || lost || wentBack) await this.#load(partition);
  }

  /** Said once for each outage: it is tried again every second. */
  #failed(partition: Partition, error: unknown): void {
    if (!partition.failing) {
      this.#options.log.warn(
        { err: error, partition: partition.p },
        'the state of a partition can not be read',
      );
    }
    partition.failing = true;
  }

  #heard(partition: Partition, pulse: Pulse): void {
    const { status, position } = pulse;
    const before = partition.status?.wall;
    if (status && status.wall !== before) {
      partition.heardAt = performance.now();
      if (before !== undefined && status.wall > before) partition.confirmed = true;
    }
    partition.status = status;
    partition.alerts = pulse.alerts;
    const shown = partition.position;
    partition.behindShown =
      position !== null && shown !== null && position[0] === shown[0] && position[1] < shown[1];
    if (position && !partition.behindShown) partition.position = position;
  }
}

/** By the instants that a feed shows; of one instant what was heard of last comes first. */
function latestFirst(items: readonly FeedItem[]): FeedItem[] {
  return items.toSorted((a, b) => b.at - a.at).slice(0, FEED_MAX);
}

function newPartition(p: number): Partition {
  return {
    p,
    loaded: false,
    number: 0,
    buffered: null,
    again: false,
    expected: 0,
    time: 0,
    status: null,
    heardAt: Number.NEGATIVE_INFINITY,
    confirmed: false,
    position: null,
    behindShown: false,
    failing: false,
    alerts: [],
  };
}

/** Caught up once, and not behind its stream now. */
function isUpToDate(status: PartitionStatus | null): boolean {
  return status?.caughtUp === true && status.wall - status.asOf <= BEHIND_MS_MAX;
}
