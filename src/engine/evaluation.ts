// Evaluating what a case's clocks have come to and telling the difference to what was told before, as records, as counts
// of open clocks and as contributions to figures.
import { cellKey } from '../contract/cells.ts';
import type { CompiledClock, CompiledPolicy } from '../policy/compiled.ts';
import type { CaseState } from './case.ts';
import type { ClockFold } from './clock.ts';
import { addCell, type CellChanges, contribute } from './contribute.ts';
import { type Cycle, evaluate, type OpenState } from './cycle.ts';
import { type CaseFold, clockOf, pausesOf } from './fold.ts';
import { type Naming, NOTHING_KNOWN, type Told, tellCycle } from './tell.ts';

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
  const { clock, cycles } = fold;
  for (let i = 0; i < cycles.length; i++) {
    const cycle = cycles[i];
    if (cycle === undefined || !isDue(cycle, upTo)) continue;
    const before = { told: cycle.told, begun: cycle.begun };
    evaluateCycle(state, clock, cycle, upTo, told.cells);
    tellCycle(state.subject, clock, i + 1, before, cycle, cycle.shownAt !== null, cause, told);
  }
}

/** Whether something happened to the cycle, or a deadline of it has passed. */
function isDue(cycle: Cycle, now: number): boolean {
  return cycle.stale || cycle.nextAt < now;
}

/** Evaluates a clock anew without telling, and counts its cycles among the open ones unless `changes` is null. */
export function evaluateClock(
  state: CaseState,
  { clock, cycles }: ClockFold,
  now: number,
  changes: CellChanges | null,
): void {
  for (const cycle of cycles) if (isDue(cycle, now)) evaluateCycle(state, clock, cycle, now, changes);
}

function evaluateCycle(
  state: CaseState,
  clock: CompiledClock,
  cycle: Cycle,
  now: number,
  changes: CellChanges | null,
): void {
  const pauses = pausesOf(state.fold, clock);
  const found = evaluate(clock, cycle, pauses, state.fold.queues, now);
  cycle.stale = false;
  cycle.told = found.facts;
  cycle.begun = found.begun;
  cycle.nextAt = found.nextAt;
  cycle.dueAt = found.dueAt;
  state.clocks = null;
  const counted = openState(cycle, pauses.at(-1)?.to === null);
  if (counted !== cycle.counted && changes !== null) {
    countOpen(clock, cycle.counted, -1, changes);
    countOpen(clock, counted, 1, changes);
  }
  cycle.counted = counted;
}

function openState(cycle: Cycle, paused: boolean): OpenState | null {
  if (cycle.shownAt === null || cycle.end !== null || cycle.hidden !== null) return null;
  if (cycle.told.some(fact => fact.state === 'breached')) return 'overdue';
  return paused ? 'paused' : 'running';
}

/** The gauge of open clocks by state. */
function countOpen(clock: CompiledClock, state: OpenState | null, sign: 1 | -1, changes: CellChanges): void {
  if (state !== null) addCell(changes, openKeys(clock)[state], sign);
}

/** Keys of the gauge by clock, written once. */
const OPEN_KEYS = new WeakMap<CompiledClock, Readonly<Record<OpenState, string>>>();

function openKeys(clock: CompiledClock): Readonly<Record<OpenState, string>> {
  let keys = OPEN_KEYS.get(clock);
  if (keys === undefined) {
    const { rule } = clock;
    keys = {
      running: cellKey('g', 'open', rule, 'running'),
      paused: cellKey('g', 'open', rule, 'paused'),
      overdue: cellKey('g', 'open', rule, 'overdue'),
    };
    OPEN_KEYS.set(clock, keys);
  }
  return keys;
}

export function uncountOpen(fold: CaseFold, changes: CellChanges): void {
  for (const { clock, cycles } of fold.clocks)
    for (const { counted } of cycles) countOpen(clock, counted, -1, changes);
}

/** Counts all open cycles of a fold that was counted nowhere yet. */
export function countAllOpen(fold: CaseFold, changes: CellChanges): void {
  for (const { clock, cycles } of fold.clocks)
    for (const { counted } of cycles) countOpen(clock, counted, 1, changes);
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
    const [was, is] = [old[i] ?? NOTHING_KNOWN, now[i] ?? NOTHING_KNOWN];
    const exists = typeof now[i]?.shownAt === 'number';
    tellCycle(state.subject, clock, i + 1, was, is, exists, cause, told);
  }
}
