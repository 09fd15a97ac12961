// The values in a window of panes: how often each occurs, and what percentiles, maxima and largest groups are taken of
// them. The counts of the window are carried along as panes enter and leave it, so that a look costs no scan of them.

type Counts = Map<string, number>;

/** The largest group of a share and its count; a group without a name leads nothing. */
export interface Leader {
  readonly name: string;
  readonly count: number;
}

export class Spread {
  readonly #panes = new Map<number, Counts>();
  /** First instants of the panes whose values are in `#counts`. */
  readonly #within = new Set<number>();
  readonly #counts: Counts = new Map();
  #total = 0;
  /** Made when asked for, and forgotten with the next change. */
  #sorted: readonly (readonly [value: number, count: number])[] | null = null;
  #leader: Leader | null = null;

  get isEmpty(): boolean {
    return this.#panes.size === 0;
  }

  /** Changes how often a value occurs in the pane that begins at `start`. */
  add(start: number, value: string, change: number): void {
    let pane = this.#panes.get(start);
    if (pane === undefined) {
      pane = new Map();
      this.#panes.set(start, pane);
    }
    addTo(pane, value, change);
    if (this.#within.has(start)) this.#count(value, change);
    if (pane.size > 0) return;
    this.#panes.delete(start);
    this.#within.delete(start);
  }

  /** Moves the window to the panes that begin after `after` and not after `now`; how many values it holds. */
  moveTo(after: number, now: number): number {
    for (const [start, pane] of this.#panes) {
      const inside = start > after && start <= now;
      if (inside === this.#within.has(start)) continue;
      for (const [value, count] of pane) this.#count(value, inside ? count : -count);
      if (inside) this.#within.add(start);
      else this.#within.delete(start);
    }
    return this.#total;
  }

  /** The percentile by nearest rank: the least value that at least `percent` of 100 values are not above. */
  percentile(percent: number): number | null {
    if (this.#total <= 0) return null;
    this.#sorted ??= [...this.#counts]
      .map(([value, count]): [number, number] => [Number(value), count])
      .sort((a, b) => a[0] - b[0]);
    const rank = Math.ceil((percent * this.#total) / 100);
    let seen = 0;
    for (const [value, count] of this.#sorted) {
      seen += count;
      if (seen >= rank) return value;
    }
    return null;
  }

  /** The group with the most; of several the first by code point, so that every reader names the same. */
  leader(): Leader | null {
    if (this.#leader !== null) return this.#leader;
    let best: Leader | null = null;
    for (const [name, count] of this.#counts) {
      if (name === '' || count <= 0) continue;
      if (best === null || count > best.count || (count === best.count && name < best.name))
        best = { name, count };
    }
    this.#leader = best;
    return best;
  }

  #count(value: string, change: number): void {
    addTo(this.#counts, value, change);
    this.#total += change;
    this.#sorted = null;
    this.#leader = null;
  }
}

function addTo(counts: Counts, value: string, change: number): void {
  const count = (counts.get(value) ?? 0) + change;
  if (count === 0) counts.delete(value);
  else counts.set(value, count);
}
