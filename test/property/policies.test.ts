// What holds whatever the policy says: the order of arrival, repetitions, restarts and late evidence change no outcome and
// no figure, and the live monitor ends where a backtest does. What fails is
// printed with its seed, its policy and its events.
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import type { OutcomeLine } from '../../src/backtest/lines.ts';
import { compareWithRecords } from '../../src/backtest/records.ts';
import { compareEvents, type SlaEvent } from '../../src/contract/event.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { random } from '../bench/load.ts';
import { runs, SEED } from '../support/chance.ts';
import { type Input, netCells, runLive } from '../support/live.ts';
import { Dice, randomArrival, randomEvents, randomPolicy } from '../support/random-policy.ts';

const lives = runs(300);
const LIVES = 4;

t.test('any policy, any order', async t => {
  const done = { policies: 0, cycles: 0 };
  for (let run = SEED; run < SEED + lives; run++) {
    const dice = new Dice(random(run));
    const text = randomPolicy(dice);
    const loaded = loadPolicy(text, { file: 'random.json' });
    if (!loaded.ok) continue;
    done.policies += 1;
    for (let life = 0; life < LIVES; life++) {
      const events = randomEvents(dice);
      const { inputs, end } = randomArrival(dice, events);
      const until = Math.max(end, ...events.map(({ time }) => time)) + dice.int(0, 6_000_000);
      const { problems, cycles } = tryOut(loaded.policy, events, inputs, until);
      done.cycles += cycles;
      if (problems.length === 0) continue;
      t.fail(`SEED=${run} RUNS=1\n${text}\n${JSON.stringify(events)}\n${problems.join('\n')}`);
      return;
    }
  }
  t.ok(done.policies > lives / 4, `${done.policies} policies could be loaded`);
  t.ok(done.cycles > done.policies, `${done.cycles} cycles`);
});

/** What explaining finds, which runs every clock from its start on: cycles whose due instant is known. */
function accountsOf(policy: CompiledPolicy, events: readonly SlaEvent[], until: number): string[] {
  const sorted = [...events].sort(compareEvents);
  const state = restoreCase(policy, 'ticket', 'T', sorted, until, until);
  return explainCase(state, until).map(timesOf);
}

type Cycle = Pick<
  OutcomeLine,
  'rule' | 'cycle' | 'outcome' | 'dueAt' | 'endedAt' | 'elapsedMs' | 'pausedMs' | 'overdueMs'
>;

function timesOf({ rule, cycle, outcome, dueAt, endedAt, elapsedMs, pausedMs, overdueMs }: Cycle): string {
  return [rule, cycle, outcome, dueAt, endedAt, elapsedMs, pausedMs, overdueMs].join(' ');
}

function tryOut(
  policy: CompiledPolicy,
  events: readonly SlaEvent[],
  inputs: readonly Input[],
  until: number,
) {
  const problems: string[] = [];
  const same = (what: string, found: unknown, wanted: unknown): void => {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) problems.push(`${what}: ${a}\n  rather than ${b}`);
  };
  const { outcomes } = backtest(policy, [...events], until);
  const inOrder = [...events]
    .sort(compareEvents)
    .map(event => ({ kind: 'event', event, now: event.time }) as const);
  const found = runLive(policy, inputs, until);
  const plain = runLive(policy, inOrder, until);
  same('outcomes', found.outcomes, outcomes);
  same('cells', netCells(found.cells), netCells(plain.cells));
  same('accounts', accountsOf(policy, events, until), outcomes.map(timesOf));
  for (const { records, told, lowestCount } of [found, plain]) {
    same('last records', compareWithRecords(outcomes, records), []);
    same('ids', new Set(told.map(({ id }) => id)).size, told.length);
    same('counters', lowestCount < 0, false);
  }
  const restarted = runLive(
    policy,
    inputs.flatMap((input): Input[] => [input, { kind: 'reload' }]),
    until,
  );
  same('told after restarts', restarted.told, found.told);
  same('cells after restarts', [...restarted.cells].sort(), [...found.cells].sort());
  return { problems, cycles: outcomes.length };
}
