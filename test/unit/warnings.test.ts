// Warnings some open time before a due instant in business days: one is refused where no start has so much open time before
// it is due, and no other, on both sides of the bound.
import fc from 'fast-check';
import t from 'tap';
import type { Calendar } from '../../src/policy/compiled.ts';
import { mostOpenUntilDue } from '../../src/policy/lead.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';
import { chance } from '../support/chance.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function refusal(zone: string, calendar: string, target: string, warn: string): string | null {
  const text = `version: 1
timezone: ${zone}
calendars: { o: { ${calendar} } }
clocks: [{ rule: R, on: ticket, start: ticket.created, stop: ticket.replied, calendar: o, target: ${target}, warn: ${warn} }]`;
  const result = loadPolicy(text, { file: 'p.yaml' });
  if (result.ok) return null;
  return result.errors.map(error => error.message).join();
}

const OFFICE = 'hours: { mon-fri: "09:00-17:00" }';
const UNEVEN = 'hours: { mon-thu: "09:00-17:00", fri: "09:00-13:00" }';
const NIGHT = 'hours: { mon-sun: "22:00-06:00" }';
const HANDOVER = 'hours: { mon: "22:00-06:00", tue: "05:00-12:00" }';
const AROUND = 'always: true';

/** The most open time until due, in minutes. */
const BOUNDS: readonly (readonly [zone: string, calendar: string, target: string, minutes: number])[] = [
  ['Asia/Kolkata', OFFICE, '0bd', 480],
  ['Asia/Kolkata', OFFICE, '1bd', 960],
  ['Asia/Kolkata', OFFICE, '1bd@same-time', 480],
  ['Asia/Kolkata', OFFICE, '4bd', 2400],
  ['Europe/Berlin', OFFICE, '1bd', 960],
  ['Asia/Kolkata', UNEVEN, '0bd', 480],
  ['Asia/Kolkata', UNEVEN, '4bd', 2160],
  ['Asia/Kolkata', UNEVEN, '1bd@same-time', 480],
  ['Asia/Kolkata', 'hours: { mon: "09:00-12:00", tue: "11:00-18:00" }', '1bd@same-time', 540],
  ['Asia/Kolkata', `${UNEVEN}, closed: ["2026-11-20"]`, '4bd', 2400],
  ['Asia/Kolkata', `${OFFICE}, open: { "2026-11-21": "00:00-24:00" }`, '1bd', 1920],
  ['Asia/Kolkata', NIGHT, '0bd', 480],
  ['Asia/Kolkata', NIGHT, '1bd', 960],
  ['Asia/Kolkata', HANDOVER, '0bd', 480],
  ['Asia/Kolkata', HANDOVER, '1bd', 840],
  ['Europe/Berlin', NIGHT, '0bd', 540],
  ['Europe/Berlin', NIGHT, '1bd', 1020],
  ['Asia/Kolkata', AROUND, '0bd', 1440],
  ['Asia/Kolkata', AROUND, '1bd', 2880],
  ['Asia/Kolkata', AROUND, '1bd@same-time', 1440],
  ['Europe/Berlin', AROUND, '0bd', 1500],
  ['Europe/Berlin', AROUND, '1bd', 2940],
  ['Europe/Berlin', AROUND, '1bd@same-time', 1500],
  ['Australia/Lord_Howe', AROUND, '0bd', 1470],
];

t.test('a warning is refused from the bound on, and not before it', async t => {
  for (const [zone, calendar, target, minutes] of BOUNDS) {
    const name = `${zone}: ${calendar}: ${target}`;
    t.match(refusal(zone, calendar, target, `${minutes}m`), /comes at the start, and is never told/, name);
    t.equal(refusal(zone, calendar, target, `${minutes * MINUTE_MS - 1}ms`), null, name);
  }
  t.match(
    refusal('UTC', OFFICE, '0bd', '15h'),
    /a warning 15h before the due instant comes before the start/,
  );
  t.match(
    refusal('UTC', OFFICE, '1bd', '30h'),
    /a warning 30h before the due instant comes before the start/,
  );
});

t.test(
  'what is due at a close when it starts at one is due after the next opening when it starts later',
  async t => {
    // Samoa had no 30 December 2011: that Friday's second range comes after all of Saturday's, which are counted on the way.
    const week = [
      ['00:15-24:00'],
      ['00:00-12:30'],
      ['00:15-24:00'],
      [],
      ['00:00-00:15', '08:15-08:30'],
      ['00:00-00:30'],
      [],
    ];
    const calendar = calendarOf('Pacific/Apia', '2011-12-30', week, []);
    const start = Date.parse('2011-12-28T00:15:00.001-10:00');
    const open = calendar.elapsed(start, calendar.addBusinessDays(start, 1, true));
    t.equal(open, 24 * 3_600_000 + 15 * MINUTE_MS - 1);
    t.equal(mostOpenUntilDue(calendar, { kind: 'business-days', days: 1, sameTime: true }, open - 1), open);
  },
);

t.test('the longest target decides', async t => {
  const by = '{ by: kind, values: { query: 0bd, problem: 1bd, complaint: 1bd@same-time }, else: 2h }';
  t.match(refusal('UTC', OFFICE, by, '16h'), /at the start/);
  t.equal(refusal('UTC', OFFICE, by, '15h'), null);
  t.match(refusal('UTC', OFFICE, by.replace('1bd,', '20h,'), '20h'), /at the start/);
});

const ZONES: readonly (readonly [zone: string, date: string])[] = [
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-18'],
  ['America/Nuuk', '2026-03-28'],
  ['America/St_Johns', '2006-10-29'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Pacific/Apia', '2011-12-30'],
  ['Asia/Kolkata', '2026-06-01'],
];
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const two = (n: number): string => String(n).padStart(2, '0');
const wall = (quarter: number): string => `${two(Math.floor(quarter / 4))}:${two((quarter % 4) * 15)}`;
const range = fc
  .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 0, max: 95 }))
  .filter(([open, close]) => open !== close)
  .map(([open, close]) => `${wall(open)}-${wall(close)}`);
const sample = fc.record({
  moment: fc.constantFrom(...ZONES),
  week: fc.array(fc.array(range, { maxLength: 2 }), { minLength: 7, maxLength: 7 }),
  closed: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 2 }),
  days: fc.integer({ min: 0, max: 3 }),
  sameTime: fc.boolean(),
});

function calendarOf(zone: string, date: string, week: string[][], closed: number[]): Calendar {
  const dateAt = (offset: number) => new Date(Date.parse(date) + offset * DAY_MS).toISOString().slice(0, 10);
  const hours = Object.fromEntries(WEEKDAYS.map((day, i) => [day, week[i] ?? []]));
  const data = { timezone: zone, hours, closed: closed.map(dateAt) };
  const made = standaloneCalendar(data, () => '');
  if ('error' in made) throw new Error(made.error);
  return made.calendar;
}

t.test('no start has more open time before it is due than the bound, minute by minute', async t => {
  fc.assert(
    fc.property(sample, ({ moment: [zone, date], week, closed, days, sameTime }) => {
      fc.pre(week.some(ranges => ranges.length > 0) && (days > 0 || !sameTime));
      const calendar = calendarOf(zone, date, week, closed);
      let most = 0;
      let at = 0;
      // Five days either way of a change of clocks.
      const from = Date.parse(date) - 5 * DAY_MS;
      for (let start = from; start < from + 10 * DAY_MS; start += MINUTE_MS) {
        const open = calendar.elapsed(start, calendar.addBusinessDays(start, days, sameTime));
        if (open > most) [most, at] = [open, start];
      }
      if (most === 0) return;
      const bound = mostOpenUntilDue(calendar, { kind: 'business-days', days, sameTime }, most - 1);
      if (bound < most)
        throw new Error(`${new Date(at).toISOString()} has ${most} ms, the bound is ${bound}`);
    }),
    chance(40),
  );
  t.pass('40 random calendars');
});
