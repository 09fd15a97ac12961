// When a cycle begins, ends and counts, sentence by sentence of the policy language: cycles and `when`.
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
