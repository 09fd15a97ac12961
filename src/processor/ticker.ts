// Lets a partition's time pass when no event does: once a deadline has passed, a tick goes through the stream, and the
// deadline fires when it comes back. One tick is on its way at a time. The stream's clock may differ from ours; by how
// much is learned from what comes back.
import type { NatsConnection } from 'nats';
import { onConnection } from '../broker/connect.ts';
import { controlSubject } from '../contract/subject.ts';

export interface TickerOptions {
  readonly nc: NatsConnection;
  readonly partition: number;
  /** Tells our ticks from those of earlier owners. */
  readonly owner: string;
  /** The next deadline, ms since 1970; infinite without any. */
  readonly nextAt: () => number;
  /** True when nothing is stored that will let time pass anyway. */
  readonly isIdle: () => boolean;
  /** Called when it is time to look for deadlines that lie further ahead. */
  readonly wake: () => void;
}

/** A tick that has not come back after this time is taken for lost. */
const TIMEOUT_MS = 1_000;
/** While a deadline has passed and something is on its way, it is looked at again this often. */
const RECHECK_MS = 20;
const SLEEP_MS_MAX = 30_000;

export class Ticker {
  readonly #options: TickerOptions;
  readonly #payload: Buffer;
  readonly #offConnection: () => void;
  #timer: NodeJS.Timeout | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;
  #sentAt: number | null = null;
  /** The stream's clock less ours, ms; within what a tick takes they count as equal. */
  #skewMs = 0;
  #closed = false;

  constructor(options: TickerOptions) {
    this.#options = options;
    this.#payload = Buffer.from(JSON.stringify({ kind: 'tick', by: options.owner }));
    // What was on its way when the connection broke may never have arrived.
    this.#offConnection = onConnection(options.nc, change => {
      if (change === 'back') this.#sentAt = null;
    });
  }

  /** What the stream's clock shows now, as far as that is known. */
  streamNow(): number {
    return Date.now() + this.#skewMs;
  }

  /** Sleeps until the next deadline, or until `wakeAt` on our own clock. Replaces an earlier sleep. */
  schedule(wakeAt: number): void {
    if (this.#closed) return;
    this.#wakeAt = wakeAt;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // A deadline counts once time is past it, hence one millisecond more.
    const wait = Math.min(this.#options.nextAt() + 1 - this.streamNow(), wakeAt - Date.now(), SLEEP_MS_MAX);
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, wait));
  }

  /** A control message was read; one that is not our last tick changes nothing. */
  returned(data: Uint8Array, storedMs: number): void {
    if (this.#sentAt === null || !this.#payload.equals(data)) return;
    const least = storedMs - Date.now();
    const most = storedMs - this.#sentAt;
    this.#sentAt = null;
    if (least > 0) this.#skewMs = least;
    else this.#skewMs = Math.min(most, 0);
  }

  /** A message was read as soon as it was stored: the stream's clock is at least that far. */
  heard(storedMs: number): void {
    this.#skewMs = Math.max(this.#skewMs, storedMs - Date.now());
  }

  close(): void {
    this.#closed = true;
    this.#offConnection();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #onTimer(): void {
    const { nc, partition, nextAt, isIdle, wake } = this.#options;
    if (this.#closed) return;
    const now = Date.now();
    if (nextAt() >= this.streamNow()) {
      // Nobody may be there to be woken, and timers may be a little early: so it goes on looking.
      if (now >= this.#wakeAt) {
        wake();
        this.#timer = setTimeout(() => this.#onTimer(), RECHECK_MS);
      } else this.schedule(this.#wakeAt);
      return;
    }
    const onTheWay = this.#sentAt !== null && now - this.#sentAt < TIMEOUT_MS;
    if (!onTheWay && isIdle()) {
      this.#sentAt = now;
      nc.publish(controlSubject(partition), this.#payload);
    }
    this.#timer = setTimeout(() => this.#onTimer(), RECHECK_MS);
  }
}
