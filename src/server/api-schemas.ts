// What the API answers, as zod schemas: they check what goes out and become the OpenAPI document.
import { z } from 'zod';
import { ENTITIES } from '../contract/event.ts';
import { REJECT_REASONS } from '../contract/reject.ts';

const instant = z.string().describe('RFC 3339, UTC, milliseconds');
export const title = z.object({ zh: z.string(), en: z.string() });
const entity = z.enum(ENTITIES);
const fieldValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]);
const fields = z.record(z.string(), fieldValue);

export const errorAnswer = z
  .object({ error: z.string(), message: z.string() })
  .describe('What was wrong: a code that does not change, and a sentence.');

export const ingestAnswer = z
  .object({
    accepted: z.number().int(),
    rejected: z.array(
      z.object({
        index: z.number().int().describe('place in the request, from 0'),
        id: z.string().nullable(),
        reason: z.enum(REJECT_REASONS),
        detail: z.string(),
      }),
    ),
  })
  .describe('Stored. `rejected` lists what could not be used; it is kept in SLA_REJECTS.');

const uncovered = z
  .exactOptional(z.literal(true))
  .describe('the due instant was computed on plain hours: the holidays of a year before it are not known');

const openState = z.enum(['running', 'paused', 'overdue']);
const summary = z.object({
  entity,
  case: z.string(),
  status: z
    .string()
    .describe('as the attribute, or `ended` where the case has ended and that is still `open`'),
  queue: z.string(),
  team: z.string(),
  customer: z.string().describe('masked'),
  openedAt: instant,
  dueAt: instant.nullable().describe('of the most urgent open clock'),
  clocks: z
    .array(
      z.object({ rule: z.string(), title, state: openState, warned: z.boolean(), dueAt: instant, uncovered }),
    )
    .readonly(),
});

const span = z.object({ from: instant, to: instant.nullable() });
const why = z.object({
  startedAt: instant,
  startedBy: z.string().nullable(),
  target: z.string().nullable(),
  by: z.object({ attribute: z.string(), value: z.string() }).nullable(),
  calendar: z.string(),
  withoutPauses: instant.nullable().describe('when it would be due had nothing been left out'),
  pauses: z.array(span).readonly(),
  gaps: z.array(span).readonly().describe('from a stop to the reopening that continued it'),
  pausedMs: z.number(),
  uncovered: z.boolean().describe('true when a year before the due instant has no holiday data'),
  uncoveredYear: z.number().int().nullable().describe('the first such year: plain hours were used in it'),
  sentence: title,
  notes: z
    .array(title)
    .readonly()
    .describe('which business days count, and what would end a clock that is open'),
});

const eventRef = z.object({ type: z.string(), id: z.string(), source: z.string() });
const step = z.object({
  at: instant,
  kind: z.enum([
    'started',
    'action',
    'moved',
    'paused',
    'resumed',
    'stopped',
    'warned',
    'breached',
    'escalated',
    'reopened',
    'hidden',
    'shown',
    'met',
    'missed',
    'cancelled',
    'waived',
  ]),
  cause: z
    .enum(['start', 'gate', 'target', 'reopening', 'pause'])
    .nullable()
    .describe('why the due instant moved, where it did'),
  event: eventRef.nullable(),
  changes: z
    .array(z.object({ path: z.string(), from: fieldValue.nullable(), to: fieldValue.nullable() }))
    .readonly()
    .describe('attributes that the clock reads and the event changed'),
  target: z
    .string()
    .nullable()
    .describe('the target since then, where the due instant became known or moved'),
  dueFrom: instant.nullable(),
  dueTo: instant.nullable(),
  pausedMs: z.number().nullable().describe('open time of the pause that this step ends'),
  rings: z
    .number()
    .nullable()
    .describe("how often a call had rung when this step's event stopped or ended its clock"),
  knownAt: instant
    .nullable()
    .describe('of a deadline that had passed when it became known: the time of the event that showed it'),
  told: z
    .array(z.string())
    .readonly()
    .describe(
      'roles that were told, going by the times of events; nobody is told of what became known more than an hour late. How late an event arrived is seen in a record as `seenAt`',
    ),
  takenBackAt: instant
    .nullable()
    .describe(
      'of a breach that was told and did not last: when it was withdrawn. Warnings and escalations that do not hold any more are listed too, and never withdrawn',
    ),
  takenBackBy: eventRef.nullable().describe('the event that showed it'),
  text: title,
});
const part = z.object({
  place: z.enum([
    'queue',
    'bot',
    'agent',
    'team',
    'customer',
    'outside-party',
    'waiting',
    'outside-hours',
    'ended',
  ]),
  name: z.string(),
  team: z.string(),
  ms: z.number(),
  pausedMs: z.number().describe('what of it was paused, and did not count'),
  text: title,
});
const hygiene = z
  .object({
    cycles: z.number(),
    paused: z.number().describe('cycles that were paused'),
    stuck: z.number().describe('pauses that are still on after three days'),
    lastMoment: z.number().describe('paused within the last tenth of the time before the due instant'),
    endedPaused: z.number().describe('ended while paused'),
    kept: z.number(),
    broken: z.number(),
    keptWithout: z.number().describe('kept, had no pause counted'),
    brokenWithout: z.number(),
  })
  .describe('What pauses did to the figures, as counts of cycles.');
const explanation = z.object({
  steps: z.array(step).readonly(),
  counted: z
    .object({
      ranges: z.array(z.object({ from: instant, to: instant })).readonly(),
      unlistedMs: z.number().describe('open time beyond the ranges that are listed'),
    })
    .describe('the ranges of the calendar that counted'),
  wholeMs: z.number().describe('from the start to the end or to now, wall time'),
  parts: z.array(part).readonly().describe('where the time went; they add up to `wholeMs`'),
  hygiene,
});

const nearMisses = z
  .object({
    rules: z
      .array(
        z.object({
          rule: z.string(),
          title,
          unmet: z
            .array(
              z.object({
                attribute: z.string(),
                found: fieldValue.nullable(),
                wanted: z.array(fieldValue).readonly().nullable().describe('any of these; null: any value'),
              }),
            )
            .readonly(),
          slip: z
            .boolean()
            .describe(
              'all that is amiss looks like a slip: written otherwise in case or blanks alone, or a value of an own attribute of the policy that no rule takes',
            ),
          text: title,
        }),
      )
      .readonly(),
    unlisted: z.number(),
  })
  .describe('rules whose start came and whose condition does not hold');

export const caseAnswer = z
  .object({
    asOf: instant,
    ...summary.omit({ clocks: true }).shape,
    closedAt: instant.nullable(),
    policy: z.string(),
    attributes: fields,
    clocks: z.array(
      z.object({
        rule: z.string(),
        title,
        cycle: z.number().int(),
        each: z.string().nullable(),
        outcome: z.enum(['met', 'missed', 'overdue', 'paused', 'running', 'cancelled', 'waived']),
        warned: z.boolean(),
        startedAt: instant,
        dueAt: instant,
        endedAt: instant.nullable(),
        elapsedMs: z.number(),
        pausedMs: z.number(),
        overdueMs: z.number(),
        uncovered,
        why,
        explanation: explanation.nullable().describe('null for the earlier ones of very many cycles'),
      }),
    ),
    nearMisses,
    timeline: z.array(
      z.object({
        at: instant,
        kind: z.enum(['event', 'clock']),
        what: z.string(),
        id: z.string().nullable(),
        source: z.string().nullable(),
        fields,
        applied: z.boolean().describe('false for an event that lies ahead'),
      }),
    ),
  })
  .describe('The case, as of `asOf`.');

const LIMIT = { minimum: 1, maximum: 200, default: 50 };
export const casesQuery = z.object({
  // What a query brings is text, so that the document would know no type of it.
  limit: z.coerce
    .number()
    .int()
    .min(LIMIT.minimum)
    .max(LIMIT.maximum)
    .default(LIMIT.default)
    .meta({ ...LIMIT, type: 'integer', description: `cases on one page, at most ${LIMIT.maximum}` }),
  cursor: z.string().max(10_000).optional().describe('`cursor` of the page before'),
  queue: z.string().max(200).optional(),
  entity: entity.optional(),
  state: z
    .enum([...openState.options, 'warned'])
    .optional()
    .describe('has an open clock in this state; warned: warned and not yet due'),
});
export const casesAnswer = z
  .object({
    asOf: instant,
    cases: z.array(summary).readonly(),
    cursor: z
      .string()
      .nullable()
      .describe(
        'where the next page begins; null after the last. A page may have fewer cases than its limit.',
      ),
  })
  .describe(
    'Open cases, and closed ones of which a clock that still runs was warned or is overdue; at risk or overdue ones first, by due instant.',
  );

export const confirmQuery = z.object({
  confirm: z.string().optional().describe('the hash that the trial told'),
});

export const caseQuery = z.object({
  entity: entity.optional().describe('where cases of two entities share an id'),
});

export const indicatorsAnswer = z
  .object({
    asOf: instant,
    fresh: z.boolean().describe('false while a partition is behind or has no owner'),
    indicators: z.array(
      z.object({
        rule: z.string(),
        group: z.string(),
        title,
        unit: z.enum(['ratio', 'count', 'seconds', 'number']),
        value: z.number().nullable().describe('null without data'),
        numerator: z.number(),
        denominator: z.number(),
        leader: z.string().nullable().describe('of a largest share: the group that has it'),
        windowMs: z.number().nullable(),
        threshold: z.number().nullable(),
        badWhen: z.enum(['above', 'below']).nullable(),
        state: z.enum(['ok', 'pending', 'firing', 'no-data', 'few']),
        variant: title.nullable(),
      }),
    ),
  })
  .describe('Current values.');

export const alertsAnswer = z
  .object({
    asOf: instant,
    fresh: z.boolean(),
    alerts: z.array(
      z.object({
        id: z.string(),
        rule: z.string(),
        group: z.string(),
        title,
        severity: z.string(),
        state: z.enum(['firing', 'resolved']),
        at: instant,
        value: z.number().nullable(),
        numerator: z.number(),
        denominator: z.number(),
        action: z.string().nullable(),
      }),
    ),
  })
  .describe('Alerts that fire or have fired, firing ones first.');
