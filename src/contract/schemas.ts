// The single source of truth about events: zod schemas of CONTRACT.md, section 1. JSON Schemas, AsyncAPI and the
// decoder are made from them. One schema of data for each row of the contract's table, looked up by type.
import { z } from 'zod';
import { ENTITIES, type Entity } from './event.ts';
import { type Sure, sureOf } from './sure.ts';
import { parseTime } from './time.ts';

/** Values that rules use are examples: any other string up to this many characters is accepted. */
export const LISTED_CHARS_MAX = 100;
/** Names and ids of teams, products, promises. */
export const NAME_CHARS_MAX = 256;
/** Names in one list, such as the agents of a shift. */
export const LIST_MAX = 1000;
/** Characters of an event's `id` and `source`. */
export const ID_CHARS_MAX = 512;

/** At most `max` code points, as JSON Schema counts them; the length in UTF-16 units settles nearly every case. */
function text(max: number) {
  return z
    .string()
    .refine(value => value.length <= max || (value.length <= 2 * max && [...value].length <= max), {
      error: `expected at most ${max} characters`,
    })
    .meta({ maxLength: max });
}

function listed(description: string, ...examples: string[]) {
  return text(LISTED_CHARS_MAX).meta({ description, examples });
}

function name(description: string) {
  return text(NAME_CHARS_MAX).meta({ description });
}

function free(description: string) {
  return z.string().meta({ description });
}

function flag(description: string) {
  return z.boolean().meta({ description });
}

function number(description: string) {
  return z.number().meta({ description });
}

function instant(description: string) {
  return z
    .string()
    .refine(value => parseTime(value) !== null, { error: 'expected an RFC 3339 time up to the year 9999' })
    .meta({ description, format: 'date-time' });
}

function names(description: string) {
  return z.array(name('a name')).max(LIST_MAX).meta({ description });
}

/** Attributes of a ticket, call or chat: any event of the case may carry them. */
const attributes = {
  channel: listed(
    'Where the customer came in',
    'phone',
    'email',
    'web',
    'app',
    'chat',
    'wechat',
    'social',
    'store',
    'shop',
  ).optional(),
  kind: listed(
    'What the case is',
    'consultation',
    'query',
    'problem',
    'repair',
    'complaint',
    'suggestion',
    'request',
  ).optional(),
  urgency: listed('Grade, by urgency', 'normal', 'urgent', 'critical').optional(),
  impact: listed('Grade, by impact', 'low', 'medium', 'high').optional(),
  complexity: listed('How hard it is to solve', 'standard', 'complex').optional(),
  severity: listed('How grave it is', 'general', 'major').optional(),
  category: name('Type of problem').optional(),
  product: name('Product concerned').optional(),
  queue: name('Queue in which the case lies').optional(),
  team: name('Team that has the case').optional(),
  agent: name('Agent who has the case').optional(),
  region: name('Region of the customer').optional(),
  distance: listed('How far an engineer travels', 'local', 'neighbouring', 'other_province').optional(),
  flow: name('Process that the case follows, such as S4-F1').optional(),
  customer: z
    .object({
      id: name("The customer's id").optional(),
      name: free('Name; kept as its first character').optional(),
      phone: free('Phone number; kept as its last four digits').optional(),
      tier: listed('Tier of the customer', 'standard', 'gold').optional(),
    })
    .meta({ description: 'The customer; masked before anything is kept' })
    .optional(),
  description: free('What the customer says; masked and cut before it is kept').optional(),
};

const by = listed('Who acted', 'bot', 'agent', 'supervisor', 'senior', 'customer').optional();
const expectedAt = instant('When the next step is expected').optional();
const customerInformed = flag('Whether the customer was told').optional();

const row = {
  plain: z.object(attributes),
  assigned: z.object({
    ...attributes,
    by,
    tier: listed('Tier of the agent', 'specialist', 'senior', 'lead').optional(),
  }),
  replied: z.object({
    ...attributes,
    by,
    about: listed('What the customer was told about', 'delay', 'progress', 'eta', 'milestone').optional(),
    expectedAt,
  }),
  escalated: z.object({
    ...attributes,
    level: z
      .union([name('as a name'), z.number()])
      .meta({ description: 'Level of the escalation' })
      .optional(),
    to: name('To whom').optional(),
    details: flag('Whether details were given').optional(),
    customerInformed,
  }),
  pending: z.object({
    ...attributes,
    reason: listed(
      'What is waited for',
      'customer',
      'parts',
      'third_party',
      'logistics',
      'appointment',
    ).optional(),
    expectedAt,
  }),
  promised: z.object({
    ...attributes,
    promise: name('Id of the promise').optional(),
    dueAt: instant('The time that was promised').optional(),
    what: free('What was promised').optional(),
  }),
  handedOver: z.object({
    ...attributes,
    from: listed('Who had it', 'bot', 'agent', 'team').optional(),
    to: name('Who has it now').optional(),
    customerInformed,
    expectedAt,
  }),
  department: z.object({ ...attributes, department: name('The department').optional() }),
  stage: z.object({
    ...attributes,
    stage: name('The stage that was completed').optional(),
    nextDueAt: instant('When the next stage is promised').optional(),
  }),
  visit: z.object({ ...attributes, expectedAt }),
  flagged: z.object({
    ...attributes,
    flag: listed('Why it was flagged', 'special', 'needs_third_party').optional(),
  }),
  resolved: z.object({
    ...attributes,
    firstContact: flag('Whether it was solved at first contact').optional(),
  }),
  followedUp: z.object({
    ...attributes,
    level: listed(
      'Which follow-up',
      'satisfaction',
      'closure',
      'specialist',
      'supervisor',
      'senior',
    ).optional(),
    done: flag('Whether it was done').optional(),
  }),
  surveyed: z.object({
    ...attributes,
    csat: number('Satisfaction, 1 to 5').min(1).max(5).optional(),
    nps: number('Would recommend, 0 to 10').min(0).max(10).optional(),
    satisfaction: listed('The answer in words', 'satisfied', 'fair', 'dissatisfied').optional(),
  }),
  reviewed: z.object({
    ...attributes,
    passed: flag('Whether the review was passed').optional(),
    reviewer: name('Who reviewed').optional(),
  }),
  waived: z.object({
    ...attributes,
    rule: name('The rule that is waived').optional(),
    why: free('Why').optional(),
    by,
  }),
  merged: z.object({ ...attributes, into: name('The ticket that goes on').optional() }),
  call: z.object({
    ...attributes,
    rings: number('How often it has rung').optional(),
    waitSeconds: number('Seconds waited').optional(),
    talkSeconds: number('Seconds talked').optional(),
    holdSeconds: number('Seconds on hold').optional(),
    wrapSeconds: number('Seconds of work after the call').optional(),
    customerInformed,
    risk: listed('Risk that quality inspection found', 'upset', 'forbidden_wording').optional(),
    score: number('Score of the survey').optional(),
  }),
  chat: z.object({ ...attributes, by }),
  agent: z.object({
    state: listed('What the agent does', 'available', 'busy', 'wrap_up', 'break', 'away').optional(),
    team: name('Team of the agent').optional(),
    shift: name('Shift that the agent works').optional(),
    queues: names('Queues that the agent serves').optional(),
  }),
  shift: z.object({
    shift: name('Name of the shift').optional(),
    start: instant('When it starts').optional(),
    end: instant('When it ends').optional(),
    agents: names('Agents who are scheduled').optional(),
    required: number('Agents who are needed').optional(),
  }),
};

/** The schema of each type's data. Unknown fields are ignored; a wrong type of a known one is an error. */
export const EVENT_DATA = {
  'ticket.created': row.plain,
  'ticket.updated': row.plain,
  'ticket.acknowledged': row.assigned,
  'ticket.assigned': row.assigned,
  'ticket.replied': row.replied,
  'ticket.informed': row.replied,
  'ticket.solution_proposed': row.plain,
  'ticket.solution_rejected': row.plain,
  'ticket.solution_implemented': row.plain,
  'ticket.confirmed': row.plain,
  'ticket.escalated': row.escalated,
  'ticket.pending': row.pending,
  'ticket.resumed': row.pending,
  'ticket.promised': row.promised,
  'ticket.promise_kept': row.promised,
  'ticket.handed_over': row.handedOver,
  'ticket.department_assigned': row.department,
  'ticket.department_finished': row.department,
  'ticket.stage_completed': row.stage,
  'ticket.dispatched': row.visit,
  'ticket.visit_agreed': row.visit,
  'ticket.arrived': row.visit,
  'ticket.graded': row.flagged,
  'ticket.flagged': row.flagged,
  'ticket.resolved': row.resolved,
  'ticket.reopened': row.resolved,
  'ticket.closed': row.resolved,
  'ticket.cancelled': row.resolved,
  'ticket.followed_up': row.followedUp,
  'ticket.surveyed': row.surveyed,
  'ticket.reviewed': row.reviewed,
  'ticket.waived': row.waived,
  'ticket.merged': row.merged,
  'call.queued': row.call,
  'call.ringing': row.call,
  'call.announced': row.call,
  'call.answered': row.call,
  'call.held': row.call,
  'call.retrieved': row.call,
  'call.transferred': row.call,
  'call.abandoned': row.call,
  'call.ended': row.call,
  'call.risk_flagged': row.call,
  'call.surveyed': row.call,
  'chat.started': row.chat,
  'chat.message': row.chat,
  'chat.handed_over': row.chat,
  'chat.ended': row.chat,
  'chat.risk_flagged': row.chat,
  'chat.surveyed': row.chat,
  'agent.signed_on': row.agent,
  'agent.state_changed': row.agent,
  'agent.signed_off': row.agent,
  'shift.scheduled': row.shift,
  'shift.started': row.shift,
  'shift.ended': row.shift,
} as const;

/** The attributes of CloudEvents 1.0 that the monitor reads; others are extensions and are ignored. */
export const ENVELOPE = z.object({
  specversion: z.literal('1.0'),
  id: z
    .string()
    .min(1)
    .max(ID_CHARS_MAX)
    .meta({ description: 'With `source`, names the event: the same pair again changes nothing' }),
  source: z.string().min(1).max(ID_CHARS_MAX).meta({ description: 'The system that publishes' }),
  type: z.string().min(1).meta({ description: 'One of the types of the contract' }),
  subject: z
    .string()
    .min(1)
    .meta({ description: 'The ticket, call, chat, agent or shift id; at most 200 bytes once encoded' }),
  // The decoder parses it, with a reason of its own.
  time: z.string().meta({
    description: 'When it happened; RFC 3339 with any offset, cut to milliseconds',
    format: 'date-time',
  }),
  sequence: z
    .union([z.string(), z.int()])
    .nullish()
    .meta({ description: 'An order among events of one instant, compared as a string by code point' }),
});

/** How a field is kept: `time` as RFC 3339 in UTC, `text` masked and cut, `scalar` a string or a number. */
export type FieldKind = 'string' | 'number' | 'boolean' | 'scalar' | 'list' | 'time' | 'text';

/** All data fields of the contract by path, whichever type carries them, with the kind that is kept of each. */
export const FIELD_KINDS: ReadonlyMap<string, FieldKind> = fieldKinds();

/** What is known of an event type. */
interface EventType {
  readonly entity: Entity;
  /** The schema of its data, and a quick look at what that surely accepts. */
  readonly data: z.ZodType;
  readonly sure: Sure<z.ZodType>;
}

/** Undefined when there is no such type. */
export function eventType(type: string): EventType | undefined {
  return TYPES.get(type);
}

const TYPES: ReadonlyMap<string, EventType> = new Map(
  Object.entries(EVENT_DATA).map(([type, data]) => {
    const prefix = type.slice(0, type.indexOf('.'));
    const entity = ENTITIES.find(each => each === prefix);
    if (entity === undefined) throw new Error(`the type ${type} belongs to no entity`);
    return [type, { entity, data, sure: sureOf(data) }];
  }),
);

function fieldKinds(): Map<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  for (const schema of Object.values(row)) addKinds(kinds, '', schema);
  return kinds;
}

function addKinds(kinds: Map<string, FieldKind>, prefix: string, schema: z.ZodObject): void {
  for (const [key, field] of Object.entries(schema.shape)) {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    if (inner instanceof z.ZodObject) addKinds(kinds, `${prefix}${key}.`, inner);
    else {
      const path = prefix + key;
      const kind = kindOf(inner);
      const other = kinds.get(path);
      kinds.set(path, other === undefined || other === kind ? kind : 'scalar');
    }
  }
}

function kindOf(schema: unknown): FieldKind {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodUnion) return 'scalar';
  if (!(schema instanceof z.ZodString)) throw new Error('a field of a kind that the decoder does not keep');
  const meta = schema.meta();
  if (meta?.format === 'date-time') return 'time';
  return meta?.maxLength === undefined ? 'text' : 'string';
}
