// Trying a policy on the past: two policies compared, a target suggested, a summary.
import t from 'tap';
import { Comparison } from '../../src/backtest/compare.ts';
import { outcomesOfCase, stateAt } from '../../src/backtest/outcomes.ts';
import { SpillSpace } from '../../src/backtest/spill.ts';
import { roundedUp, Suggester } from '../../src/backtest/suggest.ts';
import { Tally } from '../../src/backtest/tally.ts';
import { comparisonText, suggestionText, summaryText } from '../../src/cli/backtest-output.ts';
import type { Fields, SlaEvent } from '../../src/contract/event.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { policyOf } from '../support/timeline.ts';

const NINE = Date.UTC(2026, 10, 16, 9);
const MINUTE = 60_000;

function event(minute: number, name: string, id: string, fields: Fields = {}): SlaEvent {
  return {
    id: `${name}-${id}-${minute}`,
    source: '/t',
    type: `ticket.${name}`,
    entity: 'ticket',
    case: id,
    time: NINE + Math.round(minute * MINUTE),
    fields,
    digest: '',
  };
}

function compare(before: CompiledPolicy, after: CompiledPolicy, cases: readonly SlaEvent[][]): Comparison {
  const comparison = new Comparison(before, after, new SpillSpace(), NINE + 1_000 * MINUTE);
  for (const events of cases) comparison.add(events);
  return comparison;
}

const rule = (name: string, target: string, more = '') =>
  `  - { rule: ${name}, on: ticket, start: ticket.created, stop: ticket.replied, target: ${target}${more} }`;

t.test('which clocks end otherwise, which cases turn, how shares move', async t => {
  const cases = [
    [event(0, 'created', 'a', { queue: 'p' }), event(15, 'replied', 'a')],
    [event(0, 'created', 'b', { queue: 'q' }), event(25, 'replied', 'b')],
    [event(0, 'created', 'c', { queue: 'q' }), event(5, 'replied', 'c')],
    [event(0, 'created', 'd', { queue: 'q' }), event(25 * 60, 'replied', 'd')],
  ];
  const comparison = compare(
    policyOf([rule('R', '20m'), rule('S', '20m')].join('\n')),
    policyOf([rule('R', '10m'), rule('S', '30m'), rule('N', '1h')].join('\n')),
    cases,
  );
  t.same(
    [...comparison.cycles.sorted()].map(line => `${line.case} ${line.rule} ${line.before} ${line.after}`),
    ['a N null met', 'a R met missed', 'b N null met', 'b S missed met', 'c N null met', 'd N null overdue'],
  );
  t.same(
    [...comparison.cases.sorted()].map(line => `${line.case} ${line.before} ${line.after}`),
    ['a met missed'],
  );
  t.same(comparison.turned, { missed: 1, met: 0 });
  t.same(
    comparison
      .compliance()
      .map(({ by, name, beforeMet, beforeJudged, afterMet, afterJudged }) =>
        [by, name, `${beforeMet}/${beforeJudged}`, `${afterMet}/${afterJudged}`].join(' '),
      ),
    [
      'all  4/8 7/12',
      'rule N 0/0 3/4',
      'rule R 2/4 1/4',
      'rule S 2/4 3/4',
      'queue p 2/2 2/3',
      'queue q 2/6 5/9',
      'month 2026-11 4/8 7/12',
    ],
  );
});

t.test('a share that is exact to two digits is told as it is', async t => {
  const cases = Array.from({ length: 100 }, (_, i) => {
    const id = `T-${i}`;
    return [event(0, 'created', id), event(i < 57 ? 5 : 15, 'replied', id)];
  });
  const text = [...comparisonText(compare(policyOf(rule('R', '10m')), policyOf(rule('R', '20m')), cases))];
  t.ok(
    text.some(line => line.endsWith('57.00% (57 of 100) → 100.00% (100 of 100)  +43.00 points')),
    text.at(4) ?? '',
  );
});

t.test('cycles are paired by their start, not by their number', async t => {
  const life = [
    event(0, 'updated', 'a', { category: 'x' }),
    event(1, 'created', 'a'),
    event(40, 'replied', 'a'),
  ];
  const comparison = compare(
    policyOf(rule('R', '20m')),
    policyOf(
      '  - { rule: R, on: ticket, start: [{ becomes: { category: x } }, ticket.resumed], stop: [ticket.replied, ticket.created], target: 20m }',
    ),
    [life],
  );
  t.same(
    [...comparison.cycles.sorted()].map(
      line => `${line.startedAt.slice(14, 16)} ${line.before} ${line.after}`,
    ),
    ['00 null met', '01 missed null'],
  );
});

t.test('what is measured over evidence breaks no case and is in no total', async t => {
  const evidence = rule('E', '1m', ', evidence: true');
  const cases = [
    [event(0, 'created', 'a', { queue: 'q' }), event(15, 'replied', 'a')],
    [event(0, 'created', 'b', { queue: 'q' }), event(5, 'replied', 'b')],
  ];
  const comparison = compare(
    policyOf(`${rule('R', '20m')}\n${evidence}`),
    policyOf(`${rule('R', '10m')}\n${evidence}`),
    cases,
  );
  t.same(comparison.turned, { missed: 1, met: 0 });
  t.match(comparison.compliance(), [
    { by: 'all', beforeMet: 2, beforeJudged: 2, afterMet: 1, afterJudged: 2 },
    { by: 'rule', name: 'E', beforeMet: 0, beforeJudged: 2, evidence: ['before', 'after'] },
    { by: 'rule', name: 'R', beforeMet: 2, beforeJudged: 2, evidence: [] },
    { by: 'queue', name: 'q', beforeMet: 2, beforeJudged: 2 },
  ]);
  const text = [...comparisonText(comparison)];
  t.ok(text.some(line => / E .*\(evidence: in no total\)$/.test(line)));
  t.notOk(text.some(line => / R .*evidence/.test(line)));
  const anew = compare(policyOf(evidence), policyOf(rule('E', '1m')), cases);
  t.match(anew.compliance(), [
    { by: 'all', beforeJudged: 0, afterJudged: 2 },
    { name: 'E', evidence: ['before'] },
  ]);
  t.ok([...comparisonText(anew)].some(line => line.endsWith('(evidence before: in no total there)')));
});

t.test('alerts that come more or less', async t => {
  const indicator = (above: string) =>
    `indicators:\n  - { rule: I, clock: R, window: 60m, every: 10m, alert: { below: ${above}, clear: 95% } }`;
  const cases = [
    [event(0, 'created', 'a'), event(5, 'replied', 'a')],
    [event(0, 'created', 'b'), event(15, 'replied', 'b')],
  ];
  const comparison = compare(
    policyOf(rule('R', '20m'), indicator('90%')),
    policyOf(rule('R', '10m'), indicator('90%')),
    cases,
  );
  t.match(comparison.alerts(), [
    { rule: 'I', group: 'all', beforeCount: 0, afterCount: 1, gone: [], new: [/T09:/] },
  ]);
});

t.test('suggested targets keep the share that they promise, and nothing less does', async t => {
  const text = (target: string) =>
    `  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, cancel: ticket.cancelled, pause: { from: ticket.pending, to: ticket.resumed }, target: ${target}, calendar: office }`;
  const cases = Array.from({ length: 50 }, (_, i) => {
    const id = `T-${i}`;
    // Some are cancelled, early or late, one is merged away, and one is open since the day before the end.
    const end = i % 9 === 4 ? 'cancelled' : i === 30 ? 'merged' : i === 41 ? 'updated' : 'replied';
    const begun = end === 'updated' ? 2 * 24 * 60 + 30 : 0;
    const life = [event(begun, 'created', id)];
    if (i % 4 === 0) life.push(event(begun + i, 'pending', id), event(begun + i + 30, 'resumed', id));
    const minutes = Math.round((i * i) / 3) + 1 + (i % 4 === 0 ? 30 : 0);
    return [...life, event(begun + minutes, end, id)].sort((a, b) => a.time - b.time);
  });
  const until = NINE + 3 * 24 * 60 * MINUTE;
  const policy = policyOf(text('1h'));
  const [clock] = policy.clocks;
  if (clock === undefined) throw new Error('no clock');
  const suggester = new Suggester(policy, clock, until);
  for (const events of cases) suggester.add(events);
  const [all] = suggester.suggestions();
  if (all === undefined) throw new Error('no suggestion');
  t.match(all, { stopped: 42, open: 1, cancelled: 3, missed: 4 });
  const keptWith = (target: string): number => {
    const other = policyOf(text(target));
    const tally = new Tally(other);
    for (const events of cases) {
      const state = stateAt(other, events, until);
      if (state !== null) tally.add(state, outcomesOfCase(state, until), until);
    }
    return tally.total.met / tally.total.judged;
  };
  for (const share of [80, 90, 95, 99] as const) {
    const target = all.targets[share] ?? 0;
    t.ok(keptWith(`${target / 1000}s`) >= share / 100, `${share} % with ${target} ms`);
    t.ok(keptWith(`${(target - 1000) / 1000}s`) < share / 100, `less with a second less`);
  }
  const days = policyOf(text('1bd'));
  const other = new Suggester(days, days.clocks[0] ?? clock, until);
  for (const events of cases) other.add(events);
  const [inDays] = other.suggestions();
  t.equal(inDays?.unit, 'business-days');
  t.ok(keptWith(`${inDays?.targets[90]}bd`) >= 0.9);
  t.ok(keptWith(`${(inDays?.targets[90] ?? 0) - 1}bd`) < 0.9);
});

t.test('a target that only its else gives in business days is suggested in business days', async t => {
  const policy = policyOf(rule('R', '{ by: region, values: {}, else: 4bd }'));
  const [clock] = policy.clocks;
  if (clock === undefined) throw new Error('no clock');
  const suggester = new Suggester(policy, clock, NINE + 1_000 * MINUTE);
  suggester.add([event(0, 'created', 'a'), event(15, 'replied', 'a')]);
  const [all] = suggester.suggestions();
  t.equal(all?.unit, 'business-days');
  t.equal(all?.targets[80], 0, 'by the close of the day on which it came');
});

t.test(
  'a cycle counts under the value that chose its target, whatever the case has become since',
  async t => {
    const policy = policyOf(rule('R', '{ by: urgency, values: { normal: 1h, urgent: 1h }, else: 2h }'));
    const [clock] = policy.clocks;
    if (clock === undefined) throw new Error('no clock');
    const suggester = new Suggester(policy, clock, NINE + 1_000 * MINUTE);
    suggester.add([
      event(0, 'created', 'a', { urgency: 'normal' }),
      event(15, 'replied', 'a'),
      event(20, 'updated', 'a', { urgency: 'urgent' }),
    ]);
    suggester.add([
      event(0, 'created', 'b', { urgency: 'normal' }),
      event(5, 'updated', 'b', { urgency: 'urgent' }),
      event(40, 'replied', 'b'),
    ]);
    suggester.add([event(0, 'created', 'c', { urgency: 'odd' }), event(30, 'replied', 'c')]);
    suggester.add([event(0, 'created', 'd'), event(50, 'replied', 'd')]);
    t.same(
      suggester.suggestions().map(({ value, stopped, targets }) => [value, stopped, targets[99]]),
      [
        [null, 4, 50 * MINUTE],
        ['', 1, 50 * MINUTE],
        ['normal', 1, 15 * MINUTE],
        ['odd', 1, 30 * MINUTE],
        ['urgent', 1, 40 * MINUTE],
      ],
    );
  },
);

t.test('what was not stopped is counted in a suggestion, and its text is rounded up', async t => {
  const policy = policyOf(
    '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, cancel: ticket.cancelled, target: 1h }',
  );
  const [clock] = policy.clocks;
  if (clock === undefined) throw new Error('no clock');
  const suggester = new Suggester(policy, clock, NINE + 200 * MINUTE);
  const ends: readonly (readonly [name: string, minutes: number] | null)[] = [
    ['replied', 75.80192],
    ['cancelled', 90],
    ['cancelled', 30],
    ['waived', 10],
    null,
  ];
  for (const [i, end] of ends.entries()) {
    const life = [event(0, 'created', `T-${i}`)];
    if (end !== null) life.push(event(end[1], end[0], `T-${i}`, end[0] === 'waived' ? { rule: 'R' } : {}));
    suggester.add(life);
  }
  const found = suggester.suggestions();
  t.match(found, [{ stopped: 1, open: 1, missed: 1, cancelled: 1, waived: 1 }]);
  const text = [...suggestionText('R', found)];
  t.equal(
    text[0],
    'R: 1 cycle was stopped; besides: 1 open, 1 missed and ended without a stop, 1 cancelled, 1 waived',
  );
  const byValue = found.flatMap(one => ['gold', ''].map(value => ({ ...one, value })));
  t.match(
    [...suggestionText('R', byValue, 'customer.tier')].filter(line => /were|was/.test(line)),
    [/^customer\.tier = gold: 1 cycle/, /^no customer\.tier: 1 cycle/],
  );
  t.ok(text.includes('    p50 1 h 15 min 49 s'));
  t.ok(text.includes('    80%  3 h 20 min'), 'less would find the open one overdue');
  t.ok(text.some(line => line.includes('rounded up')));
  const rounded = found.map(one => ({ ...one, targets: { 80: 4_548_116, 90: 1, 95: 1, 99: 1 } }));
  const alone = [...suggestionText('R', rounded)];
  t.ok(alone.includes('    80%  1 h 20 min'), 'a target that somebody would write');
  t.same([59_001, 61_000, 3_601_000, 86_400_001].map(roundedUp), [60_000, 120_000, 3_900_000, 90_000_000]);
});

t.test('shares are exact, and stand in a column behind names of any width', async t => {
  const policy = policyOf(rule('R', '1h', ', objective: { share: 57%, window: 28d }'));
  const tally = new Tally(policy);
  const until = NINE + 100 * MINUTE;
  for (let i = 0; i < 100; i++) {
    const queue = i % 2 === 0 ? '应用支持二线' : 'network-and-vpn';
    const life = [event(0, 'created', `T-${i}`, { queue }), event(i < 57 ? 5 : 90, 'replied', `T-${i}`)];
    const state = stateAt(policy, life, until);
    if (state !== null) tally.add(state, outcomesOfCase(state, until), until);
  }
  const text = [...summaryText(tally)];
  t.equal(text[0], '100 cases; met 57.00% (57 of 100)', 'not 56.99%');
  t.ok(text.includes('  R            57.00% (57 of 100), objective 57% kept'), text.join('\n'));
  t.ok(text.includes('  network-and-vpn 56.00% (28 of 50)'), text.join('\n'));
  t.ok(text.includes('  应用支持二线    58.00% (29 of 50)'), text.join('\n'));
});
