// A policy changes while the monitor runs: tried first, then put into force for open cases too; and what is built again
// from the streams has changed it at the same place. So does a year of holidays that is added or removed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { openReader } from '../../src/broker/reader.ts';
import { ensureStreams, openConfig, RECORDS_STREAM } from '../../src/broker/streams.ts';
import { readSettings } from '../../src/config.ts';
import type { ClockRecord } from '../../src/contract/record.ts';
import { type ProcessRole, startMonitor } from '../../src/monitor/monitor.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { putYear, removeYear } from '../../src/policy-store/holidays.ts';
import { Policies } from '../../src/policy-store/policies.ts';
import { readPolicyFile, readPolicyText } from '../../src/policy-store/source.ts';
import { warningsOf } from '../../src/server/routes-policy.ts';
import { runProgram } from '../support/program.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const TOKEN = 'an-admin-token-of-the-test';
const CASES = 60;
const CASE = z.object({
  policy: z.string(),
  clocks: z.array(z.object({ dueAt: z.string(), uncovered: z.exactOptional(z.literal(true)) })),
});

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

/** A monitor on its own servers with a policy file, and what is asked of it. */
async function startAll(t: Test, text: string) {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  writeFileSync(file, text);
  const settings = readSettings({
    ...servers.env,
    HTTP_PORT: '0',
    POLICY_FILE: file,
    ADMIN_TOKEN: TOKEN,
    LOG_LEVEL: 'fatal',
  });
  const start = async (roles?: readonly ProcessRole[]) => {
    const monitor = await startMonitor(settings, roles);
    let end: Promise<void> | null = null;
    const close = () => {
      end ??= monitor.close();
      return end;
    };
    t.teardown(close);
    return { ...monitor, close };
  };
  const monitor = await start();
  const redis = new Redis(servers.redisUrl);
  t.teardown(() => redis.disconnect());
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  t.teardown(() => nc.close());
  const askOf =
    (address: string) =>
    (path: string, body?: string, type = 'text/yaml') =>
      fetch(new URL(path, address), {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body === undefined ? {} : { 'content-type': type }),
        },
        ...(body === undefined ? {} : { body }),
      });
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
  return { servers, file, start, monitor, redis, ask: askOf(monitor.address), askOf, until, records };
}

t.test('a policy is tried, then changed under open cases, and again after a loss of Redis', async t => {
  const { file, monitor, redis, ask, until, records } = await startAll(t, policy('4h', SOLVE));
  /** The case's clocks as the API shows them, by rule: outcome and due instant. */
  const clocks = async (id: string): Promise<Record<string, string>> => {
    const answer = await (await ask(`/api/v1/cases/${id}`)).json();
    return Object.fromEntries(
      (answer.clocks ?? []).map((clock: { rule: string; outcome: string }) => [clock.rule, clock.outcome]),
    );
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
  t.same(trial.effect.clocks, {
    changed: CASES,
    started: CASES,
    cancelled: CASES,
    overdue: CASES,
    relieved: 0,
  });
  const none = { changed: 0, started: 0, cancelled: 0, overdue: 0, relieved: 0 };
  t.same(trial.effect.byRule, [
    { rule: 'R-REPLY', title: { zh: '回复', en: 'Reply' }, ...none, changed: CASES, overdue: CASES },
    { rule: 'R-SOLVE', title: { zh: '解决', en: 'Solve' }, ...none, cancelled: CASES },
    { rule: 'R-CONFIRM', title: { zh: '确认', en: 'Confirm' }, ...none, started: CASES },
  ]);
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

const DAY_MS = 86_400_000;
const CALENDAR = `calendars:
  office: { hours: { mon-fri: ["09:00-18:00"] }, holidays: { country: CN } }
`;

/** A year that the program does not know, and a target that reaches into it from now on. */
function unknownYear() {
  const loaded = loadPolicy(`version: 1\ntimezone: Asia/Shanghai\n${CALENDAR}`, { file: 'policy.yaml' });
  const office = loaded.ok ? loaded.policy.calendars.get('office') : undefined;
  const now = Date.now();
  const year = office?.uncoveredYear(now, now + 20 * 365 * DAY_MS) ?? null;
  if (office === undefined || year === null) throw new Error('every year is known');
  const begin = Math.max(now, Date.parse(`${year}-01-01T00:00:00+08:00`));
  let days = 1;
  while (office.addBusinessDays(now, days, false) < begin + 14 * DAY_MS) days++;
  const date = (after: number) => new Date(begin + 8 * 3_600_000 + after * DAY_MS).toISOString().slice(0, 10);
  const file = `country: CN\nyear: ${year}\noff: [${date(1)}/${date(7)}]\n`;
  return { year, days, file, begin: Date.parse(`${year}-01-01T00:00:00+08:00`) };
}

t.test('a trial warns of what check warns of', t => {
  const { begin } = unknownYear();
  const odd = SOLVE.replace('ticket\n', 'ticket\n    atOnce: { to: lead }\n    evidence: true\n');
  const read = readPolicyText(policy('4h', odd).replace('clocks:', `${CALENDAR}clocks:`));
  t.match(warningsOf(read, begin - 90 * DAY_MS), [/it has no effect/]);
  t.match(warningsOf(read, begin - 30 * DAY_MS), [
    /it has no effect/,
    /^calendar office: the holidays of .* not known/,
  ]);
  t.end();
});

t.test('a year of holidays is tried, added, kept over losses and restarts, and removed', async t => {
  const { year, days, file: text, begin } = unknownYear();
  const policyText = `version: 1
name: years
timezone: Asia/Shanghai
${CALENDAR}clocks:
  - rule: R
    title: { zh: 解决, en: Solve }
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: ${days}bd
    calendar: office
`;
  const rig = await startAll(t, policyText);
  const { servers, ask, until, records } = rig;
  const program = (...args: string[]) => runProgram(args, { env: servers.env, input: text });
  const event = (type: string, subject: string) => ({
    specversion: '1.0',
    id: `${type}-${subject}`,
    source: 'test',
    type: `ticket.${type}`,
    subject,
    time: new Date().toISOString(),
    data: {},
  });
  const send = async (...events: object[]) => {
    t.equal((await ask('/v1/events', JSON.stringify(events), 'application/json')).status, 202);
  };
  /** The open clock of T-1: its due instant, whether it is marked, and the policy of the case. */
  const clock = async (by = ask) => {
    const answer = CASE.parse(await (await by('/api/v1/cases/T-1')).json());
    const [one] = answer.clocks;
    return { dueAt: Date.parse(one?.dueAt ?? ''), marked: one?.uncovered === true, policy: answer.policy };
  };
  await until('ready', async () => (await ask('/readyz')).ok);
  await send(event('created', 'T-1'), event('created', 'T-2'), event('resolved', 'T-2'));
  await until('the case is there', async () => (await ask('/api/v1/cases/T-1')).ok);
  const before = await clock();
  t.match(before, { marked: true });
  const told = async (id: string) => [...(await records()).values()].filter(record => record.case === id);
  await until('T-2 is told', async () => (await told('T-2')).length > 0);
  const first = { state: 'met', uncovered: true, policy: before.policy };
  t.match(await told('T-2'), [first]);
  const metric = async () =>
    /^sla_calendar_covered_until_seconds\{calendar="office"\} (\d+)$/m.exec(
      await (await ask('/metrics')).text(),
    )?.[1];
  t.equal(Number(await metric()), begin / 1000);

  t.equal((await ask('/api/v1/holidays', text.replace('off:', 'of:'))).status, 400);
  t.equal(
    (await ask('/api/v1/holidays?confirm=000000000000', text)).status,
    409,
    'an untried one is refused',
  );
  const trial = await (await ask('/api/v1/holidays', text)).json();
  t.match(trial, {
    applied: false,
    calendars: ['office'],
    effect: { cases: 2, clocks: { changed: 1 }, complete: true },
  });
  t.same(await clock(), before, 'a trial changes nothing');
  const norway = `country: NO\nyear: ${year}\noff: [${year}-05-17]`;
  t.match(await (await ask('/api/v1/holidays', norway)).json(), {
    hash: before.policy,
    calendars: [],
    warnings: [/no calendar of the policy in force uses NO/],
  });

  const second = await rig.start(['server']);
  const askSecond = rig.askOf(second.address);
  const added = await program('holidays', 'add', '-', '--by', 'Zhang');
  t.match(added, { code: 0, stdout: `CN ${year}: 7 days off, 0 working days; used by office\n` });
  await until('the due instant moves', async () => (await clock()).dueAt !== before.dueAt);
  const after = await clock();
  t.match(after, { marked: false, policy: trial.hash });
  t.ok(after.dueAt > before.dueAt);
  await until(
    'the other process knows',
    async () => (await (await askSecond('/api/v1/policy')).json()).hash === trial.hash,
  );
  t.same(await clock(askSecond), after, 'two processes agree');
  t.ok(Number(await metric()) > begin / 1000);
  const shown = await (await askSecond('/api/v1/holidays')).json();
  t.match(shown, {
    calendars: [{ calendar: 'office', country: 'CN' }],
    added: [{ country: 'CN', year, work: [], by: 'Zhang', calendars: ['office'] }],
  });
  t.ok(shown.calendars[0].years.includes(year));
  await until('T-2 is told again', async () => (await told('T-2')).length > 1);
  const [, corrected, ...more] = await told('T-2');
  t.match(corrected, { state: 'met', dueAt: new Date(after.dueAt).toISOString(), policy: trial.hash });
  t.notOk(corrected && 'uncovered' in corrected, 'a record without the mark takes its place');
  t.same(more, []);
  const doctor = await program('doctor', '--json');
  const about = doctor.stdout.split('\n').find(line => line.includes('"calendar office"'));
  t.match(JSON.parse(about ?? '{}'), { state: 'ok', text: /known until/ }, 'doctor knows the year');
  const explained = await program('explain', 'T-1');
  t.match(explained.stdout, new Date(after.dueAt + 8 * 3_600_000).toISOString().slice(0, 10));
  t.notMatch(explained.stdout, /plain hours/);
  const replayed = await program('backtest', '--from-stream', '--policy', rig.file);
  t.match(JSON.parse(replayed.stdout.split('\n')[0] ?? ''), {
    case: 'T-1',
    dueAt: new Date(after.dueAt).toISOString(),
  });
  t.notMatch(replayed.stdout, /uncovered/, 'backtest computes what the monitor does');
  await send(event('created', 'T-3'), event('resolved', 'T-3'));
  await until('T-3 is told', async () => (await told('T-3')).length > 0);
  t.match(await told('T-3'), [{ state: 'met', policy: trial.hash }]);
  t.notOk((await told('T-3')).some(record => 'uncovered' in record));

  const kept = [...(await records()).keys()].sort();
  await rig.redis.flushall();
  await until(
    'it is built again',
    async () => (await ask('/readyz')).ok && (await ask('/api/v1/cases/T-1')).ok,
  );
  await until('and comes to the same', async () => JSON.stringify(await clock()) === JSON.stringify(after));
  t.same([...(await records()).keys()].sort(), kept, 'and nothing is told again');

  await second.close();
  await rig.monitor.close();
  const again = await rig.start();
  const askAgain = rig.askOf(again.address);
  t.equal(await again.reloadPolicy(), trial.hash, 'a reload keeps the year');
  await until('ready again', async () => (await askAgain('/readyz')).ok);
  t.same(await clock(askAgain), after, 'a restart keeps it');

  t.match(
    (await program('holidays', 'list')).stdout,
    new RegExp(`^CN\\t${year}\\t7\\t0\\tZhang\\t.*\\toffice\\n$`),
  );
  t.match(await program('holidays', 'remove', 'CN', String(year)), {
    code: 0,
    stdout: `CN ${year}: removed; plain hours hold in that year for office, in open cases too\n`,
  });
  t.equal((await program('holidays', 'remove', 'CN', String(year))).code, 1, 'there is none any more');
  t.match(await program('holidays', 'list'), { code: 0, stdout: '', stderr: /^No year was added$/m });
  await until(
    'it is as it was',
    async () => JSON.stringify(await clock(askAgain)) === JSON.stringify(before),
  );
  const applied = await (await askAgain(`/api/v1/holidays?confirm=${trial.hash}`, text)).json();
  t.match(applied, { applied: true, effect: { clocks: { changed: 1 } } });
  await until('and again', async () => JSON.stringify(await clock(askAgain)) === JSON.stringify(after));
  t.match(await (await askAgain('/api/v1/holidays', text)).json(), { applied: true, effect: null });
});

t.test('a policy and a year that come at once end in one policy for all processes', async t => {
  const servers = await startTestServers(t);
  const file = join(servers.dir, 'policy.yaml');
  const text = (target: string) => policy(target, SOLVE).replace('clocks:', `${CALENDAR}clocks:`);
  writeFileSync(file, text('1h'));
  const open = async () => {
    const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
    await ensureStreams(nc, 8);
    const kv = await openConfig(nc);
    // Nothing but what is followed tells of a change here.
    const policies = await Policies.open(nc, kv, file, 3_600_000);
    const failures: unknown[] = [];
    policies.on('failed', error => failures.push(error));
    t.teardown(async () => {
      policies.close();
      await nc.close();
    });
    return { kv, policies, failures };
  };
  const all = [await open(), await open(), await open()] as const;
  const [one, two, three] = all;
  const plain = one.policies.current.hash;
  for (let round = 1; round <= 12; round++) {
    const target = `${round + 1}h`;
    const year = { country: 'CN', year: 2040, off: [`2040-05-${String(round).padStart(2, '0')}`], work: [] };
    // The command writes the year alone; HTTP also puts the policy with it into force.
    const add = round % 2 === 0 ? putYear(two.kv, year, 'test') : two.policies.addYear(year, 'test');
    await Promise.all([one.policies.put(readPolicyText(text(target))), add]);
    const wanted = readPolicyText(text(target), [year]).policy.hash;
    const found = () => all.map(({ policies }) => policies.current.hash);
    await until(`round ${round}`, () => found().every(hash => hash === wanted));
    t.same(found(), [wanted, wanted, wanted], `round ${round}`);
  }
  await one.policies.put(readPolicyFile(file));
  t.ok(await removeYear(three.kv, 'CN', 2040));
  await until('no years', () => all.every(({ policies }) => policies.current.hash === plain));
  t.same(
    [...new Set(all.map(({ policies }) => policies.current.hash))],
    [plain],
    'without years its name is that of its text',
  );

  await three.kv.put('holidays.CN.2041', 'nothing');
  await until('all are told', () => all.every(({ failures }) => failures.length > 0));
  t.match(String(one.failures[0]), /holidays.CN.2041 in SLA_CONFIG is no year.*holidays remove CN 2041/);
  t.equal(one.policies.current.hash, plain, 'the policy stays');
  const broken = runProgram(['holidays', 'list'], { env: servers.env });
  t.match(await broken, { code: 1, stderr: /holidays remove CN 2041/ });
});
