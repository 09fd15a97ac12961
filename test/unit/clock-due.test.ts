// Due instants, sentence by sentence of the policy language: targets, warnings, ladders, chains of corrections.
import t from 'tap';
import { policyOf, timeline } from '../support/timeline.ts';

const clock = (more: string) =>
  policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.replied
    cancel: ticket.cancelled
${more}`);

const PAUSE = '    pause: { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }\n';

t.test('targets', async t => {
  const office = clock(`${PAUSE}    target: 3h\n    calendar: office\n`);
  timeline(
    t,
    'used up at the close: due at the close',
    office,
    `
    09:00 created
    until 09:00
    = R 1 running due=12:00`,
  );
  const zero = clock(`${PAUSE}    target: 0s\n    calendar: office\n`);
  timeline(
    t,
    'zero: the start if open',
    zero,
    `
    10:00 created
    10:00 replied
    = R 1 met due=10:00`,
  );
  timeline(
    t,
    'a close is not open: the next opening',
    zero,
    `
    12:00 created
    until 12:00
    = R 1 running due=13:30`,
  );
  const days = clock(`${PAUSE}    target: 4bd\n    calendar: office\n`);
  timeline(
    t,
    'business days: the close of the fourth, the starting day not counted',
    days,
    `
    tue 10:00 created
    until tue 10:00
    = R 1 running due=mon2_18:00`,
  );
  timeline(
    t,
    'a pause moves it by its open time',
    days,
    `
    tue 10:00 created
    wed 10:00 pending reason=customer
    wed 11:00 resumed
    until wed 12:00
    = R 1 running due=tue2_10:00 paused=1h`,
  );
  const at = clock(`${PAUSE}    target: { at: data.expectedAt }\n    warn: [1h]\n`);
  timeline(
    t,
    'an instant from the start event, which no pause moves',
    at,
    `
    09:00 created expectedAt=@12:00
    09:30 pending reason=customer
    until 12:30
    = R 1 overdue due=12:00 elapsed=30m paused=3h overdue=0`,
  );
  timeline(
    t,
    'cut to milliseconds; none named starts nothing',
    at,
    `
    09:00 created
    until 12:30
    = none`,
  );
  const by = clock(`${PAUSE}    target: { by: urgency, values: { normal: 4h, urgent: 1h }, else: 2h }\n`);
  timeline(
    t,
    'by an attribute, else',
    by,
    `
    09:00 created urgency=low
    until 09:30
    = R 1 running due=11:00`,
  );
  timeline(
    t,
    'it follows the attribute, counted from the start, keeping the pauses',
    by,
    `
    09:00 created urgency=normal
    09:10 pending reason=customer
    09:40 resumed
    10:00 updated urgency=urgent
    until 10:20
    = R 1 running due=10:30 elapsed=50m paused=30m`,
  );
  timeline(
    t,
    'a shorter target finds it overdue already',
    by,
    `
    09:00 created urgency=normal
    11:00 updated urgency=urgent
    until 11:30
    = R 1 overdue due=10:00
    > 09:00 R 1 started
    > 10:00 R 1 breached`,
  );
  timeline(
    t,
    'a breach that no longer holds is withdrawn',
    by,
    `
    09:00 created urgency=urgent
    10:30 updated urgency=normal
    until 11:00
    = R 1 running due=13:00
    > 09:00 R 1 started
    > 10:00 R 1 breached
    > 10:30 R 1 withdrawn`,
  );
  timeline(
    t,
    'until the cycle ends',
    by,
    `
    09:00 created urgency=normal
    10:30 replied
    11:00 updated urgency=urgent
    until 12:00
    = R 1 met due=13:00`,
  );
  timeline(
    t,
    'attributes come before the stop within one event',
    by,
    `
    09:00 created urgency=normal
    10:30 replied urgency=urgent
    until 12:00
    = R 1 missed due=10:00`,
  );
  const gone = clock('    target: { by: urgency, values: { normal: 4h, urgent: 1h } }\n');
  timeline(
    t,
    'without a value it is as if `when` were false',
    gone,
    `
    09:00 created
    until 12:00
    = none`,
  );
  timeline(
    t,
    'a value found later: as from the start',
    gone,
    `
    09:00 created
    09:30 updated urgency=urgent
    until 10:30
    = R 1 overdue due=10:00`,
  );
  timeline(
    t,
    'a value that goes cancels the cycle; one that comes back lets it go on',
    gone,
    `
    09:00 created urgency=urgent
    09:30 updated urgency=odd
    09:40 updated urgency=normal
    until 10:30
    = R 1 running due=13:00
    > 09:00 R 1 started
    > 09:30 R 1 cancelled
    > 09:40 R 1 withdrawn`,
  );
  timeline(
    t,
    'where it ended while the value was gone, the last one counts',
    gone,
    `
    09:00 created urgency=urgent
    09:30 updated urgency=odd
    10:30 replied
    11:00 updated urgency=normal
    until 12:00
    = R 1 missed due=10:00 end=10:30`,
  );
});

t.test('warnings and ladders', async t => {
  const warned = clock(`${PAUSE}    target: 4h\n    calendar: office\n    warn: [50%, 30m, 100%]\n`);
  timeline(
    t,
    'a share of the open time, or open time before due, kept over pauses',
    warned,
    `
    10:00 created
    14:00 pending reason=customer
    15:00 resumed
    17:00 replied
    until 18:00
    = R 1 missed due=16:30 elapsed=4h30m paused=1h overdue=30m
    > 10:00 R 1 started
    > 12:00 R 1 warned 50%
    > 14:00 R 1 paused
    > 15:00 R 1 resumed
    > 16:00 R 1 warned 87.5%
    > 16:30 R 1 warned 100%
    > 16:30 R 1 breached
    > 17:00 R 1 missed`,
  );
  const ladder = clock(`    target: 1h
    calendar: office
    ladder: [{ after: 0s, to: supervisor }, { after: 1h, to: manager }, { after: 2h, to: head, calendar: always }]
`);
  timeline(
    t,
    'the ladder counts from the breach; its first step at 0 is the breach',
    ladder,
    `
    16:30 created
    until tue 10:00
    = R 1 overdue due=17:30
    > 16:30 R 1 started
    > 17:30 R 1 breached
    > 19:30 R 1 escalated
    > tue 09:30 R 1 escalated`,
  );
  timeline(
    t,
    'a stop ends it',
    ladder,
    `
    09:00 created
    10:30 replied
    until 18:00
    = R 1 missed
    > 09:00 R 1 started
    > 10:00 R 1 breached
    > 10:30 R 1 missed`,
  );
});

t.test('chains of corrections', async t => {
  const policy = clock(
    `${PAUSE}    when: { kind: [repair, complaint] }\n    reopen: continue\n    target: { by: urgency, values: { normal: 4h, urgent: 1h } }\n    warn: [50%, 80%]\n    ladder: [{ after: 0s, to: a }, { after: 1h, to: b }]\n`,
  );
  timeline(
    t,
    'everything at once',
    policy,
    `
    09:00 created kind=repair urgency=normal queue=a
    09:30 pending reason=customer
    10:00 updated urgency=urgent queue=b
    10:15 resumed
    10:30 updated kind=query
    11:00 updated kind=complaint
    11:30 replied
    12:00 updated queue=c
    12:30 reopened
    13:00 updated urgency=normal
    until 14:00
    = R 1 running start=09:00 due=14:45 elapsed=3h15m paused=45m`,
  );
});
