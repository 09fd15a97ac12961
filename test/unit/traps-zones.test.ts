// Traps of other helpdesks: clock changes, shifts past midnight, ladders at night, targets beyond all bounds.
// Times in the tables are UTC.
import t from 'tap';
import { loadPolicy } from '../../src/policy/load.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';
import { policyOf } from '../support/timeline.ts';
import { clockOn, traps } from '../support/traps.ts';

const DAY_MS = 86_400_000;
const OFFICE = 'hours: { mon-fri: ["09:00-12:00", "13:30-18:00"] }';

t.test('time zones and clock changes', async t => {
  const night = 'hours: { mon-sun: "22:00-06:00" }\ntimezone: Europe/Berlin';
  traps(
    t,
    clockOn(night, '8h'),
    `
    * a clock change inside an overnight shift: the short night
    2027-03-27 21:00 created
    until 2027-03-28 04:00
    = R 1 running due=2027-03-28_21:00 elapsed=7h

    * a clock change inside an overnight shift: the long night
    2026-10-24 20:00 created
    until 2026-10-25 05:00
    = R 1 overdue due=2026-10-25_04:00 elapsed=9h overdue=1h
`,
  );
  traps(
    t,
    clockOn(`${OFFICE}\ntimezone: Europe/Berlin`, '2h'),
    `
    * after the clock change the office opens an hour off: autumn
    2026-10-23 15:00 created
    until 2026-10-26 08:30
    = R 1 running due=2026-10-26_09:00 elapsed=1h30m

    * after the clock change the office opens an hour off: spring
    2027-03-26 16:00 created
    until 2027-03-29 07:30
    = R 1 running due=2027-03-29_08:00 elapsed=1h30m
`,
  );
  traps(
    t,
    clockOn(`${OFFICE}\ntimezone: Europe/Berlin`, '1bd@same-time'),
    `
    * the same time over a clock change is 24 hours on
    2026-10-23 08:00 created
    until 2026-10-23 08:00
    = R 1 running due=2026-10-26_09:00
`,
  );
  traps(
    t,
    clockOn('always: true\ntimezone: Europe/Berlin', '24h'),
    `
    * 24 hours over a clock change are 23 or 25
    2026-10-24 12:00 created
    until 2026-10-24 12:00
    = R 1 running due=2026-10-25_12:00
`,
  );
  traps(
    t,
    clockOn('hours: { mon-sun: "02:30-04:00" }\ntimezone: Europe/Berlin', '30m'),
    `
    * an opening time that the clock change skips
    2027-03-28 00:00 created
    until 2027-03-28 01:45
    = R 1 running due=2027-03-28_02:00 elapsed=15m
`,
  );
  traps(
    t,
    clockOn('hours: { mon-sun: "02:15-02:45" }\ntimezone: Europe/Berlin', '45m'),
    `
    * opening hours that come twice are counted twice
    2026-10-25 00:00 created
    until 2026-10-25 12:00
    = R 1 running elapsed=30m due=2026-10-26_01:30
`,
  );
  traps(
    t,
    clockOn('hours: { mon-sun: "00:00-24:00" }\ntimezone: Australia/Lord_Howe', '24h'),
    `
    * a clock change of half an hour
    2026-10-03 13:30 created
    until 2026-10-04 13:00
    = R 1 running elapsed=23h30m due=2026-10-04_13:30
`,
  );
  traps(
    t,
    clockOn(`${OFFICE}\ntimezone: Asia/Kathmandu`, '1h'),
    `
    * an offset of a quarter of an hour
    03:00 created
    until 03:30
    = R 1 running due=04:15 elapsed=15m
`,
  );
  traps(
    t,
    clockOn('hours: { sun: "09:00-17:00", mon-thu: "09:00-17:00" }\ntimezone: Asia/Riyadh', '1h'),
    `
    * a week that begins on Sunday
    thu 13:30 created
    until sun 06:15
    = R 1 running due=sun_06:30 elapsed=45m
`,
  );
});

t.test('shifts past midnight', async t => {
  const shifts = 'hours: { mon-fri: "22:00-06:00" }\nclosed: ["2026-11-19"]';
  traps(
    t,
    clockOn(shifts, '2h'),
    `
    * the night that runs into Saturday ends at midnight
    sat 01:00 created
    until sat 02:00
    = R 1 running due=sat_03:00 elapsed=1h

    * the night before a closed day ends at midnight
    wed 23:00 created
    until thu 01:00
    = R 1 running due=thu_01:00 elapsed=2h

    * the morning after a closed day is open
    fri 01:00 created
    until fri 23:00
    = R 1 running due=sat_00:00 elapsed=1h
`,
  );
  traps(
    t,
    clockOn(shifts, '0bd'),
    `
    * past midnight, the day is the next one
    sat 01:00 created
    until sat 01:00
    = R 1 running due=sat_06:00

    * before the shift, the day's close is this morning's
    mon 21:00 created
    until mon 21:00
    = R 1 running due=tue_06:00
`,
  );
});

t.test('ladders and warnings', async t => {
  const ladder = policyOf(`
  - rule: L
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 2h
    calendar: office
    warn: [50%, 30m]
    ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }, { after: 12h, to: director, calendar: always }]
`);
  traps(
    t,
    ladder,
    `
    * escalated at midnight and at weekends
    fri 16:00 created
    until mon2 12:00
    = L 1 overdue due=fri_18:00 overdue=3h
    > fri 16:00 L 1 started
    > fri 17:00 L 1 warned 50%
    > fri 17:30 L 1 warned 75%
    > fri 18:00 L 1 breached
    > sat 06:00 L 1 escalated
    > mon2 11:00 L 1 escalated

    * the warning half an hour before falls into the night
    17:00 created
    until tue 10:30
    = L 1 overdue due=tue_10:00 overdue=30m
    > 17:00 L 1 started
    > 18:00 L 1 warned 50%
    > tue 09:30 L 1 warned 75%
    > tue 10:00 L 1 breached
`,
  );
});

t.test('beyond all bounds', async t => {
  const made = (data: unknown) => {
    const found = standaloneCalendar(data, () => '');
    if ('error' in found) throw new Error(found.error);
    return found.calendar;
  };
  const office = { timezone: 'Asia/Shanghai', hours: { 'mon-fri': ['09:00-12:00', '13:30-18:00'] } };
  const start = Date.parse('2026-11-16T01:00:00Z');

  const chinese = made({ ...office, holidays: { country: 'CN' } });
  const far = chinese.addBusinessDays(start, 400, false);
  t.equal(
    chinese.uncoveredYear(start, far),
    2027,
    'a target longer than the holidays that are known says so',
  );
  t.equal(chinese.uncoveredYear(start, start), null, 'and what is covered does not');
  t.ok(far < start + 700 * DAY_MS, 'and it still has an instant, by plain hours');

  const plain = made(office);
  const hours = 8760 * 3_600_000;
  const due = plain.add(start, hours);
  t.equal(plain.elapsed(start, due), hours, 'a target of a year of open hours is no infinite loop');
  t.ok(due > start + 1000 * DAY_MS, 'and lies years ahead');
  t.equal(plain.elapsed(due, start), 0, 'an end before the start is 0, not negative');
  t.equal(plain.add(start, 1), start + 1, 'a millisecond is not rounded to a minute');

  const never = loadPolicy(
    `version: 1
calendars: { c: { hours: {} } }
clocks:
  - { rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 1h, calendar: c }
`,
    { file: 'never.yaml' },
  );
  t.equal(never.ok, false, 'a calendar without hours is refused when it is loaded, not when a case comes');

  const once = made({ timezone: 'UTC', open: { '2026-12-01': ['09:00-10:00'] } });
  t.throws(() => once.add(start, 2 * 3_600_000), 'a calendar that never opens again is an error, not a loop');
});
