// When an event of an iCalendar file comes: its rules (RFC 5545, section 3.3.10) with dates added and left out. A period
// after the other is gone through, and each of its days is asked whether the rule takes it: a rule that never comes true
// ends with the last year, whatever it says. Not by ical.js's own iterator, which goes on for ever at such a rule, forgets
// INTERVAL beside BYMONTH and BYSETPOS beside BYMONTHDAY; other libraries were tried and let BYDAY add days, in a year,
// that BYMONTHDAY had left out.
import ICAL from 'ical.js';
import { DAY_MS, yearOfDay } from './zone.ts';

/** Times of a day at which an event may come; they all make one day off. */
const TIMES_MAX = 24;
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** The starts of an event up to the end of `lastYear`, each once, in no order to rely on. */
export function* startsOf(
  { component, startDate }: Pick<ICAL.Event, 'component' | 'startDate'>,
  lastYear: number,
): Generator<ICAL.Time> {
  const rules = component.getAllProperties('rrule').map(property => property.getFirstValue());
  const added = datesOf(component, 'rdate');
  const dates = rules.length === 0 && added.length === 0 ? [startDate] : added;
  const seen = new Set<number>();
  const left = datesOf(component, 'exdate');
  const leftDays = startDate.isDate ? [] : left.filter(({ isDate }) => isDate).map(dayOf);
  const [leftAt, leftOn] = [new Set(left.map(time => time.toUnixTime())), new Set(leftDays)];
  for (const times of [...rules.map(rule => timesOf(rule, startDate, lastYear)), dates]) {
    for (const time of times) {
      const key = time.toUnixTime();
      if (seen.has(key) || leftAt.has(key) || leftOn.has(dayOf(time)) || time.year > lastYear) continue;
      seen.add(key);
      yield time;
    }
  }
}

function datesOf(component: ICAL.Component, name: string): ICAL.Time[] {
  return component
    .getAllProperties(name)
    .flatMap(property => property.getValues())
    .filter(value => value instanceof ICAL.Time);
}

function* timesOf(rule: unknown, start: ICAL.Time, lastYear: number): Generator<ICAL.Time> {
  if (!(rule instanceof ICAL.Recur)) return;
  const first = dayOf(start);
  const times = timesOfDay(rule, start);
  const { count, until } = rule;
  let found = 0;
  for (const days of periodsOf(new DayRule(rule, first), lastYear)) {
    const all = days.flatMap(day => times.map(time => ({ day, time })));
    for (const { day, time } of picked(all, numbersOf(rule, 'BYSETPOS'))) {
      const { year, month, day: date } = ICAL.Time.fromJSDate(new Date(day * DAY_MS), true);
      const next = new ICAL.Time({ ...time, year, month, day: date, isDate: start.isDate }, start.zone);
      if (day < first || (day === first && isBefore(time, start))) continue;
      if (until && isAfter(next, until)) return;
      yield next;
      found += 1;
      if (count && found === count) return;
    }
  }
}

/** An end that is a date is a whole day, and one without a zone is a local time of the event. */
function isAfter(time: ICAL.Time, until: ICAL.Time): boolean {
  if (until.isDate || time.isDate) return dayOf(time) > dayOf(until);
  const isLocal = until.zone.tzid === 'floating';
  return time.toUnixTime() > (isLocal ? new ICAL.Time(until.toJSON(), time.zone) : until).toUnixTime();
}

interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function isBefore(a: TimeOfDay, b: TimeOfDay): boolean {
  return (a.hour - b.hour || a.minute - b.minute || a.second - b.second) < 0;
}

/** The times at which an event comes on a day that its rule takes, in order. */
function timesOfDay(rule: ICAL.Recur, start: ICAL.Time): readonly TimeOfDay[] {
  if (start.isDate) return [{ hour: 0, minute: 0, second: 0 }];
  const each = (part: Part, own: number) => {
    const found = numbersOf(rule, part).sort((a, b) => a - b);
    return found.length === 0 ? [own] : found;
  };
  const seconds = each('BYSECOND', start.second);
  const minutes = each('BYMINUTE', start.minute);
  const hours = each('BYHOUR', start.hour);
  const count = hours.length * minutes.length * seconds.length;
  if (count > TIMES_MAX)
    throw new Error(`an event comes ${count} times a day, but a holiday comes once a day at most`);
  return hours.flatMap(hour => minutes.flatMap(minute => seconds.map(second => ({ hour, minute, second }))));
}

/** Those at the positions, counted from the front or, if negative, from the end; all where none is named. */
function picked<T>(all: readonly T[], positions: readonly number[]): readonly T[] {
  if (positions.length === 0) return all;
  const wanted = new Set(positions.map(position => (position < 0 ? all.length + position : position - 1)));
  return all.filter((_, i) => wanted.has(i));
}

/** The days that the rule takes, by its periods: days, weeks, months or years. */
function* periodsOf(rule: DayRule, lastYear: number): Generator<readonly number[]> {
  const end = dayAt(lastYear + 1, 0, 1);
  for (let i = 0; ; i += rule.interval) {
    const [from, to] = rule.period(i);
    // Beyond the years that dates can name there is no day at all.
    if (!(from < end)) return;
    const days: number[] = [];
    for (let day = from; day < to; day++) if (rule.takes(day)) days.push(day);
    if (days.length > 0) yield days;
  }
}

/** Which days a rule takes; what it does not say is that of the first day. */
class DayRule {
  readonly interval: number;
  readonly #frequency: string;
  readonly #first: number;
  readonly #weekStart: number;
  readonly #months: readonly number[];
  readonly #monthDays: readonly number[];
  readonly #yearDays: readonly number[];
  readonly #weeks: readonly number[];
  readonly #weekdays: readonly { readonly nth: number; readonly weekday: number }[];

  constructor(rule: ICAL.Recur, first: number) {
    const date = new Date(first * DAY_MS);
    this.interval = Math.max(1, rule.interval);
    this.#frequency = rule.freq;
    this.#first = first;
    this.#weekStart = rule.wkst - 1;
    this.#yearDays = numbersOf(rule, 'BYYEARDAY');
    this.#weeks = numbersOf(rule, 'BYWEEKNO');
    const months = numbersOf(rule, 'BYMONTH');
    const monthDays = numbersOf(rule, 'BYMONTHDAY');
    const weekdays = partsOf(rule, 'BYDAY').map(weekdayOfText);
    const isYearly = rule.freq === 'YEARLY';
    const saysDay = [monthDays, weekdays, this.#yearDays, this.#weeks].some(({ length }) => length > 0);
    const ofFirst = !saysDay && (isYearly || rule.freq === 'MONTHLY');
    this.#months = ofFirst && isYearly && months.length === 0 ? [date.getUTCMonth() + 1] : months;
    this.#monthDays = ofFirst ? [date.getUTCDate()] : monthDays;
    const saysDayOfWeek = monthDays.length > 0 || this.#yearDays.length > 0;
    const ofWeek = rule.freq === 'WEEKLY' || (isYearly && this.#weeks.length > 0 && !saysDayOfWeek);
    this.#weekdays = ofWeek && weekdays.length === 0 ? [{ nth: 0, weekday: date.getUTCDay() }] : weekdays;
  }

  /** The first day of the period so many after that of the first day, and the day after its last. */
  period(i: number): readonly [from: number, to: number] {
    const year = yearOfDay(this.#first);
    const month = new Date(this.#first * DAY_MS).getUTCMonth();
    switch (this.#frequency) {
      case 'YEARLY':
        return [dayAt(year + i, 0, 1), dayAt(year + i + 1, 0, 1)];
      case 'MONTHLY':
        return [dayAt(year, month + i, 1), dayAt(year, month + i + 1, 1)];
      case 'WEEKLY': {
        const from = this.#weekOf(this.#first) + 7 * i;
        return [from, from + 7];
      }
      case 'DAILY':
        return [this.#first + i, this.#first + i + 1];
      default:
        throw new Error(`an event repeats ${this.#frequency}, but a holiday comes once a day at most`);
    }
  }

  takes(day: number): boolean {
    const date = new Date(day * DAY_MS);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    if (this.#months.length > 0 && !this.#months.includes(month + 1)) return false;
    const ofMonth = [dayAt(year, month, 1), dayAt(year, month + 1, 1)] as const;
    const ofYear = [dayAt(year, 0, 1), dayAt(year + 1, 0, 1)] as const;
    return (
      isOneOf(this.#monthDays, day, ofMonth) &&
      isOneOf(this.#yearDays, day, ofYear) &&
      this.#isInWeek(day) &&
      this.#isWeekday(day, this.#frequency === 'YEARLY' && this.#months.length === 0 ? ofYear : ofMonth)
    );
  }

  /** The nth one of its name within the month or the year. */
  #isWeekday(day: number, [from, to]: readonly [number, number]): boolean {
    const own = weekdayAt(day);
    return (
      this.#weekdays.length === 0 ||
      this.#weekdays.some(({ nth, weekday }) => {
        if (weekday !== own) return false;
        if (nth === 0) return true;
        return nth > 0
          ? Math.floor((day - from) / 7) + 1 === nth
          : -Math.floor((to - 1 - day) / 7) - 1 === nth;
      })
    );
  }

  #isInWeek(day: number): boolean {
    if (this.#weeks.length === 0) return true;
    // A week is of the year that has four of its days.
    const week = this.#weekOf(day);
    const year = yearOfDay(week + 3);
    const [from, to] = [this.#weekOf(dayAt(year, 0, 4)), this.#weekOf(dayAt(year + 1, 0, 4))];
    const number = (week - from) / 7 + 1;
    return this.#weeks.includes(number) || this.#weeks.includes(number - (to - from) / 7 - 1);
  }

  #weekOf(day: number): number {
    return day - ((weekdayAt(day) - this.#weekStart + 7) % 7);
  }
}

/** Whether a day is one of those that are counted from the front or, if negative, from the end. */
function isOneOf(days: readonly number[], day: number, [from, to]: readonly [number, number]): boolean {
  return days.length === 0 || days.includes(day - from + 1) || days.includes(day - to);
}

function weekdayOfText(text: string): { nth: number; weekday: number } {
  return { nth: Number(text.slice(0, -2)), weekday: WEEKDAYS.indexOf(text.slice(-2)) };
}

type Part = keyof ICAL.Recur['parts'];

function partsOf(rule: ICAL.Recur, part: Part): string[] {
  return (rule.parts[part] ?? []).map(String);
}

function numbersOf(rule: ICAL.Recur, part: Part): number[] {
  return partsOf(rule, part).map(Number);
}

function dayOf({ year, month, day }: ICAL.Time): number {
  return dayAt(year, month - 1, day);
}

function dayAt(year: number, month: number, day: number): number {
  return Date.UTC(year, month, day) / DAY_MS;
}

function weekdayAt(day: number): number {
  return new Date(day * DAY_MS).getUTCDay();
}
