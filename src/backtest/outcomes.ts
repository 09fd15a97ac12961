// Outcomes: every case folded from its events by the engine, and each of its cycles judged at one instant.
import type { SlaEvent } from '../contract/event.ts';
import { type CaseState, restoreCase } from '../engine/case.ts';
import { coverageMark } from '../engine/coverage.ts';
import { outcomeAt } from '../engine/cycle.ts';
import { pausesOf } from '../engine/fold.ts';
import { instantText } from '../engine/instant.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { compareOutcomes, type OutcomeLine } from './lines.ts';

/**
 * Outcome lines at `until` (ms since 1970), in the contract's order; a case at a time, so that they can be streamed.
 * `cases` come in order of their ids, each with its events in order.
 */
export function* outcomesOf(
  policy: CompiledPolicy,
  cases: Iterable<readonly SlaEvent[]>,
  until: number,
): Iterable<OutcomeLine> {
  let id: string | null = null;
  let lines: OutcomeLine[] = [];
  for (const events of cases) {
    const [first] = events;
    if (first === undefined) continue;
    // A ticket and a chat of one id are two cases; their lines are in one order.
    if (first.case !== id) {
      yield* lines.sort(compareOutcomes);
      lines = [];
      id = first.case;
    }
    const state = stateAt(policy, events, until);
    if (state !== null) lines.push(...outcomesOfCase(state, until));
  }
  yield* lines.sort(compareOutcomes);
}

/** The case folded from its events in order and evaluated at `until`; null when it has none by then. */
export function stateAt(
  policy: CompiledPolicy,
  events: readonly SlaEvent[],
  until: number,
): CaseState | null {
  const upTo = events.at(-1)?.time ?? 0;
  const read = upTo <= until ? [...events] : events.filter(event => event.time <= until);
  const [first] = read;
  return first === undefined ? null : restoreCase(policy, first.entity, first.case, read, until, until);
}

/** The outcomes of all cycles of a case that was evaluated at `until`, in no particular order. */
export function outcomesOfCase(state: CaseState, until: number): OutcomeLine[] {
  const lines: OutcomeLine[] = [];
  for (const { clock, cycles } of state.fold.clocks) {
    const pauses = pausesOf(state.fold, clock);
    for (const [i, cycle] of cycles.entries()) {
      const found = outcomeAt(clock, cycle, pauses, until);
      if (found === null) continue;
      const { outcome, times } = found;
      lines.push({
        kind: 'outcome',
        entity: state.entity,
        case: state.id,
        rule: clock.rule,
        cycle: i + 1,
        outcome,
        startedAt: instantText(times.startedAt),
        dueAt: instantText(times.dueAt),
        endedAt: times.endedAt === null ? null : instantText(times.endedAt),
        elapsedMs: times.elapsedMs,
        pausedMs: times.pausedMs,
        overdueMs: times.overdueMs,
        ...coverageMark(clock, times.startedAt, times.dueAt),
      });
    }
  }
  return lines;
}
