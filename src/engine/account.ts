// What the account of a clock is made of. Durations are ms, instants RFC 3339 in UTC; sentences are in local time.
import type { Title } from '../policy/compiled.ts';
import type { CoverageMark } from './coverage.ts';
import type { Outcome } from './cycle.ts';
import type { Hygiene } from './hygiene.ts';
import type { TimePart } from './time-parts.ts';
import type { AttributeChange, MoveCause } from './trace.ts';

/** An event as a step names it. */
export interface EventRef {
  readonly type: string;
  readonly id: string;
  readonly source: string;
}

/** Why a clock is due when it is: what a supervisor asks first. */
export interface DueReason {
  readonly startedAt: string;
  readonly startedBy: string | null;
  readonly target: string | null;
  /** The attribute that chose the target, and its value. */
  readonly by: { readonly attribute: string; readonly value: string } | null;
  readonly calendar: string;
  /** The due instant had nothing been left out. */
  readonly withoutPauses: string | null;
  readonly pauses: readonly { readonly from: string; readonly to: string | null }[];
  readonly gaps: readonly { readonly from: string; readonly to: string | null }[];
  readonly pausedMs: number;
  readonly uncovered: boolean;
  /** The first year on the way to the due instant whose holidays are not known; null when all are. */
  readonly uncoveredYear: number | null;
  readonly sentence: Title;
  /** Which business days count, and what would end a clock that is open. */
  readonly notes: readonly Title[];
}

export type StepKind =
  | 'started'
  | 'action'
  | 'moved'
  | 'paused'
  | 'resumed'
  | 'stopped'
  | 'warned'
  | 'breached'
  | 'escalated'
  | 'reopened'
  | 'hidden'
  | 'shown'
  | 'met'
  | 'missed'
  | 'cancelled'
  | 'waived';

/**
 * One step of a cycle's life. `dueFrom` and `dueTo` where it made the due instant known or moved it. `resumed` is also the
 * end of a pause that was on when the clock was stopped or ended; `stopped` is a stop that a reopening undid.
 */
export interface Step {
  readonly at: string;
  readonly kind: StepKind;
  readonly cause: MoveCause | null;
  readonly event: EventRef | null;
  readonly changes: readonly AttributeChange[];
  /** The target since then, where the due instant became known or moved. */
  readonly target: string | null;
  readonly dueFrom: string | null;
  readonly dueTo: string | null;
  /** Open time of the pause that this step ends, ms of the calendar; null for other steps. */
  readonly pausedMs: number | null;
  /** How often a call had rung when this step's event stopped or ended its clock; null where it does not say. */
  readonly rings: number | null;
  /** Of a deadline that had passed when it became known: the instant of the event that showed it. */
  readonly knownAt: string | null;
  /** Roles that were told of it, by the times of events; nobody is told of what was known more than an hour late. */
  readonly told: readonly string[];
  /** Of a breach that was told and did not last: when, and by which event, it was taken back. Other deadlines never are. */
  readonly takenBackAt: string | null;
  readonly takenBackBy: EventRef | null;
  readonly text: Title;
}

/** The whole account of one cycle. */
export interface Explanation {
  readonly steps: readonly Step[];
  readonly counted: {
    readonly ranges: readonly { readonly from: string; readonly to: string }[];
    /** Open time beyond the ranges that are listed. */
    readonly unlistedMs: number;
  };
  /** From the start to the end, or to now: wall time. */
  readonly wholeMs: number;
  /** They add up to `wholeMs`. */
  readonly parts: readonly (TimePart & { readonly text: Title })[];
  readonly hygiene: Hygiene;
}

export interface ClockView extends CoverageMark {
  readonly rule: string;
  readonly title: Title;
  readonly cycle: number;
  readonly each: string | null;
  readonly outcome: Outcome;
  readonly warned: boolean;
  readonly startedAt: string;
  readonly dueAt: string;
  readonly endedAt: string | null;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly overdueMs: number;
  readonly why: DueReason;
  /** Null for the earlier ones of very many cycles. */
  readonly explanation: Explanation | null;
}
