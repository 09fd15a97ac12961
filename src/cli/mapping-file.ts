// Reads a mapping of a helpdesk's export, for the commands that take `--map`.
import { readFileSync } from 'node:fs';
import { loadMapping } from '../mapping/load.ts';
import type { Mapping } from '../mapping/schema.ts';
import { fileProblem } from './file-problem.ts';
import { UsageError } from './usage.ts';

/** @throws UsageError when it can't be read, or naming each error of the mapping with its place. */
export function readMapping(file: string): Mapping {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(fileProblem(file, error));
  }
  const result = loadMapping(text, file);
  if (!result.ok) throw new UsageError(result.errors.join('\n'));
  return result.mapping;
}
