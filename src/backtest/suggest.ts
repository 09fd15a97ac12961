// What a rule's target could be: how long its cycles really took, in the clock's own calendar time, and the target that
// a given share of them would have kept.
import type { CaseState } from '../engine/case.ts';
import { type Cycle, type Outcome, outcomeAt } from '../engine/cycle.ts';
import { clockOf, pausesOf, text } from '../engine/fold.ts';
import type { Span } from '../engine/span.ts';
import type { CompiledClock } from '../policy/compiled.ts';

export const PERCENTILES = [50, 75, 90, 95, 99] as const;
export const SHARES = [80, 90, 95, 99] as const;
/** A target of more business days is not looked for. */
const DAYS_MAX = 1_000;

export interface Suggestion {
  /** The value of the attribute that chooses the target; null for all cycles together. */
  readonly value: string | null;
  /** Cycles that were stopped: only they say how long it takes. */
  readonly stopped: number;
  /** Cycles that are open: of them only the least is known. */
  readonly open: number;
  /** Cycles that were ended otherwise, by a cancel or a gate that shut: after their due instant, before it, by a waiver. */
  readonly missed: number;
  readonly cancelled: number;
  readonly waived: number;
  /** Actual times in ms of the calendar, without pauses, by percentile; null without a cycle. */
  readonly actualMs: Readonly<Record<(typeof PERCENTILES)[number], number | null>>;
  /** The least target that so many percent would have kept: ms, or business days. */
  readonly targets: Readonly<Record<(typeof SHARES)[number], number | null>>;
  readonly unit: 'ms' | 'business-days';
}

interface Sample {
  readonly actual: number[];
  readonly needed: number[];
  open: number;
  missed: number;
  cancelled: number;
  waived: number;
}

function newSample(): Sample {
  return { actual: [], needed: [], open: 0, missed: 0, cancelled: 0, waived: 0 };
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

export class Suggester {
  readonly #clock: CompiledClock;
  readonly #samples = new Map<string | null, Sample>();

  constructor(clock: CompiledClock) {
    this.#clock = clock;
  }

  /** Adds the rule's cycles of a case that was evaluated at `until`, ms since 1970. */
  add(state: CaseState, until: number): void {
    const fold = clockOf(state.fold, this.#clock.index);
    if (fold === undefined) return;
    const pauses = pausesOf(state.fold, this.#clock);
    const { target } = this.#clock;
    const value = target.kind === 'by' ? text(state.fold.attributes[target.attribute]) : null;
    for (const cycle of fold.cycles) {
      const stands = outcomeAt(this.#clock, cycle, pauses, until);
      if (stands === null || cycle.target === null) continue;
      const samples = [this.#sample(null), ...(value === null ? [] : [this.#sample(value)])];
      const left = leftOut(cycle, stands.outcome);
      if (left !== null) {
        for (const sample of samples) sample[left] += 1;
        continue;
      }
      const { elapsedMs } = stands.times;
      const needed = this.#neededFor(cycle, pauses, elapsedMs, until);
      for (const sample of samples) {
        sample.actual.push(elapsedMs);
        sample.needed.push(needed);
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
    const { target } = this.#clock;
    if (target.kind === 'fixed') return target.duration.kind === 'business-days';
    return target.kind === 'by' && [...target.values.values()].some(({ kind }) => kind === 'business-days');
  }

  #sample(value: string | null): Sample {
    let sample = this.#samples.get(value);
    if (sample === undefined) {
      sample = newSample();
      this.#samples.set(value, sample);
    }
    return sample;
  }

  /** The least target under which the cycle would have been met. */
  #neededFor(cycle: Cycle, pauses: readonly Span[], elapsedMs: number, until: number): number {
    const meets = (target: Cycle['target']) =>
      outcomeAt(this.#clock, { ...cycle, target }, pauses, until)?.outcome === 'met';
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

/** As what a cycle that says nothing of how long it takes is counted; null for one that was stopped. */
function leftOut(cycle: Cycle, outcome: Outcome): 'open' | 'missed' | 'cancelled' | 'waived' | null {
  if (cycle.waived !== null) return 'waived';
  if (cycle.hidden !== null) return 'cancelled';
  if (cycle.end === null) return 'open';
  if (cycle.end.how === 'stop') return null;
  return outcome === 'missed' ? 'missed' : 'cancelled';
}

function suggestionOf(
  value: string | null,
  { actual, needed, open, missed, cancelled, waived }: Sample,
  unit: Suggestion['unit'],
): Suggestion {
  const times = Float64Array.from(actual).sort();
  const targets = Float64Array.from(needed).sort();
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
    targets: { 80: at(targets, 80), 90: at(targets, 90), 95: at(targets, 95), 99: at(targets, 99) },
    unit,
  };
}

/** The nearest rank: the least value that at least so many percent do not exceed. */
function at(sorted: Float64Array, percent: number): number | null {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? null;
}
