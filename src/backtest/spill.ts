// What does not fit into memory goes to files of a temporary folder that only this user can read: lines of JSON,
// appended and read in order. The folder is made when it is first needed and removed at the end, however that comes.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const WRITE_CHARS = 32 * 1024;
const READ_BYTES = 64 * 1024;

/** A file of lines. */
export interface SpillFile {
  readonly count: number;
  append(line: string): void;
  /** Its lines in order; nothing may be appended meanwhile. */
  lines(): Iterable<string>;
  remove(): void;
}

export class SpillSpace {
  #dir: string | null = null;
  #files = 0;
  readonly #onExit = () => this.#remove();

  /** How many files were ever made: 0 as long as everything fitted into memory. */
  get files(): number {
    return this.#files;
  }

  file(): SpillFile {
    if (this.#dir === null) {
      this.#dir = mkdtempSync(join(tmpdir(), 'sla-backtest-'));
      process.once('exit', this.#onExit);
    }
    return new LineFile(join(this.#dir, String(this.#files++)));
  }

  close(): void {
    process.off('exit', this.#onExit);
    this.#remove();
  }

  #remove(): void {
    if (this.#dir !== null) rmSync(this.#dir, { recursive: true, force: true });
    this.#dir = null;
  }
}

class LineFile implements SpillFile {
  count = 0;
  readonly #path: string;
  #text = '';

  constructor(path: string) {
    this.#path = path;
  }

  append(line: string): void {
    this.#text += `${line}\n`;
    this.count += 1;
    if (this.#text.length >= WRITE_CHARS) this.#flush();
  }

  /** Opened for each write, so that any number of files takes no descriptors. */
  #flush(): void {
    if (this.#text === '') return;
    const fd = openSync(this.#path, 'a', 0o600);
    try {
      const bytes = Buffer.from(this.#text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    } finally {
      closeSync(fd);
    }
    this.#text = '';
  }

  *lines(): Iterable<string> {
    this.#flush();
    if (this.count === 0) return;
    const fd = openSync(this.#path, 'r');
    try {
      const decoder = new StringDecoder('utf8');
      const bytes = Buffer.allocUnsafe(READ_BYTES);
      let rest = '';
      for (;;) {
        const length = readSync(fd, bytes, 0, READ_BYTES, null);
        if (length === 0) return;
        const lines = (rest + decoder.write(bytes.subarray(0, length))).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
    } finally {
      closeSync(fd);
    }
  }

  remove(): void {
    this.#text = '';
    rmSync(this.#path, { force: true });
  }
}
