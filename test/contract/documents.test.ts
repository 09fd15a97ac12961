// The generated documents: fresh, valid, and of one mind with the decoder about the sample events.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fromFile, Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import t from 'tap';
import { decodeObject } from '../../src/contract/decode.ts';
import { ENTITIES } from '../../src/contract/event.ts';
import { maskEvent } from '../../src/contract/mask-event.ts';
import type { ActionRecord, AlertRecord, ClockRecord } from '../../src/contract/record.ts';
import { EVENT_DATA, eventType } from '../../src/contract/schemas.ts';
import { generate } from '../../streams/generate.ts';

const at = (path: string) => fileURLToPath(new URL(`../../streams/${path}`, import.meta.url));
const readJson = async (path: string): Promise<object> => JSON.parse(await readFile(at(path), 'utf8'));

t.test('what is committed is what the code makes', async t => {
  t.same(await generate(false), []);
});

t.test('the AsyncAPI document is valid', async t => {
  const { document, diagnostics } = await fromFile(new Parser(), at('asyncapi.json')).parse();
  t.same(
    diagnostics.filter(each => each.severity === 0).map(each => each.message),
    [],
  );
  t.same(
    document
      ?.channels()
      .all()
      .map(channel => channel.address())
      .sort(),
    [
      ...ENTITIES.map(entity => `cc.events.${entity}.{case}`),
      'sla.actions.{action}',
      'sla.records.{kind}.{partition}',
      'sla.rejects.{reason}',
    ].sort(),
  );
});

t.test('the samples hold each type once; decoder and JSON Schema accept them', async t => {
  const lines = (await readFile(at('samples.ndjson'), 'utf8')).trim().split('\n');
  const events = lines.map(line => JSON.parse(line));
  t.same(events.map(event => event.type).sort(), Object.keys(EVENT_DATA).sort());
  const validate = await validators();
  for (const event of events) {
    const decoded = decodeObject(event, {
      declared: new Map(),
      storedAt: Date.parse('2026-11-20T09:00:00Z'),
    });
    t.ok(decoded.ok, `${event.type}: ${decoded.ok ? 'accepted' : decoded.detail}`);
    if (!decoded.ok) continue;
    t.equal(
      Object.keys(decoded.event.fields).length,
      countLeaves(event.data),
      `${event.type}: every field is kept`,
    );
    t.same(maskEvent(event), event, `${event.type}: nothing personal in it`);
    const check = validate.get(decoded.event.entity);
    t.ok(check?.(event), `${event.type}: ${JSON.stringify(check?.errors?.slice(0, 2))}`);
  }
});

t.test('decoder and JSON Schema refuse the same data', async t => {
  const validate = await validators();
  const base = { specversion: '1.0', id: '1', source: '/x', subject: 'c', time: '2026-11-20T08:00:00Z' };
  for (const [type, data] of [
    ['ticket.created', { channel: 7 }],
    ['ticket.created', { channel: 'x'.repeat(101) }],
    ['ticket.created', { customer: [] }],
    ['ticket.promised', { dueAt: 'soon' }],
    ['ticket.surveyed', { csat: 0 }],
    ['call.answered', { waitSeconds: '3' }],
    ['shift.scheduled', { agents: 'a' }],
    ['ticket.closed', null],
  ] as const) {
    const event = { ...base, type, data };
    t.match(decodeObject(event, { declared: new Map() }), { ok: false, reason: 'schema' }, type);
    const entity = eventType(type)?.entity ?? 'ticket';
    t.equal(validate.get(entity)?.(event), false, type);
  }
});

t.test('records fit their schemas', async t => {
  const common = {
    id: 'r',
    at: '2026-11-20T08:00:00.000Z',
    seenAt: '2026-11-20T08:00:00.000Z',
    rule: 'S0-01',
    policy: 'p',
  };
  const clock: ClockRecord = {
    ...common,
    kind: 'clock',
    entity: 'call',
    case: 'c',
    cycle: 1,
    state: 'warned',
    percent: 50,
    startedAt: common.at,
    dueAt: common.at,
    endedAt: null,
    elapsedMs: 1,
    pausedMs: 0,
    overdueMs: 0,
  };
  const alert: AlertRecord = {
    ...common,
    kind: 'alert',
    group: 'all',
    state: 'firing',
    severity: 'critical',
    number: 1,
    value: 0.06,
    numerator: 6,
    denominator: 100,
  };
  const action: ActionRecord = {
    ...common,
    kind: 'action',
    action: 'special-investigation',
    group: 'all',
    alert: 'r',
  };
  const plan: ActionRecord = {
    ...common,
    kind: 'action',
    action: 'emergency-plan',
    entity: 'ticket',
    case: 'c',
    cycle: 1,
    to: ['department-head'],
  };
  const { percent: _, ...unwarned } = clock;
  const takenBack: ClockRecord = { ...unwarned, state: 'withdrawn', action: 'emergency-plan' };
  for (const record of [clock, alert, action, plan, takenBack]) {
    const check = addFormats
      .default(new Ajv({ strict: false }))
      .compile(await readJson(`schemas/record-${record.kind}.json`));
    t.ok(check(record), JSON.stringify(check.errors));
    t.notOk(check({ ...record, at: 'now' }));
  }
});

async function validators() {
  const ajv = addFormats.default(new Ajv({ strict: false }));
  const found = new Map<string, ReturnType<typeof ajv.compile>>();
  for (const entity of ENTITIES) found.set(entity, ajv.compile(await readJson(`schemas/${entity}.json`)));
  return found;
}

/** How many fields the data flattens to; lists count as one. */
function countLeaves(data: object): number {
  return Object.values(data).reduce(
    (sum: number, value: unknown) =>
      sum + (typeof value === 'object' && value !== null && !Array.isArray(value) ? countLeaves(value) : 1),
    0,
  );
}
