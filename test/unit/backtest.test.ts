// The backtest command: what it reads and refuses, the order and the keys of what it prints, alerts on the events' time.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { outcomesFromRecords } from '../../src/backtest/records.ts';
import type { Fields, SlaEvent } from '../../src/contract/event.ts';
import type { ClockRecord } from '../../src/contract/record.ts';
import { runProgram } from '../support/program.ts';
import { policyOf } from '../support/timeline.ts';

const POLICY = `
version: 1
name: test
timezone: UTC
clocks:
  - { rule: b, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h, warn: [50%] }
  - { rule: B, on: chat, start: chat.started, stop: chat.ended, target: 1h }
`;

const folder = mkdtempSync(join(tmpdir(), 'sla-backtest-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const policyFile = join(folder, 'policy.yaml');
writeFileSync(policyFile, POLICY);

function event(type: string, subject: string, time: string, more: Record<string, unknown> = {}): object {
  return {
    specversion: '1.0',
    id: `${type}-${subject}-${time}`,
    source: '/t',
    type,
    subject,
    time,
    data: {},
    ...more,
  };
}

function run(events: readonly (object | string)[], ...args: string[]) {
  const input = events.map(one => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
  return runProgram(['backtest', '--policy', policyFile, '--events', '-', ...args], { input });
}

t.test('outcomes: exact keys, order by code point, cycles numbered', async t => {
  const { code, stdout, stderr } = await run([
    event('ticket.created', 'b', '2026-11-16T09:00:00Z'),
    event('chat.started', '7', '2026-11-16T09:00:00+00:00'),
    event('ticket.created', '7', '2026-11-16T10:00:00.1239+01:00'),
    event('ticket.replied', '7', '2026-11-16T09:30:00Z'),
    event('ticket.created', '7', '2026-11-16T09:40:00Z'),
    event('ticket.created', '10', '2026-11-16T09:00:00Z'),
  ]);
  t.equal(stderr, '');
  t.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  t.equal(
    lines[0],
    '{"kind":"outcome","entity":"ticket","case":"10","rule":"b","cycle":1,"outcome":"running","startedAt":"2026-11-16T09:00:00.000Z","dueAt":"2026-11-16T10:00:00.000Z","endedAt":null,"elapsedMs":2400000,"pausedMs":0,"overdueMs":0}',
  );
  const short = lines.map(line => {
    const { entity, case: id, rule, cycle, outcome } = JSON.parse(line);
    return `${entity} ${id} ${rule} ${cycle} ${outcome}`;
  });
  t.same(short, [
    'ticket 10 b 1 running',
    'chat 7 B 1 running',
    'ticket 7 b 1 met',
    'ticket 7 b 2 running',
    'ticket b b 1 running',
  ]);
});

t.test(
  'what can not be used goes to standard error; repetitions count once; nothing is too late',
  async t => {
    const created = event('ticket.created', 'T', '2001-11-16T09:00:00Z');
    const { code, stdout, stderr } = await run([
      created,
      created,
      { ...created, data: { channel: 'web' } },
      'nonsense',
      '',
      event('ticket.exploded', 'T', '2026-11-16T09:00:00Z'),
      event('ticket.created', 'T', 'yesterday'),
      event('ticket.created', 'T', '1989-12-31T23:59:59Z'),
      event('ticket.created', 'T', '2026-11-16T09:00:00Z', { data: { channel: 7 } }),
      event('ticket.replied', 'T', '2026-11-16T09:00:00Z'),
    ]);
    t.equal(code, 0);
    t.same(
      stderr
        .trimEnd()
        .split('\n')
        .map(line => line.split(': ').slice(0, 2).join(': ')),
      [
        'line 3: conflict',
        'line 4: malformed',
        'line 6: unknown-type',
        'line 7: time',
        'line 8: time',
        'line 9: schema',
      ],
    );
    t.equal(JSON.parse(stdout).outcome, 'missed');
  },
);

t.test('until: later events are not read', async t => {
  const events = [
    event('ticket.created', 'T', '2026-11-16T09:00:00Z'),
    event('ticket.replied', 'T', '2026-11-16T10:00:00Z'),
    event('ticket.created', 'T', '2026-11-16T11:00:00Z'),
  ];
  const at = await run(events, '--until', '2026-11-16T10:00:00Z');
  t.equal(JSON.parse(at.stdout).outcome, 'met', 'one at that very instant is read');
  const before = await run(events, '--until', '2026-11-16T09:59:59.999Z');
  t.equal(JSON.parse(before.stdout).outcome, 'running');
  const after = await run(events, '--until', '2026-11-20T00:00:00Z');
  t.equal(JSON.parse(after.stdout.split('\n')[1] ?? '').outcome, 'overdue');
});

t.test('all: transitions before the outcomes, in order of time', async t => {
  const { stdout } = await run(
    [
      event('ticket.created', 'b', '2026-11-16T09:00:00Z'),
      event('ticket.created', 'a', '2026-11-16T09:00:00Z'),
      event('ticket.replied', 'b', '2026-11-16T10:30:00Z'),
    ],
    '--all',
  );
  const lines = stdout.trimEnd().split('\n');
  t.same(
    lines.slice(0, 7).map(line => JSON.parse(line)),
    [
      { kind: 'clock', case: 'a', rule: 'b', cycle: 1, state: 'started', at: '2026-11-16T09:00:00.000Z' },
      { kind: 'clock', case: 'b', rule: 'b', cycle: 1, state: 'started', at: '2026-11-16T09:00:00.000Z' },
      {
        kind: 'clock',
        case: 'a',
        rule: 'b',
        cycle: 1,
        state: 'warned',
        at: '2026-11-16T09:30:00.000Z',
        percent: 50,
      },
      {
        kind: 'clock',
        case: 'b',
        rule: 'b',
        cycle: 1,
        state: 'warned',
        at: '2026-11-16T09:30:00.000Z',
        percent: 50,
      },
      { kind: 'clock', case: 'a', rule: 'b', cycle: 1, state: 'breached', at: '2026-11-16T10:00:00.000Z' },
      { kind: 'clock', case: 'b', rule: 'b', cycle: 1, state: 'breached', at: '2026-11-16T10:00:00.000Z' },
      { kind: 'clock', case: 'b', rule: 'b', cycle: 1, state: 'missed', at: '2026-11-16T10:30:00.000Z' },
    ],
  );
  t.equal(lines.length, 9);
});

t.test('wrong usage', async t => {
  for (const args of [
    ['--policy', policyFile],
    ['--events', '-'],
    ['--odd'],
    ['--policy', policyFile, '--events', '-', '--until', 'x'],
  ])
    t.equal((await runProgram(['backtest', ...args], {})).code, 2, args.join(' '));
  const missing = await runProgram(
    ['backtest', '--policy', policyFile, '--events', join(folder, 'none')],
    {},
  );
  t.equal(missing.code, 1);
  t.equal((await run([])).code, 0, 'no events, no lines');
});

const MINUTE = 60_000;
const NINE = Date.UTC(2026, 10, 16, 9);

function made(minute: number, type: string, id: string, fields: Fields = {}): SlaEvent {
  const [entity] = type.split('.');
  return {
    id: `${type}-${id}-${minute}`,
    source: '/t',
    type,
    entity: entity === 'agent' ? 'agent' : 'ticket',
    case: id,
    time: NINE + minute * MINUTE,
    fields,
    digest: '',
  };
}

function alertsOf(indicators: string, events: readonly SlaEvent[], untilMinute: number): string[] {
  const policy = policyOf(
    '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, target: 10m }',
    `indicators:\n${indicators}`,
  );
  const { alerts } = backtest(policy, events, NINE + untilMinute * MINUTE, { all: true });
  return alerts.map(
    ({ rule, group, state, value, numerator, denominator, at }) =>
      `${(Date.parse(at) - NINE) / MINUTE} ${rule} ${group} ${state} ${value === null ? null : Math.round(value * 1000) / 1000} ${numerator}/${denominator}`,
  );
}

t.test('alerts are judged at each event and at each end of a pane', async t => {
  const rate =
    '  - { rule: I, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: 60m, every: 10m, by: [queue], alert: { above: 25%, atLeast: 4, clear: 20% } }';
  const base = [
    made(1, 'ticket.created', 'a', { queue: 'q' }),
    made(2, 'ticket.created', 'b', { queue: 'q' }),
    made(3, 'ticket.created', 'c', { kind: 'complaint', queue: 'q' }),
  ];
  t.same(alertsOf(rate, base, 200), [], 'too few cases');
  t.same(alertsOf(rate, [...base, made(4, 'ticket.created', 'd')], 200), [], 'at the bound is not above it');
  const fired = [...base, made(4, 'ticket.created', 'd', { kind: 'complaint', queue: 'p' })];
  t.same(
    alertsOf(rate, fired, 200),
    ['4 I all firing 0.5 2/4'],
    'it fires with the event; without cases in the window there is no evidence, and nothing is resolved',
  );
  t.same(
    alertsOf(
      rate,
      [
        ...fired,
        made(5, 'ticket.updated', 'd', { kind: 'query' }),
        made(6, 'ticket.updated', 'c', { kind: 'query' }),
      ],
      200,
    ),
    ['4 I all firing 0.5 2/4', '6 I all resolved 0 0/4'],
    'a case that turns out to be none corrects the figure',
  );
  t.same(
    alertsOf(rate, [...fired, made(15, 'ticket.created', 'e'), made(16, 'ticket.created', 'f')], 200),
    ['4 I all firing 0.5 2/4', '70 I all resolved 0 0/2'],
    'the pane of 0 leaves when one begins after 70 − 60 − 10',
  );
  const held = rate.replace('atLeast: 4,', 'atLeast: 4, for: 5m,');
  t.same(
    alertsOf(held, fired, 30),
    ['10 I all firing 0.5 2/4'],
    'a bound left for long enough, seen at a pane’s end',
  );
  t.same(
    alertsOf(held, [...fired, made(9, 'ticket.replied', 'x')], 30),
    ['9 I all firing 0.5 2/4'],
    'an event of another kind is a look too',
  );
  t.same(
    alertsOf(held, [...fired, made(9.5, 'ticket.updated', 'a')], 30),
    ['9.5 I all firing 0.5 2/4'],
    'as soon as it was long enough',
  );
  t.same(alertsOf(held, fired, 9.5), [], 'where the account ends is no instant to judge at');
  t.same(alertsOf(held, fired, 10), ['10 I all firing 0.5 2/4'], 'unless it is the pane’s end');
});

t.test('an alert does not depend on what other figures the policy has', async t => {
  const held =
    '  - { rule: I, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: 60m, every: 10m, alert: { above: 50%, for: 3m } }';
  const other =
    '  - { rule: J, count: ticket.replied, of: ticket.created, window: 60m, every: 1m, alert: { above: 90% } }';
  const events = [made(1, 'ticket.created', 'a', { kind: 'complaint' })];
  const wanted = ['10 I all firing 1 1/1'];
  t.same(alertsOf(held, events, 30), wanted, 'it is judged when a pane of its own ends');
  t.same(alertsOf(`${held}\n${other}`, events, 30), wanted, 'and not when one of another figure does');
});

t.test('alerts on clocks and levels', async t => {
  const share = '  - { rule: I, clock: R, window: 60m, every: 10m, alert: { below: 80%, clear: 90% } }';
  t.same(
    alertsOf(share, [made(1, 'ticket.created', 'a'), made(12, 'ticket.created', 'b')], 30),
    ['12 I all firing 0 0/1'],
    'a cycle counts as not met from its due instant on',
  );
  t.same(
    alertsOf(share, [made(1, 'ticket.created', 'a')], 30),
    ['20 I all firing 0 0/1'],
    'seen at the pane’s end',
  );
  const level =
    '  - { rule: I, level: { on: ticket, from: ticket.pending, to: ticket.resumed }, alert: { above: 1, for: 1m } }';
  t.same(
    alertsOf(
      level,
      [
        made(1, 'ticket.pending', 'a'),
        made(2, 'ticket.pending', 'b'),
        made(9, 'ticket.resumed', 'a'),
        made(9, 'ticket.resumed', 'b'),
      ],
      30,
    ),
    ['3 I all firing 2 2/2', '9 I all resolved 0 0/0'],
  );
  const longest =
    '  - { rule: I, level: { on: ticket, from: ticket.pending, to: ticket.resumed, longest: true }, alert: { above: 120s } }';
  t.same(
    alertsOf(longest, [made(1, 'ticket.pending', 'a'), made(20, 'ticket.resumed', 'a')], 30).map(line =>
      line.split(' ').slice(1, 4).join(' '),
    ),
    ['I all firing', 'I all resolved'],
  );
  const since = made(1.015, 'ticket.pending', 'a');
  const look = (minute: number) => alertsOf(longest, [since, made(minute, 'ticket.created', 'b')], minute);
  t.same(look(3.0149), [], 'after the second in which it began, it is not yet older than the bound');
  t.same(look(3.015), [], 'nor at the bound');
  t.same(look(3.0151), ['3.0151 I all firing 120.006 120.006/1'], 'just beyond it is');
});

t.test('alerts on levels that are too low', async t => {
  const few =
    '  - { rule: I, level: { on: ticket, from: ticket.pending, to: ticket.resumed }, every: 1m, alert: { below: 1 } }';
  t.same(
    alertsOf(few, [made(1, 'ticket.created', 'a')], 30),
    ['1 I all firing 0 0/0'],
    'none in the state is a level of 0, also before one ever was',
  );
  t.same(alertsOf(few, [made(1, 'ticket.pending', 'a'), made(9, 'ticket.resumed', 'a')], 30), [
    '9 I all firing 0 0/0',
  ]);
  const young =
    '  - { rule: I, level: { on: ticket, from: ticket.pending, to: ticket.resumed, longest: true }, every: 1m, alert: { below: 60s, clear: 120s } }';
  t.same(
    alertsOf(young, [made(0.5, 'ticket.pending', 'a')], 30),
    ['0.5 I all firing 0 0/1', '3 I all resolved 150 150/1'],
    'the age grows past the bound by itself, seen at a pane’s end',
  );
});

t.test('outcomes from records: the last one of each cycle counts', async t => {
  const record = (rule: string, state: ClockRecord['state']): ClockRecord => ({
    id: '',
    kind: 'clock',
    at: '',
    seenAt: '',
    entity: 'ticket',
    case: 'T',
    rule,
    cycle: 1,
    state,
    startedAt: '',
    dueAt: '',
    endedAt: null,
    elapsedMs: 0,
    pausedMs: 0,
    overdueMs: 0,
    policy: '',
  });
  const found = outcomesFromRecords([
    record('a', 'warned'),
    record('b', 'breached'),
    record('c', 'breached'),
    record('c', 'missed'),
    record('d', 'breached'),
    record('d', 'withdrawn'),
    record('e', 'breached'),
    record('e', 'escalated'),
  ]);
  t.same([...found.values()], ['overdue', 'missed', 'overdue']);
});

t.test('cases come by code point whatever characters their ids have', async t => {
  const ids = ['a\n', 'a\tb', 'a', 'a\u0001', '\u{1f600}', '\uffee'];
  const { stdout } = await run(ids.map(id => event('ticket.created', id, '2026-11-20T08:00:00Z')));
  const lines = stdout.trimEnd().split('\n');
  t.same(
    lines.map(line => JSON.parse(line).case),
    ['a', 'a\u0001', 'a\tb', 'a\n', '\uffee', '\u{1f600}'],
  );
});
