// Splits a stream of bytes into lines without ever holding more than one line's bound.

/** One line that is not blank, without its line ending; `number` counts all lines from 1. */
export interface ByteLine {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Bytes beyond the bound were thrown away. */
  readonly cut: boolean;
}

const NEWLINE = 10;
const RETURN = 13;

/** The lines of `source`, each cut at `bytesMax`. */
export async function* byteLines(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<ByteLine> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let number = 0;
  let cut = false;
  const add = (part: Uint8Array) => {
    const room = bytesMax - length;
    if (part.length > room) cut = true;
    const kept = part.length > room ? part.subarray(0, room) : part;
    if (kept.length === 0) return;
    parts.push(kept);
    length += kept.length;
  };
  const take = (): ByteLine | null => {
    number++;
    const whole = trim(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
    const line = { number, bytes: number === 1 ? withoutMark(whole) : whole, cut };
    parts = [];
    length = 0;
    cut = false;
    return isBlank(line.bytes) ? null : line;
  };
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line !== null) yield line;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) {
    const line = take();
    if (line !== null) yield line;
  }
}

function trim(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
}

/** Editors on Windows put a byte order mark before the first line. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every(byte => byte === 32 || byte === 9);
}
