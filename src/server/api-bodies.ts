// What the writing paths take, for the OpenAPI document alone: their bodies are read by readers of their own, which say more
// than a schema, so nothing here is checked against a request.
import type { FastifySchema } from 'fastify';
import { ENTITIES } from '../contract/event.ts';
import { EVENTS_MAX } from './http-events.ts';

interface Described {
  readonly type: 'object' | 'array' | 'string';
  readonly description: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly type: string; readonly description: string }>>;
  readonly items?: Described;
  readonly maxItems?: number;
}

/** A body by content type, and headers that belong to it. */
export interface Takes {
  readonly content: Readonly<Record<string, { readonly schema: Described }>>;
  readonly headers?: Described;
}

const text = (description: string) => ({ type: 'string', description });
const ATTRIBUTES = {
  specversion: text('`1.0`'),
  id: text('names the event, together with `source`'),
  source: text('where it comes from'),
  type: text('such as `ticket.created`'),
  subject: text('the case: the id of a ticket, call, chat, agent or shift'),
  time: text('RFC 3339: when it happened'),
  sequence: text('optional: an order among events of one instant'),
};
const REQUIRED = ['specversion', 'id', 'source', 'type', 'subject', 'time'];
const SCHEMAS = ENTITIES.map(entity => `${entity}.json`).join(', ');
const DATA = `Types and fields of data: streams/schemas (${SCHEMAS}).`;

const event: Described = {
  type: 'object',
  description: `A CloudEvent, structured. ${DATA}`,
  required: REQUIRED,
  properties: { ...ATTRIBUTES, data: { type: 'object', description: 'fields of the event' } },
};
const batch: Described = {
  type: 'array',
  description: 'A batch of such events.',
  items: event,
  maxItems: EVENTS_MAX,
};
const ndjson: Described = { type: 'string', description: `One such event a line, at most ${EVENTS_MAX}.` };

export const takesEvents: Takes = {
  content: {
    'application/cloudevents+json': { schema: event },
    'application/cloudevents-batch+json': { schema: batch },
    'application/x-ndjson': { schema: ndjson },
    'application/json': {
      schema: {
        type: 'object',
        description: `A structured event or a list of them; in binary mode, with ce-* headers, the event's data. ${DATA}`,
      },
    },
  },
  headers: {
    type: 'object',
    description: 'Binary mode.',
    properties: Object.fromEntries(
      Object.entries(ATTRIBUTES).map(([name, { description }]) => [
        `ce-${name}`,
        text(`binary mode: ${description}`),
      ]),
    ),
  },
};

export const takesPolicy: Takes = takesYaml(
  'A policy in YAML or JSON that names no other files. Its schema: streams/schemas/policy.json.',
);

export const takesHolidays: Takes = takesYaml(
  'A year in YAML or JSON: `country` (CN), `year` (2027), `off` and `work`, lists of dates and of ranges such as `2027-02-05/2027-02-11`.',
);

/** Any content type is read; these are the usual ones. */
function takesYaml(description: string): Takes {
  const schema: Described = { type: 'string', description };
  return { content: { 'application/yaml': { schema }, 'application/json': { schema } } };
}

/** A route's schema, as it goes into the document, with what it takes. */
export function withTakes(schema: FastifySchema, takes: Takes | undefined): FastifySchema {
  if (takes === undefined) return schema;
  const { content, headers } = takes;
  return { ...schema, body: { content }, ...(headers === undefined ? {} : { headers }) };
}
