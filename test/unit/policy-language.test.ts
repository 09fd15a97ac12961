// What editors and the reference say of the policy language: every key, and no word that the loader would refuse.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import t from 'tap';
import { parse } from 'yaml';
import { defaultPolicyFile } from '../../src/policies.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const schema = policyJsonSchema();
const validate = new Ajv({ strict: false }).compile(schema);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Each key that the schema gives, wherever it stands in it. */
function keysOf(value: unknown, at = ''): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((one, i) => keysOf(one, `${at}/${i}`));
  if (!isRecord(value)) return [];
  const { properties, ...rest } = value;
  const own = isRecord(properties) ? Object.entries(properties) : [];
  return [
    ...own.map(([key, one]): [string, unknown] => [`${at}/${key}`, one]),
    ...own.flatMap(([key, one]) => keysOf(one, `${at}/${key}`)),
    ...Object.entries(rest).flatMap(([key, one]) => (key === 'examples' ? [] : keysOf(one, `${at}/${key}`))),
  ];
}

/** A description of its own, or that of the notation which it refers to. */
const described = (key: unknown) => isRecord(key) && typeof key.description === 'string';

const policy = (clock: object) => ({ version: 1, clocks: [clock] });
const clock = {
  rule: 'R',
  on: 'ticket',
  start: 'ticket.created',
  stop: { type: 'ticket.replied', by: ['agent', 'robot'], vip: true },
  target: '2h',
};

t.test('every key says in a sentence what it means', async t => {
  const keys = keysOf(schema);
  t.ok(keys.length > 90);
  for (const [path, key] of keys) {
    t.ok(described(key), path);
    t.match(isRecord(key) ? key.description : '', /^[A-Z].*[.]$/, path);
  }
});

t.test('an editor knows event types and fields, and refuses no value of its own', async t => {
  t.ok(validate(policy({ ...clock, when: { channel: 'line', vip: [true], queue: 'repair' } })));
  t.notOk(validate(policy({ ...clock, start: 'ticket.creatd' })));
  t.notOk(validate(policy({ ...clock, stop: [{ type: ['ticket.repled'] }] })));
  t.notOk(validate(policy({ ...clock, pause: { from: 'ticket.pendin', to: 'ticket.resumed' } })));
  t.ok(validate(parse(readFileSync(defaultPolicyFile(), 'utf8'))), JSON.stringify(validate.errors));
});

t.test('what the loader says of a type is its own', async t => {
  const text = JSON.stringify(policy({ ...clock, start: 'ticket.creatd' }));
  const result = loadPolicy(text, { file: 'p.json' });
  t.match(result.ok ? [] : result.errors, [{ message: /did you mean ticket.created/ }]);
});
