// Traps of other helpdesks: pauses that are lost, credited twice, credited in the wrong hours, or never end.
// Office hours are 09:00–12:00 and 13:30–18:00 from Monday to Friday, UTC.
import t from 'tap';
import { policyOf } from '../support/timeline.ts';
import { traps } from '../support/traps.ts';

const SOLVE = `
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    cancel: ticket.cancelled
    pause: { from: ticket.pending, to: ticket.resumed }
    target: { by: urgency, values: { urgent: 2h, normal: 6h }, else: 2h }
    calendar: office
    reopen: continue
`;

t.test('pauses and priorities', async t => {
  traps(
    t,
    policyOf(SOLVE),
    `
    * the pause is lost when the priority changes
    09:00 created urgency=normal
    09:30 pending
    11:00 resumed
    11:30 updated urgency=urgent
    = R 1 running due=14:00 elapsed=1h paused=1h30m

    * the priority changes while the case waits
    09:00 created urgency=normal
    10:00 pending
    11:00 updated urgency=urgent
    14:00 resumed
    = R 1 running due=15:00 elapsed=1h paused=2h30m

    * the priority changes while the case waits, and it breaches at once
    09:00 created urgency=normal
    14:30 pending
    15:00 updated urgency=urgent
    until 15:30
    = R 1 overdue due=11:00 elapsed=4h paused=1h overdue=2h

    * raised and lowered again leaves a trace
    09:00 created urgency=urgent
    09:10 updated urgency=normal
    09:20 updated urgency=urgent
    until 10:00
    = R 1 running due=11:00 elapsed=1h

    * two pauses, then a new target: only the latest is credited
    09:00 created urgency=normal
    09:15 pending
    09:45 resumed
    10:15 pending
    11:00 resumed
    11:15 updated urgency=urgent
    = R 1 running due=13:45 elapsed=1h paused=1h15m
`,
  );
});

t.test('pauses and office hours', async t => {
  traps(
    t,
    policyOf(SOLVE),
    `
    * a pause over a weekend is credited too much
    fri 17:00 created
    fri 17:30 pending
    mon2 09:30 resumed
    = R 1 running due=mon2_11:00 elapsed=30m paused=1h

    * a pause within the weekend is credited at all
    fri 17:00 created
    sat 10:00 pending
    sun 20:00 resumed
    until mon2 09:00
    = R 1 running due=mon2_10:00 elapsed=1h paused=0

    * a pause over night is credited as wall time
    16:00 created
    17:00 pending
    tue 10:00 resumed
    = R 1 running due=tue_11:00 elapsed=1h paused=2h

    * a pause over lunch is credited as wall time
    11:00 created
    11:30 pending
    14:00 resumed
    = R 1 running due=15:30 elapsed=30m paused=1h

    * a pause moves the due instant into the evening
    15:00 created
    16:00 pending
    17:30 resumed
    = R 1 running due=tue_09:30 elapsed=1h paused=1h30m

    * a pause from close to opening costs or gives time
    17:00 created
    18:00 pending
    tue 09:00 resumed
    = R 1 running due=tue_10:00 elapsed=1h paused=0

    * resumed in the night, the clock runs until morning
    16:00 created
    16:30 pending
    23:00 resumed
    until tue 09:00
    = R 1 running due=tue_10:30 elapsed=30m paused=1h30m

    * a due instant that a pause moves exactly to the close rolls on to the next day
    09:00 created
    10:00 pending
    17:00 resumed
    = R 1 running due=18:00 elapsed=1h paused=5h30m

    * and a millisecond more does not
    09:00 created
    10:00 pending
    17:00:00.001 resumed
    = R 1 running due=tue_09:00:00.001 paused=5h30m1ms
`,
  );
  const days = policyOf(`
  - rule: D
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 1bd
    calendar: office
`);
  traps(
    t,
    days,
    `
    * days: a pause is credited in whole days
    mon 10:00 created
    mon 14:00 pending
    tue 14:00 resumed
    = D 1 running due=wed_18:00 paused=7h30m

    * days: a pause over the weekend is credited in calendar days
    thu 10:00 created
    fri 17:00 pending
    mon2 09:30 resumed
    = D 1 running due=mon2_10:30 paused=1h30m

    * days: a pause within the lunch break moves the day
    mon 10:00 created
    mon 12:10 pending
    mon 13:20 resumed
    until mon 14:00
    = D 1 running due=tue_18:00 paused=0
`,
  );
});

t.test('pauses, breaches and ends', async t => {
  traps(
    t,
    policyOf(SOLVE),
    `
    * breach while paused
    09:00 created
    10:00 pending
    until 17:00
    = R 1 paused due=18:00 elapsed=1h paused=5h30m overdue=0
    > 09:00 R 1 started
    > 10:00 R 1 paused

    * a pause never resumed hides the case for ever, or breaks it for ever
    09:00 created
    10:00 pending
    until fri2 12:00
    = R 1 paused due=fri2_14:30 elapsed=1h overdue=0

    * paused and resolved in the same instant
    09:00 created
    10:00 pending
    10:00 resolved
    = R 1 met elapsed=1h paused=0 due=11:00

    * resolved and paused in the same instant
    09:00 created
    10:00 resolved
    10:00 pending
    until 17:00
    = R 1 met elapsed=1h paused=0 end=10:00

    * resolved while paused: what was waited for is lost
    09:00 created
    10:00 pending
    16:00 resolved
    = R 1 met elapsed=1h paused=4h30m due=17:00 end=16:00

    * paused again without a resumption: counted twice
    09:00 created
    09:30 pending reason=customer
    10:00 pending reason=parts
    10:30 resumed
    = R 1 running due=12:00 elapsed=30m paused=1h

    * resumed twice: the second ends a pause that is none
    09:00 created
    09:30 pending
    10:00 resumed
    10:30 resumed
    = R 1 running due=11:30 elapsed=1h paused=30m

    * resumed without a pause
    09:00 created
    09:30 resumed
    until 10:00
    = R 1 running due=11:00 elapsed=1h paused=0

    * a pause of no length
    09:00 created
    10:00 pending
    10:00 resumed
    until 10:30
    = R 1 running due=11:00 elapsed=1h30m paused=0

    * resumed and paused again in the same instant
    09:00 created
    09:30 pending
    10:00 resumed
    10:00 pending
    10:30 resumed
    = R 1 running due=12:00 elapsed=30m paused=1h

    * paused at the due instant saves the case
    09:00 created
    11:00 pending
    until 11:30
    = R 1 overdue due=11:00 elapsed=2h paused=30m overdue=0

    * paused a millisecond before it does not
    09:00 created
    10:59:59.999 pending
    until 11:30
    = R 1 paused due=11:30:00.001 overdue=0

    * paused after the breach: lateness goes on growing
    09:00 created
    11:30 pending
    14:00 resumed
    14:30 resolved
    = R 1 missed due=11:00 elapsed=3h paused=1h overdue=1h

    * paused after the breach: the breach is taken back
    09:00 created
    11:30 pending
    until 14:00
    = R 1 overdue due=11:00 overdue=30m
    > 09:00 R 1 started
    > 11:00 R 1 breached
    > 11:30 R 1 paused

    * cancelled while paused, after it was late: the breach vanishes
    09:00 created
    11:30 pending
    12:00 cancelled
    = R 1 missed due=11:00 overdue=30m

    * cancelled while paused, before it was late: it counts as a breach
    09:00 created
    10:00 pending
    17:00 cancelled
    = R 1 cancelled end=17:00 elapsed=1h

    * created waiting: it runs until somebody looks
    09:00 created
    09:00 pending
    10:00 resumed
    = R 1 running due=12:00 elapsed=0 paused=1h

    * created waiting and resolved waiting: negative time
    09:00 created
    09:00 pending
    11:30 resolved
    = R 1 met elapsed=0 paused=2h30m

    * reopened although it still waits: it runs
    09:00 created
    10:00 pending
    11:00 resolved
    14:00 reopened
    until 15:00
    = R 1 paused elapsed=1h paused=2h due=16:00

    * reopened and resumed: the closed time is credited as a pause too
    09:00 created
    10:00 resolved
    14:00 reopened
    14:30 pending
    15:00 resumed
    = R 1 running elapsed=1h30m paused=30m due=15:30

    * pauses of less than a minute are cut to minutes
    09:00 created
    09:10:20 pending
    09:10:50.250 resumed
    09:20:05 pending
    09:20:10 resumed
    = R 1 running due=11:00:35.250 paused=35s250ms
`,
  );
});
