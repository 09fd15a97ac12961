// Progress on a terminal's standard error: how many events, and how many a second. Elsewhere it is silent.
import { counted } from '../contract/words.ts';

const SHOW_EACH = 5_000;

/** What of a stream is used here. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  readonly #stream: Terminal;
  readonly #begin = performance.now();
  #phase = 'read';
  #phaseBegin = this.#begin;
  #shown = false;

  constructor(stream: Terminal) {
    this.#stream = stream;
  }

  /** Shows how far it has come, each few thousand events: first they are read, then their cases are run. */
  show(phase: 'read' | 'run', events: number): void {
    if (!this.#stream.isTTY || events % SHOW_EACH !== 0) return;
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#phaseBegin = performance.now();
    }
    const rate = rateText(events, this.#phaseBegin);
    this.#stream.write(`\r\u001b[K${counted(events, 'event')} ${phase}, ${rate}/s `);
    this.#shown = true;
  }

  /** Clears the line, before something else is written. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }

  /** The last word: how many events were run, and how fast. */
  end(events: number): void {
    this.clear();
    if (!this.#stream.isTTY) return;
    const seconds = (performance.now() - this.#begin) / 1000;
    this.#stream.write(
      `${counted(events, 'event')} in ${seconds.toFixed(1)} s, ${rateText(events, this.#begin)}/s\n`,
    );
  }
}

function rateText(count: number, begin: number): string {
  const seconds = (performance.now() - begin) / 1000;
  return Math.round(count / Math.max(seconds, 0.001)).toLocaleString('en');
}
