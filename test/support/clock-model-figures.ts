// The clock model's figures: when a cycle is due, how it stands, how its time divides, and what has been told of it
// (CONTRACT.md, section 3, "Due instants").
import { calendarNamed, type ModelCalendar, type Span } from './clock-model-calendar.ts';
import type { ModelClock } from './clock-model-case.ts';

export interface ModelOutcome {
  readonly rule: string;
  readonly cycle: number;
  readonly outcome: string;
  readonly startedAt: number;
  readonly dueAt: number;
  readonly endedAt: number | null;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly overdueMs: number;
  /** Deadlines that have passed. */
  readonly marks: readonly ModelMark[];
}

export interface ModelMark {
  readonly state: 'warned' | 'breached' | 'escalated';
  readonly at: number;
}

export type End = { readonly at: number; readonly by: 'stop' | 'cancel' | 'gate' | 'merge' | 'waiver' };
export interface Cycle {
  readonly key: string;
  readonly start: number;
  readonly begunBy: number;
  /** The instant that the start event names, for a target of that kind. */
  readonly named: number | null;
  duration: string | null;
  end: End | null;
  isWaived: boolean;
  readonly gaps: Span[];
}

export function figuresOf(
  clock: ModelClock,
  cycle: Cycle,
  pauses: readonly Span[],
  isPaused: boolean,
  until: number,
): Omit<ModelOutcome, 'rule' | 'cycle'> {
  const calendar = calendarNamed(clock.calendar);
  const { start, end, gaps } = cycle;
  const to = end?.at ?? until;
  const uncounted = [...pauses, ...gaps]
    .map(span => ({ from: span.from, to: Math.min(span.to, to) }))
    .filter(span => span.to >= span.from)
    .sort((a, b) => a.from - b.from);
  const counting = uncounted.filter(span => span.to >= start);
  const dueAt = dueOf(calendar, cycle, counting);
  const isLate = to > dueAt;
  const all = calendar.openTime(start, to);
  const elapsedMs = calendar.openTime(start, to, uncounted);
  return {
    outcome: outcomeOf(cycle, isLate, isPaused),
    startedAt: start,
    dueAt,
    endedAt: end?.at ?? null,
    elapsedMs,
    pausedMs: all - elapsedMs - gaps.reduce((sum, gap) => sum + calendar.openTime(gap.from, gap.to), 0),
    overdueMs: isLate ? calendar.openTime(dueAt, to, uncounted) : 0,
    marks: end?.by === 'gate' ? [] : marksOf(clock, cycle, counting, dueAt, to),
  };
}

/** Deadlines count after their instant, since events of an instant come before them. */
function marksOf(
  clock: ModelClock,
  cycle: Cycle,
  uncounted: readonly Span[],
  dueAt: number,
  to: number,
): ModelMark[] {
  const calendar = calendarNamed(clock.calendar);
  const whole = calendar.openTime(cycle.start, dueOf(calendar, cycle, []));
  const offsets = clock.warn.map(text =>
    text.endsWith('%') ? (whole * Number.parseInt(text, 10)) / 100 : whole - lengthOf(text),
  );
  // Two ways to say the same share are one warning.
  const warnings = [...new Set(offsets)]
    .filter(offset => offset > 0)
    .map(offset => calendar.add(cycle.start, offset, cycle.named === null ? uncounted : []))
    .filter(at => at <= dueAt)
    .map(at => ({ state: 'warned', at }) as const);
  const steps = clock.ladder.map(({ after, calendar: name }) => {
    return { state: 'escalated', at: calendarNamed(name).add(dueAt, lengthOf(after)) } as const;
  });
  return [...warnings, { state: 'breached', at: dueAt } as const, ...steps].filter(({ at }) => at < to);
}

function outcomeOf({ end, isWaived }: Cycle, isLate: boolean, isPaused: boolean): string {
  if (isWaived) return 'waived';
  if (end === null) return isLate ? 'overdue' : isPaused ? 'paused' : 'running';
  if (end.by === 'stop') return isLate ? 'missed' : 'met';
  if (end.by === 'cancel') return isLate ? 'missed' : 'cancelled';
  return 'cancelled';
}

function dueOf(calendar: ModelCalendar, cycle: Cycle, uncounted: readonly Span[]): number {
  if (cycle.named !== null) return cycle.named;
  const duration = cycle.duration ?? '0s';
  const { number, unit } = parse(duration);
  if (unit.startsWith('bd')) {
    const isSameTime = unit === 'bd@same-time';
    let due = calendar.addDays(cycle.start, number, isSameTime);
    let counted = cycle.start;
    for (const { from, to } of uncounted) {
      if (from >= due) continue;
      const begins = Math.max(from, counted);
      const moved = calendar.openTime(begins, to);
      // With no open time left before it the due instant is an opening, and moves to the opening after the pause.
      if (moved > 0)
        due = calendar.openTime(begins, due) === 0 ? calendar.add(to, 0) : calendar.add(due, moved);
      counted = Math.max(counted, to);
    }
    return due;
  }
  return calendar.add(cycle.start, lengthOf(duration), uncounted);
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function lengthOf(duration: string): number {
  const { number, unit } = parse(duration);
  return number * (UNITS[unit] ?? Number.NaN);
}

function parse(duration: string): { number: number; unit: string } {
  const match = /^(\d+)(.+)$/.exec(duration);
  return { number: Number(match?.[1]), unit: match?.[2] ?? '' };
}
