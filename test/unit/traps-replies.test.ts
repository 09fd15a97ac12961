// Traps of other helpdesks: replies that start, stop or restart the wrong clock. All in wall time.
import t from 'tap';
import { policyOf } from '../support/timeline.ts';
import { traps } from '../support/traps.ts';

t.test('replies', async t => {
  const next = policyOf(`
  - rule: N
    on: ticket
    start: { type: ticket.replied, by: customer }
    stop: { type: ticket.replied, by: [agent, senior] }
    cancel: [ticket.resolved, ticket.closed]
    target: 1h
`);
  traps(
    t,
    next,
    `
    * the reply clock runs on after the case is resolved
    09:00 created
    09:10 replied by=customer
    09:20 resolved
    until 12:00
    = N 1 cancelled end=09:20 elapsed=10m overdue=0

    * resolving hides that the reply was late
    09:00 created
    09:10 replied by=customer
    10:20 resolved
    = N 1 missed due=10:10 overdue=10m

    * a second message of the customer begins anew
    09:10 replied by=customer
    09:40 replied by=customer
    until 10:00
    = N 1 running start=09:10 due=10:10

    * only the first exchange is measured
    09:00 replied by=customer
    09:30 replied by=agent
    10:00 replied by=customer
    11:30 replied by=agent
    12:00 replied by=customer
    until 12:10
    = N 1 met elapsed=30m
    = N 2 missed start=10:00 elapsed=1h30m overdue=30m
    = N 3 running start=12:00

    * it escalates although the agent wrote last
    09:00 replied by=customer
    09:30 replied by=agent
    until tue 09:00
    = N 1 met end=09:30

    * an agent who writes first owes a reply
    09:00 created
    09:00 replied by=agent
    until 12:00
    = none

    * two replies in a row: the second begins or ends something
    09:00 replied by=customer
    09:30 replied by=agent
    09:40 replied by=agent
    until 12:00
    = N 1 met end=09:30 elapsed=30m

    * a bot's receipt is taken for a reply
    09:00 replied by=customer
    09:00:01 replied by=bot
    until 10:00
    = N 1 running due=10:00

    * asked and answered in one instant
    10:00 replied by=customer
    10:00 replied by=agent
    until 12:00
    = N 1 met start=10:00 end=10:00 elapsed=0

    * answered and asked again in one instant: one of both is lost
    09:00 replied by=customer
    09:30 replied by=agent
    09:30 replied by=customer
    until 10:00
    = N 1 met end=09:30
    = N 2 running start=09:30 due=10:30
`,
  );
  const standing = policyOf(`
  - rule: N
    on: ticket
    when: { status: [open, pending] }
    start: { type: ticket.replied, by: customer }
    stop: { type: ticket.replied, by: agent }
    target: 1h
`);
  traps(
    t,
    standing,
    `
    * the customer says goodbye after the case is resolved: a reply is owed
    09:00 created
    09:20 resolved
    09:30 replied by=customer
    until 12:00
    = none

    * and once it is reopened the waiting since that message is forgotten
    09:00 created
    09:20 resolved
    09:30 replied by=customer
    10:00 reopened
    = N 1 running start=09:30 due=10:30 elapsed=30m
`,
  );
  const first = policyOf(`
  - rule: F
    on: ticket
    start: ticket.created
    stop: { type: ticket.replied, by: agent }
    target: 2h
  - rule: U
    on: ticket
    start: { type: ticket.replied, by: agent }
    stop: { type: ticket.replied, by: agent }
    repeat: true
    target: 1h
    cancel: ticket.resolved
`);
  traps(
    t,
    first,
    `
    * the update time overrules the time of the first response
    09:00 created
    until 10:30
    = F 1 running due=11:00

    * every reply counts as the first
    09:00 created
    09:30 replied by=agent
    12:00 replied by=agent
    until 12:10
    = F 1 met end=09:30 elapsed=30m
    = U 1 missed start=09:30 due=10:30
    = U 2 running start=12:00 due=13:00

    * updates are owed for ever after the end
    09:00 created
    09:30 replied by=agent
    10:00 resolved
    until fri 09:00
    = F 1 met end=09:30
    = U 1 cancelled end=10:00

    * a customer's message counts as an update
    09:00 created
    09:30 replied by=agent
    10:10 replied by=customer
    until 10:40
    = F 1 met end=09:30
    = U 1 overdue start=09:30 due=10:30 overdue=10m
`,
  );
});
