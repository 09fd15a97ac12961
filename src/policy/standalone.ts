// A calendar by itself, as the `calendar` command takes it, outside of any policy.
import { Document, LineCounter } from 'yaml';
import { compileCalendar } from './calendars.ts';
import type { Calendar } from './compiled.ts';
import type { AddedYear } from './holidays.ts';
import { Findings, Place } from './place.ts';
import { calendarSchema } from './schema.ts';
import { reportIssues } from './shape.ts';

/**
 * Makes a calendar from its data; UTC where it names no zone. A calendar of a few dates is fine here: asking where
 * it never opens again throws NeverOpenError.
 */
export function standaloneCalendar(
  data: unknown,
  readFile: (file: string) => string,
  addedYears: readonly AddedYear[] = [],
): { readonly calendar: Calendar } | { readonly error: string } {
  const findings = new Findings();
  const part = {
    file: '',
    document: new Document({ calendars: { calendar: data } }),
    lines: new LineCounter(),
  };
  // Where a policy has its calendars, so that the same advice holds.
  const place = new Place(part, ['calendars', 'calendar'], findings);
  const checked = calendarSchema.safeParse(data);
  if (!checked.success) reportIssues(place, checked.error.issues);
  const sources = { timezone: 'UTC', readFile, addedYears, mustOpenAgain: false };
  const calendar = checked.success
    ? compileCalendar('calendar', checked.data, sources, (path, message, advice) =>
        place.at(...path).error(message, advice),
      )
    : null;
  if (calendar !== null && findings.errors.length === 0) return { calendar };
  const error = findings.errors
    .map(
      one =>
        `${one.key.replace('calendars.', '')}: ${one.message}; expected ${one.expected}, for example ${one.example}`,
    )
    .join('; ');
  return { error };
}
