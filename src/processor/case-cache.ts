// Cases in memory, loaded on demand and bounded: those that were not used lately go first. Redis has them all.
import type { SlaEvent } from '../contract/event.ts';
import { type CaseState, newCase } from '../engine/case.ts';
import { decodeCase, parseCaseKey } from '../engine/codec.ts';
import { isStaff } from '../engine/staff.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { FORGOTTEN } from '../store/keys.ts';
import type { KeptCase, PartitionStore } from '../store/partition-store.ts';

export interface CachedCase {
  readonly key: string;
  state: CaseState;
  /** Which hash holds it in Redis, as of the last commit; null when none does. */
  kept: 'open' | 'closed' | null;
  /** True for a closed case that was forgotten: only its name is kept, later events are too late. */
  forgotten: boolean;
  /** The alarm that Redis has, null when that is not known; it may be earlier than the case's own, never later. */
  alarm: number | null;
  /** The alarm that was last put into the heap of the near future without being in Redis yet; null when none was. */
  armed: number | null;
  /** The risk instant that Redis has; undefined when that is not known. */
  riskAt: number | null | undefined;
  /** Changed since the last commit: to be stored. */
  dirty: boolean;
  /** Used since it was last passed over when room was made. */
  used: boolean;
}

/** Where cases are kept. */
export type KeptCases = Pick<PartitionStore, 'cases'>;

export class CaseCache {
  readonly #cases = new Map<string, CachedCase>();
  readonly #store: KeptCases;
  readonly #policyOf: (hash: string) => CompiledPolicy;
  /** Under which new cases are judged. */
  policy: CompiledPolicy;
  readonly #sizeMax: number;
  readonly #closedKeepMs: number;

  constructor(
    store: KeptCases,
    policy: CompiledPolicy,
    policyOf: (hash: string) => CompiledPolicy,
    sizeMax: number,
    closedKeepMs: number,
  ) {
    this.#closedKeepMs = closedKeepMs;
    this.#store = store;
    this.policy = policy;
    this.#policyOf = policyOf;
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#cases.size;
  }

  /** A case that is in memory. */
  get(key: string): CachedCase | undefined {
    const found = this.#cases.get(key);
    if (found !== undefined) found.used = true;
    return found;
  }

  has(key: string): boolean {
    return this.#cases.has(key);
  }

  /**
   * The case of an event; a new one when it was not found by `load` before, and for an agent or a shift that was forgotten:
   * its id comes again after a long holiday, and events that are older than its memory are refused anyway.
   */
  open(key: string, event: SlaEvent): CachedCase {
    const found = this.get(key);
    const comesAgain = found?.forgotten === true && isStaff(event.entity);
    // One of which nothing was accepted is as good as none, and comes under the policy of its first event.
    const isNone = found?.state.events.length === 0 && !found.forgotten;
    if (found !== undefined && !comesAgain && !(isNone && found.state.policy !== this.policy)) return found;
    const state = newCase(this.policy, event.entity, event.case, this.#closedKeepMs);
    const fresh = cached(key, state, found?.kept ?? null);
    this.#cases.set(key, fresh);
    return fresh;
  }

  /** Loads those of `keys` that Redis has and memory has not. */
  async load(keys: Iterable<string>): Promise<void> {
    const missing: string[] = [];
    for (const key of keys) if (!this.#cases.has(key)) missing.push(key);
    for (let from = 0; from < missing.length; from += LOAD_PAGE) {
      const page = missing.slice(from, from + LOAD_PAGE);
      const kept = await this.#store.cases(page);
      for (const [i, key] of page.entries()) {
        const found = kept[i];
        if (found === null || found === undefined) continue;
        this.#cases.set(key, this.#restore(key, found));
      }
    }
  }

  #restore(key: string, { text, chunks, closed }: KeptCase): CachedCase {
    if (text !== FORGOTTEN)
      return cached(
        key,
        decodeCase(this.#policyOf, key, text, chunks, this.#closedKeepMs),
        closed ? 'closed' : 'open',
      );
    const { entity, id } = parseCaseKey(key);
    return {
      ...cached(key, newCase(this.policy, entity, id, this.#closedKeepMs), 'closed'),
      forgotten: true,
    };
  }

  /**
   * Lets cases go, oldest first, down to the bound. An open one that was used since it was last passed over is passed
   * over once more, which is cheaper than keeping all of them in the order of their use; few events come for closed
   * ones. Never one that is not stored yet.
   */
  evict(): void {
    let left = 2 * this.#cases.size;
    for (const [key, found] of this.#cases) {
      if (this.#cases.size <= this.#sizeMax || left-- === 0) return;
      this.#cases.delete(key);
      if (!found.dirty && (!found.used || found.kept === 'closed')) continue;
      found.used = false;
      this.#cases.set(key, found);
    }
  }
}

const LOAD_PAGE = 2_000;

function cached(key: string, state: CaseState, kept: CachedCase['kept']): CachedCase {
  return {
    key,
    state,
    kept,
    forgotten: false,
    alarm: kept === null ? Number.POSITIVE_INFINITY : null,
    armed: null,
    riskAt: kept === null ? null : undefined,
    dirty: false,
    used: true,
  };
}
