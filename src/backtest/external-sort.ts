// Sorts more values than fit into memory: sorted runs go to files and are merged while they are read. What compares
// equal keeps the order in which it was added. Values must survive JSON.
import type { SpillFile, SpillSpace } from './spill.ts';

/** Values of one run in memory. */
const RUN_MAX = 50_000;
/** Runs that are merged at once; more are merged in stages. */
const FAN_MAX = 64;

export class ExternalSort<T> {
  readonly #space: SpillSpace;
  readonly #compare: (a: T, b: T) => number;
  readonly #parse: (line: string) => T;
  readonly #runMax: number;
  #values: T[] = [];
  #runs: SpillFile[] = [];
  #size = 0;

  /** `parse` reads back what `JSON.stringify` made of a value. */
  constructor(
    space: SpillSpace,
    compare: (a: T, b: T) => number,
    parse: (line: string) => T,
    runMax = RUN_MAX,
  ) {
    this.#space = space;
    this.#compare = compare;
    this.#parse = parse;
    this.#runMax = runMax;
  }

  get size(): number {
    return this.#size;
  }

  add(value: T): void {
    this.#values.push(value);
    this.#size += 1;
    if (this.#values.length >= this.#runMax) this.#flush();
  }

  /** All values in order. May be called again, and more may be added in between. */
  *sorted(): Iterable<T> {
    if (this.#runs.length === 0) {
      yield* this.#values.sort(this.#compare);
      return;
    }
    this.#flush();
    while (this.#runs.length > FAN_MAX) {
      const first = this.#runs.splice(0, FAN_MAX);
      const merged = this.#space.file();
      for (const value of this.#merge(first)) merged.append(JSON.stringify(value));
      for (const run of first) run.remove();
      this.#runs.unshift(merged);
    }
    yield* this.#merge(this.#runs);
  }

  #flush(): void {
    if (this.#values.length === 0) return;
    const run = this.#space.file();
    for (const value of this.#values.sort(this.#compare)) run.append(JSON.stringify(value));
    this.#runs.push(run);
    this.#values = [];
  }

  *#merge(runs: readonly SpillFile[]): Iterable<T> {
    /** The next value of each run, the last one in this list being the first in order. */
    const heads: Head<T>[] = [];
    const place = (head: Head<T>) => {
      let low = 0;
      let high = heads.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        const other = heads[middle];
        if (other !== undefined && this.#goesBefore(head, other)) low = middle + 1;
        else high = middle;
      }
      heads.splice(low, 0, head);
    };
    for (const [index, run] of runs.entries()) {
      const rest = run.lines()[Symbol.iterator]();
      const first = rest.next();
      if (first.done !== true) place({ value: this.#parse(first.value), index, rest });
    }
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      yield head.value;
      const next = head.rest.next();
      if (next.done === true) continue;
      place({ value: this.#parse(next.value), index: head.index, rest: head.rest });
    }
  }

  #goesBefore(a: Head<T>, b: Head<T>): boolean {
    const order = this.#compare(a.value, b.value);
    return order < 0 || (order === 0 && a.index < b.index);
  }
}

interface Head<T> {
  readonly value: T;
  readonly index: number;
  readonly rest: Iterator<string>;
}
