// The alarms of a partition that ring soon: Redis has all of them, memory those of the near future, read as time goes on.
import type { PartitionStore } from '../store/partition-store.ts';
import { type Alarm, AlarmHeap } from './alarm-heap.ts';

/** How far ahead of the logical time alarms are held in memory. */
const AHEAD_MS = 60_000;

export class Alarms {
  readonly #store: Pick<PartitionStore, 'alarms'>;
  readonly #heap = new AlarmHeap();
  #horizon = 0;

  constructor(store: Pick<PartitionStore, 'alarms'>) {
    this.#store = store;
  }

  /** All alarms before this instant are held. */
  get horizon(): number {
    return this.#horizon;
  }

  /** By then it must be looked further ahead, in good time before anything could ring unheard. */
  get lookAheadAt(): number {
    return this.#horizon - AHEAD_MS / 2;
  }

  /** When the next one rings; infinite when none does soon. */
  get nextAt(): number {
    return this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Adds one that lies before the horizon and is not in Redis yet. */
  push(alarm: Alarm): void {
    this.#heap.push(alarm);
  }

  /** Looks ahead from `now`, whatever is held already. */
  async lookAhead(now: number): Promise<void> {
    const to = now + AHEAD_MS;
    for (const alarm of await this.#store.alarms(this.#horizon, to)) this.#heap.push(alarm);
    this.#horizon = to;
  }

  /** Takes those that ring before an instant, soonest first, at most `max`. */
  take(before: number, max: number): Alarm[] {
    const taken: Alarm[] = [];
    for (let alarm = this.#heap.peek(); alarm !== undefined && alarm.at < before; alarm = this.#heap.peek()) {
      if (taken.length >= max) break;
      taken.push(alarm);
      this.#heap.pop();
    }
    return taken;
  }

  /** The cases of those that `take` would take, which stay. */
  keysBefore(before: number, max: number): string[] {
    const soon = this.take(before, max);
    for (const alarm of soon) this.#heap.push(alarm);
    return soon.map(({ key }) => key);
  }
}
