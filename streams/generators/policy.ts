// The JSON Schema of the policy language, for editors that complete and check while one writes.
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { type Generator, json } from './types.ts';

export const policyGenerators: readonly Generator[] = [
  { path: 'streams/schemas/policy.json', make: () => json(policyJsonSchema()) },
];
