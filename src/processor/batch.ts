// One batch of a partition: messages are applied in order, deadlines before them, and everything that changes is
// gathered for a single commit. Nothing leaves the process from here.
import type { RawMessage } from '../broker/reader.ts';
import { cellKey } from '../contract/cells.ts';
import { decodeMessage } from '../contract/decode.ts';
import { ENTITIES, type Entity } from '../contract/event.ts';
import type { FeedItem } from '../contract/frame.ts';
import { type CaseActionRecord, type ClockRecord, QUIET_MS } from '../contract/record.ts';
import type { RejectReason } from '../contract/reject.ts';
import { partitionOf } from '../contract/subject.ts';
import { acceptEvent, forget, isForgotten, isOpen, REFUSALS, reachTime } from '../engine/case.ts';
import { caseKey, chunkCount, encodeCase } from '../engine/codec.ts';
import { addCell } from '../engine/contribute.ts';
import { changePolicy, isUnderEarlier, NO_EFFECT, type PolicyEffect } from '../engine/policy-change.ts';
import type { Cause, Told } from '../engine/tell.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { chunkField, FORGOTTEN } from '../store/keys.ts';
import type { Commit } from '../store/partition-store.ts';
import type { Alarm } from './alarm-heap.ts';
import type { Alarms } from './alarms.ts';
import type { CachedCase, CaseCache } from './case-cache.ts';
import { readRejectNotice } from './control.ts';

/** A message that can't be used, as it goes to SLA_REJECTS. */
export interface Rejected {
  readonly reason: RejectReason;
  readonly detail: string;
  readonly message: RawMessage;
}

/** A record on its way into the outbox, and the event sequence that caused it. */
export interface NewRecord {
  readonly record: ClockRecord | CaseActionRecord;
  readonly seq: number;
}

/** The policy in force, and since which message of the stream. */
export interface InForce {
  readonly policy: CompiledPolicy;
  readonly seq: number;
  readonly at: number;
}

/** Where alarms go that may ring soon. */
type SoonAlarms = Pick<Alarms, 'push' | 'horizon'>;

export interface BatchPlace {
  readonly partition: number;
  readonly partitions: number;
  /** `<stream token>-<partition>`: the beginning of every record id. */
  readonly idPrefix: string;
}

const FEED_MAX = 10;

/** The counters of events, whose keys are needed with every event. */
const EVENT_CELLS = {
  ticket: eventCells('ticket'),
  call: eventCells('call'),
  chat: eventCells('chat'),
  agent: eventCells('agent'),
  shift: eventCells('shift'),
  unknown: eventCells('unknown'),
} as const satisfies Record<Entity | 'unknown', unknown>;

function eventCells(entity: string) {
  return {
    applied: cellKey('c', 'event', entity, 'applied'),
    duplicate: cellKey('c', 'event', entity, 'duplicate'),
    rejected: cellKey('c', 'event', entity, 'rejected'),
  };
}

export class Batch {
  readonly told: Told = { records: [], cells: new Map() };
  readonly records: NewRecord[] = [];
  readonly rejected: Rejected[] = [];
  /** Due instants of deadlines that alarms told, for the lag of timers. */
  readonly fired: number[] = [];
  /** What the policy in force changed on the cases that were brought under it. */
  readonly effect: PolicyEffect = { ...NO_EFFECT };
  readonly #touched = new Set<CachedCase>();
  readonly #rung = new Set<CachedCase>();
  readonly #place: BatchPlace;
  readonly #policy: CompiledPolicy;
  readonly #inForce: InForce;
  readonly #cache: CaseCache;
  readonly #alarms: SoonAlarms;

  /** The horizon of the alarms lies beyond the last message of the batch. */
  constructor(place: BatchPlace, inForce: InForce, cache: CaseCache, alarms: SoonAlarms) {
    this.#place = place;
    this.#inForce = inForce;
    this.#policy = inForce.policy;
    this.#cache = cache;
    this.#alarms = alarms;
  }

  /** How many cases the commit will write. */
  get size(): number {
    return this.#touched.size;
  }

  get isEmpty(): boolean {
    return this.#touched.size === 0 && this.#rung.size === 0 && this.told.cells.size === 0;
  }

  /** What a message is, as far as can be told before it is applied: an event with its case, one of ours, or no use. */
  decode(message: RawMessage): Incoming {
    const entity = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    if (entity === 'control') return { kind: 'control', message };
    const decoded = decodeMessage(message.data, message.headers, {
      declared: this.#policy.attributes,
      storedAt: message.storedMs,
    });
    if (!decoded.ok)
      return { kind: 'reject', message, entity, reason: decoded.reason, detail: decoded.detail };
    const { event, token } = decoded;
    const { partition, partitions } = this.#place;
    if (event.entity !== entity)
      return {
        kind: 'reject',
        message,
        entity,
        reason: 'subject',
        detail: `type ${event.type} on the subject of entity ${entity}`,
      };
    const right = partitionOf(token, partitions);
    if (right !== partition)
      return {
        kind: 'reject',
        message,
        entity,
        reason: 'partition',
        detail: `its case belongs to partition ${right}, it lies on ${partition}`,
      };
    return { kind: 'event', message, key: caseKey(event.entity, event.case), event };
  }

  /** Applies one message at logical time `now`. Its case, if it has one, was loaded before. */
  apply(incoming: Incoming, now: number): void {
    const { message } = incoming;
    switch (incoming.kind) {
      case 'control':
        this.#countNotice(message);
        return;
      case 'reject':
        this.#reject(message, incoming.entity, incoming.reason, incoming.detail);
        return;
      case 'event':
        this.#applyEvent(incoming, now);
        return;
      default:
        incoming satisfies never;
    }
  }

  #applyEvent({ message, key, event }: Incoming & { kind: 'event' }, now: number): void {
    const found = this.#cache.open(key, event);
    if (found.forgotten) {
      this.#reject(message, event.entity, 'too-late', 'its case was closed long ago and is no longer kept');
      return;
    }
    this.bringUnderPolicy(found, message.seq);
    const cause = { now, id: `${this.#place.idPrefix}-${message.seq}`, at: event.time };
    const acceptance = acceptEvent(found.state, event, cause, this.told);
    switch (acceptance) {
      case 'applied':
      case 'later':
        this.#count(event.entity, 'applied');
        // Closed when the policy came into force, and by this event open again, or about to be: from here on it is under it.
        this.#changePolicy(found, { now, id: `${this.#place.idPrefix}-${message.seq}p`, at: now });
        this.#touch(found);
        break;
      case 'duplicate':
        this.#count(event.entity, 'duplicate');
        break;
      case 'conflict':
      case 'too-late':
      case 'oversized':
        this.#reject(message, event.entity, acceptance, REFUSALS[acceptance]);
        break;
      default:
        acceptance satisfies never;
    }
    this.#takeRecords(message.seq);
  }

  /** Time has reached `now` for the case of an alarm. One that rings too early changes nothing but itself. */
  ring(alarm: Alarm, now: number, seq: number): void {
    const found = this.#cache.get(alarm.key);
    if (found === undefined || found.forgotten) return;
    if (found.alarm === alarm.at) found.alarm = null;
    if (found.armed === alarm.at) found.armed = null;
    this.#rung.add(found);
    // Whether an alarm rings too early is no function of the stream, so it must not bring anything about.
    if (found.state.alarm < now) {
      this.bringUnderPolicy(found, seq);
      const { state } = found;
      if (isForgotten(state, now)) {
        forget(state, this.told);
        found.forgotten = true;
      } else {
        reachTime(state, { now, id: `${this.#place.idPrefix}-${seq}t`, at: now }, this.told);
        for (const record of this.told.records)
          if (isDeadline(record)) this.fired.push(Date.parse(record.at));
      }
      this.#touch(found);
    }
    this.#arm(found);
    this.#takeRecords(seq);
  }

  /**
   * An open case that was judged by an earlier policy is folded again as of the instant at which the present one came
   * into force, whenever it is next looked at, which is with the message of sequence `seq`. True when there was something to do.
   */
  bringUnderPolicy(found: CachedCase, seq: number): boolean {
    const { at } = this.#inForce;
    const cause = { now: at, id: `${this.#place.idPrefix}-${this.#inForce.seq}p`, at };
    if (!this.#changePolicy(found, cause)) return false;
    this.#takeRecords(seq);
    this.#touch(found);
    return true;
  }

  #changePolicy(found: CachedCase, cause: Cause): boolean {
    const { policy } = this.#inForce;
    if (found.forgotten || !isUnderEarlier(found.state, policy)) return false;
    found.state = changePolicy(found.state, policy, cause, this.told, this.effect);
    return true;
  }

  #touch(found: CachedCase): void {
    found.dirty = true;
    this.#touched.add(found);
    this.#arm(found);
  }

  /** An alarm may ring within this very batch: it is held at once, unless an earlier one is there. */
  #arm(found: CachedCase): void {
    const { alarm } = found.state;
    if (alarm >= this.#alarms.horizon || found.armed === alarm || found.forgotten) return;
    if (found.alarm !== null && found.alarm <= alarm) return;
    found.armed = alarm;
    this.#alarms.push({ at: alarm, key: found.key });
  }

  #takeRecords(seq: number): void {
    for (const record of this.told.records) this.records.push({ record, seq });
    this.told.records.length = 0;
  }

  #reject(message: RawMessage, entity: string, reason: RejectReason, detail: string): void {
    this.rejected.push({ reason, detail, message });
    this.#count(ENTITIES.find(name => name === entity) ?? 'unknown', 'rejected');
    addCell(this.told.cells, cellKey('c', 'reject', reason), 1);
  }

  /** What was rejected before it came into a stream is counted where a control message says so. */
  #countNotice(message: RawMessage): void {
    const notice = readRejectNotice(message.data);
    if (notice === null) return;
    this.#count(notice.entity, 'rejected');
    addCell(this.told.cells, cellKey('c', 'reject', notice.reason), 1);
  }

  #count(entity: Entity | 'unknown', result: keyof (typeof EVENT_CELLS)[Entity]): void {
    addCell(this.told.cells, EVENT_CELLS[entity][result], 1);
  }

  /** Writes the changed cases into a commit. */
  store(commit: Commit): { riskChanged: boolean } {
    let riskChanged = false;
    for (const found of this.#touched) {
      storeState(found, commit);
      if (storeRisk(found, commit)) riskChanged = true;
      found.dirty = false;
    }
    for (const set of [this.#touched, this.#rung]) for (const found of set) storeAlarm(found, commit);
    return { riskChanged };
  }

  /** What boards show as it comes: the latest breaches, withdrawals and actions that are no history. */
  feed(): FeedItem[] {
    const items: FeedItem[] = [];
    for (let i = this.records.length - 1; i >= 0 && items.length < FEED_MAX; i--) {
      const record = this.records[i]?.record;
      if (record === undefined) break;
      const item = feedItem(record, this.#policy);
      if (item !== null) items.push(item);
    }
    return items.reverse();
  }
}

export type Incoming =
  | { readonly kind: 'control'; readonly message: RawMessage }
  | {
      readonly kind: 'reject';
      readonly message: RawMessage;
      readonly entity: string;
      readonly reason: RejectReason;
      readonly detail: string;
    }
  | {
      readonly kind: 'event';
      readonly message: RawMessage;
      readonly key: string;
      readonly event: Parameters<typeof acceptEvent>[1];
    };

/** The cases that messages are about. */
export function keysOf(incoming: readonly Incoming[]): Set<string> {
  return new Set(incoming.flatMap(each => (each.kind === 'event' ? [each.key] : [])));
}

function storeState(found: CachedCase, commit: Commit): void {
  const { key, state, kept } = found;
  if (found.forgotten) {
    commit.closedSet.push(key, FORGOTTEN);
    for (let index = 0; index < chunkCount(state.events.length); index++)
      commit.chunksRemoved.push(chunkField(key, index));
    if (kept === 'open') commit.casesRemoved.push(key);
    found.kept = 'closed';
    return;
  }
  const { head, chunks } = encodeCase(state);
  for (const { index, text } of chunks) commit.chunksSet.push(chunkField(key, index), text);
  if (isOpen(state)) {
    commit.casesSet.push(key, head);
    if (kept === 'closed') commit.closedRemoved.push(key);
    found.kept = 'open';
  } else {
    commit.closedSet.push(key, head);
    if (kept === 'open') commit.casesRemoved.push(key);
    found.kept = 'closed';
  }
}

function storeRisk(found: CachedCase, commit: Commit): boolean {
  const riskAt = found.forgotten ? null : found.state.standing.riskAt;
  if (found.riskAt === riskAt) return false;
  const unknown = found.riskAt === undefined;
  found.riskAt = riskAt;
  if (riskAt === null) commit.riskRemoved.push(found.key);
  else commit.riskSet.push(riskAt, found.key);
  return !(unknown && riskAt === null);
}

/**
 * Redis is told of an alarm only when it comes earlier than the one it has. One that rings too early does no harm, and holds
 * the place of the later one: within the near future nothing else does.
 */
function storeAlarm(found: CachedCase, commit: Commit): void {
  const at = found.forgotten ? Number.POSITIVE_INFINITY : found.state.alarm;
  if (found.alarm !== null && found.alarm <= at) return;
  found.alarm = at;
  if (at === Number.POSITIVE_INFINITY) {
    commit.alarmsRemoved.push(found.key);
    return;
  }
  commit.alarmsSet.push(at, found.key);
}

function isDeadline(record: NewRecord['record']): boolean {
  if (record.kind === 'action') return false;
  return record.state === 'warned' || record.state === 'breached' || record.state === 'escalated';
}

function feedItem(record: NewRecord['record'], policy: CompiledPolicy): FeedItem | null {
  const { id, rule } = record;
  const at = Date.parse(record.at);
  if (Date.parse(record.seenAt) - at > QUIET_MS) return null;
  const clock = policy.clocks.find(each => each.rule === rule);
  if (clock === undefined || clock.evidence) return null;
  const about = { id, at, rule, title: clock.title, subject: record.case };
  if (record.kind === 'action') return { ...about, kind: 'action', action: record.action, to: record.to };
  const { state } = record;
  return state === 'breached' || state === 'withdrawn' ? { ...about, kind: state } : null;
}
