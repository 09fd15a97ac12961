// Cells: every number that the monitor keeps is one, named by a key. The engine adds to them, a commit stores
// them, partitions' cells add up. Kinds:
//   c|metric|label|…             counters; they never fall
//   g|open|rule|state            open cycles by state (running, paused, overdue)
//   w|rule|group|paneMs|n or d   a pane of an indicator's window: numerator and denominator
//   m|rule|group|paneMs|n or d   a pane of a mean: the sum in thousandths, and of how many events
//   v|rule|group|paneMs|number   a pane of a percentile or maximum: how many events had this value
//   t|rule|group|paneMs|text     a pane of a largest share: how many events were of this group; empty for those of none
//   l|rule|group                 a level: how many cases are in a state now
//   q|rule|group|sinceMs         a level's members by when they entered it (ms since 1970), for "longest wait"
//   o|entity|queue|state         how many cases of a queue are open, overdue or at risk (open, overdue, risk)

const ESCAPE = /[%|]/g;

/** Joins parts into a cell key; `|` and `%` inside a part are percent-encoded. */
export function cellKey(...parts: readonly (string | number)[]): string {
  let key = '';
  for (const part of parts) {
    if (key !== '') key += '|';
    key += typeof part === 'number' ? part : escapePart(part);
  }
  return key;
}

export function escapePart(part: string): string {
  return part.includes('|') || part.includes('%')
    ? part.replace(ESCAPE, c => (c === '|' ? '%7C' : '%25'))
    : part;
}

/** The parts of a cell key, unescaped. */
export function cellParts(key: string): string[] {
  return key
    .split('|')
    .map(part => (part.includes('%') ? part.replaceAll('%7C', '|').replaceAll('%25', '%') : part));
}

/** Means and sums are kept in thousandths, as whole numbers, so that their order of addition can't matter. */
export const SUM_SCALE = 1000;
/** What is measured as more counts as this: sums of larger ones would be no whole numbers, and could not be taken back. */
export const MEASURE_MAX = 1e12;

/** A measured value in thousandths. */
export function thousandths(value: number): number {
  return Math.round(Math.max(-MEASURE_MAX, Math.min(value, MEASURE_MAX)) * SUM_SCALE);
}

/** A measured value as cells name it, to the thousandth. */
export function valueText(value: number): string {
  const rounded = thousandths(value) / SUM_SCALE;
  return rounded === 0 ? '0' : String(rounded);
}

/** Whether a cell is of one pane of a window: it counts while the pane is in its window, and then goes. */
export function isPaneCell(key: string): boolean {
  return isValueCell(key) || key.startsWith('w|') || key.startsWith('m|');
}

/** What a pane's cells begin with. Two of these never add up: a figure that becomes of another kind begins anew. */
export type PaneKind = 'w' | 'm' | 'v' | 't';

/** Whether a cell counts one value, or one group of a share. */
export function isValueCell(key: string): boolean {
  return key.startsWith('v|') || key.startsWith('t|');
}

/** Counters under `c|`, with the labels that follow. The metric names of CONTRACT.md, section 6, are rendered from these. */
export const COUNTERS = {
  outcome: ['rule', 'outcome', 'queue'],
  outcomeWithdrawn: ['rule', 'outcome', 'queue'],
  breach: ['rule', 'queue'],
  breachWithdrawn: ['rule', 'queue'],
  event: ['entity', 'result'],
  reject: ['reason'],
} as const;
export type CounterName = keyof typeof COUNTERS;
