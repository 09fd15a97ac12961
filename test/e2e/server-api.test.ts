// What the API says of itself and of what is over: the OpenAPI document, wrong questions, alerts of an earlier policy.
import t from 'tap';
import { readPolicyText } from '../../src/policies.ts';
import { alertsAnswer } from '../../src/server/api-schemas.ts';
import { ADMIN, FakeOwner, startRig, until } from '../support/server-rig.ts';

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
