// Slows down who guesses: after some failed sign-ins from one address, or very many in all, none is looked at for
// the rest of the minute.

const WINDOW_MS = 60_000;
export const FAILURES_MAX = 10;
export const FAILURES_TOTAL_MAX = 200;
const ADDRESSES_MAX = 10_000;

export class SigninLimit {
  readonly #failures = new Map<string, number>();
  #total = 0;
  #startedAt = 0;

  /** True when a sign-in from this address may be tried. `now` in ms. */
  allows(address: string, now: number): boolean {
    this.#turn(now);
    return this.#total < FAILURES_TOTAL_MAX && (this.#failures.get(address) ?? 0) < FAILURES_MAX;
  }

  failed(address: string, now: number): void {
    this.#turn(now);
    this.#total++;
    if (this.#failures.size >= ADDRESSES_MAX && !this.#failures.has(address)) return;
    this.#failures.set(address, (this.#failures.get(address) ?? 0) + 1);
  }

  #turn(now: number): void {
    if (now - this.#startedAt < WINDOW_MS) return;
    this.#startedAt = now;
    this.#total = 0;
    this.#failures.clear();
  }
}
