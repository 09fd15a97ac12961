// Which of a policy's calendars run into a year whose holidays are not known, and what is said about it.
import { commandLine } from '../contract/words.ts';
import type { CompiledPolicy } from './compiled.ts';
import { DAY_MS } from './zone.ts';

export interface Uncovered {
  readonly calendar: string;
  /** Whose holidays are missing; null where the calendar reads them from a file. */
  readonly country: string | null;
  readonly year: number;
  /** The first instant without holiday data, in milliseconds since 1970 UTC; it may be past. */
  readonly from: number;
}

/** How long before such a year begins it is told. */
export const TELL_AHEAD_MS = 60 * DAY_MS;

/** Calendars that at `now`, or at most `aheadMs` later, come to a year whose holidays are not known. */
export function uncoveredCalendars(
  policy: CompiledPolicy,
  now: number,
  aheadMs = TELL_AHEAD_MS,
): Uncovered[] {
  return [...policy.calendars.values()].flatMap(calendar => {
    const from = calendar.coveredUntil(now);
    if (from === null || from > now + aheadMs) return [];
    const at = Math.max(now, from);
    const year = calendar.uncoveredYear(at, at);
    return year === null ? [] : [{ calendar: calendar.name, country: calendar.country, year, from }];
  });
}

export function uncoveredText({ year }: Uncovered): string {
  return `the holidays of ${year} are not known in full, plain hours hold where they are missing`;
}

/** What to do about it. */
export function uncoveredAdvice({ country, year }: Uncovered): string {
  return country === null
    ? `Add ${year} to its iCalendar file`
    : `Once they are announced: ${commandLine('holidays add FILE')}, with country: ${country}, year: ${year}, off and work`;
}

/** Both on one line, with the calendar's name. */
export function uncoveredWarning(one: Uncovered): string {
  return `calendar ${one.calendar}: ${uncoveredText(one)}. ${uncoveredAdvice(one)}`;
}
