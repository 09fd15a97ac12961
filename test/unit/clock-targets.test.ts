// Corners of due instants: pauses at the very instant, targets that change while `when` keeps the cycle cancelled.
import t from 'tap';
import { policyOf, timeline } from '../support/timeline.ts';

const DAY = `  day:
    hours: { mon-fri: ["09:00-17:00"] }
`;

t.test('a pause over the opening that the cycle is due at', async t => {
  const sameTime = policyOf(
    `
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 1bd@same-time
    calendar: day
`,
    DAY,
  );
  timeline(
    t,
    'while paused over a whole day, it is due at the next opening',
    sameTime,
    `
    sat 07:00 created
    sat 07:30 pending
    until mon2 20:00
    = R 1 paused due=tue2_09:00 elapsed=0 paused=8h overdue=0`,
  );
  timeline(
    t,
    'and so it is once the pause is over: no breach lies within the pause',
    sameTime,
    `
    sat 07:00 created
    sat 07:30 pending
    mon2 20:00 resumed
    until mon2 20:30
    = R 1 running due=tue2_09:00 elapsed=0 paused=8h overdue=0
    > sat 07:00 R 1 started
    > sat 07:30 R 1 paused
    > mon2 20:00 R 1 resumed`,
  );
});

t.test('a pause that begins where another ended, at the due instant', async t => {
  const pause = '{ from: ticket.pending, to: ticket.resumed }';
  const other = '{ from: ticket.pending, to: [ticket.resumed, ticket.replied] }';
  for (const written of [pause, `[${pause}, ${other}]`])
    timeline(
      t,
      'comes too late to move it, alone and in a list',
      policyOf(`
  - rule: R
    on: ticket
    start: ticket.updated
    stop: ticket.resolved
    pause: ${written}
    target: 0s
`),
      `
    09:00 pending
    10:00 resumed
    10:00 updated
    10:00 pending
    until 11:00
    = R 1 overdue due=10:00 elapsed=0 paused=1h overdue=0`,
    );
});

t.test('a cycle that `when` ended keeps the target that it had', async t => {
  const gated = policyOf(`
  - rule: R
    on: ticket
    when: { queue: q1 }
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { urgent: 30m, normal: 4h } }
`);
  timeline(
    t,
    'whatever its attribute becomes while it is cancelled',
    gated,
    `
    09:00 created queue=q1 urgency=urgent
    10:00 updated queue=q2
    11:00 updated urgency=normal
    until 12:00
    = R 1 cancelled due=09:30 end=10:00 elapsed=1h overdue=30m`,
  );
  timeline(
    t,
    'nor does a stop change what is shown',
    gated,
    `
    09:00 created queue=q1 urgency=urgent
    10:00 updated queue=q2
    11:00 resolved urgency=normal
    until 12:00
    = R 1 cancelled due=09:30 end=10:00 elapsed=1h overdue=30m`,
  );
  timeline(
    t,
    'the event that ends it sets its attribute first',
    gated,
    `
    09:00 created queue=q1 urgency=urgent
    10:00 updated queue=q2 urgency=normal
    until 12:00
    = R 1 cancelled due=13:00 end=10:00 elapsed=1h overdue=0`,
  );
  timeline(
    t,
    'once `when` holds again it has the target of now',
    gated,
    `
    09:00 created queue=q1 urgency=urgent
    10:00 updated queue=q2
    11:00 updated urgency=normal
    12:00 updated queue=q1
    until 12:00
    = R 1 running due=13:00 elapsed=3h`,
  );
  timeline(
    t,
    'or that of its stop',
    gated,
    `
    09:00 created queue=q1 urgency=urgent
    10:00 updated queue=q2
    11:00 resolved urgency=normal
    12:00 updated queue=q1 urgency=urgent
    until 12:00
    = R 1 met due=13:00 end=11:00 elapsed=2h`,
  );
});
