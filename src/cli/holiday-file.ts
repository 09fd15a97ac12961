// Reads a year of holidays from a file, for the commands that take one.
import { readFileSync } from 'node:fs';
import { readHolidayFile } from '../policy/holiday-file.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { formatError } from '../policy/place.ts';
import { fileProblem } from './file-problem.ts';
import { CommandError } from './usage.ts';

/** Warnings go to standard error; - is standard input. @throws CommandError listing all errors with their places. */
export function readAddedYear(file: string): AddedYear {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(fileProblem(file, error));
  }
  const result = readHolidayFile(text, file === '-' ? '<stdin>' : file);
  if (!result.ok) throw new CommandError(result.errors.map(formatError).join('\n'));
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  return result.year;
}

/** The years of several files. @throws CommandError also when two are of one country and year */
export function readAddedYears(files: readonly string[]): AddedYear[] {
  const years = new Map<string, AddedYear>();
  for (const file of files) {
    const added = readAddedYear(file);
    const name = `${added.country} ${added.year}`;
    if (years.has(name)) throw new CommandError(`${file}: another file has the holidays of ${name} already`);
    years.set(name, added);
  }
  return [...years.values()];
}
