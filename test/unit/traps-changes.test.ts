// Traps of other helpdesks: changes of priority and team, promises, merges, waivers. All in wall time.
import t from 'tap';
import { policyOf } from '../support/timeline.ts';
import { traps } from '../support/traps.ts';

t.test('priorities, teams, rules that come and go', async t => {
  const by = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { urgent: 1h, normal: 4h } }
    warn: 50%
`);
  traps(
    t,
    by,
    `
    * raised so late that it is late already: nobody notices
    09:00 created urgency=normal
    10:30 updated urgency=urgent
    until 10:40
    = R 1 overdue due=10:00 overdue=40m

    * merged away while its priority means nothing: what the case was before it was opened does not count
    09:00 updated kind=query
    09:05 updated urgency=normal
    09:10 created urgency=odd
    09:20 merged into=T-2
    09:30 updated urgency=urgent
    = R 1 cancelled due=10:10 end=09:20

    * lowered after the breach: it stays broken
    09:00 created urgency=urgent
    10:30 updated urgency=normal
    until 11:30
    = R 1 running due=13:00
    > 09:00 R 1 started
    > 09:30 R 1 warned 50%
    > 10:00 R 1 breached
    > 10:30 R 1 withdrawn
    > 11:00 R 1 warned 50%

    * raised after it was resolved: broken in hindsight
    09:00 created urgency=normal
    11:00 resolved
    12:00 updated urgency=urgent
    = R 1 met due=13:00 end=11:00

    * raised and resolved by one event at the old target
    09:00 created urgency=normal
    11:00 resolved urgency=urgent
    = R 1 missed due=10:00 overdue=1h

    * raised: the new target begins at the change
    09:00 created urgency=normal
    09:30 updated urgency=urgent
    = R 1 running due=10:00

    * warned twice of the same
    09:00 created urgency=normal
    11:30 updated urgency=urgent
    12:00 updated urgency=normal
    until 12:30
    = R 1 running due=13:00
    > 09:00 R 1 started
    > 09:30 R 1 warned 50%
    > 10:00 R 1 breached
    > 11:00 R 1 warned 50%
    > 12:00 R 1 withdrawn

    * no priority yet: the case has no clock and never gets one
    09:00 created
    10:00 updated urgency=normal
    = R 1 running start=09:00 due=13:00

    * a priority without a target: the old one runs on unseen
    09:00 created urgency=urgent
    09:30 updated urgency=low
    until 16:00
    = R 1 cancelled end=09:30

    * and back again: it begins anew
    09:00 created urgency=urgent
    09:30 updated urgency=low
    09:40 updated urgency=urgent
    until 09:50
    = R 1 running start=09:00 due=10:00

    * two changes within one instant: the first wins
    09:00 created urgency=normal
    09:30 updated urgency=normal seq=1
    09:30 updated urgency=urgent seq=2
    = R 1 running due=10:00
`,
  );
  const team = policyOf(`
  - rule: Q
    on: ticket
    when: { queue: support }
    start: ticket.created
    stop: ticket.replied
    target: 1h
  - rule: T
    on: ticket
    when: { queue: sales }
    start: ticket.created
    stop: ticket.replied
    target: 2h
    retroactive: false
`);
  traps(
    t,
    team,
    `
    * passed to another team, the old team's clock runs on
    09:00 created queue=support
    09:30 updated queue=sales
    until 10:30
    = Q 1 cancelled end=09:30
    = T 1 running start=09:30 due=11:30

    * passed back and forth, each gets its time anew
    09:00 created queue=support
    09:20 updated queue=sales
    09:40 updated queue=support
    until 09:50
    = Q 1 running start=09:00 due=10:00
    = T 1 cancelled start=09:20 end=09:40

    * the second team has no time left before it ever saw the case
    09:00 created queue=support
    16:00 updated queue=sales
    until 17:00
    = Q 1 cancelled overdue=6h
    = T 1 running start=16:00 due=18:00

    * passed on after it was late: the breach is wiped out, or stays with the wrong team
    09:00 created queue=support
    10:30 updated queue=sales
    until 10:40
    = Q 1 cancelled end=10:30
    = T 1 running start=10:30

    * answered by the first team, the second one's clock begins
    09:00 created queue=support
    09:30 replied
    10:00 updated queue=sales
    until 11:00
    = Q 1 met end=09:30
`,
  );
  const raised = policyOf(`
  - rule: E
    on: ticket
    when: { urgency: [urgent, critical] }
    start: { becomes: { urgency: [urgent, critical] } }
    stop: { type: ticket.replied, by: agent }
    target: 30m
`);
  traps(
    t,
    raised,
    `
    * a reply before the case became urgent keeps the urgent promise
    09:00 created urgency=normal
    09:10 replied by=agent
    10:00 updated urgency=urgent
    until 11:00
    = E 1 overdue start=10:00 due=10:30

    * from urgent to critical, the time begins anew
    09:00 created urgency=urgent
    09:20 updated urgency=critical
    until 09:25
    = E 1 running start=09:00 due=09:30

    * said to be urgent again and again, it never falls due
    09:00 created urgency=urgent
    09:20 updated urgency=urgent
    09:40 updated urgency=urgent
    = E 1 overdue due=09:30 overdue=10m
`,
  );
});

t.test('promises, merges, waivers', async t => {
  const promise = policyOf(`
  - rule: M
    on: ticket
    each: promise
    start: ticket.promised
    stop: ticket.promise_kept
    target: { at: data.dueAt }
`);
  traps(
    t,
    promise,
    `
    * of two promises only the latest is watched
    09:00 promised promise=a dueAt=@12:00
    09:10 promised promise=b dueAt=@10:00
    10:30 promise_kept promise=b
    11:00 promise_kept promise=a
    = M 1 met start=09:00 due=12:00
    = M 2 missed start=09:10 due=10:00 overdue=30m

    * one kept promise settles all
    09:00 promised promise=a dueAt=@12:00
    09:10 promised promise=b dueAt=@13:00
    10:00 promise_kept promise=b
    until 12:30
    = M 1 overdue due=12:00
    = M 2 met due=13:00

    * a promise made again while it is open is put off
    09:00 promised promise=a dueAt=@12:00
    11:00 promised promise=a dueAt=@18:00
    until 12:30
    = M 1 overdue due=12:00

    * a promise without a time breaks at once
    09:00 promised promise=a
    until 18:00
    = none

    * a promise for a time that is past is kept
    09:00 promised promise=a dueAt=@08:00
    09:10 promise_kept promise=a
    = M 1 missed due=08:00

    * the same promise, kept and made again, is one
    09:00 promised promise=a dueAt=@12:00
    10:00 promise_kept promise=a
    11:00 promised promise=a dueAt=@15:00
    until 16:00
    = M 1 met due=12:00
    = M 2 overdue start=11:00 due=15:00
`,
  );
  const solve = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 1h
    reopen: restart
`);
  traps(
    t,
    solve,
    `
    * a merged case escalates
    09:00 created
    09:30 merged into=T-2
    until 16:00
    = R 1 cancelled end=09:30 overdue=0

    * a merged case stays in the statistics as late
    09:00 created
    10:30 merged into=T-2
    until 16:00
    = R 1 cancelled end=10:30

    * merging changes what was already over
    09:00 created
    09:30 resolved
    10:00 merged into=T-2
    = R 1 met end=09:30

    * an exception that was granted still counts against the team
    09:00 created
    10:30 resolved
    11:00 waived rule=R why=storm by=manager
    = R 1 waived

    * an exception for another rule counts too
    09:00 created
    10:30 resolved
    11:00 waived rule=X why=storm by=manager
    = R 1 missed overdue=30m

    * an exception ends the watch over all that comes later
    09:00 created
    09:30 waived rule=R why=storm by=manager
    until 12:00
    = R 1 waived
`,
  );
});
