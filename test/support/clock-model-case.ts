// The clock model's case: a clock as a policy says it, attributes, conditions and pauses, event by event (CONTRACT.md,
// sections 1 and 3).
import type { SlaEvent } from '../../src/contract/event.ts';
import type { Span } from './clock-model-calendar.ts';

type Value = string | number | boolean;
export type Tests = Readonly<Record<string, Value | readonly Value[]>>;
export interface EventTest {
  readonly type: string;
  readonly where?: Tests;
}
export interface Becomes {
  readonly becomes: Tests;
}
export interface ModelPause {
  readonly from: readonly EventTest[];
  readonly to: readonly EventTest[];
}
export type ModelTarget =
  | string
  | { readonly at: string }
  | { readonly by: string; readonly values: Readonly<Record<string, string>>; readonly else?: string };
/** One clock of a policy, with its lists always written as lists. */
export interface ModelClock {
  readonly rule: string;
  readonly calendar: string;
  readonly start: readonly (EventTest | Becomes)[];
  readonly stop: readonly EventTest[];
  readonly cancel: readonly EventTest[];
  readonly pause: readonly ModelPause[];
  /** Empty: always. */
  readonly when: readonly Tests[];
  readonly retroactive: boolean;
  readonly repeat: boolean;
  readonly reopen: 'ignore' | 'continue' | 'restart';
  /** A field, or null. */
  readonly each: string | null;
  readonly target: ModelTarget;
  /** Shares of the open time from start to due, or open time before due. */
  readonly warn: readonly string[];
  /** The open time after the breach, in a calendar; the breach itself is left out. */
  readonly ladder: readonly { readonly after: string; readonly calendar: string }[];
}

/** One event with what holds once it has been applied. */
export interface Moment {
  readonly event: SlaEvent;
  readonly index: number;
  readonly before: ReadonlyMap<string, Value>;
  readonly after: ReadonlyMap<string, Value>;
  /** Which of the pauses are on after it. */
  readonly paused: readonly boolean[];
  /** The duration that the target has after it; null where `by` finds none. */
  readonly duration: string | null;
  /** Whether `when` holds after it, and `by` finds a value. */
  readonly holds: boolean;
}

export function momentsOf(clock: ModelClock, events: readonly SlaEvent[]): Moment[] {
  const on = clock.pause.map(() => false);
  let before: ReadonlyMap<string, Value> = new Map();
  return events.map((event, index) => {
    const after = attributesAfter(before, event);
    const bare = { event, before, after };
    clock.pause.forEach(({ from, to }, i) => {
      const begins = from.some(test => isEvent(test, bare));
      const ends = to.some(test => isEvent(test, bare));
      on[i] = on[i] ? !ends : begins;
    });
    const duration = durationIn(clock.target, after);
    const holds =
      duration !== null && (clock.when.length === 0 || clock.when.some(tests => isTrue(tests, after)));
    before = after;
    return { ...bare, index, paused: [...on], duration, holds };
  });
}

const STATUS_AFTER: Readonly<Record<string, string>> = {
  'ticket.pending': 'pending',
  'ticket.resolved': 'resolved',
  'ticket.closed': 'closed',
  'ticket.cancelled': 'cancelled',
  'ticket.resumed': 'open',
  'ticket.reopened': 'open',
};
const ATTRIBUTES = ['urgency', 'queue', 'vip', 'customer.tier'];

function attributesAfter(before: ReadonlyMap<string, Value>, event: SlaEvent): ReadonlyMap<string, Value> {
  const after = new Map(before);
  for (const name of ATTRIBUTES) {
    const value = event.fields[name];
    if (value !== undefined && !Array.isArray(value)) after.set(name, String(value));
  }
  after.set('status', STATUS_AFTER[event.type] ?? before.get('status') ?? 'open');
  return after;
}

type Bare = Pick<Moment, 'event' | 'before' | 'after'>;

function isOneOf(value: unknown, wanted: Tests[string]): boolean {
  if (value === undefined) return false;
  return (typeof wanted === 'object' ? wanted : [wanted]).some(one => String(one) === String(value));
}

/** A field is looked up in the event's data, else in the case's attributes. */
export function isEvent({ type, where = {} }: EventTest, { event, after }: Bare): boolean {
  return (
    type === event.type &&
    Object.entries(where).every(([path, wanted]) => isOneOf(event.fields[path] ?? after.get(path), wanted))
  );
}

function isTrue(tests: Tests, attributes: ReadonlyMap<string, Value>): boolean {
  return Object.entries(tests).every(([name, wanted]) => isOneOf(attributes.get(name), wanted));
}

export function isStartBy(one: EventTest | Becomes, moment: Bare): boolean {
  if (!('becomes' in one)) return isEvent(one, moment);
  return isTrue(one.becomes, moment.after) && !isTrue(one.becomes, moment.before);
}

function durationIn(target: ModelTarget, attributes: ReadonlyMap<string, Value>): string | null {
  if (typeof target === 'string') return target;
  if ('at' in target) return '';
  return target.values[String(attributes.get(target.by))] ?? target.else ?? null;
}

/** The times in which one of the pauses was on, the first pause's before the second's. */
export function pausesOf(moments: readonly Moment[], count: number, until: number): Span[] {
  return Array.from({ length: count }, (_, i) => {
    const spans: Span[] = [];
    let from: number | null = null;
    for (const { event, paused } of moments) {
      if (paused[i]) from ??= event.time;
      else if (from !== null) {
        spans.push({ from, to: event.time });
        from = null;
      }
    }
    return from === null ? spans : [...spans, { from, to: until }];
  }).flat();
}
