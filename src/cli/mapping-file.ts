// Reads a mapping of a helpdesk's export, for the commands that take `--map`.
import { existsSync, readFileSync } from 'node:fs';
import { loadMapping } from '../mapping/load.ts';
import type { Mapping } from '../mapping/schema.ts';
import { UsageError } from './usage.ts';

/** @throws UsageError naming each error of the mapping with its place. */
export function readMapping(file: string): Mapping {
  if (!existsSync(file)) throw new UsageError(`there is no such file: ${file}`);
  const result = loadMapping(readFileSync(file, 'utf8'), file);
  if (!result.ok) throw new UsageError(result.errors.join('\n'));
  return result.mapping;
}
