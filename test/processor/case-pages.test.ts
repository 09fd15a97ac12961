// Pages of cases: each case once, no page longer than was asked for, whatever Redis gives at once.
import { Redis } from 'ioredis';
import t from 'tap';
import { partitionOfCase } from '../../src/contract/subject.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { caseKey, encodeCase } from '../../src/engine/codec.ts';
import { CaseReader } from '../../src/server/case-reader.ts';
import { partitionKeys } from '../../src/store/keys.ts';
import { startTestServers } from '../support/servers.ts';
import { policyOf } from '../support/timeline.ts';

const PARTITIONS = 4;
const CASES = 90;
const NOW = Date.UTC(2026, 10, 16, 9);
const POLICY = policyOf(
  '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h }',
);

const { redisUrl } = await startTestServers(t);
const redis = new Redis(redisUrl);
t.teardown(() => redis.disconnect());
for (let i = 0; i < CASES; i++) {
  const id = `T-${i}`;
  const state = newCase(POLICY, 'ticket', id);
  const time = NOW - i * 1000;
  const event = {
    id,
    source: '/t',
    type: 'ticket.created',
    entity: 'ticket',
    case: id,
    time,
    fields: { queue: i % 2 === 0 ? 'even' : 'odd' },
    digest: id,
  } as const;
  acceptEvent(state, event, { now: time, id, at: time }, { records: [], cells: new Map() });
  const { cases, risk } = partitionKeys(partitionOfCase(id, PARTITIONS) ?? 0);
  const key = caseKey('ticket', id);
  await redis.hset(cases, key, encodeCase(state).head);
  if (i % 10 === 0) await redis.zadd(risk, NOW + i, key);
}
const reader = new CaseReader({ redis, partitions: PARTITIONS, policyOf: () => POLICY });

for (const limit of [1, 7, 25, 200]) {
  t.test(`pages of ${limit}`, async t => {
    const ids: string[] = [];
    for (let cursor: string | null = null, first = true; cursor !== null || first; first = false) {
      const page = await reader.page({}, limit, cursor, NOW);
      if (page.cases.length > limit) t.fail(`${page.cases.length} cases on a page of ${limit}`);
      ids.push(...page.cases.map(each => each.case));
      cursor = page.cursor;
    }
    t.same(
      ids.slice(0, 9),
      [0, 10, 20, 30, 40, 50, 60, 70, 80].map(i => `T-${i}`),
      'by risk first',
    );
    t.equal(ids.length, CASES);
    t.equal(new Set(ids).size, CASES, 'each once');
  });
}

t.test('a filter leaves pages shorter, and nothing out', async t => {
  const ids: string[] = [];
  for (let cursor: string | null = null, first = true; cursor !== null || first; first = false) {
    const page = await reader.page({ queue: 'odd' }, 10, cursor, NOW);
    t.ok(page.cases.length <= 10);
    ids.push(...page.cases.map(each => each.case));
    cursor = page.cursor;
  }
  t.equal(new Set(ids).size, CASES / 2);
  t.equal(ids.length, CASES / 2);
});
