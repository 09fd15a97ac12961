// Who was told of what, and when, as accounts have it: in time, late, not at all, and what did not last.
import t from 'tap';
import { account, said } from '../support/accounts.ts';
import { policyOf } from '../support/timeline.ts';

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
    '09:20 the rule does not apply any more since ticket.updated [e001] (kind: complaint → problem)',
    '09:30 warning: 50% of the target used; known only since 09:40',
    '09:40 the rule applies again since ticket.updated [e002] (kind: problem → complaint), as if it always had',
    '10:00 due instant passed: breached, supervisor told',
    '10:30 ended by ticket.department_assigned [e003]: missed, late by 30 min',
  ]);
  t.match(said(COMPLAINT, table, 'zh')[3], /起规则再次适用（kind: problem → complaint），视同从未中断$/);
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

t.test('a breach that was told and taken back is told, and by what', async t => {
  const table = `
    09:00 created kind=complaint
    11:00 updated kind=problem
    until 12:00
  `;
  t.same(said(COMPLAINT, table), [
    '09:00 started by ticket.created [e000]; target 1 h of calendar "always", due 10:00',
    '09:30 warning: 50% of the target used; it does not hold any more since ticket.updated [e001] at 11:00',
    '10:00 due instant passed: breached, supervisor told; taken back at 11:00 by ticket.updated [e001]',
    '11:00 the rule does not apply any more since ticket.updated [e001] (kind: complaint → problem)',
    '11:00 cancelled by ticket.updated [e001]',
  ]);
  t.same(said(COMPLAINT, table, 'zh').slice(1, 4), [
    '09:30 预警：已用 50%；11:00 ticket.updated [e001] 后不再成立',
    '10:00 到期未完成：超时，通知主管；11:00 由 ticket.updated [e001] 撤回',
    '11:00 ticket.updated [e001] 后规则不再适用（kind: complaint → problem）',
  ]);
  t.match(account(COMPLAINT, table).steps.slice(1, 4), [
    { kind: 'warned', takenBackAt: null, takenBackBy: null },
    {
      kind: 'breached',
      event: null,
      told: ['supervisor'],
      takenBackAt: '2026-11-16T11:00:00.000Z',
      takenBackBy: { type: 'ticket.updated', id: 'e001' },
    },
    { kind: 'hidden', changes: [{ path: 'kind', from: 'complaint', to: 'problem' }] },
  ]);
  const again = account(
    COMPLAINT,
    `${table.replace('until 12:00', '11:10 updated kind=complaint')}until 12:00`,
  );
  t.same(
    again.steps.filter(({ kind }) => kind === 'breached').map(({ takenBackAt }) => takenBackAt),
    [null],
    'what holds again is not told as taken back',
  );
});

t.test('a longer target takes back a breach, and leaves what was warned and escalated', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { normal: 4h, urgent: 1h } }
    warn: [50%]
    ladder: [{ after: 0s, to: supervisor }, { after: 30m, to: manager }]
    reopen: continue
`);
  const table = `
    09:00 created urgency=urgent
    10:45 updated urgency=normal
    until 13:10
  `;
  t.same(said(policy, table).slice(1), [
    '09:30 warning: 50% of the target used; it does not hold any more since ticket.updated [e001] at 10:45',
    '10:00 due instant passed: breached, supervisor told; taken back at 10:45 by ticket.updated [e001]',
    '10:30 escalated to manager; it does not hold any more since ticket.updated [e001] at 10:45',
    '10:45 ticket.updated [e001] changed the target to 4 h (urgency: urgent → normal); due moved from 10:00 to 13:00',
    '11:00 warning: 50% of the target used',
    '13:00 due instant passed: breached, supervisor told',
  ]);
  const reopened = `
    09:00 created urgency=urgent
    10:20 resolved
    10:25 updated urgency=normal
    10:30 reopened
    until 11:30
  `;
  t.match(
    said(policy, reopened).find(text => text.includes('breached')),
    /^10:00 .* taken back at 10:30 by ticket\.reopened \[e003\]$/,
  );
});

t.test('what a merge ends stays told', async t => {
  const merged = '09:00 created kind=complaint\n11:00 merged\nuntil 12:00';
  t.match(said(COMPLAINT, merged).slice(2), [
    /^10:00 due instant passed: breached, supervisor told$/,
    /^11:00 cancelled by ticket\.merged/,
  ]);
});
