// Lets the partitions of a process work one after the other, a few at a time: a batch lives in memory from its decoding
// to its commit, and eight of them at once cost more to move around than they gain.

/** One computes while the other's commit is on its way. */
const AT_ONCE = 2;
/** Whoever has waited for so long goes on: a commit that hangs must hold up no other partition. */
const WAIT_MS_MAX = 100;

export class Turns {
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** Runs `work` when it is its turn. Who came first goes first. */
  async take(work: () => Promise<void>): Promise<void> {
    if (this.#taken >= AT_ONCE) await this.#wait();
    this.#taken += 1;
    try {
      await work();
    } finally {
      this.#taken -= 1;
      const [next] = this.#waiting;
      if (this.#taken < AT_ONCE) next?.();
    }
  }

  #wait(): Promise<void> {
    return new Promise(resolve => {
      const go = () => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, WAIT_MS_MAX);
      this.#waiting.add(go);
    });
  }
}
