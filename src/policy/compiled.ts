// What a policy is after loading: checked, resolved, indexed by what its rules listen to. The engine runs on this.
// Instants are milliseconds since 1970 UTC, durations milliseconds.
import type { Entity, FieldValue } from '../contract/event.ts';
import type { Zone } from './zone.ts';

/** Open time of a service centre. Ranges are half open: the opening instant is inside, the close is not. */
export interface Calendar {
  readonly name: string;
  /** True for `always: true`: every instant is open, business days are local dates. */
  readonly always: boolean;
  /** The zone of its hours and dates, which may be another than the policy's. */
  readonly zone: Zone;
  isOpen(at: number): boolean;
  /** Open milliseconds in [from, to); 0 when `to` is not after `from`. */
  elapsed(from: number, to: number): number;
  /** The earliest instant with `ms` of open time since `from`; for 0: `from` if open then, else the next opening. */
  add(from: number, ms: number): number;
  /** Due instant of `days` business days from `from`: at the close of the day, or at the same local time. */
  addBusinessDays(from: number, days: number, sameTime: boolean): number;
  /** The country whose holidays close it; null for one of a file, or for none. */
  readonly country: string | null;
  /** The first year from that of `from` to that of `to` whose holidays are not known (plain hours hold there); null: all are. */
  uncoveredYear(from: number, to: number): number | null;
  /**
   * The first instant at or after `at` whose holidays are not known; where those of `at` are not, the beginning of
   * that time, which is then in the past. Null for a calendar that asks for no holidays.
   */
  coveredUntil(at: number): number | null;
  /** The minutes from midnight at which it opens or closes on any day, each once; above 1440 where it does so on the next date. */
  readonly edges: readonly number[];
}

export interface Title {
  readonly zh: string;
  readonly en: string;
}

/** FIELD: value or list; `path` is looked up in the event's fields, else in the case's attributes. */
export interface FieldTest {
  readonly path: string;
  /** Null: any value will do, if there is one (`present`). */
  readonly values: readonly FieldValue[] | null;
}

/** An event condition: any of `types` with all of `tests` true. */
export interface EventMatcher {
  readonly type: string;
  readonly tests: readonly FieldTest[];
}

/** A start by `becomes`: the event after which all tests hold and before which they did not. */
export interface BecomesMatcher {
  readonly becomes: readonly FieldTest[];
}

export type Occasion = EventMatcher | BecomesMatcher;

/** An attribute that is false until one of these events, and true from then on. */
export interface DerivedAttribute {
  readonly path: string;
  /** Cases of these have it from their first event on. */
  readonly entities: ReadonlySet<Entity>;
  readonly set: readonly Occasion[];
}

/** All tests on attributes must hold. */
export type AttributeCondition = readonly FieldTest[];

export type Duration =
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'business-days'; readonly days: number; readonly sameTime: boolean };

export type Target =
  | { readonly kind: 'fixed'; readonly duration: Duration }
  | {
      readonly kind: 'by';
      readonly attribute: string;
      readonly values: ReadonlyMap<string, Duration>;
      readonly otherwise: Duration | null;
    }
  /** The instant that the start event names in this field. */
  | { readonly kind: 'at'; readonly field: string };

export type Warning =
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'before'; readonly ms: number };

/** The action of a clock that names none, only who is told. */
export const NOTIFY = 'notify';

/** What is called for as soon as a cycle is there. */
export interface AtOnce {
  readonly action: string;
  /** Roles that are told; empty where only the action is called for. */
  readonly to: readonly string[];
}

export interface LadderStep {
  readonly afterMs: number;
  readonly to: string;
  readonly calendar: Calendar;
}

/** A pause of the case; clocks that pause alike share one (by index into `CompiledPolicy.pauses`). */
export interface CompiledPause {
  readonly index: number;
  readonly entity: Entity;
  readonly from: readonly Occasion[];
  readonly to: readonly Occasion[];
}

export interface CompiledClock {
  readonly index: number;
  readonly rule: string;
  readonly title: Title;
  /** The document it comes from (S0 … S4), or null. */
  readonly source: string | null;
  readonly entity: Entity;
  /** Any of these must hold; empty: always. */
  readonly when: readonly AttributeCondition[];
  readonly start: readonly Occasion[];
  readonly stop: readonly EventMatcher[];
  readonly cancel: readonly EventMatcher[];
  /** Indices of the pauses whose union holds this clock. */
  readonly pauses: readonly number[];
  readonly target: Target;
  readonly calendar: Calendar;
  readonly warn: readonly Warning[];
  readonly atOnce: AtOnce | null;
  readonly ladder: readonly LadderStep[];
  readonly objective: { readonly share: number; readonly windowMs: number } | null;
  readonly retroactive: boolean;
  readonly repeat: boolean;
  /** True: only the first start event begins a cycle (the first of each value, with `each`). */
  readonly once: boolean;
  /**
   * Null: a start while a cycle is open begins none. Else it begins one of its own, and a stop ends the latest open one
   * or all of them (of an `each` value).
   */
  readonly overlap: 'latest' | 'all' | null;
  /** True: over a piece of evidence. It puts no case at risk and nobody is told; its outcomes are counted like others. */
  readonly evidence: boolean;
  readonly reopen: 'ignore' | 'continue' | 'restart';
  readonly each: string | null;
  /** Attributes whose change can open or close its gate or move its target (`when`, `by`, `becomes`). */
  readonly reads: readonly string[];
}

export type Measure =
  /** Event counts: value = count / of. */
  | { readonly kind: 'ratio'; readonly count: readonly EventMatcher[]; readonly of: readonly EventMatcher[] }
  /** A clock's share met. */
  | { readonly kind: 'clock'; readonly rule: string; readonly clock: number }
  /** A statistic of a data field of matching events. */
  | {
      readonly kind: 'field';
      readonly stat: 'mean' | 'p50' | 'p90' | 'p95' | 'max';
      readonly of: readonly EventMatcher[];
      readonly field: string;
    }
  /** The largest group's part of matching events, by `field`. */
  | { readonly kind: 'share'; readonly of: readonly EventMatcher[]; readonly field: string }
  /**
   * How many cases are in a state now: those whose attributes satisfy `when` (any), and, where `from` is given,
   * whose latest `from` or `to` event is a `from`. With `longest` the figure is the age of the oldest member, in seconds.
   */
  | {
      readonly kind: 'level';
      readonly entity: Entity;
      readonly when: readonly AttributeCondition[];
      readonly from: readonly EventMatcher[];
      readonly to: readonly EventMatcher[];
      readonly longest: boolean;
    };

export interface CompiledAlert {
  readonly above: number | null;
  readonly below: number | null;
  readonly atLeast: number;
  readonly forMs: number;
  /** At or below (for `above`; at or above for `below`) this value the alert clears. */
  readonly clear: number;
  readonly severity: string;
  readonly action: string | null;
}

export interface CompiledIndicator {
  readonly index: number;
  readonly rule: string;
  readonly title: Title;
  /** The document it comes from, as of a clock. */
  readonly source: string | null;
  readonly variant: Title | null;
  readonly unit: 'ratio' | 'count' | 'seconds' | 'number';
  readonly measure: Measure;
  /** 0 for levels. */
  readonly windowMs: number;
  readonly paneMs: number;
  /** Groupings kept beside the total, each a list of paths: [['queue'], ['queue', 'team']]. */
  readonly by: readonly (readonly string[])[];
  readonly alert: CompiledAlert | null;
  /** Case attributes that its contributions depend on: `by`, tests on paths that are attributes. */
  readonly reads: readonly string[];
}

/** Which rules an event type or a changed attribute concerns, as indices. */
export interface Listeners {
  readonly clocks: readonly number[];
  readonly pauses: readonly number[];
  readonly indicators: readonly number[];
}

export interface CompiledPolicy {
  /** Content hash of the policy's text, sha-256, first 12 hex digits. */
  readonly hash: string;
  readonly name: string;
  readonly timezone: string;
  readonly clocks: readonly CompiledClock[];
  readonly pauses: readonly CompiledPause[];
  readonly indicators: readonly CompiledIndicator[];
  /** By name; `always` is there whether it is written or not. */
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Fields that the policy declares beyond the contract's, as events carry them. */
  readonly attributes: ReadonlyMap<string, 'string' | 'number' | 'boolean'>;
  readonly derived: readonly DerivedAttribute[];
  readonly byType: ReadonlyMap<string, Listeners>;
  /** Keyed by entity, then attribute path. */
  readonly byAttribute: ReadonlyMap<Entity, ReadonlyMap<string, Listeners>>;
}
