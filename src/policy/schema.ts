// The policy language as a zod schema: its keys and what each means. What needs more than one key to judge (known fields,
// ladders, references between rules) is checked by compile.ts and its helpers.
import { z } from 'zod';
import { ENTITIES } from '../contract/event.ts';
import {
  date,
  event,
  key,
  optional,
  path,
  percentText,
  ranges,
  start,
  target,
  time,
  weekdays,
  when,
} from './notation.ts';

const title = z
  .union([
    z.string(),
    z.strictObject({
      zh: key(z.string(), 'The title in Chinese.', { examples: ['投诉率'] }),
      en: key(z.string(), 'The title in English.', { examples: ['Complaint rate'] }),
    }),
  ])
  .meta({
    id: 'title',
    description: 'A title in both languages; one text stands for both.',
    examples: [{ zh: '投诉率', en: 'Complaint rate' }],
  });
const ruleId = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a rule id')
  .meta({ id: 'rule', description: 'Letters, digits, dots and dashes, at most 64.', examples: ['S0-03'] });
const name = z.string().min(1).max(64);
const role = z.string().min(1);
const actionName = z.string().regex(/^[A-Za-z0-9][\w-]{0,63}$/, 'an action name');

const pause = z.strictObject({
  from: key(start, 'What begins the pause; a second one while it is on changes nothing.', {
    examples: [{ type: 'ticket.pending', reason: 'customer' }],
  }),
  to: key(start, 'What ends the pause.', { examples: ['ticket.resumed'] }),
});
const warning = z.union([percentText, time]);
const step = z.strictObject({
  after: key(time, 'Open time from the breach to this step; 0s is the breach itself.', { examples: ['2h'] }),
  to: key(role, 'The role that is told.', { examples: ['manager'] }),
  calendar: optional(name, "The calendar of this step's time; the clock's own where none is named.", {
    examples: ['office'],
  }),
});
const atOnce = z
  .strictObject({
    action: optional(actionName, 'The action that other systems are to take, on sla.actions.ACTION.', {
      default: 'notify',
      examples: ['emergency-plan'],
    }),
    to: optional(z.union([role, z.array(role).min(1)]), 'The role that is told, or several of them.', {
      examples: ['department-head'],
    }),
  })
  .refine(({ action, to }) => action !== undefined || to !== undefined)
  .meta({
    id: 'atOnce',
    minProperties: 1,
    description: 'What is to be done as soon as a cycle is there, and who is told; one of the two is enough.',
    examples: [{ action: 'emergency-plan', to: 'department-head' }, { to: ['supervisor', 'manager'] }],
  });
const objective = z.strictObject({
  share: key(
    z.union([percentText, z.number().gt(0).lte(1)]),
    'The part of the cycles that is to be met, as a percentage or from 0 to 1.',
    { examples: ['95%'] },
  ),
  window: key(time, 'The time over which the share is to hold.', { examples: ['28d'] }),
});

export const clockSchema = z
  .strictObject({
    rule: key(ruleId, "The rule's id, which no other clock or indicator has.", { examples: ['S0-03'] }),
    title: optional(title, 'What boards and reports call the rule; its id where there is no title.'),
    source: optional(z.string(), 'The document from which the rule comes; else the S0 … S4 of its id.', {
      examples: ['S0'],
    }),
    on: key(z.enum(ENTITIES), 'The kind of case that the clock is about.', { examples: ['ticket'] }),
    when: optional(
      when,
      'Attributes that the case must have; while it has them not, open cycles are cancelled. A list: any of its members.',
    ),
    start: key(start, 'What begins a cycle; while one is open it changes nothing.'),
    stop: key(event, 'What ends a cycle; at the due instant it is still in time.', {
      examples: ['ticket.acknowledged'],
    }),
    pause: optional(
      z.union([pause, z.array(pause)]),
      'Open time between these does not count and moves the due instant; a list is their union.',
      { examples: [{ from: { type: 'ticket.pending', reason: 'customer' }, to: 'ticket.resumed' }] },
    ),
    cancel: optional(
      event,
      'What ends an open cycle without a stop: cancelled up to the due instant, missed after it.',
      { examples: ['ticket.cancelled'] },
    ),
    target: key(
      target,
      'How long a cycle may take: a duration; one by the value of an attribute; or the instant that the start event names.',
    ),
    calendar: optional(name, 'The calendar on whose open time the clock runs, by its name under calendars.', {
      default: 'always',
      examples: ['office'],
    }),
    warn: optional(
      z.union([warning, z.array(warning)]),
      'When to warn: a share of the open time from start to due, or open time before due.',
      { examples: [['50%', '30m']] },
    ),
    atOnce: optional(
      atOnce,
      'What is to be done, or who is told, as soon as a cycle is there: once for each cycle.',
    ),
    ladder: optional(z.array(step), 'Who is told after the breach, step by step.', {
      examples: [
        [
          { after: '0s', to: 'supervisor' },
          { after: '2h', to: 'manager' },
        ],
      ],
    }),
    objective: optional(
      objective,
      'The share of cycles that is to be met over a time; backtest --summary says whether what it reads keeps it.',
      {
        examples: [{ share: '95%', window: '28d' }],
      },
    ),
    retroactive: optional(
      z.boolean(),
      'Where when becomes true later: true runs the clock as if it had held since the start event, false from that moment.',
      { default: true },
    ),
    repeat: optional(z.boolean(), 'After a stop the next cycle begins at that instant.', { default: false }),
    once: optional(z.boolean(), 'Only the first start event begins a cycle.', { default: false }),
    evidence: optional(
      z.boolean(),
      'Over a piece of evidence: counted, but no case is at risk or overdue by it, and it is on no board.',
      { default: false },
    ),
    overlap: optional(
      z.enum(['latest', 'all']),
      'Each start event begins a cycle of its own, also while others are open; a stop ends the latest of these, or all.',
    ),
    reopen: optional(
      z.enum(['ignore', 'continue', 'restart']),
      'What ticket.reopened does to a stopped cycle: nothing; it goes on, without the gap; or the next one begins.',
      { default: 'ignore' },
    ),
    each: optional(
      path,
      'A field for each of whose values a cycle runs side by side; stops and cancels match by it.',
      { examples: ['promise'] },
    ),
  })
  .meta({ id: 'clock', description: 'A promise about a case: what starts it, what keeps it, and by when.' });

const threshold = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?%$|^\d+(\.\d+)?(ms|s|m|h|d)$/, 'a threshold')])
  .meta({
    id: 'threshold',
    description: "A bound in the indicator's unit: a ratio as a percentage or from 0 to 1, a number, a time.",
    examples: ['5%', 0.05, '30s'],
  });
const alert = z
  .strictObject({
    above: optional(threshold, 'The alert fires strictly above this.', { examples: ['5%'] }),
    below: optional(threshold, 'The alert fires strictly below this.', { examples: ['80%'] }),
    atLeast: optional(z.int().nonnegative(), 'How large the denominator must be for the alert to fire.', {
      default: 0,
      examples: [20],
    }),
    for: optional(time, 'How long the value must be out of bounds before the alert fires.', {
      default: '0s',
      examples: ['1m'],
    }),
    clear: optional(
      threshold,
      'The alert is over at or within this; the bound itself where it is left out.',
      {
        examples: ['4%'],
      },
    ),
    severity: optional(z.string().min(1).max(64), 'How grave it is, in a word.', {
      default: 'warning',
      examples: ['critical'],
    }),
    action: optional(actionName, 'The action that other systems are to take, on sla.actions.ACTION.', {
      examples: ['special-investigation'],
    }),
  })
  .meta({ id: 'alert', description: 'A bound of the figure; each group of it is judged by itself.' });
const level = z
  .strictObject({
    on: key(z.enum(ENTITIES), 'The kind of case that is counted.', { examples: ['ticket'] }),
    when: optional(when, 'Attributes of the cases that are counted.', { examples: [{ status: 'open' }] }),
    from: optional(event, 'What begins the state that is counted; to ends it.', {
      examples: ['call.queued'],
    }),
    to: optional(event, 'What ends the state that from began.', {
      examples: [['call.answered', 'call.abandoned']],
    }),
    longest: optional(z.boolean(), 'How long the longest of them has been in the state, not how many are.', {
      default: false,
    }),
  })
  .meta({ id: 'level', description: 'How many cases or agents are in a state now.' });

export const STATISTICS = ['mean', 'p50', 'p90', 'p95', 'max'] as const;
const number = { examples: ['waitSeconds'] };

export const indicatorSchema = z
  .strictObject({
    rule: key(ruleId, "The rule's id, which no other clock or indicator has.", { examples: ['S0-20'] }),
    title: optional(title, 'What boards and reports call the figure; its id where there is no title.'),
    source: optional(z.string(), 'The document from which the rule comes; else the S0 … S4 of its id.', {
      examples: ['S0'],
    }),
    variant: optional(title, 'What tells it from other figures of the same title.', {
      examples: [{ zh: '近 7 日', en: 'last 7 days' }],
    }),
    unit: optional(
      z.enum(['ratio', 'count', 'seconds', 'number']),
      'The unit of the figure, where it is not the one that follows from its kind.',
    ),
    count: optional(event, 'The events that are counted, as a share of those in of.', {
      examples: [{ type: 'ticket.created', kind: 'complaint' }],
    }),
    of: optional(event, 'The events by whose number is divided, or whose field is measured.', {
      examples: [{ type: 'ticket.created' }],
    }),
    clock: optional(ruleId, 'The rule of a clock: the share of its cycles that were met.', {
      examples: ['S0-06'],
    }),
    mean: optional(path, 'The field whose mean is taken.', number),
    p50: optional(path, 'The field whose median is taken.', number),
    p90: optional(path, 'The field whose 90th percentile is taken.', number),
    p95: optional(path, 'The field whose 95th percentile is taken.', number),
    max: optional(path, 'The field whose greatest value is taken.', number),
    share: optional(path, "The field by which events are grouped: the largest group's part of them all.", {
      examples: ['category'],
    }),
    level: optional(level, 'The cases or agents whose number is taken, as of now.', {
      examples: [{ on: 'call', from: 'call.queued', to: ['call.answered', 'call.abandoned'] }],
    }),
    window: optional(time, 'The time that the figure looks back; needed by all but a level.', {
      examples: ['24h'],
    }),
    every: optional(
      time,
      'How long a pane of the window is, by which it slides; a sixtieth of the window where it is left out, at least 1s.',
      { examples: ['1m'] },
    ),
    by: optional(
      z.union([path, z.array(z.union([path, z.array(path).min(1)])).min(1)]),
      'Fields to group by, beside the total. [queue, team] is one grouping; [[queue], [queue, team]] are two.',
      { examples: [['queue'], [['queue'], ['queue', 'team']]] },
    ),
    alert: optional(alert, 'When the figure sets off an alert.', {
      examples: [{ above: '5%', atLeast: 20, for: '1m', clear: '4%', severity: 'critical' }],
    }),
  })
  .meta({
    id: 'indicator',
    description:
      'A figure of one kind: count, clock, mean, p50, p90, p95, max, share or level. No denominator means no value.',
  });

const holidays = z.union([
  z.strictObject({
    country: key(z.string().regex(/^[A-Z]{2}$/, 'a country code'), 'The country, by its two letters.', {
      examples: ['CN'],
    }),
    region: optional(z.string(), 'The part of the country, where its holidays differ.', { examples: ['BY'] }),
  }),
  z.strictObject({
    ics: key(
      z.string().min(1),
      'An iCalendar file beside the policy: its events are days off, or make-up days where they are marked as working days.',
      {
        examples: ['holidays.ics'],
      },
    ),
  }),
]);
const timezone = optional(z.string(), "The calendar's IANA time zone; the policy's where it names none.", {
  examples: ['Asia/Shanghai'],
});
/** One calendar; `timezone` is the policy's unless it has its own. */
export const calendarSchema = z
  .union([
    z.strictObject({
      always: key(z.literal(true), 'Open around the clock.', { examples: [true] }),
      timezone,
    }),
    z.strictObject({
      timezone,
      hours: optional(z.partialRecord(weekdays, ranges), 'Opening hours by weekday; several ranges a day.', {
        examples: [{ 'mon-fri': ['09:00-12:00', '13:30-18:00'] }],
      }),
      holidays: optional(
        holidays,
        "Days off and make-up working days, which have Monday's hours: of a country, or from an iCalendar file.",
        { examples: [{ country: 'CN' }, { ics: 'holidays.ics' }] },
      ),
      closed: optional(z.array(date), 'Dates without opening hours.', { examples: [['2026-12-31']] }),
      open: optional(
        z.record(date, ranges),
        'Dates with hours of their own, whatever closed, holidays and hours say.',
        { examples: [{ '2027-01-02': ['10:00-14:00'] }] },
      ),
    }),
  ])
  .meta({
    id: 'calendar',
    description: 'When time counts. For one date: open, else closed, else holidays, else hours.',
  });

/** Keys of a calendar, whichever form it has. */
export const calendarKeys = ['always', 'timezone', 'hours', 'holidays', 'closed', 'open'];

export const derivedSchema = z.strictObject({
  set: key(start, 'The events from which on the attribute is true.'),
});
/** A kind of value that events carry, or the events that set it, for good. */
const attribute = z.union([z.enum(['string', 'number', 'boolean']), derivedSchema]).meta({
  id: 'attribute',
  description:
    'What kind of value events carry; or { set: EVENT } (or becomes): no event carries it, it is false until one of these events and true from then on.',
  examples: ['boolean', { set: { type: 'ticket.pending', reason: 'parts' } }],
});

export const policySchema = z.strictObject({
  version: key(z.literal(1), 'The version of the policy language.', { examples: [1] }),
  name: optional(name, "The policy's name, in messages and records.", {
    default: 'policy',
    examples: ['after-sales'],
  }),
  timezone: optional(z.string(), 'The IANA time zone of calendars that name none.', {
    default: 'UTC',
    examples: ['Asia/Shanghai'],
  }),
  include: optional(z.array(z.string().min(1)), 'Further files of the policy, found beside this one.', {
    examples: [['clocks.yaml']],
  }),
  attributes: optional(
    z.record(path, attribute),
    'Fields of your own by name: the kind of value that events carry, or the events that set them.',
    { examples: [{ vip: 'boolean' }] },
  ),
  calendars: optional(z.record(name, calendarSchema), 'Calendars by name; always is there without it.', {
    examples: [{ office: { hours: { 'mon-fri': ['09:00-18:00'] } } }],
  }),
  clocks: optional(z.array(clockSchema), 'The promises about cases, each with a rule id.', {
    examples: [
      [
        {
          rule: 'S0-03',
          on: 'ticket',
          start: 'ticket.created',
          stop: 'ticket.acknowledged',
          target: '2h',
        },
      ],
    ],
  }),
  indicators: optional(z.array(indicatorSchema), 'The figures over sliding windows, each with a rule id.', {
    examples: [[{ rule: 'CC-01', clock: 'S0-03', window: '24h' }]],
  }),
});

export type ClockText = z.infer<typeof clockSchema>;
export type IndicatorText = z.infer<typeof indicatorSchema>;
export type CalendarText = z.infer<typeof calendarSchema>;
export type AlertText = z.infer<typeof alert>;
