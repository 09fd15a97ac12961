// What a backtest tells of two policies, and of targets that might be, against plain counts: of the outcomes that it
// prints for each policy alone, and of the outcomes that it finds with one target after the other.
import t from 'tap';
import { type Backtest, backtest } from '../../src/backtest/backtest.ts';
import { EventBook } from '../../src/backtest/book.ts';
import { Comparison } from '../../src/backtest/compare.ts';
import type { AlertLine, OutcomeLine } from '../../src/backtest/lines.ts';
import { outcomesOfCase, stateAt } from '../../src/backtest/outcomes.ts';
import { SpillSpace } from '../../src/backtest/spill.ts';
import { PERCENTILES, SHARES, Suggester, type Suggestion } from '../../src/backtest/suggest.ts';
import type { Fields, SlaEvent } from '../../src/contract/event.ts';
import type { CompiledClock, CompiledPolicy, Duration, Target } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { random } from '../bench/load.ts';
import { runs, SEED } from '../support/chance.ts';
import { Dice } from '../support/random-policy.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 27, 8);
const TARGETS = ['5m', '10m', '20m', '2h', '0bd', '1bd', '2bd@same-time'];
const ZONES = ['UTC', 'Asia/Shanghai', 'America/New_York'];
const NAMES = ['pending', 'resumed', 'replied', 'replied', 'updated', 'resolved', 'reopened', 'cancelled'];

type Written = Record<string, unknown>;

function clockOf(dice: Dice, rule: string): Written {
  const maybe = (share: number, written: Written) => (dice.chance(share) ? written : {});
  const byKind = { by: 'kind', values: { complaint: '10m', repair: '1h' } };
  return {
    rule,
    on: 'ticket',
    start: dice.pick<unknown>(['ticket.created', ['ticket.created', 'ticket.updated']]),
    stop: ['ticket.replied', 'ticket.resolved'],
    target: dice.pick<unknown>([...TARGETS, byKind, { ...byKind, else: '30m' }]),
    ...maybe(0.5, { pause: { from: 'ticket.pending', to: 'ticket.resumed' } }),
    ...maybe(0.4, { calendar: 'office' }),
    ...maybe(0.4, { cancel: 'ticket.cancelled' }),
    ...maybe(0.4, { reopen: dice.pick(['continue', 'restart']) }),
    ...maybe(0.2, { evidence: true }),
    ...maybe(0.3, { repeat: true }),
  };
}

function figuresOf(dice: Dice, clocks: readonly Written[]): Written[] {
  const clock = dice.pick(clocks).rule;
  return dice.some(
    [
      { rule: 'I1', clock, window: '1h', every: '10m', alert: { below: '80%', clear: '90%' } },
      { rule: 'I2', clock, window: '10m', by: ['queue'], alert: { below: '99%' } },
      {
        rule: 'I3',
        level: { on: 'ticket', from: 'ticket.created', to: 'ticket.replied' },
        alert: { above: 1 },
      },
    ],
    dice.int(0, 3),
  );
}

/** Two policies, the second one of some of the clocks of the first, of other ones under the same names, and of new ones. */
function policies(dice: Dice): [CompiledPolicy, CompiledPolicy] {
  const own = dice.times(1, 4, i => clockOf(dice, `R${i}`));
  const others = dice.times(1, 5, i => own[dice.int(0, 7)] ?? clockOf(dice, `R${i}`));
  const distinct = others.filter(({ rule }, i) => others.findIndex(other => other.rule === rule) === i);
  return [policyOf(dice, own), policyOf(dice, distinct)];
}

function policyOf(dice: Dice, clocks: readonly Written[]): CompiledPolicy {
  const text = JSON.stringify({
    version: 1,
    timezone: dice.pick(ZONES),
    calendars: { office: { hours: { 'mon-fri': ['09:00-12:00', '13:30-18:00'] } } },
    clocks,
    indicators: figuresOf(dice, clocks),
  });
  const loaded = loadPolicy(text, { file: 'random.json' });
  if (!loaded.ok) throw new Error(`${text}\n${loaded.errors.map(({ message }) => message).join('\n')}`);
  return loaded.policy;
}

/** Lives of some tickets about the turn of a month, each in order; by case, cases in order. */
function lives(dice: Dice, most: number): SlaEvent[][] {
  return dice.times(1, most, one => {
    let time = START + dice.pick([0, 0, 1, 3, 4]) * DAY_MS + dice.int(0, 600) * MINUTE_MS;
    const names = ['created', ...dice.times(0, 9, () => dice.pick(NAMES))];
    return names.map((name, i) => {
      time += dice.pick([1, 2, 5, 10, 13, 60, 400, 1600]) * MINUTE_MS + dice.pick([0, 0, 1, 999]);
      const fields: Fields = {
        ...(dice.chance(0.25) ? { queue: dice.pick(['a', 'b', '']) } : {}),
        ...(dice.chance(i === 0 ? 0.8 : 0.2) ? { kind: dice.pick(['complaint', 'repair', 'query']) } : {}),
      };
      const id = `e${i}`;
      const subject = `T${String(one).padStart(2, '0')}`;
      return {
        id,
        source: '/t',
        type: `ticket.${name}`,
        entity: 'ticket',
        case: subject,
        time,
        fields,
        digest: id,
      };
    });
  });
}

function isJudged({ outcome }: OutcomeLine): boolean {
  return ['met', 'missed', 'overdue'].includes(outcome);
}

/** The queue of a case after the events up to an instant; before its first event that of its first event. */
function queueOf(events: readonly SlaEvent[], at: number): string {
  const [first] = events;
  const known = events.filter(({ time }) => time <= Math.max(at, first?.time ?? at));
  const queue = known.findLast(({ fields }) => fields.queue !== undefined)?.fields.queue;
  return queue === undefined ? '' : String(queue);
}

interface Side {
  readonly policy: CompiledPolicy;
  readonly found: Backtest;
}

function isEvidence({ policy }: Side, rule: string): boolean {
  return policy.clocks.some(clock => clock.rule === rule && clock.evidence);
}

/** `all`, `rule R0`, `queue a`, `month 2026-11` with what of it was met and judged, before and after. */
function countsOf(sides: readonly Side[], cases: readonly SlaEvent[][]): Map<string, number[]> {
  const counts = new Map<string, number[]>([['all ', [0, 0, 0, 0]]]);
  for (const [i, side] of sides.entries()) {
    for (const line of side.found.outcomes.filter(isJudged)) {
      const at = Date.parse(line.endedAt ?? line.dueAt);
      const date = new Intl.DateTimeFormat('sv', { timeZone: side.policy.timezone }).format(at);
      const events = cases.find(([first]) => first?.case === line.case) ?? [];
      const total = ['all ', `queue ${queueOf(events, at)}`, `month ${date.slice(0, 7)}`];
      for (const name of [`rule ${line.rule}`, ...(isEvidence(side, line.rule) ? [] : total)]) {
        const count = counts.get(name) ?? [0, 0, 0, 0];
        count[2 * i] = (count[2 * i] ?? 0) + Number(line.outcome === 'met');
        count[2 * i + 1] = (count[2 * i + 1] ?? 0) + 1;
        counts.set(name, count);
      }
    }
  }
  return counts;
}

function verdict(side: Side, subject: string): string | null {
  const lines = side.found.outcomes.filter(line => line.case === subject && isJudged(line));
  const promises = lines.filter(({ rule }) => !isEvidence(side, rule));
  if (promises.length === 0) return null;
  return promises.some(({ outcome }) => outcome !== 'met') ? 'missed' : 'met';
}

/** Each cycle's outcome by its case, rule and start: of several of one start, one after the other. */
function outcomesByStart({ found }: Side): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const { case: subject, rule, startedAt, outcome } of found.outcomes) {
    const key = `${subject} ${rule} ${startedAt}`;
    all.set(key, [...(all.get(key) ?? []), outcome]);
  }
  return all;
}

function firings(alerts: readonly AlertLine[]): string[] {
  return alerts
    .filter(({ state }) => state === 'firing')
    .map(({ rule, group, at }) => `${rule} ${group} ${at}`);
}

function without(list: readonly string[], others: readonly string[]): string[] {
  return list.filter(text => !others.includes(text)).sort();
}

t.test('two policies compared are what each of them is alone', async t => {
  for (let i = 0; i < runs(80); i++) {
    const dice = new Dice(random(SEED + i));
    const [before, after] = policies(dice);
    const cases = lives(dice, 15);
    const events = cases.flat();
    const until = Math.max(...events.map(({ time }) => time)) + dice.pick([-DAY_MS, 0, 0, DAY_MS]);
    const sides = [before, after].map(policy => ({
      policy,
      found: backtest(policy, events, until, { all: true }),
    }));
    const [was, is] = sides;
    if (was === undefined || is === undefined) throw new Error('two sides');
    const space = new SpillSpace();
    const comparison = new Comparison(before, after, space, until);
    for (const one of cases) comparison.add(one);
    const name = `${i} of seed ${SEED}`;

    const moves = comparison
      .compliance()
      .map(m => [`${m.by} ${m.name}`, [m.beforeMet, m.beforeJudged, m.afterMet, m.afterJudged]] as const);
    t.same(Object.fromEntries(moves), Object.fromEntries(countsOf(sides, cases)), `${name}: shares`);

    const turned = cases.flatMap(([first]) => {
      const [one, other] = sides.map(side => verdict(side, first?.case ?? ''));
      return one && other && one !== other ? [`${first?.case} ${one} ${other}`] : [];
    });
    const turning = [...comparison.cases.sorted()];
    t.same(
      turning.map(line => `${line.case} ${line.before} ${line.after}`),
      turned,
      `${name}: cases`,
    );

    const [one, other] = sides.map(outcomesByStart);
    const differ: string[] = [];
    for (const key of new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])) {
      const [left, right] = [one?.get(key) ?? [], other?.get(key) ?? []];
      for (let nth = 0; nth < Math.max(left.length, right.length); nth++)
        if (left[nth] !== right[nth]) differ.push(`${key} ${left[nth] ?? null} ${right[nth] ?? null}`);
    }
    const cycles = [...comparison.cycles.sorted()];
    t.same(
      cycles.map(line => `${line.case} ${line.rule} ${line.startedAt} ${line.before} ${line.after}`).sort(),
      differ.sort(),
      `${name}: cycles`,
    );

    const alerts = comparison.alerts();
    const [fired, fires] = [firings(was.found.alerts), firings(is.found.alerts)];
    const named = (key: 'gone' | 'new') =>
      alerts.flatMap(alert => alert[key].map(at => `${alert.rule} ${alert.group} ${at}`)).sort();
    t.same(named('gone'), without(fired, fires), `${name}: alerts that do not come any more`);
    t.same(named('new'), without(fires, fired), `${name}: alerts that come anew`);
    space.close();
  }
});

/** The clock with one target for all, or for one value of the attribute that chooses it. */
function withTarget(clock: CompiledClock, value: string | null, duration: Duration): CompiledClock {
  const { target } = clock;
  if (target.kind !== 'by') return { ...clock, target: { kind: 'fixed', duration } };
  const values = new Map(target.values);
  if (value === null) for (const key of values.keys()) values.set(key, duration);
  else values.set(value, duration);
  const otherwise = value === null && target.otherwise !== null ? duration : target.otherwise;
  return { ...clock, target: { ...target, values, otherwise } };
}

/** What a backtest finds with this target: of the cycles that it holds for, how many were met and judged. */
function tried(
  { policy, clock, cases, until }: Trial,
  value: string | null,
  duration: Duration,
): { met: number; judged: number; stopped: number[] } {
  const other = withTarget(clock, value, duration);
  const clocks = policy.clocks.map(each => (each === clock ? other : each));
  const result = { met: 0, judged: 0, stopped: [] as number[] };
  for (const events of cases) {
    const state = stateAt({ ...policy, clocks }, events, until);
    const cycles = state?.fold.clocks.find(each => each.clock === other)?.cycles ?? [];
    const lines = state === null ? [] : outcomesOfCase(state, until);
    for (const line of lines.filter(({ rule }) => rule === clock.rule)) {
      const cycle = cycles[line.cycle - 1];
      if (cycle === undefined || cycle.target !== duration) continue;
      if (cycle.end?.how === 'stop' && cycle.hidden === null) result.stopped.push(line.elapsedMs);
      result.met += Number(line.outcome === 'met');
      result.judged += Number(isJudged(line));
    }
  }
  return result;
}

interface Trial {
  readonly policy: CompiledPolicy;
  readonly clock: CompiledClock;
  readonly cases: readonly SlaEvent[][];
  readonly until: number;
}

function isSameTime(target: Target): boolean {
  return target.kind === 'fixed' && target.duration.kind === 'business-days' && target.duration.sameTime;
}

/** What is wrong with a suggestion; empty when nothing is. */
function problemsOf(trial: Trial, suggestion: Suggestion): string[] {
  const { value, unit, targets, actualMs, stopped } = suggestion;
  const sameTime = isSameTime(trial.clock.target);
  const of = (size: number) =>
    tried(
      trial,
      value,
      unit === 'ms' ? { kind: 'time', ms: size } : { kind: 'business-days', days: size, sameTime },
    );
  const times = of(1).stopped;
  const problems = times.length === stopped ? [] : [`${stopped} stopped rather than ${times.length}`];
  for (const percent of PERCENTILES) {
    const least = times.filter(
      ms => times.filter(other => other <= ms).length * 100 >= percent * times.length,
    );
    const expected = least.length === 0 ? null : Math.min(...least);
    if (actualMs[percent] !== expected) problems.push(`p${percent} ${actualMs[percent]}, not ${expected}`);
  }
  for (const percent of SHARES) {
    const target = targets[percent];
    if (target === null) continue;
    const keeps = (size: number) => {
      const { met, judged } = of(size);
      return judged > 0 && met * 100 >= percent * judged;
    };
    if (!keeps(target)) problems.push(`${percent} %: ${target} is not enough`);
    if (target > (sameTime ? 1 : 0) && keeps(target - 1))
      problems.push(`${percent} %: less than ${target} is`);
  }
  return problems;
}

t.test('a suggested target keeps the share that it promises, and nothing less does', async t => {
  for (let i = 0; i < runs(80); i++) {
    const dice = new Dice(random(SEED + i));
    const [policy] = policies(dice);
    const clock = dice.pick(policy.clocks);
    const book = new EventBook();
    for (const event of lives(dice, 30).flat()) book.add(event);
    const cases = [...book.cases()].map(events => [...events]);
    const until = book.lastAt + dice.pick([0, 0, DAY_MS]);
    const suggester = new Suggester(policy, clock, until);
    for (const events of cases) suggester.add(events);
    const problems = suggester.suggestions().flatMap(suggestion => {
      const { value } = suggestion;
      // Without a value, or with none of the policy's, the target is another one's as well.
      const isOwn = value === null || (clock.target.kind === 'by' && clock.target.values.has(value));
      if (!isOwn) return [];
      return problemsOf({ policy, clock, cases, until }, suggestion).map(text => `${value}: ${text}`);
    });
    t.same(problems, [], `${i} of seed ${SEED}: ${clock.rule}`);
  }
});
