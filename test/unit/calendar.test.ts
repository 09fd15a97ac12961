// Calendars: a table of due instants and open times, each rule of CONTRACT.md, section 3, on both sides of its bound.
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { NeverOpenError } from '../../src/policy/calendar.ts';
import type { Calendar } from '../../src/policy/compiled.ts';
import { parseDuration } from '../../src/policy/duration.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';

const FILES: Readonly<Record<string, string>> = {
  'own.ics': [
    'BEGIN:VCALENDAR',
    'BEGIN:VTIMEZONE',
    'TZID:Centre',
    'BEGIN:STANDARD',
    'DTSTART:19700101T000000',
    'TZOFFSETFROM:+0900',
    'TZOFFSETTO:+0900',
    'END:STANDARD',
    'END:VTIMEZONE',
    'BEGIN:VEVENT',
    'UID:weekly',
    'SUMMARY:No work on the first three Mondays of March but the second',
    'DTSTART;VALUE=DATE:20260302',
    'RRULE:FREQ=WEEKLY;COUNT=3',
    'EXDATE;VALUE=DATE:20260309',
    'END:VEVENT',
    'BEGIN:VEVENT',
    'UID:zoned',
    'SUMMARY:Until midnight of a zone of its own, which is 16:00 of the day in London',
    'DTSTART;TZID=Centre:20260402T000000',
    'DTEND;TZID=Centre:20260403T000000',
    'END:VEVENT',
    'BEGIN:VEVENT',
    'UID:off',
    'SUMMARY:Called off',
    'STATUS:CANCELLED',
    'DTSTART;VALUE=DATE:20260504',
    'END:VEVENT',
    'BEGIN:VEVENT',
    'UID:makeup',
    'SUMMARY:春节(班)',
    'DTSTART;VALUE=DATE:20260606',
    'END:VEVENT',
    'END:VCALENDAR',
  ].join('\r\n'),
  'daily.ics': [
    'BEGIN:VCALENDAR',
    'BEGIN:VEVENT',
    'UID:x',
    'DTSTART;VALUE=DATE:19800101',
    'RRULE:FREQ=DAILY',
    'END:VEVENT',
    'END:VCALENDAR',
  ].join('\r\n'),
};

function make(data: object): Calendar {
  const made = standaloneCalendar(data, file => FILES[file] ?? '');
  if ('error' in made) throw new Error(made.error);
  return made.calendar;
}

const week = (ranges: string[]) => ({ 'mon-sun': ranges });
const CALENDARS = {
  office: {
    timezone: 'Asia/Shanghai',
    hours: { 'mon-fri': ['09:00-12:00', '13:30-18:00'] },
    holidays: { country: 'CN' },
  },
  night: { timezone: 'UTC', hours: { 'mon-fri': ['22:00-06:00'] }, closed: ['2026-11-17'] },
  whole: { timezone: 'Europe/Berlin', hours: week(['00:00-24:00']) },
  always: { always: true, timezone: 'Asia/Shanghai' },
  dates: {
    timezone: 'UTC',
    hours: { 'mon-fri': ['09:00-17:00'] },
    holidays: { country: 'DE' },
    closed: ['2026-11-18', '2026-11-19'],
    open: { '2026-11-19': ['10:00-11:00'], '2026-12-25': ['10:00-12:00'], '2026-11-20': [] },
  },
  overlap: { timezone: 'UTC', hours: { mon: ['09:00-12:00', '11:00-14:00'], tue: ['08:00-09:00'] } },
  handover: { timezone: 'UTC', hours: { mon: ['22:00-06:00'], tue: ['05:00-12:00'] } },
  spring: { timezone: 'Europe/Berlin', hours: { sun: ['01:00-04:00'] } },
  skipped: { timezone: 'Europe/Berlin', hours: { sun: ['02:30-03:00'], mon: ['09:00-10:00'] } },
  halfSkipped: { timezone: 'Europe/Berlin', hours: { sun: ['02:15-03:30'] } },
  doubled: { timezone: 'Europe/Berlin', hours: { sun: ['02:30-03:30'] } },
  ics: { timezone: 'Europe/London', hours: { 'mon-fri': ['09:00-17:00'] }, holidays: { ics: 'own.ics' } },
} as const;

/** start | target | due */
const DUE: Readonly<Partial<Record<keyof typeof CALENDARS, string>>> = {
  office: `
    2026-11-20T11:00+08:00 | 2h             | 2026-11-20T14:30+08:00
    2026-11-20T10:00+08:00 | 2h             | 2026-11-20T12:00+08:00
    2026-11-20T10:00+08:00 | 120m           | 2026-11-20T12:00+08:00
    2026-11-20T17:00+08:00 | 2h             | 2026-11-23T10:00+08:00
    2026-11-20T10:00+08:00 | 0s             | 2026-11-20T10:00+08:00
    2026-11-20T12:00+08:00 | 0s             | 2026-11-20T13:30+08:00
    2026-11-21T12:00+08:00 | 0s             | 2026-11-23T09:00+08:00
    2026-11-20T10:00+08:00 | 4bd            | 2026-11-26T18:00+08:00
    2026-11-21T10:00+08:00 | 1bd            | 2026-11-23T18:00+08:00
    2026-11-20T08:00+08:00 | 0bd            | 2026-11-20T18:00+08:00
    2026-11-20T17:59+08:00 | 0bd            | 2026-11-20T18:00+08:00
    2026-11-20T18:00+08:00 | 0bd            | 2026-11-23T18:00+08:00
    2026-11-21T18:00+08:00 | 0bd            | 2026-11-23T18:00+08:00
    2026-11-20T10:00+08:00 | 1bd@same-time  | 2026-11-23T10:00+08:00
    2026-11-20T12:00+08:00 | 1bd@same-time  | 2026-11-23T12:00+08:00
    2026-11-20T12:01+08:00 | 1bd@same-time  | 2026-11-23T13:30+08:00
    2026-11-20T07:00+08:00 | 1bd@same-time  | 2026-11-23T09:00+08:00
    2026-11-20T20:00+08:00 | 1bd@same-time  | 2026-11-23T18:00+08:00
    2026-02-13T17:00+08:00 | 2h             | 2026-02-14T10:00+08:00
    2026-02-14T17:00+08:00 | 2h             | 2026-02-24T10:00+08:00
    2026-02-13T10:00+08:00 | 1bd            | 2026-02-14T18:00+08:00
    2026-02-13T10:00+08:00 | 2bd            | 2026-02-24T18:00+08:00
    2026-12-31T17:00+08:00 | 2h             | 2027-01-01T10:00+08:00
    2026-12-31T17:00+08:00 | 3d             | 2027-01-14T14:00+08:00`,
  night: `
    2026-11-16T23:00Z      | 8h             | 2026-11-18T23:00Z
    2026-11-17T05:00Z      | 1bd            | 2026-11-19T06:00Z
    2026-11-17T06:00Z      | 1bd            | 2026-11-19T06:00Z
    2026-11-17T05:00Z      | 0bd            | 2026-11-17T06:00Z
    2026-11-17T06:00Z      | 0bd            | 2026-11-19T06:00Z
    2026-11-19T02:00Z      | 1bd@same-time  | 2026-11-20T02:00Z
    2026-11-19T12:00Z      | 1bd@same-time  | 2026-11-20T22:00Z`,
  whole: `
    2026-03-28T12:00+01:00 | 1d             | 2026-03-29T13:00+02:00
    2026-03-28T12:00+01:00 | 1bd@same-time  | 2026-03-29T12:00+02:00
    2026-03-28T12:00+01:00 | 1bd            | 2026-03-30T00:00+02:00
    2026-03-28T12:00+01:00 | 0bd            | 2026-03-29T00:00+01:00
    2026-03-28T02:30+01:00 | 1bd@same-time  | 2026-03-29T03:30+02:00`,
  always: `
    2026-11-21T10:00+08:00 | 2h             | 2026-11-21T12:00+08:00
    2026-11-21T10:00+08:00 | 0s             | 2026-11-21T10:00+08:00
    2026-11-21T10:00+08:00 | 0bd            | 2026-11-22T00:00+08:00
    2026-11-21T00:00+08:00 | 1bd            | 2026-11-23T00:00+08:00
    2026-11-21T10:00+08:00 | 3bd@same-time  | 2026-11-24T10:00+08:00`,
  dates: `
    2026-11-17T16:00Z      | 2h             | 2026-11-19T11:00Z
    2026-11-17T16:00Z      | 3h             | 2026-11-23T10:00Z
    2026-12-24T16:00Z      | 2h             | 2026-12-25T11:00Z
    2026-12-24T16:00Z      | 4h             | 2026-12-28T10:00Z`,
  overlap: `
    2026-11-16T09:00Z      | 5h             | 2026-11-16T14:00Z
    2026-11-16T09:00Z      | 6h             | 2026-11-17T09:00Z`,
  handover: `
    2026-11-16T22:00Z      | 14h            | 2026-11-17T12:00Z
    2026-11-17T05:30Z      | 0bd            | 2026-11-17T06:00Z
    2026-11-17T06:00Z      | 0bd            | 2026-11-17T12:00Z
    2026-11-17T05:30Z      | 1bd            | 2026-11-17T12:00Z`,
  spring: `
    2026-03-29T00:00Z      | 2h             | 2026-03-29T02:00Z
    2026-03-29T00:00Z      | 3h             | 2026-04-05T00:00Z`,
  skipped: `
    2026-03-28T00:00Z      | 0s             | 2026-03-30T07:00Z
    2026-03-28T00:00Z      | 1bd            | 2026-03-30T08:00Z`,
  halfSkipped: `
    2026-03-28T00:00Z      | 15m            | 2026-03-29T01:30Z`,
  doubled: `
    2026-10-24T00:00Z      | 2h             | 2026-10-25T02:30Z`,
  ics: `
    2026-02-27T17:00Z      | 0s             | 2026-03-03T09:00Z
    2026-03-06T17:00Z      | 0s             | 2026-03-09T09:00Z
    2026-03-13T17:00Z      | 0s             | 2026-03-17T09:00Z
    2026-03-31T16:00Z      | 0s             | 2026-04-03T08:00Z
    2026-05-01T16:00Z      | 0s             | 2026-05-04T08:00Z
    2026-06-05T16:00Z      | 0s             | 2026-06-06T08:00Z`,
};

t.test('due instants', async t => {
  for (const [name, data] of Object.entries(CALENDARS)) {
    const calendar = make(data);
    for (const line of rows(Reflect.get(DUE, name))) {
      const [start = '', target = '', due = ''] = line;
      t.equal(dueAt(calendar, start, target), iso(due), `${name}: ${line.join(' | ')}`);
    }
  }
});

/** start | end | open time in minutes */
const ELAPSED: Readonly<Partial<Record<keyof typeof CALENDARS, string>>> = {
  office: `
    2026-11-20T11:00+08:00 | 2026-11-20T14:30+08:00 | 120
    2026-11-20T18:00+08:00 | 2026-11-23T09:00+08:00 | 0
    2026-11-20T18:00+08:00 | 2026-11-20T09:00+08:00 | 0
    2025-12-31T09:00+08:00 | 2026-01-05T09:00+08:00 | 900
    2026-02-14T00:00+08:00 | 2026-02-24T09:00+08:00 | 450`,
  night: `
    2026-11-16T00:00Z      | 2026-11-18T00:00Z      | 480`,
  spring: `
    2026-03-29T00:00Z      | 2026-03-30T00:00Z      | 120`,
  skipped: `
    2026-03-29T00:00Z      | 2026-03-30T00:00Z      | 0`,
  doubled: `
    2026-10-25T00:00Z      | 2026-10-26T00:00Z      | 120`,
  whole: `
    2026-03-29T00:00+01:00 | 2026-03-30T00:00+02:00 | 1380
    2025-01-01T00:00+01:00 | 2027-01-01T00:00+01:00 | 1051200`,
  always: `
    2026-03-29T00:00Z      | 2026-03-30T00:00Z      | 1440
    2026-03-30T00:00Z      | 2026-03-29T00:00Z      | 0`,
};

t.test('open time', async t => {
  for (const [name, data] of Object.entries(CALENDARS)) {
    const calendar = make(data);
    for (const [from = '', to = '', minutes] of rows(Reflect.get(ELAPSED, name))) {
      t.equal(
        calendar.elapsed(Date.parse(from), Date.parse(to)) / 60_000,
        Number(minutes),
        `${name}: ${from} ${to}`,
      );
    }
  }
});

t.test('a range holds its opening and not its close', async t => {
  const office = make(CALENDARS.office);
  const open = (at: string) => office.isOpen(Date.parse(at));
  t.equal(open('2026-11-20T08:59:59.999+08:00'), false);
  t.equal(open('2026-11-20T09:00+08:00'), true);
  t.equal(open('2026-11-20T11:59:59.999+08:00'), true);
  t.equal(open('2026-11-20T12:00+08:00'), false);
  t.equal(make(CALENDARS.always).isOpen(0), true);
});

t.test('years without holiday data are known as such', async t => {
  const year = (of: keyof typeof CALENDARS, from: string, to = from) =>
    make(CALENDARS[of]).uncoveredYear(Date.parse(from), Date.parse(to));
  t.equal(year('office', '2026-12-31T23:59:59+08:00'), null);
  t.equal(year('office', '2027-01-01T00:00:00+08:00'), 2027, 'the new year is the local one');
  t.equal(year('office', '2026-06-01T00:00Z', '2029-06-01T00:00Z'), 2027, 'the first of several');
  t.equal(year('dates', '2031-06-01T00:00Z'), null, 'rules reach far');
  t.equal(year('ics', '2026-06-01T00:00Z'), null);
  t.equal(year('ics', '2027-06-01T00:00Z'), 2027);
  t.equal(year('night', '1970-01-01T00:00Z', '2100-01-01T00:00Z'), null, 'no holidays were asked for');
});

t.test('until when the holidays are known', async t => {
  const until = (of: keyof typeof CALENDARS, at: string) => {
    const found = make(CALENDARS[of]).coveredUntil(Date.parse(at));
    return found === null ? null : new Date(found).toISOString();
  };
  t.equal(until('office', '2026-03-01T00:00Z'), '2026-12-31T16:00:00.000Z', 'the local new year');
  t.equal(until('office', '2024-03-01T00:00Z'), '2026-12-31T16:00:00.000Z', 'years in between are known');
  t.equal(until('office', '2029-03-01T00:00Z'), '2026-12-31T16:00:00.000Z', 'since when it is past');
  t.equal(until('dates', '2026-03-01T00:00Z'), '2101-01-01T00:00:00.000Z', 'rules reach far');
  t.equal(until('night', '2026-03-01T00:00Z'), null, 'no holidays were asked for');
  t.equal(until('always', '2026-03-01T00:00Z'), null);
});

t.test('a calendar that never opens is an error, not an endless loop', async t => {
  const from = Date.parse('2026-11-20T00:00Z');
  for (const data of [
    { hours: {} },
    { open: { '2020-01-01': ['09:00-10:00'] } },
    { hours: week(['09:00-17:00']), holidays: { ics: 'daily.ics' } },
  ]) {
    const calendar = make({ timezone: 'UTC', ...data });
    t.throws(() => calendar.add(from, 0), NeverOpenError);
    t.throws(() => calendar.add(from, 1000), NeverOpenError);
    t.throws(() => calendar.addBusinessDays(from, 1, false), NeverOpenError);
    t.equal(calendar.elapsed(from, from + 1), 0);
  }
  const once = make({ timezone: 'UTC', open: { '2030-01-01': ['09:00-10:00'] } });
  t.equal(once.add(from, 3_600_000), Date.parse('2030-01-01T10:00Z'), 'used up at the only close there is');
  t.throws(() => once.add(from, 3_600_001), NeverOpenError);
});

t.test('calendars that make no sense are errors with a reason', async t => {
  const errorOf = (data: object): string => {
    const made = standaloneCalendar(data, file => FILES[file] ?? '');
    return 'error' in made ? made.error : '';
  };
  t.match(errorOf({ timezone: 'Asia/Shangai', hours: {} }), /timezone.*no time zone "Asia\/Shangai"/);
  t.match(errorOf({ hours: { mon: ['09:00-09:00'] } }), /opens and closes at once/);
  t.match(errorOf({ hours: { mon: ['9-17'] } }), /hours.*found "9-17"; expected weekdays with opening hours/);
  t.match(errorOf({ hours: { funday: ['09:00-17:00'] } }), /"funday" can not stand here/);
  t.match(errorOf({ hours: { 'mon-fri': [], fri: ['09:00-17:00'] } }), /fri has hours already/);
  t.match(errorOf({ closed: ['2026-02-30'] }), /no date "2026-02-30"/);
  t.match(errorOf({ holidays: { country: 'XX' } }), /no holidays are known/);
  t.match(errorOf({ holidays: { ics: 'none.ics' } }), /can't be read/);
  t.match(errorOf({ houres: {} }), /did you mean "hours"/);
  t.match(errorOf({ always: false }), /always/);
  t.match(errorOf([]), /calendar/);
});

t.test('durations are one number and one unit', async t => {
  t.same(parseDuration('2h'), { kind: 'time', ms: 7_200_000 });
  t.same(parseDuration('3d'), { kind: 'time', ms: 259_200_000 });
  t.same(parseDuration('0s'), { kind: 'time', ms: 0 });
  t.same(parseDuration('4bd'), { kind: 'business-days', days: 4, sameTime: false });
  t.same(parseDuration('4bd@same-time'), { kind: 'business-days', days: 4, sameTime: true });
  for (const text of [
    '',
    '2',
    'h',
    '2 h',
    '1h30m',
    '-1h',
    '0bd@same-time',
    '1.5bd',
    '2w',
    '2h@same-time',
    '9e9d',
  ]) {
    t.ok('error' in parseDuration(text), text);
  }
});

const SHARED = new URL('../../../shared/data/calendar_cases.ndjson', import.meta.url);
t.test("other systems' own cases", { skip: existsSync(SHARED) ? false : 'they are not at hand' }, async t => {
  const cases = readFileSync(SHARED, 'utf8').trim().split('\n');
  for (const line of cases) {
    const { id, note, calendar: data, start, target, end, due, elapsedMs } = JSON.parse(line);
    const calendar = make(data);
    if (end === undefined) t.equal(dueAt(calendar, start, target), due, `${id} ${note}`);
    else t.equal(calendar.elapsed(Date.parse(start), Date.parse(end)), elapsedMs, `${id} ${note}`);
  }
  t.equal(cases.length, 243);
});

function rows(table: string | undefined): string[][] {
  const lines = (table ?? '').split('\n').filter(line => line.includes('|'));
  return lines.map(line => line.split('|').map(cell => cell.trim()));
}

function iso(text: string): string {
  return new Date(text).toISOString();
}

function dueAt(calendar: Calendar, start: string, target: string): string {
  const duration = parseDuration(target);
  if ('error' in duration) throw new Error(duration.error);
  const from = Date.parse(start);
  const at =
    duration.kind === 'time'
      ? calendar.add(from, duration.ms)
      : calendar.addBusinessDays(from, duration.days, duration.sameTime);
  return new Date(at).toISOString();
}
