// Records on their way to JetStream: published in order, at most so many unacknowledged, dropped once acknowledged.
// After a failure nothing new goes out before all from the first failed one went again, less those that turn out to be
// stored: the broker's own window for duplicates may be over by then.
import type { Publisher, PublishResult } from '../broker/publisher.ts';

/** One committed record that waits to be published. */
export interface OutboxEntry {
  readonly id: string;
  readonly subject: string;
  readonly data: string;
  /**
   * Once this entry and all before it are stored, so are all clock records that events up to this sequence caused, and
   * no entry before this one has a later cause. Absent where that can't be said.
   */
  readonly floor?: number;
}

/** How far a partition's records are known to be stored. */
export interface Floor {
  /** All clock records that came of events up to this sequence are stored, */
  readonly seq: number;
  /** at or before this sequence of SLA_RECORDS; those of later events lie after it. */
  readonly record: number;
}

/** Ids that were found in the streams, and the last sequence of SLA_RECORDS that was looked at. */
export interface StoredIds {
  readonly ids: ReadonlySet<string>;
  readonly last: number;
}

export interface OutboxOptions {
  readonly publisher: Pick<Publisher, 'send' | 'hasRoom' | 'isLost' | 'close'>;
  readonly floor: Floor;
  /** All entries that are still in the outbox lie above this sequence of SLA_RECORDS, if they are stored. */
  readonly recordSeq: number;
  /** For how long the lease may have run out, ms; 0 while it is held. Nothing is published then. */
  readonly lapsedMs: () => number;
  /** Looks up which records are stored above a sequence of SLA_RECORDS, and which actions on these subjects. */
  readonly storedAbove: (recordSeq: number, actionSubjects: ReadonlySet<string>) => Promise<StoredIds>;
  readonly onAcknowledged: () => void;
}

const RETRY_MS = [20, 50, 100, 250, 500, 1_000];
/** A lease that is late is renewed or lost within about this time. */
const HELD_RECHECK_MS = 50;
/** Within this time the broker's own window for duplicates, two minutes, tells what another owner published meanwhile. */
export const LAPSE_MS_MAX = 30_000;
/** Entries that were dropped are cut off the list's front in blocks of this many. */
const COMPACT_AT = 4_096;

export const FLOOR_HEADER = 'Sla-Floor';
export const FLOOR_RECORD_HEADER = 'Sla-Floor-Record';

export class Outbox {
  readonly #options: OutboxOptions;
  /** Entries from `#head` on are not acknowledged in order; of these, those before `#sent` are on their way. */
  #entries: OutboxEntry[] = [];
  #head = 0;
  #sent = 0;
  /** Stored, at this sequence of SLA_RECORDS as far as that is known, but an entry before them is not yet. */
  readonly #early = new Map<OutboxEntry, number | null>();
  #acknowledged = 0;
  #failures = 0;
  /** While it waits before it tries again, or for the lease. */
  #timer: NodeJS.Timeout | null = null;
  #lookingUp = false;
  #generation = 0;
  #closed = false;
  #floor: Floor;
  #recordSeq: number;
  /** The highest sequence of SLA_RECORDS at which a dropped entry may lie. */
  #recordMax: number;
  /**
   * How many of the entries from `#head` on may lie in another order than theirs, since they were sent more than once:
   * nothing can be said of what lies above what before all of them are acknowledged.
   */
  #disordered = 0;
  #settled = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#floor = options.floor;
    this.#recordSeq = options.recordSeq;
    this.#recordMax = options.recordSeq;
  }

  /** Entries that are not acknowledged yet. */
  get waiting(): number {
    return this.#entries.length - this.#head;
  }

  /** Acknowledged entries that are still at the front of the stored list. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Entries that are not acknowledged, and all later ones, lie above this sequence of SLA_RECORDS. */
  get recordSeq(): number {
    return this.#recordSeq;
  }

  /** Takes the acknowledged ones over to a commit that drops them. */
  takeAcknowledged(): number {
    const count = this.#acknowledged;
    this.#acknowledged = 0;
    return count;
  }

  /** Takes committed entries, in order. */
  push(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) this.#entries.push(entry);
    this.#send();
  }

  /** Takes what the last owner had committed; those that are stored already are only counted as acknowledged. */
  restore(entries: readonly OutboxEntry[], stored: StoredIds): void {
    // Their floors may hide what later events told before this state was put back.
    for (const { id, subject, data } of entries) this.#entries.push({ id, subject, data });
    this.#takeStored(stored, this.#entries.length);
    this.#send();
  }

  /**
   * Says that the state has caught up with all records that were there when it was loaded, the last of them at
   * `recordSeq`. Only from then on what is stored lies above all that was stored before, and the floors may rise.
   */
  settle(recordSeq: number): void {
    this.#settled = true;
    this.#recordMax = Math.max(this.#recordMax, recordSeq);
    this.#disordered = this.waiting;
    if (this.#disordered === 0) this.#recordSeq = this.#recordMax;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#options.publisher.close();
  }

  #send(): void {
    const { publisher, lapsedMs } = this.#options;
    if (this.#closed || this.#lookingUp || this.#timer !== null) return;
    const generation = this.#generation;
    while (this.#sent < this.#entries.length && publisher.hasRoom) {
      const lapsed = lapsedMs();
      // What is sent without a connection may arrive before what was lost with it, and a case's last record is its
      // outcome. After a long lapse another owner may have published these, and be gone before we hear of it.
      if (lapsed > LAPSE_MS_MAX || publisher.isLost) {
        this.#generation += 1;
        this.#later(HELD_RECHECK_MS, () => this.#lookUp());
        return;
      }
      if (lapsed > 0) {
        this.#later(HELD_RECHECK_MS, () => this.#send());
        return;
      }
      const entry = this.#entries[this.#sent];
      if (entry === undefined) return;
      this.#sent += 1;
      if (this.#early.has(entry)) continue;
      const options = { msgId: entry.id, headers: this.#headers() };
      publisher.send(entry.subject, entry.data, options, result => this.#onResult(entry, result, generation));
    }
  }

  /** What the records before this one guarantee; a later owner starts looking for what is missing from there. */
  #headers(): Record<string, string> {
    return {
      [FLOOR_HEADER]: String(this.#floor.seq),
      [FLOOR_RECORD_HEADER]: String(this.#floor.record),
    };
  }

  #onResult(entry: OutboxEntry, result: PublishResult, generation: number): void {
    if (generation !== this.#generation || this.#closed) return;
    if (result.result !== 'stored') {
      this.#fail();
      return;
    }
    this.#failures = 0;
    // Actions go to a stream of their own, whose sequences say nothing about the records'.
    const record = isRecord(entry.subject) ? result.seq : null;
    this.#early.set(entry, record);
    if (this.#entries[this.#head] !== entry) return;
    this.#dropEarly();
    this.#options.onAcknowledged();
    this.#send();
  }

  #dropEarly(): void {
    for (let next = this.#entries[this.#head]; next !== undefined; next = this.#entries[this.#head]) {
      const record = this.#early.get(next);
      if (record === undefined) break;
      this.#early.delete(next);
      this.#drop(next, record);
    }
    if (this.#head < COMPACT_AT) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#sent -= this.#head;
    this.#head = 0;
  }

  /** The floors rise only where all that is dropped later lies above them for certain. */
  #drop(entry: OutboxEntry, record: number | null): void {
    this.#head += 1;
    this.#sent = Math.max(this.#sent, this.#head);
    this.#acknowledged += 1;
    if (record !== null) this.#recordMax = Math.max(this.#recordMax, record);
    if (this.#disordered > 0) this.#disordered -= 1;
    if (this.#disordered > 0 || !this.#settled) return;
    this.#recordSeq = this.#recordMax;
    if (entry.floor !== undefined && entry.floor > this.#floor.seq)
      this.#floor = { seq: entry.floor, record: this.#recordSeq };
  }

  /** Waits, looks what is stored, then sends everything else again from the first entry that is not acknowledged. */
  #fail(): void {
    this.#generation += 1;
    const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 1_000;
    this.#failures += 1;
    this.#later(pause, () => this.#lookUp());
  }

  #lookUp(): void {
    const { storedAbove, publisher, lapsedMs, onAcknowledged } = this.#options;
    if (lapsedMs() > 0 || publisher.isLost) {
      this.#later(HELD_RECHECK_MS, () => this.#lookUp());
      return;
    }
    this.#lookingUp = true;
    const actions = this.#entries
      .slice(this.#head)
      .flatMap(({ subject }) => (isRecord(subject) ? [] : [subject]));
    storedAbove(this.#recordSeq, new Set(actions)).then(
      stored => {
        this.#lookingUp = false;
        if (this.#closed) return;
        const sent = this.#sent - this.#head;
        this.#sent = this.#head;
        this.#takeStored(stored, sent);
        if (this.#acknowledged > 0) onAcknowledged();
        this.#send();
      },
      () => {
        this.#lookingUp = false;
        if (!this.#closed) this.#fail();
      },
    );
  }

  /** Takes entries that are found stored for acknowledged; the first `sent` of all may have been sent before. */
  #takeStored({ ids, last }: StoredIds, sent: number): void {
    let found = false;
    for (let i = this.#head; i < this.#entries.length; i++) {
      const entry = this.#entries[i];
      if (entry === undefined || this.#early.has(entry) || !ids.has(entry.id)) continue;
      this.#early.set(entry, null);
      found = true;
    }
    this.#disordered = Math.max(this.#disordered, sent);
    if (found) this.#recordMax = Math.max(this.#recordMax, last);
    this.#dropEarly();
  }

  #later(ms: number, work: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      work();
    }, ms);
  }
}

function isRecord(subject: string): boolean {
  return subject.startsWith('sla.records.');
}
