// What readers see of committed state: snapshot and gap-free deltas, returns, slow clients, lost messages, a wiped
// Redis, and metrics that are true or absent.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import type { SlaEvent } from '../../src/contract/event.ts';
import { partitionOfCase } from '../../src/contract/subject.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { encodeCase } from '../../src/engine/codec.ts';
import { KeptPolicyError } from '../../src/policy-store/shelf.ts';
import { readPolicyText } from '../../src/policy-store/source.ts';
import { recentFeed } from '../../src/server/feed-history.ts';
import { ADMIN, Board, FakeOwner, type Rig, startRig } from '../support/server-rig.ts';
import { until } from '../support/until.ts';

const rig = await startRig(t);
const owners = [new FakeOwner(rig.redis, 0), new FakeOwner(rig.redis, 1)] as const;
t.teardown(() => {
  for (const owner of owners) owner.stop();
});
const { server, ask } = rig;
const bearer = { authorization: `Bearer ${ADMIN}` };

async function scrape(): Promise<string> {
  const response = await ask('/metrics', ADMIN);
  if (response.status !== 200) throw new Error(`scrape: ${response.status}`);
  return response.text();
}

function sample(text: string, series: string): number | null {
  const line = text.split('\n').find(each => each.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

const MET = 'sla_clock_outcomes_total{rule="S0-03",outcome="met",queue="repair"}';
const CELL = 'c|outcome|S0-03|met|repair';

t.test('without owners nothing is ready, and business metrics are left out', async t => {
  const ready = await ask('/readyz', null);
  t.equal(ready.status, 503);
  t.same(await ready.json(), { ready: false, ownerless: [0, 1], caughtUp: true });
  const text = await scrape();
  t.notMatch(text, /^sla_clock_outcomes_total\{/m);
  t.match(text, /^process_cpu_seconds_total/m);
});

t.test('metrics are rendered from committed cells, summed over partitions', async t => {
  await Promise.all(owners.map(owner => owner.start()));
  await owners[0].commit({ [CELL]: 3, 'g|open|S0-03|running': 2, 'c|event|ticket|applied': 5 });
  await owners[1].commit({ [CELL]: 4, 'c|event|ticket|applied': 6 });
  await until('ready', async () => (await ask('/readyz', null)).status === 200);
  await until('counted', async () => sample(await scrape(), MET) === 7);
  const text = await scrape();
  t.equal(sample(text, 'sla_events_total{entity="ticket",result="applied"}'), 11);
  t.equal(sample(text, 'sla_events_total{entity="chat",result="duplicate"}'), 0, 'zero from the start');
  t.equal(sample(text, 'sla_clock_open{rule="S0-03",state="running"}'), 2);
  t.equal(sample(text, 'sla_clock_breaches_total{rule="S1-01",queue=""}'), 0);
  t.equal(sample(text, 'sla_partition_pending{partition="1"}'), 0);
  const known = rig.policy.calendars.get('office')?.coveredUntil(Date.now()) ?? 0;
  t.equal(sample(text, 'sla_calendar_covered_until_seconds{calendar="office"}'), known / 1000);
  t.equal(
    text.match(/^sla_calendar_covered_until_seconds\{/gm)?.length,
    1,
    'none for a calendar without holidays',
  );
  server.metrics.timerLag.observe(0.004);
  server.metrics.eventLag.observe(0.02);
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: await scrape(), encoding: 'utf8' });
  t.equal(checked.status, 0, `promtool: ${checked.stdout}${checked.stderr}`);
});

t.test('while a partition catches up business metrics are absent, not lower', async t => {
  owners[1].caughtUp = false;
  owners[1].pending = 12;
  await until('absent', async () => sample(await scrape(), MET) === null);
  t.equal(sample(await scrape(), 'sla_partition_pending{partition="1"}'), 12, 'the lag is told');
  owners[1].caughtUp = true;
  owners[1].pending = 0;
  await until('back', async () => sample(await scrape(), MET) === 7);
});

t.test('a lost message and a wiped store are noticed', async t => {
  await owners[0].commit({ [CELL]: 5 }, { silent: true });
  await until('the lost change', async () => sample(await scrape(), MET) === 9);
  await owners[0].commit({ [CELL]: 6 }, { silent: true });
  await owners[0].commit({ [CELL]: 7 });
  await until('the gap', async () => sample(await scrape(), MET) === 11, 900);

  const seen: (number | null)[] = [];
  await rig.redis.flushall();
  owners[0].reset();
  owners[0].caughtUp = false;
  await owners[0].commit({ [CELL]: 1 });
  await until('absent', async () => {
    seen.push(sample(await scrape(), MET));
    return seen.at(-1) === null;
  });
  for (let count = 2; count <= 8; count++) await owners[0].commit({ [CELL]: count });
  owners[0].caughtUp = true;
  owners[1].reset();
  await owners[1].commit({ [CELL]: 4 });
  await owners[1].commit({});
  await until('rebuilt', async () => {
    seen.push(sample(await scrape(), MET));
    return seen.at(-1) === 12;
  });
  const values = seen.filter(value => value !== null);
  t.same(
    values,
    [...values].sort((a, b) => a - b),
    'never lower',
  );
});

t.test('a restart of redis-server', async t => {
  await rig.servers.redis.kill();
  await until('not fresh', () => !server.view.health().fresh);
  t.equal((await ask('/livez', null)).status, 200);
  const refused = await ask('/api/v1/cases/T-1', ADMIN);
  t.equal(refused.status, 503);
  t.ok(refused.headers.get('retry-after'));
  await rig.servers.redis.start();
  await until('fresh again', () => server.view.health().fresh);
  await owners[0].commit({ [CELL]: 9 });
  await until('followed', async () => sample(await scrape(), MET) === 13);
});

t.test('a snapshot, then deltas without a gap; a return gets what it missed', async t => {
  const board = new Board(server.url, bearer);
  await board.opened();
  board.send({ subscribe: 'nowhere' });
  board.send('no JSON');
  board.send({ subscribe: 'overview' });
  await until('a snapshot', () => board.of('snapshot').length === 1);
  t.same(
    board.of('error').map(({ code }) => code),
    ['no-such-board', 'bad-request'],
  );
  const [snapshot] = board.of('snapshot');
  t.match(snapshot, {
    board: 'overview',
    epoch: String,
    offset: Number,
    asOf: String,
    centre: 'Test centre',
  });
  for (let i = 1; i <= 20; i++) {
    await owners[i % 2 === 0 ? 0 : 1].commit({ 'o|ticket|repair|open': i }, { feed: [feedItem(i)] });
  }
  await until('all told', () => latestQueue(board) === 39);
  const deltas = board.of('delta').map(({ offset }) => Number(offset));
  const first = Number(snapshot?.offset) + 1;
  t.same(
    deltas,
    Array.from({ length: deltas.length }, (_, i) => first + i),
    'no gap',
  );

  board.socket.close();
  const epoch = snapshot?.epoch;
  const seen = deltas.at(-1) ?? 0;
  await owners[0].commit({ 'o|ticket|repair|open': 30 });
  await owners[0].commit({ 'o|ticket|repair|open': 31 });
  await new Promise(resolve => setTimeout(resolve, 1_100));
  const again = new Board(server.url, bearer);
  await again.opened();
  again.send({ subscribe: 'overview', epoch, offset: seen });
  await until('what was missed', () => latestQueue(again) === 50);
  t.same(again.of('snapshot'), [], 'no snapshot');
  t.equal(again.of('delta')[0]?.offset, seen + 1);
  const stranger = new Board(server.url, bearer);
  await stranger.opened();
  stranger.send({ subscribe: 'overview', epoch: 'another', offset: seen });
  await until('a snapshot for an unknown epoch', () => stranger.of('snapshot').length === 1);
  const future = new Board(server.url, bearer);
  await future.opened();
  future.send({ subscribe: 'overview', epoch, offset: 1e9 });
  await until('a snapshot for an offset that never was', () => future.of('snapshot').length === 1);
  for (const client of [again, stranger, future]) client.socket.close();
});

t.test('cases: rows at risk, pages, one case with its reasons', async t => {
  const now = Date.now();
  await keep(rig, ticket('T-1', now - 3 * 3_600_000), now);
  await keep(rig, ticket('T-2', now - 100 * 60_000), now);
  await keep(rig, ticket('T-3', now - 60_000), now);
  for (const owner of owners) await owner.commit({}, { risk: true });
  const board = new Board(server.url, bearer);
  await board.opened();
  board.send({ subscribe: 'overview' });
  const rows = (list: string) => latest(board, list).map(row => `${row.case} ${row.rule} ${row.state}`);
  await until('overdue rows', () => rows('overdue').includes('T-1 S0-03 overdue'));
  t.ok(rows('atRisk').includes('T-2 S0-03 running'), rows('atRisk').join());

  const all = await (await ask('/api/v1/cases', ADMIN)).json();
  t.same(all.cases.map((each: { case: string }) => each.case).slice(0, 2), ['T-1', 'T-2']);
  t.equal(all.cases.length, 3);
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { cases: { case: string }[]; cursor: string | null } = await (
      await ask(`/api/v1/cases?limit=1${cursor ? `&cursor=${cursor}` : ''}`, ADMIN)
    ).json();
    ids.push(...page.cases.map(each => each.case));
    cursor = page.cursor;
  }
  t.same(ids, ['T-1', 'T-2', 'T-3']);
  const overdue = await (await ask('/api/v1/cases?state=overdue&queue=repair&entity=ticket', ADMIN)).json();
  t.same(
    overdue.cases.map((each: { case: string }) => each.case),
    ['T-1'],
  );
  t.equal((await ask('/api/v1/cases?cursor=nonsense', ADMIN)).status, 400);
  t.equal((await ask('/api/v1/cases?limit=0', ADMIN)).status, 400);

  const one = await (await ask('/api/v1/cases/T-1', ADMIN)).json();
  t.match(one, { entity: 'ticket', case: 'T-1', status: 'open', attributes: { queue: 'repair' } });
  const clock = one.clocks.find((each: { rule: string }) => each.rule === 'S0-03');
  t.match(clock, { outcome: 'overdue', cycle: 1, why: { target: '2h', startedBy: 'ticket.created' } });
  t.equal(clock.dueAt, new Date(now - 3_600_000).toISOString());
  t.match(
    one.timeline.map((each: { what: string }) => each.what),
    ['ticket.created'],
  );
  t.equal((await ask('/api/v1/cases/ticket%2FT-1', ADMIN)).status, 200);
  t.equal((await ask('/api/v1/cases/ticket/T-1', ADMIN)).status, 200);
  t.equal((await ask('/api/v1/cases/T-1?entity=chat', ADMIN)).status, 404);
  t.equal((await ask('/api/v1/cases/T-404', ADMIN)).status, 404);
  board.socket.close();
});

t.test('queues beyond the bound are counted as other', async t => {
  const cells = Object.fromEntries(Array.from({ length: 230 }, (_, i) => [`c|breach|S1-01|q${i}`, 2]));
  await owners[0].commit(cells);
  await until('counted', async () => (sample(await scrape(), breaches('other')) ?? 0) > 0);
  const lines = (await scrape())
    .split('\n')
    .filter(line => line.startsWith('sla_clock_breaches_total{rule="S1-01"'));
  t.equal(lines.length, 1 + 199 + 1, 'none named, those beside repair, and other');
  t.equal(
    lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    460,
    'nothing is lost',
  );
  const other = sample(await scrape(), breaches('other'));
  await owners[0].commit({ 'c|breach|S1-01|q0': 3 });
  await until('q0 keeps its name', async () => sample(await scrape(), breaches('q0')) === 3);
  t.equal(sample(await scrape(), breaches('other')), other);
});

t.test('of what is overdue the longest comes first', async t => {
  const now = Date.now();
  await keep(rig, ticket('T-8', now - 5 * 3_600_000), now);
  await keep(rig, ticket('T-9', now - 9 * 3_600_000), now);
  for (const owner of owners) await owner.commit({}, { risk: true });
  const board = new Board(server.url, bearer);
  await board.opened();
  board.send({ subscribe: 'overview' });
  const dues = () => latest(board, 'overdue').map(row => Number(row.dueAt));
  await until('both', () => new Set(latest(board, 'overdue').map(row => row.case)).size >= 3);
  t.same(
    dues(),
    dues().toSorted((a, b) => a - b),
  );
  t.equal(latest(board, 'overdue')[0]?.case, 'T-9');
  board.socket.close();
});

t.test(
  'after a start the feed has what was told before, emergency plans too, and how grave alerts were',
  async t => {
    const at = new Date().toISOString();
    const base = { at, seenAt: at, rule: 'S1-01', entity: 'ticket', case: 'T-1', cycle: 1, policy: 'p' };
    const action = { ...base, id: 'a1', kind: 'action', action: 'emergency-plan', to: ['department-head'] };
    const jetstream = rig.nc.jetstream();
    await jetstream.publish('sla.records.action.0', JSON.stringify(action));
    const history = { ...action, id: 'a2', at: new Date(Date.now() - 2 * 3_600_000).toISOString() };
    await jetstream.publish('sla.records.action.0', JSON.stringify(history));
    const { id, kind, to } = action;
    const alert = { at, seenAt: at, rule: 'S0-20', group: 'all', number: 1, value: 0.1, policy: 'p' };
    const fired = { ...alert, id: 'b1', kind: 'alert', state: 'firing', severity: 'grave' };
    await jetstream.publish('sla.records.alert.0', JSON.stringify(fired));
    const firing = { id: 'b1', kind: 'firing', rule: 'S0-20', subject: 'all', severity: 'grave' };
    t.match(await recentFeed(rig.nc, rig.policy, () => rig.policy, 10), [
      firing,
      { id, kind, rule: 'S1-01', subject: 'T-1', action: 'emergency-plan', to },
    ]);
    const now = readPolicyText('version: 1\nname: later\nclocks: []\n').policy;
    const policyOf = (hash: string) => {
      if (hash === 'p') return rig.policy;
      throw new KeptPolicyError(`there is no ${hash}`);
    };
    const { en } = rig.policy.clocks.find(({ rule }) => rule === 'S1-01')?.title ?? {};
    t.match(
      await recentFeed(rig.nc, now, policyOf, 10),
      [{ id: 'b1' }, { id, title: { en } }],
      'under its own policy',
    );
    const stranger = () => policyOf('');
    t.same(await recentFeed(rig.nc, now, stranger, 10), [], 'no policy that is known has the rule');
    t.match(await recentFeed(rig.nc, rig.policy, stranger, 10), [firing, { id, title: { en } }]);
  },
);

t.test('indicators and alerts', async t => {
  const now = Date.now();
  const pane = Math.floor(now / 1_440_000) * 1_440_000;
  const prefix = `w|S0-20|all|${pane}`;
  const judged = {
    pendingSince: null,
    firing: true,
    since: now,
    number: 1,
    value: 0.1,
    numerator: 3,
    denominator: 30,
  };
  await rig.redis.hset('sla:{0}:alerts', 'S0-20|all', JSON.stringify(judged));
  await owners[0].commit({ [`${prefix}|n`]: 3, [`${prefix}|d`]: 30 });
  await until(
    'the alert',
    async () => (await (await ask('/api/v1/alerts', ADMIN)).json()).alerts.length === 1,
  );
  const { alerts } = await (await ask('/api/v1/alerts', ADMIN)).json();
  t.match(alerts[0], {
    rule: 'S0-20',
    state: 'firing',
    severity: 'critical',
    action: 'special-investigation',
  });
  const { indicators } = await (await ask('/api/v1/indicators', ADMIN)).json();
  const rate = indicators.find((each: { rule: string }) => each.rule === 'S0-20');
  t.match(rate, { value: 0.1, numerator: 3, denominator: 30, state: 'firing', threshold: 0.05 });
  const text = await scrape();
  t.equal(sample(text, 'sla_indicator_ratio{rule="S0-20",group="all"}'), 0.1);
  t.equal(sample(text, 'sla_alerts{rule="S0-20",severity="critical",state="firing"}'), 1);
});

function breaches(queue: string): string {
  return `sla_clock_breaches_total{rule="S1-01",queue="${queue}"}`;
}

function feedItem(i: number) {
  const title = { zh: '受理', en: 'Acknowledge' };
  return { id: `f${i}`, at: Date.now(), kind: 'breached' as const, rule: 'S0-03', title, subject: `T-${i}` };
}

function latest(board: Board, section: string): Record<string, unknown>[] {
  for (const frame of board.frames.toReversed()) {
    const state = frame.type === 'snapshot' ? frame.state : frame.changes;
    if (typeof state === 'object' && state !== null && section in state) {
      const rows: unknown = Object.entries(state).find(([name]) => name === section)?.[1];
      if (Array.isArray(rows)) return rows;
    }
  }
  return [];
}

function latestQueue(board: Board): unknown {
  return latest(board, 'queues').find(({ queue }) => queue === 'repair')?.openCases;
}

function ticket(id: string, time: number): SlaEvent {
  return {
    id: `${id}-created`,
    source: 'test',
    type: 'ticket.created',
    entity: 'ticket',
    case: id,
    time,
    fields: { channel: 'email', queue: 'repair' },
    digest: id,
  };
}

/** Stores a case as the processor would: folded up to now, with its place among those at risk. */
async function keep({ redis, policy, partitions }: Rig, event: SlaEvent, now: number): Promise<void> {
  const state: CaseState = newCase(policy, event.entity, event.case);
  const told = { records: [], cells: new Map<string, number>() };
  acceptEvent(state, event, { now: event.time, id: 'x', at: event.time }, told);
  reachTime(state, { now, id: 'y', at: now }, told);
  const p = partitionOfCase(event.case, partitions);
  const key = `${event.entity}/${event.case}`;
  await redis.hset(`sla:{${p}}:cases`, key, encodeCase(state).head);
  const { riskAt } = state.standing;
  if (riskAt !== null) await redis.zadd(`sla:{${p}}:risk`, riskAt, key);
}
