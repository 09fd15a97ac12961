// Statutory holidays and make-up working days, by country. China's come from chinese-days, which knows the make-up
// days and only the years announced so far; other countries' from date-holidays, which ends later, if at all.
import { createRequire } from 'node:module';
import chineseDays from 'chinese-days';
import type DateHolidays from 'date-holidays';
import { type Span, spanOf, YEARS } from './holiday-span.ts';
import { DAY_MS, dateOfDay, dayOfDate, firstOfYear, weekdayOf } from './zone.ts';

/** What a day is by law; `work` is a make-up working day, which has Monday's hours. */
export type DayKind = 'off' | 'work';

export interface HolidaySource {
  /** False for a year of which not all is known: plain hours hold where days are missing, and that is to be said loudly. */
  covers(year: number): boolean;
  /** Null for an ordinary day. `day` counts from 1970-01-01. */
  kindOf(day: number): DayKind | null;
}

/** A country's year as an administrator adds it. It goes, whole, before what the program knows of that year. */
export interface AddedYear {
  readonly country: string;
  readonly year: number;
  /** Dates such as `2027-02-05`, each once, in order. */
  readonly off: readonly string[];
  readonly work: readonly string[];
}

/** Holidays of a country, or null when no data names it. */
export function holidaysOf(
  country: string,
  region: string | undefined,
  added: readonly AddedYear[] = [],
): HolidaySource | null {
  const known = country === 'CN' ? CHINA : yearsOf(country, region);
  if (known === null) return null;
  const own = new Map(added.filter(one => one.country === country).map(one => [one.year, one]));
  return new YearBook(known, own);
}

/** True for a country whose holidays a calendar may ask for. */
export function isCountry(country: string): boolean {
  return country === 'CN' || yearsOf(country, undefined) !== null;
}

type Days = ReadonlyMap<number, DayKind>;

/** What the program knows of a country. */
interface KnownYears {
  /** Years of which all is known, so that none is read only to ask; null: all is known of each that can be read. */
  readonly span: (() => Span) | null;
  /** Null for a year of which nothing is known. */
  read(year: number): Days | null;
}

/** Reads each year once. */
class YearBook implements HolidaySource {
  readonly #known: KnownYears;
  readonly #added: ReadonlyMap<number, AddedYear>;
  readonly #years = new Map<number, Days | null>();

  constructor(known: KnownYears, added: ReadonlyMap<number, AddedYear>) {
    this.#known = known;
    this.#added = added;
  }

  covers(year: number): boolean {
    if (this.#added.has(year)) return true;
    const span = this.#known.span?.();
    return span === undefined ? this.#year(year) !== null : year >= span[0] && year <= span[1];
  }

  kindOf(day: number): DayKind | null {
    return this.#year(new Date(day * DAY_MS).getUTCFullYear())?.get(day) ?? null;
  }

  #year(year: number): Days | null {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    const added = this.#added.get(year);
    const days = added === undefined ? this.#known.read(year) : readAdded(added);
    this.#years.set(year, days);
    return days;
  }
}

const CHINA: KnownYears = { span: null, read: readChina };

/** A year without a single holiday is one that has not been announced yet, or lies before the data. */
function readChina(year: number): Days | null {
  if (year < 1000 || year > 9999) return null;
  const off = chineseDays.getHolidaysInRange(`${year}-01-01`, `${year}-12-31`, false);
  if (off.length === 0) return null;
  const days = new Map<number, DayKind>();
  const first = firstOfYear(year) / DAY_MS;
  const end = firstOfYear(year + 1) / DAY_MS;
  for (let day = first; day < end; day++) {
    if (weekdayOf(day) >= 5 && chineseDays.isWorkday(dateOfDay(day))) days.set(day, 'work');
  }
  for (const date of off) {
    const day = dayOfDate(date);
    if (day !== null) days.set(day, 'off');
  }
  return days;
}

function readAdded(year: AddedYear): Days {
  const days = new Map<number, DayKind>();
  for (const date of year.work) setDay(days, date, 'work');
  for (const date of year.off) setDay(days, date, 'off');
  return days;
}

function setDay(days: Map<number, DayKind>, date: string, kind: DayKind): void {
  const day = dayOfDate(date);
  if (day !== null) days.set(day, kind);
}

/** date-holidays takes a tenth of a second to load, so it is loaded for those who need it. */
function yearsOf(country: string, region: string | undefined): KnownYears | null {
  const load: (id: string) => typeof DateHolidays = createRequire(import.meta.url);
  const Holidays = load('date-holidays');
  const index = new Holidays();
  if (!Object.hasOwn(index.getCountries(), country)) return null;
  if (region !== undefined && !Object.hasOwn(index.getStates(country) ?? {}, region)) return null;
  const holidays = region === undefined ? new Holidays(country) : new Holidays(country, region);
  let known: Span | null = null;
  const span = (): Span => {
    known ??= spanOf(Holidays, holidays.getRules());
    return known;
  };
  const read = (year: number): Days | null => {
    if (year < YEARS[0] || year > YEARS[1]) return null;
    const days = new Map<number, DayKind>();
    for (const holiday of holidays.getHolidays(year)) {
      if (holiday.type !== 'public') continue;
      const first = dayOfDate(holiday.date.slice(0, 10));
      if (first === null) continue;
      const length = Math.max(1, Math.round((holiday.end.getTime() - holiday.start.getTime()) / DAY_MS));
      for (let day = first; day < first + length; day++) days.set(day, 'off');
    }
    return days;
  };
  return { span, read };
}
