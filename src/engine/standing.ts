// How a case stands as a whole: its queue, whether it is open, overdue or at risk, and how that counts in cells.
import { escapePart } from '../contract/cells.ts';
import type { Entity } from '../contract/event.ts';
import { addCell, type CellChanges } from './contribute.ts';
import { type CaseFold, text } from './fold.ts';

export interface Standing {
  readonly queue: string;
  readonly open: boolean;
  readonly overdue: boolean;
  readonly risk: boolean;
  /** The due instant of its most urgent clock that was warned or breached; null when there is none. */
  readonly riskAt: number | null;
}

/** Of a case that nothing is known of. */
export const NOWHERE: Standing = { queue: '', open: false, overdue: false, risk: false, riskAt: null };

/** How the case stands by what was last told of its clocks; those over evidence put no case at risk. */
export function standingOf(fold: CaseFold): Standing {
  let overdue = false;
  let risk = false;
  let riskAt = Number.POSITIVE_INFINITY;
  for (const { clock, cycles } of fold.clocks) {
    if (clock.evidence) continue;
    for (const cycle of cycles) {
      if (cycle.shownAt === null || cycle.end !== null || cycle.hidden !== null || cycle.told.length === 0)
        continue;
      if (cycle.told.some(fact => fact.state === 'breached')) overdue = true;
      else risk = true;
      riskAt = Math.min(riskAt, cycle.dueAt);
    }
  }
  return {
    queue: text(fold.attributes.queue),
    open: fold.closedAt === null,
    overdue,
    risk,
    riskAt: overdue || risk ? riskAt : null,
  };
}

/** Counts the case, by entity and queue, among those that are open, overdue and at risk. */
export function moveStanding(entity: Entity, before: Standing, after: Standing, changes: CellChanges): void {
  const moved = before.queue !== after.queue;
  if (moved || before.open !== after.open) {
    if (before.open) addCell(changes, keyOf(entity, before.queue, 'open'), -1);
    if (after.open) addCell(changes, keyOf(entity, after.queue, 'open'), 1);
  }
  if (moved || before.overdue !== after.overdue) {
    if (before.overdue) addCell(changes, keyOf(entity, before.queue, 'overdue'), -1);
    if (after.overdue) addCell(changes, keyOf(entity, after.queue, 'overdue'), 1);
  }
  if (moved || before.risk !== after.risk) {
    if (before.risk) addCell(changes, keyOf(entity, before.queue, 'risk'), -1);
    if (after.risk) addCell(changes, keyOf(entity, after.queue, 'risk'), 1);
  }
}

function keyOf(entity: Entity, queue: string, what: 'open' | 'overdue' | 'risk'): string {
  return `o|${entity}|${escapePart(queue)}|${what}`;
}
