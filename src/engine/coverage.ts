// Whether a due instant can be trusted: one that was computed across a year whose holidays are not known is marked
// wherever it is told, until the year is added.
import type { CompiledClock } from '../policy/compiled.ts';

/** The mark is left out, not false, where all is known. */
export interface CoverageMark {
  readonly uncovered?: true;
}

const COVERED: CoverageMark = {};
const UNCOVERED: CoverageMark = { uncovered: true };

/**
 * The first year from a cycle's start to its due instant (ms since 1970) whose holidays its calendar does not know; null
 * when it knows all, and for an instant that an event named, which no calendar moves.
 */
export function uncoveredYear(clock: CompiledClock, startedAt: number, dueAt: number): number | null {
  if (clock.target.kind === 'at' || !Number.isFinite(dueAt)) return null;
  return clock.calendar.uncoveredYear(startedAt, dueAt);
}

export function coverageMark(clock: CompiledClock, startedAt: number, dueAt: number): CoverageMark {
  return uncoveredYear(clock, startedAt, dueAt) === null ? COVERED : UNCOVERED;
}
