// Holidays from an iCalendar file: each local date that an event touches is a day off, with its repetitions and
// exceptions; an event marked as a working day is a make-up day, as calendars of Chinese holidays mark them.
import ICAL from 'ical.js';
import type { DayKind, HolidaySource } from './holidays.ts';
import { startsOf } from './ical-rule.ts';
import { knowZones } from './ical-zones.ts';
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
  for (const series of readSeries(readCalendars(text))) {
    for (const { item, start, end } of occurrencesOf(series)) {
      if (++occurrences > OCCURRENCES_MAX)
        throw new Error(`its events come more than ${OCCURRENCES_MAX} times`);
      const [first, after] = daysOf(start, end, zone);
      if (after - first > LENGTH_DAYS_MAX) throw new Error(`"${item.summary}" is longer than a year`);
      const kind = kindOf(item.component);
      // A day off and a working day on one date: the day off holds.
      for (let day = first; day < after; day++) if (days.get(day) !== 'off') days.set(day, kind);
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

/** The calendars of a file: one, or several one after the other, each perhaps with the mark that some editors put first. */
function readCalendars(text: string): ICAL.Component[] {
  const parsed = ICAL.parse(text.replace(/^\uFEFF/gm, ''));
  const calendars: ICAL.Component[] = [];
  for (const one of Array.isArray(parsed[0]) ? parsed : [parsed]) {
    const calendar = new ICAL.Component(one);
    if (calendar.name !== 'vcalendar') throw new Error('it is no VCALENDAR');
    knowZones(calendar);
    calendars.push(calendar);
  }
  return calendars;
}

/** An event, which may repeat, with single occurrences of it that were changed. */
interface Series {
  readonly event: ICAL.Event;
  readonly changes: ICAL.Event[];
}

/** A changed occurrence belongs to the event of its UID; where the file has none, it is an event like any other. */
function readSeries(calendars: readonly ICAL.Component[]): Series[] {
  const events = calendars
    .flatMap(calendar => calendar.getAllSubcomponents('vevent'))
    .map(component => new ICAL.Event(component, { strictExceptions: true, exceptions: [] }));
  for (const event of events) if (!event.startDate) throw new Error(`"${event.summary}" has no DTSTART`);
  const series: Series[] = events
    .filter(event => !event.isRecurrenceException())
    .map(event => ({ event, changes: [] }));
  const alone: Series[] = [];
  for (const change of events.filter(event => event.isRecurrenceException())) {
    const of = series.filter(({ event }) => event.uid === change.uid);
    // Calendars that were put into one file may have counted their events alike.
    const own = of.find(({ event }) => event.component.parent === change.component.parent) ?? of[0];
    if (own === undefined) alone.push({ event: change, changes: [] });
    else own.changes.push(change);
  }
  return [...series, ...alone].filter(({ event }) => !isCancelled(event));
}

function isCancelled(event: ICAL.Event): boolean {
  return event.component.getFirstPropertyValue('status') === 'CANCELLED';
}

function kindOf(component: ICAL.Component): DayKind {
  const special = component.getFirstPropertyValue('x-apple-special-day');
  if (special === 'ALTERNATE-WORKDAY') return 'work';
  const summary = component.getFirstPropertyValue('summary');
  return typeof summary === 'string' && /[（(](补?班|工作日)[)）]|补班/.test(summary) ? 'work' : 'off';
}

interface Occurrence {
  /** The event, or the changed occurrence, that says it. */
  readonly item: ICAL.Event;
  readonly start: ICAL.Time;
  readonly end: ICAL.Time;
}

function* occurrencesOf({ event, changes }: Series): Generator<Occurrence> {
  if (!event.isRecurring() && !event.component.hasProperty('exdate') && changes.length === 0) {
    yield single(event);
    return;
  }
  const ends = takePeriods(event);
  for (const change of changes) relate(event, change);
  const replaced = new Set<ICAL.Event>();
  for (const next of startsOf(event, LAST_YEAR)) {
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    replaced.add(item);
    const end = item === event ? (ends.get(next.toUnixTime()) ?? endDate) : endDate;
    if (!isCancelled(item)) yield { item, start: startDate, end };
  }
  // One that replaces nothing is there all the same.
  for (const change of changes) if (!replaced.has(change) && !isCancelled(change)) yield single(change);
}

function single(event: ICAL.Event): Occurrence {
  return { item: event, start: event.startDate, end: event.endDate };
}

/**
 * Writes dates with a length of their own (RDATE with VALUE=PERIOD) as plain ones, since ical.js repeats no others, and
 * gives the end of each, and of the event itself, by its start. The first of dates without a rule is the event's start.
 */
function takePeriods({ component, startDate, endDate }: ICAL.Event): Map<number, ICAL.Time> {
  const ends = new Map([[startDate.toUnixTime(), endDate]]);
  for (const property of component.getAllProperties('rdate')) {
    const periods = property.getValues().filter(value => value instanceof ICAL.Period);
    if (periods.length === 0) continue;
    component.removeProperty(property);
    for (const period of periods) {
      component.addPropertyWithValue('rdate', period.start);
      ends.set(period.start.toUnixTime(), period.getEnd());
    }
  }
  if (!component.hasProperty('rrule') && component.hasProperty('rdate'))
    component.addPropertyWithValue('rdate', startDate);
  return ends;
}

/** A change may name the occurrence in another zone, or by its date alone; ical.js knows it by its own words or in UTC. */
function relate(event: ICAL.Event, change: ICAL.Event): void {
  const named = change.recurrenceId;
  if (named.isDate !== event.startDate.isDate) {
    const { year, month, day } = named;
    const { isDate, hour, minute, second, zone } = event.startDate;
    change.recurrenceId = new ICAL.Time({ year, month, day, isDate, hour, minute, second }, zone);
  } else if (!named.isDate && named.zone.tzid !== 'floating') {
    change.recurrenceId = named.convertToZone(ICAL.Timezone.utcTimezone);
  }
  event.relateException(change);
}

/** First day and the day after the last. */
function daysOf(start: ICAL.Time, end: ICAL.Time, zone: Zone): readonly [number, number] {
  if (start.isDate) {
    const first = dayNumber(start);
    return [first, Math.max(first + 1, dayNumber(end))];
  }
  const from = instantOf(start, zone);
  const to = instantOf(end, zone);
  const first = zone.dayAt(from);
  // The end itself is not touched: an event until midnight leaves the next day alone.
  return [first, Math.max(first, zone.dayAt(Math.max(from, to - 1))) + 1];
}

function dayNumber(time: ICAL.Time): number {
  return Date.UTC(time.year, time.month - 1, time.day) / DAY_MS;
}

/** A time whose zone is known, in UTC, or else a local time of `zone`. */
function instantOf(time: ICAL.Time, zone: Zone): number {
  if (time.zone.tzid !== 'floating') return time.toUnixTime() * 1000;
  return zone.toInstant(Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second));
}
