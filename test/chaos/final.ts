// What must be true in the end, found without the engine's steps: by which policy each case is judged, what a backtest of
// its events says under that one, and what all cases together add to the figures.
import { backtest } from '../../src/backtest/backtest.ts';
import type { OutcomeLine } from '../../src/backtest/lines.ts';
import { compareEvents, type SlaEvent } from '../../src/contract/event.ts';
import { type CaseState, isOpen, restoreCase } from '../../src/engine/case.ts';
import { caseKey } from '../../src/engine/codec.ts';
import type { CellChanges } from '../../src/engine/contribute.ts';
import { contributeAll, countAllOpen } from '../../src/engine/evaluation.ts';
import { moveStanding, NOWHERE } from '../../src/engine/standing.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import type { Accepted, Change, Reading } from './model.ts';

/** Outcomes of all cases of a partition, each by the policy that judges it, as of the partition's time. */
export function finalOutcomes(first: CompiledPolicy, { accepted, changes, time }: Reading): OutcomeLine[] {
  const cases = new Map<string, Accepted[]>();
  for (const each of accepted) {
    const key = caseKey(each.event.entity, each.event.case);
    const places = cases.get(key);
    if (places === undefined) cases.set(key, [each]);
    else places.push(each);
  }
  const byPolicy = new Map<CompiledPolicy, SlaEvent[]>();
  for (const places of cases.values()) {
    const policy = judgeOf(first, places, changes);
    const events = byPolicy.get(policy) ?? [];
    byPolicy.set(policy, events);
    for (const { event } of places) events.push(event);
  }
  return [...byPolicy].flatMap(([policy, events]) => backtest(policy, events, time).outcomes);
}

/** The last policy that was in force while the case was open; each look folds all its events from the first. */
function judgeOf(
  first: CompiledPolicy,
  places: readonly Accepted[],
  changes: readonly Change[],
): CompiledPolicy {
  const events: SlaEvent[] = [];
  let inForce = first;
  let own: CompiledPolicy | null = null;
  for (const place of [...places, ...changes].sort((a, b) => a.seq - b.seq)) {
    if ('policy' in place) inForce = place.policy;
    else events.push(place.event);
    if (own === null && events.length > 0) own = inForce;
    if (own !== null && own !== inForce && wasOpen(own, events, place.now)) own = inForce;
  }
  return own ?? inForce;
}

function wasOpen(policy: CompiledPolicy, events: readonly SlaEvent[], now: number): boolean {
  const [first] = events;
  if (first === undefined) return false;
  return isOpen(restoreCase(policy, first.entity, first.case, events.toSorted(compareEvents), now, now));
}

/** Kinds of cells that say how things are now: what all cases add up to, and nothing that is left over. */
const STANDING = new Set(['g', 'o', 'l', 'q']);

/** How the cells of a reading differ from what its cases add up to, one sentence each. */
export function compareSums({ cells, cases }: Reading): string[] {
  const sums: CellChanges = new Map();
  for (const state of cases.values()) addAll(state, sums);
  const wrong: string[] = [];
  for (const key of new Set([...cells.keys(), ...sums.keys()])) {
    if (!STANDING.has(key.charAt(0))) continue;
    const is = cells.get(key) ?? 0;
    const sum = sums.get(key) ?? 0;
    if (is !== sum) wrong.push(`cell ${key} of the reading is ${is}, but all cases add up to ${sum}`);
  }
  return wrong;
}

function addAll(state: CaseState, sums: CellChanges): void {
  const levels = state.policy.indicators.filter(({ measure }) => measure.kind === 'level');
  contributeAll(
    state,
    levels.map(({ index }) => index),
    1,
    sums,
  );
  countAllOpen(state.fold, sums);
  moveStanding(state.entity, NOWHERE, state.standing, sums);
}

const MINUTE_MS = 60_000;

/** How many events came after a younger one of their case: from ten minutes to an hour of event time, and more. */
export function disorderOf({ accepted }: Reading): { readonly within: number; readonly beyond: number } {
  const youngest = new Map<string, number>();
  let within = 0;
  let beyond = 0;
  for (const { event } of accepted) {
    const key = caseKey(event.entity, event.case);
    const before = youngest.get(key) ?? Number.NEGATIVE_INFINITY;
    if (event.time > before) youngest.set(key, event.time);
    else if (before - event.time > 60 * MINUTE_MS) beyond += 1;
    else if (before - event.time >= 10 * MINUTE_MS) within += 1;
  }
  return { within, beyond };
}
