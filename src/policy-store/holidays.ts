// Years of holidays that administrators added, in SLA_CONFIG under `holidays.<country>.<year>`: every process follows
// them there, and what is kept of a policy has a copy of those that it uses.
import { type KV, StringCodec } from 'nats';
import { z } from 'zod';
import { commandLine } from '../contract/words.ts';
import { addedYearSchema } from '../policy/holiday-file.ts';
import type { AddedYear } from '../policy/holidays.ts';

export const HOLIDAYS_PREFIX = 'holidays.';

const keptYear = z.object({
  ...addedYearSchema.shape,
  /** Who added it: the name of a token, or what the command was told. */
  by: z.string(),
  at: z.iso.datetime(),
});
export type KeptYear = z.output<typeof keptYear>;

/** What is kept is no year of holidays; the message says what to do. */
export class KeptYearError extends Error {
  override readonly name = 'KeptYearError';
}

const strings = StringCodec();

function keyOf(country: string, year: number): string {
  return `${HOLIDAYS_PREFIX}${country}.${year}`;
}

/** All of them as they are now, by country and year. @throws KeptYearError */
export async function listYears(kv: KV): Promise<KeptYear[]> {
  // Nothing may wait between two keys: the client's iterator drops what arrives meanwhile.
  const keys: string[] = [];
  for await (const key of await kv.keys(`${HOLIDAYS_PREFIX}>`)) keys.push(key);
  const years: KeptYear[] = [];
  for (const key of keys) {
    const entry = await kv.get(key);
    if (entry?.operation === 'PUT') years.push(parseKept(key, strings.decode(entry.value)));
  }
  return years.sort((a, b) => (a.country === b.country ? a.year - b.year : a.country < b.country ? -1 : 1));
}

function parseKept(key: string, text: string): KeptYear {
  try {
    return keptYear.parse(JSON.parse(text));
  } catch {
    const [, country = '', year = ''] = key.split('.');
    throw new KeptYearError(
      `${key} in SLA_CONFIG is no year of holidays; remove it (${commandLine(`holidays remove ${country} ${year}`)}) and add it again`,
    );
  }
}

/** Keeps a year, instead of an earlier version of it. */
export async function putYear(kv: KV, added: AddedYear, by: string): Promise<void> {
  const { country, year, off, work } = added;
  const kept: KeptYear = { country, year, off, work, by, at: new Date().toISOString() };
  await kv.put(keyOf(country, year), strings.encode(JSON.stringify(kept)));
}

/** False when there is none of that country and year. */
export async function removeYear(kv: KV, country: string, year: number): Promise<boolean> {
  const entry = await kv.get(keyOf(country, year));
  if (entry?.operation !== 'PUT') return false;
  await kv.delete(keyOf(country, year));
  return true;
}
