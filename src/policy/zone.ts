// A time zone: its offset at an instant, and the instant of a local time. Offsets come from Intl, sampled once for
// each year and kept as a short list of changes. Instants are milliseconds since 1970 UTC; a local time is counted
// the same way, as if its zone were UTC.

export const DAY_MS = 86_400_000;

/** No zone has moved its clocks twice within this time, so sampling at this step finds each change. */
const STEP_MS = 4 * DAY_MS;

const zones = new Map<string, Zone>();

/** The zone of an IANA name, or null when there is none of that name. */
export function zoneOf(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  try {
    const zone = new Zone(name);
    zones.set(name, zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface OffsetYear {
  /** From when each offset holds; the first is the year's beginning in UTC. */
  readonly since: readonly number[];
  readonly offsets: readonly number[];
}

export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, OffsetYear>();

  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      timeZoneName: 'longOffset',
      year: 'numeric',
    });
  }

  /** Milliseconds that local time is ahead of UTC at an instant. */
  offsetAt(at: number): number {
    const year = this.#year(new Date(at).getUTCFullYear());
    let i = year.since.length - 1;
    while (i > 0 && (year.since[i] ?? 0) > at) i--;
    return year.offsets[i] ?? 0;
  }

  /** Days since 1970-01-01 of the local date at an instant. */
  dayAt(at: number): number {
    return Math.floor((at + this.offsetAt(at)) / DAY_MS);
  }

  /**
   * The instant of a local time. One that a clock change skips is read with the offset before the change; one that
   * comes twice is its first.
   */
  toInstant(local: number): number {
    const before = this.offsetAt(local - DAY_MS);
    const after = this.offsetAt(local + DAY_MS);
    const early = local - before;
    if (before === after || this.offsetAt(early) === before) return early;
    const late = local - after;
    return this.offsetAt(late) === after ? late : early;
  }

  /** The local times of day, in milliseconds from midnight, that changes of its clocks in a year lead to and from. */
  changeTimes(year: number): number[] {
    const { since, offsets } = this.#year(year);
    return since.flatMap((at, i) => {
      const from = offsets[i - 1];
      const to = offsets[i];
      if (from === undefined || to === undefined) return [];
      return [from, to].map(offset => (((at + offset) % DAY_MS) + DAY_MS) % DAY_MS);
    });
  }

  #year(year: number): OffsetYear {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    const begin = firstOfYear(year);
    const end = begin + 367 * DAY_MS;
    const since = [begin];
    const offsets = [this.#measure(begin)];
    let offset = offsets[0] ?? 0;
    for (let at = begin; at < end; at += STEP_MS) {
      const next = this.#measure(at + STEP_MS);
      if (next === offset) continue;
      since.push(this.#changeBetween(at, at + STEP_MS, offset));
      offsets.push(next);
      offset = next;
    }
    const built = { since, offsets };
    this.#years.set(year, built);
    return built;
  }

  /** The first instant in (from, to] at which the offset is no longer `offset`. */
  #changeBetween(from: number, to: number, offset: number): number {
    let low = from;
    let high = to;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#measure(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }

  /** The offset as Intl writes it: `GMT`, `GMT+05:30`, `GMT-00:01:15`. */
  #measure(at: number): number {
    const text = this.#format.format(at);
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    if (match === null) throw new Error(`no offset in "${text}"`);
    const [, sign, hours, minutes, seconds] = match;
    if (sign === undefined) return 0;
    const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000;
    return sign === '-' ? -ms : ms;
  }
}

/** Days since 1970-01-01 of a calendar date such as `2026-12-31`; null when there is no such date. */
export function dayOfDate(date: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  if (match === null) return null;
  const at = new Date(0);
  at.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return at.toISOString().slice(0, 10) === date ? at.getTime() / DAY_MS : null;
}

/** The calendar date of a day number. */
export function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Monday is 0. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** The year of a day number, in the calendar alone. */
export function yearOfDay(day: number): number {
  return new Date(day * DAY_MS).getUTCFullYear();
}

/** Milliseconds since 1970 of the first of January, as a local time. */
export function firstOfYear(year: number): number {
  const at = new Date(0);
  at.setUTCFullYear(year, 0, 1);
  return at.getTime();
}
