// Times as exports write them: ISO 8601, seconds or milliseconds since 1970, or a pattern in a time zone.
import { Temporal } from 'temporal-polyfill';
import { parseTime } from '../contract/time.ts';

/** Milliseconds since 1970 UTC, or null when the text is no such time. */
export type TimeReader = (text: string) => number | null;

const FIELDS: Readonly<Record<string, readonly [Field, string]>> = {
  yyyy: ['year', '(\\d{4})'],
  MM: ['month', '(\\d{1,2})'],
  dd: ['day', '(\\d{1,2})'],
  HH: ['hour', '(\\d{1,2})'],
  mm: ['minute', '(\\d{2})'],
  ss: ['second', '(\\d{2})'],
  SSS: ['millisecond', '(\\d{3})'],
};
type Parts = { year: number; month: number; day: number } & Partial<Record<Field, number>>;
type Zone = (parts: Parts) => number | null;

const QUARTER = 900_000;
const QUARTERS_MAX = 100_000;
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;

type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond';

/**
 * The reader of a format: `iso` (an offset in the text counts, else the zone), `epoch-s`, `epoch-ms`, or a pattern
 * of yyyy MM dd HH mm ss SSS; a text when there is no such format or zone. A local time that a clock change skips is
 * read with the offset before the change, one that comes twice is its first.
 */
export function timeReader(format: string, timezone: string): TimeReader | string {
  if (!isTimezone(timezone)) return `there is no time zone ${timezone}`;
  const zone = zoneOf(timezone);
  if (format === 'iso') return text => readIso(text, zone);
  if (format === 'epoch-s') return text => readNumber(text, 1000);
  if (format === 'epoch-ms') return text => readNumber(text, 1);
  const order: Field[] = [];
  const pattern = format.replace(/yyyy|MM|dd|HH|mm|ss|SSS|[\s\S]/g, token => {
    const field = FIELDS[token];
    if (field === undefined) return token.replace(/[^\w\s]/, '\\$&');
    order.push(field[0]);
    return field[1];
  });
  for (const needed of ['year', 'month', 'day'] as const) {
    if (!order.includes(needed)) return `expected iso, epoch-s, epoch-ms or a pattern with yyyy, MM and dd`;
  }
  const expression = new RegExp(`^${pattern}$`);
  return text => {
    const match = expression.exec(text.trim());
    if (match === null) return null;
    const parts: Partial<Record<Field, number>> = {};
    order.forEach((field, i) => {
      parts[field] = Number(match[i + 1]);
    });
    return zone({ year: 0, month: 0, day: 0, ...parts });
  };
}

function readIso(text: string, zone: Zone): number | null {
  const match = ISO.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  if (offset !== undefined) {
    const time = `${hour}:${minute}:${second ?? '00'}${fraction ?? ''}`;
    return parseTime(`${year}-${month}-${day}T${time}${offset.replace(/(\d\d)(\d\d)$/, '$1:$2')}`);
  }
  const millisecond = Number((fraction ?? '.0').slice(1).padEnd(3, '0').slice(0, 3));
  const clock = {
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond,
  };
  return zone({ year: Number(year), month: Number(month), day: Number(day), ...clock });
}

function readNumber(text: string, unit: number): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? Math.floor(value * unit) : null;
}

/**
 * Local times of a zone as instants. Offsets change at quarters of an hour, so each quarter is looked up once; the
 * lookup costs a hundred times the rest.
 */
function zoneOf(timezone: string): Zone {
  const starts = new Map<number, number>();
  return parts => {
    const local = localMs(parts);
    if (local === null || timezone === 'UTC') return local;
    const quarter = Math.floor(local / QUARTER) * QUARTER;
    let start = starts.get(quarter);
    if (start === undefined) {
      const text = new Date(quarter).toISOString().slice(0, -1);
      const zoned = Temporal.PlainDateTime.from(text).toZonedDateTime(timezone, {
        disambiguation: 'compatible',
      });
      start = zoned.epochMilliseconds;
      if (starts.size >= QUARTERS_MAX) starts.clear();
      starts.set(quarter, start);
    }
    return start + (local - quarter);
  };
}

/** The local time as if it were UTC; null when there is no such date or time of day. */
function localMs(parts: Parts): number | null {
  const { year, month, day, hour = 0, minute = 0, second = 0, millisecond = 0 } = parts;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  const date = new Date(ms);
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return same ? ms : null;
}

function isTimezone(timezone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timezone);
    return true;
  } catch {
    return false;
  }
}
