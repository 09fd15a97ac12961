// Lines in and out for commands that stream: reading and writing wait for each other, so memory stays bounded.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** The lines of a file, or of standard input for `-`. */
export function readLines(file: string): AsyncIterable<string> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

/** Writes to standard output, and waits while its reader is slower. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/**
 * A line for people: what publishers wrote may hold control characters, which could drive a terminal or hide what stands
 * before them.
 */
export function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, '\ufffd');
}
