// RFC 3339 instants: the only form of time that events carry. Anything finer than a millisecond is cut.

const MINUTE = 60_000;
const DAY = 86_400_000;
const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Events before 1990 are rejected. Milliseconds since 1970 UTC. */
export const EARLIEST_TIME = 631_152_000_000;

/** What RFC 3339 in UTC can write: years of four digits. An offset can lead beyond either end. */
const WRITABLE_FROM = Date.parse('0000-01-01T00:00:00.000Z');
const WRITABLE_TO = Date.parse('9999-12-31T23:59:59.999Z');

/** An event may lie up to a day ahead of its stored time; at exactly a day it is still accepted. */
export const AHEAD_MAX_MS = DAY;

/**
 * Milliseconds since 1970 UTC of an RFC 3339 time with any offset, floored to the millisecond; null when it is
 * none, or when its year in UTC has not four digits: it could never be told again. A leap second (`:60`) is read as the first instant of the next minute.
 */
export function parseTime(text: string): number | null {
  return text.length === 24 || text.length === 20 ? (parseUtc(text) ?? parseAny(text)) : parseAny(text);
}

/** RFC 3339 in UTC with milliseconds, the form in which everything is told. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The usual forms, `2026-11-20T08:00:00.000Z` and `2026-11-20T08:00:00Z`, without a regular expression. */
function parseUtc(text: string): number | null {
  const long = text.length === 24;
  if (text.charCodeAt(long ? 23 : 19) !== 90 || text.charCodeAt(10) !== 84) return null;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return null;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null;
  if (long && text.charCodeAt(19) !== 46) return null;
  const year = two(text, 0) * 100 + two(text, 2);
  const second = two(text, 17);
  const milli = long ? two(text, 20) * 10 + (text.charCodeAt(22) - 48) : 0;
  const last = long ? text.charCodeAt(22) : 48;
  if (last < 48 || last > 57) return null;
  return instant(year, two(text, 5), two(text, 8), two(text, 11), two(text, 14), second, milli, 0);
}

function parseAny(text: string): number | null {
  if (text.length > 64) return null;
  const match = SHAPE.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match;
  const milli = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0').slice(0, 3));
  const hours = Number(offsetHour ?? 0);
  const minutes = Number(offsetMinute ?? 0);
  if (hours > 23 || minutes > 59) return null;
  const offset = (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * MINUTE;
  return instant(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    milli,
    offset,
  );
}

/** Two digits at `at`, or NaN, which fails every check that follows. */
function two(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48;
  const b = text.charCodeAt(at + 1) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : Number.NaN;
}

function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  milli: number,
  offset: number,
): number | null {
  const days = DAYS_IN_MONTH[month - 1];
  if (days === undefined || !(day >= 1 && day <= days)) return null;
  if (month === 2 && day === 29 && !isLeap(year)) return null;
  if (!(hour <= 23 && minute <= 59 && second <= 60) || Number.isNaN(year + milli)) return null;
  const inDay = ((hour * 60 + minute) * 60 + second) * 1000 + (second === 60 ? 0 : milli);
  const at = daysFromCivil(year, month, day) * DAY + inDay - offset;
  return at >= WRITABLE_FROM && at <= WRITABLE_TO ? at : null;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days since 1970-01-01 of a proleptic Gregorian date; years are counted from March so that leap days come last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
