// Corners of clocks: no time at all as a target, repeats that wait for their gate, what a full account tells again after
// a withdrawal, instants that no clock can be due at.
import t from 'tap';
import type { Fields } from '../../src/contract/event.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { instantText } from '../../src/engine/instant.ts';
import type { Told } from '../../src/engine/tell.ts';
import { policyOf, timeline } from '../support/timeline.ts';

const DAY = `  day:
    hours: { mon-fri: ["09:00-17:00"] }
`;

t.test('a target of no time', async t => {
  const at0 = policyOf(
    `
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 0s
    calendar: day
`,
    DAY,
  );
  timeline(
    t,
    'paused over a whole day, it is due at the next opening, not at the close that the pause used up',
    at0,
    `
    07:00 created
    07:30 pending
    tue 07:30 resumed
    tue 08:00 resolved
    = R 1 met due=tue_09:00 elapsed=0 paused=8h overdue=0
    > 07:00 R 1 started
    > 07:30 R 1 paused
    > tue 07:30 R 1 resumed
    > tue 08:00 R 1 met`,
  );
  timeline(
    t,
    'paused until some time in the day, it is due then',
    at0,
    `
    07:00 created
    07:30 pending
    11:00 resumed
    12:00 resolved
    = R 1 missed due=11:00 elapsed=1h paused=2h overdue=1h`,
  );
  timeline(
    t,
    'while it is paused in the night, it would be due in the morning',
    at0,
    `
    07:00 created
    07:30 pending
    until 20:00
    = R 1 paused due=tue_09:00 elapsed=0 paused=8h overdue=0`,
  );
  timeline(
    t,
    'started while open it is due at once, and no pause comes in time',
    at0,
    `
    10:00 created
    10:30 pending
    until 11:00
    = R 1 overdue due=10:00 elapsed=30m overdue=30m`,
  );
});

t.test('repeats that wait for their gate', async t => {
  const waits = policyOf(`
  - rule: P
    on: ticket
    when: { urgency: urgent }
    start: ticket.created
    stop: ticket.resolved
    cancel: ticket.cancelled
    retroactive: false
    repeat: true
    target: 1h
`);
  timeline(
    t,
    'a stop before `when` ever held begins the next, and that one waits too',
    waits,
    `
    09:00 created
    09:30 resolved
    09:40 updated urgency=urgent
    until 10:00
    = P 1 running start=09:40 due=10:40`,
  );
  timeline(
    t,
    'a stop by the very event that opens the gate: the next one starts there',
    waits,
    `
    09:00 created
    09:30 resolved urgency=urgent
    until 10:00
    = P 1 running start=09:30 due=10:30`,
  );
  timeline(
    t,
    'nothing comes after a cancel',
    waits,
    `
    09:00 created
    09:20 cancelled
    09:30 resolved
    09:40 updated urgency=urgent
    until 10:00
    = none`,
  );
  timeline(
    t,
    'nor after a stop of nothing',
    waits,
    `
    09:30 resolved
    09:40 updated urgency=urgent
    until 10:00
    = none`,
  );
});

t.test('what holds in spite of a withdrawal is told after it', async t => {
  const goesOn = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 1h
    reopen: continue
`);
  timeline(
    t,
    'reopened after it was late: the end is taken back, the breach stands',
    goesOn,
    `
    09:00 created
    10:30 resolved
    11:00 reopened
    until 12:00
    = R 1 overdue due=10:00
    > 09:00 R 1 started
    > 10:00 R 1 breached
    > 10:30 R 1 missed
    > 11:00 R 1 reopened
    > 11:00 R 1 withdrawn
    > 11:00 R 1 breached`,
  );
  const by = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { urgent: 1h, high: 80m, normal: 4h } }
`);
  timeline(
    t,
    'a breach that holds again, though it lies before its withdrawal',
    by,
    `
    09:00 created urgency=urgent
    10:30 updated urgency=normal
    11:00 updated urgency=urgent
    until 12:00
    = R 1 overdue due=10:00
    > 09:00 R 1 started
    > 10:00 R 1 breached
    > 10:30 R 1 withdrawn
    > 11:00 R 1 breached`,
  );
  timeline(
    t,
    'or at another instant before it',
    by,
    `
    09:00 created urgency=urgent
    10:30 updated urgency=normal
    11:00 updated urgency=high
    until 12:00
    = R 1 overdue due=10:20
    > 09:00 R 1 started
    > 10:00 R 1 breached
    > 10:30 R 1 withdrawn
    > 11:00 R 1 breached`,
  );
  const gate = policyOf(`
  - rule: R
    on: ticket
    when: { urgency: urgent }
    start: ticket.created
    stop: ticket.resolved
    target: 1h
`);
  timeline(
    t,
    'a cycle that goes on, and was late while nobody saw it',
    gate,
    `
    09:00 created urgency=urgent
    09:30 updated urgency=normal
    11:00 updated urgency=urgent
    until 12:00
    = R 1 overdue due=10:00
    > 09:00 R 1 started
    > 09:30 R 1 cancelled
    > 11:00 R 1 withdrawn
    > 11:00 R 1 breached`,
  );
});

t.test(
  'a breach that a shorter target brings about counts where the case was when it came to hold',
  async t => {
    const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.replied
    reopen: continue
    target: { by: urgency, values: { normal: 4h, urgent: 1h } }
`);
    const nine = Date.UTC(2026, 10, 16, 9);
    const life: readonly (readonly [minute: number, name: string, fields: Fields])[] = [
      [0, 'created', { urgency: 'normal', queue: 'first' }],
      [120, 'replied', {}],
      [180, 'updated', { urgency: 'urgent', queue: 'second' }],
      [210, 'reopened', {}],
      [230, 'informed', {}],
    ];
    const state = newCase(policy, 'ticket', 'T-1');
    const told: Told = { records: [], cells: new Map() };
    for (const [minute, name, fields] of life) {
      const time = nine + minute * 60_000;
      const id = `${name}-${minute}`;
      const type = `ticket.${name}`;
      const event = {
        id,
        source: '/t',
        type,
        entity: 'ticket',
        case: 'T-1',
        time,
        fields,
        digest: '',
      } as const;
      acceptEvent(state, event, { now: time, id, at: time }, told);
    }
    t.match(state.fold.clocks[0]?.cycles, [{ dueAt: nine + 60 * 60_000, counted: 'overdue' }]);
    t.equal(told.cells.get('c|breach|R|second'), 1);
    t.notOk(told.cells.has('c|breach|R|first'));
  },
);

t.test('instants beyond what can be told', async t => {
  const promise = policyOf(
    `
  - rule: P
    on: ticket
    start: ticket.promised
    stop: ticket.promise_kept
    target: { at: data.until }
`,
    'attributes: { until: string }',
  );
  const promised = (until: string) => `
    09:00 promised until=${until}
    until 10:00`;
  timeline(t, 'the last one', promise, `${promised('9999-12-31T23:59:59Z')}\n= P 1 running start=09:00`);
  timeline(t, 'one in the year 10000 is none', promise, `${promised('9999-12-31T23:59:59-12:00')}\n= none`);
  timeline(t, 'nor is one that only a time zone would tell', promise, `${promised('2026-11-16')}\n= none`);
  for (const at of [Date.UTC(9999, 11, 31, 23, 59), Date.UTC(10_000, 0, 1), Date.UTC(275_000, 5, 1, 7)])
    t.equal(instantText(at), new Date(at).toISOString());
});
