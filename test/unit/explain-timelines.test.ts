// Accounts as timelines: a case as it happened, and the sentences that an account makes of it. Sentences are compared
// whole, without their date where that is the day of the table.
import t from 'tap';
import type { ClockView } from '../../src/engine/account.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { parseTable, policyOf } from '../support/timeline.ts';

/** The accounts of a table's case, as of its `until`. */
function accounts(policy: CompiledPolicy, table: string): ClockView[] {
  const { events, until } = parseTable(table);
  const [first] = events;
  if (first === undefined) throw new Error('no events');
  return explainCase(restoreCase(policy, first.entity, first.case, [...events], until, until), until);
}

function account(policy: CompiledPolicy, table: string, rule = 'R') {
  const view = accounts(policy, table).find(each => each.rule === rule);
  if (view === undefined || view.explanation === null) throw new Error(`no account of ${rule}`);
  return { ...view, ...view.explanation };
}

/** The steps' sentences; times of Monday, on which tables begin, stand without their date and all without seconds. */
function said(policy: CompiledPolicy, table: string, language: 'zh' | 'en' = 'en', rule = 'R'): string[] {
  return account(policy, table, rule).steps.map(({ text }) =>
    text[language]
      .replaceAll('2026-11-16 ', '')
      .replaceAll('2026-', '')
      .replaceAll(/(\d\d:\d\d):00\b/g, '$1'),
  );
}

function partsOf(policy: CompiledPolicy, table: string): string[] {
  return account(policy, table).parts.map(({ text }) => text.en);
}

const VISIT = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.visit_agreed
    target: { by: distance, values: { local: 24h, other_province: 7d } }
    reopen: continue
`);

t.test('a step names the target that held then', async t => {
  const moved = `
    09:00 created distance=local
    15:00 updated distance=other_province
    thu 09:00 visit_agreed
  `;
  t.same(said(VISIT, moved), [
    '09:00 started by ticket.created [e000]; target 24 h of calendar "always", due 11-17 09:00',
    '15:00 ticket.updated [e001] changed the target to 7 d (distance: local → other_province); due moved from 11-17 09:00 to 11-23 09:00',
    '11-19 09:00 stopped by ticket.visit_agreed [e002]: met, 4 d before it was due',
  ]);
  t.match(said(VISIT, moved, 'zh').slice(0, 2), [
    /目标 24 小时（日历“always”），到期 11-17 09:00$/,
    /^15:00 ticket\.updated \[e001\] 将目标改为 7 天 /,
  ]);
  t.same(
    account(VISIT, moved).steps.map(({ target }) => target),
    ['1d', '7d', null],
  );
  t.match(
    said(
      VISIT,
      `
        09:00 created
        10:00 updated distance=local
        11:00 visit_agreed
        12:00 updated distance=other_province
        13:00 reopened
      `,
    ),
    [
      /^09:00 started .* did not apply yet$/,
      /^10:00 the rule applies since .*, target 24 h of calendar "always"; due 11-17 09:00$/,
      /^11:00 stopped by ticket\.visit_agreed \[e002\], until it was reopened at 13:00$/,
      /^13:00 reopened by /,
      /^13:00 .* does not count, the target is 7 d now; due moved from 11-17 09:00 to 11-23 11:00$/,
    ],
  );
});

const COMPLAINT = policyOf(`
  - rule: R
    on: ticket
    when: { kind: complaint }
    start: ticket.created
    stop: ticket.department_assigned
    target: 1h
    warn: [50%]
    ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]
`);

t.test('nobody was told of what became known more than an hour late', async t => {
  const table = `
    09:00 created kind=problem
    wed 09:00 updated kind=complaint
    wed 09:10 department_assigned
  `;
  t.same(said(COMPLAINT, table).slice(1, 4), [
    '09:30 warning: 50% of the target used; known only since 11-18 09:00, more than an hour later: nobody was warned',
    '10:00 due instant passed: breached; known only since 11-18 09:00, more than an hour later: nobody was told',
    '12:00 escalation to manager fell due; known only since 11-18 09:00, more than an hour later: nobody was told',
  ]);
  t.same(said(COMPLAINT, table, 'zh').slice(1, 4), [
    '09:30 预警：已用 50%；11-18 09:00 才得知，已逾一小时，未向任何人预警',
    '10:00 到期未完成：超时；11-18 09:00 才得知，已逾一小时，未通知任何人',
    '12:00 应升级至经理；11-18 09:00 才得知，已逾一小时，未通知任何人',
  ]);
  for (const step of account(COMPLAINT, table).steps.slice(1, 4))
    t.match(step, { knownAt: '2026-11-18T09:00:00.000Z', told: [] }, step.kind);
});

t.test('late, but within the hour, people were told then', async t => {
  const table = `
    09:00 created kind=problem
    11:00 updated kind=complaint
    until 13:00
  `;
  t.same(said(COMPLAINT, table).slice(2), [
    '10:00 due instant passed: breached; known only since 11:00, supervisor told then',
    '11:00 the rule applies since ticket.updated [e001] (kind: problem → complaint), target 1 h of calendar "always"; due 10:00',
    '12:00 escalated to manager',
  ]);
  t.equal(said(COMPLAINT, table, 'zh')[2], '10:00 到期未完成：超时；11:00 才得知，当时通知主管');
  const later = said(COMPLAINT, table.replace('11:00', '11:01'));
  t.match(later[2], /nobody was told$/, 'an hour is the bound');
  t.same(
    account(COMPLAINT, table)
      .steps.filter(({ told }) => told.length > 0)
      .map(({ kind, told }) => [kind, told]),
    [
      ['breached', ['supervisor']],
      ['escalated', ['manager']],
    ],
  );
});

t.test('who was told by the target of then was told', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { normal: 2h, urgent: 1h } }
    ladder: [{ after: 0s, to: supervisor }]
`);
  const table = `
    09:00 created urgency=normal
    15:00 updated urgency=urgent
    16:00 resolved
  `;
  t.match(
    said(policy, table)[1],
    /^10:00 .*; known only since 15:00, more than an hour later: nobody was told again; supervisor had been told at 11:00, by the due instant of then$/,
  );
  t.match(
    said(policy, table, 'zh')[1],
    /；15:00 才得知，已逾一小时，未再通知；此前已于 11:00 按原到期时间通知主管$/,
  );
  const hidden = `
    09:00 created kind=complaint
    14:00 updated kind=problem
    14:05 updated kind=complaint
    15:00 department_assigned
  `;
  t.match(said(COMPLAINT, hidden)[2], /^10:00 .*, supervisor told$/, 'once told, told');
});

t.test('nothing is called for at once where the case had ended when the rule was found to apply', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    when: { urgency: urgent }
    start: ticket.created
    stop: ticket.replied
    target: 1h
    atOnce: { action: emergency-plan, to: department-head }
`);
  const step = (table: string) => account(policy, table).steps.find(({ kind }) => kind === 'action');
  t.match(step('09:00 created\n09:10 replied\n09:20 updated urgency=urgent'), {
    told: [],
    text: {
      zh: /得知时已结束，未启动应急预案，也未通知部门负责人$/,
      en: /it had ended when it became known: nothing was called for at once \(start emergency plan, tell department head\)$/,
    },
  });
  t.match(step('09:00 created\n09:20 updated urgency=urgent\n09:30 replied'), {
    told: ['department-head'],
    text: { zh: /立即启动应急预案，通知部门负责人$/ },
  });
});

t.test('a rule that applies again', async t => {
  const table = `
    09:00 created kind=complaint
    09:20 updated kind=problem
    09:40 updated kind=complaint
    10:30 department_assigned
  `;
  t.same(said(COMPLAINT, table), [
    '09:00 started by ticket.created [e000]; target 1 h of calendar "always", due 10:00',
    '09:20 the rule does not apply any more since ticket.updated [e001]',
    '09:30 warning: 50% of the target used; known only since 09:40',
    '09:40 the rule applies again since ticket.updated [e002], as if it always had',
    '10:00 due instant passed: breached, supervisor told',
    '10:30 ended by ticket.department_assigned [e003]: missed, late by 30 min',
  ]);
  t.match(said(COMPLAINT, table, 'zh')[3], /起规则再次适用，视同从未中断$/);
  const other = policyOf(`
  - rule: R
    on: ticket
    when: { kind: complaint }
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 4h
`);
  t.match(
    account(
      other,
      `
        09:00 created kind=complaint
        10:00 updated kind=problem
        10:30 pending
        11:00 resumed
        11:30 updated kind=complaint
        12:00 resolved
      `,
    ).steps.find(({ kind }) => kind === 'shown'),
    { cause: 'gate', dueFrom: '2026-11-16T13:00:00.000Z', dueTo: '2026-11-16T13:30:00.000Z' },
    'one step also tells where the due instant is another',
  );
  t.match(
    said(
      COMPLAINT,
      '09:00 created kind=complaint\n09:20 updated kind=problem\n09:20 updated kind=complaint',
    ).slice(1),
    [
      /does not apply any more since ticket\.updated \[e001\]/,
      /applies again since ticket\.updated \[e002\]/,
    ],
    'events of one instant in their order',
  );
});

const REOPENED = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    calendar: office
    reopen: continue
    pause: { from: ticket.pending, to: ticket.resumed }
`);

t.test('stops that were undone, and pauses across them', async t => {
  const table = `
    09:30 created
    11:00 pending
    tue 14:00 resumed
    tue 17:30 pending
    wed 10:00 resolved
    wed 15:00 reopened
    wed 15:30 resumed
    thu 16:00 resolved
  `;
  t.same(
    said(REOPENED, table).filter(text => !/ due |missed/.test(text)),
    [
      '11:00 paused by ticket.pending [e001]',
      '11-17 14:00 resumed by ticket.resumed [e002]; 9 h of open time were paused',
      '11-17 17:30 paused by ticket.pending [e003]',
      '11-18 10:00 still paused at ticket.resolved [e004]; 1 h 30 min of open time were paused',
      '11-18 10:00 stopped by ticket.resolved [e004], until it was reopened at 11-18 15:00',
      '11-18 15:00 reopened by ticket.reopened [e005]; the clock goes on',
      '11-18 15:00 paused by ticket.pending [e003], on since 11-17 17:30',
      '11-18 15:30 resumed by ticket.resumed [e006]; 30 min of open time were paused',
    ],
  );
  t.match(
    said(REOPENED, table, 'zh')[5],
    /^11-18 10:00 ticket\.resolved \[e004\] 时仍在暂停；工作时间内暂停 1小时30分$/,
  );
  const { steps, pausedMs } = account(REOPENED, table);
  t.equal(
    steps.reduce((sum, step) => sum + (step.pausedMs ?? 0), 0),
    pausedMs,
  );
});

t.test('what ends while it is paused', async t => {
  const ended = '09:30 created\n11:00 pending\n14:30 resolved';
  t.match(said(REOPENED, ended).slice(1), [
    /^11:00 paused by ticket\.pending \[e001\]$/,
    /^14:30 still paused at ticket\.resolved \[e002\]; 2 h of open time were paused$/,
    /^14:30 paused time does not count; /,
    /^14:30 stopped by ticket\.resolved \[e002\]: met/,
  ]);
});

t.test('a pause is named by the event that began it, not by another of its instant', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    pause: { from: { type: ticket.pending, reason: parts }, to: { type: ticket.resumed, reason: parts } }
  - rule: OTHER
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    pause: { from: { type: ticket.pending, reason: customer }, to: { type: ticket.resumed, reason: customer } }
`);
  const table = `
    09:00 created
    10:00 pending reason=customer
    10:00 pending reason=parts
    11:00 resumed reason=customer
    11:00 resumed reason=parts
    12:00 resolved
  `;
  t.match(said(policy, table)[1], /paused by ticket\.pending \[e002\] \(parts\)$/);
  t.match(said(policy, table)[2], /resumed by ticket\.resumed \[e004\]/);
  t.match(said(policy, table, 'en', 'OTHER')[1], /paused by ticket\.pending \[e001\] \(customer\)$/);
});

t.test('a pause of no length names no other pause of its instant', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    pause:
      - { from: ticket.pending, to: ticket.resumed }
      - { from: ticket.escalated, to: ticket.informed }
`);
  const table = `
    09:00 created
    09:10 pending reason=customer
    09:10 resumed
    09:10 escalated
    09:20 informed
    12:00 resolved
  `;
  t.match(said(policy, table).slice(1, 3), [
    /^09:10 paused by ticket\.escalated \[e003\]$/,
    /^09:20 resumed by ticket\.informed \[e004\]; 10 min /,
  ]);
});

t.test('a pause is too late or not by the due instant of then', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { normal: 4h, urgent: 1h } }
    pause: { from: ticket.pending, to: ticket.resumed }
`);
  const table = `
    09:00 created urgency=normal
    11:00 pending
    12:00 resumed
    12:30 updated urgency=urgent
    until 13:00
  `;
  t.match(
    said(policy, table).find(text => text.includes('paused by')),
    /\[e001\]$/,
  );
});

const SOLVE = policyOf(
  '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 24h }',
);

t.test('time is charged to whoever had it', async t => {
  t.same(
    partsOf(
      SOLVE,
      `
        09:00 created queue=q1
        09:30 assigned agent=A1 team=repair
        10:00 assigned team=logistics
        11:00 handed_over from=team to=warehouse
        15:00 acknowledged by=agent
        until 15:30
      `,
    ),
    [
      'with team warehouse: 4 h 30 min',
      'with team logistics: 1 h',
      'waiting in queue q1: 30 min',
      'with agent A1 / repair: 30 min',
    ],
  );
  t.same(
    partsOf(
      SOLVE,
      `
        09:00 created queue=q1
        10:00 replied by=bot
        11:00 replied by=agent
        15:00 resolved
      `,
    ),
    ['with an agent: 4 h', 'waiting in queue q1: 2 h'],
    'a person who replied has taken it',
  );
});

t.test('who has it after a handover', async t => {
  const after = (row: string) =>
    partsOf(
      SOLVE,
      `09:00 created queue=q1\n09:01 assigned agent=A1 team=repair\n10:00 ${row}\nuntil 18:00`,
    )[0];
  t.same(
    [
      'handed_over from=agent to=bot',
      'handed_over from=agent to=agent',
      'handed_over from=agent to=agent agent=A2',
      'handed_over from=agent to=team team=south',
      'handed_over from=agent to=team',
      'handed_over from=agent to=south agent=A1',
      'handed_over from=agent to=south agent=A2',
      'assigned agent=A2',
      'assigned team=repair',
      'updated team=repair',
      'updated team=south',
      'replied by=agent',
    ].map(after),
    [
      'with the bot: 8 h',
      'with an agent: 8 h',
      'with agent A2 / repair: 8 h',
      'with team south: 8 h',
      'with team repair: 8 h',
      'with team south: 8 h',
      'with agent A2 / south: 8 h',
      'with agent A2 / repair: 8 h',
      'with team repair: 8 h',
      'with agent A1 / repair: 8 h 59 min',
      'with team south: 8 h',
      'with agent A1 / repair: 8 h 59 min',
    ],
  );
  t.same(
    partsOf(
      SOLVE,
      '09:00 created queue=q1\n10:00 handed_over from=bot to=agent\n12:00 replied by=agent\nuntil 18:00',
    ),
    ['with an agent: 6 h', 'waiting in queue q1: 3 h'],
    'what a bot hands over waits for the one who takes it',
  );
});

t.test('the rings of a call stand with what stopped its clock', async t => {
  const policy = policyOf(
    '  - { rule: R, on: call, start: call.ringing, stop: call.answered, cancel: call.abandoned, target: 15s }',
  );
  const table = '09:00 call.ringing\n09:00:20 call.answered rings=5';
  t.match(
    said(policy, table).at(-1),
    /ended by call\.answered \[e001\], after 5 rings: missed, late by 5 s$/,
  );
  t.match(
    said(policy, table, 'zh').at(-1),
    /call\.answered \[e001\] 停止计时（响铃 5 次）：未达标，超时 5秒$/,
  );
  t.match(account(policy, table).steps.at(-1), { kind: 'missed', rings: 5 });
  t.match(
    said(policy, '09:00 call.ringing\n09:00:04 call.answered rings=1').at(-1),
    /stopped by call\.answered \[e001\], after 1 ring: met, 11 s before it was due$/,
  );
  t.equal(account(policy, '09:00 call.ringing\n09:00:04 call.answered').steps.at(-1)?.rings, null);
});

t.test('how early or late: one measure, and named where the wall shows another', async t => {
  const policy = (target: string, calendar = 'office') =>
    policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: ${target}
    calendar: ${calendar}
    pause: { from: ticket.pending, to: ticket.resumed }
`);
  const end = (target: string, table: string, language: 'zh' | 'en' = 'en', calendar = 'office') =>
    said(policy(target, calendar), table, language).at(-1)?.replace(/^.*\]/, '');
  t.equal(
    end('0bd', '09:00 created\n19:30 resolved'),
    ': missed, late by 1 h 30 min, all of it outside hours',
  );
  t.equal(
    end('0bd', '09:00 created\n19:30 resolved', 'zh'),
    ' 停止计时：未达标，超时 1小时30分，均为非工作时间',
  );
  t.equal(
    end('1bd', '09:00 created\ntue 11:00 resolved'),
    ': met, 5 h 30 min of working time before it was due',
  );
  t.equal(
    end('1bd', '09:00 created\ntue 11:00 resolved', 'zh'),
    ' 停止计时：达标，距到期 5小时30分（工作时间）',
  );
  t.equal(end('1bd', '09:00 created\ntue 17:00 resolved'), ': met, 1 h before it was due');
  t.equal(end('2h', '09:00 created\n14:00 resolved'), ': missed, late by 1 h 30 min of working time');
  t.equal(
    end('3h', '09:00 created\n13:00 resolved'),
    ': missed, late by 1 h, all of it outside hours',
    'due at the close',
  );
  t.equal(end('24h', '09:00 created\ntue 08:00 resolved', 'en', 'always'), ': met, 1 h before it was due');
  t.equal(end('1h', '09:00 created\n10:00 resolved', 'en', 'always'), ': met, 0 s before it was due');
  t.equal(
    end('1h', '09:00 created\n10:00 pending\n11:00 resolved', 'en', 'always'),
    ': missed, late by 1 h, all of it paused',
  );
  t.equal(
    end('150m', '09:00 created\n11:30 pending\n13:00 resolved'),
    ': missed, late by 1 h 30 min, all of it outside hours or paused',
  );
});

t.test('what a margin leaves out is said: hours, pauses, stops', async t => {
  const policy = (calendar: string) =>
    policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 1h
    calendar: ${calendar}
    pause: { from: ticket.pending, to: ticket.resumed }
    reopen: continue
`);
  const margin = (table: string, calendar = 'always') => {
    const in2 = (language: 'zh' | 'en') =>
      said(policy(calendar), table, language)
        .at(-1)
        ?.replace(/^.*(: missed, |未达标，)/, '');
    return [in2('en'), in2('zh')];
  };
  const paused = '09:00 created\n10:10 pending\n10:40 resumed';
  t.same(margin(`${paused}\n11:00 resolved`), [
    'late by 30 min, not counting pauses',
    '超时 30分（不含暂停）',
  ]);
  t.same(
    margin(`${paused}\n11:00 resolved`, 'office'),
    ['late by 30 min, not counting pauses', '超时 30分（不含暂停）'],
    'hours make no difference within them',
  );
  t.same(margin(`${paused}\n14:00 resolved`, 'office'), [
    'late by 2 h of working time, not counting pauses',
    '超时 2小时（工作时间，不含暂停）',
  ]);
  t.same(margin('09:00 created\n12:30 pending\n13:00 resumed\n14:00 resolved', 'office'), [
    'late by 2 h 30 min of working time',
    '超时 2小时30分（工作时间）',
  ]);
  const stopped = '09:00 created\n10:10 resolved\n10:40 reopened';
  t.same(margin(`${stopped}\n11:00 resolved`), [
    'late by 30 min, not counting the time it was stopped',
    '超时 30分（不含停止期间）',
  ]);
  t.same(margin(`${stopped}\n10:50 pending\n10:55 resumed\n11:00 resolved`), [
    'late by 25 min, not counting pauses or the time it was stopped',
    '超时 25分（不含暂停和停止期间）',
  ]);
  t.same(
    margin('09:00 created\n10:00 resolved\n11:00 reopened\n11:00 resolved'),
    ['late by 1 h, all of it stopped', '超时 1小时，均为停止期间'],
    'a gap is no pause',
  );
});
