// Accounts as timelines: a case as it happened, and the sentences that an account makes of it. Sentences are compared
// whole, without their date where that is the day of the table.
import t from 'tap';
import { account, said } from '../support/accounts.ts';
import { policyOf } from '../support/timeline.ts';

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
    /目标 24小时（日历“always”），到期 11-17 09:00$/,
    /^15:00 ticket\.updated \[e001\] 将目标改为 7天（distance: local → other_province）；到期由 /,
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

t.test('the rings of a call stand with what stopped its clock', async t => {
  const policy = policyOf(
    '  - { rule: R, on: call, start: call.ringing, stop: call.answered, cancel: call.abandoned, target: 15s }',
  );
  const table = '09:00 call.ringing\n09:00:20 call.answered rings=5';
  t.match(
    said(policy, table).at(-1),
    /ended by call\.answered \[e001\], after 5 rings: missed, late by 5 s$/,
  );
  t.match(said(policy, table, 'zh').at(-1), /call\.answered \[e001\] 停止计时（响铃5次）：未达标，超时 5秒$/);
  t.match(account(policy, table).steps.at(-1), { kind: 'missed', rings: 5 });
  t.match(
    said(policy, '09:00 call.ringing\n09:00:04 call.answered rings=1').at(-1),
    /stopped by call\.answered \[e001\], after 1 ring: met, 11 s before it was due$/,
  );
  t.equal(account(policy, '09:00 call.ringing\n09:00:04 call.answered').steps.at(-1)?.rings, null);
});

t.test('Chinese: one pair of brackets at a place, and units close to their numbers', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    when: { kind: complaint }
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { normal: 2bd, high: 1bd@same-time, urgent: 30m }, else: 1h }
`);
  const table = `
    09:00 created kind=problem
    09:05 updated kind=complaint
    09:10 updated urgency=urgent
    09:15 updated urgency=normal
    09:20 updated urgency=high
    09:30 resolved
  `;
  const steps = said(policy, table, 'zh');
  t.same(steps.slice(1, 5), [
    '09:05 ticket.updated [e001] 起规则适用（kind: problem → complaint；目标 1小时，日历“always”）；到期 10:00',
    '09:10 ticket.updated [e002] 将目标改为 30分钟（urgency: ∅ → urgent）；到期由 10:00 改为 09:30',
    '09:15 ticket.updated [e003] 将目标改为 2个工作日（urgency: urgent → normal）；到期由 09:30 改为 11-19 00:00',
    '09:20 ticket.updated [e004] 将目标改为 1个工作日后的同一时刻（urgency: normal → high）；到期由 11-19 00:00 改为 11-17 09:00',
  ]);
  t.same(
    steps.filter(text => /[(]|）（|\d (秒|分|小时|天|个|次)/.test(text)),
    [],
  );
  t.match(
    said(policy, table)[1],
    /^09:05 the rule applies since ticket\.updated \[e001\] \(kind: problem → complaint\), target 1 h of /,
  );
});
