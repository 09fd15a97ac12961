// The engine against the clock model, which is the contract written a second time: each cycle's outcome line must be the
// same, wherever in a case's life it is looked at. What differs is cut down to as few events as show it, and printed.
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { random } from '../bench/load.ts';
import { runs, SEED } from '../support/chance.ts';
import { type ModelClock, modelOutcomes } from '../support/clock-model.ts';
import {
  instantText,
  policyText,
  randomClock,
  randomLife,
  randomUntils,
} from '../support/clock-model-lives.ts';
import { Dice } from '../support/random-policy.ts';

const LIVES = 6;

interface Sample {
  readonly clocks: readonly ModelClock[];
  readonly policy: CompiledPolicy;
  readonly events: readonly SlaEvent[];
  readonly until: number;
}

t.test('outcomes are what the contract says', async t => {
  const policies = runs(200);
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
        const lines = linesOfModel(sample);
        for (const { outcome } of lines) seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        if (isSame(sample)) continue;
        t.fail(`SEED=${run}\n${report(shrunk(sample))}`);
        return;
      }
    }
  }
  for (const outcome of ['met', 'missed', 'overdue', 'paused', 'running', 'cancelled', 'waived'])
    t.ok((seen.get(outcome) ?? 0) > policies / 10, `${seen.get(outcome)} cycles ${outcome}`);
});

function policyOf(clocks: readonly ModelClock[]): CompiledPolicy {
  const loaded = loadPolicy(policyText(clocks), { file: 'random.json' });
  if (loaded.ok) return loaded.policy;
  throw new Error(`${loaded.errors.map(({ message }) => message).join('\n')}\n${policyText(clocks)}`);
}

interface Line {
  readonly outcome: string;
  readonly text: string;
}

/** A line in words that both sides write alike. */
function lineOf(
  rule: string,
  cycle: number,
  outcome: string,
  [startedAt, dueAt, endedAt]: readonly (string | null)[],
  [elapsedMs, pausedMs, overdueMs]: readonly number[],
): Line {
  const times = `start=${startedAt} due=${dueAt} end=${endedAt}`;
  return {
    outcome,
    text: `${rule} ${cycle} ${outcome} ${times} elapsed=${elapsedMs} paused=${pausedMs} overdue=${overdueMs}`,
  };
}

function linesOfModel({ clocks, events, until }: Sample): Line[] {
  return clocks.flatMap(clock =>
    modelOutcomes(clock, events, until).map(one =>
      lineOf(
        one.rule,
        one.cycle,
        one.outcome,
        [
          instantText(one.startedAt),
          instantText(one.dueAt),
          one.endedAt === null ? null : instantText(one.endedAt),
        ],
        [one.elapsedMs, one.pausedMs, one.overdueMs],
      ),
    ),
  );
}

function linesOfEngine({ policy, events, until }: Sample): Line[] {
  return backtest(policy, events, until).outcomes.map(one =>
    lineOf(
      one.rule,
      one.cycle,
      one.outcome,
      [one.startedAt, one.dueAt, one.endedAt],
      [one.elapsedMs, one.pausedMs, one.overdueMs],
    ),
  );
}

function textOf(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join('\n');
}

function isSame(sample: Sample): boolean {
  return textOf(linesOfEngine(sample)) === textOf(linesOfModel(sample));
}

/** Without the clocks, events and fields that the difference does not need. */
function shrunk(sample: Sample): Sample {
  for (const smaller of smallerThan(sample)) if (!isSame(smaller)) return shrunk(smaller);
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

function report(sample: Sample): string {
  const events = [...sample.events]
    .sort((a, b) => a.time - b.time)
    .map(({ time, type, id, sequence, fields }) =>
      [instantText(time), type, id, sequence, JSON.stringify(fields)].join(' '),
    );
  return [
    policyText(sample.clocks),
    ...events,
    `until ${instantText(sample.until)}`,
    `engine:\n${textOf(linesOfEngine(sample))}`,
    `model:\n${textOf(linesOfModel(sample))}`,
  ].join('\n');
}
