// The engine's promise: the final outcome of every clock, and every sum, is a function of the set of events, the policy
// and the calendar alone. Arrival order, batches, repetitions, deadlines rung in between and reloads change nothing.
// SEED=n and RUNS=n in the environment replay and lengthen it; the seed is printed.
import fc from 'fast-check';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { compareWithRecords, outcomesFromRecords } from '../../src/backtest/records.ts';
import type { FieldValue, SlaEvent } from '../../src/contract/event.ts';
import { type Input, netCells, runLive } from '../support/live.ts';
import { policyOf } from '../support/timeline.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
const numRuns = Number(process.env.RUNS ?? 1_500);

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 20, 15);

/** Clocks that use every part of the language, on both calendars, and figures that read them. */
const POLICY = policyOf(
  `
  - rule: A
    on: ticket
    when: [{ kind: complaint }, { urgency: urgent }]
    start: ticket.created
    stop: { type: ticket.replied, by: agent }
    cancel: ticket.cancelled
    pause: { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }
    target: 30m
    warn: [50%, 5m]
    ladder: [{ after: 0s, to: a }, { after: 10m, to: b }]
  - rule: B
    on: ticket
    when: { kind: [complaint, repair] }
    start: [ticket.created, { becomes: { queue: q2 } }]
    stop: [ticket.replied, ticket.resolved]
    pause:
      - { from: ticket.pending, to: ticket.resumed }
      - { from: { type: ticket.updated, category: hold }, to: { type: ticket.updated, category: go } }
    target: { by: urgency, values: { normal: 40m, urgent: 10m } }
    reopen: continue
    warn: [80%]
    calendar: office
  - rule: C
    on: ticket
    when: { status: [open, pending] }
    start: ticket.created
    stop: [ticket.informed, ticket.resolved]
    cancel: ticket.closed
    repeat: true
    retroactive: false
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 20m
  - rule: D
    on: ticket
    start: ticket.promised
    stop: ticket.promise_kept
    cancel: ticket.cancelled
    each: promise
    pause: { from: ticket.pending, to: ticket.resumed }
    target: { at: data.dueAt }
    warn: [50%]
  - rule: E
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    reopen: restart
    pause: { from: ticket.updated, to: ticket.updated }
    target: 1bd
    calendar: office
    ladder: [{ after: 1h, to: a, calendar: always }]
  - rule: F
    on: ticket
    start: ticket.reopened
    stop: ticket.replied
    repeat: true
    reopen: continue
    target: 0s
    calendar: office
`,
  `
indicators:
  - { rule: I1, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: 1h, by: [queue] }
  - { rule: I2, clock: A, window: 1h, by: [queue] }
  - { rule: I3, clock: B, window: 1h, by: [[kind], [kind, urgency]] }
  - { rule: I4, level: { on: ticket, from: ticket.pending, to: [ticket.resumed, ticket.closed], longest: true }, by: [queue] }
  - { rule: I5, level: { on: ticket, when: { status: open, kind: complaint } }, by: [queue] }
  - { rule: I6, mean: csat, of: { type: ticket.surveyed, kind: complaint }, window: 1h }
`,
);

const fieldsArbitrary = fc.record(
  {
    kind: fc.constantFrom('complaint', 'repair', 'query'),
    urgency: fc.constantFrom('normal', 'urgent', 'odd'),
    queue: fc.constantFrom('q1', 'q2', ''),
    category: fc.constantFrom('hold', 'go'),
    reason: fc.constantFrom('customer', 'parts'),
    by: fc.constantFrom('agent', 'bot'),
    promise: fc.constantFrom('p', 'q'),
    rule: fc.constantFrom('A', 'B', 'C', 'D', 'F'),
    dueAt: fc.integer({ min: -10, max: 60 }).map(minutes => new Date(START + minutes * MINUTE).toISOString()),
    csat: fc.constantFrom(1, 3, 5),
  },
  { requiredKeys: [] },
);

const NAMES = [
  'created',
  'created',
  'replied',
  'updated',
  'updated',
  'pending',
  'resumed',
  'promised',
  'promise_kept',
  'informed',
  'resolved',
  'reopened',
  'reopened',
  'cancelled',
  'closed',
  'waived',
  'merged',
  'surveyed',
];

/** Instants lie on few minutes, so that many coincide with each other and with due instants, some over a weekend. */
const timeArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 24 }).map(n => START + n * 5 * MINUTE) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 130 * MINUTE }).map(ms => START + ms) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 90 }).map(hours => START + hours * 60 * MINUTE) },
);

const eventsArbitrary = fc
  .array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      time: timeArbitrary,
      fields: fieldsArbitrary,
      sequence: fc.option(fc.constantFrom('1', '2', '10'), { nil: undefined, freq: 3 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map(list =>
    list.map(
      ({ name, time, fields, sequence }, i): SlaEvent => ({
        id: `e${i}`,
        source: i % 3 === 0 ? '/a' : '/b',
        type: `ticket.${name}`,
        entity: 'ticket',
        case: 'T',
        time,
        sequence,
        fields: defined(fields),
        digest: `d${i}`,
      }),
    ),
  );

function defined(fields: Readonly<Record<string, FieldValue | undefined>>): Record<string, FieldValue> {
  const kept: Record<string, FieldValue> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept;
}

/** How events arrive: an order, gaps of logical time between them, repetitions, rings and reloads in between. */
const arrivalArbitrary = fc.record({
  order: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 14, maxLength: 14 }),
  lead: fc.integer({ min: -120, max: 30 }),
  gaps: fc.array(fc.constantFrom(0, 0, 1, MINUTE, 5 * MINUTE, 17 * MINUTE), { minLength: 40, maxLength: 40 }),
  extras: fc.array(fc.constantFrom('none', 'none', 'repeat', 'ring', 'reload', 'conflict'), {
    minLength: 14,
    maxLength: 14,
  }),
});
type Arrival = typeof arrivalArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** In any order: `lead` minutes before or after the first event's time they begin to come. */
function shuffled(events: readonly SlaEvent[], { order, lead, gaps, extras }: Arrival): [Input[], number] {
  const first = Math.min(...events.map(({ time }) => time));
  const ranked = events.map((event, i) => ({ event, rank: order[i] ?? 0 })).sort((a, b) => a.rank - b.rank);
  let now = first + lead * MINUTE;
  const inputs: Input[] = [];
  for (const [i, { event }] of ranked.entries()) {
    now += gaps[i * 2] ?? 0;
    inputs.push({ kind: 'event', event, now });
    now += gaps[i * 2 + 1] ?? 0;
    const extra = extras[i];
    if (extra === 'repeat') inputs.push({ kind: 'event', event, now });
    if (extra === 'conflict') inputs.push({ kind: 'event', event: { ...event, digest: 'other' }, now });
    if (extra === 'ring') inputs.push({ kind: 'time', now });
    if (extra === 'reload') inputs.push({ kind: 'reload' });
  }
  return [inputs, now];
}

t.comment(`SEED=${seed} RUNS=${numRuns}`);

t.test('any arrival ends in the same outcomes, sums and records', async t => {
  fc.assert(
    fc.property(
      eventsArbitrary,
      arrivalArbitrary,
      fc.integer({ min: 0, max: 100 }),
      (events, arrival, after) => {
        const [inputs, now] = shuffled(events, arrival);
        const last = Math.max(now, ...events.map(({ time }) => time));
        const until = last + after * MINUTE;
        const inOrder = [...events]
          .sort((a, b) => a.time - b.time)
          .map((event): Input => ({ kind: 'event', event, now: event.time }));
        const wanted = backtest(POLICY, events, until);
        const reference = runLive(POLICY, inOrder, until);
        const run = runLive(POLICY, inputs, until);

        same('outcomes in order', reference.outcomes, wanted.outcomes);
        same('outcomes', run.outcomes, wanted.outcomes);
        same('cells', netCells(run.cells), netCells(reference.cells));
        for (const { records, lowestCount, acceptances } of [run, reference]) {
          same('records', compareWithRecords(wanted.outcomes, records), []);
          same('ids that come twice', records.length - new Set(records.map(({ id }) => id)).size, 0);
          same('lowest change of a counter', lowestCount, 0);
          const applied = acceptances.filter(one => one === 'applied' || one === 'later').length;
          same('accepted events', applied, events.length);
        }
        const states = [...outcomesFromRecords(run.records).values()].sort();
        same('final records', states, [...outcomesFromRecords(reference.records).values()].sort());
      },
    ),
    { seed, numRuns, endOnFailure: false, interruptAfterTimeLimit: 60_000 },
  );
  t.pass('all agree');
});

t.test('what is stored and loaded goes on as if it had not been', async t => {
  fc.assert(
    fc.property(eventsArbitrary, arrivalArbitrary, (events, arrival) => {
      const [inputs, now] = shuffled(events, arrival);
      const until = Math.max(now, ...events.map(({ time }) => time)) + MINUTE;
      const whole = inputs.filter(({ kind }) => kind !== 'reload');
      const kept = runLive(POLICY, whole, until);
      const loaded = runLive(
        POLICY,
        whole.flatMap(input => [input, { kind: 'reload' } as const]),
        until,
      );
      same('outcomes', loaded.outcomes, kept.outcomes);
      same('records', loaded.records, kept.records);
      same('cells', Object.fromEntries(loaded.cells), Object.fromEntries(kept.cells));
    }),
    { seed, numRuns: Math.ceil(numRuns / 2), interruptAfterTimeLimit: 30_000 },
  );
  t.pass('all agree');
});

t.test('the full account of a backtest ends in its outcomes', async t => {
  fc.assert(
    fc.property(eventsArbitrary, fc.integer({ min: 0, max: 100 }), (events, after) => {
      const until = Math.max(...events.map(({ time }) => time)) + after * MINUTE;
      const { outcomes, transitions } = backtest(POLICY, events, until, { all: true });
      for (const line of outcomes) {
        const own = transitions.filter(({ rule, cycle }) => rule === line.rule && cycle === line.cycle);
        same('how often it started', own.filter(({ state }) => state === 'started').length, 1);
        const ends = own.filter(({ state }) => state === line.outcome);
        if (line.endedAt !== null) same(`${line.rule} ${line.cycle} ${line.outcome}`, ends.length > 0, true);
      }
      const cycles = new Set(transitions.map(({ rule, cycle }) => `${rule} ${cycle}`));
      same('cycles', cycles.size, outcomes.length);
      const times = transitions.map(({ at }) => at);
      same('order', times, [...times].sort());
    }),
    { seed, numRuns: Math.ceil(numRuns / 2), interruptAfterTimeLimit: 30_000 },
  );
  t.pass('all agree');
});

/** Throws with both sides as text when they differ. */
function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found, null, 1), JSON.stringify(wanted, null, 1)];
  if (a !== b) throw new Error(`${what}:\n${a}\nrather than\n${b}`);
}
