// Traps of other helpdesks: reasons to wait, and pauses that began before a clock or hold more than one.
import t from 'tap';
import { policyOf } from '../support/timeline.ts';
import { traps } from '../support/traps.ts';

t.test('pauses with reasons', async t => {
  const reasons = policyOf(`
  - rule: U
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause:
      - { from: { type: ticket.pending, reason: customer }, to: { type: ticket.resumed, reason: customer } }
      - { from: { type: ticket.pending, reason: parts }, to: { type: ticket.resumed, reason: parts } }
    target: 2h
`);
  traps(
    t,
    reasons,
    `
    * two reasons to wait at once are added up
    09:00 created
    09:30 pending reason=customer
    10:00 pending reason=parts
    10:30 resumed reason=customer
    11:00 resumed reason=parts
    = U 1 running due=12:30 elapsed=30m paused=1h30m

    * the first of two reasons that ends lets the clock run
    09:00 created
    09:30 pending reason=customer
    10:00 pending reason=parts
    10:30 resumed reason=parts
    until 11:00
    = U 1 paused elapsed=30m paused=1h30m

    * any waiting pauses, whatever for
    09:00 created
    09:30 pending reason=logistics
    until 10:00
    = U 1 running due=11:00 elapsed=1h paused=0
`,
  );
  const kinds = policyOf(`
  - rule: K
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: { type: ticket.pending, kind: [problem, query] }, to: ticket.resumed }
    target: 2h
`);
  traps(
    t,
    kinds,
    `
    * a complaint's clock is paused like any other
    09:00 created kind=complaint
    09:30 pending
    10:30 resumed
    = K 1 running due=11:00 paused=0

    * what becomes a complaint later loses the pauses it had
    09:00 created kind=problem
    09:30 pending
    10:30 resumed
    11:00 updated kind=complaint
    = K 1 running due=12:00 paused=1h
`,
  );
  const toggle = policyOf(`
  - rule: T
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.assigned, to: [ticket.assigned, ticket.acknowledged] }
    target: 2h
`);
  traps(
    t,
    toggle,
    `
    * one event that begins and ends a pause does both at once
    09:00 created
    09:30 assigned
    10:00 assigned
    10:30 assigned
    10:45 acknowledged
    = T 1 running due=11:45 paused=45m elapsed=1h
`,
  );
});

t.test('pauses and other clocks', async t => {
  const assigned = policyOf(`
  - rule: A
    on: ticket
    start: ticket.assigned
    stop: ticket.replied
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 2h
    warn: 50%
    ladder: [{ after: 0s, to: supervisor }, { after: 1h, to: manager }]
`);
  traps(
    t,
    assigned,
    `
    * a pause that began before the clock is not seen by it
    09:00 created
    09:30 pending
    10:00 assigned
    10:30 resumed
    = A 1 running start=10:00 due=12:30 elapsed=0 paused=30m

    * the next cycle begins running although the case still waits
    09:00 created
    09:10 assigned
    09:20 pending
    09:30 replied
    10:00 assigned
    10:30 resumed
    = A 1 met elapsed=10m paused=10m
    = A 2 running start=10:00 elapsed=0 paused=30m

    * a pause before the start is credited to the clock
    09:00 created
    09:10 pending
    09:40 resumed
    10:00 assigned
    until 10:30
    = A 1 running due=12:00 paused=0

    * the warning comes as if there had been no pause
    09:00 assigned
    09:30 pending
    10:30 resumed
    until 11:30
    = A 1 running due=12:00
    > 09:00 A 1 started
    > 09:30 A 1 paused
    > 10:30 A 1 resumed
    > 11:00 A 1 warned 50%

    * warnings go out while the case waits
    09:00 assigned
    09:30 pending
    until 18:00
    = A 1 paused elapsed=30m
    > 09:00 A 1 started
    > 09:30 A 1 paused

    * pausing a case that is late silences its escalation
    09:00 assigned
    11:10 pending
    until 13:00
    = A 1 overdue due=11:00 overdue=10m
    > 09:00 A 1 started
    > 10:00 A 1 warned 50%
    > 11:00 A 1 breached
    > 11:10 A 1 paused
    > 12:00 A 1 escalated
`,
  );
  const retroactive = policyOf(`
  - rule: P
    on: ticket
    when: { kind: problem }
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 2h
`);
  traps(
    t,
    retroactive,
    `
    * a rule that comes to apply later forgets the pauses before
    09:00 created
    09:30 pending
    10:30 resumed
    11:00 updated kind=problem
    = P 1 running due=12:00 elapsed=1h paused=1h

    * a rule that applies again forgets the pauses in between
    09:00 created kind=problem
    09:30 updated kind=query
    09:40 pending
    10:10 resumed
    10:20 updated kind=problem
    = P 1 running due=11:30 elapsed=50m paused=30m
`,
  );
  const promise = policyOf(`
  - rule: M
    on: ticket
    each: promise
    start: ticket.promised
    stop: ticket.promise_kept
    pause: { from: ticket.pending, to: ticket.resumed }
    target: { at: data.dueAt }
`);
  traps(
    t,
    promise,
    `
    * a date that was promised moves with a pause
    09:00 promised promise=a dueAt=@12:00
    10:00 pending
    11:00 resumed
    12:30 promise_kept promise=a
    = M 1 missed due=12:00 elapsed=2h30m paused=1h overdue=30m
`,
  );
});
