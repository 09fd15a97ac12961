// What an explanation tells of rules: those that just missed, the days that one counts, how an ended case is shown.
import t from 'tap';
import { explanationText } from '../../src/cli/explain-text.ts';
import type { Entity, Fields, SlaEvent } from '../../src/contract/event.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import { NEAR_MISSES_MAX, nearMisses } from '../../src/engine/near-miss.ts';
import { caseSummary } from '../../src/server/case-view.ts';
import { policyOf } from '../support/timeline.ts';

const POLICY = policyOf(`
  - rule: OTHER
    title: { zh: 咨询, en: Query }
    on: ticket
    when: { kind: query }
    start: ticket.created
    stop: ticket.resolved
    target: 1h
  - rule: URGENT
    title: { zh: 紧急, en: Urgent }
    on: ticket
    when: &urgent { urgency: [urgent, critical] }
    start: { becomes: *urgent }
    stop: ticket.resolved
    target: 1h
  - rule: NORMAL
    title: { zh: 一般, en: Normal }
    on: ticket
    when: { urgency: normal }
    start: ticket.created
    stop: ticket.resolved
    target: 2h
  - { rule: SOLVED, on: ticket, start: { becomes: { status: resolved } }, stop: ticket.confirmed, target: 2h }
  - { rule: LATER, on: ticket, start: ticket.promised, stop: ticket.resolved, target: 2h }
  - { rule: BY, on: ticket, start: ticket.replied, stop: ticket.resolved, target: { by: severity, values: { high: 1h } } }
  - { rule: CALL, on: call, start: call.queued, stop: call.answered, cancel: call.ended, target: 30s }
`);

function stateOf(
  entity: Entity,
  events: readonly (readonly [name: string, fields: Fields])[],
  policy = POLICY,
) {
  const life = events.map(
    ([name, fields], i): SlaEvent => ({
      id: String(i),
      source: '/t',
      type: `${entity}.${name}`,
      entity,
      case: 'T',
      time: i * 1000,
      fields,
      digest: '',
    }),
  );
  return restoreCase(policy, entity, 'T', life, 60_000, 60_000);
}

t.test('what was found and what the rule takes, likely slips first', async t => {
  const { rules, unlisted } = nearMisses(stateOf('ticket', [['created', { urgency: 'Urgent' }]]));
  t.same(
    rules.map(({ rule, text: { en } }) => `${rule} ${en}`),
    [
      'URGENT urgency is "Urgent", it takes urgent/critical (written otherwise)',
      'NORMAL urgency is "Urgent", it takes normal',
      'OTHER kind is missing, it takes query',
    ],
    'nothing of a rule whose start did not come',
  );
  t.equal(rules[0]?.text.zh, 'urgency 为“Urgent”，须为 urgent/critical（大小写或空格不同）');
  t.same(rules[2]?.unmet, [{ attribute: 'kind', found: null, wanted: ['query'] }]);
  t.equal(unlisted, 0);
});

t.test('nothing of a rule that ran; a value without a target; a bounded list', async t => {
  const ran = nearMisses(stateOf('ticket', [['created', { urgency: 'normal', kind: 'query' }]]));
  t.same(
    ran.rules.map(({ rule }) => rule),
    ['URGENT'],
  );
  const by = nearMisses(stateOf('ticket', [['replied', { severity: 'low' }]]));
  t.match(by.rules, [{ rule: 'BY', text: { en: 'severity is "low", it takes high' } }]);
  const many = policyOf(
    Array.from(
      { length: NEAR_MISSES_MAX + 3 },
      (_, i) =>
        `  - { rule: R${i}, on: ticket, when: { kind: k${i} }, start: ticket.created, stop: ticket.resolved, target: 1h }`,
    ).join('\n'),
  );
  const bounded = nearMisses(stateOf('ticket', [['created', {}]], many));
  t.equal(bounded.rules.length, NEAR_MISSES_MAX);
  t.equal(bounded.unlisted, 3);
});

t.test('as text: all where no clock has run, only slips beside clocks that have', async t => {
  const say = (fields: Fields, language: 'zh' | 'en') => {
    const state = stateOf('ticket', [['created', fields]]);
    return explanationText(state, explainCase(state, 60_000), 60_000, language);
  };
  t.match(
    say({ urgency: 'Urgent' }, 'en'),
    /No clock has run\.\n\nRules whose start came .*:\n {2}URGENT Urgent: /,
  );
  t.match(
    say({ urgency: 'Urgent' }, 'zh'),
    /未适用的规则（开始事件已到，条件不符）：\n {2}URGENT 紧急：urgency 为/,
  );
  const beside = say({ urgency: 'Urgent', kind: 'query' }, 'en');
  t.match(beside, /not what was meant:\n {2}URGENT Urgent: /);
  t.notMatch(beside, /NORMAL/);
  t.match(
    beside,
    /\njudged by policy test \([0-9a-f]{12}\) from its first event on, as if each had come in at its time\n/,
  );
});

t.test(
  'a value of an own attribute that no rule takes is told beside clocks that have run, and once',
  async t => {
    const policy = policyOf(
      `
  - { rule: FIRST, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h }
  - { rule: P1, on: ticket, when: { prio: P1 }, start: ticket.created, stop: ticket.resolved, target: 4h }
  - rule: REST
    on: ticket
    when: { prio: [P2, P3] }
    start: ticket.created
    stop: ticket.resolved
    target: { by: prio, values: { P2: 8h, P3: 3d } }
  - { rule: SOFA, on: ticket, when: { product: [sofa, bed] }, start: ticket.created, stop: ticket.resolved, target: 8h }
`,
      'attributes: { prio: string }',
    );
    const found = (fields: Fields) =>
      nearMisses(stateOf('ticket', [['created', fields]], policy))
        .rules.filter(({ slip }) => slip)
        .map(({ rule, text: { en } }) => `${rule} ${en}`);
    t.same(found({ prio: 'P5', product: 'table' }), [
      'P1 prio is "P5", it takes P1 (which no rule takes)',
      'REST prio is "P5", it takes P2/P3 (which no rule takes)',
    ]);
    t.same(found({ prio: 'p2', product: 'bed' }), ['REST prio is "p2", it takes P2/P3 (written otherwise)']);
    t.same(found({ prio: 'P1', product: 'bed' }), []);
  },
);

t.test('a call that has ended is shown so, whatever its attribute says', async t => {
  const state = stateOf('call', [
    ['queued', {}],
    ['answered', {}],
    ['ended', {}],
  ]);
  t.equal(state.fold.attributes.status, 'open');
  t.equal(caseSummary(state, 60_000).status, 'ended');
  t.match(explanationText(state, [], 60_000, 'en'), /^call T \(ended\) /);
  t.match(explanationText(state, [], 60_000, 'zh'), /^通话 T \(已结束\) /);
  t.equal(caseSummary(stateOf('call', [['queued', {}]]), 60_000).status, 'open');
});

t.test('the days that count and those left out stand on lines of their own', async t => {
  const policy = policyOf(
    '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 2bd, calendar: office }',
  );
  const state = stateOf('ticket', [['created', {}]], policy);
  const text = explanationText(state, explainCase(state, 60_000), 60_000, 'en');
  t.match(
    text,
    /\n {2}business days counted: 01-02 Fri, 01-05 Mon;\n {4}the starting day does not count;\n {4}weekend left out: /,
  );
  t.match(text, /\n {2}what would stop it: ticket\.resolved\n/);
});
