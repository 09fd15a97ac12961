// Where the holidays of a country end: calendars whose dates come from tables, and holidays that are listed year by year.
import t from 'tap';
import type { Calendar } from '../../src/policy/compiled.ts';
import { holidaysOf } from '../../src/policy/holidays.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';

/** The first and the last year that are covered, of those around 2026. */
function span(country: string, region?: string): readonly [first: number, last: number] {
  const source = holidaysOf(country, region);
  if (source === null) throw new Error(`no holidays of ${country}`);
  const years = Array.from({ length: 400 }, (_, i) => 1800 + i).filter(year => source.covers(year));
  return [years[0] ?? 0, years.at(-1) ?? 0];
}

function calendarOf(country: string): Calendar {
  const made = standaloneCalendar({ hours: { 'mon-sun': ['09:00-17:00'] }, holidays: { country } }, () => '');
  if ('error' in made) throw new Error(made.error);
  return made.calendar;
}

t.test('rules that hold for ever reach as far as is asked', async t => {
  for (const country of ['DE', 'US', 'GB', 'JP', 'KR', 'VN', 'IN'])
    t.same(span(country), [1900, 2100], country);
  t.same(span('DE', 'BY'), [1900, 2100]);
});

t.test('Islamic dates end with their table', async t => {
  for (const country of ['AE', 'SA', 'EG', 'TR', 'MA', 'IR']) t.same(span(country), [1970, 2076], country);
  const source = holidaysOf('AE', undefined);
  const offIn = (year: number) =>
    Array.from({ length: 366 }, (_, i) => Date.UTC(year, 0, 1 + i) / 86_400_000).filter(
      day => new Date(day * 86_400_000).getUTCFullYear() === year && source?.kindOf(day) === 'off',
    ).length;
  t.same([2075, 2076, 2077].map(offIn), [12, 12, 2], 'what is known of later years still holds');
  const calendar = calendarOf('AE');
  const at = (date: string) => Date.parse(`${date}T00:00Z`);
  t.equal(calendar.uncoveredYear(at('2076-06-01'), at('2076-12-31')), null);
  t.equal(calendar.uncoveredYear(at('2076-06-01'), at('2077-01-01')), 2077);
  t.equal(calendar.coveredUntil(at('2026-01-01')), at('2077-01-01'));
});

t.test('Hebrew dates end with their table', async t => {
  t.same(span('IL'), [1969, 2099]);
});

t.test('holidays that are listed end with their list', async t => {
  t.same(span('SG'), [2001, 2026]);
  t.same(span('TH'), [2010, 2026]);
  t.same(span('TT'), [2012, 2030]);
  t.same(span('NZ'), [2022, 2052]);
});

t.test('a year that was added is known, and no other', async t => {
  const added = { country: 'AE', year: 2077, off: ['2077-01-01'], work: [] };
  const source = holidaysOf('AE', undefined, [added]);
  t.same(
    [2076, 2077, 2078].map(year => source?.covers(year)),
    [true, true, false],
  );
});
