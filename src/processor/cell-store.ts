// The cells of one partition, as committed and as changed since: the owner's copy of the hash in Redis.
// Panes that have left their window are dropped, and late evidence about them no longer counts anywhere.

import { cellParts, isPaneCell, isValueCell } from '../contract/cells.ts';
import type { CellChanges } from '../engine/contribute.ts';
import { ValueLimit } from '../engine/value-limit.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Commit } from '../store/partition-store.ts';

/** How often panes that have left their windows are looked for, in logical milliseconds. */
const SWEEP_MS = 10_000;

export class CellStore {
  readonly #cells: Map<string, number>;
  readonly #limit = new ValueLimit();
  /** How long a pane of an indicator stays, from its first instant, in ms. */
  #keepMs: ReadonlyMap<string, number>;
  #sweptAt = 0;

  constructor(policy: CompiledPolicy, cells: Map<string, number>) {
    this.#cells = cells;
    for (const key of cells.keys()) if (isValueCell(key)) this.#limit.count(key, 1);
    this.#keepMs = keepMsOf(policy);
  }

  /** Windows have the lengths of this policy from now on; panes of indicators that it lacks are dropped. */
  follow(policy: CompiledPolicy): void {
    this.#keepMs = keepMsOf(policy);
    this.#sweptAt = 0;
  }

  /** Applies changes as of logical time `now`, and writes the new values into the commit and into `message`. */
  apply(
    changes: CellChanges,
    now: number,
    commit: Pick<Commit, 'cellsSet' | 'cellsRemoved'>,
    message: Record<string, number | null>,
  ): void {
    for (const [key, change] of changes) {
      if (change === 0 || this.#isGone(key, now)) continue;
      if (isValueCell(key)) {
        for (const [kept, part] of this.#limit.settle(this.#cells, key, change))
          this.#add(kept, part, commit, message);
      } else this.#add(key, change, commit, message);
    }
    if (now - this.#sweptAt >= SWEEP_MS) this.#sweep(now, commit, message);
  }

  #add(
    key: string,
    change: number,
    commit: Pick<Commit, 'cellsSet' | 'cellsRemoved'>,
    message: Record<string, number | null>,
  ): void {
    const before = this.#cells.get(key);
    const value = (before ?? 0) + change;
    if (value === 0) this.#remove(key, commit, message);
    else {
      if (before === undefined && isValueCell(key)) this.#limit.count(key, 1);
      this.#cells.set(key, value);
      commit.cellsSet.push(key, value);
      message[key] = value;
    }
  }

  #sweep(now: number, commit: Pick<Commit, 'cellsRemoved'>, message: Record<string, number | null>): void {
    this.#sweptAt = now;
    for (const key of this.#cells.keys()) if (this.#isGone(key, now)) this.#remove(key, commit, message);
  }

  #remove(key: string, commit: Pick<Commit, 'cellsRemoved'>, message: Record<string, number | null>): void {
    if (!this.#cells.delete(key)) return;
    if (isValueCell(key)) this.#limit.count(key, -1);
    commit.cellsRemoved.push(key);
    message[key] = null;
  }

  #isGone(key: string, now: number): boolean {
    if (!isPaneCell(key)) return false;
    const [, rule = '', , start = '0'] = cellParts(key);
    const keep = this.#keepMs.get(rule);
    return keep === undefined || Number(start) <= now - keep;
  }
}

function keepMsOf(policy: CompiledPolicy): Map<string, number> {
  return new Map(policy.indicators.map(({ rule, windowMs, paneMs }) => [rule, windowMs + 2 * paneMs]));
}
