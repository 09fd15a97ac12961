// Holidays from an iCalendar file: each local date that an event touches is a day off, with its repetitions and
// exceptions; an event marked as a working day is a make-up day, as calendars of Chinese holidays mark them.
import ICAL from 'ical.js';
import type { DayKind, HolidaySource } from './holidays.ts';
import { DAY_MS, yearOfDay, type Zone, zoneOf } from './zone.ts';

/** Repetitions without an end are followed so far. */
const LAST_YEAR = 2100;
const OCCURRENCES_MAX = 100_000;
/** An event longer than this is no holiday but a slip of the pen. */
const LENGTH_DAYS_MAX = 366;

/**
 * Reads an iCalendar text; dates are those of the zone. Years from the first event to the last are covered, and all
 * later ones up to 2100 when an event repeats without an end. Throws when the text is none or says too much.
 */
export function icsHolidays(text: string, zoneName: string): HolidaySource {
  const zone = zoneOf(zoneName);
  if (zone === null) throw new Error(`there is no time zone "${zoneName}"`);
  const days = new Map<number, DayKind>();
  let occurrences = 0;
  for (const { event, kind } of readEvents(text)) {
    for (const [first, end] of occurrencesOf(event, zone)) {
      if (++occurrences > OCCURRENCES_MAX)
        throw new Error(`its events come more than ${OCCURRENCES_MAX} times`);
      if (end - first > LENGTH_DAYS_MAX) throw new Error(`"${event.summary}" is longer than a year`);
      // A day off and a working day on one date: the day off holds.
      for (let day = first; day < end; day++) if (days.get(day) !== 'off') days.set(day, kind);
    }
  }
  if (days.size === 0) throw new Error('it holds no events');
  let firstYear = Number.POSITIVE_INFINITY;
  let lastYear = Number.NEGATIVE_INFINITY;
  for (const day of days.keys()) {
    firstYear = Math.min(firstYear, yearOfDay(day));
    lastYear = Math.max(lastYear, yearOfDay(day));
  }
  return {
    covers: year => year >= firstYear && year <= lastYear,
    kindOf: day => days.get(day) ?? null,
  };
}

interface Marked {
  readonly event: ICAL.Event;
  readonly kind: DayKind;
}

function readEvents(text: string): Marked[] {
  const calendar = new ICAL.Component(ICAL.parse(text));
  if (calendar.name !== 'vcalendar') throw new Error('it is no VCALENDAR');
  const marked: Marked[] = [];
  const changed: ICAL.Event[] = [];
  for (const component of calendar.getAllSubcomponents('vevent')) {
    const event = new ICAL.Event(component, { strictExceptions: true });
    if (event.isRecurrenceException()) changed.push(event);
    else if (component.getFirstPropertyValue('status') !== 'CANCELLED')
      marked.push({ event, kind: kindOf(component) });
  }
  // A single occurrence that was changed replaces the one that its series would give.
  for (const event of changed) marked.find(one => one.event.uid === event.uid)?.event.relateException(event);
  return marked;
}

function kindOf(component: ICAL.Component): DayKind {
  const special = component.getFirstPropertyValue('x-apple-special-day');
  if (special === 'ALTERNATE-WORKDAY') return 'work';
  const summary = component.getFirstPropertyValue('summary');
  return typeof summary === 'string' && /[（(](补?班|工作日)[)）]|补班/.test(summary) ? 'work' : 'off';
}

/** First day and the day after the last of each occurrence. */
function* occurrencesOf(event: ICAL.Event, zone: Zone): Generator<readonly [number, number]> {
  if (!event.isRecurring()) {
    yield daysOf(event.startDate, event.endDate, zone, event);
    return;
  }
  const iterator = event.iterator();
  for (let next = iterator.next(); next; next = iterator.next()) {
    if (next.year > LAST_YEAR) return;
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    if (item.component.getFirstPropertyValue('status') === 'CANCELLED') continue;
    yield daysOf(startDate, endDate, zone, event);
  }
}

function daysOf(start: ICAL.Time, end: ICAL.Time, zone: Zone, event: ICAL.Event): readonly [number, number] {
  if (start.isDate) {
    const first = dayNumber(start);
    return [first, Math.max(first + 1, dayNumber(end))];
  }
  const named = event.component.getFirstProperty('dtstart')?.getParameter('tzid');
  const own = typeof named === 'string' ? zoneOf(named) : null;
  const from = instantOf(start, own ?? zone);
  const to = instantOf(end, own ?? zone);
  const first = zone.dayAt(from);
  // The end itself is not touched: an event until midnight leaves the next day alone.
  return [first, Math.max(first, zone.dayAt(Math.max(from, to - 1))) + 1];
}

function dayNumber(time: ICAL.Time): number {
  return Date.UTC(time.year, time.month - 1, time.day) / DAY_MS;
}

/** A time in a zone that the file defines, in UTC, or else a local time of `zone`. */
function instantOf(time: ICAL.Time, zone: Zone): number {
  if (time.zone.tzid !== 'floating') return time.toUnixTime() * 1000;
  return zone.toInstant(Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second));
}
