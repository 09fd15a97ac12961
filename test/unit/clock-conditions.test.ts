// What an event of a clock is told apart by, sentence by sentence of the policy language: conditions and attributes.
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
