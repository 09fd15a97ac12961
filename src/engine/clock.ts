// One clock on one case: its gate and its cycles, moved on by the case's events in order.
// A gate (`when`, and a target that can be told) that opens later shows what would have been, had it been open from the
// start: cycles run on unseen while it is shut, and those that ran before it ever opened are made from the events then.
import type { Fields, SlaEvent } from '../contract/event.ts';
import { parseTime } from '../contract/time.ts';
import type { CompiledClock, Duration } from '../policy/compiled.ts';
import type { Cycle, EndKind } from './cycle.ts';
import { happens, holdsAny, matchesAny } from './match.ts';

export interface ClockFold {
  readonly clock: CompiledClock;
  /** Nearly always none or one: written out then, not pushed to, since that would reserve room for many. */
  cycles: Cycle[];
  gate: boolean;
  /** The target's value now, or the last one known; null before any was. */
  target: Duration | null;
  /** Starts that wait for the gate, for clocks that are not retroactive; by `each` value. */
  waiting: Map<string, number | null> | null;
}

/** What an event means in its case: the attributes before and after it. */
export interface Occurrence {
  readonly event: SlaEvent;
  readonly before: Fields;
  readonly after: Fields;
  /** The case's queue after the event. */
  readonly queue: string;
}

/**
 * The clock's fold if this event brings it to life, else undefined. Without `unseen` a clock that nobody can see yet,
 * since its gate is shut, is left out: once the gate opens it is made from the events before.
 */
export function bornBy(clock: CompiledClock, occurrence: Occurrence, unseen: boolean): ClockFold | undefined {
  const gate = isOpen(clock, occurrence.after);
  if (!gate && !unseen && clock.retroactive) return undefined;
  if (!starts(clock, occurrence)) return undefined;
  return { clock, cycles: [], gate, target: targetOf(clock, occurrence.after), waiting: null };
}

/** A clock on a case that has these attributes and has not started it. */
export function notStarted(clock: CompiledClock, attributes: Fields): ClockFold {
  const gate = isOpen(clock, attributes);
  return { clock, cycles: [], gate, target: targetOf(clock, attributes), waiting: null };
}

/** Whether one of these events may have started the clock, as far as their types tell. */
export function mayHaveStarted(clock: CompiledClock, events: readonly SlaEvent[], n: number): boolean {
  for (const matcher of clock.start) {
    if ('becomes' in matcher) return true;
    for (let i = 0; i < n; i++) if (events[i]?.type === matcher.type) return true;
  }
  return false;
}

/** Whether an event may have opened a clock's gate, so that a start before it would be seen from then on. */
export function opens(clock: CompiledClock, { before, after }: Occurrence): boolean {
  return clock.retroactive && isOpen(clock, after) && !isOpen(clock, before);
}

/**
 * Applies one event, in the order of CONTRACT.md, section 3: stop, cancel, `when`, reopening, start. Attributes and
 * pauses are the case's and were applied before; so was the target's value, which is an attribute's.
 */
export function applyToClock(fold: ClockFold, occurrence: Occurrence): void {
  const { clock } = fold;
  const { event, after } = occurrence;
  const each = eachOf(clock, event);
  followTarget(fold, occurrence);
  const stopped = each !== null && matchesAny(clock.stop, event, after) && stop(fold, occurrence, each);
  if (each !== null && matchesAny(clock.cancel, event, after)) end(fold, occurrence, 'cancel', each);
  if (event.type === 'ticket.merged') end(fold, occurrence, 'merge', null);
  if (event.type === 'ticket.waived' && event.fields.rule === clock.rule) waive(fold, occurrence);
  moveGate(fold, occurrence);
  if (event.type === 'ticket.reopened') reopen(fold, occurrence);
  if (starts(clock, occurrence)) start(fold, occurrence);
  if (stopped && clock.repeat && clock.target.kind !== 'at' && openCycle(fold, each) === undefined)
    begin(fold, occurrence, each, null);
}

/** The value by which cycles run side by side; '' without `each`; null when the event lacks the field. */
function eachOf(clock: CompiledClock, event: SlaEvent): string | null {
  if (clock.each === null) return '';
  const value = event.fields[clock.each];
  return value === undefined ? null : String(value);
}

function starts(clock: CompiledClock, { event, before, after }: Occurrence): boolean {
  return happens(clock.start, event, before, after);
}

/** The latest open cycle of an `each` value. */
function openCycle(fold: ClockFold, each: string): Cycle | undefined {
  for (let i = fold.cycles.length - 1; i >= 0; i--) {
    const cycle = fold.cycles[i];
    if (cycle !== undefined && cycle.end === null && cycle.each === each) return cycle;
  }
  return undefined;
}

/** Whether there was something to stop: an open cycle, or a start that waits for the gate and is now without effect. */
function stop(fold: ClockFold, occurrence: Occurrence, each: string): boolean {
  const waited = fold.waiting?.delete(each) ?? false;
  const cycle = openCycle(fold, each);
  if (cycle === undefined) return waited;
  if (fold.clock.overlap === 'all') end(fold, occurrence, 'stop', each);
  else endCycle(fold, cycle, occurrence, 'stop');
  return true;
}

/** Ends the open cycle of an `each` value, or all open ones for null. */
function end(fold: ClockFold, occurrence: Occurrence, how: EndKind, each: string | null): void {
  if (each === null) fold.waiting = null;
  else fold.waiting?.delete(each);
  for (const cycle of fold.cycles) {
    if (cycle.end === null && (each === null || cycle.each === each)) endCycle(fold, cycle, occurrence, how);
  }
}

/**
 * The target is frozen with the end; where its value was gone by then, the last one counts. One that the gate had ended
 * before shows what it had then, for as long as the gate stays shut.
 */
function endCycle(fold: ClockFold, cycle: Cycle, { event, queue }: Occurrence, how: EndKind): void {
  cycle.end = { at: event.time, how, queue, target: fold.target };
  cycle.stale = true;
  if (fold.target !== null && cycle.hidden === null) cycle.target = fold.target;
}

/** A waiver ends the rule's open cycles, or else changes its latest. */
function waive(fold: ClockFold, occurrence: Occurrence): void {
  const mark = { at: occurrence.event.time, queue: occurrence.queue };
  const open = fold.cycles.filter(cycle => cycle.end === null);
  for (const cycle of open) {
    cycle.waived = mark;
    endCycle(fold, cycle, occurrence, 'cancel');
  }
  const latest = fold.cycles.at(-1);
  if (open.length > 0 || latest === undefined) return;
  latest.waived = mark;
  latest.stale = true;
}

/** Whether the gate is open: `when` holds and the target has a value. */
function isOpen(clock: CompiledClock, attributes: Fields): boolean {
  const known = clock.target.kind !== 'by' || targetOf(clock, attributes) !== null;
  return known && holdsAny(clock.when, attributes);
}

/** Open cycles follow the target's current value; while it has none, the last one is remembered. */
function followTarget(fold: ClockFold, { event, after, queue }: Occurrence): void {
  if (fold.clock.target.kind !== 'by') return;
  const target = targetOf(fold.clock, after);
  // Before anything was started there is nothing to remember a value for.
  if (fold.cycles.length === 0 && fold.waiting === null) fold.target = target;
  if (target === null || target === fold.target) return;
  fold.target = target;
  for (const cycle of fold.cycles) {
    if (cycle.end !== null || cycle.hidden !== null) continue;
    cycle.target = target;
    cycle.known = { at: event.time, queue };
    cycle.stale = true;
  }
}

function targetOf(clock: CompiledClock, attributes: Fields): Duration | null {
  const { target } = clock;
  switch (target.kind) {
    case 'fixed':
      return target.duration;
    case 'by': {
      const value = attributes[target.attribute];
      return (value === undefined ? undefined : target.values.get(String(value))) ?? target.otherwise;
    }
    case 'at':
      return null;
    default:
      return target satisfies never;
  }
}

function moveGate(fold: ClockFold, occurrence: Occurrence): void {
  const { event, after, queue } = occurrence;
  const was = fold.gate;
  fold.gate = isOpen(fold.clock, after);
  if (fold.gate && !was) openGate(fold, occurrence);
  else if (!fold.gate && was) {
    const mark = { at: event.time, queue };
    for (const cycle of fold.cycles) {
      if (cycle.end !== null) continue;
      cycle.hidden = mark;
      cycle.stale = true;
    }
  }
}

function openGate(fold: ClockFold, occurrence: Occurrence): void {
  const mark = { at: occurrence.event.time, queue: occurrence.queue };
  for (const cycle of fold.cycles) {
    if (cycle.shownAt !== null && cycle.hidden === null) continue;
    cycle.shownAt ??= mark.at;
    if (cycle.hidden !== null) cycle.target = (cycle.end === null ? null : cycle.end.target) ?? fold.target;
    cycle.hidden = null;
    cycle.known = mark;
    cycle.target ??= fold.target;
    cycle.stale = true;
  }
  const waiting = fold.waiting;
  fold.waiting = null;
  if (waiting !== null) {
    for (const [each, fixedDue] of waiting)
      if (openCycle(fold, each) === undefined) begin(fold, occurrence, each, fixedDue);
  }
}

function reopen(fold: ClockFold, occurrence: Occurrence): void {
  const { clock } = fold;
  const latest = fold.cycles.at(-1);
  if (clock.reopen === 'ignore' || clock.each !== null || !fold.gate || latest === undefined) return;
  if (latest.end === null || latest.end.how !== 'stop' || latest.waived !== null) return;
  if (clock.reopen === 'restart') {
    if (clock.target.kind !== 'at') begin(fold, occurrence, '', null);
    return;
  }
  latest.gaps = [...latest.gaps, { from: latest.end.at, to: occurrence.event.time }];
  latest.end = null;
  latest.stale = true;
  if (latest.fixedDue !== null || latest.target === fold.target) return;
  latest.target = fold.target;
  latest.known = { at: occurrence.event.time, queue: occurrence.queue };
}

function start(fold: ClockFold, occurrence: Occurrence): void {
  const { clock } = fold;
  const { event } = occurrence;
  const each = eachOf(clock, event);
  if (each === null || (clock.overlap === null && openCycle(fold, each) !== undefined)) return;
  if (clock.once && fold.cycles.some(cycle => cycle.each === each)) return;
  const { target } = clock;
  let fixedDue: number | null = null;
  if (target.kind === 'at') {
    fixedDue = instantIn(event, target.field);
    if (fixedDue === null) return;
  }
  begin(fold, occurrence, each, fixedDue);
}

/**
 * The instant that the event names; null when it names none. Read as events' times are, since what JavaScript makes of
 * other texts may depend on the machine's time zone.
 */
function instantIn(event: SlaEvent, field: string): number | null {
  const value = event.fields[field];
  return typeof value === 'string' ? parseTime(value) : null;
}

function begin(fold: ClockFold, { event, queue }: Occurrence, each: string, fixedDue: number | null): void {
  if (!fold.gate && !fold.clock.retroactive) {
    fold.waiting ??= new Map();
    if (!fold.waiting.has(each)) fold.waiting.set(each, fixedDue);
    return;
  }
  const cycle: Cycle = {
    startedAt: event.time,
    each,
    fixedDue,
    end: null,
    waived: null,
    hidden: null,
    shownAt: fold.gate ? event.time : null,
    target: fixedDue === null ? fold.target : null,
    gaps: [],
    known: { at: event.time, queue },
    told: [],
    begun: null,
    nextAt: Number.POSITIVE_INFINITY,
    dueAt: Number.POSITIVE_INFINITY,
    counted: null,
    stale: true,
  };
  if (fold.cycles.length === 0) fold.cycles = [cycle];
  else fold.cycles.push(cycle);
}
