// The policy language as a zod schema: shapes, spelling of durations, hours and dates. What needs more than one key
// to judge (known fields, ladders, references between rules) is checked by compile.ts and its helpers.
import { z } from 'zod';
import { ENTITIES } from '../contract/event.ts';
import { DURATION_PATTERN, TIME_PATTERN } from './duration.ts';

const duration = z
  .string()
  .regex(DURATION_PATTERN, 'a duration')
  .meta({
    id: 'duration',
    description: 'One number and one unit: 30s 5m 2h 3d of open time; 4bd business days; 4bd@same-time.',
    examples: ['2h', '4bd', '4bd@same-time'],
  });
const time = z
  .string()
  .regex(TIME_PATTERN, 'a duration')
  .meta({
    id: 'time',
    description: 'One number and one unit, not in business days: 30s 5m 2h 3d.',
    examples: ['30m', '24h'],
  });
const percentText = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'a percentage')
  .meta({ id: 'percent', examples: ['80%'] });
const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'a date')
  .meta({ id: 'date', examples: ['2026-12-31'] });
const range = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'opening hours')
  .meta({
    id: 'range',
    description: 'Opening and close in local time; a close at or before the opening is on the next day.',
    examples: ['09:00-12:00', '22:00-06:00', '00:00-24:00'],
  });
const ranges = z.union([range, z.array(range)]);

const DAY = '(mon|tue|wed|thu|fri|sat|sun)';
const weekdays = z
  .string()
  .regex(new RegExp(`^${DAY}(-${DAY})?(,${DAY}(-${DAY})?)*$`), 'weekdays')
  .meta({ id: 'weekdays', examples: ['mon-fri', 'sat'] });

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const valueOrList = z.union([scalar, z.array(scalar).min(1)]).meta({ id: 'valueOrList' });
const path = z
  .string()
  .regex(/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/, 'a field')
  .meta({
    id: 'field',
    description: 'A field of the event data or an attribute of the case.',
    examples: ['customer.tier'],
  });
const eventType = z.string().meta({ id: 'eventType', examples: ['ticket.created'] });

const tests = z.record(path, valueOrList);
const matcher = z
  .object({
    type: z.union([eventType, z.array(eventType).min(1)]),
    present: z
      .union([path, z.array(path).min(1)])
      .optional()
      .meta({ description: 'Fields that must have a value, whichever.', examples: [['expectedAt']] }),
  })
  .catchall(valueOrList);
const oneEvent = z.union([eventType, matcher]);
const event = z.union([oneEvent, z.array(oneEvent).min(1)]).meta({
  id: 'eventCondition',
  description: 'A type, a list (any of them), or { type, FIELD: value or list, present: FIELD or list }.',
  examples: ['ticket.created', { type: 'ticket.replied', by: ['agent', 'bot'] }],
});
const becomes = z.strictObject({ becomes: tests });
const oneStart = z.union([eventType, becomes, matcher]);
const start = z.union([oneStart, z.array(oneStart).min(1)]).meta({
  id: 'start',
  description: 'An event condition, or { becomes: { ATTRIBUTE: value } }.',
  examples: ['ticket.created', { becomes: { urgency: 'urgent' } }],
});
const when = z.union([tests, z.array(tests).min(1)]).meta({
  id: 'when',
  description: 'Attributes of the case; all must hold. A list: any of them.',
  examples: [{ channel: ['email', 'web'] }],
});

const localized = z.strictObject({ zh: z.string(), en: z.string() });
const title = z
  .union([z.string(), localized])
  .meta({ id: 'title', examples: [{ zh: '投诉率', en: 'Complaint rate' }] });
const ruleId = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a rule id')
  .meta({ id: 'rule', examples: ['S0-03'] });
const name = z.string().min(1).max(64);

const pause = z.strictObject({ from: start, to: start });
const target = z
  .union([
    duration,
    z.strictObject({ by: path, values: z.record(z.string(), duration), else: duration.optional() }),
    z.strictObject({ at: path }),
  ])
  .meta({
    id: 'target',
    description:
      'A duration; { by: ATTRIBUTE, values: { value: duration }, else: duration }; or { at: data.FIELD }.',
    examples: ['2h', { by: 'distance', values: { local: '24h' }, else: '3d' }, { at: 'data.dueAt' }],
  });
const warning = z.union([percentText, time]);
const step = z.strictObject({ after: time, to: z.string().min(1), calendar: name.optional() });
const actionName = z.string().regex(/^[A-Za-z0-9][\w-]{0,63}$/, 'an action name');
const atOnce = z
  .strictObject({
    action: actionName.optional(),
    to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  })
  .refine(({ action, to }) => action !== undefined || to !== undefined)
  .meta({
    id: 'atOnce',
    minProperties: 1,
    description: 'What is to be done as soon as a cycle is there, and who is told; one of the two is enough.',
    examples: [{ action: 'emergency-plan', to: 'department-head' }, { to: ['supervisor', 'manager'] }],
  });

export const clockSchema = z
  .strictObject({
    rule: ruleId,
    title: title.optional(),
    source: z.string().optional(),
    on: z.enum(ENTITIES),
    when: when.optional(),
    start,
    stop: event,
    pause: z.union([pause, z.array(pause)]).optional(),
    cancel: event.optional(),
    target,
    calendar: name.optional(),
    warn: z.union([warning, z.array(warning)]).optional(),
    atOnce: atOnce.optional(),
    ladder: z.array(step).optional(),
    objective: z
      .strictObject({ share: z.union([percentText, z.number().gt(0).lte(1)]), window: time })
      .optional(),
    retroactive: z.boolean().optional(),
    repeat: z.boolean().optional(),
    once: z.boolean().optional().meta({ description: 'Only the first start event begins a cycle.' }),
    evidence: z
      .boolean()
      .optional()
      .meta({ description: 'Over a piece of evidence: counted, but no case is at risk or overdue by it.' }),
    overlap: z.enum(['latest', 'all']).optional().meta({
      description:
        'Each start event begins a cycle of its own, also while others are open; a stop ends the latest of these, or all.',
    }),
    reopen: z.enum(['ignore', 'continue', 'restart']).optional(),
    each: path.optional(),
  })
  .meta({ id: 'clock' });

const threshold = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?%$|^\d+(\.\d+)?(ms|s|m|h|d)$/, 'a threshold')])
  .meta({
    id: 'threshold',
    examples: ['5%', 0.05, '30s'],
  });
const alert = z
  .strictObject({
    above: threshold.optional(),
    below: threshold.optional(),
    atLeast: z.int().nonnegative().optional(),
    for: time.optional(),
    clear: threshold.optional(),
    severity: z.string().min(1).max(64).optional(),
    action: actionName.optional(),
  })
  .meta({ id: 'alert' });
const level = z
  .strictObject({
    on: z.enum(ENTITIES),
    when: when.optional(),
    from: event.optional(),
    to: event.optional(),
    longest: z.boolean().optional(),
  })
  .meta({ id: 'level' });

export const STATISTICS = ['mean', 'p50', 'p90', 'p95', 'max'] as const;

export const indicatorSchema = z
  .strictObject({
    rule: ruleId,
    title: title.optional(),
    source: z.string().optional(),
    variant: title.optional(),
    unit: z.enum(['ratio', 'count', 'seconds', 'number']).optional(),
    count: event.optional(),
    of: event.optional(),
    clock: ruleId.optional(),
    mean: path.optional(),
    p50: path.optional(),
    p90: path.optional(),
    p95: path.optional(),
    max: path.optional(),
    share: path.optional(),
    level: level.optional(),
    window: time.optional(),
    every: time.optional(),
    by: z
      .union([path, z.array(z.union([path, z.array(path).min(1)])).min(1)])
      .optional()
      .meta({
        description: 'Fields to group by. [queue, team] is one grouping; [[queue], [queue, team]] are two.',
      }),
    alert: alert.optional(),
  })
  .meta({ id: 'indicator' });

const hours = z.partialRecord(weekdays, ranges);
const holidays = z.union([
  z.strictObject({
    country: z.string().regex(/^[A-Z]{2}$/, 'a country code'),
    region: z.string().optional(),
  }),
  z.strictObject({ ics: z.string().min(1) }),
]);
/** One calendar; `timezone` is the policy's unless it has its own. */
export const calendarSchema = z
  .union([
    z.strictObject({ always: z.literal(true), timezone: z.string().optional() }),
    z.strictObject({
      timezone: z.string().optional(),
      hours: hours.optional(),
      holidays: holidays.optional(),
      closed: z.array(date).optional(),
      open: z.record(date, ranges).optional(),
    }),
  ])
  .meta({ id: 'calendar' });

/** Keys of a calendar, whichever form it has. */
export const calendarKeys = ['always', 'timezone', 'hours', 'holidays', 'closed', 'open'];

/** A kind of value that events carry, or the events that set it, for good. */
const attribute = z.union([z.enum(['string', 'number', 'boolean']), z.strictObject({ set: start })]).meta({
  id: 'attribute',
  description:
    'What kind of value events carry; or { set: EVENT } (or becomes): no event carries it, it is false until one of these events and true from then on.',
  examples: ['boolean', { set: { type: 'ticket.pending', reason: 'parts' } }],
});

export const policySchema = z.strictObject({
  version: z.literal(1),
  name: name.optional(),
  timezone: z.string().optional(),
  include: z.array(z.string().min(1)).optional(),
  attributes: z.record(path, attribute).optional(),
  calendars: z.record(name, calendarSchema).optional(),
  clocks: z.array(clockSchema).optional(),
  indicators: z.array(indicatorSchema).optional(),
});

export type ClockText = z.infer<typeof clockSchema>;
export type IndicatorText = z.infer<typeof indicatorSchema>;
export type CalendarText = z.infer<typeof calendarSchema>;
export type EventText = z.infer<typeof event>;
export type OneEventText = z.infer<typeof oneEvent>;
export type OneStartText = z.infer<typeof oneStart>;
export type StartText = z.infer<typeof start>;
export type TestsText = z.infer<typeof tests>;
export type WhenText = z.infer<typeof when>;
export type AlertText = z.infer<typeof alert>;
export type ValueText = z.infer<typeof valueOrList>;

/** The policy language as a JSON Schema, for editors that complete and check while one writes. */
export function policyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(policySchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return { ...schema, title: 'sla-monitor policy' };
}
