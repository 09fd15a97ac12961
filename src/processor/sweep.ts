// Brings the open cases under a new policy, a few with each message, in the order of their keys: so that events go on
// meanwhile, and so that every reading of the stream does it at the same places.
import type { PartitionStore } from '../store/partition-store.ts';
import type { Batch } from './batch.ts';
import type { CachedCase, CaseCache } from './case-cache.ts';

/** Cases with each event, and with each tick: ticks come only while nothing else does. */
const CASES_WITH_EVENT = 4;
const CASES_WITH_TICK = 200;
/** Cases that are loaded at once. */
const PAGE = 200;

/** How many cases have their turn with a message of the stream. */
export function casesWith(isControl: boolean): number {
  return isControl ? CASES_WITH_TICK : CASES_WITH_EVENT;
}

export class Sweep {
  readonly #keys: readonly string[];
  #at = 0;

  private constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** Over the open cases that are stored now and whose keys come after `cursor`. */
  static async over(store: PartitionStore, cursor: string): Promise<Sweep> {
    const keys = await store.openKeys();
    return new Sweep(keys.filter(key => key > cursor).sort());
  }

  /** The key up to which all are done; null when none is left. */
  get cursor(): string | null {
    return this.#at < this.#keys.length ? (this.#keys[this.#at - 1] ?? '') : null;
  }

  /** What comes with the message of sequence `seq`. Cases that are under the policy already don't count. */
  async step(cache: CaseCache, batch: Batch, seq: number, isControl: boolean): Promise<void> {
    const count = casesWith(isControl);
    for (let done = 0; done < count && this.#at < this.#keys.length; ) {
      const found = await this.#next(cache);
      if (found !== undefined && batch.bringUnderPolicy(found, seq)) done += 1;
    }
  }

  async #next(cache: CaseCache): Promise<CachedCase | undefined> {
    const key = this.#keys[this.#at];
    if (key === undefined) return undefined;
    if (this.#at % PAGE === 0 || !cache.has(key))
      await cache.load(this.#keys.slice(this.#at, this.#at + PAGE));
    this.#at += 1;
    return cache.get(key);
  }
}
