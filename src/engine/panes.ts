// How long panes of windows stay. One that has left its window for good is dropped, and what is said of it later counts
// nowhere any more.
import { cellParts, isPaneCell, type PaneKind } from '../contract/cells.ts';
import type { CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';

/** How long a pane stays, from its first instant, in ms, by the kind of its cells and the rule of its indicator. */
export type PaneKeep = ReadonlyMap<string, number>;

export function paneKeepOf(policy: CompiledPolicy): PaneKeep {
  return new Map(
    policy.indicators.map(indicator => [
      keepKey(paneKindOf(indicator), indicator.rule),
      indicator.windowMs + 2 * indicator.paneMs,
    ]),
  );
}

/** What the cells of an indicator's panes are; those of a level would be, had it any. */
export function paneKindOf({ measure }: CompiledIndicator): PaneKind {
  if (measure.kind === 'share') return 't';
  if (measure.kind !== 'field') return 'w';
  return measure.stat === 'mean' ? 'm' : 'v';
}

function keepKey(kind: string, rule: string): string {
  return `${kind}|${rule}`;
}

/**
 * Whether a cell is a pane that has left its window at `now`, or of no indicator of the policy. One that was of another
 * kind under the same rule is none of them: its values, counts or sums are not those that the rule now asks for.
 */
export function isPaneGone(key: string, keep: PaneKeep, now: number): boolean {
  if (!isPaneCell(key)) return false;
  const [kind = '', rule = '', , start = '0'] = cellParts(key);
  const keepMs = keep.get(keepKey(kind, rule));
  return keepMs === undefined || Number(start) <= now - keepMs;
}
