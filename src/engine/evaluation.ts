// Evaluating what a case's clocks have come to and telling the difference to what was told before, as records, as counts
// of open clocks and as contributions to figures.
import { escapePart } from '../contract/cells.ts';
import type { CompiledClock, CompiledPolicy } from '../policy/compiled.ts';
import type { CaseState } from './case.ts';
import type { ClockFold } from './clock.ts';
import { addCell, type CellChanges, contribute } from './contribute.ts';
import { type Cycle, evaluate, type Fact, type OpenState } from './cycle.ts';
import { type CaseFold, clockOf, pausesOf, queueAt } from './fold.ts';
import { type Naming, type Told, tellCycle } from './tell.ts';

/** Adds `sign` times what the case contributes to the indicators of these indices. */
export function contributeAll(
  state: CaseState,
  indices: readonly number[],
  sign: 1 | -1,
  changes: CellChanges,
): void {
  if (indices.length === 0) return;
  const applied = state.applied === state.events.length ? state.events : state.events.slice(0, state.applied);
  for (const index of indices) {
    const indicator = state.policy.indicators[index];
    if (indicator !== undefined) contribute(indicator, state.fold, applied, sign, changes);
  }
}

/** Evaluates a clock anew and tells what changed since it was last told. */
export function retell(state: CaseState, fold: ClockFold, cause: Naming, upTo: number, told: Told): void {
  evaluateClock(state, fold, upTo, told.cells, (cycle, number, before) =>
    tellCycle(state.subject, fold.clock, number, before, cycle.told, cycle.shown, cause, told),
  );
}

/**
 * Evaluates the cycles of a clock to which something happened, or of which a deadline has passed, and counts them among
 * the open ones unless `changes` is null. `tell` gets each of them with what was told of it before.
 */
export function evaluateClock(
  state: CaseState,
  { clock, cycles }: ClockFold,
  now: number,
  changes: CellChanges | null,
  tell?: (cycle: Cycle, number: number, before: readonly Fact[]) => void,
): void {
  for (let i = 0; i < cycles.length; i++) {
    const cycle = cycles[i];
    if (cycle === undefined || (!cycle.stale && cycle.nextAt >= now)) continue;
    const before = cycle.told;
    evaluateCycle(state, clock, cycle, now, changes);
    tell?.(cycle, i + 1, before);
  }
}

function evaluateCycle(
  state: CaseState,
  clock: CompiledClock,
  cycle: Cycle,
  now: number,
  changes: CellChanges | null,
): void {
  const pauses = pausesOf(state.fold, clock);
  const found = evaluate(clock, cycle, pauses, queueAt(state.fold), now);
  cycle.stale = false;
  cycle.told = found.facts;
  cycle.nextAt = found.nextAt;
  cycle.dueAt = found.dueAt;
  const counted = openState(cycle, pauses.at(-1)?.to === null);
  if (counted !== cycle.counted && changes !== null) {
    countOpen(clock.rule, cycle.counted, -1, changes);
    countOpen(clock.rule, counted, 1, changes);
  }
  cycle.counted = counted;
}

function openState(cycle: Cycle, paused: boolean): OpenState | null {
  if (!cycle.shown || cycle.end !== null || cycle.hidden !== null) return null;
  if (cycle.told.some(fact => fact.state === 'breached')) return 'overdue';
  return paused ? 'paused' : 'running';
}

/** The gauge of open clocks by state. */
function countOpen(rule: string, state: OpenState | null, sign: 1 | -1, changes: CellChanges): void {
  if (state !== null) addCell(changes, `g|open|${escapePart(rule)}|${state}`, sign);
}

export function uncountOpen(fold: CaseFold, changes: CellChanges): void {
  for (const { clock, cycles } of fold.clocks)
    for (const { counted } of cycles) countOpen(clock.rule, counted, -1, changes);
}

/** Counts all open cycles of a fold that was counted nowhere yet. */
export function countAllOpen(fold: CaseFold, changes: CellChanges): void {
  for (const { clock, cycles } of fold.clocks)
    for (const { counted } of cycles) countOpen(clock.rule, counted, 1, changes);
}

/** Tells the difference between two folds of a case, clock by clock; clocks of two policies are matched by their rules. */
export function tellFolds(state: CaseState, before: CaseFold, cause: Naming, told: Told): void {
  for (const clock of state.policy.clocks) {
    const index = before.policy === state.policy ? clock.index : indexOf(before.policy, clock.rule);
    tellCycles(state, clock, clockOf(before, index), clockOf(state.fold, clock.index), cause, told);
  }
  if (before.policy === state.policy) return;
  for (const { clock, cycles } of before.clocks) {
    if (indexOf(state.policy, clock.rule) < 0) tellCycles(state, clock, { cycles }, undefined, cause, told);
  }
}

function indexOf(policy: CompiledPolicy, rule: string): number {
  return policy.clocks.findIndex(clock => clock.rule === rule);
}

function tellCycles(
  state: CaseState,
  clock: CompiledClock,
  before: Pick<ClockFold, 'cycles'> | undefined,
  after: ClockFold | undefined,
  cause: Naming,
  told: Told,
): void {
  const old = before?.cycles ?? [];
  const now = after?.cycles ?? [];
  for (let i = 0; i < Math.max(old.length, now.length); i++) {
    const exists = now[i]?.shown === true;
    tellCycle(state.subject, clock, i + 1, old[i]?.told ?? [], now[i]?.told ?? [], exists, cause, told);
  }
}
