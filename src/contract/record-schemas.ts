// zod schemas of the records, for the documents under streams/. The types stand in record.ts; that both say the
// same is checked by the compiler.
import { z } from 'zod';
import { ENTITIES } from './event.ts';
import {
  type ActionRecord,
  type AlertActionRecord,
  type AlertRecord,
  type CaseActionRecord,
  CLOCK_RECORD_STATES,
  type ClockRecord,
} from './record.ts';

const instant = (description: string) => z.string().meta({ description, format: 'date-time' });
const id = z
  .string()
  .meta({ description: 'Also its Nats-Msg-Id; the same on every retry and every reading of the stream' });
const seenAt = instant('The logical time at which it was found');
const policy = z.string().meta({ description: 'Hash of the policy in force' });
const milliseconds = (description: string) => z.number().meta({ description });

const clockRecord = z.object({
  id,
  kind: z.literal('clock'),
  at: instant('When it became true'),
  seenAt,
  entity: z.enum(ENTITIES),
  case: z.string(),
  rule: z.string(),
  cycle: z.int().min(1),
  state: z.enum(CLOCK_RECORD_STATES).meta({
    description: "A cycle's outcome is its last record; withdrawn: there is no such breach or cycle",
  }),
  percent: z.exactOptional(z.number().meta({ description: 'Of a warning: the share of the target used up' })),
  step: z.exactOptional(z.int().meta({ description: 'Of an escalation: which step of the ladder' })),
  to: z.exactOptional(z.string().meta({ description: 'Of an escalation: to whom' })),
  action: z.exactOptional(
    z.string().meta({ description: 'Of a withdrawal: what was called for at the start, and is taken back' }),
  ),
  startedAt: instant('When the cycle started'),
  dueAt: instant('When it is due'),
  endedAt: z.union([instant('When it ended'), z.null()]),
  elapsedMs: milliseconds("Calendar time of the clock until the record's instant, pauses left out"),
  pausedMs: milliseconds('Calendar time paused'),
  overdueMs: milliseconds('Calendar time past due; 0 when not late'),
  policy,
  uncovered: z.exactOptional(
    z.literal(true).meta({
      description:
        'The due instant was computed on plain hours: the holidays of a year before it are not known',
    }),
  ),
}) satisfies z.ZodType<ClockRecord>;

const alertRecord = z.object({
  id,
  kind: z.literal('alert'),
  at: instant('When it fired or cleared'),
  seenAt,
  rule: z.string(),
  group: z.string().meta({ description: '`all`, or attributes and values as in `queue=repair,team=x`' }),
  state: z.enum(['firing', 'resolved']),
  severity: z.string(),
  number: z.int().min(1).meta({ description: 'Which transition of this rule and group it is' }),
  value: z.union([z.number(), z.null()]),
  numerator: z.number(),
  denominator: z.number(),
  policy,
}) satisfies z.ZodType<AlertRecord>;

const alertActionRecord = z
  .object({
    id,
    kind: z.literal('action'),
    at: instant('When it was called for'),
    seenAt,
    action: z.string().meta({ description: 'What to do, such as special-investigation' }),
    rule: z.string(),
    group: z.string(),
    alert: z.string().meta({ description: 'Id of the alert record that called for it' }),
    policy,
  })
  .meta({ title: 'Called for by an alert' }) satisfies z.ZodType<AlertActionRecord>;

const caseActionRecord = z
  .object({
    id,
    kind: z.literal('action'),
    at: instant('When the cycle started, or when its rule began to apply to the case'),
    seenAt,
    action: z.string().meta({ description: 'What to do, such as emergency-plan; notify: only tell' }),
    rule: z.string(),
    entity: z.enum(ENTITIES),
    case: z.string(),
    cycle: z.int().min(1),
    to: z.array(z.string()).readonly().meta({ description: 'Roles to be told; may be empty' }),
    policy,
  })
  .meta({
    title: 'Called for by a case',
    description:
      'Once for a cycle, whose clock records say what becomes of it; withdrawn with this action takes it back.',
  }) satisfies z.ZodType<CaseActionRecord>;

const actionRecord = z.union([alertActionRecord, caseActionRecord]) satisfies z.ZodType<ActionRecord>;

/** Schemas by `kind`, the second last token of their subject. */
export const RECORD_SCHEMAS = { clock: clockRecord, alert: alertRecord, action: actionRecord } as const;
