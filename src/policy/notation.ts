// The parts of the policy language that many keys share: how durations, dates, hours, fields, conditions and targets are
// written. Each says what it means: editors and the reference of the language show that.
import { z } from 'zod';
import { DURATION_PATTERN, TIME_PATTERN } from './duration.ts';
import { EVENT_TYPES } from './fields.ts';

interface Words {
  /** What holds where the key is left out, where one value says it. */
  readonly default?: string | number | boolean;
  readonly examples?: readonly unknown[];
}

/** A key with what it means there, in one sentence. */
export function key<T extends z.ZodType>(schema: T, description: string, words: Words = {}): T {
  return schema.meta({ description, ...words, ...examplesOf(words) });
}

/** A key that may be left out. */
export function optional<T extends z.ZodType>(
  schema: T,
  description: string,
  words: Words = {},
): z.ZodOptional<T> {
  return schema.optional().meta({ description, ...words, ...examplesOf(words) });
}

function examplesOf({ examples }: Words): { examples?: unknown[] } {
  return examples === undefined ? {} : { examples: [...examples] };
}

export const duration = z
  .string()
  .regex(DURATION_PATTERN, 'a duration')
  .meta({
    id: 'duration',
    description: 'One number and one unit: 30s 5m 2h 3d of open time; 4bd business days; 4bd@same-time.',
    examples: ['2h', '4bd', '4bd@same-time'],
  });
export const time = z
  .string()
  .regex(TIME_PATTERN, 'a duration')
  .meta({
    id: 'time',
    description: 'One number and one unit, not in business days: 30s 5m 2h 3d.',
    examples: ['30m', '24h'],
  });
export const percentText = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'a percentage')
  .meta({ id: 'percent', description: 'A number and a percent sign.', examples: ['80%'] });
export const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'a date')
  .meta({ id: 'date', description: 'Year, month and day, in quotes.', examples: ['2026-12-31'] });
const range = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'opening hours')
  .meta({
    id: 'range',
    description: 'Opening and close in local time; a close at or before the opening is on the next day.',
    examples: ['09:00-12:00', '22:00-06:00', '00:00-24:00'],
  });
export const ranges = z.union([range, z.array(range)]);

const DAY = '(mon|tue|wed|thu|fri|sat|sun)';
export const weekdays = z
  .string()
  .regex(new RegExp(`^${DAY}(-${DAY})?(,${DAY}(-${DAY})?)*$`), 'weekdays')
  .meta({
    id: 'weekdays',
    description: 'Days, spans of days, or several of them with commas.',
    examples: ['mon-fri', 'sat'],
  });

const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const valueOrList = z.union([scalar, z.array(scalar).min(1)]).meta({
  id: 'valueOrList',
  description: 'A value, or a list: any of them.',
});
export const path = z
  .string()
  .regex(/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/, 'a field')
  .meta({
    id: 'field',
    description: 'A field of the event data or an attribute of the case.',
    examples: ['customer.tier'],
  });
/** Editors offer the types there are; what the loader says of another one is more than that it is none. */
const eventType = z.string().meta({
  id: 'eventType',
  description: 'The type of an event.',
  enum: [...EVENT_TYPES],
  examples: ['ticket.created'],
});

export const tests = z.record(path, valueOrList).meta({
  id: 'tests',
  description: 'Attributes of the case with a value or a list of values; all must hold.',
});
export const matcher = z
  .object({
    type: key(z.union([eventType, z.array(eventType).min(1)]), 'The type of the event, or any of a list.', {
      examples: ['ticket.replied'],
    }),
    present: optional(
      z.union([path, z.array(path).min(1)]),
      'Fields that must have a value, whichever it is.',
      { examples: [['expectedAt']] },
    ),
  })
  .catchall(valueOrList)
  .meta({
    id: 'matcher',
    description:
      'An event of this type whose fields have these values; a field that the event does not carry is looked up in its case.',
    examples: [{ type: 'ticket.replied', by: ['agent', 'bot'] }],
  });
const oneEvent = z.union([eventType, matcher]);
export const event = z.union([oneEvent, z.array(oneEvent).min(1)]).meta({
  id: 'eventCondition',
  description: 'A type, a list (any of them), or { type, FIELD: value or list, present: FIELD or list }.',
  examples: ['ticket.created', { type: 'ticket.replied', by: ['agent', 'bot'] }],
});
const becomes = z.strictObject({
  becomes: key(tests, 'The event after which the case has these values, and before which it had not.', {
    examples: [{ urgency: 'urgent' }],
  }),
});
const oneStart = z.union([eventType, becomes, matcher]);
export const start = z.union([oneStart, z.array(oneStart).min(1)]).meta({
  id: 'start',
  description: 'An event condition, or { becomes: { ATTRIBUTE: value } }.',
  examples: ['ticket.created', { becomes: { urgency: 'urgent' } }],
});
export const when = z.union([tests, z.array(tests).min(1)]).meta({
  id: 'when',
  description: 'Attributes of the case; all must hold. A list: any of them.',
  examples: [{ channel: ['email', 'web'] }],
});

export const target = z
  .union([
    duration,
    z.strictObject({
      by: key(path, 'The attribute whose current value says which target holds.', { examples: ['distance'] }),
      values: key(z.record(z.string(), duration), 'The target for each value of the attribute.', {
        examples: [{ local: '24h', neighbouring: '48h' }],
      }),
      else: optional(
        duration,
        'The target for every other value, and for none; without it the clock then does not run.',
        { examples: ['3d'] },
      ),
    }),
    z.strictObject({
      at: key(path, 'The field of the start event that names the due instant; pauses do not move it.', {
        examples: ['data.dueAt'],
      }),
    }),
  ])
  .meta({
    id: 'target',
    description:
      'A duration; { by: ATTRIBUTE, values: { value: duration }, else: duration }; or { at: data.FIELD }.',
    examples: ['2h', { by: 'distance', values: { local: '24h' }, else: '3d' }, { at: 'data.dueAt' }],
  });

export type EventText = z.infer<typeof event>;
export type OneEventText = z.infer<typeof oneEvent>;
export type OneStartText = z.infer<typeof oneStart>;
export type StartText = z.infer<typeof start>;
export type TestsText = z.infer<typeof tests>;
export type WhenText = z.infer<typeof when>;
export type ValueText = z.infer<typeof valueOrList>;
