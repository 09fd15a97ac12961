// How promises were kept over a whole backtest: by rule, by queue and by month, and what pauses did to it.
import type { CaseState } from '../engine/case.ts';
import { queueAt } from '../engine/cycle.ts';
import { addHygiene, type Hygiene, hygieneOf, NO_HYGIENE, STUCK_MS } from '../engine/hygiene.ts';
import type { CompiledPolicy, Title } from '../policy/compiled.ts';
import { type Zone, zoneOf } from '../policy/zone.ts';
import type { OutcomeLine } from './lines.ts';

export const GROUPINGS = ['rule', 'queue', 'month'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Cycles that were met, of those that were met, missed or are overdue. */
export interface Compliance {
  readonly met: number;
  readonly judged: number;
}

export const NOTHING: Compliance = { met: 0, judged: 0 };

/** Null without anything judged: neither 0 nor 100 %. */
export function shareOf({ met, judged }: Compliance): number | null {
  return judged === 0 ? null : met / judged;
}

export class Tally {
  readonly #zone: Zone | null;
  readonly #titles: ReadonlyMap<string, Title>;
  readonly #evidence: ReadonlySet<string>;
  readonly #objectives: ReadonlyMap<string, number | null>;
  readonly #groups: Record<Grouping, Map<string, Compliance>> = {
    rule: new Map(),
    queue: new Map(),
    month: new Map(),
  };
  readonly #hygiene = new Map<string, Hygiene>();
  cases = 0;
  total: Compliance = NOTHING;

  constructor(policy: CompiledPolicy) {
    this.#zone = zoneOf(policy.timezone);
    this.#titles = new Map(policy.clocks.map(({ rule, title }) => [rule, title]));
    this.#evidence = evidenceOf(policy);
    this.#objectives = new Map(policy.clocks.map(({ rule, objective }) => [rule, objective?.share ?? null]));
  }

  /**
   * Adds a case that was evaluated at `until`, with its outcomes. What a clock over evidence measures is no promise to a
   * customer: it counts under its rule, and in no total.
   */
  add(state: CaseState, outcomes: readonly OutcomeLine[], until: number): void {
    this.cases += 1;
    for (const line of outcomes) {
      if (!isJudged(line)) continue;
      // It counts where and when it was decided: at its stop, or when it fell due.
      const at = Date.parse(line.endedAt ?? line.dueAt);
      const met = line.outcome === 'met' ? 1 : 0;
      this.#count('rule', line.rule, met);
      if (this.#evidence.has(line.rule)) continue;
      this.total = { met: this.total.met + met, judged: this.total.judged + 1 };
      this.#count('queue', queueAt(state.fold.queues, at), met);
      this.#count('month', this.#monthOf(at), met);
    }
    for (const [rule, found] of hygieneOf(state.fold, until, STUCK_MS))
      this.#hygiene.set(rule, addHygiene(this.#hygiene.get(rule) ?? NO_HYGIENE, found));
  }

  /** What a rule is called; null for what is no rule of the policy. */
  titleOf(rule: string): Title | null {
    return this.#titles.get(rule) ?? null;
  }

  /** Whether a rule's clock is over evidence, and so in no total. */
  isEvidence(rule: string): boolean {
    return this.#evidence.has(rule);
  }

  /** The share of a rule's cycles that is to be met; null where the policy names none. */
  objectiveOf(rule: string): number | null {
    return this.#objectives.get(rule) ?? null;
  }

  /** Names in order, each with its figures. */
  groups(grouping: Grouping): readonly (readonly [name: string, compliance: Compliance])[] {
    return [...this.#groups[grouping]].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  of(grouping: Grouping, name: string): Compliance {
    return this.#groups[grouping].get(name) ?? NOTHING;
  }

  /** Rules of which a cycle was seen, in order. */
  hygiene(): readonly (readonly [rule: string, hygiene: Hygiene])[] {
    return [...this.#hygiene].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #count(grouping: Grouping, name: string, met: number): void {
    const before = this.#groups[grouping].get(name) ?? NOTHING;
    this.#groups[grouping].set(name, { met: before.met + met, judged: before.judged + 1 });
  }

  #monthOf(at: number): string {
    return new Date(at + (this.#zone?.offsetAt(at) ?? 0)).toISOString().slice(0, 7);
  }
}

/** The rules whose clocks are over evidence. */
export function evidenceOf(policy: CompiledPolicy): ReadonlySet<string> {
  return new Set(policy.clocks.filter(({ evidence }) => evidence).map(({ rule }) => rule));
}

export function isJudged({ outcome }: Pick<OutcomeLine, 'outcome'>): boolean {
  return outcome === 'met' || outcome === 'missed' || outcome === 'overdue';
}
