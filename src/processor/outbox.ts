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
   * Once this entry and all before it are stored, so is all that events up to this sequence caused: clock records, and
   * what cases call for. No entry before this one has a later cause. Absent where that can't be said.
   */
  readonly floor?: number;
}

/** A place in both streams that an outbox fills: a sequence of SLA_RECORDS, and one of SLA_ACTIONS. */
export interface Place {
  readonly record: number;
  readonly action: number;
}

/**
 * How far what a partition tells is known to be stored: all that came of events up to `seq` lies at or before this place,
 * what came of later events lies after it.
 */
export interface Floor extends Place {
  readonly seq: number;
}

/** Ids that were found in the streams, and the last sequences that were looked at. */
export interface StoredIds {
  readonly ids: ReadonlySet<string>;
  readonly last: Place;
}

export interface OutboxOptions {
  readonly publisher: Pick<Publisher, 'send' | 'hasRoom' | 'isLost' | 'close'>;
  readonly floor: Floor;
  /** All entries that are still in the outbox lie above this place, if they are stored. */
  readonly above: Place;
  /** For how long the lease may have run out, ms; 0 while it is held. Nothing is published then. */
  readonly lapsedMs: () => number;
  /** Looks up which records and actions are stored above a place. */
  readonly storedAbove: (above: Place) => Promise<StoredIds>;
  readonly onAcknowledged: () => void;
  /** Called once for each time that nothing has been stored for some tries: why, and how many entries wait. */
  readonly onStuck?: (why: string, waiting: number) => void;
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
export const FLOOR_ACTION_HEADER = 'Sla-Floor-Action';

export class Outbox {
  readonly #options: OutboxOptions;
  /** Entries from `#head` on are not acknowledged in order; of these, those before `#sent` are on their way. */
  #entries: OutboxEntry[] = [];
  #head = 0;
  #sent = 0;
  /** Stored, at this sequence of their stream as far as that is known, but an entry before them is not yet. */
  readonly #early = new Map<OutboxEntry, number | null>();
  #acknowledged = 0;
  #failures = 0;
  /** While it waits before it tries again, or for the lease. */
  #timer: NodeJS.Timeout | null = null;
  #lookingUp = false;
  #generation = 0;
  #closed = false;
  #floor: Floor;
  #above: Place;
  /** The highest sequences at which a dropped entry may lie. */
  #max: Place;
  /**
   * How many of the entries from `#head` on may lie in another order than theirs, since they were sent more than once:
   * nothing can be said of what lies above what before all of them are acknowledged.
   */
  #disordered = 0;
  #settled = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#floor = options.floor;
    this.#above = options.above;
    this.#max = options.above;
  }

  /** Entries that are not acknowledged yet. */
  get waiting(): number {
    return this.#entries.length - this.#head;
  }

  /** Acknowledged entries that are still at the front of the stored list. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Entries that are not acknowledged, and all later ones, lie above this place. */
  get above(): Place {
    return this.#above;
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
   * Says that the state has caught up with all that was stored when it was loaded, the last of it at `last`. Only from
   * then on what is stored lies above all that was stored before, and the floors may rise.
   */
  settle(last: Place): void {
    this.#settled = true;
    this.#max = higher(this.#max, last);
    this.#disordered = this.waiting;
    if (this.#disordered === 0) this.#above = this.#max;
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
      [FLOOR_ACTION_HEADER]: String(this.#floor.action),
    };
  }

  #onResult(entry: OutboxEntry, result: PublishResult, generation: number): void {
    if (generation !== this.#generation || this.#closed) return;
    if (result.result !== 'stored') {
      this.#fail(result.result === 'refused' ? result.description : result.result);
      return;
    }
    this.#early.set(entry, result.seq);
    if (this.#entries[this.#head] !== entry) return;
    // Others may be stored while the first one is refused time and again: their stream may be another one.
    this.#failures = 0;
    this.#dropEarly();
    this.#options.onAcknowledged();
    this.#send();
  }

  #dropEarly(): void {
    for (let next = this.#entries[this.#head]; next !== undefined; next = this.#entries[this.#head]) {
      const seq = this.#early.get(next);
      if (seq === undefined) break;
      this.#early.delete(next);
      this.#drop(next, seq);
    }
    if (this.#head < COMPACT_AT) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#sent -= this.#head;
    this.#head = 0;
  }

  /** The floors rise only where all that is dropped later lies above them for certain. */
  #drop(entry: OutboxEntry, seq: number | null): void {
    this.#head += 1;
    this.#sent = Math.max(this.#sent, this.#head);
    this.#acknowledged += 1;
    if (seq !== null)
      this.#max = higher(
        this.#max,
        isAction(entry) ? { record: 0, action: seq } : { record: seq, action: 0 },
      );
    if (this.#disordered > 0) this.#disordered -= 1;
    if (this.#disordered > 0 || !this.#settled) return;
    this.#above = this.#max;
    if (entry.floor !== undefined && entry.floor > this.#floor.seq)
      this.#floor = { seq: entry.floor, ...this.#above };
  }

  /** Waits, looks what is stored, then sends everything else again from the first entry that is not acknowledged. */
  #fail(why: string): void {
    this.#generation += 1;
    if (this.#failures === RETRY_MS.length) this.#options.onStuck?.(why, this.waiting);
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
    storedAbove(this.#above).then(
      stored => {
        this.#lookingUp = false;
        if (this.#closed) return;
        const sent = this.#sent - this.#head;
        this.#sent = this.#head;
        this.#takeStored(stored, sent);
        if (this.#acknowledged > 0) onAcknowledged();
        this.#send();
      },
      (error: unknown) => {
        this.#lookingUp = false;
        if (!this.#closed) this.#fail(error instanceof Error ? error.message : String(error));
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
    if (found) this.#max = higher(this.#max, last);
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

/** Actions go to a stream of their own, whose sequences say nothing about the records'. */
function isAction({ subject }: OutboxEntry): boolean {
  return subject.startsWith('sla.actions.');
}

function higher(a: Place, b: Place): Place {
  return { record: Math.max(a.record, b.record), action: Math.max(a.action, b.action) };
}
