// The cells of one partition, as committed and as changed since: the owner's copy of the hash in Redis.
// Panes that have left their window are dropped, and late evidence about them no longer counts anywhere.

import { isValueCell } from '../contract/cells.ts';
import type { CellChanges } from '../engine/contribute.ts';
import { isPaneGone, type PaneKeep, paneKeepOf } from '../engine/panes.ts';
import { ValueLimit } from '../engine/value-limit.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Commit } from '../store/partition-store.ts';

/** How often panes that have left their windows are looked for, in logical milliseconds. */
const SWEEP_MS = 10_000;

export class CellStore {
  readonly #cells: Map<string, number>;
  readonly #limit = new ValueLimit();
  /** How long panes stay; null while cases wait to be brought under another policy. */
  #keep: PaneKeep | null;
  #holds = false;
  #sweptAt = 0;

  /** `policy` is null while cases wait to be brought under it. */
  constructor(policy: CompiledPolicy | null, cells: Map<string, number>) {
    this.#cells = cells;
    for (const key of cells.keys()) if (isValueCell(key)) this.#limit.count(key, 1);
    this.#keep = policy === null ? null : paneKeepOf(policy);
  }

  /**
   * The policy changes with the next commit: what has left its window by then is dropped, and then nothing until `follow`,
   * since each case that is brought under another policy first takes away what it added.
   */
  hold(): void {
    this.#holds = true;
    this.#sweptAt = 0;
  }

  /** Windows have the lengths of this policy from now on; panes of indicators that it lacks are dropped. */
  follow(policy: CompiledPolicy): void {
    this.#keep = paneKeepOf(policy);
    this.#holds = false;
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
    if (this.#keep !== null && now - this.#sweptAt >= SWEEP_MS) this.#sweep(now, commit, message);
    if (this.#holds) this.#keep = null;
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
    return this.#keep !== null && isPaneGone(key, this.#keep, now);
  }
}
