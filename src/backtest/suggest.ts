// What a rule's target could be: how long its cycles really took, in the clock's own calendar time, and the target that
// a given share of them would have kept, which is what a backtest with that target finds.
import type { SlaEvent } from '../contract/event.ts';
import { type Cycle, type Outcome, outcomeAt } from '../engine/cycle.ts';
import { clockOf, pausesOf } from '../engine/fold.ts';
import type { Span } from '../engine/span.ts';
import type { CompiledClock, CompiledPolicy, Duration } from '../policy/compiled.ts';
import { durationsOf } from '../policy/duration.ts';
import { stateAt } from './outcomes.ts';

export const PERCENTILES = [50, 75, 90, 95, 99] as const;
export const SHARES = [80, 90, 95, 99] as const;
/** A target of more business days is not looked for. */
const DAYS_MAX = 1_000;

export interface Suggestion {
  /** The value that chose the target, which is frozen with a cycle's end; null for all cycles together. */
  readonly value: string | null;
  /** Cycles that were stopped: only they say how long it takes. */
  readonly stopped: number;
  /** Cycles that are open. */
  readonly open: number;
  /** Cycles that were ended otherwise, by a cancel or a gate that shut: after their due instant, before it, by a waiver. */
  readonly missed: number;
  readonly cancelled: number;
  readonly waived: number;
  /** Actual times in ms of the calendar, without pauses, by percentile; null without a cycle. */
  readonly actualMs: Readonly<Record<(typeof PERCENTILES)[number], number | null>>;
  /**
   * The least target with which so many percent of the cycles that are judged would be met: ms, or business days. A cycle
   * that is open or was cancelled is judged, as missed, by each target that it outlasted.
   */
  readonly targets: Readonly<Record<(typeof SHARES)[number], number | null>>;
  readonly unit: 'ms' | 'business-days';
}

interface Sample {
  readonly actual: number[];
  /** Of cycles that were stopped: the least target that each would have kept. */
  readonly needed: number[];
  /** Of cycles that were not: the least target by which each would not be judged. */
  readonly spared: number[];
  open: number;
  missed: number;
  cancelled: number;
  waived: number;
}

function newSample(): Sample {
  return { actual: [], needed: [], spared: [], open: 0, missed: 0, cancelled: 0, waived: 0 };
}

const STEPS = [
  [60_000, 1000],
  [3_600_000, 60_000],
  [86_400_000, 300_000],
  [Number.POSITIVE_INFINITY, 3_600_000],
] as const;

/** Up to the next second, minute, five minutes or hour by its size: what the exact target keeps, a longer one keeps too. */
export function roundedUp(ms: number): number {
  const step = STEPS.find(([below]) => ms <= below)?.[1] ?? 1;
  return Math.ceil(ms / step) * step;
}

/** The targets of a clock by value, each an object of its own: so a cycle's target says which value chose it. */
class TargetsByValue extends Map<string, Duration> {
  readonly #valueOf = new Map<Duration, string>();
  readonly #otherwise: Duration | null;
  /** The target where the attribute is not there. */
  readonly otherwise: Duration | null;

  constructor(values: ReadonlyMap<string, Duration>, otherwise: Duration | null) {
    super();
    for (const [value, duration] of values) this.#own(value, duration);
    this.#otherwise = otherwise;
    this.otherwise = otherwise && { ...otherwise };
  }

  override get(value: string): Duration | undefined {
    const known = super.get(value);
    return known ?? (this.#otherwise === null ? undefined : this.#own(value, this.#otherwise));
  }

  valueThatChose(target: Duration): string {
    return this.#valueOf.get(target) ?? '';
  }

  #own(value: string, duration: Duration): Duration {
    const own = { ...duration };
    this.set(value, own);
    this.#valueOf.set(own, value);
    return own;
  }
}

export class Suggester {
  readonly #policy: CompiledPolicy;
  readonly #clock: CompiledClock;
  readonly #byValue: TargetsByValue | null;
  readonly #until: number;
  readonly #samples = new Map<string | null, Sample>();

  /** For this clock of the policy, as of `until`, ms since 1970. */
  constructor(policy: CompiledPolicy, clock: CompiledClock, until: number) {
    const { target } = clock;
    this.#byValue = target.kind === 'by' ? new TargetsByValue(target.values, target.otherwise) : null;
    this.#clock =
      target.kind === 'by' && this.#byValue !== null
        ? { ...clock, target: { ...target, values: this.#byValue, otherwise: this.#byValue.otherwise } }
        : clock;
    this.#policy = { ...policy, clocks: policy.clocks.map(each => (each === clock ? this.#clock : each)) };
    this.#until = until;
  }

  /** Adds the rule's cycles of a case, from its events in order. */
  add(events: readonly SlaEvent[]): void {
    const until = this.#until;
    const state = stateAt(this.#policy, events, until);
    const fold = state === null ? undefined : clockOf(state.fold, this.#clock.index);
    if (state === null || fold === undefined) return;
    const pauses = pausesOf(state.fold, this.#clock);
    for (const cycle of fold.cycles) {
      const stands = outcomeAt(this.#clock, cycle, pauses, until);
      if (stands === null || cycle.target === null) continue;
      const value = this.#byValue?.valueThatChose(cycle.target) ?? null;
      const samples = [this.#sample(null), ...(value === null ? [] : [this.#sample(value)])];
      const { elapsedMs } = stands.times;
      const kind = kindOf(cycle, stands.outcome);
      if (kind !== 'stopped') for (const sample of samples) sample[kind] += 1;
      if (kind === 'waived' || !isJudgedByTarget(cycle)) continue;
      const least = this.#leastFor(cycle, pauses, elapsedMs, until);
      for (const { actual, needed, spared } of samples) {
        if (kind === 'stopped') actual.push(elapsedMs);
        (kind === 'stopped' ? needed : spared).push(least);
      }
    }
  }

  /** All cycles together, then by the value that chooses the target. */
  suggestions(): readonly Suggestion[] {
    const all = this.#samples.get(null) ?? newSample();
    const values = [...this.#samples].flatMap(([value, sample]) =>
      value === null ? [] : [{ value, sample }],
    );
    values.sort((a, b) => (a.value < b.value ? -1 : 1));
    return [
      suggestionOf(null, all, this.#unit()),
      ...values.map(({ value, sample }) => suggestionOf(value, sample, this.#unit())),
    ];
  }

  #unit(): Suggestion['unit'] {
    return this.#usesDays() ? 'business-days' : 'ms';
  }

  #usesDays(): boolean {
    return durationsOf(this.#clock.target).some(({ kind }) => kind === 'business-days');
  }

  #sample(value: string | null): Sample {
    let sample = this.#samples.get(value);
    if (sample === undefined) {
      sample = newSample();
      this.#samples.set(value, sample);
    }
    return sample;
  }

  /** The least target that the cycle would not have missed. */
  #leastFor(cycle: Cycle, pauses: readonly Span[], elapsedMs: number, until: number): number {
    const meets = (target: Cycle['target']) => {
      const outcome = outcomeAt(this.#clock, { ...cycle, target }, pauses, until)?.outcome;
      return outcome !== 'missed' && outcome !== 'overdue';
    };
    // Used up where a pause begins, a target falls due before the pause can move it: then it takes one millisecond more.
    if (!this.#usesDays()) return meets({ kind: 'time', ms: elapsedMs }) ? elapsedMs : elapsedMs + 1;
    const sameTime = cycle.target?.kind === 'business-days' && cycle.target.sameTime;
    const enough = (days: number) => meets({ kind: 'business-days', days, sameTime });
    let high = 1;
    while (high < DAYS_MAX && !enough(high)) high *= 2;
    let low = sameTime ? 0 : -1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (enough(middle)) high = middle;
      else low = middle;
    }
    return high;
  }
}

/** As what a cycle is counted. */
function kindOf(cycle: Cycle, outcome: Outcome): 'stopped' | 'open' | 'missed' | 'cancelled' | 'waived' {
  if (cycle.waived !== null) return 'waived';
  if (cycle.hidden !== null) return 'cancelled';
  if (cycle.end === null) return 'open';
  if (cycle.end.how === 'stop') return 'stopped';
  return outcome === 'missed' ? 'missed' : 'cancelled';
}

/** Whether some target would have it missed: not where it was merged away, or where its rule does not apply any more. */
function isJudgedByTarget({ hidden, end }: Cycle): boolean {
  return hidden === null && end?.how !== 'merge';
}

function suggestionOf(
  value: string | null,
  { actual, needed, spared, open, missed, cancelled, waived }: Sample,
  unit: Suggestion['unit'],
): Suggestion {
  const times = Float64Array.from(actual).sort();
  const kept = Float64Array.from(needed).sort();
  const free = Float64Array.from(spared).sort();
  return {
    value,
    stopped: actual.length,
    open,
    missed,
    cancelled,
    waived,
    actualMs: {
      50: at(times, 50),
      75: at(times, 75),
      90: at(times, 90),
      95: at(times, 95),
      99: at(times, 99),
    },
    targets: {
      80: leastKeeping(kept, free, 80),
      90: leastKeeping(kept, free, 90),
      95: leastKeeping(kept, free, 95),
      99: leastKeeping(kept, free, 99),
    },
    unit,
  };
}

/** The nearest rank: the least value that at least so many percent do not exceed. */
function at(sorted: Float64Array, percent: number): number | null {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? null;
}

/**
 * The least target by which so many percent of those that it judges are met; null where none was ever stopped. A longer
 * target has more met and fewer missed, so the first one that is enough is the least. Both lists are in rising order.
 */
function leastKeeping(kept: Float64Array, free: Float64Array, percent: number): number | null {
  let spared = 0;
  let met = 0;
  if (kept.length === 0) return null;
  for (const target of Float64Array.from([...kept, ...free]).sort()) {
    while (met < kept.length && (kept[met] ?? 0) <= target) met += 1;
    while (spared < free.length && (free[spared] ?? 0) <= target) spared += 1;
    if (met * 100 >= percent * (kept.length + free.length - spared)) return target;
  }
  return null;
}
