// What the monitor found and tells: clock records, alert records, action records. CONTRACT.md, section 2.
import type { Entity } from './event.ts';

export const CLOCK_RECORD_STATES = [
  'warned',
  'breached',
  'escalated',
  'met',
  'missed',
  'cancelled',
  'waived',
  'withdrawn',
] as const;
export type ClockRecordState = (typeof CLOCK_RECORD_STATES)[number];

/** Times are RFC 3339 in UTC with milliseconds; durations are milliseconds of the clock's calendar. */
export interface ClockRecord {
  readonly id: string;
  readonly kind: 'clock';
  readonly at: string;
  readonly seenAt: string;
  readonly entity: Entity;
  readonly case: string;
  readonly rule: string;
  readonly cycle: number;
  readonly state: ClockRecordState;
  readonly percent?: number;
  readonly step?: number;
  readonly to?: string;
  /** Of a withdrawal: what the cycle called for at its start, and is taken back. */
  readonly action?: string;
  readonly startedAt: string;
  readonly dueAt: string;
  readonly endedAt: string | null;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly overdueMs: number;
  readonly policy: string;
  /** The due instant was computed across a year whose holidays are not known: on plain hours. Left out where all is known. */
  readonly uncovered?: true;
}

export interface AlertRecord {
  readonly id: string;
  readonly kind: 'alert';
  readonly at: string;
  readonly seenAt: string;
  readonly rule: string;
  readonly group: string;
  readonly state: 'firing' | 'resolved';
  readonly severity: string;
  /** Which transition of this rule and group it is, counted from 1. */
  readonly number: number;
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly policy: string;
}

/** What other systems should do: an alert that fired calls for it, or a case at the start of a clock. */
export type ActionRecord = AlertActionRecord | CaseActionRecord;

export interface AlertActionRecord {
  readonly id: string;
  readonly kind: 'action';
  readonly at: string;
  readonly seenAt: string;
  readonly action: string;
  readonly rule: string;
  readonly group: string;
  readonly alert: string;
  readonly policy: string;
}

export interface CaseActionRecord {
  readonly id: string;
  readonly kind: 'action';
  /** When the cycle came to be there for anyone: its start, or when its rule began to apply. */
  readonly at: string;
  readonly seenAt: string;
  readonly action: string;
  readonly rule: string;
  readonly entity: Entity;
  readonly case: string;
  readonly cycle: number;
  /** Roles to be told; empty where only the action is called for. */
  readonly to: readonly string[];
  readonly policy: string;
}

/** Nobody is told of what was over for longer than this, ms, when it became known: so importing a history is quiet. */
export const QUIET_MS = 3_600_000;
