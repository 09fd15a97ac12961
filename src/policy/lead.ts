// How much open time can lie between a start and its due instant some business days later: it depends on the weekday, the
// time of day, holidays and clock changes. Rather than to reason about all of them, starts of more than a century are
// looked at, until one is found that will do.
import { NeverOpenError } from './calendar.ts';
import type { Calendar, Duration } from './compiled.ts';
import { formatDuration } from './duration.ts';
import { isWithinCentury } from './reach.ts';
import { DAY_MS, firstOfYear } from './zone.ts';

type BusinessDays = Extract<Duration, { kind: 'business-days' }>;

/** Those that come are looked at first: nearly all warnings can come in the first of them. */
const YEARS: readonly number[] = [
  ...Array.from({ length: 2100 - 2025 }, (_, i) => 2026 + i),
  ...Array.from({ length: 2026 - 1990 }, (_, i) => 1990 + i),
];

/** What whole searches found, by the duration as text. */
const found = new WeakMap<Calendar, Map<string, number>>();

/**
 * The most open time between a start and the due instant, of all starts from 1990 to 2100; as soon as there is more than
 * `enough`, that. Endless where a start is never due, or so late that searching on would take too long.
 */
export function mostOpenUntilDue(calendar: Calendar, duration: BusinessDays, enough: number): number {
  const known = found.get(calendar) ?? new Map<string, number>();
  found.set(calendar, known);
  const text = formatDuration(duration);
  const most = known.get(text) ?? search(calendar, duration, enough);
  if (most <= enough) known.set(text, most);
  return most;
}

function search(calendar: Calendar, duration: BusinessDays, enough: number): number {
  let most = 0;
  for (const year of YEARS) {
    if (!isWithinCentury(calendar, Date.UTC(year, 0, 2), duration)) return Number.POSITIVE_INFINITY;
    try {
      most = Math.max(most, mostInYear(calendar, duration, year, enough));
    } catch (error) {
      if (error instanceof NeverOpenError) return Number.POSITIVE_INFINITY;
      throw error;
    }
    if (most > enough) return most;
  }
  return most;
}

function mostInYear(calendar: Calendar, duration: BusinessDays, year: number, enough: number): number {
  const { zone } = calendar;
  const times = timesOfDay(calendar, duration, year);
  const end = firstOfYear(year + 1);
  let most = 0;
  for (let midnight = firstOfYear(year); midnight < end; midnight += DAY_MS) {
    const offsets = new Set([zone.offsetAt(midnight - DAY_MS), zone.offsetAt(midnight + 2 * DAY_MS)]);
    for (const time of times) {
      // A local time that comes twice is looked at both times.
      for (const offset of offsets) {
        const start = midnight + time - offset;
        const due = calendar.addBusinessDays(start, duration.days, duration.sameTime);
        most = Math.max(most, calendar.elapsed(start, due));
        if (most > enough) return most;
      }
    }
  }
  return most;
}

/**
 * The times of day at which the most can lie: between two of them open time to the due instant only grows or only
 * shrinks, a millisecond for each. Due at the close, it never grows, so that it is most where a day begins for the
 * calendar: at midnight, or at a close, after which the next day counts.
 */
function timesOfDay({ zone, edges }: Calendar, { sameTime }: BusinessDays, year: number): readonly number[] {
  const times = [0, ...edges.map(minutes => (minutes * 60_000) % DAY_MS)];
  if (!sameTime) return [...new Set(times)];
  // The last start of a day comes just before one of them, and what is due at a close when it starts at one is due at the
  // next opening when it starts just after.
  const all = [...times, ...zone.changeTimes(year)];
  return [...new Set(all.flatMap(time => [time - 1, time, time + 1]))];
}
