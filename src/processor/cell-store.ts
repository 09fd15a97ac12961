// The cells of one partition, as committed and as changed since: the owner's copy of the hash in Redis.
// Panes that have left their window are dropped, and late evidence about them no longer counts anywhere.

import { cellParts } from '../contract/cells.ts';
import type { CellChanges } from '../engine/contribute.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Commit } from '../store/partition-store.ts';

/** How often panes that have left their windows are looked for, in logical milliseconds. */
const SWEEP_MS = 10_000;

export class CellStore {
  readonly #cells: Map<string, number>;
  /** How long a pane of an indicator stays, from its first instant, in ms. */
  #keepMs: ReadonlyMap<string, number>;
  #sweptAt = 0;

  constructor(policy: CompiledPolicy, cells: Map<string, number>) {
    this.#cells = cells;
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
      const value = (this.#cells.get(key) ?? 0) + change;
      if (value === 0) this.#remove(key, commit, message);
      else {
        this.#cells.set(key, value);
        commit.cellsSet.push(key, value);
        message[key] = value;
      }
    }
    if (now - this.#sweptAt >= SWEEP_MS) this.#sweep(now, commit, message);
  }

  #sweep(now: number, commit: Pick<Commit, 'cellsRemoved'>, message: Record<string, number | null>): void {
    this.#sweptAt = now;
    for (const key of this.#cells.keys()) if (this.#isGone(key, now)) this.#remove(key, commit, message);
  }

  #remove(key: string, commit: Pick<Commit, 'cellsRemoved'>, message: Record<string, number | null>): void {
    if (!this.#cells.delete(key)) return;
    commit.cellsRemoved.push(key);
    message[key] = null;
  }

  #isGone(key: string, now: number): boolean {
    if (!key.startsWith('w|')) return false;
    const [, rule = '', , start = '0'] = cellParts(key);
    const keep = this.#keepMs.get(rule);
    return keep === undefined || Number(start) <= now - keep;
  }
}

function keepMsOf(policy: CompiledPolicy): Map<string, number> {
  return new Map(policy.indicators.map(({ rule, windowMs, paneMs }) => [rule, windowMs + 2 * paneMs]));
}
