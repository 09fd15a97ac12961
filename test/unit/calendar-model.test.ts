// Calendars against a slow model: open minutes are marked one by one, from local times that Temporal resolves, and
// due instants are found by walking them. Hours, zones and dates are random, around clock changes.
import fc from 'fast-check';
import t from 'tap';
import { Temporal } from 'temporal-polyfill';
import type { Calendar } from '../../src/policy/compiled.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';
import { chance } from '../support/chance.ts';

const MINUTE = 60_000;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Zones with changes at midnight, of half an hour, in the south, without any, and a day that was left out. */
const MOMENTS: readonly (readonly [zone: string, date: string])[] = [
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/New_York', '2026-11-01'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-18'],
  ['America/Havana', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Australia/Lord_Howe', '2026-10-04'],
  ['Asia/Kathmandu', '2026-06-01'],
  ['Asia/Shanghai', '2026-12-31'],
  ['America/St_Johns', '2006-10-29'],
  ['Asia/Gaza', '2026-03-28'],
  // The date line moved: 30 December 2011 never was in Apia, nor was 31 December 1994 in Kiritimati.
  ['Pacific/Apia', '2011-12-30'],
  ['Pacific/Kiritimati', '1994-12-31'],
  ['Pacific/Kiritimati', '1995-01-01'],
];

interface Hours {
  readonly open: number;
  readonly close: number;
}
interface Sample {
  readonly moment: (typeof MOMENTS)[number];
  readonly week: readonly (readonly Hours[])[];
  readonly dates: readonly { readonly offset: number; readonly hours: readonly Hours[] | null }[];
  readonly start: number;
  readonly length: number;
}

const clock = fc.integer({ min: 0, max: 95 }).map(n => n * 15);
const hours: fc.Arbitrary<Hours> = fc
  .tuple(
    clock,
    fc.integer({ min: 1, max: 96 }).map(n => n * 15),
  )
  .filter(([open, close]) => open !== close)
  .map(([open, close]) => ({ open, close }));
const sample: fc.Arbitrary<Sample> = fc.record({
  moment: fc.constantFrom(...MOMENTS),
  week: fc.array(fc.array(hours, { maxLength: 2 }), { minLength: 7, maxLength: 7 }),
  dates: fc.array(
    fc.record({
      offset: fc.integer({ min: -3, max: 3 }),
      hours: fc.option(fc.array(hours, { maxLength: 2 })),
    }),
    { maxLength: 2 },
  ),
  start: fc.integer({ min: -3 * 1440, max: 2 * 1440 }),
  length: fc.integer({ min: 0, max: 3 * 1440 }),
});

const two = (n: number): string => String(n).padStart(2, '0');
const wall = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
const written = (list: readonly Hours[]): string[] =>
  list.map(({ open, close }) => `${wall(open)}-${wall(close)}`);

function dateAt({ moment }: Sample, offset: number): Temporal.PlainDate {
  return Temporal.PlainDate.from(moment[1]).add({ days: offset });
}

function calendarOf(sample: Sample): Calendar {
  const made = standaloneCalendar(
    {
      timezone: sample.moment[0],
      hours: Object.fromEntries(DAYS.map((day, i) => [day, written(sample.week[i] ?? [])])),
      closed: sample.dates
        .filter(one => one.hours === null)
        .map(one => dateAt(sample, one.offset).toString()),
      open: Object.fromEntries(
        sample.dates.flatMap(one =>
          one.hours === null ? [] : [[dateAt(sample, one.offset).toString(), written(one.hours)]],
        ),
      ),
    },
    () => '',
  );
  if ('error' in made) throw new Error(made.error);
  return made.calendar;
}

/** The model: for each date its minutes, as a set; dates reach a month either way of the moment. */
class Model {
  readonly zone: string;
  readonly days: { readonly date: Temporal.PlainDate; readonly ranges: (readonly [number, number])[] }[] = [];
  readonly open = new Set<number>();

  constructor(sample: Sample) {
    this.zone = sample.moment[0];
    for (let offset = -8; offset <= 40; offset++) {
      const date = dateAt(sample, offset);
      const own = sample.dates.filter(one => one.offset === offset);
      // The last of several entries for a date holds, and `open` goes before `closed`.
      const opened = own.findLast(one => one.hours !== null)?.hours ?? null;
      const list = opened ?? (own.length > 0 ? [] : (sample.week[date.dayOfWeek - 1] ?? []));
      const ranges: (readonly [number, number])[] = [];
      for (const { open, close } of list) {
        const from = this.instant(date, open);
        const to = this.instant(date, close > open ? close : close + 1440);
        if (to > from) ranges.push([from, to]);
      }
      if (ranges.length === 0) continue;
      this.days.push({ date, ranges });
      for (const [from, to] of ranges) for (let at = from; at < to; at += MINUTE) this.open.add(at);
    }
  }

  instant(date: Temporal.PlainDate, minutes: number): number {
    const local = date.toPlainDateTime().add({ minutes });
    return local.toZonedDateTime(this.zone, { disambiguation: 'compatible' }).epochMilliseconds;
  }

  elapsed(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at += MINUTE) if (this.open.has(at)) count += MINUTE;
    return count;
  }

  /** Null when the model does not reach so far. */
  add(from: number, ms: number): number | null {
    let left = ms;
    for (let at = from; at < from + 30 * 1440 * MINUTE; at += MINUTE) {
      if (left === 0 && (ms > 0 || this.open.has(at))) return at;
      if (this.open.has(at)) left -= MINUTE;
    }
    return null;
  }

  businessDays(from: number, days: number, sameTime: boolean): number | null {
    const local = Temporal.Instant.fromEpochMilliseconds(from)
      .toZonedDateTimeISO(this.zone)
      .toPlainDateTime();
    const inside = this.days.find(day => day.ranges.some(([a, b]) => from >= a && from < b));
    const startDay = inside?.date ?? local.toPlainDate();
    const closeOf = (ranges: readonly (readonly [number, number])[]): number =>
      Math.max(...ranges.map(r => r[1]));
    const own = this.days.find(day => day.date.equals(startDay));
    if (days === 0 && own !== undefined && closeOf(own.ranges) > from) return closeOf(own.ranges);
    const later = this.days.filter(day => Temporal.PlainDate.compare(day.date, startDay) > 0);
    const target = later[Math.max(0, days - 1)];
    if (target === undefined) return null;
    if (!sameTime) return closeOf(target.ranges);
    const moved = local.add({ days: startDay.until(target.date).days });
    const at = moved.toZonedDateTime(this.zone, { disambiguation: 'compatible' }).epochMilliseconds;
    if (target.ranges.some(([a, b]) => at >= a && at <= b)) return at;
    const next = target.ranges.map(r => r[0]).filter(start => start > at);
    return next.length > 0 ? Math.min(...next) : closeOf(target.ranges);
  }
}

function startOf(sample: Sample, model: Model): number {
  return model.instant(dateAt(sample, 0), 0) + sample.start * MINUTE;
}

t.test('open time and due instants are what counting minutes gives', async t => {
  fc.assert(
    fc.property(sample, sample => {
      const calendar = calendarOf(sample);
      const model = new Model(sample);
      const from = startOf(sample, model);
      const ms = sample.length * MINUTE;
      fc.pre(model.open.size > 0);
      same(calendar.isOpen(from), model.open.has(from), 'isOpen');
      same(calendar.elapsed(from, from + ms), model.elapsed(from, from + ms), 'elapsed');
      const due = model.add(from, ms);
      if (due !== null) same(calendar.add(from, ms), due, 'add');
    }),
    chance(300),
  );
  t.pass('300 random calendars');
});

t.test('business days are what looking at each date gives', async t => {
  fc.assert(
    fc.property(sample, fc.integer({ min: 0, max: 6 }), fc.boolean(), (sample, days, same_) => {
      const calendar = calendarOf(sample);
      const model = new Model(sample);
      const from = startOf(sample, model);
      const sameTime = same_ && days > 0;
      const due = model.businessDays(from, days, sameTime);
      if (due !== null) same(calendar.addBusinessDays(from, days, sameTime), due, `${days}bd ${sameTime}`);
    }),
    chance(300),
  );
  t.pass('300 random calendars');
});

function same(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) throw new Error(`${what}: found ${text(found)}, the model says ${text(wanted)}`);
}

function text(value: unknown): string {
  return typeof value === 'number' && value > 1e9 ? new Date(value).toISOString() : String(value);
}
