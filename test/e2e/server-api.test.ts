// What the API says of itself and of what is over: the OpenAPI document, wrong questions, alerts of an earlier policy.
import t from 'tap';
import { z } from 'zod';
import { readPolicyText } from '../../src/policy-store/source.ts';
import { alertsAnswer } from '../../src/server/api-schemas.ts';
import { ADMIN, FakeOwner, startRig } from '../support/server-rig.ts';
import { until } from '../support/until.ts';

/** What was in force before the policy of these tests. */
const EARLIER = readPolicyText(`version: 1
name: earlier
clocks: []
indicators:
  - rule: OLD
    title: { zh: 旧, en: An old rate }
    count: { type: ticket.created, kind: complaint }
    of: ticket.created
    window: 1h
    alert: { above: 50%, severity: critical, action: look }
  - rule: S0-20
    title: { zh: 另, en: Another rate }
    count: { type: ticket.created, kind: complaint }
    of: ticket.created
    window: 1h
    alert: { above: 50%, severity: info }
`).policy;
const rig = await startRig(t, { policyOf: hash => (hash === EARLIER.hash ? EARLIER : rig.policy) });
const owners = [new FakeOwner(rig.redis, 0), new FakeOwner(rig.redis, 1)] as const;
t.teardown(() => {
  for (const owner of owners) owner.stop();
});
const { ask } = rig;
await Promise.all(owners.map(owner => owner.start()));
for (const owner of owners) await owner.commit({});

t.test('alerts that are over keep the names of the policy under which they fired', async t => {
  const alerts = async () =>
    alertsAnswer
      .parse(await (await ask('/api/v1/alerts', ADMIN)).json())
      .alerts.toSorted((a, b) => (a.rule < b.rule ? -1 : 1));
  const keep = async (firing: boolean, policy: string) => {
    const judged = { pendingSince: null, firing, since: 1, number: firing ? 1 : 2, policy };
    const text = JSON.stringify({ ...judged, value: 6, numerator: 6, denominator: 0 });
    await rig.redis.hset('sla:{0}:alerts', { 'S0-20|all': text, 'OLD|all': text });
    const state = firing ? 'firing' : 'resolved';
    await until(state, async () => {
      const found = await alerts();
      return found.length === 2 && found.every(alert => alert.state === state);
    });
  };
  const old = { rule: 'OLD', title: { zh: '旧', en: 'An old rate' }, severity: 'critical', action: 'look' };
  await keep(true, EARLIER.hash);
  t.match(await alerts(), [old, { rule: 'S0-20', title: { zh: '投诉率' }, severity: 'critical' }]);
  await keep(false, EARLIER.hash);
  t.match(await alerts(), [
    old,
    { rule: 'S0-20', title: { en: 'Another rate' }, severity: 'info', action: null },
  ]);
});

const described = z.looseObject({ description: z.string() });
const OPENAPI = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z
          .array(z.looseObject({ name: z.string(), in: z.string(), schema: z.looseObject({}) }))
          .optional(),
        requestBody: z.object({ content: z.record(z.string(), z.object({ schema: described })) }).optional(),
        responses: z.record(z.string(), described),
      }),
    ),
  ),
});

t.test('the OpenAPI document says what each path takes and answers', async t => {
  const { paths } = OPENAPI.parse(await (await ask('/api/docs/openapi.json', ADMIN)).json());
  t.same(Object.keys(paths).sort(), [
    '/api/v1/alerts',
    '/api/v1/cases',
    '/api/v1/cases/{entity}/{id}',
    '/api/v1/cases/{id}',
    '/api/v1/holidays',
    '/api/v1/indicators',
    '/api/v1/policy',
    '/v1/events',
  ]);
  t.same(Object.keys(paths['/api/v1/holidays'] ?? {}), ['get', 'post']);
  const types = (path: string) => Object.keys(paths[path]?.post?.requestBody?.content ?? {}).sort();
  t.same(types('/v1/events'), [
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
    'application/json',
    'application/x-ndjson',
  ]);
  t.same(types('/api/v1/policy'), ['application/json', 'application/yaml']);
  t.same(types('/api/v1/holidays'), ['application/json', 'application/yaml']);
  const headers = paths['/v1/events']?.post?.parameters?.map(({ name }) => name) ?? [];
  t.ok(headers.includes('ce-subject'), 'binary mode');
  const limit = paths['/api/v1/cases']?.get?.parameters?.find(({ name }) => name === 'limit');
  t.match(limit, { in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } });
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { responses }] of Object.entries(methods))
      for (const [status, { description }] of Object.entries(responses))
        t.match(description, /\.$/, `${method} ${path} ${status}: ${description}`);
});

t.test('and so does its page', async t => {
  const page = await (await ask('/api/docs', ADMIN)).text();
  t.match(page, /application\/x-ndjson.*One such event a line/s);
  t.match(page, /limit.*at most 200/s);
});

t.test('what is documented is taken', async t => {
  const event = {
    specversion: '1.0',
    id: 'one',
    source: 'test',
    type: 'ticket.created',
    subject: 'T-1',
    time: new Date().toISOString(),
  };
  const { data, ...attributes } = { ...event, data: { queue: 'repair' } };
  const ce = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
  const bodies: [string, unknown, Record<string, string>][] = [
    ['application/cloudevents+json', event, {}],
    ['application/cloudevents-batch+json', [event], {}],
    ['application/x-ndjson', event, {}],
    ['application/json', event, {}],
    ['application/json', data, ce],
  ];
  for (const [type, body, headers] of bodies) {
    const sent = {
      method: 'POST',
      headers: { ...headers, 'content-type': type },
      body: JSON.stringify(body),
    };
    const answer = await ask('/v1/events', ADMIN, sent);
    t.match(await answer.json(), { accepted: 1 }, type);
  }
  for (const type of ['application/yaml', 'application/json', 'text/plain']) {
    const body = 'version: 1\nname: tried\nclocks: []\n';
    const sent = { method: 'POST', headers: { 'content-type': type }, body };
    t.equal((await ask('/api/v1/policy', ADMIN, sent)).status, 200, type);
  }
});

t.test('a wrong question is told which parameter, what was expected and what was found', async t => {
  const said = async (path: string) => {
    const answer = await ask(path, ADMIN);
    return `${answer.status} ${z.object({ message: z.string() }).parse(await answer.json()).message}`;
  };
  const cases = '/api/v1/cases';
  t.equal(await said(`${cases}?limit=500`), '400 limit: expected at most 200, found "500"');
  t.equal(await said(`${cases}?limit=0`), '400 limit: expected at least 1, found "0"');
  t.equal(await said(`${cases}?limit=many`), '400 limit: expected a whole number, found "many"');
  t.equal(await said(`${cases}?limit=1.5`), '400 limit: expected a whole number, found "1.5"');
  t.equal(await said(`${cases}?queue=a&queue=b`), '400 queue: expected one value, found ["a","b"]');
  t.equal(
    await said(`${cases}?state=late`),
    '400 state: expected one of running, paused, overdue, warned, found "late"',
  );
  t.match(
    await said(`${cases}?queue=${'q'.repeat(300)}`),
    /^400 queue: expected at most 200 characters, found "q+…$/,
  );
  t.match(await said('/api/v1/cases/order/T-1'), /^400 entity: expected one of ticket, .*, found "order"$/);
  t.equal(await said(`${cases}?stat=overdue`), '400 there is no parameter "stat"; did you mean state?');
  t.equal(
    await said(`${cases}?colour=red&limit=0`),
    '400 there is no parameter "colour"; known are limit, cursor, queue, entity, state; limit: expected at least 1, found "0"',
  );
  t.equal(
    await said('/api/v1/alerts?state=firing'),
    '400 there is no parameter "state"; this path takes none',
  );
  t.match(await said('/api/v1/indicators?x=1'), /^400/);
  t.match(await said('/api/v1/cases/ticket/T-1?entity=ticket'), /^400/);
  const post = { method: 'POST', body: 'version: 1\nname: tried\nclocks: []\n' };
  t.match(await (await ask('/api/v1/policy?confrim=abc', ADMIN, post)).text(), /did you mean confirm/);
});
