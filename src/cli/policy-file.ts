// Reads a policy from a file, for the commands that run one without a server.
import { readFileSync } from 'node:fs';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { loadPolicy } from '../policy/load.ts';
import { formatError } from '../policy/place.ts';
import { fileProblem } from './file-problem.ts';
import { CommandError } from './usage.ts';

/** With these added years of holidays; warnings go to standard error. @throws CommandError listing all errors with their places. */
export function readPolicy(file: string, addedYears: readonly AddedYear[]): CompiledPolicy {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(fileProblem(file, error));
  }
  const loaded = loadPolicy(text, { file, readFile: path => readFileSync(path, 'utf8'), addedYears });
  if (!loaded.ok) throw new CommandError(loaded.errors.map(formatError).join('\n'));
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  return loaded.policy;
}
