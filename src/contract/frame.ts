// What goes over `/ws` to a wallboard. A delta replaces whole sections of the board; offsets have no gap.
// Instants are milliseconds since 1970 UTC.
import type { Entity } from './event.ts';

/** A large figure: `value` null means no data (neither 0 nor 100 %). */
export interface Figure {
  readonly rule: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly unit: 'ratio' | 'count' | 'seconds' | 'number';
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  /** Of a largest share: the group that has it, such as a category; null for other figures and without any. */
  readonly leader: string | null;
  /** The bound of its alert, and which side of it is bad. */
  readonly threshold: number | null;
  readonly badWhen: 'above' | 'below' | null;
  readonly state: 'ok' | 'pending' | 'firing' | 'no-data' | 'few';
  /** The published name of the variant in use, for figures that have several. */
  readonly variant: { readonly zh: string; readonly en: string } | null;
  readonly windowMs: number | null;
}

export interface QueueRow {
  readonly queue: string;
  /** How many wait, of the policy's figure for it; null where it has none. */
  readonly waiting: number | null;
  /** When the one who waits longest entered the queue; null when nobody waits. */
  readonly longestSince: number | null;
  readonly serviceLevel: number | null;
  readonly abandonment: number | null;
  readonly complaintRate: number | null;
  readonly openCases: number;
  readonly overdue: number;
}

/** One clock of one open case. While paused `dueAt` is what it would be if the pause ended now. */
export interface RiskRow {
  readonly entity: Entity;
  readonly case: string;
  readonly rule: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly queue: string;
  readonly customer: string;
  readonly startedAt: number;
  readonly dueAt: number;
  readonly state: 'running' | 'paused' | 'overdue';
  /** The due instant was computed on plain hours: the holidays of a year before it are not known. */
  readonly uncovered?: true;
}

export interface AlertRow {
  readonly id: string;
  readonly rule: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly group: string;
  readonly severity: string;
  readonly state: 'firing' | 'resolved';
  readonly at: number;
  /** As of now while it fires, beside the figure's own; else as of its last turn. */
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly action: string | null;
}

/** One line of what just happened: a breach, a withdrawal, an alert, an action that a clock calls for at once. */
export interface FeedItem {
  readonly id: string;
  readonly at: number;
  readonly kind: 'warned' | 'breached' | 'missed' | 'withdrawn' | 'firing' | 'resolved' | 'action';
  readonly rule: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly subject: string;
  /** Of an alert: how grave it was when it turned, which may be another word than the policy of now has. */
  readonly severity?: string;
  /** Of an action: which, and the roles that are told. */
  readonly action?: string;
  readonly to?: readonly string[];
}

export interface BoardHealth {
  /** False when a partition has no live owner, is catching up, or its owner has not been heard of for 3 s. */
  readonly fresh: boolean;
  readonly pending: number;
  readonly behind: readonly number[];
}

export interface Board {
  readonly figures: readonly Figure[];
  readonly queues: readonly QueueRow[];
  /** Null where the policy has no figure of agents by state. */
  readonly agents: readonly { readonly state: string; readonly count: number }[] | null;
  /** Clocks that were warned, soonest due first. */
  readonly atRisk: readonly RiskRow[];
  /** Clocks past due and still open, longest overdue first; `overdueCount` counts all. */
  readonly overdue: readonly RiskRow[];
  /** Cases with a clock that was warned and is not past due. */
  readonly atRiskCount: number;
  /** Clocks, of which a case may have several. */
  readonly overdueCount: number;
  readonly alerts: readonly AlertRow[];
  /** Latest first, by the instant that each tells. */
  readonly feed: readonly FeedItem[];
  readonly health: BoardHealth;
}

export interface SnapshotFrame {
  readonly type: 'snapshot';
  readonly board: string;
  readonly epoch: string;
  readonly offset: number;
  /** RFC 3339: the instant for which the figures hold. */
  readonly asOf: string;
  readonly centre: string;
  readonly timezone: string;
  readonly state: Board;
}

export interface DeltaFrame {
  readonly type: 'delta';
  readonly offset: number;
  readonly asOf: string;
  readonly changes: Partial<Board>;
}

export interface HeartbeatFrame {
  readonly type: 'heartbeat';
  readonly asOf: string;
}

export interface ErrorFrame {
  readonly type: 'error';
  readonly code: 'bad-request' | 'no-such-board' | 'not-subscribed' | 'forbidden';
}

export type ServerFrame = SnapshotFrame | DeltaFrame | HeartbeatFrame | ErrorFrame;

export interface SubscribeFrame {
  readonly subscribe: string;
  readonly epoch?: string | undefined;
  readonly offset?: number | undefined;
}
