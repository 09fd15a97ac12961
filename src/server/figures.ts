// The current value of each indicator and group, as boards, API and metrics show it. Pure.
import type { Figure } from '../contract/frame.ts';
import type { CellBook } from '../engine/cell-book.ts';
import type { CompiledIndicator } from '../policy/compiled.ts';
import type { AlertState } from './view-wire.ts';

/** The group of an indicator's total. */
export const TOTAL = 'all';

/** The figure of one group at `now` (ms since 1970). `alerts` are the states that the judge committed. */
export function figureOf(
  indicator: CompiledIndicator,
  group: string,
  book: CellBook,
  alerts: readonly AlertState[],
  now: number,
): Figure {
  const { numerator, denominator, value, leader = null } = book.window(indicator, group, now);
  const { alert } = indicator;
  return {
    rule: indicator.rule,
    title: indicator.title,
    unit: indicator.unit,
    value,
    numerator,
    denominator,
    leader,
    threshold: alert ? (alert.above ?? alert.below) : null,
    badWhen: alert ? (alert.above === null ? 'below' : 'above') : null,
    state: stateOf(indicator, group, value, denominator, alerts),
    variant: indicator.variant,
    windowMs: indicator.windowMs > 0 ? indicator.windowMs : null,
  };
}

function stateOf(
  indicator: CompiledIndicator,
  group: string,
  value: number | null,
  denominator: number,
  alerts: readonly AlertState[],
): Figure['state'] {
  const judged = alerts.find(alert => alert.rule === indicator.rule && alert.group === group);
  // An alert that fires goes on until it is cleared, whether or not there is data.
  if (judged?.state === 'firing') return 'firing';
  if (value === null) return 'no-data';
  if (judged?.state === 'pending') return 'pending';
  const { alert } = indicator;
  if (!alert) return 'ok';
  if (denominator < alert.atLeast) return 'few';
  // The judge looks a moment later than a board does; what is beyond its bound is never shown as normal.
  const beyond =
    (alert.above !== null && value > alert.above) || (alert.below !== null && value < alert.below);
  return beyond ? 'pending' : 'ok';
}

/** The one value of a group such as `queue=repair` that is keyed by `path` alone, or null for any other group. */
export function groupValue(group: string, path: string): string | null {
  const prefix = `${path}=`;
  if (!group.startsWith(prefix)) return null;
  const value = group.slice(prefix.length);
  // A second key of the group would follow after a comma and have a `=` of its own.
  return /,[^,=]+=/.test(value) ? null : value;
}
