// Which ranges of a calendar counted for a cycle: its open time less what was left out, as a list with a bound.
import type { Calendar } from '../policy/compiled.ts';
import type { Span } from './span.ts';
import { without } from './span.ts';

export interface CountedRange {
  readonly from: number;
  readonly to: number;
}

export interface CountedRanges {
  readonly ranges: readonly CountedRange[];
  /** Open time after the last range that is listed, ms; 0 when all are. */
  readonly unlistedMs: number;
}

const HOUR_MS = 3_600_000;

/** The first `max` ranges of open time in [from, to) outside `spans` (a union). Instants in ms since 1970. */
export function countedRanges(
  calendar: Calendar,
  spans: readonly Span[],
  from: number,
  to: number,
  max: number,
): CountedRanges {
  const ranges: CountedRange[] = [];
  let unlistedMs = 0;
  if (to <= from) return { ranges, unlistedMs };
  for (const piece of without([{ from, to }], spans)) {
    const end = piece.to ?? to;
    let at = piece.from;
    while (ranges.length < max && calendar.elapsed(at, end) > 0) {
      const open = calendar.isOpen(at) ? at : calendar.add(at, 0);
      const close = closeAfter(calendar, open, end);
      ranges.push({ from: open, to: close });
      at = close;
    }
    unlistedMs += calendar.elapsed(at, end);
  }
  return { ranges, unlistedMs };
}

/** The end of the open range in which `open` lies, or `end` if that comes first; found by halving. */
function closeAfter(calendar: Calendar, open: number, end: number): number {
  const allOpen = (to: number) => calendar.elapsed(open, to) === to - open;
  let step = HOUR_MS;
  while (open + step < end && allOpen(open + step)) step *= 2;
  let high = Math.min(open + step, end);
  if (allOpen(high)) return high;
  let low = open;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (allOpen(middle)) low = middle;
    else high = middle;
  }
  return low;
}
