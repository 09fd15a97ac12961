// Traps of other helpdesks: breaches found by a sweep, ends that move, reopenings, long lives. All in wall time.
import t from 'tap';
import { policyOf } from '../support/timeline.ts';
import { traps } from '../support/traps.ts';

t.test('sweeps', async t => {
  const solve = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: [ticket.resolved, ticket.closed]
    cancel: ticket.cancelled
    target: 1h
    warn: [50%, 10m]
    ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]
`);
  traps(
    t,
    solve,
    `
    * resolved late between two sweeps counts as met
    09:00 created
    10:00:00.001 resolved
    = R 1 missed due=10:00 overdue=1ms

    * resolved at the due instant counts as late
    09:00 created
    10:00 resolved
    = R 1 met overdue=0

    * the breach bears the time of the sweep that found it
    09:00 created
    until 16:00
    = R 1 overdue due=10:00
    > 09:00 R 1 started
    > 09:30 R 1 warned 50%
    > 09:50 R 1 warned 83.33%
    > 10:00 R 1 breached
    > 12:00 R 1 escalated

    * warned, breached and met in one sweep: only the last is told
    09:00 created
    12:30 resolved
    = R 1 missed overdue=2h30m
    > 09:00 R 1 started
    > 09:30 R 1 warned 50%
    > 09:50 R 1 warned 83.33%
    > 10:00 R 1 breached
    > 12:00 R 1 escalated
    > 12:30 R 1 missed

    * resolved in the instant of a warning: it is warned of
    09:00 created
    09:30 resolved
    = R 1 met
    > 09:00 R 1 started
    > 09:30 R 1 met

    * escalated after it was resolved
    09:00 created
    11:59 resolved
    until 16:00
    = R 1 missed end=11:59
    > 09:00 R 1 started
    > 09:30 R 1 warned 50%
    > 09:50 R 1 warned 83.33%
    > 10:00 R 1 breached
    > 11:59 R 1 missed

    * lateness grows on after the end
    09:00 created
    10:30 resolved
    until fri 10:00
    = R 1 missed overdue=30m elapsed=1h30m

    * closing a resolved case moves its end
    09:00 created
    09:30 resolved
    tue 09:00 closed
    = R 1 met end=09:30 elapsed=30m

    * resolved twice: the second counts
    09:00 created
    09:30 resolved
    11:00 resolved
    = R 1 met end=09:30

    * cancelled at the due instant is a breach
    09:00 created
    10:00 cancelled
    = R 1 cancelled end=10:00

    * cancelled a millisecond later is none
    09:00 created
    10:00:00.001 cancelled
    = R 1 missed due=10:00 overdue=1ms

    * created twice: the time begins anew
    09:00 created
    09:40 created
    until 10:00:00.001
    = R 1 overdue start=09:00 due=10:00

    * two events within one second: the time between them is lost
    09:00:00.100 created
    09:00:00.900 resolved
    = R 1 met elapsed=800ms

    * a clock that runs a little ahead resolves the case before its creation
    08:59:59.500 resolved
    09:00 created
    until 09:30
    = R 1 running start=09:00

    * created and resolved in one instant, told in the wrong order
    09:00 resolved
    09:00 created
    = R 1 met start=09:00 elapsed=0

    * a case whose creation was never told has a clock from its first event
    09:00 updated kind=problem
    10:00 assigned
    until 16:00
    = none

    * seconds are cut off the due instant
    09:00:37.250 created
    until 09:10
    = R 1 running due=10:00:37.250
`,
  );
});

t.test('reopening', async t => {
  const goOn = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    cancel: ticket.cancelled
    target: 4h
    reopen: continue
`);
  traps(
    t,
    goOn,
    `
    * reopened days later, it is overdue at once
    09:00 created
    10:00 resolved
    thu 10:00 reopened
    until thu 10:30
    = R 1 running due=thu_13:00 elapsed=1h30m

    * reopened after it was late: the breach is forgotten
    09:00 created
    14:00 resolved
    16:00 reopened
    until 16:30
    = R 1 overdue due=13:00 elapsed=5h30m overdue=1h30m

    * reopened three times: only the last gap is left out
    09:00 created
    10:00 resolved
    11:00 reopened
    12:00 resolved
    14:00 reopened
    15:00 resolved
    tue 15:00 reopened
    until tue 15:30
    = R 1 running due=tue_16:00 elapsed=3h30m

    * reopened and resolved in the same instant
    09:00 created
    10:00 resolved
    12:00 reopened
    12:00 resolved
    = R 1 met elapsed=1h end=12:00

    * a cancelled case that is reopened goes on
    09:00 created
    10:00 cancelled
    11:00 reopened
    until 16:00
    = R 1 cancelled end=10:00

    * reopened without having been resolved
    09:00 created
    10:00 reopened
    until 11:00
    = R 1 running due=13:00 elapsed=2h
`,
  );
  const anew = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 1h
    reopen: restart
  - rule: S
    on: ticket
    start: ticket.created
    stop: ticket.replied
    target: 1h
`);
  traps(
    t,
    anew,
    `
    * reopened: the first life's outcome is overwritten
    09:00 created
    09:10 replied
    10:30 resolved
    tue 09:00 reopened
    tue 09:30 resolved
    = R 1 missed due=10:00 end=10:30
    = R 2 met start=tue_09:00 due=tue_10:00
    = S 1 met end=09:10

    * reopened: the first response is measured again
    09:00 created
    09:10 replied
    09:30 resolved
    tue 09:00 reopened
    tue 12:00 replied
    = R 1 met end=09:30
    = R 2 overdue start=tue_09:00
    = S 1 met end=09:10
`,
  );
});

t.test('long lives', async t => {
  const years = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 125d
`);
  traps(
    t,
    years,
    `
    * a case that lives for two years
    2026-01-05 09:00 created
    2026-03-02 09:00 pending
    2027-11-01 09:00 resumed
    2028-01-05 09:00 resolved
    = R 1 met due=2028-01-09_09:00 elapsed=2904h paused=14616h

    * days are cut to 23 or 25 hours somewhere in two years
    2026-11-16 09:00 created
    2027-03-21 09:00:00.001 resolved
    = R 1 missed due=2027-03-21_09:00 elapsed=3000h1ms overdue=1ms
`,
  );
  const minutes = Array.from({ length: 40 }, (_, i) => {
    const hour = String(9 + Math.floor(i / 6)).padStart(2, '0');
    return `${hour}:${i % 6}0 pending\n${hour}:${i % 6}5 resumed`;
  });
  traps(
    t,
    years,
    `\n* dozens of pauses: rounding adds up\n08:00 created\n${minutes.join('\n')}\n= R 1 running elapsed=4h15m paused=3h20m`,
  );
});
