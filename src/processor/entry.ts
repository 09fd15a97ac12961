// Entries of the outbox, as Redis keeps them.
import { z } from 'zod';
import type { OutboxEntry } from './outbox.ts';

const ENTRY = z.object({
  id: z.string(),
  subject: z.string(),
  data: z.string(),
  floor: z.exactOptional(z.number()),
}) satisfies z.ZodType<OutboxEntry>;

/** Throws when the text is not one that was written here: the state is broken, and must not be guessed at. */
export function parseEntry(text: string): OutboxEntry {
  return ENTRY.parse(JSON.parse(text));
}
