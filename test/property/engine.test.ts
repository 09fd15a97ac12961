// The engine's promise: the final outcome of every clock, and every sum, is a function of the set of events, the policy
// and the calendar alone. Arrival order, batches, repetitions, deadlines rung in between and reloads change nothing.
import fc from 'fast-check';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { compareWithRecords, outcomesFromRecords } from '../../src/backtest/records.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import type { CaseActionRecord, ClockRecord } from '../../src/contract/record.ts';
import { CASE_POLICY, eventsArbitrary, MINUTE } from '../support/cases.ts';
import { chance } from '../support/chance.ts';
import { type Input, netCells, runLive } from '../support/live.ts';

const HOUR = 60 * MINUTE;
const RUNS = 1_500;

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
        const wanted = backtest(CASE_POLICY, events, until);
        const reference = runLive(CASE_POLICY, inOrder, until);
        const run = runLive(CASE_POLICY, inputs, until);

        same('outcomes in order', reference.outcomes, wanted.outcomes);
        same('outcomes', run.outcomes, wanted.outcomes);
        same('cells', netCells(run.cells), netCells(reference.cells));
        for (const { records, told, lowestCount, acceptances } of [run, reference]) {
          same('records', compareWithRecords(wanted.outcomes, records), []);
          same('ids that come twice', told.length - new Set(told.map(({ id }) => id)).size, 0);
          same('calls beside one that stands', standingCalls(told).twice, []);
          same('lowest change of a counter', lowestCount, 0);
          const applied = acceptances.filter(one => one === 'applied' || one === 'later').length;
          same('accepted events', applied, events.length);
        }
        const states = [...outcomesFromRecords(run.records).values()].sort();
        same('final records', states, [...outcomesFromRecords(reference.records).values()].sort());
      },
    ),
    { ...chance(RUNS), endOnFailure: false, interruptAfterTimeLimit: 60_000 },
  );
  t.pass('all agree');
});

t.test('what is stored and loaded goes on as if it had not been', async t => {
  fc.assert(
    fc.property(eventsArbitrary, arrivalArbitrary, (events, arrival) => {
      const [inputs, now] = shuffled(events, arrival);
      const until = Math.max(now, ...events.map(({ time }) => time)) + MINUTE;
      const whole = inputs.filter(({ kind }) => kind !== 'reload');
      const kept = runLive(CASE_POLICY, whole, until);
      const loaded = runLive(
        CASE_POLICY,
        whole.flatMap(input => [input, { kind: 'reload' } as const]),
        until,
      );
      same('outcomes', loaded.outcomes, kept.outcomes);
      same('what is told', loaded.told, kept.told);
      same('cells', Object.fromEntries(loaded.cells), Object.fromEntries(kept.cells));
    }),
    { ...chance(RUNS / 2), interruptAfterTimeLimit: 30_000 },
  );
  t.pass('all agree');
});

// Within the hour only cycles that were at an end when they became known are spared their call.
t.test(
  'each cycle that is there in the end and was seen open has its call, no other has, in whatever order they became known',
  async t => {
    const calling = new Set(
      CASE_POLICY.clocks.flatMap(({ atOnce, rule }) => (atOnce === null ? [] : [rule])),
    );
    let called = 0;
    let spared = 0;
    let takenBack = 0;
    fc.assert(
      fc.property(eventsArbitrary, arrivalArbitrary, (events, arrival) => {
        const first = Math.min(...events.map(({ time }) => time));
        const until = first + HOUR;
        const early = events.filter(({ time }) => time <= until);
        const [inputs] = shuffled(early, {
          ...arrival,
          lead: Math.max(arrival.lead, -arrival.lead % 30),
          gaps: arrival.gaps.map(gap => Math.min(gap, MINUTE)),
        });
        const run = runLive(CASE_POLICY, inputs, until);
        const { standing, withdrawn } = standingCalls(run.told);
        const { outcomes } = backtest(CASE_POLICY, early, until);
        const there = outcomes
          .filter(({ rule }) => calling.has(rule))
          .map(({ rule, cycle }) => `${rule} ${cycle}`);
        same(
          'calls of no cycle',
          [...standing].filter(cycle => !there.includes(cycle)),
          [],
        );
        const ended = endedCycles(run.told);
        const missing = there.filter(cycle => !standing.has(cycle));
        same(
          'open and never called for',
          missing.filter(cycle => !ended.has(cycle)),
          [],
        );
        called += standing.size;
        spared += missing.length;
        takenBack += withdrawn;
      }),
      { ...chance(RUNS), endOnFailure: false, interruptAfterTimeLimit: 60_000 },
    );
    t.ok(
      called > 3 * spared && spared > 0 && takenBack > 0,
      `${called} calls stand, ${spared} were spared, ${takenBack} were taken back`,
    );
  },
);

/** Cycles whose call stands, those that were called for while a call stood, and how many calls were taken back. */
function standingCalls(told: readonly (ClockRecord | CaseActionRecord)[]): {
  readonly standing: ReadonlySet<string>;
  readonly twice: readonly string[];
  readonly withdrawn: number;
} {
  const standing = new Set<string>();
  const twice: string[] = [];
  let withdrawn = 0;
  for (const record of told) {
    const cycle = `${record.rule} ${record.cycle}`;
    if (record.kind === 'action') {
      if (standing.has(cycle)) twice.push(cycle);
      standing.add(cycle);
    } else if (record.action !== undefined && standing.delete(cycle)) withdrawn += 1;
  }
  return { standing, twice, withdrawn };
}

const ENDS: ReadonlySet<string> = new Set(['met', 'missed', 'cancelled', 'waived']);

/** Cycles that were ever told to be at an end. */
function endedCycles(told: readonly (ClockRecord | CaseActionRecord)[]): ReadonlySet<string> {
  const ends = told.filter(record => record.kind === 'clock' && ENDS.has(record.state));
  return new Set(ends.map(({ rule, cycle }) => `${rule} ${cycle}`));
}

/** The transitions of which the last one says how a cycle stands. */
const OUTCOMES: ReadonlySet<string> = new Set([
  'breached',
  'met',
  'missed',
  'cancelled',
  'waived',
  'withdrawn',
]);

t.test('the full account of a backtest ends in its outcomes', async t => {
  fc.assert(
    fc.property(eventsArbitrary, fc.integer({ min: 0, max: 100 }), (events, after) => {
      const until = Math.max(...events.map(({ time }) => time)) + after * MINUTE;
      const { outcomes, transitions } = backtest(CASE_POLICY, events, until, { all: true });
      for (const line of outcomes) {
        const own = transitions.filter(({ rule, cycle }) => rule === line.rule && cycle === line.cycle);
        same('how often it started', own.filter(({ state }) => state === 'started').length, 1);
        const ends = own.filter(({ state }) => state === line.outcome);
        if (line.endedAt !== null) same(`${line.rule} ${line.cycle} ${line.outcome}`, ends.length > 0, true);
        const last = own.findLast(({ state }) => OUTCOMES.has(state))?.state;
        const isOpen = line.outcome === 'running' || line.outcome === 'paused';
        const wanted = line.outcome === 'overdue' ? 'breached' : line.outcome;
        same(
          `${line.rule} ${line.cycle} ends`,
          isOpen ? (last ?? 'withdrawn') : last,
          isOpen ? 'withdrawn' : wanted,
        );
      }
      const cycles = new Set(transitions.map(({ rule, cycle }) => `${rule} ${cycle}`));
      same('cycles', cycles.size, outcomes.length);
      const times = transitions.map(({ at }) => at);
      same('order', times, [...times].sort());
    }),
    { ...chance(RUNS / 2), interruptAfterTimeLimit: 30_000 },
  );
  t.pass('all agree');
});

/** Throws with both sides as text when they differ. */
function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found, null, 1), JSON.stringify(wanted, null, 1)];
  if (a !== b) throw new Error(`${what}:\n${a}\nrather than\n${b}`);
}
