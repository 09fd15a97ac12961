// Records on their way to JetStream: published in order, at most so many unacknowledged, dropped once acknowledged.
// After a failure nothing new goes out before all from the first failed one went again.
import type { Publisher, PublishResult } from '../broker/publisher.ts';

/** One committed record that waits to be published. */
export interface OutboxEntry {
  readonly id: string;
  readonly subject: string;
  readonly data: string;
  /**
   * The event sequence that caused it, but not beyond the position of its commit: once it and all before it are stored,
   * so are all records that events before this sequence caused.
   */
  readonly seq: number;
}

/** How far a partition's records are known to be stored. */
export interface Floor {
  /** All records that came of events up to this sequence are stored. */
  readonly seq: number;
  /** They lie at or before this sequence of SLA_RECORDS. */
  readonly record: number;
}

const RETRY_MS = [20, 50, 100, 250, 500, 1_000];
/** Entries that were dropped are cut off the list's front in blocks of this many. */
const COMPACT_AT = 4_096;

export const FLOOR_HEADER = 'Sla-Floor';
export const FLOOR_RECORD_HEADER = 'Sla-Floor-Record';

export class Outbox {
  readonly #publisher: Publisher;
  readonly #onAcknowledged: () => void;
  /** Entries from `#head` on are not acknowledged in order; of these, those before `#sent` are on their way. */
  #entries: OutboxEntry[] = [];
  #head = 0;
  #sent = 0;
  /** Stored, but an entry before them is not yet. */
  readonly #early = new Set<OutboxEntry>();
  #acknowledged = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #generation = 0;
  #closed = false;
  #floorSeq: number;
  #floorRecord: number;

  constructor(publisher: Publisher, floor: Floor, onAcknowledged: () => void) {
    this.#publisher = publisher;
    this.#floorSeq = floor.seq;
    this.#floorRecord = floor.record;
    this.#onAcknowledged = onAcknowledged;
  }

  /** Entries that are not acknowledged yet. */
  get waiting(): number {
    return this.#entries.length - this.#head;
  }

  /** Acknowledged entries that are still at the front of the stored list. */
  get acknowledged(): number {
    return this.#acknowledged;
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
  restore(entries: readonly OutboxEntry[], isStored: (entry: OutboxEntry) => boolean): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      if (isStored(entry)) this.#early.add(entry);
    }
    this.#dropEarly(this.#floorRecord);
    this.#send();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#publisher.close();
  }

  #send(): void {
    if (this.#closed || this.#timer !== null) return;
    const generation = this.#generation;
    while (this.#sent < this.#entries.length && this.#publisher.hasRoom) {
      const entry = this.#entries[this.#sent];
      if (entry === undefined) return;
      this.#sent += 1;
      if (this.#early.has(entry)) continue;
      const options = { msgId: entry.id, headers: this.#headers() };
      this.#publisher.send(entry.subject, entry.data, options, result =>
        this.#onResult(entry, result, generation),
      );
    }
  }

  /** What the records before this one guarantee; a later owner starts looking for what is missing from there. */
  #headers(): Record<string, string> {
    const first = this.#entries[this.#head];
    const seq = first === undefined ? this.#floorSeq : Math.max(this.#floorSeq, first.seq - 1);
    return { [FLOOR_HEADER]: String(seq), [FLOOR_RECORD_HEADER]: String(this.#floorRecord) };
  }

  #onResult(entry: OutboxEntry, result: PublishResult, generation: number): void {
    if (generation !== this.#generation || this.#closed) return;
    if (result.result !== 'stored') {
      this.#startAgain();
      return;
    }
    this.#failures = 0;
    if (this.#entries[this.#head] !== entry) {
      this.#early.add(entry);
      return;
    }
    this.#drop(entry, result.seq);
    this.#dropEarly(result.seq);
    this.#compact();
    this.#onAcknowledged();
    this.#send();
  }

  #dropEarly(record: number): void {
    for (let next = this.#entries[this.#head]; next !== undefined; next = this.#entries[this.#head]) {
      if (!this.#early.delete(next)) return;
      this.#drop(next, record);
    }
  }

  /** The floor rises to the entry's cause once no other record of the same cause is open. */
  #drop(entry: OutboxEntry, record: number): void {
    this.#head += 1;
    this.#sent = Math.max(this.#sent, this.#head);
    this.#acknowledged += 1;
    // Actions go to a stream of their own, whose sequences say nothing about the records'.
    if (entry.subject.startsWith('sla.records.')) this.#floorRecord = Math.max(this.#floorRecord, record);
    const next = this.#entries[this.#head];
    const seq = next !== undefined && next.seq === entry.seq ? entry.seq - 1 : entry.seq;
    this.#floorSeq = Math.max(this.#floorSeq, seq);
  }

  #compact(): void {
    if (this.#head < COMPACT_AT) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#sent -= this.#head;
    this.#head = 0;
  }

  /** Waits, then sends everything again from the first entry that is not acknowledged: its id makes that harmless. */
  #startAgain(): void {
    this.#generation += 1;
    const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 1_000;
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#sent = this.#head;
      this.#send();
    }, pause);
  }
}
