// From which year to which date-holidays knows all holidays of a country. Most follow from rules that hold for ever. Those of
// the Islamic and the Hebrew calendar come from tables that end, and some, such as Vesak or Diwali, are listed date by date:
// beyond the end of either the others are still there, and these are missing.
import type DateHolidays from 'date-holidays';
import { z } from 'zod';

export type Span = readonly [first: number, last: number];

/** Nothing is asked for beyond these years. */
export const YEARS: Span = [1900, 2100];

/** Rules with a date of a calendar that is a table; `yearly` is one that comes in each year of it. */
const TABLES: readonly { readonly date: RegExp; readonly yearly: string }[] = [
  {
    date: /\b\d+ (Muharram|Safar|Rabi al-|Jumada al-|Rajab|Shaban|Ramadan|Shawwal|Dhu al-)/,
    yearly: '1 Muharram',
  },
  {
    date: /\b\d+ (Nisan|Iyyar|Sivan|Tamuz|Av|Elul|Tishrei|Cheshvan|Kislev|Tevet|Shvat|Adar)/,
    yearly: '15 Nisan',
  },
];

/** Dates of so many years one after the other are a list of a holiday that comes each year; fewer are single occasions. */
const LIST_YEARS_MIN = 5;

const ruleSchema = z.object({ rule: z.string(), type: z.literal('public'), name: z.unknown() });
type Rule = z.output<typeof ruleSchema>;

/** The years of which all public holidays are known that these rules give. */
export function spanOf(Holidays: typeof DateHolidays, rules: readonly unknown[]): Span {
  const known = rules.flatMap(rule => ruleSchema.safeParse(rule).data ?? []);
  const tables = TABLES.filter(({ date }) => known.some(({ rule }) => date.test(rule)));
  const spans = [...tables.map(({ yearly }) => spanOfTable(Holidays, yearly)), ...listsIn(known)];
  return spans.reduce((a, b) => [Math.max(a[0], b[0]), Math.min(a[1], b[1])], YEARS);
}

const tableSpans = new Map<string, Span>();

function spanOfTable(Holidays: typeof DateHolidays, yearly: string): Span {
  const found = tableSpans.get(yearly);
  if (found !== undefined) return found;
  const probe = new Holidays();
  probe.setHoliday(yearly, yearly);
  const [first, last] = YEARS;
  const years = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
    year => probe.getHolidays(year).length > 0,
  );
  const span: Span = [years[0] ?? last, years.at(-1) ?? first];
  tableSpans.set(yearly, span);
  return span;
}

/** The years of each holiday that is given by nothing but dates. */
function listsIn(rules: readonly Rule[]): Span[] {
  const byName = new Map<string, (number | null)[]>();
  for (const { name, rule } of rules) {
    const year = /^(\d{4})-/.exec(rule)?.[1];
    const text = JSON.stringify(name);
    byName.set(text, [...(byName.get(text) ?? []), year === undefined ? null : Number(year)]);
  }
  return [...byName.values()].flatMap(years => {
    const dated = new Set(years.filter(year => year !== null));
    if (years.includes(null) || dated.size === 0) return [];
    const last = Math.max(...dated);
    let first = last;
    while (dated.has(first - 1)) first--;
    return last - first + 1 < LIST_YEARS_MIN ? [] : [[first, last] as const];
  });
}
