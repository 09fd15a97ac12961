// The transitions of one case's cycles as it moves on in order: what became true, and what was taken back.
import type { CaseState } from '../engine/case.ts';
import { coverageMark } from '../engine/coverage.ts';
import type { Cycle, Fact } from '../engine/cycle.ts';
import { pausesOf } from '../engine/fold.ts';
import { instantText } from '../engine/instant.ts';
import { storyOf } from '../engine/story.ts';
import type { TransitionLine } from './lines.ts';

/** What has been told of a cycle: its facts when it was last looked at, and every transition that was told of it. */
interface Told {
  facts: readonly Fact[];
  readonly once: Set<string>;
  /** When something of it was last taken back. */
  withdrawnAt: number;
}

export class CaseStory {
  readonly #told = new Map<Cycle, Told>();

  /** Appends the transitions since the last look. `at` is the event's time, at which things are taken back. */
  tell(state: CaseState, at: number, lines: TransitionLine[]): void {
    for (const { clock, cycles } of state.fold.clocks) {
      const pauses = pausesOf(state.fold, clock);
      for (const [i, cycle] of cycles.entries()) {
        let told = this.#told.get(cycle);
        if (told === undefined) {
          told = { facts: [], once: new Set(), withdrawnAt: Number.NEGATIVE_INFINITY };
          this.#told.set(cycle, told);
        }
        const line = (name: TransitionLine['state'], when: number, percent: number | null = null) =>
          lines.push({
            kind: 'clock',
            case: state.id,
            rule: clock.rule,
            cycle: i + 1,
            state: name,
            at: instantText(when),
            ...(percent === null ? {} : { percent }),
            ...coverageMark(clock, cycle.startedAt, cycle.dueAt),
          });
        for (const fact of storyOf(cycle, pauses, state.evaluatedAt)) {
          if (isNew(told.once, `${fact.state} ${fact.at}`)) line(fact.state, fact.at);
        }
        if (told.facts === cycle.told) continue;
        tellFacts(told, cycle.told, at, line);
        told.facts = cycle.told;
      }
    }
  }
}

/**
 * A withdrawal with nothing after it says that there is no such breach or cycle. So what holds in spite of it is told
 * again, and what was true before it but is known only since stands at the instant at which it became known.
 */
function tellFacts(
  told: Told,
  after: readonly Fact[],
  at: number,
  line: (state: TransitionLine['state'], when: number, percent?: number | null) => void,
): void {
  const before = told.facts;
  /** What was told last of how the cycle stands; without a fact it was a withdrawal. */
  let last: { readonly fact: Fact | null; readonly at: number } | null = null;
  if (before.some(old => isLasting(old) && !after.some(fact => alike(old, fact)))) {
    told.withdrawnAt = at;
    last = { fact: null, at };
    line('withdrawn', at);
  }
  for (const fact of after) {
    if (before.some(old => alike(old, fact))) continue;
    // A warning that was sent stays sent, whatever became of its cycle meanwhile.
    const first = isNew(told.once, `${fact.state} ${fact.at} ${fact.percent} ${fact.step}`);
    if (isLasting(fact)) {
      const isLate = fact.at < Math.max(told.withdrawnAt, last?.at ?? fact.at);
      last = { fact, at: isLate ? at : fact.at };
      line(fact.state, last.at);
    } else if (first) line(fact.state, fact.at, fact.percent);
  }
  const standing = after.findLast(isLasting);
  if (last === null || standing === undefined || last.fact === standing) return;
  if (last.at >= standing.at) line(standing.state, at);
}

/** Outcomes are taken back when they no longer hold, warnings and escalations are not. */
function isLasting({ state }: Fact): boolean {
  return state !== 'warned' && state !== 'escalated';
}

function alike(a: Fact, b: Fact): boolean {
  return a.state === b.state && a.at === b.at && a.percent === b.percent && a.step === b.step;
}

function isNew(set: Set<string>, key: string): boolean {
  if (set.has(key)) return false;
  set.add(key);
  return true;
}
