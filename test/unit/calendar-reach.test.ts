// How far calendars reach: ones that never open again, targets that no start is ever done with, and far years. Each of
// these was once a search without end, or an error that came with the first event rather than with the policy.
import t from 'tap';
import { TooFarError } from '../../src/policy/calendar.ts';
import type { Calendar } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';
import { isWithinCentury } from '../../src/policy/reach.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';

const DAY_MS = 86_400_000;

function check(calendar: object, files: Readonly<Record<string, string>> = {}, clock: object = {}): string[] {
  const text = JSON.stringify({
    version: 1,
    timezone: 'Europe/Berlin',
    calendars: { o: calendar },
    clocks: [
      {
        rule: 'A',
        on: 'call',
        start: 'call.queued',
        stop: 'call.answered',
        target: '1h',
        calendar: 'o',
        ...clock,
      },
    ],
  });
  const result = loadPolicy(text, { file: 'p.json', readFile: file => files[file] ?? '' });
  return result.ok ? [] : result.errors.map(formatError);
}

function make(data: object): Calendar {
  const made = standaloneCalendar(data, () => '');
  if ('error' in made) throw new Error(made.error);
  return made.calendar;
}

/** Each Monday from the first of a year to the end of another. */
function mondays(from: number, to: number): string[] {
  const dates: string[] = [];
  for (let at = Date.UTC(from, 0, 1); at < Date.UTC(to + 1, 0, 1); at += DAY_MS) {
    const date = new Date(at);
    if (date.getUTCDay() === 1) dates.push(date.toISOString().slice(0, 10));
  }
  return dates;
}

const MONDAYS = { hours: { mon: ['09:00-17:00'] } };

function weekly(until: string): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    'UID:1',
    'SUMMARY:Closed',
    'DTSTART;VALUE=DATE:20250106',
    `RRULE:FREQ=WEEKLY;UNTIL=${until}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

t.test('a calendar that is closed for more than ten years is an error of the policy', async t => {
  t.match(check({ ...MONDAYS, closed: mondays(2025, 2039) }), [
    /calendars\.o\.hours: the calendar is never open within 10 years, counted from 2024-12-30/,
  ]);
  t.same(check({ ...MONDAYS, closed: mondays(2025, 2033) }), [], 'nine years can be waited for');
  t.match(check({ ...MONDAYS, closed: mondays(2150, 2165) }), [/never open.*2149/]);
  t.match(check({ ...MONDAYS, closed: mondays(1985, 2001) }), [/never open.*1990-01-01|never open.*1984/]);
  const once = { ...MONDAYS, closed: mondays(2025, 2039), open: { '2032-02-03': ['10:00-11:00'] } };
  t.same(check(once), [], 'a single opening in between is an opening');
  // On that night the clocks go from two to three.
  const skipped = { ...once, open: { '2032-03-28': ['02:30-03:30'] } };
  t.match(check(skipped), [/never open/], 'one that a clock change skips is none');
  const ics = { ...MONDAYS, holidays: { ics: 'closed.ics' } };
  t.match(check(ics, { 'closed.ics': weekly('20400101') }), [
    /never open within 10 years, counted from 2024-12-30/,
  ]);
  t.same(check(ics, { 'closed.ics': weekly('20330101') }), []);
  t.same(check({ ...MONDAYS, holidays: { country: 'CN' }, closed: ['0001-01-01', '9999-12-31'] }), []);
});

t.test('a target that is due more than a century after its start is an error of the policy', async t => {
  const minute = { hours: { mon: ['09:00-09:01'] } };
  t.match(check(minute, {}, { target: '10000d' }), [
    /clocks\[0\]\.target: "10000d".*more than a hundred years/,
  ]);
  t.match(check(minute, {}, { target: { by: 'queue', values: { a: '1m', b: '36525d' }, else: '400d' } }), [
    /target\.values\.b: "36525d"/,
    /target\.else: "400d"/,
  ]);
  t.match(check(minute, {}, { target: '36525bd' }), [/target: "36525bd"/]);
  t.match(check(minute, {}, { target: '1m', ladder: [{ after: '9999d', to: 'x' }] }), [/ladder\[0\]\.after/]);
  t.same(check(minute, {}, { target: '3d' }), [], '4,320 weeks are 83 years');
  t.same(check({ always: true }, {}, { target: '36525d' }), []);
  // What weeks alone would allow is not when most of them are closed.
  t.match(check({ ...minute, closed: mondays(1990, 1998) }, {}, { target: '5200m' }), [
    /more than a hundred years/,
  ]);
});

t.test('a time of more than a century is an error wherever one stands, not none at all', async t => {
  const written = `version: 1
clocks:
  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h, warn: [40000d],
      ladder: [{ after: 40000d, to: x }], objective: { share: 90%, window: 40000d } }
indicators:
  - { rule: I, count: ticket.replied, of: ticket.created, window: 40000d, every: 40000d, alert: { above: 5%, for: 40000d } }
  - { rule: J, level: { on: ticket, when: { status: open }, longest: true }, alert: { above: 40000d, clear: 50000d } }`;
  const result = loadPolicy(written, { file: 'p.yaml' });
  t.same(
    result.ok ? [] : result.errors.map(({ key, message }) => `${key}: ${message}`),
    [
      'clocks[0].warn[0]: "40000d" is longer than a century',
      'clocks[0].ladder[0].after: "40000d" is longer than a century',
      'clocks[0].objective.window: "40000d" is longer than a century',
      'indicators[0].window: "40000d" is longer than a century',
      'indicators[0].every: "40000d" is longer than a century',
      'indicators[0].alert.for: "40000d" is longer than a century',
      'indicators[1].alert.above: "40000d" is longer than a century',
      'indicators[1].alert.clear: "50000d" is longer than a century',
    ],
    'an alert with no time as its bound, or for none, fires at once',
  );
});

t.test('no target is searched for without end', async t => {
  const calendar = make({ timezone: 'Europe/Berlin', hours: { mon: ['09:00-09:01'] } });
  const from = Date.parse('2026-01-01T08:00:00Z');
  const started = performance.now();
  t.equal(isWithinCentury(calendar, from, { kind: 'time', ms: 36_525 * DAY_MS }), false);
  t.throws(() => calendar.add(from, 36_525 * DAY_MS), TooFarError);
  t.ok(calendar.elapsed(Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T00:00:00Z')) > 0);
  t.ok(calendar.addBusinessDays(from, 36_525, false) > from);
  const tookMs = performance.now() - started;
  t.ok(tookMs < 10_000, `${Math.round(tookMs)} ms; it took 50 s, and again with each event`);
});

t.test('far years add up as if each were looked at', async t => {
  const calendar = make({
    timezone: 'Europe/Berlin',
    hours: { 'mon-fri': ['08:00-17:30'], sat: ['22:00-03:00'] },
    holidays: { country: 'DE' },
    closed: ['2026-12-31'],
  });
  for (const [first, last] of [
    [2180, 2640],
    [1390, 1810],
  ] as const) {
    const newYear = (year: number) => Date.UTC(year, 0, 1, 12);
    let sum = 0;
    for (let year = first; year < last; year++) {
      const middle = Date.UTC(year, 6, 1);
      sum += calendar.elapsed(newYear(year), middle) + calendar.elapsed(middle, newYear(year + 1));
    }
    t.equal(calendar.elapsed(newYear(first), newYear(last)), sum);
    const start = calendar.add(newYear(first), 0);
    const due = calendar.add(start, sum);
    t.equal(calendar.elapsed(start, due), sum);
    t.ok(Math.abs(due - newYear(last)) < 7 * DAY_MS);
  }
});
