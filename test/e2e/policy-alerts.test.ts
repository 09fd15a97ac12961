// Alerts over changes of the policy: one whose rule is gone ends, and the actions of a firing are those of the policy under
// which it fired, also after a loss of Redis. And which policy that is: the last word counts, whenever it comes. Levels that are
// too low are here as well, since only the live judge has to remember groups that are empty by now.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import t from 'tap';
import { connectBroker } from '../../src/broker/connect.ts';
import { ensureStreams, openConfig } from '../../src/broker/streams.ts';
import { readSettings } from '../../src/config.ts';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import { startMonitor } from '../../src/monitor/monitor.ts';
import { Policies } from '../../src/policy-store/policies.ts';
import { readPolicyText } from '../../src/policy-store/source.ts';
import { until } from '../chaos/field.ts';
import { readAll } from '../chaos/model.ts';
import { MonitorProcess } from '../chaos/monitor-process.ts';
import { startTestServers } from '../support/servers.ts';

const TOKEN = 'an-admin-token-of-the-test';
const WITHIN_MS = 20_000;

/** With or without the indicator, and with or without an action of its alert. */
function policy(name: string, alert: string | null, by = 'queue'): string {
  const indicator = `
indicators:
  - rule: I-COMPLAINTS
    title: { zh: 投诉率, en: Complaint rate }
    count: { type: ticket.created, kind: complaint }
    of: ticket.created
    window: 60m
    by: [${by}]
    alert: ${alert}`;
  return `version: 1
name: ${name}
clocks:
  - { rule: R-REPLY, on: ticket, start: ticket.created, stop: ticket.replied, target: 4h }
${alert === null ? '' : indicator}
`;
}
const ACTING = policy('acting', '{ above: 50%, atLeast: 3, severity: critical, action: look-into-it }');
const QUIET = policy('quiet', '{ above: 50%, atLeast: 3, severity: critical }');
const NONE = policy('none', null);
const BY_CHANNEL = policy('channel', '{ above: 50%, atLeast: 3, severity: critical }', 'channel');

t.test('alerts follow the policy', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, ACTING);
  const log: string[] = [];
  const monitor = await startMonitor(
    readSettings({
      ...servers.env,
      HTTP_PORT: '0',
      POLICY_FILE: file,
      ADMIN_TOKEN: TOKEN,
      LOG_LEVEL: 'info',
      PROCESSOR_THREADS: '1',
    }),
    undefined,
    { write: line => log.push(line) },
  );
  t.teardown(() => monitor.close());
  const redis = new Redis(servers.redisUrl);
  t.teardown(() => redis.disconnect());
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  t.teardown(() => nc.close());
  const ready = () =>
    until('ready', async () => (await fetch(new URL('/readyz', monitor.address))).ok, WITHIN_MS);
  const partitionsUnder = async (hash: string) => {
    const positions = await Promise.all(
      Array.from({ length: 8 }, (_, p) => redis.hget(`sla:{${p}}:meta`, 'position')),
    );
    return positions.every(position => position?.includes(`"policy":"${hash}"`) === true);
  };
  const change = async (text: string) => {
    writeFileSync(file, text);
    const hash = await monitor.reloadPolicy();
    await until('it is in force everywhere', () => partitionsUnder(hash), WITHIN_MS);
  };
  const told = async (kind: 'alert' | 'action') =>
    (await readAll(nc, 'SLA_RECORDS', `sla.records.${kind}.`)).map(({ data }): unknown =>
      JSON.parse(Buffer.from(data).toString('utf8')),
    );
  const alerts = async () => (await told('alert')).map(record => RECORD_SCHEMAS.alert.parse(record));
  const states = async (group = 'all') =>
    (await alerts()).filter(record => record.group === group).map(({ state }) => state);

  await ready();
  t.match(log.join(''), '"msg":"partition taken"', 'what threads log goes where the log goes');
  await change(QUIET);
  const events = Array.from({ length: 5 }, (_, i) => ({
    specversion: '1.0',
    id: `c-${i}`,
    source: 'test',
    type: 'ticket.created',
    subject: `T-${i}`,
    time: new Date().toISOString(),
    data: { kind: 'complaint', queue: 'repair', channel: 'web' },
  }));
  const stored = await fetch(new URL('/v1/events', monitor.address), {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  t.equal(stored.status, 202);
  await until('it fires', async () => (await alerts()).length === 2, WITHIN_MS);

  await redis.flushall();
  await until('it is built again', () => partitionsUnder(readPolicyText(QUIET).policy.hash), WITHIN_MS);
  await ready();
  t.same(await told('action'), [], 'the first policy would have acted, but it was not in force');
  t.same(await readAll(nc, 'SLA_ACTIONS'), []);

  await change(NONE);
  await until('it ends', async () => (await states()).join() === 'firing,resolved', WITHIN_MS);
  const last = (await alerts()).findLast(({ group }) => group === 'all');
  t.match(last, { number: 2, rule: 'I-COMPLAINTS', severity: 'critical' });
  const shown = async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await fetch(new URL('/api/v1/alerts', monitor.address), { headers })).json();
  };
  const past = { title: { zh: '投诉率' }, severity: 'critical', state: 'resolved' };
  await until('it is shown', async () => (await shown()).alerts.length === 2, WITHIN_MS);
  t.match(
    await shown(),
    { alerts: [past, past] },
    'what is over has the names of the policy under which it fired',
  );
  await redis.flushall();
  await until('it is built again', () => partitionsUnder(readPolicyText(NONE).policy.hash), WITHIN_MS);
  await until('it is shown again', async () => (await shown()).alerts.length === 2, WITHIN_MS);
  t.match(await shown(), { alerts: [past, past] }, 'also after a loss of Redis');
  await ready();

  await change(ACTING);
  await until('it fires again', async () => (await states()).join() === 'firing,resolved,firing', WITHIN_MS);
  await until(
    'and acts, for the total and the queue',
    async () => (await told('action')).length === 2,
    WITHIN_MS,
  );

  await change(BY_CHANNEL);
  const queue = async () => (await states('queue=repair')).join() === 'firing,resolved,firing,resolved';
  await until('a group that the figure no longer has ends', queue, WITHIN_MS);
  t.same(await states('channel=web'), ['firing']);
  t.same(await states(), ['firing', 'resolved', 'firing'], 'the total goes on');
});

const FEW = `version: 1
name: few
indicators:
  - rule: I-OPEN
    level: { on: ticket, when: { status: open } }
    by: [queue]
    alert: { below: 1, severity: critical }
`;

t.test('a level that is too low fires when nothing is left in it, and before anything ever was', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, FEW);
  const settings = { ...servers.env, HTTP_PORT: '0', POLICY_FILE: file, ADMIN_TOKEN: TOKEN };
  const monitor = await startMonitor(readSettings({ ...settings, PROCESSOR_THREADS: '1' }), undefined, {
    write: () => undefined,
  });
  t.teardown(() => monitor.close());
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  t.teardown(() => nc.close());
  const states = async () =>
    (await readAll(nc, 'SLA_RECORDS', 'sla.records.alert.'))
      .map(({ data }) => RECORD_SCHEMAS.alert.parse(JSON.parse(Buffer.from(data).toString('utf8'))))
      .map(({ group, state }) => `${group} ${state}`);
  const send = async (type: string) => {
    const time = new Date().toISOString();
    const event = { specversion: '1.0', id: type, source: 'test', type, subject: 'T-1', time };
    const { status } = await fetch(new URL('/v1/events', monitor.address), {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify([{ ...event, data: { queue: 'repair' } }]),
    });
    t.equal(status, 202);
  };
  await until('the total fires', async () => (await states()).length === 1, WITHIN_MS);
  t.same(await states(), ['all firing']);
  await send('ticket.created');
  await until('it is over', async () => (await states()).length === 2, WITHIN_MS);
  await send('ticket.closed');
  await until('both fire', async () => (await states()).length === 4, WITHIN_MS);
  t.same((await states()).sort(), ['all firing', 'all firing', 'all resolved', 'queue=repair firing']);
});

t.test('the last word counts, though a process never heard of the one before', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, ACTING);
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  t.teardown(() => nc.close());
  await ensureStreams(nc, 8);
  const kv = await openConfig(nc);
  const one = await Policies.open(nc, kv, file);
  t.teardown(() => one.close());
  const known = one.current;
  await one.put(readPolicyText(ACTING));
  t.equal(one.current, known, 'one that is put again stays the same object');
  const deaf = await Policies.open(nc, kv, file);
  deaf.close();
  await one.put(readPolicyText(QUIET));
  t.equal(deaf.current.name, 'acting');
  await deaf.put(readPolicyText(ACTING));
  await until('the other one hears it', async () => one.current.name === 'acting', WITHIN_MS);
});

t.test('a SIGHUP while it starts neither ends it nor is forgotten', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, ACTING);
  const monitor = new MonitorProcess('monitor', servers.dir, {
    ...servers.env,
    HTTP_PORT: '0',
    POLICY_FILE: file,
    LOG_LEVEL: 'info',
  });
  t.teardown(() => monitor.end());
  monitor.start();
  const says = (text: string) => async () => readFileSync(monitor.logFile, 'utf8').includes(text);
  await until('the file is read', says('"msg":"starting"'), WITHIN_MS);
  writeFileSync(file, QUIET);
  monitor.signal('SIGHUP');
  await until('the changed file is read', says(`"policy":"quiet"`), WITHIN_MS);
  t.equal(monitor.starts, 1);
});
