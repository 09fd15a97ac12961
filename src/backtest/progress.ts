// Progress on a terminal's standard error: how many events, and how many a second. Elsewhere it is silent.

const SHOW_EACH = 5_000;

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #begin = performance.now();
  #shown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Shows how far reading has come, each few thousand lines. */
  show(lines: number): void {
    if (!this.#stream.isTTY || lines % SHOW_EACH !== 0) return;
    this.#stream.write(`\r${lines.toLocaleString('en')} lines read, ${this.#rate(lines)}/s `);
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
      `${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s, ${this.#rate(events)}/s\n`,
    );
  }

  #rate(count: number): string {
    const seconds = (performance.now() - this.#begin) / 1000;
    return Math.round(count / Math.max(seconds, 0.001)).toLocaleString('en');
  }
}
