// The policy language as a JSON Schema, for editors that complete and check while one writes. Beyond what the loader's own
// schema says, it names the fields that conditions may test, with their usual values.
import { z } from 'zod';
import { ATTRIBUTES } from '../contract/attributes.ts';
import { matcher, tests } from './notation.ts';
import { policySchema } from './schema.ts';
import { FIELDS, STATUSES } from './usual.ts';

/** Any other field and value stays allowed: these are what an editor offers. */
type Offers = Record<string, z.core.JSONSchema.BaseSchema>;

export function policyJsonSchema(): Record<string, unknown> {
  const status = offer('The state of the case, which the monitor keeps', STATUSES);
  const attributes = new Set(Object.values(ATTRIBUTES).flatMap(paths => [...paths]));
  const fields = [...FIELDS].map(
    ([path, { description, usual }]) => [path, offer(description, usual)] as const,
  );
  const ofCases: Offers = { status, ...Object.fromEntries(fields.filter(([path]) => attributes.has(path))) };
  const ofEvents: Offers = { ...Object.fromEntries(fields), status };
  const schema = z.toJSONSchema(policySchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === tests) jsonSchema.properties = ofCases;
      if (zodSchema === matcher) jsonSchema.properties = { ...ofEvents, ...jsonSchema.properties };
    },
  });
  return { ...schema, title: 'sla-monitor policy' };
}

function offer(description: string, usual: readonly string[]): z.core.JSONSchema.BaseSchema {
  const [first] = usual;
  return {
    description: `${description}.`,
    ...(first === undefined ? {} : { examples: [first, usual.slice(0, 2)] }),
    anyOf: [
      ...(first === undefined ? [] : [{ enum: [...usual] }]),
      ...(first === undefined
        ? []
        : [{ type: 'array' as const, items: { anyOf: [{ enum: [...usual] }, {}] } }]),
      { $ref: '#/definitions/valueOrList' },
    ],
  };
}
