// From a calendar as a policy writes it to one that computes: weekdays, hours, dates and holidays are resolved here.
import {
  AlwaysCalendar,
  type CalendarRules,
  type MinuteRange,
  NeverOpenError,
  OpenCalendar,
} from './calendar.ts';
import type { Calendar } from './compiled.ts';
import { type AddedYear, type HolidaySource, holidaysOf } from './holidays.ts';
import { icsHolidays } from './ical.ts';
import type { Advice, Step } from './place.ts';
import type { CalendarText } from './schema.ts';
import { DAY_MS, dayOfDate, zoneOf } from './zone.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export interface CalendarSources {
  /** The zone of calendars that name none. */
  readonly timezone: string;
  /** Reads an iCalendar file that the calendar names; throws when it can't. */
  readonly readFile: (file: string) => string;
  readonly addedYears?: readonly AddedYear[] | undefined;
  /**
   * True for a policy, whose calendars must open again within ten years of any instant that can come; without it a
   * calendar of a few dates is allowed, and asking beyond them throws NeverOpenError.
   */
  readonly mustOpenAgain: boolean;
}

/** Tells of something wrong at a key of the calendar. */
export type Complain = (path: readonly Step[], message: string, advice: Advice) => void;

const DATE_ADVICE: Advice = { expected: 'a date of the calendar', example: '"2026-12-31"' };
const OPEN_ADVICE: Advice = {
  expected: 'opening hours on some weekday',
  example: 'hours: { mon-fri: ["09:00-18:00"] }',
};

/** Makes a calendar; null when `complain` was told of an error. */
export function compileCalendar(
  name: string,
  text: CalendarText,
  sources: CalendarSources,
  complain: Complain,
): Calendar | null {
  const zoneName = text.timezone ?? sources.timezone;
  const zone = zoneOf(zoneName);
  if (zone === null) {
    if (text.timezone !== undefined) {
      const advice = { expected: 'an IANA time zone', example: 'timezone: Asia/Shanghai' };
      complain(['timezone'], `there is no time zone "${zoneName}"`, advice);
    }
    return null;
  }
  if ('always' in text) return new AlwaysCalendar(name, zone);

  let sound = true;
  const fail: Complain = (path, message, advice) => {
    sound = false;
    complain(path, message, advice);
  };
  const weekly = compileWeek(text.hours ?? {}, fail);
  const open = new Map<number, readonly MinuteRange[]>();
  for (const [date, ranges] of Object.entries(text.open ?? {})) {
    const day = dayOfDate(date);
    if (day === null) fail(['open', date], `there is no date "${date}"`, DATE_ADVICE);
    else open.set(day, compileRanges(ranges, ['open', date], fail));
  }
  const closed = new Set<number>();
  (text.closed ?? []).forEach((date, i) => {
    const day = dayOfDate(date);
    if (day === null) fail(['closed', i], `there is no date "${date}"`, DATE_ADVICE);
    else closed.add(day);
  });
  const holidays = compileHolidays(text.holidays, zoneName, sources, fail);
  if (!sound) return null;

  const country = text.holidays !== undefined && 'country' in text.holidays ? text.holidays.country : null;
  const calendar = new OpenCalendar({ name, zone, weekly, open, closed, holidays, country });
  if (!sources.mustOpenAgain) return calendar;
  const isAdded = sources.addedYears?.some(one => one.country === country) === true;
  const never = findNeverOpen(calendar, {
    weekly,
    open,
    longHolidays: isAdded || 'ics' in (text.holidays ?? {}),
  });
  if (never === null) return calendar;
  fail(['hours'], never, OPEN_ADVICE);
  return null;
}

function compileWeek(
  hours: Readonly<Record<string, string | string[] | undefined>>,
  fail: Complain,
): MinuteRange[][] {
  const week: MinuteRange[][] = WEEKDAYS.map(() => []);
  const given = new Set<number>();
  for (const [key, ranges] of Object.entries(hours)) {
    const compiled = compileRanges(ranges ?? [], ['hours', key], fail);
    for (const weekday of weekdaysOf(key)) {
      if (given.has(weekday)) {
        const advice = {
          expected: 'each weekday once',
          example: 'hours: { mon-thu: ["09:00-18:00"], fri: ["09:00-16:00"] }',
        };
        fail(['hours', key], `${WEEKDAYS[weekday]} has hours already`, advice);
      }
      given.add(weekday);
      week[weekday] = compiled;
    }
  }
  return week;
}

/** `mon-fri,sun` → 0 … 4 and 6; `sat-mon` goes over the week's end. */
function weekdaysOf(key: string): number[] {
  return key.split(',').flatMap(part => {
    const [first = '', last = first] = part.split('-');
    const from = WEEKDAYS.indexOf(first);
    const length = (WEEKDAYS.indexOf(last) - from + 7) % 7;
    return Array.from({ length: length + 1 }, (_, i) => (from + i) % 7);
  });
}

function compileRanges(
  ranges: string | readonly string[],
  path: readonly Step[],
  fail: Complain,
): MinuteRange[] {
  const list = typeof ranges === 'string' ? [ranges] : ranges;
  return list.flatMap((range, i) => {
    const [open = '', close = ''] = range.split('-');
    const from = minutesOf(open);
    const to = minutesOf(close);
    if (from === to) {
      const advice = { expected: 'an opening and another close', example: '"00:00-24:00" for a whole day' };
      fail(
        [...path, ...(typeof ranges === 'string' ? [] : [i])],
        `"${range}" opens and closes at once`,
        advice,
      );
      return [];
    }
    return [[from, to > from ? to : to + 1440] as const];
  });
}

function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function compileHolidays(
  text: { country: string; region?: string | undefined } | { ics: string } | undefined,
  zoneName: string,
  sources: CalendarSources,
  fail: Complain,
): HolidaySource | null {
  if (text === undefined) return null;
  if ('ics' in text) {
    try {
      return icsHolidays(sources.readFile(text.ics), zoneName);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const advice = { expected: 'an iCalendar file', example: 'holidays: { ics: holidays-2027.ics }' };
      fail(['holidays', 'ics'], `"${text.ics}" can't be read: ${why}`, advice);
      return null;
    }
  }
  const source = holidaysOf(text.country, text.region, sources.addedYears);
  if (source === null) {
    const what =
      text.region === undefined ? `country "${text.country}"` : `"${text.country}", region "${text.region}"`;
    const advice = { expected: 'a country with known holidays', example: 'holidays: { country: CN }' };
    fail(['holidays'], `no holidays are known of ${what}`, advice);
  }
  return source;
}

/**
 * Why a calendar is not open within ten years of each instant from 1990 to 2100; null when it is. With hours on a
 * weekday that only single dates or a country's own holidays close, there is nothing to search; what people write as
 * holidays (`longHolidays`) may close all of it.
 */
function findNeverOpen(
  calendar: Calendar,
  rules: Pick<CalendarRules, 'weekly' | 'open'> & { readonly longHolidays: boolean },
): string | null {
  const weekly = rules.weekly.some(ranges => ranges.length > 0);
  if (weekly && !rules.longHolidays) return null;
  if (!weekly && [...rules.open.values()].every(ranges => ranges.length === 0))
    return 'the calendar is never open';
  if (!weekly) {
    const last = Math.max(...rules.open.keys());
    return `the calendar has no weekly hours, so it is never open after ${new Date(last * DAY_MS).toISOString().slice(0, 10)}`;
  }
  try {
    for (let year = 1990; year <= 2100; year += 10) calendar.add(Date.UTC(year, 0, 1), 0);
    return null;
  } catch (error) {
    if (error instanceof NeverOpenError) return error.message;
    throw error;
  }
}
