// What CONTRACT.md says of clocks (sections 1 and 3), written a second time, from its words alone: as plainly and slowly as
// they read, and without any of the engine. For each instant at which a case is looked at, everything is worked out anew
// from the first event on.
import { compareEvents, type SlaEvent } from '../../src/contract/event.ts';
import { calendarNamed, type ModelCalendar, type Span } from './clock-model-calendar.ts';

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
}

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
}

/** One event with what holds once it has been applied. */
interface Moment {
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

type End = { readonly at: number; readonly by: 'stop' | 'cancel' | 'gate' | 'merge' | 'waiver' };
interface Cycle {
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

/** A start that waits for `when`, which only clocks with `retroactive: false` have. */
type Waiting = Pick<Cycle, 'key' | 'begunBy' | 'named'>;

export function modelOutcomes(clock: ModelClock, events: readonly SlaEvent[], until: number): ModelOutcome[] {
  const known = events.filter(({ time }) => time <= until).sort(compareEvents);
  const moments = momentsOf(clock, known);
  const pauses = pausesOf(moments, clock.pause.length, until);
  const waived = new Run(clock).waived(moments);
  return new Run(clock)
    .through(moments)
    .map(cycle => ({ ...cycle, isWaived: waived.has(nameOf(cycle)) }))
    .sort((a, b) => a.start - b.start || a.begunBy - b.begunBy)
    .map((cycle, i) => ({
      rule: clock.rule,
      cycle: i + 1,
      ...figuresOf(clock, cycle, pauses, moments.at(-1)?.paused.includes(true) ?? false, until),
    }));
}

/** The latest event with which `when` held decides: what came after it only ended what was open then. */
class Run {
  readonly #clock: ModelClock;
  readonly #cycles: Cycle[] = [];
  #waiting: Waiting[] = [];
  #next: Waiting[] = [];
  /** The duration that the target has now, or else the last that it had since there was anything to start. */
  #duration: string | null = null;

  constructor(clock: ModelClock) {
    this.#clock = clock;
  }

  through(moments: readonly Moment[]): Cycle[] {
    const last = moments.findLastIndex(({ holds }) => holds);
    for (const moment of moments.slice(0, last + 1)) this.#apply(moment);
    const closing = last < 0 ? undefined : moments[last + 1];
    if (closing !== undefined) {
      this.#end(closing);
      for (const cycle of this.#open()) cycle.end = { at: closing.event.time, by: 'gate' };
    }
    return this.#cycles;
  }

  /** Which cycles are waived, if those that `when` ended are taken for open. */
  waived(moments: readonly Moment[]): ReadonlySet<string> {
    for (const moment of moments) this.#apply(moment);
    return new Set(this.#cycles.filter(({ isWaived }) => isWaived).map(nameOf));
  }

  #apply(moment: Moment): void {
    this.#end(moment);
    this.#startWaiting(moment);
    this.#reopen(moment);
    this.#start(moment);
    this.#startWaiting(moment);
  }

  #isWaiver({ type, fields }: SlaEvent): boolean {
    return type === 'ticket.waived' && fields.rule === this.#clock.rule;
  }

  #open(): Cycle[] {
    return this.#cycles.filter(({ end }) => end === null);
  }

  /** Stops, then cancels. What is waived or merged comes with them. */
  #end(moment: Moment): void {
    const { event } = moment;
    const isBlank = this.#cycles.length === 0 && this.#waiting.length === 0;
    this.#duration = moment.duration ?? (isBlank ? null : this.#duration);
    for (const cycle of this.#cycles)
      if (cycle.end === null || (cycle.duration === null && moment.holds)) cycle.duration = this.#duration;
    const ended = (by: End['by'], open: readonly Cycle[]) => {
      for (const cycle of open) cycle.end = { at: event.time, by };
    };
    const isOf = ({ key }: Waiting) => this.#clock.each === null || key === this.#keyOf(event);
    const next: Waiting[] = [];
    if (this.#clock.stop.some(test => isEvent(test, moment))) {
      const stopped = [...this.#open(), ...this.#waiting].filter(isOf);
      if (this.#clock.repeat)
        for (const { key } of stopped) next.push({ key, begunBy: moment.index, named: null });
      ended('stop', this.#open().filter(isOf));
      this.#waiting = this.#waiting.filter(one => !isOf(one));
    }
    if (this.#clock.cancel.some(test => isEvent(test, moment))) {
      ended('cancel', this.#open().filter(isOf));
      this.#waiting = this.#waiting.filter(one => !isOf(one));
    }
    // The next cycle starts with the starts of this event: its own cancel is before that.
    this.#next = next;
    if (event.type === 'ticket.merged') {
      ended('merge', this.#open());
      this.#waiting = [];
    }
    if (this.#isWaiver(event)) {
      const open = this.#open();
      for (const cycle of open.length > 0 ? open : this.#cycles.slice(-1)) cycle.isWaived = true;
      ended('waiver', open);
    }
  }

  #reopen({ event, holds, index }: Moment): void {
    const latest = this.#cycles.at(-1);
    if (event.type !== 'ticket.reopened' || !holds || this.#clock.each !== null) return;
    if (latest?.end?.by !== 'stop' || latest.isWaived) return;
    if (this.#clock.reopen === 'continue') {
      latest.gaps.push({ from: latest.end.at, to: event.time });
      latest.end = null;
      latest.duration = this.#duration;
    }
    if (this.#clock.reopen === 'restart')
      this.#begin({ key: '', begunBy: index, named: null }, event.time, this.#duration);
  }

  #start(moment: Moment): void {
    const { event, index } = moment;
    const wanted = this.#next;
    const key = this.#clock.each === null ? '' : this.#keyOf(event);
    const named = this.#namedBy(event);
    const isStart = this.#clock.start.some(one => isStartBy(one, moment));
    if (isStart && key !== null && named !== undefined) wanted.push({ key, begunBy: index, named });
    for (const one of wanted) {
      const isTaken = [...this.#open(), ...this.#waiting].some(other => other.key === one.key);
      if (!isTaken) this.#waiting.push(one);
    }
  }

  #startWaiting({ event, holds }: Moment): void {
    if (!holds && !this.#clock.retroactive) return;
    for (const one of this.#waiting)
      if (!this.#open().some(({ key }) => key === one.key)) this.#begin(one, event.time, this.#duration);
    this.#waiting = [];
  }

  #begin({ key, begunBy, named }: Waiting, start: number, duration: string | null): void {
    this.#cycles.push({ key, begunBy, named, start, duration, end: null, isWaived: false, gaps: [] });
  }

  /** The value by which cycles run side by side; null where the event has none. */
  #keyOf(event: SlaEvent): string | null {
    const value = this.#clock.each === null ? '' : event.fields[this.#clock.each];
    return value === undefined ? null : String(value);
  }

  /** The instant that a start event names; undefined where it should and does not; null where none is asked for. */
  #namedBy(event: SlaEvent): number | null | undefined {
    const { target } = this.#clock;
    if (typeof target === 'string' || !('at' in target)) return null;
    const value = event.fields[target.at];
    return value === undefined ? undefined : Date.parse(String(value));
  }
}

const nameOf = ({ key, begunBy, start }: Cycle): string => `${start} ${begunBy} ${key}`;

function momentsOf(clock: ModelClock, events: readonly SlaEvent[]): Moment[] {
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
function isEvent({ type, where = {} }: EventTest, { event, after }: Bare): boolean {
  return (
    type === event.type &&
    Object.entries(where).every(([path, wanted]) => isOneOf(event.fields[path] ?? after.get(path), wanted))
  );
}

function isTrue(tests: Tests, attributes: ReadonlyMap<string, Value>): boolean {
  return Object.entries(tests).every(([name, wanted]) => isOneOf(attributes.get(name), wanted));
}

function isStartBy(one: EventTest | Becomes, moment: Bare): boolean {
  if (!('becomes' in one)) return isEvent(one, moment);
  return isTrue(one.becomes, moment.after) && !isTrue(one.becomes, moment.before);
}

function durationIn(target: ModelTarget, attributes: ReadonlyMap<string, Value>): string | null {
  if (typeof target === 'string') return target;
  if ('at' in target) return '';
  return target.values[String(attributes.get(target.by))] ?? target.else ?? null;
}

/** The times in which one of the pauses was on, the first pause's before the second's. */
function pausesOf(moments: readonly Moment[], count: number, until: number): Span[] {
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

function figuresOf(
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
  const dueAt = dueOf(
    calendar,
    cycle,
    uncounted.filter(span => span.to >= start),
  );
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
  };
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
  const { number, unit } = parse(cycle.duration ?? '0s');
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
  return calendar.add(cycle.start, number * (UNITS[unit] ?? Number.NaN), uncounted);
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parse(duration: string): { number: number; unit: string } {
  const match = /^(\d+)(.+)$/.exec(duration);
  return { number: Number(match?.[1]), unit: match?.[2] ?? '' };
}
