// Pause hygiene: what pauses do to the figures of a clock. A share of promises kept says little where cases are paused
// just before they fall due, are resolved while they are paused, or wait for ever.
import type { CompiledClock } from '../policy/compiled.ts';
import { type Cycle, type Outcome, outcomeAt } from './cycle.ts';
import { type CaseFold, pausesOf } from './fold.ts';
import { type Span, union, without } from './span.ts';

/** A pause that has been on for longer, in wall time, is taken to have been forgotten, unless told otherwise: three days. */
export const STUCK_MS = 3 * 86_400_000;

export interface Hygiene {
  /** Cycles that were seen at all. */
  readonly cycles: number;
  /** Of these, cycles with a pause. */
  readonly paused: number;
  /** Pauses that are on, and have been for longer than the limit. */
  readonly stuck: number;
  /** Cycles that were paused within the last tenth of their time before the due instant. */
  readonly lastMoment: number;
  /** Cycles that ended while they were paused. */
  readonly endedPaused: number;
  /** Promises kept and broken, and what they would be had no pause counted. */
  readonly kept: number;
  readonly broken: number;
  readonly keptWithout: number;
  readonly brokenWithout: number;
}

export const NO_HYGIENE: Hygiene = {
  cycles: 0,
  paused: 0,
  stuck: 0,
  lastMoment: 0,
  endedPaused: 0,
  kept: 0,
  broken: 0,
  keptWithout: 0,
  brokenWithout: 0,
};

/** How the pauses of a case stand as of `now` (ms since 1970), by rule; a pause is stuck after `stuckMs` of wall time. */
export function hygieneOf(fold: CaseFold, now: number, stuckMs: number): ReadonlyMap<string, Hygiene> {
  const byRule = new Map<string, Hygiene>();
  for (const { clock, cycles } of fold.clocks) {
    const pauses = pausesOf(fold, clock);
    const sum = cycles
      .map(cycle => hygieneOfCycle(clock, cycle, pauses, now, stuckMs))
      .reduce(addHygiene, NO_HYGIENE);
    if (sum.cycles > 0) byRule.set(clock.rule, sum);
  }
  return byRule;
}

/** Figures of cases add up. */
export function addHygiene(a: Hygiene, b: Hygiene): Hygiene {
  return {
    cycles: a.cycles + b.cycles,
    paused: a.paused + b.paused,
    stuck: a.stuck + b.stuck,
    lastMoment: a.lastMoment + b.lastMoment,
    endedPaused: a.endedPaused + b.endedPaused,
    kept: a.kept + b.kept,
    broken: a.broken + b.broken,
    keptWithout: a.keptWithout + b.keptWithout,
    brokenWithout: a.brokenWithout + b.brokenWithout,
  };
}

/** The same of one cycle; `pauses` is the union of its clock's pauses. */
export function hygieneOfCycle(
  clock: CompiledClock,
  cycle: Cycle,
  pauses: readonly Span[],
  now: number,
  stuckMs: number,
): Hygiene {
  const found = outcomeAt(clock, cycle, pauses, now);
  const unpaused = outcomeAt(clock, cycle, [], now);
  if (found === null || unpaused === null) return NO_HYGIENE;
  const { startedAt, endedAt } = found.times;
  const until = endedAt ?? now;
  // What came and went between a stop and the reopening that undid it paused nothing.
  const gaps = union(cycle.gaps);
  const own = pauses.filter(
    ({ from, to }) =>
      from < until &&
      (to === null || to > startedAt) &&
      without([{ from: Math.max(from, startedAt), to }], gaps).length > 0,
  );
  const last = own.at(-1);
  // A pause that ended at the very instant of the end was over by then: resumed and replied to in the same second.
  const on = last !== undefined && (last.to === null || last.to > until) ? last : null;
  return {
    cycles: 1,
    paused: Number(own.length > 0),
    stuck: Number(endedAt === null && on !== null && now - on.from > stuckMs),
    lastMoment: Number(isLastMoment(clock, cycle, own, until)),
    endedPaused: Number(endedAt !== null && on !== null && found.outcome !== 'cancelled'),
    kept: Number(found.outcome === 'met'),
    broken: Number(isBroken(found)),
    keptWithout: Number(unpaused.outcome === 'met'),
    brokenWithout: Number(isBroken(unpaused)),
  };
}

/**
 * Whether one of the pauses began when a tenth or less of the time from start to due was left. What is left only shrinks,
 * so the last one that came before the due instant tells for all.
 */
function isLastMoment(clock: CompiledClock, cycle: Cycle, pauses: readonly Span[], until: number): boolean {
  const open: Cycle = { ...cycle, end: null, hidden: null };
  const due = outcomeAt(clock, open, pauses, until)?.times.dueAt;
  const last = pauses.findLast(({ from }) => due !== undefined && from < due);
  if (last === undefined || last.from < cycle.startedAt) return false;
  // As it stood when the pause began: what had been paused before had moved the due instant by then.
  const before = pauses.filter(({ from }) => from < last.from);
  const then = outcomeAt(clock, open, before, last.from);
  if (then === null || last.from >= then.times.dueAt) return false;
  const left = clock.calendar.elapsed(last.from, then.times.dueAt);
  // Pauses are in the time to a due instant that was named, since they do not move it.
  const passed =
    cycle.fixedDue === null ? then.times.elapsedMs : clock.calendar.elapsed(cycle.startedAt, last.from);
  return left * 9 <= passed;
}

function isBroken({ outcome }: { readonly outcome: Outcome }): boolean {
  return outcome === 'missed' || outcome === 'overdue';
}
