// A policy changes while the monitor runs: tried first, then put into force for open cases too; and what is built again
// from the streams has changed it at the same place.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import t from 'tap';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { openReader } from '../../src/broker/reader.ts';
import { RECORDS_STREAM } from '../../src/broker/streams.ts';
import { readSettings } from '../../src/config.ts';
import type { ClockRecord } from '../../src/contract/record.ts';
import { startMonitor } from '../../src/serve.ts';
import { startTestServers } from '../support/servers.ts';

const TOKEN = 'an-admin-token-of-the-test';
const CASES = 60;

function policy(replyTarget: string, more: string): string {
  return `version: 1
name: reload
timezone: Asia/Shanghai
clocks:
  - rule: R-REPLY
    title: { zh: 回复, en: Reply }
    on: ticket
    start: ticket.created
    stop: ticket.replied
    target: ${replyTarget}
${more}`;
}
const SOLVE = `  - rule: R-SOLVE
    title: { zh: 解决, en: Solve }
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 8h
`;
const CONFIRM = `  - rule: R-CONFIRM
    title: { zh: 确认, en: Confirm }
    on: ticket
    start: ticket.created
    stop: ticket.acknowledged
    target: 3h
`;

t.test('a policy is tried, then changed under open cases, and again after a loss of Redis', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, policy('4h', SOLVE));
  const settings = readSettings({
    ...servers.env,
    HTTP_PORT: '0',
    POLICY_FILE: file,
    ADMIN_TOKEN: TOKEN,
    LOG_LEVEL: 'fatal',
  });
  const monitor = await startMonitor(settings);
  t.teardown(() => monitor.close());
  const redis = new Redis(servers.redisUrl);
  t.teardown(() => redis.disconnect());
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  t.teardown(() => nc.close());
  const ask = (path: string, body?: string, type = 'text/yaml') =>
    fetch(new URL(path, monitor.address), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body }),
    });
  /** The case's clocks as the API shows them, by rule: outcome and due instant. */
  const clocks = async (id: string): Promise<Record<string, string>> => {
    const answer = await (await ask(`/api/v1/cases/${id}`)).json();
    return Object.fromEntries(
      (answer.clocks ?? []).map((clock: { rule: string; outcome: string }) => [clock.rule, clock.outcome]),
    );
  };
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 400; i++) {
      if (await holds()) return;
      await sleep(50);
    }
    t.fail(`not within 20 s: ${what}`);
  };
  const records = async (): Promise<Map<string, ClockRecord>> => {
    const { lastSeq } = await streamState(nc, RECORDS_STREAM);
    const found = new Map<string, ClockRecord>();
    const reader = openReader(nc, RECORDS_STREAM, 1);
    for (let seq = 0; seq < lastSeq; ) {
      for (const message of await reader.next(500)) {
        const record: ClockRecord = JSON.parse(Buffer.from(message.data).toString('utf8'));
        if (found.has(record.id)) t.fail(`told twice: ${record.id}`);
        found.set(record.id, record);
        seq = message.seq;
      }
    }
    reader.close();
    return found;
  };

  const created = Date.now() - 2 * 3_600_000;
  const events = Array.from({ length: CASES }, (_, i) => ({
    specversion: '1.0',
    id: `c-${i}`,
    source: 'test',
    type: 'ticket.created',
    subject: `T-${i}`,
    time: new Date(created + i).toISOString(),
    data: { queue: 'repair' },
  }));
  await until('ready', async () => (await ask('/readyz')).ok);
  const stored = await ask('/v1/events', JSON.stringify(events), 'application/json');
  t.equal(stored.status, 202);
  await until('all cases are there', async () => (await clocks(`T-${CASES - 1}`))['R-REPLY'] === 'running');
  t.same(await clocks('T-0'), { 'R-REPLY': 'running', 'R-SOLVE': 'running' });

  const next = policy('1h', CONFIRM);
  const trial = await (await ask('/api/v1/policy', next)).json();
  t.match(trial, { applied: false, effect: { cases: CASES, complete: true } });
  t.match(trial.effect, { changed: CASES, started: CASES, cancelled: CASES, overdue: CASES });
  t.same(await clocks('T-0'), { 'R-REPLY': 'running', 'R-SOLVE': 'running' }, 'a trial changes nothing');
  t.equal((await ask('/api/v1/policy?confirm=000000000000', next)).status, 409, 'an untried one is refused');
  t.equal((await ask('/api/v1/policy', 'version: 1\nclocks: 7')).status, 400);

  const applied = await (await ask(`/api/v1/policy?confirm=${trial.hash}`, next)).json();
  t.equal(applied.applied, true);
  const changed = { 'R-REPLY': 'overdue', 'R-CONFIRM': 'running' };
  await until('all cases are under it', async () => {
    const all = await Promise.all(events.map(event => clocks(event.subject)));
    return all.every(each => JSON.stringify(each) === JSON.stringify(changed));
  });
  await until('it is told', async () => (await records()).size >= CASES);
  const before = await records();
  const breached = [...before.values()].filter(({ state }) => state === 'breached');
  t.equal(breached.length, CASES, 'each overdue reply was told once');
  t.ok(
    breached.every(({ policy: hash }) => hash === trial.hash),
    'under the new policy',
  );

  await redis.flushall();
  await until(
    'it is built again',
    async () => JSON.stringify(await clocks('T-7')) === JSON.stringify(changed),
  );
  await until('all of it', async () => {
    const all = await Promise.all(events.map(event => clocks(event.subject)));
    return all.every(each => JSON.stringify(each) === JSON.stringify(changed));
  });
  t.same([...(await records()).keys()].sort(), [...before.keys()].sort(), 'and nothing is told again');

  writeFileSync(file, policy('4h', SOLVE));
  await monitor.reloadPolicy();
  await until('the file is in force again', async () => (await clocks('T-3'))['R-REPLY'] === 'running');
  const last = [...(await records()).values()].filter(({ case: id }) => id === 'T-3');
  t.equal(last.at(-1)?.state, 'withdrawn', 'the breach that no longer holds is withdrawn');
});
