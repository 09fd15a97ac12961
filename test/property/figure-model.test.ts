// Figures and alerts against a plain model of the contract (support/figure-model.ts), under random policies: every alert
// of a backtest, and every figure that live cases come to, whatever arrived late, twice or before its time.
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { CellBook } from '../../src/engine/cell-book.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { CellStore } from '../../src/processor/cell-store.ts';
import { random } from '../bench/load.ts';
import { runs, SEED } from '../support/chance.ts';
import { alertsUpTo, type CycleState, figuresAt, Moment, type World } from '../support/figure-model.ts';
import { type RandomFigures, randomFigures } from '../support/random-figures.ts';
import { Dice } from '../support/random-policy.ts';

const MINUTE_MS = 60_000;
/** So many policies each test tries; live cases cost less than a judge's every look. */
const BACKTESTS = runs(160);
const LIVES = runs(220);

/** An event with the instant at which it arrives. */
interface Arrival {
  readonly event: SlaEvent;
  readonly now: number;
}

/** An instant at which figures are looked at. */
type Look = Pick<Arrival, 'now'>;

interface Drawn extends RandomFigures {
  readonly policy: CompiledPolicy;
  readonly world: World;
  readonly arrivals: readonly Arrival[];
}

function draw(dice: Dice): Drawn {
  const made = randomFigures(dice);
  const loaded = loadPolicy(made.text, { file: 'random.json' });
  if (!loaded.ok) throw new Error(`${made.text}\n${loaded.errors.map(({ message }) => message).join('\n')}`);
  const { policy } = loaded;
  const world: World = { ...made, cycles: (events, at) => cyclesOf(policy, events, at) };
  return { ...made, policy, world, arrivals: arrivalsOf(dice, made.events) };
}

/** In a random order, some twice, some under a name that is taken, before and after their own time. */
function arrivalsOf(dice: Dice, events: readonly SlaEvent[]): Arrival[] {
  const ordered = events
    .map(event => ({ event, key: event.time + dice.pick([0, 0, 1, -1]) * dice.int(0, 60) * MINUTE_MS }))
    .sort((a, b) => a.key - b.key);
  let now = 0;
  return ordered.flatMap(({ event, key }) => {
    now = Math.max(now, key);
    const again = dice.chance(0.2) ? [event] : [];
    const other = dice.chance(0.1) ? [{ ...event, type: `${event.entity}.surveyed`, digest: 'other' }] : [];
    return [event, ...again, ...other].map(one => ({ event: one, now }));
  });
}

/** How clocks stand is taken from their outcomes, which have tests of their own; when they enter a share is the model's. */
function cyclesOf(policy: CompiledPolicy, events: readonly SlaEvent[], at: number): CycleState[] {
  return backtest(policy, events, at).outcomes.map(line => ({
    ...line,
    dueAt: Date.parse(line.dueAt),
    endedAt: line.endedAt === null ? null : Date.parse(line.endedAt),
  }));
}

/** What fails, as a text to repeat it by: with as few events as will do. */
function report(
  seed: number,
  { arrivals, text }: Drawn,
  problemOf: (arrivals: readonly Arrival[]) => string,
): string {
  let few = arrivals;
  for (let i = 0; i < few.length; ) {
    const fewer = few.filter((_, j) => j !== i);
    if (fewer.length > 0 && problemOf(fewer) !== '') few = fewer;
    else i += 1;
  }
  const lines = few.map(({ now, event: { time, type, case: id, fields, sequence = '' } }) =>
    [showTime(now), showTime(time), type, id, JSON.stringify(fields), sequence].join(' '),
  );
  return [`SEED=${seed}`, text, ...lines, problemOf(few)].join('\n');
}

function showTime(at: number): string {
  return new Date(at).toISOString();
}

/** Lines that only one side has; empty when both agree. */
function difference(found: readonly string[], wanted: readonly string[]): string {
  return [
    ...found.filter(line => !wanted.includes(line)).map(line => `found  ${line}`),
    ...wanted.filter(line => !found.includes(line)).map(line => `wanted ${line}`),
    ...(found.length === wanted.length ? [] : [`${found.length} lines rather than ${wanted.length}`]),
  ].join('\n');
}

t.test('alerts of a backtest', async t => {
  const fired = new Map<string, number>();
  for (let seed = SEED; seed < SEED + BACKTESTS; seed++) {
    const dice = new Dice(random(seed));
    const drawn = draw(dice);
    const { policy, world } = drawn;
    const last = Math.max(...drawn.events.map(({ time }) => time));
    const until = last + dice.pick([-10, 0, 5, 30]) * MINUTE_MS;
    const problemOf = (arrivals: readonly Arrival[]): string => {
      const events = arrivals.map(({ event }) => event);
      const found = backtest(policy, events, until, { all: true }).alerts;
      const wanted = alertsUpTo(world, events, until);
      return difference(
        found.map(({ rule, group, state, value, numerator, denominator, at }) =>
          [at, rule, group, state, value, `${numerator}/${denominator}`].join(' '),
        ),
        wanted.map(({ rule, group, state, value, numerator, denominator, at }) =>
          [showTime(at), rule, group, state, value, `${numerator}/${denominator}`].join(' '),
        ),
      );
    };
    if (problemOf(drawn.arrivals) !== '') {
      t.fail(report(seed, drawn, problemOf));
      return;
    }
    for (const { rule, state } of alertsUpTo(world, drawn.events, until)) {
      const kind = drawn.figures.find(figure => figure.rule === rule)?.measured.kind;
      const key = `${kind} ${state}`;
      fired.set(key, (fired.get(key) ?? 0) + 1);
    }
  }
  for (const kind of ['ratio', 'clock', 'field', 'share', 'level'])
    for (const state of ['firing', 'resolved'])
      t.ok((fired.get(`${kind} ${state}`) ?? 0) > 1, `${kind}: ${fired.get(`${kind} ${state}`)} ${state}`);
});

/** Live cases of one partition, with the book that a reader keeps of what the partition commits. */
class LiveCases {
  readonly book = new CellBook();
  readonly #policy: CompiledPolicy;
  readonly #states = new Map<string, CaseState>();
  readonly #store: CellStore;

  constructor(policy: CompiledPolicy) {
    this.#policy = policy;
    this.#store = new CellStore(policy, new Map());
  }

  take({ event, now }: Arrival): void {
    const name = `${event.entity} ${event.case}`;
    const state = this.#states.get(name) ?? newCase(this.#policy, event.entity, event.case);
    this.#states.set(name, state);
    this.#commit(now, told => acceptEvent(state, event, { now, id: `${now}`, at: event.time }, told));
  }

  /** Time passes for all cases. */
  reach(now: number): void {
    for (const state of this.#states.values())
      this.#commit(now, told => reachTime(state, { now, id: `${now}`, at: now }, told));
  }

  #commit(now: number, act: (told: Told) => void): void {
    const told: Told = { records: [], cells: new Map() };
    act(told);
    const message: Record<string, number | null> = {};
    this.#store.apply(told.cells, now, { cellsSet: [], cellsRemoved: [] }, message);
    for (const [key, value] of Object.entries(message)) this.book.set(0, key, value);
  }
}

t.test('figures of live cases', async t => {
  const done = { values: 0, groups: 0 };
  for (let seed = SEED; seed < SEED + LIVES; seed++) {
    const dice = new Dice(random(seed));
    const drawn = draw(dice);
    const { policy, world } = drawn;
    const last = Math.max(...drawn.arrivals.map(({ now }) => now));
    const looks = dice.times(3, 6, () => ({
      now: dice.pick(drawn.arrivals).now + dice.pick([0, 0, 1, MINUTE_MS, 5 * MINUTE_MS, 61 * MINUTE_MS]),
    }));
    const steps: readonly (Arrival | Look)[] = [...drawn.arrivals, ...looks, { now: last + MINUTE_MS }].sort(
      (a, b) => a.now - b.now,
    );
    const problemOf = (arrivals: readonly Arrival[]): string => {
      const live = new LiveCases(policy);
      const known: SlaEvent[] = [];
      for (const step of steps) {
        if ('event' in step) {
          if (!arrivals.includes(step)) continue;
          live.take(step);
          known.push(step.event);
          continue;
        }
        const { now } = step;
        live.reach(now);
        const moment = new Moment(world, known, now);
        const [found, wanted]: [string[], string[]] = [[], []];
        for (const spec of world.figures) {
          const indicator = policy.indicators.find(({ rule }) => rule === spec.rule);
          if (indicator === undefined) throw new Error(`no indicator ${spec.rule}`);
          const figures = figuresAt(spec, moment);
          const nothing = figuresAt(spec, new Moment(world, [], now)).get('all');
          for (const group of new Set([...figures.keys(), ...live.book.groups(indicator)])) {
            const { value, numerator, denominator } = live.book.window(indicator, group, now);
            const model = figures.get(group) ?? nothing;
            found.push(`${spec.rule} ${group} ${value} ${numerator}/${denominator}`);
            wanted.push(`${spec.rule} ${group} ${model?.value} ${model?.numerator}/${model?.denominator}`);
            done.groups += 1;
            if (value !== null && denominator > 0) done.values += 1;
          }
        }
        const problem = difference(found, wanted);
        if (problem !== '') return `as of ${showTime(now)}\n${problem}`;
      }
      return '';
    };
    if (problemOf(drawn.arrivals) === '') continue;
    t.fail(report(seed, drawn, problemOf));
    return;
  }
  t.ok(done.values > 5 * LIVES, `${done.values} values of ${done.groups} groups`);
});
