// Clocks, sentence by sentence of the policy language: conditions and attributes, cycles.
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

t.test('events, conditions and attributes', async t => {
  const reply = policyOf(REPLY);
  timeline(
    t,
    'a stop before the due instant keeps the promise',
    reply,
    `
    09:00 created
    10:00 replied
    until 12:00
    = R 1 met start=09:00 due=11:00 end=10:00 elapsed=1h paused=0 overdue=0
    > 09:00 R 1 started
    > 10:00 R 1 met`,
  );
  timeline(
    t,
    'a stop at the due instant is in time',
    reply,
    `
    09:00 created
    11:00 replied
    until 12:00
    = R 1 met due=11:00 end=11:00 elapsed=2h overdue=0`,
  );
  timeline(
    t,
    'a millisecond later is late',
    reply,
    `
    09:00 created
    11:00:00.001 replied
    = R 1 missed end=11:00:00.001 overdue=1ms
    > 09:00 R 1 started
    > 11:00 R 1 breached
    > 11:00:00.001 R 1 missed`,
  );
  timeline(
    t,
    'at its due instant an open cycle is running',
    reply,
    `
    09:00 created
    until 11:00
    = R 1 running due=11:00 end=- elapsed=2h overdue=0`,
  );
  timeline(
    t,
    'after its due instant it is overdue',
    reply,
    `
    09:00 created
    until 11:00:00.001
    = R 1 overdue due=11:00 end=- overdue=1ms`,
  );
  timeline(
    t,
    'events before the start do not stop',
    reply,
    `
    08:00 replied
    09:00 created
    until 10:00
    = R 1 running start=09:00`,
  );
  timeline(
    t,
    'in one instant the opening event comes first',
    reply,
    `
    09:00 replied
    09:00 created
    = R 1 met end=09:00 elapsed=0`,
  );
  timeline(
    t,
    'then sequence, by code point, events without one last',
    reply,
    `
    09:00 updated channel=web
    10:00 updated channel=a seq=2
    10:00 updated channel=b seq=10
    10:00 updated channel=c
    10:00 created
    = R 1 running start=10:00`,
  );
  const attributes = policyOf(`
  - rule: R
    on: ticket
    start: { type: ticket.updated, channel: email, status: open }
    stop: [ticket.closed, { type: ticket.replied, by: [agent, senior], customer.tier: gold }]
    target: 2h
`);
  timeline(
    t,
    'a field is looked up in the event, else in the case',
    attributes,
    `
    09:00 created channel=email
    09:10 updated
    09:20 replied by=bot customer.tier=gold
    09:30 replied by=agent
    = R 1 met start=09:10 end=09:30`,
  );
  timeline(
    t,
    'what is no attribute belongs to its event only',
    attributes,
    `
    09:00 created channel=email customer.tier=gold
    09:10 updated
    09:20 replied by=agent customer.tier=silver
    09:25 updated by=agent customer.tier=gold
    09:30 replied
    until 09:40
    = R 1 running start=09:10`,
  );
  timeline(
    t,
    'status follows the events of those names',
    attributes,
    `
    09:00 created channel=email
    09:10 pending
    09:20 updated
    09:30 resumed
    09:40 updated
    = R 1 running start=09:40`,
  );
  const status = policyOf(`
  - rule: S
    on: ticket
    start: { becomes: { status: open } }
    stop: { type: ticket.updated, status: open }
    target: 1h
`);
  timeline(
    t,
    'status is open from the first event; becomes is about before and after',
    status,
    `
    09:00 acknowledged
    09:05 updated
    09:10 resolved
    09:20 acknowledged
    09:30 reopened
    until 09:40
    = S 1 met start=09:00 end=09:05
    = S 2 running start=09:30`,
  );
  const instant = policyOf(`
  - rule: A
    on: ticket
    start: { becomes: { urgency: urgent } }
    stop: { type: ticket.replied, queue: b }
    target: 1h
`);
  timeline(
    t,
    'events of one instant apply one after the other',
    instant,
    `
    09:00 created
    10:00 updated urgency=urgent queue=a seq=1
    10:00 replied seq=2
    10:00 updated queue=b seq=3
    10:00 replied seq=4
    10:00 updated urgency=normal seq=5
    10:00 updated urgency=urgent seq=6
    = A 1 met start=10:00 end=10:00
    = A 2 running start=10:00`,
  );
  const declared = policyOf(
    `
  - rule: V
    on: ticket
    when: { vip: true }
    start: ticket.created
    stop: ticket.replied
    target: 1h
`,
    'attributes: { vip: boolean }',
  );
  timeline(
    t,
    'declared attributes last as others do',
    declared,
    `
    09:00 created vip=true
    09:10 updated channel=web
    until 09:30
    = V 1 running`,
  );
});

t.test('cycles', async t => {
  const reply = policyOf(REPLY);
  timeline(
    t,
    'a start while a cycle is open changes nothing, after its end it begins the next',
    reply,
    `
    09:00 created
    09:30 created
    10:00 replied
    10:10 replied
    11:00 created
    until 11:30
    = R 1 met start=09:00 end=10:00
    = R 2 running start=11:00 due=13:00`,
  );
  timeline(
    t,
    'cancelled up to the due instant',
    reply,
    `
    09:00 created
    11:00 cancelled
    until 12:00
    = R 1 cancelled end=11:00 overdue=0
    > 09:00 R 1 started
    > 11:00 R 1 cancelled`,
  );
  timeline(
    t,
    'cancelling hides no breach',
    reply,
    `
    09:00 created
    11:30 cancelled
    until 12:00
    = R 1 missed end=11:30 overdue=30m`,
  );
  const both = policyOf(`
  - rule: B
    on: ticket
    start: ticket.updated
    stop: ticket.updated
    target: 1h
`);
  timeline(
    t,
    'an event that stops and starts ends one cycle and begins the next',
    both,
    `
    09:00 updated
    09:30 updated
    until 09:40
    = B 1 met start=09:00 end=09:30
    = B 2 running start=09:30`,
  );
  const each = policyOf(`
  - rule: P
    on: ticket
    start: ticket.promised
    stop: ticket.promise_kept
    cancel: { type: ticket.updated, category: void }
    each: promise
    target: { at: data.dueAt }
`);
  timeline(
    t,
    'cycles run side by side for each value; what lacks the field starts and stops nothing',
    each,
    `
    09:00 promised promise=a dueAt=@10:00
    09:10 promised promise=b dueAt=@11:00
    09:20 promised dueAt=@11:00
    09:30 promise_kept
    09:40 promise_kept promise=b
    09:50 updated category=void promise=a
    10:00 promised promise=b dueAt=@12:00
    until 12:30
    = P 1 cancelled start=09:00 due=10:00 end=09:50
    = P 2 met start=09:10 due=11:00 end=09:40
    = P 3 overdue start=10:00 due=12:00 overdue=30m`,
  );
  timeline(
    t,
    'a start that names no instant starts nothing',
    each,
    `
    09:00 promised promise=a
    = none`,
  );
  const repeat = policyOf(`
  - rule: P
    on: ticket
    when: { status: [open, pending] }
    start: ticket.created
    stop: [ticket.informed, ticket.resolved]
    repeat: true
    target: 1h
`);
  timeline(
    t,
    'repeat: after a stop the next cycle starts at that instant',
    repeat,
    `
    09:00 created
    09:30 informed
    10:20 informed
    until 10:30
    = P 1 met start=09:00 end=09:30
    = P 2 met start=09:30 end=10:20 elapsed=50m
    = P 3 running start=10:20`,
  );
  timeline(
    t,
    'repeat waits for `when`: the stop that shuts it begins nothing',
    repeat,
    `
    09:00 created
    09:30 resolved
    until 10:30
    = P 1 met start=09:00 end=09:30`,
  );
  timeline(
    t,
    'and once it holds again the repeated cycle is there from that stop',
    repeat,
    `
    09:00 created
    09:30 resolved
    10:00 reopened
    until 10:45
    = P 1 met start=09:00 end=09:30
    = P 2 overdue start=09:30 due=10:30`,
  );
  const later = policyOf(`
  - rule: P
    on: ticket
    when: { status: [open, pending] }
    start: ticket.created
    stop: [ticket.informed, ticket.resolved]
    repeat: true
    retroactive: false
    target: 1h
`);
  timeline(
    t,
    'repeat without retroactive: the next begins when `when` holds',
    later,
    `
    09:00 created
    09:30 resolved
    10:00 reopened
    until 10:45
    = P 1 met start=09:00 end=09:30
    = P 2 running start=10:00 due=11:00`,
  );
});

t.test('when', async t => {
  const complaint = policyOf(`
  - rule: C
    on: ticket
    when: { kind: complaint }
    start: ticket.created
    stop: ticket.replied
    cancel: ticket.cancelled
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 2h
    warn: [50%]
`);
  timeline(
    t,
    'while it is false there is no cycle',
    complaint,
    `
    09:00 created
    until 12:00
    = none`,
  );
  timeline(
    t,
    'true later: as if it had held since the start',
    complaint,
    `
    09:00 created
    10:30 updated kind=complaint
    until 10:45
    = C 1 running start=09:00 due=11:00 elapsed=1h45m
    > 09:00 C 1 started
    > 10:00 C 1 warned 50%`,
  );
  timeline(
    t,
    'stops in between included',
    complaint,
    `
    09:00 created
    10:00 replied
    12:00 updated kind=complaint
    until 13:00
    = C 1 met start=09:00 end=10:00`,
  );
  timeline(
    t,
    'pauses in between included',
    complaint,
    `
    09:00 created
    09:30 pending
    10:00 resumed
    10:30 updated kind=complaint
    until 11:10
    = C 1 running due=11:30 elapsed=1h40m paused=30m`,
  );
  timeline(
    t,
    'found overdue when it becomes true',
    complaint,
    `
    09:00 created
    12:00 updated kind=complaint
    until 12:30
    = C 1 overdue due=11:00 overdue=1h30m`,
  );
  timeline(
    t,
    'false: open cycles are cancelled, what they counted is withdrawn',
    complaint,
    `
    09:00 created kind=complaint
    11:30 updated kind=query
    until 12:00
    = C 1 cancelled end=11:30
    > 09:00 C 1 started
    > 10:00 C 1 warned 50%
    > 11:00 C 1 breached
    > 11:30 C 1 withdrawn
    > 11:30 C 1 cancelled`,
  );
  timeline(
    t,
    'true again: the same cycle goes on as if it had never been',
    complaint,
    `
    09:00 created kind=complaint
    09:30 updated kind=query
    10:10 created
    10:30 updated kind=complaint
    until 10:40
    = C 1 running start=09:00 due=11:00 elapsed=1h40m`,
  );
  timeline(
    t,
    'and so it is when it was stopped meanwhile',
    complaint,
    `
    09:00 created kind=complaint
    09:30 updated kind=query
    10:10 replied
    10:30 updated kind=complaint
    until 10:40
    = C 1 met start=09:00 end=10:10`,
  );
  timeline(
    t,
    'ended cycles stay',
    complaint,
    `
    09:00 created kind=complaint
    09:30 replied
    10:10 updated kind=query
    until 10:40
    = C 1 met start=09:00 end=09:30`,
  );
  timeline(
    t,
    'the stop comes before `when` within one event',
    complaint,
    `
    09:00 created kind=complaint
    09:30 replied kind=query
    until 10:40
    = C 1 met start=09:00 end=09:30`,
  );
  const forward = policyOf(`
  - rule: C
    on: ticket
    when: [{ kind: complaint }, { urgency: urgent }]
    start: ticket.created
    stop: ticket.replied
    cancel: ticket.cancelled
    retroactive: false
    target: 2h
`);
  timeline(
    t,
    'retroactive: false runs from when it became true; a list is any of them',
    forward,
    `
    09:00 created
    10:30 updated urgency=urgent
    until 10:45
    = C 1 running start=10:30 due=12:30`,
  );
  timeline(
    t,
    'unless it was stopped before',
    forward,
    `
    09:00 created
    10:00 replied
    10:30 updated urgency=urgent
    until 10:45
    = none`,
  );
  timeline(
    t,
    'or cancelled, or stopped by the very event',
    forward,
    `
    09:00 created
    10:00 cancelled
    10:05 created
    10:30 replied urgency=urgent
    until 10:45
    = none`,
  );
  timeline(
    t,
    'and true again the same cycle goes on',
    forward,
    `
    09:00 created kind=complaint
    10:00 updated kind=query
    10:30 updated kind=complaint
    until 10:45
    = C 1 running start=09:00 due=11:00`,
  );
});

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
