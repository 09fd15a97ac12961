// JSON Schemas of events, one file an entity, and of records, one file a kind, from the zod schemas that validate.
import { z } from 'zod';
import { ENTITIES, type Entity } from '../../src/contract/event.ts';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import { ENVELOPE, EVENT_DATA, eventType } from '../../src/contract/schemas.ts';
import { type Generator, json } from './types.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

export const schemaGenerators: readonly Generator[] = [
  ...ENTITIES.map(entity => ({
    path: `streams/schemas/${entity}.json`,
    make: () => json(entitySchema(entity)),
  })),
  ...Object.entries(RECORD_SCHEMAS).map(([kind, schema]) => ({
    path: `streams/schemas/record-${kind}.json`,
    make: () => json({ $schema: DRAFT, title: `${kind} record`, ...plain(schema, 'output') }),
  })),
];

/** The types of an entity, in the contract's order. */
export function typesOf(entity: Entity): string[] {
  return Object.keys(EVENT_DATA).filter(type => eventType(type)?.entity === entity);
}

/** Any event of an entity: `oneOf` its types, each of which can be referred to by itself under `definitions`. */
function entitySchema(entity: Entity): object {
  const definitions: Record<string, object> = { event: plain(ENVELOPE, 'input') };
  const rows = new Map<unknown, string>();
  const types = typesOf(entity);
  for (const type of types) {
    const row = eventType(type)?.data;
    if (row === undefined) continue;
    // Types of one row of the contract's table share the schema of their data, named after the first of them.
    const name = rows.get(row) ?? `data of ${type}`;
    if (!rows.has(row)) definitions[name] = plain(row, 'input');
    rows.set(row, name);
    definitions[type] = {
      title: type,
      allOf: [{ $ref: '#/definitions/event' }],
      type: 'object',
      properties: { type: { const: type }, data: { $ref: `#/definitions/${encodeURIComponent(name)}` } },
      required: ['type'],
    };
  }
  return {
    $schema: DRAFT,
    title: `Events of ${entity}`,
    description: 'CloudEvents 1.0. Unknown fields are ignored; examples are the values that the rules use.',
    oneOf: types.map(type => ({ $ref: `#/definitions/${type}` })),
    definitions,
  };
}

function plain(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' });
  return rest;
}
