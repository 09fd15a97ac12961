// What a pause leaves out, sentence by sentence of the policy language.
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

t.test('pauses', async t => {
  const always = clock(`${PAUSE}    target: 2h\n    warn: [50%]\n`);
  timeline(
    t,
    'a pause moves the due instant and is no elapsed time',
    always,
    `
    09:00 created
    09:30 pending reason=customer
    10:30 resumed
    until 11:00
    = R 1 running due=12:00 elapsed=1h paused=1h overdue=0
    > 09:00 R 1 started
    > 09:30 R 1 paused
    > 10:30 R 1 resumed`,
  );
  timeline(
    t,
    'another reason is no pause',
    always,
    `
    09:00 created
    09:30 pending reason=parts
    until 10:30
    = R 1 running due=11:00 elapsed=1h30m paused=0`,
  );
  timeline(
    t,
    'while paused the due instant is what it would be if the pause ended now',
    always,
    `
    09:00 created
    09:30 pending reason=customer
    until 15:00
    = R 1 paused due=16:30 elapsed=30m paused=5h30m`,
  );
  timeline(
    t,
    'a second beginning changes nothing',
    always,
    `
    09:00 created
    09:30 pending reason=customer
    10:00 pending reason=customer
    10:30 resumed
    until 11:00
    = R 1 running due=12:00 paused=1h`,
  );
  timeline(
    t,
    'a pause before the cycle holds, and goes on into the next one',
    always,
    `
    08:00 pending reason=customer
    09:00 created
    09:30 replied
    10:00 created
    11:00 resumed
    until 11:30
    = R 1 met start=09:00 end=09:30 due=11:30 elapsed=0 paused=30m
    = R 2 running start=10:00 due=13:00 elapsed=30m paused=1h
    > 09:00 R 1 started
    > 09:00 R 1 paused
    > 09:30 R 1 met
    > 10:00 R 2 started
    > 10:00 R 2 paused
    > 11:00 R 2 resumed`,
  );
  timeline(
    t,
    'a cycle stopped while paused was paused until then',
    always,
    `
    09:00 created
    10:30 pending reason=customer
    11:30 replied
    15:00 resumed
    until 16:00
    = R 1 met due=12:00 end=11:30 elapsed=1h30m paused=1h`,
  );
  timeline(
    t,
    'a pause after the end is not its own',
    always,
    `
    09:00 created
    10:00 replied
    10:30 pending reason=customer
    10:45 resumed
    until 16:00
    = R 1 met due=11:00 elapsed=1h paused=0`,
  );
  timeline(
    t,
    'paused and stopped in one instant loses nothing',
    always,
    `
    09:00 created
    11:00 pending reason=customer seq=1
    11:00 replied seq=2
    until 12:00
    = R 1 met due=11:00 elapsed=2h paused=0`,
  );
  timeline(
    t,
    'one that begins at the due instant comes too late to move it',
    always,
    `
    09:00 created
    11:00 pending reason=customer
    12:00 resumed
    until 12:30
    = R 1 overdue due=11:00 elapsed=2h30m paused=1h overdue=30m`,
  );
  timeline(
    t,
    'a millisecond before it does move it',
    always,
    `
    09:00 created
    10:59:59.999 pending reason=customer
    12:00 resumed
    until 12:00
    = R 1 running due=12:00:00.001 overdue=0`,
  );
  timeline(
    t,
    'overdue leaves pauses out, and overdue it is, paused or not',
    always,
    `
    09:00 created
    11:30 pending reason=customer
    until 12:30
    = R 1 overdue due=11:00 paused=1h overdue=30m`,
  );
  timeline(
    t,
    'the warning at the very beginning of a pause comes too',
    always,
    `
    09:00 created
    10:00 pending reason=customer
    until 10:30
    = R 1 paused
    > 09:00 R 1 started
    > 10:00 R 1 paused
    > 10:00 R 1 warned 50%`,
  );
  timeline(
    t,
    'a pause never resumed stays one',
    always,
    `
    09:00 created
    10:00 pending reason=customer
    until fri9 10:00
    = R 1 paused elapsed=1h overdue=0`,
  );
  timeline(
    t,
    'pausing and going on in one instant is no pause',
    always,
    `
    09:00 created
    10:00 pending reason=customer seq=1
    10:00 resumed seq=2
    until 10:30
    = R 1 running due=11:00 paused=0`,
  );
  const toggled = clock('    pause: { from: ticket.updated, to: ticket.updated }\n    target: 2h\n');
  timeline(
    t,
    'an event that is both ends a pause that is on, else begins one',
    toggled,
    `
    09:00 created
    09:30 updated
    10:00 updated
    10:30 updated
    until 11:00
    = R 1 paused due=12:00 elapsed=1h paused=1h`,
  );
  const several = clock(`    pause:
      - { from: ticket.pending, to: ticket.resumed }
      - { from: { type: ticket.updated, category: hold }, to: { type: ticket.updated, category: go } }
    target: 2h
`);
  timeline(
    t,
    'several pauses are their union',
    several,
    `
    09:00 created
    09:30 pending
    09:45 updated category=hold
    10:00 resumed
    10:30 updated category=go
    until 11:00
    = R 1 running due=12:00 elapsed=1h paused=1h`,
  );
  const office = clock(`${PAUSE}    target: 4h\n    calendar: office\n`);
  timeline(
    t,
    'a pause over a weekend adds no open time',
    office,
    `
    fri 09:00 created
    fri 17:00 pending reason=customer
    mon2 10:00 resumed
    until mon2 10:00
    = R 1 overdue due=fri_14:30 elapsed=6h30m paused=2h`,
  );
  timeline(
    t,
    'but what of it was open counts',
    office,
    `
    fri 15:00 created
    fri 17:00 pending reason=customer
    mon2 10:00 resumed
    until mon2 10:30
    = R 1 running due=mon2_12:00 elapsed=2h30m paused=2h
    > fri 15:00 R 1 started
    > fri 17:00 R 1 paused
    > mon2 10:00 R 1 resumed`,
  );
  timeline(
    t,
    'a pause outside the hours moves nothing',
    office,
    `
    09:00 created
    12:00 pending reason=customer
    13:30 resumed
    until 13:30
    = R 1 running due=14:30 elapsed=3h paused=0`,
  );
});
