// The judge: one undisturbed reading of the streams, in order, by the engine alone. It knows no Redis, no batches, no
// crashes and no cache; what it makes of the streams is what must be found, each thing once, after any disturbance.
import type { NatsConnection } from 'nats';
import { streamState } from '../../src/broker/api.ts';
import { openReader, type RawMessage } from '../../src/broker/reader.ts';
import { cellKey } from '../../src/contract/cells.ts';
import { decodeMessage } from '../../src/contract/decode.ts';
import { ENTITIES, type SlaEvent } from '../../src/contract/event.ts';
import { partitionOf } from '../../src/contract/subject.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { caseKey } from '../../src/engine/codec.ts';
import { addCell } from '../../src/engine/contribute.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { AlarmHeap } from '../../src/processor/alarm-heap.ts';
import { streamToken } from '../../src/processor/position.ts';

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

export interface Reading {
  /** Events that changed something, in the order in which they were accepted. */
  readonly accepted: SlaEvent[];
  /** Ids of all clock records, in order. */
  readonly records: string[];
  /** Ids of what cases called for. */
  readonly actions: string[];
  readonly cells: Map<string, number>;
  /** Reasons by the sequence of the rejected message. */
  readonly rejects: Map<number, string>;
  /** The logical time in the end. */
  time: number;
}

/** What a partition makes of its stream. */
export async function undisturbed(
  nc: NatsConnection,
  policy: CompiledPolicy,
  partition: number,
  partitions: number,
): Promise<Reading> {
  const stream = `SLA_EVENTS_${partition}`;
  const { created } = await streamState(nc, stream);
  const run = new Run(policy, partition, partitions, `${streamToken(created)}-${partition}`);
  for (const message of await readAll(nc, stream)) run.read(message);
  return run.reading;
}

class Run {
  readonly reading: Reading = {
    accepted: [],
    records: [],
    actions: [],
    cells: new Map(),
    rejects: new Map(),
    time: 0,
  };
  readonly #policy: CompiledPolicy;
  readonly #partition: number;
  readonly #partitions: number;
  readonly #prefix: string;
  readonly #cases = new Map<string, CaseState>();
  readonly #alarms = new AlarmHeap();
  readonly #told: Told;

  constructor(policy: CompiledPolicy, partition: number, partitions: number, prefix: string) {
    this.#policy = policy;
    this.#partition = partition;
    this.#partitions = partitions;
    this.#prefix = prefix;
    this.#told = { records: [], cells: this.reading.cells };
  }

  read(message: RawMessage): void {
    const { reading } = this;
    reading.time = Math.max(reading.time, message.storedMs);
    const now = reading.time;
    for (let next = this.#alarms.peek(); next !== undefined && next.at < now; next = this.#alarms.peek()) {
      this.#alarms.pop();
      const state = this.#cases.get(next.key);
      if (state === undefined || state.alarm >= now) continue;
      reachTime(state, { now, id: `${this.#prefix}-${message.seq}t`, at: now }, this.#told);
      this.#settle(next.key, state);
    }
    const entity = message.subject.split('.').at(-1) ?? '';
    if (entity === 'control') this.#takeNotice(message);
    else this.#take(message, entity, now);
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
    const decoded = decodeMessage(message.data, message.headers, {
      declared: this.#policy.attributes,
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
    const state = this.#cases.get(key) ?? newCase(this.#policy, event.entity, event.case);
    const cause = { now, id: `${this.#prefix}-${message.seq}`, at: event.time };
    const acceptance = acceptEvent(state, event, cause, this.#told);
    if (acceptance === 'applied' || acceptance === 'later') {
      this.#cases.set(key, state);
      this.reading.accepted.push(event);
      addCell(this.reading.cells, `c|event|${entity}|applied`, 1);
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
