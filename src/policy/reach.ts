// How far a calendar's open time reaches: whether it opens again within ten years of any instant, and whether a target
// falls due within a century. Both are known when a policy is loaded, so that no event can start a search without end.
import { type CalendarRules, NeverOpenError, type OpenCalendar } from './calendar.ts';
import type { Calendar, Duration } from './compiled.ts';
import { DAY_MS, dateOfDay, dayOfDate } from './zone.ts';

const FIRST_DAY = dayOfDate('1990-01-01') ?? 0;
/** Holidays are known, if at all, up to here; later days are those of the week and of dates that are written. */
const LAST_DAY = dayOfDate('2101-01-01') ?? 0;
/** Ten years are never fewer days, so that what passes here is open within ten years wherever the engine looks. */
const TEN_YEARS_DAYS = 3_651;

/**
 * Why a calendar is not open within ten years of each instant, or null when it is. It goes from open day to the last open
 * day within ten years, so it looks at each day twice at the most, and at few of most calendars.
 */
export function findNeverOpen(calendar: OpenCalendar, rules: CalendarRules): string | null {
  const dates = [...rules.open.keys()].sort((a, b) => a - b);
  if (!rules.weekly.some(ranges => ranges.length > 0)) {
    const last = dates.findLast(day => calendar.opensOn(day));
    if (last === undefined) return 'the calendar is never open';
    return `the calendar has no weekly hours, so it is never open after ${dateOfDay(last)}`;
  }
  const special = [...dates, ...rules.closed].sort((a, b) => a - b);
  let day = Math.min(FIRST_DAY, special[0] ?? FIRST_DAY) - 1;
  for (;;) {
    const next = nextSpecial(special, day, rules.holidays !== null);
    if (next === null) return null;
    // Where nothing is special the week holds, and weekly hours open within a few weeks.
    const reach = Math.max(day + TEN_YEARS_DAYS, next - 1);
    const open = lastOpen(calendar, day, reach);
    if (open === null)
      return `the calendar is never open within 10 years, counted from ${dateOfDay(Math.max(day, FIRST_DAY))}`;
    day = open;
  }
}

/** The first day after `day` that may differ from its weekday; null when there is none. */
function nextSpecial(special: readonly number[], day: number, holidays: boolean): number | null {
  if (holidays && day < LAST_DAY) return day + 1;
  return special.find(one => one > day) ?? null;
}

function lastOpen(calendar: OpenCalendar, after: number, until: number): number | null {
  for (let day = until; day > after; day--) if (calendar.opensOn(day)) return day;
  return null;
}

const CENTURY_MS = 36_525 * DAY_MS;
/** Looked at one after the other: most targets are due within a year, and only years that are needed are computed. */
const SPANS_MS = [360 * DAY_MS, 10 * 365 * DAY_MS, CENTURY_MS];

/** Whether `duration` from an instant is due within a hundred years. */
export function isWithinCentury(calendar: Calendar, from: number, duration: Duration): boolean {
  // No duration is longer than a century itself.
  if (calendar.always) return true;
  if (duration.kind === 'time')
    return SPANS_MS.some(span => calendar.elapsed(from, from + span) >= duration.ms);
  try {
    return calendar.addBusinessDays(from, duration.days, false) - from <= CENTURY_MS;
  } catch (error) {
    if (error instanceof NeverOpenError) return false;
    throw error;
  }
}

/** What one asks for who writes a target that no calendar reaches. */
export const CENTURY_ADVICE = {
  expected: 'a duration that falls due within a hundred years: of open time, not of the clock on the wall',
  example: '2h, 3d or 4bd',
};

/**
 * The year of a start after which `duration` takes more than a century on a calendar, of each tenth year from 1990 to
 * 2100; null when there is none. Starts between two of them are due before the later one's are.
 */
export function findTooFar(calendar: Calendar, duration: Duration): number | null {
  for (let year = 1990; year <= 2100; year += 10)
    if (!isWithinCentury(calendar, Date.UTC(year, 0, 2), duration)) return year;
  return null;
}
