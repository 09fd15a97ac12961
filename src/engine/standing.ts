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

/** What the clocks of a case come to, as of their last evaluation. */
export interface ClocksSum extends Pick<Standing, 'overdue' | 'risk' | 'riskAt'> {
  /** The next instant at which one of them may change by itself; infinite without any. */
  readonly nextAt: number;
}

/** Clocks over evidence put no case at risk. */
export function sumOfClocks(fold: CaseFold): ClocksSum {
  let overdue = false;
  let risk = false;
  let riskAt = Number.POSITIVE_INFINITY;
  let nextAt = Number.POSITIVE_INFINITY;
  for (const { clock, cycles } of fold.clocks) {
    for (const cycle of cycles) {
      if (cycle.nextAt < nextAt) nextAt = cycle.nextAt;
      if (clock.evidence || cycle.counted === null || cycle.told.length === 0) continue;
      if (cycle.counted === 'overdue') overdue = true;
      else risk = true;
      if (cycle.dueAt < riskAt) riskAt = cycle.dueAt;
    }
  }
  return { overdue, risk, riskAt: overdue || risk ? riskAt : null, nextAt };
}

/** How the case stands; the same object as `before` when that is how it stood. */
export function standingOf(fold: CaseFold, clocks: ClocksSum, before: Standing): Standing {
  const queue = text(fold.attributes.queue);
  const open = fold.closedAt === null;
  const { overdue, risk, riskAt } = clocks;
  const isSame =
    before.queue === queue &&
    before.open === open &&
    before.overdue === overdue &&
    before.risk === risk &&
    before.riskAt === riskAt;
  return isSame ? before : { queue, open, overdue, risk, riskAt };
}

/** Counts the case, by entity and queue, among those that are open, overdue and at risk. */
export function moveStanding(entity: Entity, before: Standing, after: Standing, changes: CellChanges): void {
  if (before === after) return;
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
