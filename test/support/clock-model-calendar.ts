// The slow calendar of the clock model: quarters of an hour of UTC are looked at one by one. Everything that the model is
// tried on (events, hours, targets) lies on half hours, and half of what it warns of on quarters, so that this is exact.

/** The grid that all instants and durations lie on. */
const STEP_MS = 900_000;
const DAY_MS = 86_400_000;
/** How far is looked for an opening: no random calendar is closed for so long. */
const REACH_DAYS = 40;

/** From and to in milliseconds since the midnight that begins the day; `to` may lie on the next day. */
type Range = readonly [from: number, to: number];

/** Time that does not count, from an instant to another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface ModelDays {
  /** As a policy writes it. */
  readonly written: Readonly<Record<string, unknown>>;
  /** The hours of each weekday, Sunday first. */
  readonly week: readonly (readonly Range[])[];
}

const H = 3_600_000;
const office: readonly Range[] = [
  [9 * H, 12 * H],
  [13.5 * H, 18 * H],
];
const night: readonly Range[] = [[22 * H, 26 * H]];

/** The calendars that random clocks choose from: the ranges here say what the policy's text beside them says. */
export const MODEL_CALENDARS: Readonly<Record<string, ModelDays>> = {
  always: { written: { always: true }, week: Array.from({ length: 7 }, () => [[0, DAY_MS]]) },
  office: {
    written: { hours: { 'mon-fri': ['09:00-12:00', '13:30-18:00'] } },
    week: [[], office, office, office, office, office, []],
  },
  night: {
    written: { hours: { fri: ['22:00-02:00'], sat: ['09:00-12:00', '22:00-02:00'], mon: ['22:00-02:00'] } },
    week: [[], night, [], [], [], night, [[9 * H, 12 * H], ...night]],
  },
};

const isWithin = (spans: readonly Span[], at: number): boolean =>
  spans.some(({ from, to }) => at >= from && at < to);

export class ModelCalendar {
  readonly #week: ModelDays['week'];
  readonly #known = new Map<number, boolean>();

  constructor(name: string) {
    const days = MODEL_CALENDARS[name];
    if (days === undefined) throw new Error(`no calendar ${name}`);
    this.#week = days.week;
  }

  /** The ranges that open on the day that begins at `midnight`, as instants. */
  #rangesOf(midnight: number): Span[] {
    const ranges = this.#week[new Date(midnight).getUTCDay()] ?? [];
    return ranges.map(([from, to]) => ({ from: midnight + from, to: midnight + to }));
  }

  /** The midnight of the day to which an instant belongs: that of the range it lies in, else its own date. */
  #dayOf(at: number): number {
    const midnight = Math.floor(at / DAY_MS) * DAY_MS;
    const isOfTheDayBefore = isWithin(this.#rangesOf(midnight - DAY_MS), at);
    return isOfTheDayBefore ? midnight - DAY_MS : midnight;
  }

  isOpen(at: number): boolean {
    const known = this.#known.get(at);
    if (known !== undefined) return known;
    const isOpen = isWithin(this.#rangesOf(this.#dayOf(at)), at);
    this.#known.set(at, isOpen);
    return isOpen;
  }

  /** Open time between two instants that none of the spans takes away. */
  openTime(from: number, to: number, without: readonly Span[] = []): number {
    let sum = 0;
    for (let at = from; at < to; at += STEP_MS) if (this.isOpen(at) && !isWithin(without, at)) sum += STEP_MS;
    return sum;
  }

  /**
   * The earliest instant with that much open time behind it since `from`, where spans do not count. With no time at all
   * it is the first open instant, or the end of a span that began before that one.
   */
  add(from: number, ms: number, without: readonly Span[] = []): number {
    let left = ms;
    for (let at = from; at < from + REACH_DAYS * DAY_MS; at += STEP_MS) {
      if (left === 0 && ms > 0) return at;
      if (!this.isOpen(at)) continue;
      if (ms === 0 && !without.some(({ from, to }) => at > from && at < to)) return at;
      if (!isWithin(without, at)) left -= STEP_MS;
    }
    throw new Error('the model does not reach so far');
  }

  /** The instant that a target of business days is due at, without any pause. */
  addDays(from: number, days: number, isSameTime: boolean): number {
    const first = this.#dayOf(from);
    if (days === 0) {
      const close = this.#closeOf(first);
      if (close !== null && close > from) return close;
    }
    let left = Math.max(1, days);
    for (let day = first + DAY_MS; day < first + REACH_DAYS * DAY_MS; day += DAY_MS) {
      const close = this.#closeOf(day);
      if (close === null) continue;
      left -= 1;
      if (left > 0) continue;
      return isSameTime ? this.#sameTime(day, from + (day - first), close) : close;
    }
    throw new Error('the model does not reach so far');
  }

  /** The end of a day's last range; null for a day without any. */
  #closeOf(midnight: number): number | null {
    const ranges = this.#rangesOf(midnight);
    return ranges.length === 0 ? null : Math.max(...ranges.map(({ to }) => to));
  }

  #sameTime(midnight: number, at: number, close: number): number {
    const ranges = this.#rangesOf(midnight);
    if (ranges.some(({ from, to }) => at >= from && at <= to)) return at;
    const later = ranges.map(({ from }) => from).filter(from => from > at);
    return later.length > 0 ? Math.min(...later) : close;
  }
}

const made = new Map<string, ModelCalendar>();

export function calendarNamed(name: string): ModelCalendar {
  const calendar = made.get(name) ?? new ModelCalendar(name);
  made.set(name, calendar);
  return calendar;
}
