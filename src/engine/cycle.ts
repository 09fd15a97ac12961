// One cycle of one clock: when it is due, what has become true of it by an instant, how it stands.
// Everything here is computed from the cycle's own marks, its pauses and the calendar, never accumulated:
// so a changed target, a late pause or a reopening gives what would have been, had it been known from the start.
import type { AtOnce, CompiledClock, Duration } from '../policy/compiled.ts';
import { type Exclusions, exclusionsOf, openTime, spent } from './exclusions.ts';
import type { Span } from './span.ts';

/** How a cycle was ended: by its stop, by a cancel condition, by merging the case away. */
export type EndKind = 'stop' | 'cancel' | 'merge';

export interface Cycle {
  readonly startedAt: number;
  /** The value of the `each` field; empty without `each`. */
  readonly each: string;
  /** The instant that the start event named, for targets of kind `at`. */
  readonly fixedDue: number | null;
  end: {
    readonly at: number;
    readonly how: EndKind;
    readonly queue: string;
    /** The target's value then, or the last one known. */
    readonly target: Duration | null;
  } | null;
  waived: { readonly at: number; readonly queue: string } | null;
  /** While the clock's gate is shut and the cycle was seen open: since when. It stands as cancelled. */
  hidden: { readonly at: number; readonly queue: string } | null;
  /** When the gate was first open since the start; null: never yet, and the cycle does not exist for anyone. */
  shownAt: number | null;
  /** Where the cycle stands, which is its end or where the gate was shut. Null for fixed instants, and while none was known. */
  target: Duration | null;
  /** Spans between a stop and the reopening that continued the cycle. */
  gaps: readonly Span[];
  /** The last event since which its due instant is known as it is (start, gate, another target) and the queue then. */
  known: { readonly at: number; readonly queue: string };
  /** What has been told of it, as of the last evaluation, and the next instant at which that may change by itself. */
  told: readonly Fact[];
  /** What was called for at once, as of the last evaluation; null for clocks that call for nothing. */
  begun: Begun | null;
  nextAt: number;
  /** As of the last evaluation. */
  dueAt: number;
  /** The state under which it is counted among the open clocks; null when it is not. */
  counted: OpenState | null;
  /** Something happened to it since the last evaluation. */
  stale: boolean;
}

export type OpenState = 'running' | 'paused' | 'overdue';

/** What is told of a cycle as records and counted. */
export type FactState = 'warned' | 'breached' | 'escalated' | 'met' | 'missed' | 'cancelled' | 'waived';

/** That a cycle came to be there for anyone, when, with its times then, and what was called for at once. */
export interface Begun extends Times {
  readonly at: number;
  readonly action: string;
  readonly roles: readonly string[];
}

/** Something that became true of a cycle at an instant. Times of day in ms since 1970, durations in ms of its calendar. */
export interface Fact extends Times {
  readonly state: FactState;
  readonly at: number;
  /** Of a warning; null for all else. */
  readonly percent: number | null;
  /** Of an escalation: which step of the ladder, and to whom; null for all else. */
  readonly step: number | null;
  readonly to: string | null;
  /** The case's queue when the fact became known, in order: the label under which it is counted. */
  readonly queue: string;
}

export interface Times {
  readonly startedAt: number;
  readonly dueAt: number;
  readonly endedAt: number | null;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly overdueMs: number;
}

export type Outcome = 'met' | 'missed' | 'overdue' | 'paused' | 'running' | 'cancelled' | 'waived';

/** The queue that a case is in from an instant on, after the events of that instant. */
export interface QueueFrom {
  readonly at: number;
  readonly queue: string;
}

/** The queue at an instant, of the list of all in order; the first known one before that. */
export function queueAt(queues: readonly QueueFrom[], at: number): string {
  for (let i = queues.length - 1; i > 0; i--) {
    const entry = queues[i];
    if (entry !== undefined && entry.at <= at) return entry.queue;
  }
  return queues[0]?.queue ?? '';
}

/** The due instant as if nothing had been left out. */
export function baseDue(clock: CompiledClock, cycle: Cycle): number {
  if (cycle.fixedDue !== null) return cycle.fixedDue;
  const target = cycle.target;
  if (target === null) return Number.POSITIVE_INFINITY;
  if (target.kind === 'time') return clock.calendar.add(cycle.startedAt, target.ms);
  return clock.calendar.addBusinessDays(cycle.startedAt, target.days, target.sameTime);
}

/**
 * Moves `base` by the open time that was left out before it and before `until`, where the cycle stands still or ended:
 * what comes after that is not its own. A span that begins at the instant so far or later comes too late to move it.
 * With `openMs` the instant lies that much open time after the start; null: business days led to it.
 */
function shifted(
  clock: CompiledClock,
  cycle: Cycle,
  base: number,
  openMs: number | null,
  spans: readonly Span[],
  until: number,
): number {
  let due = base;
  let moved = 0;
  for (const span of spans) {
    if (span.from >= due) break;
    const from = Math.max(span.from, cycle.startedAt);
    const to = span.to === null || span.to > until ? until : span.to;
    if (to <= from) continue;
    moved += clock.calendar.elapsed(from, to);
    if (moved === 0) continue;
    // Due at an opening, with no open time before it that could be left: so it is again, once the span is over. The
    // earliest instant with that much open time may be a close that the span has outlasted.
    const isAtOpening = clock.calendar.elapsed(from, due) === 0;
    due =
      openMs === null ? clock.calendar.add(base, moved) : clock.calendar.add(cycle.startedAt, openMs + moved);
    if (isAtOpening) due = clock.calendar.add(due, 0);
  }
  return due;
}

function dueAt(clock: CompiledClock, cycle: Cycle, left: Exclusions, until: number): number {
  const base = baseDue(clock, cycle);
  if (cycle.fixedDue !== null || left.all.length === 0) return base;
  const openMs = cycle.target?.kind === 'time' ? cycle.target.ms : null;
  return shifted(clock, cycle, base, openMs, left.all, until);
}

/** Times of the cycle as of `at`, its end or an instant of it while open. */
function timesAt(clock: CompiledClock, cycle: Cycle, left: Exclusions, due: number, at: number): Times {
  const { startedAt } = cycle;
  const ended = endedAtOf(cycle);
  return {
    startedAt,
    dueAt: due,
    endedAt: ended !== null && ended <= at ? ended : null,
    elapsedMs: spent(clock.calendar, startedAt, at, left.all),
    pausedMs: openTime(left.pauses, clock.calendar, startedAt, at),
    overdueMs: at > due ? spent(clock.calendar, due, at, left.all) : 0,
  };
}

function endedAtOf({ hidden, end }: Cycle): number | null {
  if (hidden !== null) return hidden.at;
  return end === null ? null : end.at;
}

/** Open milliseconds after the start at which a warning comes; null where it would not lie after the start. */
function warningOffset(
  clock: CompiledClock,
  cycle: Cycle,
  warning: CompiledClock['warn'][number],
): number | null {
  const target = cycle.target;
  const total =
    target?.kind === 'time' ? target.ms : clock.calendar.elapsed(cycle.startedAt, baseDue(clock, cycle));
  const offset = warning.kind === 'share' ? (total * warning.percent) / 100 : total - warning.ms;
  return offset > 0 ? Math.round(offset) : null;
}

/** What an evaluation finds: the facts by `now`, the next instant at which there may be more, and the due instant. */
export interface Evaluation {
  readonly facts: readonly Fact[];
  readonly begun: Begun | null;
  readonly nextAt: number;
  readonly dueAt: number;
}

const UNSEEN: Evaluation = {
  facts: [],
  begun: null,
  nextAt: Number.POSITIVE_INFINITY,
  dueAt: Number.POSITIVE_INFINITY,
};

/**
 * Everything that has become true of the cycle by `now`. Deadlines count strictly after their instant, since events of
 * an instant come before its deadlines. `pauses` is the union of the clock's pauses.
 */
export function evaluate(
  clock: CompiledClock,
  cycle: Cycle,
  pauses: readonly Span[],
  queues: readonly QueueFrom[],
  now: number,
): Evaluation {
  const { shownAt } = cycle;
  if (shownAt === null) return UNSEEN;
  const left = exclusionsOf(cycle, pauses);
  const stoppedAt = cycle.end === null ? Number.POSITIVE_INFINITY : cycle.end.at;
  const until = standsAt(cycle, now);
  const due = dueAt(clock, cycle, left, until);
  const facts: Fact[] = [];
  const begun = clock.atOnce && begunAt(clock, cycle, left, shownAt, clock.atOnce);
  const end = endState(cycle, due);
  if (cycle.hidden !== null) {
    if (end !== null) facts.push(factAt(clock, cycle, left, due, end.at, until, end.state, end.queue));
    return { facts, begun, nextAt: Number.POSITIVE_INFINITY, dueAt: due };
  }

  // While a pause is on, what lies beyond its beginning recedes with it; what it came too late for does not, nor does
  // an instant that was named.
  const last = left.all.at(-1);
  const held = last?.to === null && cycle.fixedDue === null;
  const heldFrom = held ? last.from : Number.POSITIVE_INFINITY;
  let nextAt = Number.POSITIVE_INFINITY;
  for (const warning of clock.warn) {
    const instant = warningAt(clock, cycle, warning, left, until);
    if (instant === null || instant > due || instant >= stoppedAt) continue;
    if (instant < now) {
      const percent = warningPercent(clock, cycle, warning);
      const queue = labelAt(cycle, queues, instant);
      facts.push(factAt(clock, cycle, left, due, instant, instant, 'warned', queue, percent));
    } else if (instant < nextAt && instant <= heldFrom) nextAt = instant;
  }
  if (due < stoppedAt) {
    if (due < now) {
      facts.push(factAt(clock, cycle, left, due, due, due, 'breached', labelAt(cycle, queues, due)));
      for (let step = 0; step < clock.ladder.length; step++) {
        const rung = clock.ladder[step];
        if (rung === undefined || rung.afterMs === 0) continue;
        const instant = rung.calendar.add(due, rung.afterMs);
        if (instant >= stoppedAt) continue;
        if (instant < now) {
          const queue = labelAt(cycle, queues, instant);
          const { to } = rung;
          facts.push(factAt(clock, cycle, left, due, instant, instant, 'escalated', queue, null, step, to));
        } else if (instant < nextAt) nextAt = instant;
      }
    } else if (due < nextAt && due <= heldFrom) nextAt = due;
  }
  if (end !== null) facts.push(factAt(clock, cycle, left, due, end.at, until, end.state, end.queue));
  if (facts.length > 1) facts.sort(byTime);
  return { facts, begun, nextAt, dueAt: due };
}

/** With the times as they were then, whatever came after: so it is the same whenever it is looked at. */
function begunAt(
  clock: CompiledClock,
  cycle: Cycle,
  left: Exclusions,
  at: number,
  { action, to }: AtOnce,
): Begun {
  return { ...timesAt(clock, cycle, left, dueAt(clock, cycle, left, at), at), at, action, roles: to };
}

function byTime(a: { readonly at: number }, b: { readonly at: number }): number {
  return a.at - b.at;
}

/** Where the cycle's own time ends: when its gate was shut, else at its end, else now. */
export function standsAt(cycle: Cycle, now: number): number {
  if (cycle.hidden !== null) return cycle.hidden.at;
  return cycle.end === null ? now : cycle.end.at;
}

/** The queue under which a deadline is counted: the case's at that instant, or when it became known if that was later. */
function labelAt(cycle: Cycle, queues: readonly QueueFrom[], instant: number): string {
  return cycle.known.at > instant ? cycle.known.queue : queueAt(queues, instant);
}

/** A fact at `at`, with the cycle's times as of `asOf`. Written out, not spread: it is made for every event. */
function factAt(
  clock: CompiledClock,
  cycle: Cycle,
  left: Exclusions,
  due: number,
  at: number,
  asOf: number,
  state: FactState,
  queue: string,
  percent: number | null = null,
  step: number | null = null,
  to: string | null = null,
): Fact {
  const { startedAt } = cycle;
  const ended = endedAtOf(cycle);
  return {
    state,
    at,
    percent,
    step,
    to,
    queue,
    startedAt,
    dueAt: due,
    endedAt: ended !== null && ended <= asOf ? ended : null,
    elapsedMs: spent(clock.calendar, startedAt, asOf, left.all),
    pausedMs: left.pauses.length === 0 ? 0 : openTime(left.pauses, clock.calendar, startedAt, asOf),
    overdueMs: asOf > due ? spent(clock.calendar, due, asOf, left.all) : 0,
  };
}

function warningAt(
  clock: CompiledClock,
  cycle: Cycle,
  warning: CompiledClock['warn'][number],
  left: Exclusions,
  until: number,
): number | null {
  const offset = warningOffset(clock, cycle, warning);
  if (offset === null) return null;
  const base = clock.calendar.add(cycle.startedAt, offset);
  if (cycle.fixedDue !== null || left.all.length === 0) return base;
  return shifted(clock, cycle, base, offset, left.all, until);
}

/** The share of the target at which a warning stands, in percent with two digits. */
function warningPercent(clock: CompiledClock, cycle: Cycle, warning: CompiledClock['warn'][number]): number {
  if (warning.kind === 'share') return warning.percent;
  const total =
    cycle.target?.kind === 'time'
      ? cycle.target.ms
      : clock.calendar.elapsed(cycle.startedAt, baseDue(clock, cycle));
  return Math.round((10_000 * (total - warning.ms)) / total) / 100;
}

/** How the cycle ended, in the eyes of those who see it; null while it is open. */
function endState(
  cycle: Cycle,
  due: number,
): { state: 'met' | 'missed' | 'cancelled' | 'waived'; at: number; queue: string } | null {
  if (cycle.waived !== null) return { state: 'waived', ...cycle.waived };
  if (cycle.hidden !== null) return { state: 'cancelled', ...cycle.hidden };
  if (cycle.end === null) return null;
  const { at, how } = cycle.end;
  const queue = cycle.known.at > at ? cycle.known.queue : cycle.end.queue;
  switch (how) {
    case 'stop':
      return { state: at <= due ? 'met' : 'missed', at, queue };
    case 'cancel':
      return { state: at <= due ? 'cancelled' : 'missed', at, queue };
    case 'merge':
      return { state: 'cancelled', at, queue };
    default:
      return how satisfies never;
  }
}

/** When the cycle is due as of `at`; infinite for one that has never been seen, or has no target. */
export function dueAsOf(clock: CompiledClock, cycle: Cycle, pauses: readonly Span[], at: number): number {
  if (cycle.shownAt === null) return Number.POSITIVE_INFINITY;
  return dueAt(clock, cycle, exclusionsOf(cycle, pauses), standsAt(cycle, at));
}

/** How a cycle stands at `until`; null for one that has never been seen (its gate was always shut). */
export function outcomeAt(
  clock: CompiledClock,
  cycle: Cycle,
  pauses: readonly Span[],
  until: number,
): { readonly outcome: Outcome; readonly times: Times } | null {
  if (cycle.shownAt === null) return null;
  const left = exclusionsOf(cycle, pauses);
  const at = standsAt(cycle, until);
  const due = dueAt(clock, cycle, left, at);
  const times = timesAt(clock, cycle, left, due, at);
  const end = endState(cycle, due);
  if (end !== null) return { outcome: end.state, times };
  if (until > due) return { outcome: 'overdue', times };
  return { outcome: left.all.at(-1)?.to === null ? 'paused' : 'running', times };
}
