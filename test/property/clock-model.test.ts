// The engine against the clock model, which is the contract written a second time: each cycle's outcome line must be the
// same, wherever in a case's life it is looked at; of plain clocks also the warnings, breaches and steps of ladders. What
// differs is cut down to as few events as show it, and printed.
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { compareEvents, type SlaEvent } from '../../src/contract/event.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { random } from '../bench/load.ts';
import { runs, SEED } from '../support/chance.ts';
import { modelOutcomes } from '../support/clock-model.ts';
import type { ModelClock } from '../support/clock-model-case.ts';
import type { ModelOutcome } from '../support/clock-model-figures.ts';
import {
  instantText,
  policyText,
  randomClock,
  randomLife,
  randomUntils,
} from '../support/clock-model-lives.ts';
import { Dice } from '../support/random-policy.ts';

const LIVES = 6;
const MARKS: readonly string[] = ['warned', 'breached', 'escalated'];

interface Sample {
  readonly clocks: readonly ModelClock[];
  readonly policy: CompiledPolicy;
  readonly events: readonly SlaEvent[];
  readonly until: number;
}

type Lines = (sample: Sample) => readonly string[];
/** What the engine and the model say of the same. */
interface Sides {
  readonly engine: Lines;
  readonly model: Lines;
}

function modelOf({ clocks, events, until }: Sample): ModelOutcome[] {
  return clocks.flatMap(clock => modelOutcomes(clock, events, until));
}

/** What both sides write alike of a cycle. */
function lineOf(
  { rule, cycle }: { readonly rule: string; readonly cycle: number },
  ...rest: readonly (string | number | null)[]
): string {
  return [rule, cycle, ...rest].join(' ');
}

const OUTCOMES: Sides = {
  engine: ({ policy, events, until }) =>
    backtest(policy, events, until).outcomes.map(one => {
      const { outcome, startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs } = one;
      return lineOf(one, outcome, startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs);
    }),
  model: sample =>
    modelOf(sample).map(one => {
      const { outcome, elapsedMs, pausedMs, overdueMs } = one;
      const endedAt = one.endedAt === null ? null : instantText(one.endedAt);
      const [startedAt, dueAt] = [instantText(one.startedAt), instantText(one.dueAt)];
      return lineOf(one, outcome, startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs);
    }),
};

const DEADLINES: Sides = {
  engine: ({ policy, events, until }) =>
    backtest(policy, events, until, { all: true })
      .transitions.filter(({ state }) => MARKS.includes(state))
      .map(one => lineOf(one, one.state, one.at))
      .sort(),
  model: sample =>
    modelOf(sample)
      .flatMap(one => one.marks.map(({ state, at }) => lineOf(one, state, instantText(at))))
      .sort(),
};

t.test('outcomes are what the contract says', async t => {
  const policies = runs(250);
  const seen = new Map<string, number>();
  for (let run = SEED; run < SEED + policies; run++) {
    const dice = new Dice(random(run));
    const clocks = dice.times(1, 2, i => randomClock(dice, `R${i}`));
    const policy = policyOf(clocks);
    for (let life = 0; life < LIVES; life++) {
      const events = randomLife(dice, clocks);
      const due = backtest(policy, events).outcomes.map(({ dueAt }) => Date.parse(dueAt));
      for (const until of randomUntils(dice, events, due)) {
        const sample = { clocks, policy, events, until };
        for (const { outcome } of modelOf(sample)) count(seen, outcome);
        if (isSame(OUTCOMES, sample)) continue;
        t.fail(`SEED=${run}\n${report(OUTCOMES, sample)}`);
        return;
      }
    }
  }
  for (const outcome of ['met', 'missed', 'overdue', 'paused', 'running', 'cancelled', 'waived'])
    t.ok((seen.get(outcome) ?? 0) > policies / 10, `${seen.get(outcome)} cycles ${outcome}`);
});

t.test('deadlines are where the contract says', async t => {
  const policies = runs(120);
  const seen = new Map<string, number>();
  for (let run = SEED; run < SEED + policies; run++) {
    const dice = new Dice(random(run));
    const clock = randomClock(dice, 'R');
    // What is told of such a clock still holds later: nothing changes its target, ends its cycles unseen or undoes a stop.
    const target = typeof clock.target === 'object' && 'by' in clock.target ? '2h' : clock.target;
    const reopen: ModelClock['reopen'] = clock.reopen === 'continue' ? 'ignore' : clock.reopen;
    const clocks = [{ ...clock, when: [], target, reopen }];
    const policy = policyOf(clocks);
    for (let life = 0; life < 2; life++) {
      const events = randomLife(dice, clocks);
      const until = Math.max(...events.map(({ time }) => time)) + dice.int(0, 40) * 1_800_000;
      const sample = { clocks, policy, events, until };
      for (const { marks } of modelOf(sample)) for (const { state } of marks) count(seen, state);
      if (isSame(DEADLINES, sample)) continue;
      t.fail(`SEED=${run}\n${report(DEADLINES, sample)}`);
      return;
    }
  }
  for (const state of MARKS) t.ok((seen.get(state) ?? 0) > policies / 20, `${seen.get(state)} ${state}`);
});

function count(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

function policyOf(clocks: readonly ModelClock[]): CompiledPolicy {
  const loaded = loadPolicy(policyText(clocks), { file: 'random.json' });
  if (loaded.ok) return loaded.policy;
  throw new Error(`${loaded.errors.map(({ message }) => message).join('\n')}\n${policyText(clocks)}`);
}

function isSame({ engine, model }: Sides, sample: Sample): boolean {
  return engine(sample).join('\n') === model(sample).join('\n');
}

/** Without the clocks, events and fields that the difference does not need. */
function shrunk(sides: Sides, sample: Sample): Sample {
  for (const smaller of smallerThan(sample)) if (!isSame(sides, smaller)) return shrunk(sides, smaller);
  return sample;
}

function* smallerThan(sample: Sample): Generator<Sample> {
  const { clocks, events } = sample;
  if (clocks.length > 1)
    for (const clock of clocks) yield { ...sample, clocks: [clock], policy: policyOf([clock]) };
  for (const event of events) {
    if (events.length > 1) yield { ...sample, events: events.filter(one => one !== event) };
    for (const path of Object.keys(event.fields)) {
      const fields = Object.fromEntries(Object.entries(event.fields).filter(([name]) => name !== path));
      yield { ...sample, events: events.map(one => (one === event ? { ...event, fields } : one)) };
    }
  }
}

function report(sides: Sides, whole: Sample): string {
  const sample = shrunk(sides, whole);
  const events = [...sample.events]
    .sort(compareEvents)
    .map(({ time, type, id, sequence, fields }) =>
      [instantText(time), type, id, sequence, JSON.stringify(fields)].join(' '),
    );
  const found = ['engine:', ...sides.engine(sample), 'model:', ...sides.model(sample)];
  return [policyText(sample.clocks), ...events, `until ${instantText(sample.until)}`, ...found].join('\n');
}
