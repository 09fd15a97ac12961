// The alarms of the near future, soonest first: a binary heap. Entries are never removed from the middle; whoever pops
// one checks it against the case, which knows its own alarm.

export interface Alarm {
  readonly at: number;
  readonly key: string;
}

export class AlarmHeap {
  readonly #heap: Alarm[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): Alarm | undefined {
    return this.#heap[0];
  }

  push(alarm: Alarm): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(alarm);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !before(alarm, parent)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = alarm;
  }

  pop(): Alarm | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      const left = heap[down];
      if (left === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && before(right, left)) down += 1;
      const child = heap[down];
      if (child === undefined || !before(child, last)) break;
      heap[i] = child;
      i = down;
    }
    heap[i] = last;
    return top;
  }
}

/** Alarms of one instant go by key, so that every reading of a stream handles them in the same order. */
function before(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.key < b.key);
}
