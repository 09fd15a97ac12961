// Open time of a service centre, exact in milliseconds: weekly hours, dates of their own, holidays, clock changes.
// Each year's ranges are computed once, when they are first asked for, into sorted arrays that are searched by
// bisection. A year's ranges are cut at the local new year, so that years add up.
import type { Calendar } from './compiled.ts';
import type { HolidaySource } from './holidays.ts';
import { firstAtOrAfter, get, lastAtOrBefore, lastBelow, type Range, unite } from './ranges.ts';
import { DAY_MS, firstOfYear, weekdayOf, yearOfDay, type Zone } from './zone.ts';

/** Minutes from a date's midnight; the close is above 1440 when the range runs past midnight. */
export type MinuteRange = readonly [open: number, close: number];

export interface CalendarRules {
  readonly name: string;
  readonly zone: Zone;
  /** Monday first. */
  readonly weekly: readonly (readonly MinuteRange[])[];
  /** Days (since 1970-01-01) with hours of their own; they go before everything else. */
  readonly open: ReadonlyMap<number, readonly MinuteRange[]>;
  readonly closed: ReadonlySet<number>;
  readonly holidays: HolidaySource | null;
  /** Whose holidays they are; null for those of a file, or without any. */
  readonly country: string | null;
}

/** Thrown when a calendar has no open time within ten years of where it is needed. */
export class NeverOpenError extends Error {
  override name = 'NeverOpenError';
}

/** Thrown when an amount of open time is used up so late that no date can say when. */
export class TooFarError extends NeverOpenError {
  override name = 'TooFarError';
}

/** A range that runs past midnight reaches the next date, and the one after that where the date line skips a day. */
const DAYS_REACHED = 2;
const YEARS_WITHOUT_OPENING_MAX = 10;
/** Ranges of so many years are kept; a history of centuries is computed again rather than kept whole. */
const YEARS_KEPT_MAX = 256;
const LAST_YEAR = 270_000;
/**
 * Holidays are looked up between these days. Beyond them, and beyond all dates that are written, only the week and the
 * zone count, and both repeat every 400 years: so however far away an instant lies, few years are ever computed.
 */
const FIRST_HOLIDAY = firstOfYear(1900) / DAY_MS;
const LAST_HOLIDAY = firstOfYear(2201) / DAY_MS - 1;
const FIRST_PLAIN_YEAR_MAX = 1800;
const REPEAT_YEARS = 400;
/** So far back the beginning of a time without holiday data is looked for. */
const YEARS_BACK_MAX = 10;

interface Year {
  readonly year: number;
  /** The local new year and the next one. */
  readonly from: number;
  readonly to: number;
  /** Open ranges without overlap, cut at the year's ends. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Open milliseconds of the year before each range, and at the end all of it. */
  readonly before: Float64Array;
  readonly total: number;
  /** Dates with open time, as days since 1970-01-01, and when each closes. */
  readonly days: Float64Array;
  readonly closes: Float64Array;
  /** Each of these days' own ranges, whole. */
  readonly ranges: ReadonlyMap<number, readonly Range[]>;
}

/** What a whole year adds to open time and business days; kept for every year that was ever crossed. */
type YearSum = Pick<Year, 'total'> & { readonly days: number };

export class OpenCalendar implements Calendar {
  readonly name: string;
  readonly always = false;
  readonly country: string | null;
  readonly zone: Zone;
  readonly #rules: CalendarRules;
  readonly #years = new Map<number, Year>();
  readonly #sums = new Map<number, YearSum>();
  /** The years from the one to the other are like no others; those around them repeat. */
  readonly #ownYears: readonly [first: number, last: number];
  #last: Year | null = null;

  constructor(rules: CalendarRules) {
    this.name = rules.name;
    this.country = rules.country;
    this.zone = rules.zone;
    this.#rules = rules;
    let [first, last] = [FIRST_PLAIN_YEAR_MAX, yearOfDay(LAST_HOLIDAY)];
    for (const day of [...rules.open.keys(), ...rules.closed]) {
      // A range past midnight reaches into the next year.
      first = Math.min(first, yearOfDay(day) - 1);
      last = Math.max(last, yearOfDay(day) + 1);
    }
    this.#ownYears = [first, last];
  }

  isOpen(at: number): boolean {
    const year = this.#yearAt(at);
    const i = lastAtOrBefore(year.starts, at);
    return i >= 0 && at < get(year.ends, i);
  }

  elapsed(from: number, to: number): number {
    if (to <= from) return 0;
    const first = this.#yearAt(from);
    if (to < first.to) return openBefore(first, to) - openBefore(first, from);
    const last = this.#yearAt(to);
    let sum = first.total - openBefore(first, from);
    for (let year = first.year + 1; year < last.year; year++) sum += this.#sumOf(year).total;
    return sum + openBefore(last, to);
  }

  add(from: number, ms: number): number {
    let year = this.#yearAt(from);
    if (ms <= 0) return this.#nextOpen(year, from);
    let wanted = openBefore(year, from) + ms;
    if (wanted > year.total) {
      let { year: at, total } = year;
      let empty = 0;
      while (wanted > total) {
        wanted -= total;
        empty = this.#countEmpty(total, empty, from);
        total = this.#sumOf(++at).total;
      }
      year = this.#year(at);
    }
    // The range in which the wanted amount is reached: `before[i] < wanted <= before[i + 1]`.
    const i = lastBelow(year.before, wanted);
    return get(year.starts, i) + wanted - get(year.before, i);
  }

  addBusinessDays(from: number, days: number, sameTime: boolean): number {
    const startDay = this.#dayOf(from);
    let year = this.#year(yearOfDay(startDay));
    let i = firstAtOrAfter(year.days, startDay);
    let left = days;
    if (days === 0) {
      // The starting day counts as long as it has open time left.
      if (i < year.days.length && get(year.days, i) === startDay && get(year.closes, i) <= from) i++;
    } else {
      // `i` becomes the first business day after the starting day, and `left` how many more to go.
      if (i < year.days.length && get(year.days, i) === startDay) i++;
      left--;
    }
    if (i + left >= year.days.length) {
      let at = year.year;
      let length = year.days.length;
      let empty = 0;
      while (i + left >= length) {
        left -= length - i;
        i = 0;
        empty = this.#countEmpty(length, empty, from);
        length = this.#sumOf(++at).days;
      }
      year = this.#year(at);
    }
    const day = get(year.days, i + left);
    return sameTime ? this.#sameTimeOn(day, from, startDay) : get(year.closes, i + left);
  }

  uncoveredYear(from: number, to: number): number | null {
    const { holidays, zone } = this.#rules;
    if (holidays === null) return null;
    const last = yearOfDay(zone.dayAt(to));
    for (let year = yearOfDay(zone.dayAt(from)); year <= last; year++) {
      if (!covers(holidays, year)) return year;
    }
    return null;
  }

  coveredUntil(at: number): number | null {
    const { holidays, zone } = this.#rules;
    if (holidays === null) return null;
    const now = yearOfDay(zone.dayAt(at));
    let year = now;
    if (covers(holidays, now)) while (covers(holidays, year)) year++;
    else while (year > now - YEARS_BACK_MAX && !covers(holidays, year - 1)) year--;
    return zone.toInstant(firstOfYear(year));
  }

  get edges(): readonly number[] {
    const { weekly, open } = this.#rules;
    return [...new Set([...weekly, ...open.values()].flat(2))];
  }

  /** Whether any range opens on a day (days since 1970-01-01). */
  opensOn(day: number): boolean {
    return this.#rangesOf(day).length > 0;
  }

  /** An instant inside a range belongs to the day on which that range opened, any other to its local date. */
  #dayOf(at: number): number {
    const local = this.#rules.zone.dayAt(at);
    for (let day = local - DAYS_REACHED; day <= local + 1; day++) {
      for (const [start, end] of this.#rangesOn(day)) if (at >= start && at < end) return day;
    }
    return local;
  }

  /** The local time of `from` on another day; outside its open time the next range of that day, else its close. */
  #sameTimeOn(day: number, from: number, startDay: number): number {
    const { zone } = this.#rules;
    const local = from + zone.offsetAt(from) + (day - startDay) * DAY_MS;
    const at = zone.toInstant(local);
    const ranges = this.#rangesOn(day);
    for (const [start, end] of ranges) {
      if (at < start) return start;
      if (at <= end) return at;
    }
    return ranges.at(-1)?.[1] ?? at;
  }

  #nextOpen(first: Year, from: number): number {
    let year = first;
    let i = lastAtOrBefore(year.starts, from);
    if (i >= 0 && from < get(year.ends, i)) return from;
    i++;
    let empty = 0;
    while (i >= year.starts.length) {
      i = 0;
      empty = this.#countEmpty(year.year === first.year ? 0 : year.total, empty, from);
      year = this.#year(year.year + 1);
    }
    return get(year.starts, i);
  }

  #countEmpty(total: number, empty: number, from: number): number {
    const count = total > 0 ? 0 : empty + 1;
    if (count > YEARS_WITHOUT_OPENING_MAX) {
      const when = new Date(from).toISOString();
      throw new NeverOpenError(
        `calendar "${this.name}" is never open within ${YEARS_WITHOUT_OPENING_MAX} years, counted from ${when}`,
      );
    }
    return count;
  }

  #yearAt(at: number): Year {
    const last = this.#last;
    if (last !== null && at >= last.from && at < last.to) return last;
    let year = this.#year(new Date(at).getUTCFullYear());
    if (at < year.from) year = this.#year(year.year - 1);
    else if (at >= year.to) year = this.#year(year.year + 1);
    this.#last = year;
    return year;
  }

  #sumOf(year: number): YearSum {
    if (year > LAST_YEAR) throw new TooFarError(`calendar "${this.name}" ends with the year ${LAST_YEAR}`);
    const [first, last] = this.#ownYears;
    let like = year;
    if (year > last) like = last + 1 + ((year - last - 1) % REPEAT_YEARS);
    else if (year < first) like = first - 1 - ((first - 1 - year) % REPEAT_YEARS);
    let sum = this.#sums.get(like);
    if (sum === undefined) {
      const { total, days } = this.#year(like);
      sum = { total, days: days.length };
      this.#sums.set(like, sum);
    }
    return sum;
  }

  #year(year: number): Year {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    if (year > LAST_YEAR) throw new TooFarError(`calendar "${this.name}" ends with the year ${LAST_YEAR}`);
    const built = this.#build(year);
    if (this.#years.size >= YEARS_KEPT_MAX) this.#years.clear();
    this.#years.set(year, built);
    return built;
  }

  #build(year: number): Year {
    const { zone } = this.#rules;
    const first = firstOfYear(year) / DAY_MS;
    const end = firstOfYear(year + 1) / DAY_MS;
    const from = zone.toInstant(first * DAY_MS);
    const to = zone.toInstant(end * DAY_MS);
    const ranges: Range[] = [];
    const days: number[] = [];
    const closes: number[] = [];
    const byDay = new Map<number, readonly Range[]>();
    for (let day = first - DAYS_REACHED; day <= end; day++) {
      const own = this.#rangesOf(day);
      const last = own.at(-1);
      if (last !== undefined && day >= first && day < end) {
        days.push(day);
        closes.push(last[1]);
        byDay.set(day, own);
      }
      for (const [a, b] of own) if (b > from && a < to) ranges.push([Math.max(a, from), Math.min(b, to)]);
    }
    const united = unite(ranges);
    const before = new Float64Array(united.length + 1);
    united.forEach(([a, b], i) => {
      before[i + 1] = get(before, i) + b - a;
    });
    return {
      year,
      from,
      to,
      starts: Float64Array.from(united, range => range[0]),
      ends: Float64Array.from(united, range => range[1]),
      before,
      total: get(before, united.length),
      days: Float64Array.from(days),
      closes: Float64Array.from(closes),
      ranges: byDay,
    };
  }

  #rangesOn(day: number): readonly Range[] {
    return this.#year(yearOfDay(day)).ranges.get(day) ?? [];
  }

  /** The ranges that open on a day, as instants, sorted and without overlap; those that a clock change empties are left out. */
  #rangesOf(day: number): Range[] {
    const { zone } = this.#rules;
    const ranges: Range[] = [];
    for (const [open, close] of this.#hoursOf(day)) {
      const start = zone.toInstant(day * DAY_MS + open * 60_000);
      const end = zone.toInstant(day * DAY_MS + close * 60_000);
      if (end > start) ranges.push([start, end]);
    }
    return ranges.length > 1 ? unite(ranges) : ranges;
  }

  #hoursOf(day: number): readonly MinuteRange[] {
    const { open, closed, holidays, weekly } = this.#rules;
    const own = open.get(day);
    if (own !== undefined) return own;
    if (closed.has(day)) return [];
    const kind = day < FIRST_HOLIDAY || day > LAST_HOLIDAY ? null : (holidays?.kindOf(day) ?? null);
    if (kind === 'off') return [];
    return weekly[kind === 'work' ? 0 : weekdayOf(day)] ?? [];
  }
}

/** `always: true`: open time is time, and each local date is a business day that closes at midnight. */
export class AlwaysCalendar implements Calendar {
  readonly name: string;
  readonly always = true;
  readonly country = null;
  readonly zone: Zone;
  readonly edges = [0, 1440];

  constructor(name: string, zone: Zone) {
    this.name = name;
    this.zone = zone;
  }

  isOpen(): boolean {
    return true;
  }

  elapsed(from: number, to: number): number {
    return to > from ? to - from : 0;
  }

  add(from: number, ms: number): number {
    return from + ms;
  }

  addBusinessDays(from: number, days: number, sameTime: boolean): number {
    const { zone } = this;
    if (sameTime) return zone.toInstant(from + zone.offsetAt(from) + days * DAY_MS);
    const day = zone.dayAt(from) + days;
    const close = zone.toInstant((day + 1) * DAY_MS);
    // A midnight that comes twice closes its day at the first; what follows has the next day's close.
    return close > from ? close : zone.toInstant((day + 2) * DAY_MS);
  }

  uncoveredYear(): null {
    return null;
  }

  coveredUntil(): null {
    return null;
  }
}

/** Whether the holidays of a year are known and looked up. */
function covers(holidays: HolidaySource, year: number): boolean {
  const day = firstOfYear(year) / DAY_MS;
  return day >= FIRST_HOLIDAY && day <= LAST_HOLIDAY && holidays.covers(year);
}

/** Open milliseconds of a year before an instant in it. */
function openBefore(year: Year, at: number): number {
  const i = lastAtOrBefore(year.starts, at);
  return i < 0 ? 0 : get(year.before, i) + Math.min(at, get(year.ends, i)) - get(year.starts, i);
}
