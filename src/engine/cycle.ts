// One cycle of one clock: when it is due, what has become true of it by an instant, how it stands.
// Everything here is computed from the cycle's own marks, its pauses and the calendar, never accumulated:
// so a changed target, a late pause or a reopening gives what would have been, had it been known from the start.
import type { Calendar, CompiledClock, Duration } from '../policy/compiled.ts';
import { type Span, union, without } from './span.ts';

/** How a cycle was ended: by its stop, by a cancel condition, by merging the case away. */
export type EndKind = 'stop' | 'cancel' | 'merge';

export interface Cycle {
  readonly startedAt: number;
  /** The value of the `each` field; empty without `each`. */
  readonly each: string;
  /** The instant that the start event named, for targets of kind `at`. */
  readonly fixedDue: number | null;
  end: { readonly at: number; readonly how: EndKind; readonly queue: string } | null;
  waived: { readonly at: number; readonly queue: string } | null;
  /** While the clock's gate is shut and the cycle was seen open: since when. It stands as cancelled. */
  hidden: { readonly at: number; readonly queue: string } | null;
  /** Whether the gate has been open at any time since the start: before that the cycle does not exist for anyone. */
  shown: boolean;
  /** Null for fixed instants, and while no target value was ever known. */
  target: Duration | null;
  /** Spans between a stop and the reopening that continued the cycle. */
  gaps: readonly Span[];
  /** The last event since which its due instant is known as it is (start, gate, target, reopening) and the queue then. */
  known: { readonly at: number; readonly queue: string };
  /** What has been told of it, as of the last evaluation, and the next instant at which that may change by itself. */
  told: readonly Fact[];
  nextAt: number;
  /** As of the last evaluation. */
  dueAt: number;
  /** The state under which it is counted among the open clocks; null when it is not. */
  counted: OpenState | null;
}

export type OpenState = 'running' | 'paused' | 'overdue';

export type FactState =
  | 'started'
  | 'warned'
  | 'paused'
  | 'resumed'
  | 'breached'
  | 'escalated'
  | 'met'
  | 'missed'
  | 'cancelled'
  | 'waived';

/** Something that became true of a cycle at an instant. Times of day in ms since 1970, durations in ms of its calendar. */
export interface Fact extends Times {
  readonly state: FactState;
  readonly at: number;
  readonly percent?: number;
  readonly step?: number;
  readonly to?: string;
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

/** The queue that a case was in at an instant, after the events of that instant. */
export type QueueAt = (at: number) => string;

/** What a cycle leaves out: its pauses less the gaps, and both together. */
interface Exclusions {
  readonly pauses: readonly Span[];
  readonly all: readonly Span[];
}

const NOTHING: Exclusions = { pauses: [], all: [] };

function exclusionsOf(cycle: Cycle, pauses: readonly Span[]): Exclusions {
  if (pauses.length === 0 && cycle.gaps.length === 0) return NOTHING;
  const gaps = union(cycle.gaps);
  return { pauses: without(pauses, gaps), all: union([...pauses, ...gaps]) };
}

/** Open time of `spans` within [from, to). */
function openTime(spans: readonly Span[], calendar: Calendar, from: number, to: number): number {
  let sum = 0;
  for (const span of spans) {
    const start = Math.max(span.from, from);
    const end = Math.min(span.to ?? to, to);
    if (end > start) sum += calendar.elapsed(start, end);
  }
  return sum;
}

/** The due instant as if nothing had been left out. */
function baseDue(clock: CompiledClock, cycle: Cycle): number {
  if (cycle.fixedDue !== null) return cycle.fixedDue;
  const target = cycle.target;
  if (target === null) return Number.POSITIVE_INFINITY;
  if (target.kind === 'time') return clock.calendar.add(cycle.startedAt, target.ms);
  return clock.calendar.addBusinessDays(cycle.startedAt, target.days, target.sameTime);
}

/**
 * Moves `base` by the open time that was left out before it. A span that begins at the instant so far or later comes
 * too late to move it. With `openMs` the instant lies that much open time after the start; null: it is a day's close.
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
    const to = span.to ?? until;
    if (to <= from) continue;
    moved += clock.calendar.elapsed(from, to);
    if (moved > 0) {
      due =
        openMs === null
          ? clock.calendar.add(base, moved)
          : clock.calendar.add(cycle.startedAt, openMs + moved);
    }
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
  const { calendar } = clock;
  const { startedAt } = cycle;
  const endedAt = cycle.hidden?.at ?? cycle.end?.at ?? null;
  if (left.all.length === 0) {
    return {
      startedAt,
      dueAt: due,
      endedAt: endedAt !== null && endedAt <= at ? endedAt : null,
      elapsedMs: calendar.elapsed(startedAt, at),
      pausedMs: 0,
      overdueMs: at > due ? calendar.elapsed(due, at) : 0,
    };
  }
  return {
    startedAt,
    dueAt: due,
    endedAt: endedAt !== null && endedAt <= at ? endedAt : null,
    elapsedMs: calendar.elapsed(startedAt, at) - openTime(left.all, calendar, startedAt, at),
    pausedMs: openTime(left.pauses, calendar, startedAt, at),
    overdueMs: at > due ? calendar.elapsed(due, at) - openTime(left.all, calendar, due, at) : 0,
  };
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
  readonly nextAt: number;
  readonly dueAt: number;
}

const UNSEEN: Evaluation = {
  facts: [],
  nextAt: Number.POSITIVE_INFINITY,
  dueAt: Number.POSITIVE_INFINITY,
};

/**
 * Everything that has become true of the cycle by `now`. Deadlines count strictly after their instant, since events of
 * an instant come before its deadlines. `pauses` is the union of the clock's pauses. With `story` the facts that only a
 * full account tells (started, paused, resumed) are there too.
 */
export function evaluate(
  clock: CompiledClock,
  cycle: Cycle,
  pauses: readonly Span[],
  queueAt: QueueAt,
  now: number,
  story = false,
): Evaluation {
  if (!cycle.shown) return UNSEEN;
  const left = exclusionsOf(cycle, pauses);
  const stoppedAt = cycle.end?.at ?? null;
  const until = cycle.hidden?.at ?? stoppedAt ?? now;
  const due = dueAt(clock, cycle, left, until);
  const facts: Fact[] = [];
  let nextAt = Number.POSITIVE_INFINITY;
  const tell = (fact: Omit<Fact, keyof Times>, at: number) =>
    facts.push({ ...fact, ...timesAt(clock, cycle, left, due, at) });

  if (story) tellStory(cycle, left, until, queueAt, tell);
  if (cycle.hidden !== null) {
    tell({ state: 'cancelled', at: cycle.hidden.at, queue: cycle.hidden.queue }, cycle.hidden.at);
    return { facts, nextAt, dueAt: due };
  }

  /** A deadline is a fact once `now` is past it, unless the cycle had ended by then; else it may become one. */
  const deadline = (instant: number, fact: Omit<Fact, keyof Times | 'at' | 'queue'>) => {
    if (stoppedAt !== null && stoppedAt <= instant) return;
    if (instant < now) {
      const queue = cycle.known.at > instant ? cycle.known.queue : queueAt(instant);
      tell({ ...fact, at: instant, queue }, instant);
    } else if (instant < nextAt) nextAt = instant;
  };
  for (const warning of clock.warn) {
    const instant = warningAt(clock, cycle, warning, left, until);
    if (instant !== null && instant < due) {
      deadline(instant, { state: 'warned', percent: warningPercent(clock, cycle, warning) });
    }
  }
  deadline(due, { state: 'breached' });
  for (const [step, { afterMs, to, calendar }] of clock.ladder.entries()) {
    if (afterMs > 0 && due < now) deadline(calendar.add(due, afterMs), { state: 'escalated', step, to });
  }
  // A pause that is on holds all deadlines, which lie ahead for as long as it lasts, unless it began too late.
  const last = left.all.at(-1);
  if (stoppedAt === null && last?.to === null && last.from < due) nextAt = Number.POSITIVE_INFINITY;

  const end = endState(cycle, due);
  if (end !== null) {
    const at = cycle.end?.at ?? end.at;
    tell({ state: end.state, at: end.at, queue: end.queue }, at);
  }
  return { facts: facts.sort((a, b) => a.at - b.at), nextAt, dueAt: due };
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

function endState(
  cycle: Cycle,
  due: number,
): { state: 'met' | 'missed' | 'cancelled' | 'waived'; at: number; queue: string } | null {
  if (cycle.waived !== null) return { state: 'waived', ...cycle.waived };
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

function tellStory(
  cycle: Cycle,
  left: Exclusions,
  until: number,
  queueAt: QueueAt,
  tell: (fact: Omit<Fact, keyof Times>, at: number) => void,
): void {
  tell({ state: 'started', at: cycle.startedAt, queue: queueAt(cycle.startedAt) }, cycle.startedAt);
  for (const span of left.pauses) {
    const from = Math.max(span.from, cycle.startedAt);
    if (from >= until || (span.to !== null && span.to <= cycle.startedAt)) continue;
    tell({ state: 'paused', at: from, queue: queueAt(from) }, from);
    if (span.to !== null && span.to <= until)
      tell({ state: 'resumed', at: span.to, queue: queueAt(span.to) }, span.to);
  }
}

/** How a cycle stands at `until`; null for one that has never been seen (its gate was always shut). */
export function outcomeAt(
  clock: CompiledClock,
  cycle: Cycle,
  pauses: readonly Span[],
  until: number,
): { readonly outcome: Outcome; readonly times: Times } | null {
  if (!cycle.shown) return null;
  const left = exclusionsOf(cycle, pauses);
  const at = cycle.hidden?.at ?? cycle.end?.at ?? until;
  const due = dueAt(clock, cycle, left, at);
  const times = timesAt(clock, cycle, left, due, at);
  if (cycle.hidden !== null) return { outcome: 'cancelled', times };
  const end = endState(cycle, due);
  if (end !== null) return { outcome: end.state, times };
  if (until > due) return { outcome: 'overdue', times };
  return { outcome: left.all.at(-1)?.to === null ? 'paused' : 'running', times };
}
