// Entries of the outbox, as Redis keeps them: floor, id, subject and data, a line each. The data is JSON without line
// breaks and lies there as it is, since writing it as a string within JSON would cost as much again.
import type { OutboxEntry } from './outbox.ts';

const LINES = /^(\d*)\n([^\n]+)\n([^\n]+)\n([^\n]+)$/;

export function encodeEntry({ id, subject, data, floor }: OutboxEntry): string {
  return `${floor ?? ''}\n${id}\n${subject}\n${data}`;
}

/** Throws when the text is not one that was written here: the state is broken, and must not be guessed at. */
export function parseEntry(text: string): OutboxEntry {
  const [, floor, id, subject, data] = LINES.exec(text) ?? [];
  if (id === undefined || subject === undefined || data === undefined)
    throw new Error(`not an entry of an outbox: ${text.slice(0, 100)}`);
  return floor === '' ? { id, subject, data } : { id, subject, data, floor: Number(floor) };
}
