// One partition while this process owns it: reads its stream from the stored position, applies batches, commits them,
// publishes the outbox, and makes time pass by ticks when nothing else does. Any doubt ends it; the next owner, or the
// next try, loads again from what was committed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import { Publisher } from '../broker/publisher.ts';
import { openReader, type RawMessage, type Reader } from '../broker/reader.ts';
import { eventsStream } from '../broker/streams.ts';
import type { FeedItem } from '../contract/frame.ts';
import type { ActionRecord, AlertRecord } from '../contract/record.ts';
import { controlSubject } from '../contract/subject.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Commit, PartitionStore } from '../store/partition-store.ts';
import { AlarmHeap } from './alarm-heap.ts';
import { Batch, type Incoming } from './batch.ts';
import { CaseCache } from './case-cache.ts';
import { CellStore } from './cell-store.ts';
import { type Loaded, loadPartition } from './load.ts';
import { Outbox, type OutboxEntry } from './outbox.ts';
import { encodePosition, type Position, streamToken } from './position.ts';
import { publishRejects } from './rejects.ts';

export interface PartitionOptions {
  readonly nc: NatsConnection;
  readonly store: PartitionStore;
  readonly policy: CompiledPolicy;
  readonly policyOf: (hash: string) => CompiledPolicy;
  readonly partitions: number;
  readonly epoch: string;
  readonly owner: string;
  readonly batchMax: number;
  /** Shortest time between two commits, ms: at a high rate of events this makes larger batches. */
  readonly lingerMs: number;
  readonly leaseMs: number;
  readonly cacheMax: number;
  readonly closedKeepMs: number;
  readonly log: Logger;
  readonly measure: Measure;
}

/** Where latencies are counted, in seconds. */
export interface Measure {
  timerLag(seconds: number): void;
  eventLag(seconds: number): void;
}

/** A transition of an alert that this partition's owner judged, to be stored by its next commit. */
export interface AlertChange {
  readonly field: string;
  readonly state: string;
  readonly records: readonly (AlertRecord | ActionRecord)[];
  readonly feed: readonly FeedItem[];
}

/** How far ahead of the logical time alarms are held in memory. */
const HORIZON_MS = 60_000;
/** Alarms that are rung, and cases that are written, in one commit. */
const RING_MAX = 2_000;
/** With more unacknowledged records than this, nothing more is read: JetStream is slower than we are. */
export const OUTBOX_MAX = 20_000;
/** Acknowledged records are dropped from the stored list with the next commit; so many of them make one of their own. */
const ACKNOWLEDGED_MAX = 1_000;
/** An idle partition clears its stored outbox after this time. */
const IDLE_COMMIT_MS = 250;
/** A tick that has not come back after this time is taken for lost. */
const TICK_TIMEOUT_MS = 2_000;
const TICK_RECHECK_MS = 20;
const TICK_PAUSE_MS = 5;

export class Partition {
  readonly number: number;
  readonly #options: PartitionOptions;
  readonly #loaded: Loaded;
  readonly #cache: CaseCache;
  readonly #cells: CellStore;
  readonly #heap = new AlarmHeap();
  readonly #outbox: Outbox;
  readonly #rejects: Publisher;
  readonly #reader: Reader;
  readonly #idPrefix: string;
  /** States of the alerts that are judged here, as committed. */
  readonly alerts: Map<string, string>;
  #alertChanges: AlertChange[] = [];
  #position: Position;
  #time: number;
  #change: number;
  #horizon = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  #idleTimer: NodeJS.Timeout | null = null;
  #tickSentAt: number | null = null;
  #tickInVain = false;
  #committedAt = 0;
  /** The position that Redis has, as text. */
  #expected: string;

  static async open(options: PartitionOptions): Promise<Partition> {
    return new Partition(options, await loadPartition(options.nc, options.store));
  }

  private constructor(options: PartitionOptions, loaded: Loaded) {
    const { nc, store, policy, policyOf } = options;
    this.#options = options;
    this.#loaded = loaded;
    this.number = store.partition;
    this.#cache = new CaseCache(store, policy, policyOf, options.cacheMax, options.closedKeepMs);
    this.#cells = new CellStore(policy, loaded.snapshot.cells);
    this.alerts = new Map([...loaded.snapshot.alerts, ...loaded.alerts]);
    this.#alertChanges = [...loaded.alerts].map(([field, state]) => ({
      field,
      state,
      records: [],
      feed: [],
    }));
    this.#position = loaded.position;
    this.#expected = loaded.snapshot.position;
    this.#time = loaded.snapshot.time;
    this.#change = loaded.snapshot.change;
    this.#idPrefix = `${streamToken(loaded.position.created)}-${this.number}`;
    this.#outbox = new Outbox(new Publisher(nc), loaded.floor, () => this.#onAcknowledged());
    this.#rejects = new Publisher(nc);
    this.#reader = openReader(nc, eventsStream(this.number), loaded.position.seq + 1);
  }

  /** True once what was stored when it was loaded has been applied. */
  get caughtUp(): boolean {
    return this.#position.seq >= this.#loaded.target;
  }

  get time(): number {
    return this.#time;
  }

  /** Stored messages that are not applied. */
  get pending(): number {
    return this.#reader.pending;
  }

  get position(): number {
    return this.#position.seq;
  }

  get created(): string {
    return this.#position.created;
  }

  get idPrefix(): string {
    return this.#idPrefix;
  }

  /** Runs until `stop`; throws when the partition can't go on as it is and must be loaded again. */
  async run(): Promise<void> {
    const { rebuilt, snapshot } = this.#loaded;
    if (rebuilt !== null) this.#options.log.warn({ partition: this.number, rebuilt }, 'state is built again');
    this.#outbox.restore(
      snapshot.outbox.map(text => parseEntry(text)),
      entry => this.#isStored(entry),
    );
    try {
      await this.#extendHorizon(this.#time);
      while (!this.#stopped) await this.#turn();
    } finally {
      this.#close();
    }
  }

  /** Ends `run` after the batch that is under way. */
  stop(): void {
    this.#stopped = true;
    this.#reader.wake();
  }

  /** Stores transitions of alerts with the next commit, which comes at once. */
  addAlerts(changes: readonly AlertChange[]): void {
    if (changes.length === 0) return;
    for (const change of changes) this.alerts.set(change.field, change.state);
    this.#alertChanges.push(...changes);
    this.#reader.wake();
  }

  #close(): void {
    this.#stopped = true;
    this.#reader.close();
    this.#outbox.close();
    this.#rejects.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
  }

  /** One turn: messages, or something else to commit. */
  async #turn(): Promise<void> {
    if (Date.now() >= this.#horizon - HORIZON_MS / 2) await this.#extendHorizon(Date.now());
    this.#scheduleTick();
    while (this.#outbox.waiting > OUTBOX_MAX && !this.#stopped) await sleep(5);
    const linger = this.#committedAt + this.#options.lingerMs - performance.now();
    if (linger > 1 && this.#reader.waiting < this.#options.batchMax) await sleep(linger);
    const messages = await this.#reader.next(this.#options.batchMax);
    if (this.#stopped) return;
    if (messages.length > 0) await this.#applyAll(messages);
    else if (this.#alertChanges.length > 0 || this.#outbox.acknowledged > 0) {
      await this.#commit(this.#newBatch(), this.#position);
    }
    this.#cache.evict();
  }

  async #applyAll(messages: readonly RawMessage[]): Promise<void> {
    let last = this.#time;
    for (const { storedMs } of messages) if (storedMs > last) last = storedMs;
    if (last >= this.#horizon) await this.#extendHorizon(last);
    let batch = this.#newBatch();
    const incoming = messages.map(message => batch.decode(message));
    await this.#loadCases(incoming, last);
    for (const each of incoming) {
      const { message } = each;
      const now = Math.max(this.#time, message.storedMs);
      while ((this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY) < now) {
        const more = await this.#ring(batch, now, message.seq);
        if (!more) continue;
        // The rest is rung after this commit, at the same place: the position still lies before the message.
        await this.#commit(batch, this.#position);
        batch = this.#newBatch();
      }
      this.#time = now;
      batch.apply(each, now);
      this.#position = { ...this.#position, seq: message.seq, storedMs: message.storedMs };
    }
    if (batch.ticks > 0) {
      this.#tickSentAt = null;
      this.#tickInVain = (this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY) < Date.now();
    }
    await this.#commit(batch, this.#position);
    this.#measureEvents(messages);
  }

  /** Loads what the batch will need: the cases of its events and of the alarms that will ring. */
  async #loadCases(incoming: readonly Incoming[], last: number): Promise<void> {
    const keys = new Set<string>();
    for (const each of incoming) if (each.kind === 'event') keys.add(each.key);
    const soon = [];
    for (let alarm = this.#heap.peek(); alarm !== undefined && alarm.at < last; alarm = this.#heap.peek()) {
      if (soon.length >= RING_MAX) break;
      soon.push(alarm);
      keys.add(alarm.key);
      this.#heap.pop();
    }
    for (const alarm of soon) this.#heap.push(alarm);
    await this.#cache.load(keys);
  }

  /** Rings alarms that lie before `now`, up to the bound; true when the batch is full and should be committed. */
  async #ring(batch: Batch, now: number, seq: number): Promise<boolean> {
    const due = [];
    for (let alarm = this.#heap.peek(); alarm !== undefined && alarm.at < now; alarm = this.#heap.peek()) {
      if (due.length >= RING_MAX) break;
      due.push(alarm);
      this.#heap.pop();
    }
    if (due.some(({ key }) => !this.#cache.has(key))) await this.#cache.load(due.map(({ key }) => key));
    for (const alarm of due) batch.ring(alarm, now, seq);
    return batch.size >= RING_MAX;
  }

  async #extendHorizon(now: number): Promise<void> {
    const to = now + HORIZON_MS;
    for (const alarm of await this.#options.store.alarms(this.#horizon, to)) this.#heap.push(alarm);
    this.#horizon = to;
  }

  #newBatch(): Batch {
    const { policy, partitions } = this.#options;
    return new Batch(
      { partition: this.number, partitions, idPrefix: this.#idPrefix },
      policy,
      this.#cache,
      this.#heap,
      this.#horizon,
    );
  }

  /** Rejects first, then the one atomic commit, then the outbox: what was told is always stored before. */
  async #commit(batch: Batch, position: Position): Promise<void> {
    const { store, epoch } = this.#options;
    const rejectSeq = await this.#storeRejects(batch);
    const committed: Position = { ...position, rejectSeq: Math.max(position.rejectSeq, rejectSeq) };
    const commit = emptyCommit();
    const { riskChanged } = batch.store(commit);
    const feed = [...batch.feed(), ...this.#alertChanges.flatMap(change => change.feed)];
    const cells: Record<string, number | null> = {};
    this.#cells.apply(batch.told.cells, this.#time, commit, cells);
    const entries = this.#entriesOf(batch, committed.seq);
    for (const entry of entries) commit.outbox.push(JSON.stringify(entry));
    for (const { field, state } of this.#alertChanges) commit.alerts.push(field, state);
    this.#alertChanges = [];
    this.#change += 1;
    await store.commit(
      {
        epoch,
        expected: this.#expected,
        position: encodePosition(committed),
        time: this.#time,
        change: this.#change,
        leaseMs: this.#options.leaseMs,
        dropFromOutbox: this.#outbox.takeAcknowledged(),
        message: JSON.stringify({
          p: this.number,
          n: this.#change,
          asOf: this.#time,
          cells,
          risk: riskChanged,
          feed,
        }),
      },
      commit,
    );
    this.#committedAt = performance.now();
    this.#position = committed;
    this.#expected = encodePosition(committed);
    this.#outbox.push(entries);
    const now = Date.now();
    if (this.caughtUp)
      for (const due of batch.fired) this.#options.measure.timerLag(Math.max(0, now - due) / 1000);
  }

  #entriesOf(batch: Batch, committedSeq: number): OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    const add = (record: { id: string; kind: string }, seq: number) =>
      entries.push({
        id: record.id,
        subject: `sla.records.${record.kind}.${this.number}`,
        data: JSON.stringify(record),
        seq: Math.min(seq, committedSeq),
      });
    for (const { record, seq } of batch.records) {
      if (seq <= this.#loaded.floor.seq || this.#loaded.storedRecords.has(record.id)) continue;
      add(record, seq);
    }
    for (const { records } of this.#alertChanges) {
      for (const record of records) {
        add(record, committedSeq);
        if (record.kind === 'action')
          entries.push({
            id: `${record.id}-do`,
            subject: `sla.actions.${record.action}`,
            data: JSON.stringify(record),
            seq: committedSeq,
          });
      }
    }
    return entries;
  }

  #isStored(entry: OutboxEntry): boolean {
    const { floor, storedRecords } = this.#loaded;
    return entry.seq <= floor.seq || storedRecords.has(entry.id);
  }

  async #storeRejects(batch: Batch): Promise<number> {
    const open = batch.rejected.filter(({ message }) => !this.#loaded.storedRejects.has(message.seq));
    if (open.length === 0) return 0;
    return publishRejects(this.#rejects, eventsStream(this.number), this.#idPrefix, open);
  }

  #onAcknowledged(): void {
    if (this.#outbox.acknowledged >= ACKNOWLEDGED_MAX) this.#reader.wake();
    else
      this.#idleTimer ??= setTimeout(() => {
        this.#idleTimer = null;
        this.#reader.wake();
      }, IDLE_COMMIT_MS);
  }

  #measureEvents(messages: readonly RawMessage[]): void {
    const now = Date.now();
    for (const { storedMs } of messages) this.#options.measure.eventLag(Math.max(0, now - storedMs) / 1000);
  }

  /** Sleeps until the next alarm, or until alarms that lie further ahead must be loaded. */
  #scheduleTick(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const next = this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY;
    const wait = Math.min(next + 1, this.#horizon - HORIZON_MS / 2) - Date.now();
    // Where the stream's clock is behind ours a tick may come back too early; the next one waits a little.
    const pause = this.#tickInVain ? TICK_PAUSE_MS : 1;
    this.#timer = setTimeout(() => this.#onTimer(), Math.min(Math.max(wait, pause), HORIZON_MS));
  }

  /** Lets time pass by a tick, unless other messages do that anyway; one at a time. */
  #onTimer(): void {
    if (this.#stopped) return;
    const now = Date.now();
    if ((this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY) >= now) {
      this.#reader.wake();
      return;
    }
    const onTheWay = this.#tickSentAt !== null && now - this.#tickSentAt < TICK_TIMEOUT_MS;
    if (!onTheWay && this.#reader.waiting === 0 && this.#reader.pending === 0) {
      this.#tickSentAt = now;
      this.#options.nc.publish(controlSubject(this.number), '{"kind":"tick"}');
    }
    this.#timer = setTimeout(() => this.#onTimer(), TICK_RECHECK_MS);
  }
}

function parseEntry(text: string): OutboxEntry {
  const value: unknown = JSON.parse(text);
  if (!isEntry(value)) throw new Error(`not an entry of an outbox: ${text.slice(0, 100)}`);
  return value;
}

function isEntry(value: unknown): value is OutboxEntry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'subject' in value &&
    typeof value.subject === 'string' &&
    'data' in value &&
    typeof value.data === 'string' &&
    'seq' in value &&
    typeof value.seq === 'number'
  );
}

function emptyCommit(): Commit {
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
