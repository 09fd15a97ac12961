// The judge: one undisturbed reading of the streams, in order, by the engine alone. It knows no Redis, no batches, no
// crashes and no cache; what it makes of the streams is what must be found, each thing once, after any disturbance.
import type { NatsConnection } from 'nats';
import { streamState } from '../../src/broker/api.ts';
import { openReader, type RawMessage } from '../../src/broker/reader.ts';
import { cellKey } from '../../src/contract/cells.ts';
import { decodeMessage } from '../../src/contract/decode.ts';
import { ENTITIES, type SlaEvent } from '../../src/contract/event.ts';
import { partitionOf } from '../../src/contract/subject.ts';
import { acceptEvent, type CaseState, isOpen, newCase, reachTime } from '../../src/engine/case.ts';
import { caseKey } from '../../src/engine/codec.ts';
import { addCell } from '../../src/engine/contribute.ts';
import { isPaneGone, paneKeepOf } from '../../src/engine/panes.ts';
import { changePolicy, isUnderEarlier, NO_EFFECT } from '../../src/engine/policy-change.ts';
import type { Cause, Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { AlarmHeap } from '../../src/processor/alarm-heap.ts';
import { readPolicyNotice } from '../../src/processor/control.ts';
import { streamToken } from '../../src/processor/position.ts';
import { casesWith } from '../../src/processor/sweep.ts';

/** Reads a whole stream, or what one subject of it holds. */
export async function readAll(
  nc: NatsConnection,
  stream: string,
  filter?: string,
): Promise<readonly RawMessage[]> {
  const { lastSeq, messages } = await streamState(nc, stream);
  if (messages === 0) return [];
  const found: RawMessage[] = [];
  // The last message of the stream may be on another subject: a wildcard of all ends the wait for it.
  const reader = openReader(nc, stream, 1);
  try {
    for (let seq = 0; seq < lastSeq; ) {
      for (const message of await reader.next(2_000)) {
        seq = message.seq;
        if (filter === undefined || message.subject.startsWith(filter)) found.push(message);
      }
    }
  } finally {
    reader.close();
  }
  return found;
}

/** The policies that streams name: the one before any message, and each other one by its hash. */
export interface PolicyBook {
  readonly first: CompiledPolicy;
  readonly byHash: (hash: string) => CompiledPolicy;
}

/** An event that changed something, at its place; `now` is the logical time of the place. */
export interface Accepted {
  readonly event: SlaEvent;
  readonly now: number;
  readonly seq: number;
}

/** A policy that came into force at a place. */
export interface Change {
  readonly policy: CompiledPolicy;
  readonly now: number;
  readonly seq: number;
}

export interface Reading {
  readonly accepted: Accepted[];
  /** Without announcements of the policy that was in force already. */
  readonly changes: Change[];
  /** Cases that came under another policy: in their turn, by what happened to them before it, or when they were reopened. */
  readonly brought: { swept: number; before: number; reopened: number };
  /** How many policies came into force while cases still waited for the one before. */
  overlaps: number;
  /** Ids of all clock records, in order. */
  readonly records: string[];
  /** Ids of what cases called for. */
  readonly actions: string[];
  readonly cells: Map<string, number>;
  readonly cases: ReadonlyMap<string, CaseState>;
  /** Reasons by the sequence of the rejected message. */
  readonly rejects: Map<number, string>;
  /** The logical time in the end. */
  time: number;
}

/** What a partition makes of its stream. */
export async function undisturbed(
  nc: NatsConnection,
  policies: PolicyBook,
  partition: number,
  partitions: number,
): Promise<Reading> {
  const stream = `SLA_EVENTS_${partition}`;
  const { created } = await streamState(nc, stream);
  const run = new Run(policies, partition, partitions, `${streamToken(created)}-${partition}`);
  for (const message of await readAll(nc, stream)) run.read(message);
  return run.reading;
}

/** Drops panes that are in no window any more, or of no indicator that the policy has. */
function dropPanes(cells: Map<string, number>, policy: CompiledPolicy, now: number): void {
  const keep = paneKeepOf(policy);
  for (const key of cells.keys()) if (isPaneGone(key, keep, now)) cells.delete(key);
}

class Run {
  readonly #cases = new Map<string, CaseState>();
  readonly reading: Reading = {
    accepted: [],
    changes: [],
    brought: { swept: 0, before: 0, reopened: 0 },
    overlaps: 0,
    records: [],
    actions: [],
    cells: new Map(),
    cases: this.#cases,
    rejects: new Map(),
    time: 0,
  };
  readonly #policies: PolicyBook;
  readonly #partition: number;
  readonly #partitions: number;
  readonly #prefix: string;
  readonly #alarms = new AlarmHeap();
  readonly #told: Told;
  #inForce: Change;
  /** Keys of the cases that were open when the policy came into force and have not had their turn, in their order. */
  #waiting: string[] = [];

  constructor(policies: PolicyBook, partition: number, partitions: number, prefix: string) {
    this.#policies = policies;
    this.#inForce = { policy: policies.first, now: 0, seq: 0 };
    this.#partition = partition;
    this.#partitions = partitions;
    this.#prefix = prefix;
    this.#told = { records: [], cells: this.reading.cells };
  }

  read(message: RawMessage): void {
    const { reading } = this;
    reading.time = Math.max(reading.time, message.storedMs);
    const now = reading.time;
    const hash = readPolicyNotice(message);
    if (hash !== null) {
      this.#takePolicy({ policy: this.#policies.byHash(hash), now, seq: message.seq });
      return;
    }
    this.#ring(now, message.seq);
    const entity = message.subject.split('.').at(-1) ?? '';
    const isControl = entity === 'control';
    if (isControl) this.#takeNotice(message);
    else this.#take(message, entity, now);
    this.#sweep(casesWith(isControl));
  }

  #ring(now: number, seq: number): void {
    for (let next = this.#alarms.peek(); next !== undefined && next.at < now; next = this.#alarms.peek()) {
      this.#alarms.pop();
      const before = this.#cases.get(next.key);
      if (before === undefined || before.alarm >= now) continue;
      if (isUnderEarlier(before, this.#inForce.policy)) this.reading.brought.before += 1;
      const state = this.#bring(next.key, before);
      reachTime(state, { now, id: `${this.#prefix}-${seq}t`, at: now }, this.#told);
      this.#settle(next.key, state);
    }
  }

  #takePolicy(change: Change): void {
    const isOther = change.policy !== this.#inForce.policy;
    // No case passes a policy over.
    if (isOther && this.#waiting.length > 0) {
      this.reading.overlaps += 1;
      this.#sweep(Number.POSITIVE_INFINITY);
    }
    this.#ring(change.now, change.seq);
    if (!isOther) return;
    dropPanes(this.reading.cells, this.#inForce.policy, change.now);
    this.#inForce = change;
    this.reading.changes.push(change);
    this.#waiting = [...this.#cases].filter(([, state]) => isOpen(state)).map(([key]) => key);
    this.#waiting.sort();
  }

  #sweep(count: number): void {
    for (let done = 0; done < count && this.#waiting.length > 0; ) {
      const key = this.#waiting.shift() ?? '';
      const state = this.#cases.get(key);
      if (state === undefined || !isUnderEarlier(state, this.#inForce.policy)) continue;
      this.#settle(key, this.#bring(key, state));
      this.reading.brought.swept += 1;
      done += 1;
    }
  }

  /** The case under the policy in force, as of when that came into force; it is open, so it was open then. */
  #bring(key: string, state: CaseState): CaseState {
    const { policy, now, seq } = this.#inForce;
    if (!isUnderEarlier(state, policy)) return state;
    return this.#change(key, state, { now, id: `${this.#prefix}-${seq}p`, at: now });
  }

  #change(key: string, state: CaseState, cause: Cause): CaseState {
    const next = changePolicy(state, this.#inForce.policy, cause, this.#told, { ...NO_EFFECT });
    this.#cases.set(key, next);
    return next;
  }

  /** What no mapping took is counted where a message of the monitor's own says so. */
  #takeNotice(message: RawMessage): void {
    const notice: { kind?: string; entity?: string; reason?: string } = JSON.parse(
      Buffer.from(message.data).toString('utf8'),
    );
    if (notice.kind !== 'rejected') return;
    addCell(this.reading.cells, `c|event|${notice.entity}|rejected`, 1);
    addCell(this.reading.cells, `c|reject|${notice.reason}`, 1);
  }

  #take(message: RawMessage, entity: string, now: number): void {
    const { policy } = this.#inForce;
    const decoded = decodeMessage(message.data, message.headers, {
      declared: policy.attributes,
      storedAt: message.storedMs,
    });
    const reject = (reason: string): void => {
      this.reading.rejects.set(message.seq, reason);
      addCell(this.reading.cells, cellKey('c', 'reject', reason), 1);
      const known = ENTITIES.find(name => name === entity) ?? 'unknown';
      addCell(this.reading.cells, `c|event|${known}|rejected`, 1);
    };
    if (!decoded.ok) {
      reject(decoded.reason);
      return;
    }
    const { event, token } = decoded;
    const isHere = partitionOf(token, this.#partitions) === this.#partition;
    if (event.entity !== entity || !isHere) {
      reject(event.entity === entity ? 'partition' : 'subject');
      return;
    }
    const key = caseKey(event.entity, event.case);
    const before = this.#cases.get(key);
    if (before !== undefined && isUnderEarlier(before, policy)) this.reading.brought.before += 1;
    let state = before === undefined ? newCase(policy, event.entity, event.case) : this.#bring(key, before);
    const { seq } = message;
    const cause = { now, id: `${this.#prefix}-${seq}`, at: event.time };
    const acceptance = acceptEvent(state, event, cause, this.#told);
    if (acceptance === 'applied' || acceptance === 'later') {
      this.#cases.set(key, state);
      this.reading.accepted.push({ event, now, seq });
      addCell(this.reading.cells, `c|event|${entity}|applied`, 1);
      // Closed at the change, and open again by this event.
      if (isUnderEarlier(state, policy)) {
        state = this.#change(key, state, { now, id: `${this.#prefix}-${seq}p`, at: now });
        this.reading.brought.reopened += 1;
      }
    } else if (acceptance === 'duplicate') addCell(this.reading.cells, `c|event|${entity}|duplicate`, 1);
    else reject(acceptance);
    this.#settle(key, state);
  }

  #settle(key: string, state: CaseState): void {
    const { records, actions } = this.reading;
    for (const { id, kind } of this.#told.records) (kind === 'clock' ? records : actions).push(id);
    this.#told.records.length = 0;
    if (state.alarm < Number.POSITIVE_INFINITY) this.#alarms.push({ at: state.alarm, key });
  }
}
