// Traps of other helpdesks: opening and closing, business days, holidays and make-up days. Times are UTC.
import t from 'tap';
import { clockOn, traps } from '../support/traps.ts';

const OFFICE = 'hours: { mon-fri: ["09:00-12:00", "13:30-18:00"] }';

t.test('opening and closing', async t => {
  traps(
    t,
    clockOn(OFFICE, '1h'),
    `
    * a case that comes in at night counts from then
    mon 03:00 created
    until mon 09:30
    = R 1 running due=10:00 elapsed=30m

    * a case that comes in on Saturday is late on Sunday
    sat 10:00 created
    until mon2 09:30
    = R 1 running due=mon2_10:00

    * the clock runs through lunch
    12:10 created
    until 14:00
    = R 1 running due=14:30 elapsed=30m

    * answered after closing time: late by the night
    17:55 created
    18:05 resolved
    = R 1 met due=tue_09:55 elapsed=5m

    * answered in the night, at the due instant's eve
    17:30 created
    tue 02:00 resolved
    = R 1 met elapsed=30m due=tue_09:30

    * late in wall time, in time by the calendar
    fri 17:30 created
    mon2 09:20 resolved
    = R 1 met due=mon2_09:30 elapsed=50m

    * lateness counts the night
    17:00 created
    tue 09:10 resolved
    = R 1 missed due=18:00 overdue=10m elapsed=1h10m

    * used up exactly at closing time, it is due at the next opening
    17:00 created
    until 18:00
    = R 1 running due=18:00

    * used up exactly at the beginning of lunch, it is due after lunch
    11:00 created
    12:00 resolved
    = R 1 met due=12:00

    * a millisecond beyond closing time is lost
    17:00:00.001 created
    until 17:30
    = R 1 running due=tue_09:00:00.001

    * created at closing time, it belongs to the closed day
    18:00 created
    until tue 09:30
    = R 1 running due=tue_10:00 elapsed=30m

    * created at opening time, the first minute is lost
    09:00 created
    until 09:30
    = R 1 running due=10:00 elapsed=30m

    * answered outside office hours before they begin: negative time
    mon 07:00 created
    mon 08:00 resolved
    = R 1 met elapsed=0 due=10:00
`,
  );
  traps(
    t,
    clockOn(OFFICE, '0s'),
    `
    * a target of nothing, while open
    09:30 created
    until 09:30:00.001
    = R 1 overdue due=09:30

    * a target of nothing, at night: due before anybody is there
    mon 03:00 created
    until mon 08:00
    = R 1 running due=09:00

    * a target of nothing, at closing time
    18:00 created
    until 20:00
    = R 1 running due=tue_09:00
`,
  );
  traps(
    t,
    clockOn(OFFICE, '3d'),
    `
    * days of a target are taken for office days
    09:00 created
    until 09:00
    = R 1 running due=fri2_15:00
`,
  );
  traps(
    t,
    clockOn('hours: { mon-fri: ["09:00-12:00", "11:00-13:00"] }', '4h'),
    `
    * hours that overlap count twice
    09:00 created
    until 13:00
    = R 1 running due=13:00 elapsed=4h
`,
  );
  traps(
    t,
    clockOn('hours: { mon-fri: ["09:00-12:00", "12:00-18:00"] }', '4h'),
    `
    * between two ranges that touch a millisecond is lost
    09:00 created
    until 12:30
    = R 1 running due=13:00 elapsed=3h30m
`,
  );
  traps(
    t,
    clockOn('hours: { mon-sun: "00:00-24:00" }', '48h'),
    `
    * open around the clock, a minute is lost each midnight
    23:30 created
    until tue 00:30
    = R 1 running due=wed_23:30 elapsed=1h
`,
  );
});

t.test('business days', async t => {
  traps(
    t,
    clockOn(`${OFFICE}\nclosed: ["2026-11-18", "2027-01-01"]`, '1bd'),
    `
    * the day of creation counts as the first
    09:00 created
    until 09:00
    = R 1 running due=tue_18:00

    * a closed day is counted
    tue 10:00 created
    until tue 10:00
    = R 1 running due=thu_18:00

    * on a Saturday the weekend is counted
    sat 10:00 created
    until sat 10:00
    = R 1 running due=mon2_18:00

    * after closing time the day still counts as today
    mon 20:00 created
    until mon 20:00
    = R 1 running due=tue_18:00

    * over the turn of the year
    2026-12-31 10:00 created
    until 2026-12-31 10:00
    = R 1 running due=mon8_18:00

    * the 29th of February is skipped
    2028-02-28 10:00 created
    until 2028-02-28 10:00
    = R 1 running due=2028-02-29_18:00
`,
  );
  traps(
    t,
    clockOn(OFFICE, '0bd'),
    `
    * within the day, before opening
    07:00 created
    until 07:00
    = R 1 running due=18:00

    * within the day, after closing: due in the past
    19:00 created
    until 19:00
    = R 1 running due=tue_18:00

    * within the day, at closing time
    18:00 created
    until 18:00
    = R 1 running due=tue_18:00

    * within the day, in the lunch break
    12:30 created
    until 12:30
    = R 1 running due=18:00

    * within the day, on a Sunday
    sun 12:00 created
    until sun 12:00
    = R 1 running due=mon2_18:00
`,
  );
  traps(
    t,
    clockOn(OFFICE, '1bd@same-time'),
    `
    * the same time tomorrow, in the lunch break
    12:30 created
    until 12:30
    = R 1 running due=tue_13:30

    * the same time tomorrow, after closing
    20:00 created
    until 20:00
    = R 1 running due=tue_18:00

    * the same time after the weekend
    fri 10:15 created
    until fri 10:15
    = R 1 running due=mon2_10:15
`,
  );
});

t.test('holidays and days of their own', async t => {
  const special = `${OFFICE}
holidays: { country: CN }
timezone: Asia/Shanghai
closed: ["2026-11-18", "2026-12-24"]
open: { "2026-11-21": ["10:00-14:00"], "2026-12-24": ["09:00-12:00"] }`;
  traps(
    t,
    clockOn(special, '2h'),
    `
    * a make-up Saturday is a day off
    2026-10-09 09:00 created
    until 2026-10-09 09:00
    = R 1 running due=2026-10-10_02:00

    * a week of holidays counts
    2026-09-30 09:30 created
    until 2026-10-08 01:00
    = R 1 running due=2026-10-08_02:30 elapsed=30m

    * created on a holiday, it counts from that day
    2026-10-03 04:00 created
    until 2026-10-08 01:30
    = R 1 running due=2026-10-08_03:00 elapsed=30m

    * a single closed day counts
    tue 09:00 created
    until thu 02:00
    = R 1 running due=thu_02:00 elapsed=2h

    * a Saturday that is open is closed
    fri 09:30 created
    until sat 03:00
    = R 1 running due=sat_03:30 elapsed=1h30m

    * a day that is closed and has hours of its own is closed
    2026-12-24 00:30 created
    until 2026-12-24 02:00
    = R 1 running due=thu6_03:00 elapsed=1h

    * the day is that of the server, not of the centre
    sun 23:30 created
    until mon2 01:30
    = R 1 running due=mon2_03:00 elapsed=30m
`,
  );
  traps(
    t,
    clockOn(special, '1bd'),
    `
    * business days leave a make-up Saturday out
    2026-10-09 02:00 created
    until 2026-10-09 02:00
    = R 1 running due=2026-10-10_10:00

    * a half day closes like a whole one
    2026-12-23 02:00 created
    until 2026-12-23 02:00
    = R 1 running due=thu6_04:00
`,
  );
});
