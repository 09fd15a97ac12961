// The cells of every partition, added up, and indexed so that windows and levels are answered without a scan.
// It belongs to whoever reads committed state: the judge of alerts, the boards, the metrics.
import { cellParts, type PaneKind, SUM_SCALE } from '../contract/cells.ts';
import type { CompiledIndicator } from '../policy/compiled.ts';
import { paneKindOf } from './panes.ts';
import { Spread } from './spread.ts';

/** What an indicator's window holds. `value` is null without a denominator: neither 0 nor 100 %. */
export interface WindowSum {
  readonly numerator: number;
  readonly denominator: number;
  readonly value: number | null;
  /** Of a largest share: the group that has it. Absent for other figures, and where no event is of a group. */
  readonly leader?: string;
}

interface Pane {
  numerator: number;
  denominator: number;
}

/** The panes of one group of one indicator, by their first instant. */
type Panes = Map<number, Pane>;

const EMPTY: WindowSum = { numerator: 0, denominator: 0, value: null };

export class CellBook {
  readonly #partitions = new Map<number, Map<string, number>>();
  readonly #totals = new Map<string, number>();
  /** By kind, so that a figure that becomes of another one under the same rule reads nothing of what it was. */
  readonly #panes: Readonly<Record<PaneKind, Map<string, Map<string, Panes>>>> = byKind();
  readonly #spreads: Readonly<Record<PaneKind, Map<string, Map<string, Spread>>>> = byKind();
  readonly #levels = new Map<string, Map<string, number>>();
  readonly #since = new Map<string, Map<string, Map<number, number>>>();

  /** Sets one partition's cell; null removes it. */
  set(partition: number, key: string, value: number | null): void {
    let cells = this.#partitions.get(partition);
    if (!cells) {
      cells = new Map();
      this.#partitions.set(partition, cells);
    }
    const before = cells.get(key) ?? 0;
    if (value === null) cells.delete(key);
    else cells.set(key, value);
    const change = (value ?? 0) - before;
    if (change !== 0) this.#add(key, change);
  }

  /** Forgets all cells of a partition, before its snapshot is loaded again. */
  clear(partition: number): void {
    const cells = this.#partitions.get(partition);
    if (!cells) return;
    for (const [key, value] of cells) this.#add(key, -value);
    this.#partitions.delete(partition);
  }

  /** The sum of a cell over all partitions; 0 where none has it. */
  total(key: string): number {
    return this.#totals.get(key) ?? 0;
  }

  /** All cells of a kind (`c`, `g`, `l` …) with their parts after the kind, summed over partitions. */
  *entries(kind: string): Iterable<[parts: string[], total: number]> {
    const prefix = `${kind}|`;
    for (const [key, total] of this.#totals) {
      if (key.startsWith(prefix)) yield [cellParts(key).slice(1), total];
    }
  }

  /**
   * The window of an indicator's group at `now`: the panes that begin after now − window − pane, and not after now.
   * Levels give the count (or with `longest` the age in seconds) as value. Percentiles and maxima give themselves as
   * numerator too, and how many values they are taken of as denominator.
   */
  window(indicator: CompiledIndicator, group: string, now: number): WindowSum {
    if (indicator.measure.kind === 'level') return this.#level(indicator, group, now);
    const after = now - indicator.windowMs - indicator.paneMs;
    const kind = paneKindOf(indicator);
    if (isSpread(kind))
      return spreadSum(indicator, this.#spreads[kind].get(indicator.rule)?.get(group), after, now);
    const panes = this.#panes[kind].get(indicator.rule)?.get(group);
    if (!panes) return EMPTY;
    let numerator = 0;
    let denominator = 0;
    for (const [start, pane] of panes) {
      if (start <= after || start > now) continue;
      numerator += pane.numerator;
      denominator += pane.denominator;
    }
    if (kind === 'm') numerator /= SUM_SCALE;
    return { numerator, denominator, value: denominator === 0 ? null : numerator / denominator };
  }

  /** The groups of an indicator that have any cell. */
  groups(indicator: CompiledIndicator): string[] {
    const { measure, rule } = indicator;
    if (measure.kind !== 'level') {
      const kind = paneKindOf(indicator);
      return [...((isSpread(kind) ? this.#spreads : this.#panes)[kind].get(rule)?.keys() ?? [])];
    }
    return [...((measure.longest ? this.#since.get(rule) : this.#levels.get(rule))?.keys() ?? [])];
  }

  /** When the oldest member of a level entered it, ms since 1970; null when it is empty. */
  oldestSince(rule: string, group: string): number | null {
    const instants = this.#since.get(rule)?.get(group);
    if (!instants || instants.size === 0) return null;
    let oldest = Number.POSITIVE_INFINITY;
    for (const since of instants.keys()) if (since < oldest) oldest = since;
    return oldest;
  }

  #level(indicator: CompiledIndicator, group: string, now: number): WindowSum {
    const longest = indicator.measure.kind === 'level' && indicator.measure.longest;
    if (longest) {
      const since = this.oldestSince(indicator.rule, group);
      const seconds = since === null ? 0 : Math.max(0, (now - since) / 1000);
      return { numerator: seconds, denominator: since === null ? 0 : 1, value: seconds };
    }
    const count = this.#levels.get(indicator.rule)?.get(group) ?? 0;
    return { numerator: count, denominator: count, value: count };
  }

  #add(key: string, change: number): void {
    const total = (this.#totals.get(key) ?? 0) + change;
    if (total === 0) this.#totals.delete(key);
    else this.#totals.set(key, total);
    const kind = key.charAt(0);
    if (kind === 'w' || kind === 'm') this.#addPane(kind, key, change);
    else if (kind === 'v' || kind === 't') this.#addValue(kind, key, change);
    else if (kind === 'l') {
      const [, rule = '', group = ''] = cellParts(key);
      addTo(child(this.#levels, rule), group, change);
    } else if (kind === 'q') {
      const [, rule = '', group = '', since = '0'] = cellParts(key);
      const groups = child(this.#since, rule);
      const instants = child(groups, group);
      addTo(instants, Number(since), change);
      if (instants.size === 0) groups.delete(group);
    }
  }

  #addValue(kind: PaneKind, key: string, change: number): void {
    const [, rule = '', group = '', startText = '0', value = ''] = cellParts(key);
    const groups = child(this.#spreads[kind], rule);
    let spread = groups.get(group);
    if (spread === undefined) {
      spread = new Spread();
      groups.set(group, spread);
    }
    spread.add(Number(startText), value, change);
    if (spread.isEmpty) groups.delete(group);
  }

  #addPane(kind: PaneKind, key: string, change: number): void {
    const [, rule = '', group = '', startText = '0', side] = cellParts(key);
    const groups = child(this.#panes[kind], rule);
    const panes = child(groups, group);
    const start = Number(startText);
    let pane = panes.get(start);
    if (!pane) {
      pane = { numerator: 0, denominator: 0 };
      panes.set(start, pane);
    }
    if (side === 'n') pane.numerator += change;
    else pane.denominator += change;
    if (pane.numerator === 0 && pane.denominator === 0) panes.delete(start);
    if (panes.size === 0) groups.delete(group);
  }
}

/** Whether a figure is taken of values that are kept, rather than of sums. */
function isSpread(kind: PaneKind): boolean {
  return kind === 'v' || kind === 't';
}

function byKind<V>(): Readonly<Record<PaneKind, Map<string, V>>> {
  return { w: new Map(), m: new Map(), v: new Map(), t: new Map() };
}

const PERCENT = { p50: 50, p90: 90, p95: 95, max: 100 } as const;

function spreadSum(
  { measure }: CompiledIndicator,
  spread: Spread | undefined,
  after: number,
  now: number,
): WindowSum {
  const denominator = spread?.moveTo(after, now) ?? 0;
  if (spread === undefined || denominator <= 0) return EMPTY;
  if (measure.kind === 'field' && measure.stat !== 'mean') {
    const value = spread.percentile(PERCENT[measure.stat]);
    return value === null ? EMPTY : { numerator: value, denominator, value };
  }
  const leader = spread.leader();
  if (leader === null) return { numerator: 0, denominator, value: 0 };
  return {
    numerator: leader.count,
    denominator,
    value: leader.count / denominator,
    leader: leader.name,
  };
}

function child<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let map = maps.get(key);
  if (!map) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

function addTo<K>(map: Map<K, number>, key: K, change: number): void {
  const value = (map.get(key) ?? 0) + change;
  if (value === 0) map.delete(key);
  else map.set(key, value);
}
