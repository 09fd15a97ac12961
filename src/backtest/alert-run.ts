// The alerts of a backtest from the steps of all its cases in order of time: judged at each event and each pane's end.
import { CellBook } from '../engine/cell-book.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { FigureStep } from './case-run.ts';
import { Figures } from './figures.ts';
import type { AlertLine } from './lines.ts';

/** `steps` in the order of `compareSteps`; transitions of alerts up to `until`, in order of time. */
export function alertsOf(policy: CompiledPolicy, steps: Iterable<FigureStep>, until: number): AlertLine[] {
  const figures = new Figures(policy, new CellBook());
  const alerts: AlertLine[] = [];
  let now = Number.NEGATIVE_INFINITY;
  /** The instant whose events are being taken; it is judged once all have been. */
  let open: number | null = null;
  const close = () => {
    if (open !== null) figures.judge(open, 'event', alerts);
    open = null;
  };
  /** Judges at the panes' ends before `limit`. */
  const advance = (limit: number) => {
    for (let end = figures.nextAt(now); end < limit; end = figures.nextAt(now)) {
      now = end;
      figures.judge(end, 'pane end', alerts);
    }
  };
  for (const { at, kind, cells } of steps) {
    if (open !== null && (at > open || kind === 'deadline')) close();
    // What passes at a pane's end is in no figure of that instant yet.
    if (open === null) advance(kind === 'deadline' ? at + 1 : at);
    now = Math.max(now, at);
    if (kind === 'event') open = at;
    figures.take(new Map(cells), kind === 'deadline' ? at + 1 : at);
  }
  close();
  // Where the account ends is no event, and a pane's end only if it happens to be one.
  advance(until + 1);
  return alerts;
}
