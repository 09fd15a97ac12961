// A case as the fold over its events in order: attributes, status, pauses, clocks, membership in levels.
// The fold is a function of the sequence of events and the policy alone; it knows no "now".
import type { Entity, Fields, FieldValue, SlaEvent } from '../contract/event.ts';
import type { CompiledClock, CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';
import {
  applyToClock,
  bornBy,
  type ClockFold,
  mayHaveStarted,
  notStarted,
  type Occurrence,
  opens,
} from './clock.ts';
import type { QueueFrom } from './cycle.ts';
import { happens, holdsAny, matchesAny } from './match.ts';
import { type Span, union } from './span.ts';
import { attributesAfter, type Concern, type Touch } from './touch.ts';

export interface CaseFold {
  readonly policy: CompiledPolicy;
  readonly entity: Entity;
  /** Attributes and `status`; never changed in place, so that what was before an event can still be seen after it. */
  attributes: Fields;
  /** The queue from each instant on; a new entry only where it changed. */
  queues: readonly QueueFrom[];
  /** Spans of each pause of the policy that has ever been on, by pause index; the last may be open. */
  pauses: ReadonlyMap<number, readonly Span[]>;
  /** In the policy's order: clocks whose gate has been open, and those that wait for it; with `unseen` all that were started. */
  readonly clocks: ClockFold[];
  readonly unseen: boolean;
  /** Since when the case is inside a level's `from` and `to` (or, without them, its `when`), by indicator index. */
  members: ReadonlyMap<number, number>;
  /** When the case was closed; null while it is open. */
  closedAt: number | null;
}

const NO_SPANS: readonly Span[] = [];
/** Most cases never pause and are in no level: they share these. */
const NO_PAUSES: ReadonlyMap<number, readonly Span[]> = new Map();
const NO_MEMBERS: ReadonlyMap<number, number> = new Map();

/** Event names that end a case, by entity; `ticket.reopened`, `agent.signed_on` and the like open it again. */
const CLOSING: ReadonlySet<string> = new Set([
  'ticket.closed',
  'ticket.cancelled',
  'ticket.merged',
  'call.ended',
  'call.abandoned',
  'chat.ended',
  'agent.signed_off',
  'shift.ended',
]);
const REOPENING: ReadonlySet<string> = new Set(['ticket.reopened', 'agent.signed_on', 'shift.started']);

/** A case before its first event. `unseen`: clocks are kept from their start on, though nobody may ever see them. */
export function emptyFold(policy: CompiledPolicy, entity: Entity, unseen = false): CaseFold {
  return {
    policy,
    entity,
    unseen,
    attributes: {},
    queues: [],
    pauses: NO_PAUSES,
    clocks: [],
    members: NO_MEMBERS,
    closedAt: null,
  };
}

/**
 * Applies event `n` of the case's events in order; those before it are applied. `touch` is what `touchOf` found for it on
 * this very fold.
 */
export function applyEvent(fold: CaseFold, events: readonly SlaEvent[], n: number, touch: Touch): void {
  const event = events[n];
  if (event === undefined) return;
  const before = fold.attributes;
  const after = touch.attributes;
  fold.attributes = after;
  const queue = text(after.queue);
  if (fold.queues.length === 0 || queue !== fold.queues.at(-1)?.queue)
    fold.queues = [...fold.queues, { at: event.time, queue }];
  if (CLOSING.has(event.type)) fold.closedAt = event.time;
  else if (REOPENING.has(event.type)) fold.closedAt = null;

  const { concern } = touch;
  for (const index of concern.pauses) movePause(fold, index, event, before);
  if (concern.clocks.length > 0) moveClocks(fold, concern, { event, before, after, queue }, events, n);
  for (const index of concern.whole) {
    const indicator = fold.policy.indicators[index];
    if (indicator?.measure.kind === 'level') moveMembership(fold, indicator, event);
  }
}

function moveClocks(
  fold: CaseFold,
  { moves, begins }: Concern,
  occurrence: Occurrence,
  events: readonly SlaEvent[],
  n: number,
): void {
  for (const existing of fold.clocks)
    if (moves[existing.clock.index] === true) applyToClock(existing, occurrence);
  for (const index of begins) {
    const clock = fold.policy.clocks[index];
    if (clock === undefined || clockOf(fold, index) !== undefined) continue;
    const isSeen = n > 0 && !fold.unseen && opens(clock, occurrence);
    const born = isSeen
      ? unseenClock(fold, clock, occurrence.before, events, n)
      : bornBy(clock, occurrence, fold.unseen);
    if (born === undefined) continue;
    insert(fold.clocks, born);
    applyToClock(born, occurrence);
  }
}

/**
 * A clock as it ran unseen over the first `n` events. Most gates of a case never open: so such a clock is made when one
 * does, from the events, rather than kept for every case from its start on. From then on it is kept, started or not: a
 * gate that opens again and again must not look through all events each time.
 */
function unseenClock(
  { policy, entity }: CaseFold,
  clock: CompiledClock,
  before: Fields,
  events: readonly SlaEvent[],
  n: number,
): ClockFold {
  if (!mayHaveStarted(clock, events, n)) return notStarted(clock, before);
  let attributes: Fields = {};
  let found: ClockFold | undefined;
  for (let i = 0; i < n; i++) {
    const event = events[i];
    if (event === undefined) break;
    const after = attributesAfter({ policy, entity, attributes }, event, []);
    const occurrence = { event, before: attributes, after, queue: text(after.queue) };
    found ??= bornBy(clock, occurrence, true);
    if (found !== undefined) applyToClock(found, occurrence);
    attributes = after;
  }
  return found ?? notStarted(clock, before);
}

function insert(clocks: ClockFold[], born: ClockFold): void {
  let place = clocks.length;
  while (place > 0 && (clocks[place - 1]?.clock.index ?? 0) > born.clock.index) place -= 1;
  if (place === clocks.length) clocks.push(born);
  else clocks.splice(place, 0, born);
}

export function clockOf(fold: CaseFold, index: number): ClockFold | undefined {
  for (const clock of fold.clocks) if (clock.clock.index === index) return clock;
  return undefined;
}

/** A second `from` changes nothing; an event that is both ends a pause that is on, else begins one. */
function movePause(fold: CaseFold, index: number, event: SlaEvent, before: Fields): void {
  const pause = fold.policy.pauses[index];
  if (pause === undefined || pause.entity !== fold.entity) return;
  const spans = fold.pauses.get(index) ?? NO_SPANS;
  const last = spans.at(-1);
  if (last !== undefined && last.to === null) {
    if (!happens(pause.to, event, before, fold.attributes)) return;
    const earlier = spans.slice(0, -1);
    // A pause that was on for no time at all was none.
    setPause(
      fold,
      index,
      last.from < event.time ? [...earlier, { from: last.from, to: event.time }] : earlier,
    );
  } else if (happens(pause.from, event, before, fold.attributes)) {
    setPause(fold, index, [...spans, { from: event.time, to: null }]);
  }
}

/** The open cycles that the pause holds must be looked at again. */
function setPause(fold: CaseFold, index: number, spans: readonly Span[]): void {
  fold.pauses = new Map(fold.pauses).set(index, spans);
  for (const { clock, cycles } of fold.clocks) {
    if (!clock.pauses.includes(index)) continue;
    for (const cycle of cycles) if (cycle.end === null) cycle.stale = true;
  }
}

function moveMembership(fold: CaseFold, indicator: CompiledIndicator, event: SlaEvent): void {
  const { measure, index } = indicator;
  if (measure.kind !== 'level' || measure.entity !== fold.entity) return;
  let inside = fold.members.has(index);
  if (measure.from.length === 0) inside = holdsAny(measure.when, fold.attributes);
  else if (matchesAny(measure.to, event, fold.attributes)) inside = false;
  else inside ||= matchesAny(measure.from, event, fold.attributes);
  if (inside === fold.members.has(index)) return;
  const members = new Map(fold.members);
  if (inside) members.set(index, event.time);
  else members.delete(index);
  fold.members = members;
}

/** The union of the pauses that hold a clock. */
export function pausesOf(fold: CaseFold, clock: CompiledClock): readonly Span[] {
  if (fold.pauses.size === 0 || clock.pauses.length === 0) return NO_SPANS;
  if (clock.pauses.length === 1) return fold.pauses.get(clock.pauses[0] ?? -1) ?? NO_SPANS;
  return union(clock.pauses.flatMap(index => fold.pauses.get(index) ?? []));
}

/** An attribute as text; empty where it is missing. */
export function text(value: FieldValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join(',') : String(value);
}
