// Policies that load: what becomes of them, what is odd about them, and how rules are indexed by what they listen to.
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { uncoveredCalendars } from '../../src/policy/coverage.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError, type PolicyError } from '../../src/policy/place.ts';

const PACK = new URL('../../deploy/policies/after-sales.yaml', import.meta.url).pathname;

function load(text: string, files: Readonly<Record<string, string>> = {}): CompiledPolicy {
  const result = loadFrom(text, files);
  if (!result.ok) throw new Error(result.errors.map(formatError).join('\n'));
  return result.policy;
}

function loadFrom(text: string, files: Readonly<Record<string, string>> = {}) {
  return loadPolicy(text, {
    file: 'policies/p.yaml',
    readFile: path => {
      const found = files[path];
      if (found === undefined) throw new Error('no such file');
      return found;
    },
  });
}

function errorsOf(text: string, files: Readonly<Record<string, string>> = {}): readonly PolicyError[] {
  const result = loadFrom(text, files);
  return result.ok ? [] : result.errors;
}

/** The contract's own example. */
const EXAMPLE = `
version: 1
name: after-sales
timezone: Asia/Shanghai
calendars:
  always: { always: true }
  office:
    hours: { mon-fri: ["09:00-12:00", "13:30-18:00"] }
    holidays: { country: CN }
    closed: ["2026-12-31"]
    open: { "2027-01-02": ["10:00-14:00"] }
clocks:
  - rule: S0-03
    title: { zh: 工单受理确认, en: Acknowledge the ticket }
    on: ticket
    when: { channel: [email, web, app] }
    start: ticket.created
    stop: [ticket.acknowledged, { type: ticket.replied, by: [agent, bot] }]
    pause: { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }
    cancel: ticket.cancelled
    target: 2h
    calendar: always
    warn: [50%, 80%]
    ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]
    objective: { share: 95%, window: 28d }
indicators:
  - rule: S0-20
    title: { zh: 投诉率, en: Complaint rate }
    count: { type: ticket.created, kind: complaint }
    of: { type: ticket.created }
    window: 24h
    by: [queue]
    alert: { above: 5%, atLeast: 20, for: 1m, clear: 4%, severity: critical, action: special-investigation }
`;

t.test("the contract's example", async t => {
  const policy = load(EXAMPLE);
  t.equal(policy.name, 'after-sales');
  t.equal(policy.timezone, 'Asia/Shanghai');
  t.same([...policy.calendars.keys()], ['always', 'office']);
  const [clock] = policy.clocks;
  t.match(clock, {
    rule: 'S0-03',
    title: { zh: '工单受理确认', en: 'Acknowledge the ticket' },
    source: 'S0',
    entity: 'ticket',
    when: [[{ path: 'channel', values: ['email', 'web', 'app'] }]],
    start: [{ type: 'ticket.created', tests: [] }],
    stop: [
      { type: 'ticket.acknowledged', tests: [] },
      { type: 'ticket.replied', tests: [{ path: 'by', values: ['agent', 'bot'] }] },
    ],
    pauses: [0],
    target: { kind: 'fixed', duration: { kind: 'time', ms: 7_200_000 } },
    warn: [
      { kind: 'share', percent: 50 },
      { kind: 'share', percent: 80 },
    ],
    ladder: [
      { afterMs: 0, to: 'supervisor' },
      { afterMs: 7_200_000, to: 'manager' },
    ],
    objective: { share: 0.95, windowMs: 28 * 86_400_000 },
    retroactive: true,
    repeat: false,
    reopen: 'ignore',
    each: null,
    reads: ['channel'],
  });
  t.match(policy.indicators[0], {
    rule: 'S0-20',
    source: 'S0',
    unit: 'ratio',
    windowMs: 86_400_000,
    paneMs: 1_440_000,
    by: [['queue']],
    alert: {
      above: 0.05,
      below: null,
      atLeast: 20,
      forMs: 60_000,
      clear: 0.04,
      action: 'special-investigation',
    },
    reads: ['kind', 'queue'],
  });
  t.same(policy.byType.get('ticket.created'), { clocks: [0], pauses: [], indicators: [0] });
  t.same(policy.byType.get('ticket.pending'), { clocks: [], pauses: [0], indicators: [] });
  t.same(policy.byAttribute.get('ticket')?.get('channel'), { clocks: [0], pauses: [], indicators: [] });
  t.same(policy.byAttribute.get('ticket')?.get('kind'), { clocks: [], pauses: [], indicators: [0] });
});

t.test('JSON is a policy too, and the hash names what is said, not how', async t => {
  const yaml = load(EXAMPLE);
  t.match(yaml.hash, /^[0-9a-f]{12}$/);
  t.equal(load(`# a comment\n${EXAMPLE.replaceAll('  rule', '   rule')}`).hash, yaml.hash);
  const json =
    '{"version": 1, "clocks": [{"rule": "A", "target": "2h", "on": "call", "start": "call.queued", "stop": "call.answered"}]}';
  const same =
    'version: 1\nclocks: [{ rule: A, on: call, start: call.queued, stop: call.answered, target: 2h }]';
  t.equal(load(json).hash, load(same).hash);
  t.not(load(same.replace('2h', '3h')).hash, load(same).hash);
});

t.test('the default pack is sound', async t => {
  const result = loadPolicy(readFileSync(PACK, 'utf8'), {
    file: PACK,
    readFile: path => readFileSync(path, 'utf8'),
  });
  if (!result.ok) throw new Error(result.errors.map(formatError).join('\n'));
  t.same(result.warnings, []);
  for (const rule of [...result.policy.clocks, ...result.policy.indicators]) {
    t.match(rule.title.zh, /\p{Script=Han}/u, `${rule.rule} has a Chinese title`);
    t.match(rule.title.en, /^[A-Z]/, `${rule.rule} has an English title`);
  }
  t.same(uncoveredCalendars(result.policy, Date.parse('2026-11-01T00:00Z')), []);
  t.match(uncoveredCalendars(result.policy, Date.parse('2026-11-20T00:00Z')), [{ calendar: 'office' }]);
});

t.test('a year that an administrator added is known', async t => {
  const text =
    'version: 1\ntimezone: Asia/Shanghai\ncalendars: { o: { hours: { mon-fri: ["09:00-17:00"] }, holidays: { country: CN } } }';
  const year = { country: 'CN', year: 2027, off: ['2027-01-01'], work: ['2027-01-02'] };
  const result = loadPolicy(text, { file: 'p.yaml', addedYears: [year] });
  const calendar = result.ok ? result.policy.calendars.get('o') : undefined;
  const evening = Date.parse('2026-12-31T17:00+08:00');
  const june = Date.parse('2027-06-01T00:00Z');
  t.equal(calendar?.uncoveredYear(june, june), null);
  t.equal(
    calendar?.add(evening, 0),
    Date.parse('2027-01-02T09:00+08:00'),
    'a Saturday with hours of a Monday',
  );
  t.equal(
    load(text).calendars.get('o')?.add(evening, 0),
    Date.parse('2027-01-01T09:00+08:00'),
    'plain hours',
  );
});

t.test('parts of a policy come from files beside it', async t => {
  const head = 'version: 1\nname: parts\ninclude: [more/clocks.yaml]\n';
  const part =
    'version: 1\nclocks:\n  - { rule: A, on: call, start: call.queued, stop: call.answered, target: 2h }\n';
  const files = { 'policies/more/clocks.yaml': part };
  const policy = load(head, files);
  t.equal(policy.clocks.length, 1);
  t.not(load(head, { 'policies/more/clocks.yaml': part.replace('2h', '3h') }).hash, policy.hash);
  const [error] = errorsOf(head, { 'policies/more/clocks.yaml': part.replace('2h', '2x') });
  t.match(error, { file: 'policies/more/clocks.yaml', line: 3, key: 'clocks[0].target' });
});

t.test('clocks that pause alike share a pause; what tickets always heed is indexed', async t => {
  const policy = load(`version: 1
clocks:
  - rule: A
    on: ticket
    start: { becomes: { urgency: urgent } }
    stop: ticket.replied
    target: { by: customer.tier, values: { gold: 1h } }
    pause: &p { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }
    reopen: continue
  - { rule: B, on: ticket, start: ticket.created, stop: ticket.resolved, target: 4bd, pause: [*p, { from: ticket.flagged, to: ticket.resumed }] }
`);
  t.same(
    policy.clocks.map(one => one.pauses),
    [[0], [0, 1]],
  );
  t.same(policy.clocks[0]?.reads, ['urgency', 'customer.tier']);
  t.same(policy.byType.get('ticket.reopened')?.clocks, [0], 'only the clock that is reopened');
  t.same(policy.byType.get('ticket.waived')?.clocks, [0, 1]);
  t.same(policy.byType.get('ticket.merged')?.clocks, [0, 1]);
  t.same(policy.byType.get('ticket.resumed')?.pauses, [0, 1]);
  t.same(policy.byAttribute.get('ticket')?.get('customer.tier')?.clocks, [0]);
});

t.test('declared attributes are attributes', async t => {
  const policy = load(`version: 1
attributes: { vip: boolean, contract.level: number }
clocks:
  - { rule: A, on: ticket, when: { vip: true, contract.level: [1, 2] }, start: ticket.created, stop: ticket.replied, target: 1h }
`);
  t.same(policy.clocks[0]?.reads, ['vip', 'contract.level']);
  t.same(
    [...policy.attributes],
    [
      ['vip', 'boolean'],
      ['contract.level', 'number'],
    ],
  );
});

t.test('odd but allowed policies come with warnings', async t => {
  const result = loadFrom(`version: 1
clocks:
  - { rule: A, on: ticket, start: ticket.created, stop: ticket.replied, target: 2h, each: promise, reopen: restart }
`);
  t.equal(result.ok, true);
  t.match(result.ok ? result.warnings : [], [/reopen.*no effect/]);
});

t.test('groupings, statistics and levels', async t => {
  const policy = load(`version: 1
clocks:
  - { rule: A, on: call, start: call.queued, stop: call.answered, target: 20s }
indicators:
  - { rule: I1, p95: waitSeconds, of: call.answered, window: 1h, every: 5s, by: [queue, team] }
  - { rule: I2, clock: A, window: 30s, by: [[queue], [queue, team]] }
  - { rule: I3, share: category, of: ticket.created, window: 7d, by: product }
  - { rule: I4, level: { on: ticket, when: [{ status: [open, pending] }] }, by: [queue], alert: { above: 100, clear: 90 } }
  - { rule: I5, level: { on: call, from: call.queued, to: call.answered, longest: true }, alert: { above: 2m } }
`);
  const [i1, i2, i3, i4, i5] = policy.indicators;
  t.match(i1, { unit: 'seconds', paneMs: 5000, by: [['queue', 'team']], reads: ['queue', 'team'] });
  t.match(i2, {
    unit: 'ratio',
    paneMs: 1000,
    by: [['queue'], ['queue', 'team']],
    measure: { kind: 'clock', clock: 0 },
  });
  t.match(i3, {
    measure: { kind: 'share', field: 'category' },
    reads: ['product', 'category'],
    by: [['product']],
  });
  t.match(i4, { unit: 'count', windowMs: 0, reads: ['queue', 'status'], alert: { above: 100, clear: 90 } });
  t.match(i5, { unit: 'seconds', alert: { above: 120, clear: 120 } });
  t.same(policy.byAttribute.get('ticket')?.get('status')?.indicators, [3]);
  t.same(policy.byType.get('call.queued'), { clocks: [0], pauses: [], indicators: [4] });
});
