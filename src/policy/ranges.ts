// Ranges of instants in order, and finding one's place among sorted numbers by bisection.

export type Range = readonly [start: number, end: number];

/** Sorts ranges and joins those that overlap or touch. */
export function unite(ranges: Range[]): Range[] {
  ranges.sort((a, b) => a[0] - b[0]);
  const united: Range[] = [];
  for (const range of ranges) {
    const last = united.at(-1);
    if (last === undefined || range[0] > last[1]) united.push(range);
    else if (range[1] > last[1]) united[united.length - 1] = [last[0], range[1]];
  }
  return united;
}

/** An element that is known to be there. */
export function get(array: Float64Array, i: number): number {
  return array[i] ?? Number.NaN;
}

/** Index of the last element at or below a value; -1 when there is none. */
export function lastAtOrBefore(array: Float64Array, value: number): number {
  let low = -1;
  let high = array.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (get(array, middle) <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Index of the last element below a value; -1 when there is none. */
export function lastBelow(array: Float64Array, value: number): number {
  return firstAtOrAfter(array, value) - 1;
}

/** Index of the first element at or above a value; the length when there is none. */
export function firstAtOrAfter(array: Float64Array, value: number): number {
  let low = -1;
  let high = array.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (get(array, middle) < value) low = middle;
    else high = middle;
  }
  return high;
}
