// Cells: every number that the monitor keeps is one, named by a key. The engine adds to them, a commit stores
// them, partitions' cells add up. Kinds:
//   c|metric|label|…             counters; they never fall
//   g|open|rule|state            open cycles by state (running, paused, overdue)
//   w|rule|group|paneMs|n or d   a pane of an indicator's window: numerator (scaled for means) and denominator
//   l|rule|group                 a level: how many cases are in a state now
//   q|rule|group|sinceMs         a level's members by when they entered it (ms since 1970), for "longest wait"

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
