// What a partition has stored, and the one way in which that changes: rejects first, then one atomic commit of the batch,
// then the outbox. So what is told was always stored before, and what can't be used is kept before the position moves on.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import { Publisher } from '../broker/publisher.ts';
import { eventsStream } from '../broker/streams.ts';
import { cellKey } from '../contract/cells.ts';
import type { FeedItem } from '../contract/frame.ts';
import type { ActionRecord, AlertRecord, ClockRecord } from '../contract/record.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { emptyCommit, type PartitionStore } from '../store/partition-store.ts';
import { actionOf } from './action.ts';
import type { Batch } from './batch.ts';
import { CellStore } from './cell-store.ts';
import { encodeEntry, parseEntry } from './entry.ts';
import { idPrefixOf, type Loaded } from './load.ts';
import { LAPSE_MS_MAX, Outbox, type OutboxEntry } from './outbox.ts';
import { encodePosition, type Position } from './position.ts';
import { publishRejects, type RejectsTo } from './rejects.ts';
import { storedIds } from './stored.ts';

/** A transition of an alert that this partition's owner judged, to be stored by its next commit. */
export interface AlertChange {
  readonly field: string;
  readonly state: string;
  readonly records: readonly (AlertRecord | ActionRecord)[];
  readonly feed: readonly FeedItem[];
}

export interface LedgerOptions {
  readonly nc: NatsConnection;
  readonly store: PartitionStore;
  readonly epoch: string;
  readonly leaseMs: number;
  readonly log: Pick<Logger, 'warn'>;
  /** For how long the lease may have run out, ms, by our own clock; 0 while it is held. Nothing is published then. */
  readonly lapsedMs: () => number;
  /** Called when a commit, begun at that instant of `performance.now`, has prolonged the lease. */
  readonly onProlonged: (askedAt: number) => void;
}

type PolicyOf = (hash: string) => CompiledPolicy;

/** Acknowledged records are dropped from the stored list with the next commit; so many of them make one of their own. */
const ACKNOWLEDGED_MAX = 1_000;
/** An idle partition clears its stored outbox after this time. */
const IDLE_COMMIT_MS = 250;
const HELD_RECHECK_MS = 20;
/** The server's default, for as long as it has not told its own. */
const MAX_PAYLOAD = 1_048_576;
const NOTHING: ReadonlySet<string> = new Set();

export class Ledger {
  /** `<stream token>-<partition>`: the beginning of every id. */
  readonly idPrefix: string;
  /** States of the alerts that are judged here. */
  readonly alerts: Map<string, string>;
  readonly #options: LedgerOptions;
  readonly #loaded: Loaded;
  readonly #cells: CellStore;
  readonly #outbox: Outbox;
  readonly #rejects: RejectsTo;
  readonly #onDue: () => void;
  /** Ids that this state may tell again although they are stored; none once it has caught up. */
  #storedIds: ReadonlySet<string>;
  #alertChanges: AlertChange[];
  #position: Position;
  /** The position that Redis has, as text. */
  #expected: string;
  #change: number;
  #changeTried: number;
  #committedAt = Number.NEGATIVE_INFINITY;
  #settled = false;
  /** Whether acknowledged records have waited long enough to be dropped by a commit of their own. */
  #dropDue = false;
  #idleTimer: NodeJS.Timeout | null = null;
  #closed = false;

  /** `onDue` is called when there is something to commit although no message came. */
  constructor(options: LedgerOptions, loaded: Loaded, policyOf: PolicyOf, onDue: () => void) {
    const { nc, store, log, lapsedMs } = options;
    const { snapshot, position, stored, floor } = loaded;
    const { partition } = store;
    this.#options = options;
    this.#loaded = loaded;
    this.#onDue = onDue;
    this.idPrefix = idPrefixOf(position, partition);
    this.#cells = new CellStore(position.sweep === null ? policyOf(position.policy) : null, snapshot.cells);
    this.alerts = new Map([...snapshot.alerts, ...loaded.alerts]);
    this.#alertChanges = takenBack(loaded, policyOf);
    this.#storedIds = stored.ids;
    this.#position = position;
    this.#expected = snapshot.position;
    this.#change = snapshot.change;
    this.#changeTried = snapshot.change;
    this.#outbox = new Outbox({
      publisher: new Publisher(nc),
      floor,
      above: { record: position.recordSeq, action: position.actionSeq },
      lapsedMs,
      storedAbove: above => storedIds(nc, partition, above),
      onAcknowledged: () => this.#onAcknowledged(),
      onStuck: (why, waiting) =>
        log.warn({ partition, why, waiting }, 'records and actions wait: they can not be stored'),
    });
    this.#rejects = {
      publisher: new Publisher(nc),
      stream: eventsStream(partition),
      idPrefix: this.idPrefix,
      maxPayload: nc.info?.max_payload ?? MAX_PAYLOAD,
      stored: loaded.storedRejects,
    };
  }

  /** Begins to publish what the last owner had committed. */
  start(): void {
    this.#outbox.restore(this.#loaded.snapshot.outbox.map(parseEntry), this.#loaded.stored);
    this.#settle();
  }

  close(): void {
    this.#closed = true;
    this.#outbox.close();
    this.#rejects.publisher.close();
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
  }

  /** As of the last commit. */
  get position(): Position {
    return this.#position;
  }

  /** True once what was stored when the partition was loaded has been committed. */
  get caughtUp(): boolean {
    return this.#position.seq >= this.#loaded.target;
  }

  /** Number of the last commit. */
  get change(): number {
    return this.#change;
  }

  /** Number of the commit that is under way, else of the last one. */
  get changeTried(): number {
    return this.#changeTried;
  }

  /** When the last commit was done, on `performance.now`'s clock. */
  get committedAt(): number {
    return this.#committedAt;
  }

  /** Records that are not acknowledged yet. */
  get unpublished(): number {
    return this.#outbox.waiting;
  }

  /** Whether there is anything to commit without a message, and whether that should not wait for one. */
  get due(): 'nothing' | 'sometime' | 'now' {
    if (this.#alertChanges.length > 0) return 'now';
    if (this.#outbox.acknowledged === 0) return 'nothing';
    return this.#dropDue ? 'now' : 'sometime';
  }

  /** The next commit brings another policy into force, whose windows figures `follow` once all cases are under it. */
  hold(): void {
    this.#cells.hold();
  }

  /** Figures follow this policy from now on. */
  follow(policy: CompiledPolicy): void {
    this.#cells.follow(policy);
  }

  /** Stores transitions of alerts with the next commit, which is due at once. */
  addAlerts(changes: readonly AlertChange[]): void {
    if (changes.length === 0) return;
    for (const change of changes) this.alerts.set(change.field, change.state);
    this.#alertChanges.push(...changes);
    this.#onDue();
  }

  /**
   * Commits a batch, after which the partition is at `position`, its logical time `time`.
   * @throws FencedError when the partition is another's by now; any error leaves open whether it was committed
   */
  async commit(batch: Batch, position: Position, time: number): Promise<void> {
    const { store, epoch, leaseMs, onProlonged } = this.#options;
    if (batch.rejected.length > 0) await this.#untilHeld();
    const rejectSeq = await publishRejects(this.#rejects, batch.rejected);
    const committed: Position = {
      ...position,
      rejectSeq: Math.max(position.rejectSeq, rejectSeq),
      recordSeq: this.#outbox.above.record,
      actionSeq: this.#outbox.above.action,
    };
    const commit = emptyCommit();
    const { riskChanged } = batch.store(commit);
    const feed = [...batch.feed(), ...this.#alertChanges.flatMap(change => change.feed)];
    const cells: Record<string, number | null> = {};
    this.#cells.apply(batch.told.cells, time, commit, cells);
    const entries = this.#entriesOf(batch, committed.seq);
    for (const entry of entries) commit.outbox.push(encodeEntry(entry));
    for (const { field, state } of this.#alertChanges) commit.alerts.push(field, state);
    this.#alertChanges = [];
    this.#changeTried = this.#change + 1;
    this.#dropDue = false;
    const n = this.#changeTried;
    const text = encodePosition(committed);
    const askedAt = performance.now();
    await store.commit(
      {
        epoch,
        expected: this.#expected,
        position: text,
        time,
        change: n,
        leaseMs,
        dropFromOutbox: this.#outbox.takeAcknowledged(),
        message: JSON.stringify({ p: store.partition, n, asOf: time, cells, risk: riskChanged, feed }),
      },
      commit,
    );
    onProlonged(askedAt);
    this.#change = n;
    this.#committedAt = performance.now();
    this.#position = committed;
    this.#expected = text;
    this.#outbox.push(entries);
    this.#settle();
    if (this.caughtUp) this.#storedIds = NOTHING;
  }

  /** A busy process may be late to prolong its lease. After a long while only a fresh look tells what is stored. */
  async #untilHeld(): Promise<void> {
    const { lapsedMs } = this.#options;
    for (let lapsed = lapsedMs(); lapsed > 0; lapsed = lapsedMs()) {
      if (lapsed > LAPSE_MS_MAX) throw new Error(`the lease ran out ${Math.round(lapsed)} ms ago`);
      if (this.#closed) throw new Error('the lease was lost before a rejected message was stored');
      await sleep(HELD_RECHECK_MS);
    }
  }

  /** Once caught up, nothing that was told before can be told again: the floors of the outbox may rise from there. */
  #settle(): void {
    if (this.#settled || !this.caughtUp) return;
    this.#settled = true;
    this.#outbox.settle(this.#loaded.stored.last);
  }

  #entriesOf(batch: Batch, committedSeq: number): OutboxEntry[] {
    const { partition } = this.#options.store;
    const entries: OutboxEntry[] = [];
    const push = (id: string, subject: string, data: string, floor: number | null) => {
      if (this.#storedIds.has(id)) return;
      entries.push(floor === null ? { id, subject, data } : { id, subject, data, floor });
    };
    const add = (record: ClockRecord | AlertRecord | ActionRecord, floor: number | null) => {
      const data = JSON.stringify(record);
      const isAction = record.kind === 'action';
      push(record.id, `sla.records.${record.kind}.${partition}`, data, isAction ? null : floor);
      if (isAction) push(`${record.id}-do`, `sla.actions.${record.action}`, data, floor);
    };
    // Before the floors of this batch: once one of them is told, alerts before it have their actions.
    for (const record of this.#alertChanges.flatMap(change => change.records)) add(record, null);
    const { records } = batch;
    for (const [i, { record, seq }] of records.entries()) {
      if (seq <= this.#loaded.floor.seq) continue;
      // Events up to here have told all; one whose alarms are rung in several commits has not yet.
      const whole = Math.min((records[i + 1]?.seq ?? Number.POSITIVE_INFINITY) - 1, committedSeq);
      const floor = this.#settled && whole >= seq ? whole : null;
      add(record, floor);
    }
    return entries;
  }

  #onAcknowledged(): void {
    const drop = () => {
      this.#dropDue = true;
      this.#onDue();
    };
    if (this.#outbox.acknowledged >= ACKNOWLEDGED_MAX) drop();
    else
      this.#idleTimer ??= setTimeout(() => {
        this.#idleTimer = null;
        drop();
      }, IDLE_COMMIT_MS);
  }
}

/**
 * Transitions that are stored as records, but not in this copy of Redis, and the actions that belong to them by the policy
 * under which they fired.
 */
function takenBack(loaded: Loaded, policyOf: PolicyOf): AlertChange[] {
  return [...loaded.alerts].map(([field, state]) => ({
    field,
    state,
    records: loaded.firings
      .filter(({ rule, group }) => cellKey(rule, group) === field)
      .flatMap(record => actionOf(record, policyOf(record.policy))),
    feed: [],
  }));
}
