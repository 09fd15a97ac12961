// What a benchmark found: rows of a figure of ours beside its baseline of the same run, and the table of all rows.
// Absolute figures depend on the machine and on what else runs there; the ratio is what a later run can be held to.

export interface Row {
  /** The part of the issue it belongs to, such as `a`. */
  readonly part: string;
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** What the same run did without the monitor; null where there is nothing to compare with. */
  readonly baseline: number | null;
  readonly baselineWhat: string;
  /** `ours / baseline` should be as high, or as low, as possible. */
  readonly better: 'higher' | 'lower';
  readonly aim: Aim | null;
}

/** A bound of the figure itself, or of its ratio to the baseline; the bound is inside. */
export type Aim = { readonly of: 'ours' | 'ratio'; readonly atLeast: number } | AimAtMost;
interface AimAtMost {
  readonly of: 'ours' | 'ratio';
  readonly atMost: number;
}

/** Sizes of a run: `quick` shows that everything works, in seconds; its figures mean little. */
export interface Sizes {
  readonly quick: boolean;
}

/** Null where there is no baseline. */
export function ratioOf({ ours, baseline }: Row): number | null {
  return baseline === null || baseline === 0 ? null : ours / baseline;
}

/** Whether the aim is reached; null without one. */
export function isReached(row: Row): boolean | null {
  const { aim } = row;
  if (aim === null) return null;
  const value = aim.of === 'ours' ? row.ours : ratioOf(row);
  if (value === null) return null;
  return 'atLeast' in aim ? value >= aim.atLeast : value <= aim.atMost;
}

/** The rows as a table of text. */
export function showRows(rows: readonly Row[]): string {
  const head = ['', 'what', 'ours', 'baseline', 'ratio', 'aim', 'baseline is'];
  const lines = rows.map(row => [
    row.part,
    row.what,
    `${shown(row.ours)} ${row.unit}`,
    row.baseline === null ? '' : `${shown(row.baseline)} ${row.unit}`,
    showRatio(row),
    showAim(row),
    row.baselineWhat,
  ]);
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map(line => (line[column] ?? '').length)));
  const right = new Set([2, 3, 4]);
  return all
    .map(line =>
      line
        .map((cell, i) => (right.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three figures are all that a benchmark knows. */
export function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function showRatio(row: Row): string {
  const ratio = ratioOf(row);
  return ratio === null ? '' : shown(ratio);
}

function showAim(row: Row): string {
  const { aim } = row;
  if (aim === null) return '';
  const bound = 'atLeast' in aim ? `≥ ${shown(aim.atLeast)}` : `≤ ${shown(aim.atMost)}`;
  const of = aim.of === 'ratio' ? 'ratio ' : '';
  return `${of}${bound} ${isReached(row) === true ? 'reached' : 'missed'}`;
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest rank; NaN of nothing. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** The rows of a latency: its median and its 99th percentile beside the baseline's. */
export function latencyRows(
  row: Omit<Row, 'ours' | 'baseline' | 'better' | 'aim' | 'unit'>,
  ours: Quantiles,
  baseline: Quantiles | null,
  aimP99: Aim | null = null,
): Row[] {
  const both = { ...row, unit: 'ms', better: 'lower' as const };
  return [
    { ...both, what: `${row.what}, p50`, ours: ours.p50, baseline: baseline?.p50 ?? null, aim: null },
    { ...both, what: `${row.what}, p99`, ours: ours.p99, baseline: baseline?.p99 ?? null, aim: aimP99 },
  ];
}
