// A case as the fold over its events in order: attributes, status, pauses, clocks, membership in levels.
// The fold is a function of the sequence of events and the policy alone; it knows no "now".
import { ATTRIBUTES, STATUS_BY_NAME } from '../contract/attributes.ts';
import type { Entity, Fields, FieldValue, SlaEvent } from '../contract/event.ts';
import type { CompiledClock, CompiledIndicator, CompiledPolicy, Listeners } from '../policy/compiled.ts';
import { applyToClock, bornBy, type ClockFold, type Occurrence, opens } from './clock.ts';
import type { QueueFrom } from './cycle.ts';
import { happens, holdsAny, matchesAny } from './match.ts';
import { type Span, union } from './span.ts';

export interface CaseFold {
  readonly policy: CompiledPolicy;
  readonly entity: Entity;
  /** Attributes and `status`; never changed in place, so that what was before an event can still be seen after it. */
  attributes: Fields;
  /** The queue from each instant on; a new entry only where it changed. */
  readonly queues: QueueFrom[];
  /** Spans of each pause of the policy that has ever been on, by pause index; the last may be open. */
  readonly pauses: Map<number, readonly Span[]>;
  /** In the policy's order: clocks that an event has started and whose gate has been open; with `unseen` the others too. */
  readonly clocks: ClockFold[];
  readonly unseen: boolean;
  /** Since when the case is inside a level's `from` and `to` (or, without them, its `when`), by indicator index. */
  readonly members: Map<number, number>;
  /** When the case was closed; null while it is open. */
  closedAt: number | null;
}

const NOBODY: Listeners = { clocks: [], pauses: [], indicators: [] };

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
    pauses: new Map(),
    clocks: [],
    members: new Map(),
    closedAt: null,
  };
}

/** What an event concerns on a case, found before it is applied: so the caller can take what was before. */
export interface Touch {
  readonly attributes: Fields;
  readonly changed: readonly string[];
  /** Indices in rising order. */
  readonly clocks: readonly number[];
  readonly pauses: readonly number[];
  readonly indicators: readonly number[];
}

/** Finds what an event would change, without changing anything. */
export function touchOf(fold: CaseFold, event: SlaEvent): Touch {
  const changed: string[] = [];
  const attributes = attributesAfter(fold, event, changed);
  const listeners = listenersOf(fold, event.type, changed);
  let { clocks } = listeners;
  if (listeners.pauses.length > 0 && fold.clocks.length > 0) {
    const held = fold.clocks
      .filter(({ clock }) => clock.pauses.some(index => listeners.pauses.includes(index)))
      .map(({ clock }) => clock.index);
    clocks = merged(clocks, held);
  }
  return { attributes, changed, clocks, pauses: listeners.pauses, indicators: listeners.indicators };
}

/** Listeners by event type and changed attributes, found once: few combinations occur, and they occur all the time. */
const FOUND = new WeakMap<CompiledPolicy, Map<string, Listeners>>();
/** Beyond so many combinations they are forgotten and found again. */
const FOUND_MAX = 5_000;

function listenersOf({ policy, entity }: CaseFold, type: string, changed: readonly string[]): Listeners {
  let known = FOUND.get(policy);
  if (known === undefined || known.size > FOUND_MAX) {
    known = new Map();
    FOUND.set(policy, known);
  }
  const key = changed.length === 0 ? type : `${type} ${changed.join(' ')}`;
  let listeners = known.get(key);
  if (listeners === undefined) {
    listeners = findListeners(policy, entity, type, changed);
    known.set(key, listeners);
  }
  return listeners;
}

function findListeners(
  policy: CompiledPolicy,
  entity: Entity,
  type: string,
  changed: readonly string[],
): Listeners {
  const own = policy.byType.get(type) ?? NOBODY;
  let { clocks, pauses, indicators } = own;
  const byAttribute = policy.byAttribute.get(entity);
  for (const path of changed) {
    const listeners = byAttribute?.get(path);
    if (listeners === undefined) continue;
    clocks = merged(clocks, listeners.clocks);
    pauses = merged(pauses, listeners.pauses);
    indicators = merged(indicators, listeners.indicators);
  }
  return { clocks, pauses, indicators };
}

function merged(a: readonly number[], b: readonly number[]): readonly number[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/** The attributes after an event; pushes the paths that it changes. Gives back the same object when none does. */
function attributesAfter(fold: CaseFold, event: SlaEvent, changed: string[]): Fields {
  const before = fold.attributes;
  let after: Record<string, FieldValue> | undefined;
  const lasting = ATTRIBUTES[event.entity];
  const { attributes: declared } = fold.policy;
  for (const path in event.fields) {
    const value = event.fields[path];
    if (value === undefined || !(lasting.has(path) || declared.has(path))) continue;
    if (sameValue(before[path], value)) continue;
    after ??= { ...before };
    after[path] = value;
    changed.push(path);
  }
  const status = STATUS_BY_NAME.get(event.type.slice(event.entity.length + 1)) ?? before.status ?? 'open';
  if (status !== before.status) {
    after ??= { ...before };
    after.status = status;
    changed.push('status');
  }
  return derive(fold.policy, event, before, after, changed) ?? before;
}

/**
 * Adds the attributes that the policy derives: each is false from a case's first event on, and true from the first one
 * that sets it. `after` is what the event made of `before`, and belongs to nobody else yet; undefined: it changed nothing.
 */
function derive(
  { derived }: CompiledPolicy,
  event: SlaEvent,
  before: Fields,
  after: Record<string, FieldValue> | undefined,
  changed: string[],
): Fields | undefined {
  let written = after;
  for (const { path, entities, set } of derived) {
    const was = before[path];
    if (was === true || !entities.has(event.entity)) continue;
    const value = happens(set, event, before, written ?? before);
    if (value === was) continue;
    written ??= { ...before };
    written[path] = value;
    changed.push(path);
  }
  return written;
}

/** Whether a field outlives its event on the cases of an entity. */
export function isAttributeOf(
  { attributes, derived }: CompiledPolicy,
  entity: Entity,
  path: string,
): boolean {
  if (path === 'status' || ATTRIBUTES[entity].has(path) || attributes.has(path)) return true;
  for (const one of derived) if (one.path === path) return true;
  return false;
}

function sameValue(a: FieldValue | undefined, b: FieldValue): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((member, i) => member === b[i]);
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
    fold.queues.push({ at: event.time, queue });
  if (CLOSING.has(event.type)) fold.closedAt = event.time;
  else if (REOPENING.has(event.type)) fold.closedAt = null;

  for (const index of touch.pauses) movePause(fold, index, event, before);
  if (touch.clocks.length > 0) moveClocks(fold, touch.clocks, { event, before, after, queue }, events, n);
  for (const index of touch.indicators) {
    const indicator = fold.policy.indicators[index];
    if (indicator?.measure.kind === 'level') moveMembership(fold, indicator, event);
  }
}

function moveClocks(
  fold: CaseFold,
  touched: readonly number[],
  occurrence: Occurrence,
  events: readonly SlaEvent[],
  n: number,
): void {
  for (const index of touched) {
    const existing = clockOf(fold, index);
    if (existing !== undefined) {
      applyToClock(existing, occurrence);
      continue;
    }
    const clock = fold.policy.clocks[index];
    if (clock === undefined) continue;
    const isSeen = n > 0 && !fold.unseen && opens(clock, occurrence);
    const earlier = isSeen ? unseenClock(fold, clock, events, n) : undefined;
    const born = earlier ?? bornBy(clock, occurrence, fold.unseen);
    if (born === undefined) continue;
    insert(fold.clocks, born);
    applyToClock(born, occurrence);
  }
}

function insert(clocks: ClockFold[], born: ClockFold): void {
  let place = clocks.length;
  while (place > 0 && (clocks[place - 1]?.clock.index ?? 0) > born.clock.index) place -= 1;
  if (place === clocks.length) clocks.push(born);
  else clocks.splice(place, 0, born);
}

/**
 * A clock as it ran unseen over the first `n` events; undefined when none of them started it. Most gates of a case never
 * open: so such a clock is made when one does, from the events, rather than kept for every case from its start on.
 */
function unseenClock(
  { policy, entity }: CaseFold,
  clock: CompiledClock,
  events: readonly SlaEvent[],
  n: number,
): ClockFold | undefined {
  const fold = emptyFold(policy, entity, true);
  for (let i = 0; i < n; i++) {
    const event = events[i];
    if (event === undefined) break;
    const touch = touchOf(fold, event);
    const clocks = touch.clocks.includes(clock.index) ? [clock.index] : [];
    applyEvent(fold, events, i, { ...touch, clocks, indicators: [] });
  }
  return clockOf(fold, clock.index);
}

export function clockOf(fold: CaseFold, index: number): ClockFold | undefined {
  for (const clock of fold.clocks) if (clock.clock.index === index) return clock;
  return undefined;
}

/** A second `from` changes nothing; an event that is both ends a pause that is on, else begins one. */
function movePause(fold: CaseFold, index: number, event: SlaEvent, before: Fields): void {
  const pause = fold.policy.pauses[index];
  if (pause === undefined || pause.entity !== fold.entity) return;
  const spans = fold.pauses.get(index) ?? [];
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
  fold.pauses.set(index, spans);
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
  if (!inside) fold.members.delete(index);
  else if (!fold.members.has(index)) fold.members.set(index, event.time);
}

/** The union of the pauses that hold a clock. */
export function pausesOf(fold: CaseFold, clock: CompiledClock): readonly Span[] {
  if (fold.pauses.size === 0 || clock.pauses.length === 0) return [];
  if (clock.pauses.length === 1) return fold.pauses.get(clock.pauses[0] ?? -1) ?? [];
  return union(clock.pauses.flatMap(index => fold.pauses.get(index) ?? []));
}

/** An attribute as text; empty where it is missing. */
export function text(value: FieldValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join(',') : String(value);
}
