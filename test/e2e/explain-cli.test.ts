// The command `explain`, on a file without any server and on the state of a running monitor.
import { join } from 'node:path';
import t from 'tap';
import { readSettings } from '../../src/config.ts';
import { startMonitor } from '../../src/monitor/monitor.ts';
import { runProgram } from '../support/program.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const POLICY = `
version: 1
name: test
timezone: Asia/Shanghai
clocks:
  - rule: R
    title: { zh: 解决, en: Solve }
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }
    target: 1h
  - { rule: C, on: chat, start: chat.started, stop: chat.ended, target: 1h }
`;

function event(type: string, subject: string, time: string, data: Record<string, unknown> = {}): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `${type}-${time}`,
    source: '/t',
    type,
    subject,
    time,
    data,
  });
}

const LIFE = [
  event('ticket.created', '7', '2026-11-16T01:00:00Z', { queue: 'repair' }),
  event('ticket.pending', '7', '2026-11-16T01:30:00Z', { reason: 'customer' }),
  event('ticket.resumed', '7', '2026-11-16T02:30:00Z'),
  event('ticket.resolved', '7', '2026-11-16T03:15:00Z', { by: 'agent' }),
  event('ticket.created', '8', '2026-11-16T04:00:00Z'),
];

t.test('what a file says and is not used is told', async t => {
  const folder = t.testdir({ 'policy.yaml': POLICY, 'map.yaml': {} });
  const at = (second: number) => new Date(Date.UTC(2026, 10, 16) + second * 1_000).toISOString();
  const many = Array.from({ length: 10_001 }, (_, i) => event('ticket.created', '7', at(i)));
  const told = ['explain', '7', '--events', '-', '--policy', join(folder, 'policy.yaml')];
  const run = await runProgram(told, { input: many.join('\n') });
  t.match(run, { code: 0, stderr: 'line 10001: oversized: its case has as many events as one may have\n' });
  const driving = event('ticket.created', '7', at(0), { queue: '\u001b[2J' }).replace(
    '"id":"',
    '"id":"\\u001b]0;x',
  );
  const shown = await runProgram(told, { input: driving });
  t.match(shown, { code: 0, stdout: /started by ticket\.created \[\ufffd\]0;x/ });
  t.notOk(shown.stdout.includes('\u001b'), 'no publisher drives the terminal');
  const mapped = await runProgram([...told, '--map', join(folder, 'map.yaml')], { input: '' });
  t.match(mapped, { code: 2, stderr: /^sla-monitor: this is a folder: \S+map\.yaml\n$/ });
});

t.test('from a file', async t => {
  const folder = t.testdir({ 'policy.yaml': POLICY });
  const run = (lines: readonly string[], ...args: string[]) =>
    runProgram(['explain', ...args, '--events', '-', '--policy', join(folder, 'policy.yaml')], {
      input: lines.join('\n'),
    });
  const both = [...LIFE, event('chat.started', '7', '2026-11-16T01:00:00Z')];
  const [english, chinese, early, none, ambiguous, chat] = await Promise.all([
    run(LIFE, '7'),
    run(LIFE, '7', '--lang', 'zh'),
    run(LIFE, '7', '--json', '--until', '2026-11-16T02:00:00Z'),
    run(LIFE, '9'),
    run(both, '7'),
    run(both, '7', '--entity', 'chat'),
  ]);
  t.equal(english.code, 0, english.stderr);
  for (const line of [
    'ticket 7 (resolved)  as of 2026-11-16 12:00:00  ',
    'R Solve  cycle 1  missed',
    '2026-11-16 09:30:00 paused by ticket.pending [ticket.pending-2026-11-16T01:30:00Z] (customer)',
    'due moved from 2026-11-16 10:00:00 to 2026-11-16 11:00:00',
    'missed, late by 15 min',
    'counted:\n    11-16 Mon 09:00–09:30 10:30–11:15\n',
    'where the time went, in all 2 h 15 min:',
    'waiting in queue repair: 1 h 15 min',
    'with the customer: 1 h (paused for 1 h)',
  ])
    t.ok(english.stdout.includes(line), line);
  t.notMatch(english.stdout.replaceAll(/\[.*?\]/g, ''), /\dZ/, 'no time of UTC');
  t.match(chinese.stdout, /^工单 7（已解决）/);
  t.match(chinese.stdout, /未达标，超时 15分/);
  t.match(chinese.stdout, /计入的时间：\n {4}11-16 周一 09:00–09:30 10:30–11:15\n/);
  const { clocks, ...head } = JSON.parse(early.stdout);
  t.match(head, { entity: 'ticket', case: '7', asOf: '2026-11-16T02:00:00.000Z' });
  t.match(clocks, [{ rule: 'R', outcome: 'paused', dueAt: '2026-11-16T02:30:00.000Z' }]);
  t.match(clocks[0].why.notes, [{ en: 'what would stop it: ticket.resolved' }], 'of a clock that is open');
  t.match(none.stderr, /There is no case 9/);
  t.equal(ambiguous.code, 1);
  t.match(ambiguous.stderr, /--entity/);
  t.match(chat.stdout, /^chat 7 /);
});

t.test('wrong usage', async t => {
  for (const args of [[], ['7', '8'], ['7', '--lang', 'fr'], ['7', '--events', '-'], ['7', '--entity', 'x']])
    t.equal((await runProgram(['explain', ...args], {})).code, 2, args.join(' '));
});

t.test('from a running monitor', async t => {
  const servers = await startTestServers(t, { partitions: 2 });
  const folder = t.testdir({ 'policy.yaml': POLICY });
  const settings = {
    ...servers.env,
    PARTITIONS: '2',
    HTTP_PORT: '0',
    LOG_LEVEL: 'silent',
    POLICY_FILE: join(folder, 'policy.yaml'),
  };
  const monitor = await startMonitor(readSettings(settings));
  t.teardown(() => monitor.close());
  const published = await runProgram(['publish'], { env: settings, input: LIFE.join('\n') });
  t.equal(published.code, 0, published.stderr);
  let found = await runProgram(['explain', '7'], { env: settings });
  await until('the case', async () => {
    if (found.code !== 0) found = await runProgram(['explain', '7'], { env: settings });
    return found.code === 0;
  });
  t.match(found.stdout, /missed, late by 15 min/);
  const missing = await runProgram(['explain', '404'], { env: settings });
  t.equal(missing.code, 1);
  const link = await monitor.signinLink('viewer');
  const entered = await fetch(link, { redirect: 'manual' });
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const answer = await fetch(new URL('/api/v1/cases/7', monitor.address), { headers: { cookie } });
  t.equal(answer.status, 200);
  const {
    clocks: [clock],
    nearMisses,
  } = await answer.json();
  t.same(nearMisses, { rules: [], unlisted: 0 });
  t.equal(
    clock.explanation.parts.reduce((sum: number, part: { ms: number }) => sum + part.ms, 0),
    clock.explanation.wholeMs,
  );
  t.match(clock.explanation.steps.at(-1), { kind: 'missed', event: { type: 'ticket.resolved' } });
});
