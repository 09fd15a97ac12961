// The main job, end to end: events in, a breach and a threshold alert out, on the metrics, in the records, as an action,
// and on the wallboard in a real browser; late evidence takes the breach back everywhere.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { build } from 'vite';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { openReader } from '../../src/broker/reader.ts';
import { ACTIONS_STREAM, RECORDS_STREAM } from '../../src/broker/streams.ts';
import { readSettings } from '../../src/config.ts';
import { startMonitor } from '../../src/monitor/monitor.ts';
import { startThreads } from '../../src/monitor/threads.ts';
import { launchBrowser } from '../support/browser.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const TOKEN = 'an-admin-token-of-the-test';
const POLICY = `version: 1
name: main-job
timezone: Asia/Shanghai
clocks:
  - rule: S0-01
    title: { zh: 电话接通, en: Connect the call }
    on: call
    start: call.queued
    stop: call.answered
    target: 1s
    warn: [50%]
indicators:
  - rule: S0-20
    title: { zh: 投诉率, en: Complaint rate }
    count: { type: ticket.created, kind: complaint }
    of: { type: ticket.created }
    window: 24h
    by: [queue]
    alert: { above: 5%, atLeast: 20, for: 1s, clear: 4%, severity: critical, action: special-investigation }
`;

t.test('a breach, an alert, and what becomes of them', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, POLICY);
  await build({ configFile: 'dashboards/wallboard/vite.config.ts', logLevel: 'error' });
  const settings = readSettings({
    ...servers.env,
    HTTP_PORT: '0',
    POLICY_FILE: file,
    ADMIN_TOKEN: TOKEN,
    LOG_LEVEL: 'fatal',
  });
  const monitor = await startMonitor(settings);
  t.teardown(() => monitor.close());
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  t.teardown(() => nc.close());
  const browser = await launchBrowser();
  t.teardown(() => browser.close());

  const authorization = `Bearer ${TOKEN}`;
  const get = (path: string) => fetch(new URL(path, monitor.address), { headers: { authorization } });
  const metric = async (line: string): Promise<number> => {
    const text = await (await get('/metrics')).text();
    const found = text.split('\n').find(each => each.startsWith(`${line} `));
    return found === undefined ? Number.NaN : Number(found.slice(line.length + 1));
  };
  const messages = async (stream: string): Promise<Record<string, unknown>[]> => {
    const { lastSeq, messages: count } = await streamState(nc, stream);
    const found: Record<string, unknown>[] = [];
    if (count === 0) return found;
    const reader = openReader(nc, stream, 1);
    for (let seq = 0; seq < lastSeq; ) {
      for (const message of await reader.next(500)) {
        found.push(JSON.parse(Buffer.from(message.data).toString('utf8')));
        seq = message.seq;
      }
    }
    reader.close();
    return found;
  };
  let number = 0;
  const event = (type: string, subject: string, data: object, time = Date.now()) => {
    number += 1;
    return {
      specversion: '1.0',
      id: `e${number}`,
      source: 'test',
      type,
      subject,
      time: new Date(time).toISOString(),
      data,
    };
  };
  const send = async (...events: object[]): Promise<void> => {
    const answer = await fetch(new URL('/v1/events', monitor.address), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(events),
    });
    t.equal(answer.status, 202);
  };
  const tickets = (count: number, kind: string) =>
    Array.from({ length: count }, () => event('ticket.created', `T-${number}`, { kind, queue: 'repair' }));

  await until('the monitor is ready', async () => (await get('/readyz')).ok);
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  await page.goto(await monitor.signinLink('viewer'));
  // The link leads on to the board; going elsewhere before it has would be taken for two navigations at once.
  await page.waitForSelector('.page');
  await page.goto(`${monitor.address}/?lang=en&theme=light`);
  await page.waitForSelector('.page[data-stale="false"]');
  t.pass('the board is there, and fresh');

  const queuedAt = Date.now();
  const customer = { name: '王小明', phone: '13812345678' };
  await send(event('call.queued', 'C-1', { queue: 'hotline', customer }, queuedAt));
  await page.waitForSelector('tr[data-case="C-1"][data-state="overdue"]');
  t.pass('a call that nobody answers turns overdue on the board');
  await until(
    'the breach is counted',
    async () => (await metric('sla_clock_breaches_total{rule="S0-01",queue="hotline"}')) === 1,
  );
  const shown = await page.textContent('body');
  t.notMatch(shown, /小明|12345678/, 'and nobody sees who it is');
  t.match(shown, /王/);

  await send(event('call.answered', 'C-1', { agent: 'A1' }, queuedAt + 900));
  await until(
    'late evidence takes the breach back',
    async () =>
      (await metric('sla_clock_breaches_withdrawn_total{rule="S0-01",queue="hotline"}')) === 1 &&
      (await metric('sla_clock_outcomes_total{rule="S0-01",outcome="met",queue="hotline"}')) === 1,
  );
  await page.waitForSelector('tr[data-case="C-1"]', { state: 'detached' });
  await page.waitForSelector('.feed-item[data-kind="withdrawn"]');
  t.pass('on the board too, which says so');

  await send(...tickets(18, 'consultation'), ...tickets(1, 'complaint'));
  await until('19 cases are too few to judge', async () =>
    (await (await get('/api/v1/indicators')).text()).includes('"numerator":1,"denominator":19'),
  );
  await send(...tickets(3, 'complaint'));
  await page.waitForSelector('.alert[data-tone="bad"]');
  t.match(await page.textContent('.alerts'), /Complaint rate.*4.*22/s, 'the alert names its cases');
  await until(
    'it is on the metrics',
    async () => (await metric('sla_alerts{rule="S0-20",severity="critical",state="firing"}')) === 2,
  );
  await until(
    'a special investigation was asked for',
    async () => (await messages(ACTIONS_STREAM)).length === 2,
  );
  const actions = await messages(ACTIONS_STREAM);
  t.same(actions.map(({ action, group }) => [action, group]).sort(), [
    ['special-investigation', 'all'],
    ['special-investigation', 'queue=repair'],
  ]);

  await send(...tickets(85, 'consultation'));
  await page.waitForSelector('.alert', { state: 'detached' });
  await until('it is resolved, once a group', async () => {
    const alerts = (await messages(RECORDS_STREAM)).filter(({ kind }) => kind === 'alert');
    return alerts.map(({ state }) => state).join() === 'firing,firing,resolved,resolved';
  });

  await servers.nats.kill();
  await page.waitForSelector('.page[data-stale="true"]', { timeout: 15_000 });
  t.pass('a board whose source is gone turns grey');
  await servers.nats.start();
  await page.waitForSelector('.page[data-stale="false"]', { timeout: 20_000 });
  t.pass('and comes back by itself');

  const natsUrl = servers.natsUrl.replace(/:[^:@/]+@/, ':wrong@');
  const broken = { ...settings, natsUrl, redisUrl: servers.redisUrl };
  const nobody = { timerLag: () => {}, eventLag: () => {} };
  await t.rejects(startThreads(broken, 2, nobody), /authorization violation/i, 'threads say why they fail');
});
