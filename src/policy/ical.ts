// Holidays from an iCalendar file: each date that an event touches is a day off, with its repetitions and exceptions;
// an event marked as a working day is a make-up day.
import type { HolidaySource } from './holidays.ts';

/** Reads an iCalendar text; dates are those of the zone. Throws when the text is none. */
export function icsHolidays(_text: string, _zoneName: string): HolidaySource {
  throw new Error('not there yet');
}
