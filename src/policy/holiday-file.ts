// A year of holidays as an administrator writes it, where the data that comes with the program ends or is wrong: YAML or
// JSON, checked as a whole, each error with its place. No I/O of its own: the caller reads the file.
import { z } from 'zod';
import type { Calendar } from './compiled.ts';
import { type AddedYear, isCountry } from './holidays.ts';
import { parsePart } from './part.ts';
import { Findings, Place, type PolicyError, type Step } from './place.ts';
import { type Guide, reportIssues } from './shape.ts';
import { dateOfDay, dayOfDate, weekdayOf, yearOfDay } from './zone.ts';

const DATE = /^\d{4}-\d\d-\d\d$/;
const YEAR_MIN = 1990;
const YEAR_MAX = 2100;
const ENTRIES_MAX = 366;
/** More days off than this are no public holidays but a slip of the pen, such as a range that names the wrong month. */
const OFF_DAYS_MAX = 183;

const country = z.string().regex(/^[A-Z]{2}$/);
const year = z.int().min(YEAR_MIN).max(YEAR_MAX);
const fileSchema = z.strictObject({
  country,
  year,
  off: z.array(z.string()).min(1).max(ENTRIES_MAX),
  work: z.array(z.string()).max(ENTRIES_MAX).default([]),
});
type FileText = z.output<typeof fileSchema>;

/** An added year as it is kept: dates each once and in order. */
export const addedYearSchema = z.object({
  country,
  year,
  off: z.array(z.string().regex(DATE)).readonly(),
  work: z.array(z.string().regex(DATE)).readonly(),
}) satisfies z.ZodType<AddedYear>;

export type HolidayFile =
  | { readonly ok: true; readonly year: AddedYear; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

const EXAMPLE = 'country: CN';
const ADVICE: readonly (readonly [pattern: RegExp, expected: string, example: string])[] = [
  [/^country$/, 'the two capital letters of a country', EXAMPLE],
  [/^year$/, `a year from ${YEAR_MIN} to ${YEAR_MAX}`, 'year: 2027'],
  [/^off\b/, 'dates and ranges of dates, at least one', 'off: ["2027-01-01", "2027-02-05/2027-02-11"]'],
  [/^work\b/, 'a list of dates and ranges of dates', 'work: ["2027-02-20"]'],
];
const GUIDE: Guide = {
  advice(path: readonly Step[]) {
    const key = path.join('.');
    const found = ADVICE.find(([pattern]) => pattern.test(key));
    return found === undefined
      ? { expected: 'country, year, off and work', example: EXAMPLE }
      : { expected: found[1], example: found[2] };
  },
  keys: path => (path.length === 0 ? Object.keys(fileSchema.shape) : []),
};

/** Checks the text of a file that adds a year. */
export function readHolidayFile(text: string, file: string): HolidayFile {
  const findings = new Findings();
  const part = parsePart(text, file, findings, EXAMPLE);
  const root = new Place(part, [], findings);
  const isReadable = findings.errors.length === 0;
  const checked = fileSchema.safeParse(part.data);
  if (isReadable && !checked.success) reportIssues(root, checked.error.issues, GUIDE);
  // A key that is wrong hides no wrong date: what can be read is checked as well.
  const readable = checked.success ? checked.data : readableOf(part.data);
  if (!isReadable || readable === null) return { ok: false, errors: findings.errors };
  const added = checkYear(root, readable);
  if (findings.errors.length > 0) return { ok: false, errors: findings.errors };
  return { ok: true, year: added, warnings: findings.warnings };
}

/** What of a file is as it should be; null without a year that its dates could be held against. */
function readableOf(data: unknown): FileText | null {
  const found = z
    .object({
      country: fileSchema.shape.country.catch(''),
      year: fileSchema.shape.year,
      off: fileSchema.shape.off.catch([]),
      work: fileSchema.shape.work.catch([]),
    })
    .safeParse(data);
  return found.success ? found.data : null;
}

function checkYear(root: Place, { country, year, off, work }: FileText): AddedYear {
  if (country !== '' && !isCountry(country)) {
    const advice = { expected: 'a country with known holidays, as calendars name it', example: EXAMPLE };
    root.at('country').error(`no holidays are known of country "${country}"`, advice);
  }
  const offDays = new Set<number>();
  off.forEach((text, i) => {
    for (const day of daysOf(root.at('off', i), text, year)) offDays.add(day);
  });
  if (offDays.size > OFF_DAYS_MAX) {
    const advice = {
      expected: `at most ${OFF_DAYS_MAX} days off`,
      example: 'off: ["2027-02-05/2027-02-11"]',
    };
    root.at('off').error(`${offDays.size} days of the year are off`, advice);
  }
  const workDays = new Set<number>();
  work.forEach((text, i) => {
    const place = root.at('work', i);
    for (const day of daysOf(place, text, year)) {
      const date = dateOfDay(day);
      if (offDays.has(day)) {
        const advice = { expected: 'a date in one of the two', example: 'work: ["2027-02-20"]' };
        place.error(`${date} is in off and in work`, advice);
      }
      if (weekdayOf(day) < 5) place.warn(`${date} is no Saturday or Sunday; it gets the hours of a Monday`);
      workDays.add(day);
    }
  });
  return { country, year, off: datesOf(offDays), work: datesOf(workDays) };
}

/** The days of a date or a range; none where it is wrong, which is told. */
function daysOf(place: Place, text: string, year: number): number[] {
  const [from = '', to = from, ...more] = text.split('/');
  const first = dayOfDate(from);
  const last = more.length > 0 ? null : dayOfDate(to);
  if (first === null || last === null) {
    const advice = {
      expected: 'a date, or two with a slash between',
      example: `"${year}-05-01/${year}-05-05"`,
    };
    place.error(`"${text}" is no date`, advice);
    return [];
  }
  if (yearOfDay(first) !== year || yearOfDay(last) !== year) {
    const advice = {
      expected: `dates in ${year}; those of another year go into a file of that year, which holds all of its days`,
      example: `"${year}-01-01"`,
    };
    place.error(`"${text}" is not in ${year}`, advice);
    return [];
  }
  if (last < first) {
    const advice = { expected: 'the first day, a slash, the last day', example: `"${to}/${from}"` };
    place.error(`"${text}" ends before it begins`, advice);
    return [];
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function datesOf(days: ReadonlySet<number>): string[] {
  return [...days].sort((a, b) => a - b).map(dateOfDay);
}

/** The calendars that a country's years concern, by name. */
export function calendarsOf(calendars: Iterable<Calendar>, country: string): string[] {
  return [...calendars].filter(calendar => calendar.country === country).map(({ name }) => name);
}

/** Of the added years those whose country a calendar uses, by country and year: part of what a policy says. */
export function yearsUsed(calendars: Iterable<Calendar>, added: readonly AddedYear[]): AddedYear[] {
  const used = new Set([...calendars].map(calendar => calendar.country));
  return added
    .filter(one => used.has(one.country))
    .map(({ country, year, off, work }) => ({ country, year, off, work }))
    .sort((a, b) => (a.country === b.country ? a.year - b.year : a.country < b.country ? -1 : 1));
}
