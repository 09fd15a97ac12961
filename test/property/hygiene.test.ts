// Pause hygiene against a model that walks through each case minute by minute: which cycles were paused, for how long
// one waits, what was left when a pause began, what ended while it was on; and shares as they are without any pause.
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import type { OutcomeLine } from '../../src/backtest/lines.ts';
import { stateAt } from '../../src/backtest/outcomes.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { type Hygiene, hygieneOf, NO_HYGIENE, STUCK_MS } from '../../src/engine/hygiene.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { random } from '../bench/load.ts';
import { runs, SEED } from '../support/chance.ts';
import { Dice } from '../support/random-policy.ts';
import { policyOf } from '../support/timeline.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 18, 8) / MINUTE_MS;
const STUCK = STUCK_MS / MINUTE_MS;
/** Minutes of each target. */
const TARGETS = { '10m': 10, '20m': 20, '2h': 120, '9h': 540 };
const NAMES = ['pending', 'pending', 'resumed', 'resumed', 'resolved', 'reopened', 'cancelled', 'created'];

interface Spec {
  readonly target: keyof typeof TARGETS;
  readonly isOffice: boolean;
  readonly reopen: 'ignore' | 'continue' | 'restart';
}

/** Times in minutes. */
interface Step {
  readonly at: number;
  readonly name: string;
}

interface Cycle {
  readonly from: number;
  to: number | null;
  /** By its stop, which a reopening may undo. */
  isStopped: boolean;
  readonly gaps: { readonly from: number; readonly to: number }[];
}

function policyFor({ target, isOffice, reopen }: Spec, pause: string): CompiledPolicy {
  const calendar = isOffice ? ', calendar: office' : '';
  const life = 'start: ticket.created, stop: ticket.resolved, cancel: ticket.cancelled';
  return policyOf(
    `  - { rule: R, on: ticket, ${life}, target: ${target}, reopen: ${reopen}${calendar}${pause} }`,
  );
}

/** Open minutes of the calendar that `policyOf` gives. */
function isOpen({ isOffice }: Spec, minute: number): boolean {
  if (!isOffice) return true;
  const policy = OFFICE.clocks[0]?.calendar;
  return policy !== undefined && policy.elapsed(minute * MINUTE_MS, (minute + 1) * MINUTE_MS) > 0;
}

const OFFICE = policyFor({ target: '10m', isOffice: true, reopen: 'ignore' }, '');

function life(dice: Dice, { target }: Spec): Step[] {
  const whole = TARGETS[target];
  const around = dice.chance(0.4)
    ? dice.pick([
        ['pending', 'resolved'],
        ['resolved', 'pending', 'resumed', 'reopened'],
        ['resolved', 'pending', 'reopened', 'resolved'],
        ['pending', 'resumed', 'pending', 'resolved', 'reopened'],
      ])
    : [];
  const names = [
    ...(dice.chance(0.1) ? ['pending'] : []),
    ...['created', ...around, ...dice.times(0, 7, () => dice.pick(NAMES))],
  ];
  let at = START + dice.int(0, 3000);
  return names.map((name, i) => {
    const late = Math.round(whole * 0.9) + dice.int(-1, 2);
    at += i === 1 && dice.chance(0.4) ? late : dice.pick([1, 2, 5, 8, 10, 20, 60, 108, 480, 1600, 5000]);
    return { at, name };
  });
}

function cyclesOf(steps: readonly Step[], reopen: Spec['reopen']): Cycle[] {
  const cycles: Cycle[] = [];
  for (const { at, name } of steps) {
    const last = cycles.at(-1);
    const isBusy = last !== undefined && last.to === null;
    if (name === 'created' && !isBusy) cycles.push({ from: at, to: null, isStopped: false, gaps: [] });
    else if (last === undefined) continue;
    else if (isBusy && (name === 'resolved' || name === 'cancelled')) {
      last.to = at;
      last.isStopped = name === 'resolved';
    } else if (name === 'reopened' && last.to !== null && last.isStopped) {
      if (reopen === 'continue') {
        last.gaps.push({ from: last.to, to: at });
        last.to = null;
      } else if (reopen === 'restart') cycles.push({ from: at, to: null, isStopped: false, gaps: [] });
    }
  }
  return cycles;
}

/** What the pauses did to one cycle, each minute of it looked at. */
function walked(spec: Spec, steps: readonly Step[], cycle: Cycle, until: number): Partial<Hygiene> {
  const isPaused = (minute: number) =>
    steps.findLast(({ at, name }) => at <= minute && (name === 'pending' || name === 'resumed'))?.name ===
    'pending';
  const gapAt = (minute: number) => cycle.gaps.find(({ from, to }) => minute >= from && minute < to);
  const end = cycle.to ?? until;
  const whole = TARGETS[spec.target];
  const isOnAtEnd = isPaused(end) && isPaused(end - 1);
  let [spent, wasOn] = [0, isPaused(cycle.from - 1)];
  let [paused, lastMoment] = [isOnAtEnd, false];
  for (let minute = cycle.from; minute < end; minute++) {
    const [on, gap] = [isPaused(minute), gapAt(minute)];
    paused ||= on && gap === undefined;
    // One that begins between a stop and a reopening is the cycle's if it is still on then.
    const isOwn =
      gap === undefined || steps.every(({ at, name }) => at <= minute || at > gap.to || name !== 'resumed');
    if (on && !wasOn && isOwn && spent < whole && (whole - spent) * 10 <= whole) lastMoment = true;
    if (!on && gap === undefined && isOpen(spec, minute)) spent += 1;
    wasOn = on;
  }
  let since = end;
  while (isPaused(since - 1)) since -= 1;
  return {
    cycles: 1,
    paused: Number(paused),
    lastMoment: Number(lastMoment),
    stuck: Number(cycle.to === null && isOnAtEnd && end - since > STUCK),
    endedPaused: Number(cycle.to !== null && isOnAtEnd),
  };
}

function shares(lines: readonly OutcomeLine[]): [kept: number, broken: number] {
  const broken = lines.filter(({ outcome }) => outcome === 'missed' || outcome === 'overdue');
  return [lines.filter(({ outcome }) => outcome === 'met').length, broken.length];
}

function modelled(spec: Spec, steps: readonly Step[], lines: readonly OutcomeLine[], until: number): Hygiene {
  const sum = { ...NO_HYGIENE };
  const cycles = cyclesOf(steps, spec.reopen).filter(({ from }) => from <= until);
  for (const [i, cycle] of cycles.entries()) {
    const found = walked(spec, steps, cycle, until);
    const isCancelled = lines.some(line => line.cycle === i + 1 && line.outcome === 'cancelled');
    sum.cycles += found.cycles ?? 0;
    sum.paused += found.paused ?? 0;
    sum.lastMoment += found.lastMoment ?? 0;
    sum.stuck += found.stuck ?? 0;
    sum.endedPaused += isCancelled ? 0 : (found.endedPaused ?? 0);
  }
  return sum;
}

t.test('what pauses did, minute by minute', async t => {
  const seen: Record<string, number> = {};
  for (let i = 0; i < runs(300); i++) {
    const dice = new Dice(random(SEED + i));
    const spec: Spec = {
      target: dice.pick(['10m', '20m', '2h', '9h'] as const),
      isOffice: dice.chance(0.5),
      reopen: dice.pick(['ignore', 'continue', 'restart'] as const),
    };
    const policy = policyFor(spec, ', pause: { from: ticket.pending, to: ticket.resumed }');
    const steps = life(dice, spec);
    const until = (steps.at(-1)?.at ?? START) + dice.pick([0, 60, STUCK, STUCK + 1]);
    const events = steps.map(
      ({ at, name }, i): SlaEvent => ({
        ...{ id: `e${i}`, source: '/t', type: `ticket.${name}`, entity: 'ticket', case: 'T' },
        ...{ time: at * MINUTE_MS, fields: {}, digest: '' },
      }),
    );
    const state = stateAt(policy, events, until * MINUTE_MS);
    if (state === null) throw new Error('no case');
    const found = hygieneOf(state.fold, until * MINUTE_MS, STUCK_MS).get('R') ?? NO_HYGIENE;
    const lines = backtest(policy, events, until * MINUTE_MS).outcomes;
    const [kept, broken] = shares(lines);
    const [keptWithout, brokenWithout] = shares(
      backtest(policyFor(spec, ''), events, until * MINUTE_MS).outcomes,
    );
    const expected = { ...modelled(spec, steps, lines, until), kept, broken, keptWithout, brokenWithout };
    const told = steps.map(({ at, name }) => `${at - START} ${name}`).join('; ');
    t.same(found, expected, `${i} of seed ${SEED}: ${JSON.stringify(spec)} ${told}; until ${until - START}`);
    for (const [key, count] of Object.entries(expected)) seen[key] = (seen[key] ?? 0) + count;
  }
  for (const [key, count] of Object.entries(seen)) t.ok(count > 5, `${key}: ${count}`);
});
