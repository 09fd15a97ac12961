// A policy takes effect on a case that is open: the case is folded again under it, as of the instant at which the policy
// came into force, and the difference is told. Closed cases stay judged by the policy of their time, clocks that still
// run on them too.
import type { CompiledPolicy } from '../policy/compiled.ts';
import { type CaseState, isOpen, restoreCase } from './case.ts';
import { addCell, type CellChanges } from './contribute.ts';
import type { Cycle, FactState } from './cycle.ts';
import { contributeAll, countAllOpen, tellFolds, uncountOpen } from './evaluation.ts';
import { clockOf } from './fold.ts';
import { isPaneGone, paneKeepOf } from './panes.ts';
import { moveStanding, NOWHERE } from './standing.ts';
import type { Cause, Naming, Told } from './tell.ts';

/** How many clock cycles a policy changed, as people want to know it before they put it into force. */
export interface CyclesChanged {
  /** Open before and after with another due instant, or ended otherwise: with another outcome, only before, only after. */
  changed: number;
  /** Open now, and before not at all or cancelled. */
  started: number;
  /** Open before, and now not at all or cancelled. */
  cancelled: number;
  /** Overdue or missed now, and not before; such a one may be changed or started too. */
  overdue: number;
  /** Overdue or missed before, and not now, whether it is in time now, has more time, or is gone. */
  relieved: number;
}

export interface PolicyEffect extends CyclesChanged {
  cases: number;
  /** The same by rule, for who asks for it: those with any. */
  byRule?: Map<string, CyclesChanged>;
}

const NO_CYCLES: CyclesChanged = { changed: 0, started: 0, cancelled: 0, overdue: 0, relieved: 0 };
export const NO_EFFECT: PolicyEffect = { cases: 0, ...NO_CYCLES };

const COUNTS = ['cases', 'changed', 'started', 'cancelled', 'overdue', 'relieved'] as const;

/** Adds up what a policy changed on several cases. */
export function addEffect(sum: PolicyEffect, more: PolicyEffect): void {
  for (const name of COUNTS) sum[name] += more[name];
}

/** Whether a policy that comes into force changes the case: it is open, and judged by one that says something else. */
export function isUnderEarlier(state: CaseState, inForce: CompiledPolicy): boolean {
  return state.policy.hash !== inForce.hash && state.events.length > 0 && isOpen(state);
}

/**
 * The case under another policy, as of `cause.now`, up to which it was evaluated under its own. `state` is not to be
 * used any more. `effect` is added to.
 */
export function changePolicy(
  state: CaseState,
  policy: CompiledPolicy,
  cause: Cause,
  told: Told,
  effect: PolicyEffect,
): CaseState {
  const naming: Naming = { now: cause.now, id: cause.id, at: cause.at, place: 0 };
  const { entity, id, events, acceptedAt, keepMs } = state;
  const next = restoreCase(policy, entity, id, events, cause.now, acceptedAt, keepMs);
  next.unchanged = state.unchanged;
  next.encoding = state.encoding;
  withdrawAll(state, cause.now, told);
  uncountOpen(state.fold, told.cells);
  moveStanding(entity, state.standing, NOWHERE, told.cells);
  contributeAll(next, allIndicators(policy), 1, told.cells);
  countAllOpen(next.fold, told.cells);
  moveStanding(entity, NOWHERE, next.standing, told.cells);
  tellFolds(next, state.fold, naming, told);
  compare(state, next, effect);
  return next;
}

/** Takes away what the case added to figures, less what had left its window by then: that is there no more. */
function withdrawAll(state: CaseState, now: number, told: Told): void {
  const changes: CellChanges = new Map();
  contributeAll(state, allIndicators(state.policy), -1, changes);
  const keep = paneKeepOf(state.policy);
  for (const [key, change] of changes) if (!isPaneGone(key, keep, now)) addCell(told.cells, key, change);
}

function allIndicators(policy: CompiledPolicy): readonly number[] {
  return policy.indicators.map(({ index }) => index);
}

function compare(before: CaseState, after: CaseState, effect: PolicyEffect): void {
  effect.cases += 1;
  const rules = new Set([...before.fold.clocks, ...after.fold.clocks].map(({ clock }) => clock.rule));
  for (const rule of rules) {
    const old = cyclesOf(before, rule);
    const now = cyclesOf(after, rule);
    for (let i = 0; i < Math.max(old.length, now.length); i++) {
      const [was, is] = [standOf(old[i]), standOf(now[i])];
      if (was === null && is === 'open') add(effect, rule, 'started');
      else if (was === 'open' && is === null) add(effect, rule, 'cancelled');
      else if (was !== is || (is === 'open' && old[i]?.dueAt !== now[i]?.dueAt)) add(effect, rule, 'changed');
      const [wasBroken, broken] = [isBroken(old[i]), isBroken(now[i])];
      if (broken && !wasBroken) add(effect, rule, 'overdue');
      if (wasBroken && !broken) add(effect, rule, 'relieved');
    }
  }
}

/** Open or how it ended, as of the last evaluation; null for one that is not there for anyone, or was cancelled. */
function standOf(cycle: Cycle | undefined): 'open' | FactState | null {
  if (cycle === undefined || cycle.shownAt === null) return null;
  if (cycle.counted !== null) return 'open';
  const end = cycle.told.at(-1)?.state ?? null;
  return end === 'cancelled' ? null : end;
}

/** What was breached and then cancelled or waived counts against nobody. */
function isBroken(cycle: Cycle | undefined): boolean {
  return cycle?.counted === 'overdue' || cycle?.told.at(-1)?.state === 'missed';
}

function add(effect: PolicyEffect, rule: string, what: keyof CyclesChanged): void {
  effect[what] += 1;
  if (effect.byRule === undefined) return;
  const own = effect.byRule.get(rule) ?? { ...NO_CYCLES };
  own[what] += 1;
  effect.byRule.set(rule, own);
}

function cyclesOf({ policy, fold }: CaseState, rule: string) {
  const index = policy.clocks.findIndex(clock => clock.rule === rule);
  return clockOf(fold, index)?.cycles ?? [];
}
