// What asking a calendar costs: `due` and `elapsed` by our sorted ranges, against stepping through the days with luxon,
// in the same process and the same run. Both answer the same questions and must agree on each.
import { DateTime } from 'luxon';
import type { Calendar } from '../../src/policy/compiled.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';
import type { Row, Sizes } from './report.ts';

const ZONE = 'Europe/Berlin';
const HOURS = [
  [9 * 60, 12 * 60],
  [13 * 60 + 30, 18 * 60],
] as const;
const CLOSED = ['2026-04-03', '2026-04-06', '2026-05-01', '2026-05-14', '2026-12-24', '2026-12-25'];
const START = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;
const HOUR_MS = 3_600_000;
/** How often our answers are asked for a single one of luxon's. */
const OURS_TIMES = 200;

interface CalendarBench {
  readonly dueMicros: number;
  readonly dueMicrosLuxon: number;
  readonly elapsedMicros: number;
  readonly elapsedMicrosLuxon: number;
}

interface Question {
  readonly from: number;
  readonly ms: number;
  readonly to: number;
}

/** Asks `questions` random questions of each kind; throws when the two ways disagree. */
function benchCalendar(questions: number): CalendarBench {
  const calendar = ourCalendar();
  const list = makeQuestions(questions, calendar);
  // Once outside the measurement: code is compiled, years are laid out.
  for (const one of list) checkAgreement(calendar, one);
  const dueMicrosLuxon = micros(list, 1, ({ from, ms }) => luxonDue(from, ms));
  const dueMicros = micros(list, OURS_TIMES, ({ from, ms }) => calendar.add(from, ms));
  const elapsedMicrosLuxon = micros(list, 1, ({ from, to }) => luxonElapsed(from, to));
  const elapsedMicros = micros(list, OURS_TIMES, ({ from, to }) => calendar.elapsed(from, to));
  return {
    dueMicros,
    dueMicrosLuxon,
    elapsedMicros,
    elapsedMicrosLuxon,
  };
}

function ourCalendar(): Calendar {
  const made = standaloneCalendar(
    { timezone: ZONE, hours: { 'mon-fri': ['09:00-12:00', '13:30-18:00'] }, closed: CLOSED },
    () => '',
  );
  if ('error' in made) throw new Error(made.error);
  return made.calendar;
}

/** Targets of 1 to 40 open hours, as service targets are; spans up to the due instant. */
function makeQuestions(count: number, calendar: Calendar): Question[] {
  let seed = 42;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  return Array.from({ length: count }, () => {
    const from = START + Math.floor(random() * YEAR_MS);
    const ms = Math.floor((1 + random() * 39) * HOUR_MS);
    return { from, ms, to: calendar.add(from, ms) + Math.floor(random() * HOUR_MS) };
  });
}

function checkAgreement(calendar: Calendar, { from, ms, to }: Question): void {
  const same = luxonDue(from, ms) === calendar.add(from, ms);
  if (same && luxonElapsed(from, to) === calendar.elapsed(from, to)) return;
  throw new Error(`luxon and the calendar disagree on ${from} + ${ms}, or up to ${to}`);
}

/** Microseconds for one answer; the sum is used so that no call can be left out. */
function micros(list: readonly Question[], times: number, ask: (question: Question) => number): number {
  let sum = 0;
  const begin = performance.now();
  for (let i = 0; i < times; i++) for (const one of list) sum += ask(one);
  const took = performance.now() - begin;
  if (!Number.isFinite(sum)) throw new Error('no answer');
  return (took * 1000) / (list.length * times);
}

/** The open ranges from the day of `at` on, a day after the other, as a helpdesk steps through them. */
function* openRanges(at: number): Iterable<readonly [open: number, close: number]> {
  let day = DateTime.fromMillis(at, { zone: ZONE }).startOf('day');
  for (;;) {
    if (day.weekday <= 5 && !CLOSED.includes(day.toISODate() ?? ''))
      for (const [open, close] of HOURS) yield [minuteOf(day, open), minuteOf(day, close)];
    day = day.plus({ days: 1 });
  }
}

function minuteOf(day: DateTime, minutes: number): number {
  return day.set({ hour: Math.floor(minutes / 60), minute: minutes % 60 }).toMillis();
}

function luxonDue(from: number, ms: number): number {
  let left = ms;
  for (const [open, close] of openRanges(from)) {
    const begin = Math.max(open, from);
    if (close <= begin) continue;
    if (left <= close - begin) return begin + left;
    left -= close - begin;
  }
  return Number.NaN;
}

function luxonElapsed(from: number, to: number): number {
  let sum = 0;
  for (const [open, close] of openRanges(from)) {
    if (open >= to) break;
    sum += Math.max(0, Math.min(close, to) - Math.max(open, from));
  }
  return sum;
}

/** What it found, as rows. */
export async function benchCalendars({ quick }: Sizes): Promise<Row[]> {
  const found = benchCalendar(quick ? 50 : 300);
  const row = (what: string, ours: number, baseline: number): Row => ({
    part: 'calendar',
    what,
    unit: 'µs',
    ours,
    baseline,
    baselineWhat: 'stepping through the days with luxon',
    better: 'lower',
    aim: null,
  });
  return [
    row('the due instant of a target in office hours', found.dueMicros, found.dueMicrosLuxon),
    row('the business time between two instants', found.elapsedMicros, found.elapsedMicrosLuxon),
  ];
}
