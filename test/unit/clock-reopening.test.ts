// What comes after the end of a cycle, sentence by sentence of the policy language: reopening, waivers, merges.
import t from 'tap';
import { policyOf, timeline } from '../support/timeline.ts';

const REPLY = `
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.replied
    cancel: ticket.cancelled
    target: 2h
`;

t.test('reopening', async t => {
  const with_ = (reopen: string, more = '') =>
    policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    cancel: ticket.cancelled
    pause: { from: ticket.pending, to: ticket.resumed }
    reopen: ${reopen}
    target: 2h
${more}`);
  timeline(
    t,
    'ignore: nothing',
    with_('ignore'),
    `
    09:00 created
    10:00 resolved
    11:00 reopened
    until 13:00
    = R 1 met end=10:00`,
  );
  timeline(
    t,
    'continue: the gap is in none of the times',
    with_('continue'),
    `
    09:00 created
    10:00 resolved
    11:00 reopened
    until 11:30
    = R 1 running start=09:00 due=12:00 end=- elapsed=1h30m paused=0
    > 09:00 R 1 started
    > 10:00 R 1 met
    > 11:00 R 1 reopened
    > 11:00 R 1 withdrawn`,
  );
  timeline(
    t,
    'continue: nor is a pause within the gap',
    with_('continue'),
    `
    09:00 created
    09:30 pending
    10:00 resolved
    10:30 resumed
    11:00 reopened
    11:15 pending
    11:30 resumed
    until 12:00
    = R 1 running start=09:00 due=12:45 elapsed=1h15m paused=45m`,
  );
  timeline(
    t,
    'continue: a due instant already passed stays',
    with_('continue'),
    `
    09:00 created
    11:30 resolved
    12:00 reopened
    until 12:30
    = R 1 overdue due=11:00 elapsed=3h overdue=1h`,
  );
  timeline(
    t,
    'restart: the next cycle, from that instant',
    with_('restart'),
    `
    09:00 created
    10:00 resolved
    11:00 reopened
    until 11:30
    = R 1 met end=10:00
    = R 2 running start=11:00 due=13:00`,
  );
  timeline(
    t,
    'none that a cancel ended',
    with_('continue'),
    `
    09:00 created
    10:00 cancelled
    11:00 reopened
    until 11:30
    = R 1 cancelled end=10:00`,
  );
  timeline(
    t,
    'none while `when` is false',
    with_('restart', '    when: { kind: repair }\n'),
    `
    09:00 created kind=repair
    10:00 resolved
    10:30 updated kind=query
    11:00 reopened
    until 11:30
    = R 1 met end=10:00`,
  );
  timeline(
    t,
    'only the latest, and before a start by the same event',
    policyOf(`
  - rule: R
    on: ticket
    start: [ticket.created, ticket.reopened]
    stop: ticket.resolved
    reopen: continue
    target: 2h
`),
    `
    09:00 created
    09:30 resolved
    10:00 created
    10:30 resolved
    11:00 reopened
    until 11:30
    = R 1 met start=09:00 end=09:30
    = R 2 running start=10:00 due=12:30`,
  );
  timeline(
    t,
    'continue follows the target again',
    policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    reopen: continue
    target: { by: urgency, values: { normal: 2h, urgent: 1h } }
`),
    `
    09:00 created urgency=normal
    09:30 resolved
    10:00 updated urgency=urgent
    10:30 reopened
    until 10:45
    = R 1 running start=09:00 due=11:00`,
  );
});

t.test('waivers and merges', async t => {
  const reply = policyOf(REPLY);
  timeline(
    t,
    'a waiver ends the open cycle',
    reply,
    `
    09:00 created
    10:00 waived rule=R why=storm
    11:00 replied
    until 12:00
    = R 1 waived end=10:00 elapsed=1h`,
  );
  timeline(
    t,
    'a late one too',
    reply,
    `
    09:00 created
    11:30 waived rule=R
    until 12:00
    = R 1 waived end=11:30 overdue=30m`,
  );
  timeline(
    t,
    'or else it changes the latest',
    reply,
    `
    09:00 created
    11:30 replied
    12:00 created
    14:30 replied
    15:00 waived rule=R
    until 16:00
    = R 1 missed end=11:30
    = R 2 waived start=12:00 end=14:30`,
  );
  timeline(
    t,
    'of its own rule only',
    reply,
    `
    09:00 created
    10:00 waived rule=X
    until 10:30
    = R 1 running`,
  );
  timeline(
    t,
    'a merge cancels open cycles, late ones too, and leaves ended ones',
    reply,
    `
    09:00 created
    09:30 replied
    10:00 created
    13:00 merged into=T-2
    until 14:00
    = R 1 met end=09:30
    = R 2 cancelled start=10:00 end=13:00`,
  );
  timeline(
    t,
    'a cycle that was cancelled by `when` can be waived',
    policyOf(`
  - rule: R
    on: ticket
    when: { kind: repair }
    start: ticket.created
    stop: ticket.replied
    target: 2h
`),
    `
    09:00 created kind=repair
    10:00 updated kind=query
    10:30 waived rule=R
    until 11:00
    = R 1 waived end=10:00`,
  );
});
