// A case in memory: its events, the fold over them, and what was last told of it. The steps of the engine are here:
// an event arrives, or time reaches an instant. Each leaves records and changes of cells, and knows no I/O and no clock.

import { compareEvents, type Entity, type Fields, type SlaEvent } from '../contract/event.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { altersEarlier, contributeEvent } from './contribute.ts';
import { contributeAll, evaluateClock, retell, tellFolds, uncountOpen } from './evaluation.ts';
import { applyEvent, type CaseFold, emptyFold } from './fold.ts';
import { isStaff, STAFF_MEMORY_MS, withoutOld } from './staff.ts';
import { type ClocksSum, moveStanding, NOWHERE, type Standing, standingOf, sumOfClocks } from './standing.ts';
import type { Cause, Naming, Subject, Told } from './tell.ts';
import { attributesAfter, type Touch, touchOf } from './touch.ts';

const DAY_MS = 86_400_000;
/** Unless told otherwise a closed case is kept for this long, so that late events still find it. */
const CLOSED_KEEP_MS = 90 * DAY_MS;
/** More events than this in one case are refused: a publisher in a loop must not grow a state without bound. */
export const EVENTS_MAX = 10_000;

export interface CaseState {
  readonly entity: Entity;
  readonly id: string;
  readonly policy: CompiledPolicy;
  readonly subject: Subject;
  /** All accepted events in the contract's order; the first `applied` of them are folded, the rest lie ahead. */
  events: SlaEvent[];
  /** How many events at the front lie in chunks that are stored as they are. */
  unchanged: number;
  applied: number;
  fold: CaseFold;
  /** The logical time of the last evaluation, and of the last event that was accepted. */
  evaluatedAt: number;
  acceptedAt: number;
  /** The next instant at which the case changes by itself; infinite when it never does. */
  alarm: number;
  /** How the case stands as a whole: its queue, and whether it is open, overdue, at risk. */
  standing: Standing;
  /** What its clocks come to; null once one of them was evaluated anew. */
  clocks: ClocksSum | null;
  /** How long it is kept once it is closed, after the last event, ms. */
  readonly keepMs: number;
  /** The events as they were last encoded, so that only what came after them is encoded again; null: all of them. */
  encoding: Encoding | null;
}

/** The events from `from` to `count` of a case as text, with the sources that they name by index. */
export interface Encoding {
  readonly from: number;
  readonly count: number;
  readonly text: string;
  readonly sources: readonly string[];
}

/** What became of an event. `later`: accepted, and applied when its time is reached. */
export type Acceptance = 'applied' | 'later' | 'duplicate' | 'conflict' | 'too-late' | 'oversized';

/** Why an event was not taken, in words for its publisher. */
export const REFUSALS = {
  conflict: 'an event of this id and source has other content',
  'too-late': 'agents and shifts are kept for 8 days',
  oversized: 'its case has as many events as one may have',
} as const satisfies Partial<Record<Acceptance, string>>;

/** A case of which nothing is known yet. */
export function newCase(
  policy: CompiledPolicy,
  entity: Entity,
  id: string,
  closedKeepMs = CLOSED_KEEP_MS,
): CaseState {
  return {
    entity,
    id,
    policy,
    subject: { entity, id, token: tokenOf(entity, id), policy: policy.hash },
    events: [],
    unchanged: 0,
    applied: 0,
    fold: emptyFold(policy, entity),
    evaluatedAt: 0,
    acceptedAt: 0,
    alarm: Number.POSITIVE_INFINITY,
    standing: NOWHERE,
    clocks: null,
    keepMs: isStaff(entity) ? STAFF_MEMORY_MS : closedKeepMs,
    encoding: null,
  };
}

/** Rebuilds a case from its kept events, evaluated at `evaluatedAt`: it tells nothing, since that was told before. */
export function restoreCase(
  policy: CompiledPolicy,
  entity: Entity,
  id: string,
  events: SlaEvent[],
  evaluatedAt: number,
  acceptedAt: number,
  closedKeepMs?: number,
): CaseState {
  const state = newCase(policy, entity, id, closedKeepMs);
  state.events = events;
  state.evaluatedAt = evaluatedAt;
  state.acceptedAt = acceptedAt;
  foldUpTo(state, evaluatedAt);
  for (const clock of state.fold.clocks) evaluateClock(state, clock, evaluatedAt, null);
  standAnew(state);
  return state;
}

/** An event arrives at logical time `cause.now`. What was due before that is told first. */
export function acceptEvent(state: CaseState, event: SlaEvent, cause: Cause, told: Told): Acceptance {
  const refusal = refuse(state, event, cause.now);
  if (refusal !== null) return refusal;
  const naming: Naming = { now: cause.now, id: cause.id, at: cause.at, place: 0 };
  if (state.alarm < cause.now) catchUp(state, cause, naming, told);
  state.acceptedAt = cause.now;
  const place = placeOf(state.events, event);
  state.unchanged = Math.min(state.unchanged, place);
  if (place < state.events.length) state.encoding = null;
  if (event.time > cause.now) {
    state.events.splice(place, 0, event);
    settle(state, cause.now, told);
    return 'later';
  }
  if (place === state.applied) {
    if (place === state.events.length) state.events.push(event);
    else state.events.splice(place, 0, event);
    applyNext(state, naming, cause.now, told);
  } else {
    const events = state.events.toSpliced(place, 0, event);
    refold(state, events, naming, told);
  }
  settle(state, cause.now, told);
  if (isStaff(state.entity)) letOldGo(state, cause.now);
  return 'applied';
}

/**
 * What is let go takes nothing with it: it was told and counted, and stays so. Clocks that still run hold it back, those
 * that nobody sees yet too, and so does a level whose member would seem to have entered it at another time.
 */
function letOldGo(state: CaseState, now: number): void {
  if (isRunning(state.fold)) return;
  const kept = withoutOld(state.events, now, settingEvents(state));
  if (kept === null || isRunning(unseenFold(state))) return;
  const left = restoreCase(state.policy, state.entity, state.id, kept, now, state.acceptedAt, state.keepMs);
  if (isRunning(left.fold)) return;
  for (const [index, since] of state.fold.members) if (left.fold.members.get(index) !== since) return;
  state.events = kept;
  state.applied = left.applied;
  state.fold = left.fold;
  state.clocks = left.clocks;
  state.unchanged = 0;
  state.encoding = null;
}

function isRunning({ clocks }: CaseFold): boolean {
  return clocks.some(({ cycles }) => cycles.some(cycle => cycle.end === null));
}

/** The case with the clocks that nobody sees yet. */
function unseenFold({ policy, entity, events, applied }: CaseState): CaseFold {
  const fold = emptyFold(policy, entity, true);
  for (const [n, event] of events.slice(0, applied).entries())
    applyEvent(fold, events, n, touchOf(fold, event));
  return fold;
}

/** The events that set the policy's derived attributes, which hold for good. */
function settingEvents({ policy, entity, events }: CaseState): ReadonlySet<SlaEvent> {
  const setting = new Set<SlaEvent>();
  const own = policy.derived.filter(({ entities }) => entities.has(entity));
  if (own.length === 0) return setting;
  let attributes: Fields = {};
  for (const event of events) {
    const changed: string[] = [];
    attributes = attributesAfter({ policy, entity, attributes }, event, changed);
    if (own.some(({ path }) => changed.includes(path))) setting.add(event);
  }
  return setting;
}

/** Time has reached `cause.now`: events that waited for it apply, and deadlines before it are told. */
export function reachTime(state: CaseState, cause: Cause, told: Told): void {
  if (state.alarm >= cause.now) return;
  catchUp(state, cause, { now: cause.now, id: cause.id, at: cause.at, place: 0 }, told);
  settle(state, cause.now, told);
}

/** Events that waited apply as if they had come in their time, each after the deadlines before it. */
function catchUp(state: CaseState, cause: Cause, naming: Naming, told: Told): void {
  for (let next = state.events[state.applied]; next !== undefined; next = state.events[state.applied]) {
    if (next.time > cause.now) break;
    naming.at = next.time;
    tellDeadlines(state, naming, next.time, told);
    applyNext(state, naming, next.time, told);
  }
  naming.at = cause.at;
  tellDeadlines(state, naming, cause.now, told);
}

/** Tells what became true before `upTo` by itself. */
function tellDeadlines(state: CaseState, cause: Naming, upTo: number, told: Told): void {
  const ripe = state.fold.clocks.filter(({ cycles }) => cycles.some(cycle => cycle.nextAt < upTo));
  if (ripe.length === 0) return;
  const indicators = clockIndicators(
    state,
    ripe.map(({ clock }) => clock.index),
  );
  contributeAll(state, indicators, -1, told.cells);
  for (const clock of ripe) retell(state, clock, cause, upTo, told);
  contributeAll(state, indicators, 1, told.cells);
}

/** Whether the case is not closed, or may not stay so since events lie ahead. A clock may still run on a closed one. */
export function isOpen({ fold, applied, events }: CaseState): boolean {
  return fold.closedAt === null || applied < events.length;
}

/**
 * True once a closed case has been kept for long enough and is to be forgotten. A clock with a deadline ahead holds it back
 * until that is told; one that is overdue, or paused for ever, is waited for no longer than any late event.
 */
export function isForgotten(state: CaseState, now: number): boolean {
  const { nextAt } = clocksOf(state);
  return !isOpen(state) && nextAt === Number.POSITIVE_INFINITY && keptUntil(state) < now;
}

function keptUntil({ acceptedAt, keepMs }: CaseState): number {
  return acceptedAt + keepMs;
}

/** Takes all that the case adds to levels away, before it is forgotten. What it gave to windows and counters stays. */
export function forget(state: CaseState, told: Told): void {
  contributeAll(
    state,
    state.policy.indicators.filter(({ measure }) => measure.kind === 'level').map(({ index }) => index),
    -1,
    told.cells,
  );
  moveStanding(state.entity, state.standing, NOWHERE, told.cells);
  uncountOpen(state.fold, told.cells);
}

function refuse(state: CaseState, event: SlaEvent, now: number): Acceptance | null {
  for (const other of state.events) {
    if (other.id === event.id && other.source === event.source)
      return other.digest === event.digest ? 'duplicate' : 'conflict';
  }
  if (isStaff(event.entity) && event.time < now - STAFF_MEMORY_MS) return 'too-late';
  return state.events.length >= EVENTS_MAX ? 'oversized' : null;
}

/** Where the event belongs among the others, found from the end since most events come in order. */
function placeOf(events: readonly SlaEvent[], event: SlaEvent): number {
  let place = events.length;
  for (; place > 0; place--) {
    const other = events[place - 1];
    if (other === undefined || compareEvents(other, event) < 0) break;
  }
  return place;
}

function foldUpTo(state: CaseState, now: number): void {
  for (let next = state.events[state.applied]; next !== undefined; next = state.events[state.applied]) {
    if (next.time > now) return;
    applyEvent(state.fold, state.events, state.applied, touchOf(state.fold, next));
    state.applied += 1;
  }
}

/** Applies the next event in order and tells the difference as of `upTo`. */
function applyNext(state: CaseState, cause: Naming, upTo: number, told: Told): void {
  const event = state.events[state.applied];
  if (event === undefined) return;
  const { fold } = state;
  const touch = touchOf(fold, event);
  const { counted } = touch.concern;
  const altered = touch.changed.length === 0 ? NONE : alteredBy(state, touch);
  const whole = altered.length === 0 ? touch.concern.whole : [...touch.concern.whole, ...altered];
  contributeAll(state, whole, -1, told.cells);
  applyEvent(fold, state.events, state.applied, touch);
  state.applied += 1;
  // A queue that is known only now is also the label of what all clocks told since then.
  if (event.time < upTo && touch.changed.includes('queue'))
    for (const { cycles } of fold.clocks) for (const cycle of cycles) cycle.stale = true;
  for (const clock of fold.clocks) retell(state, clock, cause, upTo, told);
  contributeAll(state, whole, 1, told.cells);
  for (const index of counted) {
    const indicator = state.policy.indicators[index];
    if (indicator !== undefined && !altered.includes(index))
      contributeEvent(indicator, fold, event, 1, told.cells);
  }
}

const NONE: readonly number[] = [];

/** The figures of events in which earlier events of the case count otherwise once these attributes have changed. */
function alteredBy({ fold, events, applied, policy }: CaseState, touch: Touch): readonly number[] {
  return touch.concern.counted.filter(index => {
    const indicator = policy.indicators[index];
    return (
      indicator !== undefined &&
      altersEarlier(indicator, fold, events, applied, touch.changed, touch.attributes)
    );
  });
}

function clockIndicators(state: CaseState, clocks: readonly number[]): readonly number[] {
  const found: number[] = [];
  for (const { measure, index } of state.policy.indicators)
    if (measure.kind === 'clock' && clocks.includes(measure.clock)) found.push(index);
  return found;
}

/** An event came out of order: the case is folded again from its list, and the difference of the whole is told. */
function refold(state: CaseState, events: SlaEvent[], cause: Naming, told: Told): void {
  const all = state.policy.indicators.map(({ index }) => index);
  const before = state.fold;
  contributeAll(state, all, -1, told.cells);
  uncountOpen(before, told.cells);
  state.events = events;
  state.fold = emptyFold(state.policy, state.entity);
  state.clocks = null;
  state.applied = 0;
  foldUpTo(state, cause.now);
  for (const clock of state.fold.clocks) evaluateClock(state, clock, cause.now, told.cells);
  contributeAll(state, all, 1, told.cells);
  tellFolds(state, before, cause, told);
}

/** Brings what is kept of the case as a whole up to date after a step. */
function settle(state: CaseState, now: number, told: Told): void {
  state.evaluatedAt = now;
  const before = state.standing;
  const after = standAnew(state);
  moveStanding(state.entity, before, after, told.cells);
}

function standAnew(state: CaseState): Standing {
  const clocks = clocksOf(state);
  state.standing = standingOf(state.fold, clocks, state.standing);
  state.alarm = alarmOf(state, clocks.nextAt);
  return state.standing;
}

/** Deadlines count once time is past them, waiting events once it has reached them: hence one millisecond earlier. */
function alarmOf(state: CaseState, nextAt: number): number {
  const ahead = state.events[state.applied];
  if (ahead !== undefined) return Math.min(nextAt, ahead.time - 1);
  return isOpen(state) || nextAt < Number.POSITIVE_INFINITY ? nextAt : keptUntil(state);
}

function clocksOf(state: CaseState): ClocksSum {
  state.clocks ??= sumOfClocks(state.fold);
  return state.clocks;
}

/** Names a case in record ids: entity and id as 64 bits in hexadecimal, so that any id fits into a header. */
function tokenOf(entity: Entity, id: string): string {
  return fnv1a(`${entity}/${id}`, 0x811c9dc5) + fnv1a(`${id}/${entity}`, 0x9747b28c);
}

function fnv1a(value: string, seed: number): string {
  let hash = seed;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
