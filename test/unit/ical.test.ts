// Holidays of iCalendar files as programs write them: the dates that are off, whichever way the file says them.
import t from 'tap';
import { icsHolidays } from '../../src/policy/ical.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';
import { dateOfDay, dayOfDate } from '../../src/policy/zone.ts';

const BERLIN = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
`;

/** A calendar of events, each written as its lines with spaces between them. */
function calendar(...events: readonly string[]): string {
  const texts = events.map(event => `BEGIN:VEVENT\n${event.split(' ').join('\n')}\nEND:VEVENT\n`);
  return `BEGIN:VCALENDAR\n${texts.join('')}END:VCALENDAR\n`;
}

/** The days of 2026 to 2029 that a file makes days off, and, with a plus, working days. */
function days(text: string, zone = 'Asia/Shanghai'): string[] {
  const holidays = icsHolidays(text, zone);
  const found: string[] = [];
  const end = dayOfDate('2030-01-01') ?? 0;
  for (let day = dayOfDate('2026-01-01') ?? 0; day < end; day++) {
    const kind = holidays.kindOf(day);
    if (kind !== null) found.push(`${kind === 'work' ? '+' : ''}${dateOfDay(day)}`);
  }
  return found;
}

const YEARLY = 'UID:6 DTSTART;VALUE=DATE:20260601 RRULE:FREQ=YEARLY;COUNT=3';
const MOVED = 'UID:6 RECURRENCE-ID;VALUE=DATE:20270601 DTSTART;VALUE=DATE:20270603';
const OTHER = 'UID:7 DTSTART;VALUE=DATE:20260707';

t.test('an occurrence that was changed stands beside events that it does not concern', async t => {
  const expected = ['2026-06-01', '2026-07-07', '2027-06-03', '2028-06-01'];
  t.same(days(calendar(YEARLY, MOVED, OTHER)), expected);
  t.same(days(calendar(OTHER, MOVED, YEARLY)), expected, 'in any order');
  const off = 'UID:6 RECURRENCE-ID;VALUE=DATE:20270601 DTSTART;VALUE=DATE:20270601 STATUS:CANCELLED';
  t.same(days(calendar(YEARLY, off, OTHER)), ['2026-06-01', '2026-07-07', '2028-06-01'], 'called off');
  const worked = 'UID:6 RECURRENCE-ID;VALUE=DATE:20270601 DTSTART;VALUE=DATE:20270605 SUMMARY:补班';
  t.same(days(calendar(YEARLY, worked)), ['2026-06-01', '+2027-06-05', '2028-06-01'], 'its own mark holds');
});

t.test('an occurrence is named in any zone, or by its date', async t => {
  const daily = 'UID:1 DTSTART;TZID=Europe/Berlin:20261012T120000 RRULE:FREQ=DAILY;COUNT=3';
  const moved = (id: string) => days(calendar(daily, `UID:1 RECURRENCE-ID${id} DTSTART;VALUE=DATE:20261020`));
  for (const id of [
    ';TZID=Europe/Berlin:20261013T120000',
    ':20261013T100000Z',
    ';TZID=Asia/Shanghai:20261013T180000',
    ';VALUE=DATE:20261013',
  ])
    t.same(moved(id), ['2026-10-12', '2026-10-14', '2026-10-20'], id);
});

t.test('a changed occurrence that replaces none is an event on its date', async t => {
  t.same(days(calendar(MOVED, OTHER)), ['2026-07-07', '2027-06-03'], 'its series is not in the file');
  const beyond = MOVED.replace('20270601', '20310601');
  t.same(days(calendar(YEARLY, beyond)), ['2026-06-01', '2027-06-01', '2027-06-03', '2028-06-01']);
  const once = calendar('UID:6 DTSTART;VALUE=DATE:20270601', MOVED);
  t.same(days(once), ['2027-06-03'], 'of an event that does not repeat');
  t.same(days(calendar(`${YEARLY} STATUS:CANCELLED`, MOVED, OTHER)), ['2026-07-07'], 'of what is called off');
});

t.test('a byte order mark says nothing', async t => {
  t.same(days(`\uFEFF${calendar(OTHER)}`), ['2026-07-07']);
  t.same(days(`\uFEFF${calendar(OTHER)}\uFEFF${calendar(MOVED)}`), ['2026-07-07', '2027-06-03']);
});

t.test('a file may hold several calendars', async t => {
  t.same(days(`${calendar(YEARLY)}${calendar(OTHER)}`), [
    '2026-06-01',
    '2026-07-07',
    '2027-06-01',
    '2028-06-01',
  ]);
  t.same(days(`${calendar(YEARLY)}${calendar(MOVED)}`), ['2026-06-01', '2027-06-03', '2028-06-01']);
  const alike = `${calendar('UID:6 DTSTART;VALUE=DATE:20260808')}${calendar(YEARLY, MOVED)}`;
  t.same(days(alike), ['2026-06-01', '2026-08-08', '2027-06-03', '2028-06-01'], 'each counts for itself');
  t.throws(() => days(`${calendar(OTHER)}BEGIN:VCARD\nEND:VCARD\n`), /no VCALENDAR/);
});

t.test('dates with a length of their own', async t => {
  const start = 'UID:1 DTSTART:20260401T000000Z DTEND:20260401T120000Z';
  t.same(days(calendar(`${start} RDATE;VALUE=PERIOD:20260406T000000Z/P1D`), 'UTC'), [
    '2026-04-01',
    '2026-04-06',
  ]);
  const two = `${start} RDATE;VALUE=PERIOD:20260408T120000Z/PT24H,20260406T000000Z/20260406T010000Z`;
  const expected = ['2026-04-01', '2026-04-06', '2026-04-08', '2026-04-09'];
  t.same(days(calendar(two), 'UTC'), expected);
  const rule = `${start} RRULE:FREQ=DAILY;COUNT=2 RDATE;VALUE=PERIOD:20260406T000000Z/P2D`;
  t.same(days(calendar(rule), 'UTC'), ['2026-04-01', '2026-04-02', '2026-04-06', '2026-04-07']);
  const left = `${start} RDATE;VALUE=PERIOD:20260406T000000Z/P2D EXDATE:20260406T000000Z`;
  t.same(days(calendar(left), 'UTC'), ['2026-04-01']);
  const zoned = `${start} RDATE;VALUE=PERIOD;TZID=Asia/Shanghai:20260406T000000/P1D`;
  t.same(days(calendar(zoned), 'Asia/Shanghai'), ['2026-04-01', '2026-04-06']);
});

t.test('dates without a rule come beside the first one', async t => {
  t.same(days(calendar('UID:1 DTSTART;VALUE=DATE:20260401 RDATE;VALUE=DATE:20260501,20260301')), [
    '2026-03-01',
    '2026-04-01',
    '2026-05-01',
  ]);
});

t.test('an IANA zone means the same whether the file defines it or not', async t => {
  const events = calendar(
    'UID:1 DTSTART;TZID=Europe/Berlin:20261012T200000 RRULE:FREQ=DAILY;UNTIL=20261014T180000Z EXDATE:20261013T180000Z',
    'UID:2 DTSTART;TZID=Europe/Berlin:20260315T233000 RRULE:FREQ=WEEKLY;UNTIL=20260329T213000Z',
    'UID:3 DTSTART;TZID=Europe/Berlin:20260601T233000 DTEND;TZID=America/New_York:20260601T190000',
  );
  const expected = ['2026-03-16', '2026-03-23', '2026-03-30', '2026-06-02', '2026-10-13', '2026-10-15'];
  t.same(days(events), expected);
  t.same(days(events.replace('VCALENDAR\n', `VCALENDAR\n${BERLIN}`)), expected);
  t.same(days(events.replaceAll('Europe/Berlin', 'Berlin time'), 'Europe/Berlin').slice(0, 2), [
    '2026-03-15',
    '2026-03-22',
  ]);
});

t.test('rules take the days that they say, of the periods that they say', async t => {
  const of = (rule: string) => days(calendar(`UID:1 DTSTART;VALUE=DATE:${rule}`));
  t.same(of('20280529 RRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTH=5,6,7;BYMONTHDAY=2,29'), [
    '2028-05-29',
    '2029-05-02',
    '2029-05-29',
  ]);
  t.same(of('20290128 RRULE:FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=3,28;BYSETPOS=-1'), [
    '2029-01-28',
    '2029-06-28',
    '2029-11-28',
  ]);
  t.same(of('20280529 RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=MO;BYSETPOS=-1'), ['2028-05-29', '2029-05-28']);
  t.same(of('20261126 RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2'), ['2026-11-26', '2027-11-25']);
  t.same(of('20281231 RRULE:FREQ=YEARLY;BYYEARDAY=-1'), ['2028-12-31', '2029-12-31']);
  t.same(of('20290105 RRULE:FREQ=YEARLY;BYWEEKNO=1,-1;BYDAY=FR'), ['2029-01-05', '2029-12-28']);
  t.same(of('20260302 RRULE:FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=-1'), ['2026-12-31'], 'whatever weekday it is');
  t.same(of('20291214 RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,FR'), [
    '2029-12-14',
    '2029-12-23',
    '2029-12-28',
  ]);
});

t.test('a rule that comes true late or never ends all the same', async t => {
  const last = 'UID:1 DTSTART;VALUE=DATE:20291030 RRULE:FREQ=DAILY;INTERVAL=2;BYMONTHDAY=-2';
  t.same(days(calendar(last)), ['2029-10-30', '2029-11-29']);
  const never = 'UID:2 DTSTART;VALUE=DATE:20290101 RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30';
  t.same(days(calendar(never, OTHER)), ['2026-07-07']);
  t.throws(() => days(calendar(never)), /no events/);
  t.throws(() => days(calendar('UID:3 DTSTART:20290101T000000Z RRULE:FREQ=HOURLY')), /repeats HOURLY/);
  for (const far of ['YEARLY;INTERVAL=300000', 'MONTHLY;INTERVAL=4000000', 'DAILY;INTERVAL=9999999999'])
    t.same(days(calendar(`UID:4 DTSTART;VALUE=DATE:20290101 RRULE:FREQ=${far}`)), ['2029-01-01'], far);
  const upTo = (end: number) => Array.from({ length: end }, (_, n) => n).join(',');
  const ticking = `BYHOUR=${upTo(24)};BYMINUTE=${upTo(60)};BYSECOND=${upTo(60)}`;
  t.throws(
    () => days(calendar(`UID:5 DTSTART:20290101T000000Z RRULE:FREQ=YEARLY;BYDAY=MO,TU;${ticking}`)),
    /comes 86400 times a day/,
  );
});

t.test('each date that is left out is, whatever else is named beside it', async t => {
  const weekly = 'UID:1 DTSTART;VALUE=DATE:20260803 RRULE:FREQ=WEEKLY;COUNT=3';
  const left = ['2026-08-03', '2026-08-17'];
  t.same(days(calendar(`${weekly} EXDATE;VALUE=DATE:20260805,20260806,20260810`)), left, 'none comes there');
  t.same(days(calendar(`${weekly} EXDATE;VALUE=DATE:20260810,20260810`)), left);
  t.same(days(calendar('UID:2 DTSTART;VALUE=DATE:20260901 EXDATE;VALUE=DATE:20260901', OTHER)), [
    '2026-07-07',
  ]);
});

t.test('an end that is a date is a whole day', async t => {
  const rule = 'UID:1 DTSTART;TZID=Asia/Shanghai:20260803T120000 RRULE:FREQ=DAILY;UNTIL=';
  t.same(days(calendar(`${rule}20260804`)), ['2026-08-03', '2026-08-04']);
  t.same(
    days(calendar(`${rule}20260804T120000`)),
    ['2026-08-03', '2026-08-04'],
    'and a local time the event’s',
  );
  t.same(days(calendar(`${rule}20260804T035959Z`)), ['2026-08-03']);
});

t.test('what is wrong with an event is told', async t => {
  const file = calendar('UID:1 SUMMARY:Feast');
  const made = standaloneCalendar(
    { hours: { mon: ['09:00-10:00'] }, holidays: { ics: 'x.ics' } },
    () => file,
  );
  t.match('error' in made ? made.error : '', /"x\.ics" can't be read: "Feast" has no DTSTART; expected/);
});
