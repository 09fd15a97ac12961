// What editors and the reference say of the policy language: every key, and no word that the loader would refuse.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import t from 'tap';
import { parse } from 'yaml';
import { packageRoot } from '../../src/package-root.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { calendarKeys, clockSchema, indicatorSchema, policySchema } from '../../src/policy/schema.ts';
import { defaultPolicyFile } from '../../src/policy-store/source.ts';

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

t.test('each example is one', async t => {
  const check = new Ajv({ strict: false });
  for (const [path, key] of keysOf(schema)) {
    if (!isRecord(key) || !Array.isArray(key.examples)) continue;
    const validate = check.compile({ ...key, definitions: schema.definitions });
    for (const example of key.examples)
      t.ok(validate(example), `${path}: ${JSON.stringify(example)} ${JSON.stringify(validate.errors)}`);
  }
});

t.test('the reference names every key', async t => {
  const text = readFileSync(join(packageRoot(), 'deploy/policies/LANGUAGE.md'), 'utf8');
  const named = new Set([...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key = '']) => key));
  for (const key of Object.keys(clockSchema.shape)) t.ok(named.has(`clocks[].${key}`), key);
  for (const key of Object.keys(indicatorSchema.shape)) t.ok(named.has(`indicators[].${key}`), key);
  for (const key of Object.keys(policySchema.shape)) t.ok(named.has(key), key);
  for (const key of calendarKeys) t.ok(named.has(`calendars.NAME.${key}`), key);
  for (const key of [
    'pause[].from',
    'target.by',
    'target.at',
    'ladder[].after',
    'atOnce.to',
    'objective.share',
  ])
    t.ok(named.has(`clocks[].${key}`), key);
  for (const key of [
    'type',
    'present',
    'becomes',
    'indicators[].alert.atLeast',
    'indicators[].level.longest',
  ])
    t.ok(named.has(key), key);
});
