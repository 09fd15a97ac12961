// What a backtest prints: one line for each cycle's outcome, each transition of a clock, each transition of an alert.
// Keys stand in the contract's order (CONTRACT.md, section 4), for whoever compares output as text.
import { compareCodePoints, type Entity } from '../contract/event.ts';
import type { FactState, Outcome } from '../engine/cycle.ts';
import type { StoryFact } from '../engine/story.ts';

/** How one cycle stands at the end of the events. Times are RFC 3339 in UTC, durations milliseconds of its calendar. */
export interface OutcomeLine {
  readonly kind: 'outcome';
  readonly entity: Entity;
  readonly case: string;
  readonly rule: string;
  readonly cycle: number;
  readonly outcome: Outcome;
  readonly startedAt: string;
  readonly dueAt: string;
  readonly endedAt: string | null;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly overdueMs: number;
  /** Its due instant was computed on plain hours: the holidays of a year before it are not known. */
  readonly uncovered?: true;
}

export interface TransitionLine {
  readonly kind: 'clock';
  readonly case: string;
  readonly rule: string;
  readonly cycle: number;
  readonly state: FactState | StoryFact['state'] | 'withdrawn';
  readonly at: string;
  readonly percent?: number;
  /** As of an outcome. */
  readonly uncovered?: true;
}

export interface AlertLine {
  readonly kind: 'alert';
  readonly rule: string;
  readonly group: string;
  readonly state: 'firing' | 'resolved';
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly at: string;
}

/** By case, rule (both as strings, by code point), cycle. */
export function compareOutcomes(a: OutcomeLine, b: OutcomeLine): number {
  return compareCodePoints(a.case, b.case) || compareCodePoints(a.rule, b.rule) || a.cycle - b.cycle;
}

/**
 * By time, case, rule, cycle. An alert has neither case nor cycle and stands first at its instant. Sorting is stable:
 * what is equal here stays in the order of its causes.
 */
export function compareTransitions(a: TransitionLine | AlertLine, b: TransitionLine | AlertLine): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  const byCase = compareCodePoints(a.kind === 'clock' ? a.case : '', b.kind === 'clock' ? b.case : '');
  if (byCase !== 0) return byCase;
  const byRule = compareCodePoints(a.rule, b.rule);
  if (byRule !== 0) return byRule;
  return (a.kind === 'clock' ? a.cycle : 0) - (b.kind === 'clock' ? b.cycle : 0);
}
