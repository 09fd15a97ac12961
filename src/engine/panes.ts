// How long panes of windows stay. One that has left its window for good is dropped, and what is said of it later counts
// nowhere any more.
import { cellParts, isPaneCell } from '../contract/cells.ts';
import type { CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';

/** How long a pane stays, from its first instant, in ms, by the rule of its indicator. */
export type PaneKeep = ReadonlyMap<string, number>;

export function paneKeepOf(policy: CompiledPolicy): PaneKeep {
  return new Map(policy.indicators.map(indicator => [indicator.rule, keepMsOf(indicator)]));
}

function keepMsOf({ windowMs, paneMs }: CompiledIndicator): number {
  return windowMs + 2 * paneMs;
}

/** Whether a cell is a pane that has left its window at `now`, or whose indicator is none of the policy's. */
export function isPaneGone(key: string, keep: PaneKeep, now: number): boolean {
  if (!isPaneCell(key)) return false;
  const [, rule = '', , start = '0'] = cellParts(key);
  const keepMs = keep.get(rule);
  return keepMs === undefined || Number(start) <= now - keepMs;
}
