// Reads and compiles policies: from their file, from a text that is sent, or from what SLA_CONFIG keeps of one, with the
// years of holidays that were added. Each comes with all that must be kept so that it can be compiled again.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { yearsUsed } from '../policy/holiday-file.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { loadPolicy } from '../policy/load.ts';
import { formatError } from '../policy/place.ts';
import { KEPT, type Kept } from './shelf.ts';

/** The policy file has errors; the message lists them as `check` does: the place, what was expected there, an example. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

/** The pack that implements the whole rulebook. */
export function defaultPolicyFile(): string {
  return join(packageRoot(), 'deploy', 'policies', 'after-sales.yaml');
}

/** A policy as read, with all that is kept of it. */
export interface Read {
  readonly policy: CompiledPolicy;
  readonly warnings: readonly string[];
  /** What newer checks say against a policy that is kept, and so compiled nevertheless. */
  readonly passedOver: readonly string[];
  /** Rules and calendars of such a one that are left out, since they can't be compiled. */
  readonly leftOut: readonly string[];
  /** With every file that was read, by the name under which it was asked for. */
  readonly kept: Kept;
}

/** Reads and compiles a policy file with what it includes, with these added years. @throws PolicyFileError */
export function readPolicyFile(file: string, years: readonly AddedYear[] = []): Read {
  const origin = file === defaultPolicyFile() ? 'pack' : 'file';
  const files: Record<string, string> = {};
  const read = (name: string): string => {
    const text = readFileSync(name, 'utf8');
    files[name] = text;
    return text;
  };
  if (!existsSync(file)) throw new PolicyFileError(`${file}: there is no such policy file`);
  files[file] = readFileSync(file, 'utf8');
  return compile({ origin, file, files }, years, { readFile: read });
}

/** Compiles a policy that names no other files, with these added years. @throws PolicyFileError */
export function readPolicyText(text: string, years: readonly AddedYear[] = []): Read {
  const file = 'policy.yaml';
  const readFile = (name: string): string => {
    throw new Error(
      `a policy that is sent names no files; write its dates under closed, or put ${name} and the policy beside each other and into force by POLICY_FILE`,
    );
  };
  return compile({ origin: 'sent', file, files: { [file]: text } }, years, { readFile });
}

/**
 * Compiles a policy from the text that SLA_CONFIG keeps of it under `hash`, which stays its name. It was in force, so
 * it is not refused by checks that came later. @throws when the text is no policy
 */
export function readKeptPolicy(text: string, hash: string): Read {
  const kept = KEPT.parse(JSON.parse(text));
  const read = compileKept(kept, kept.years);
  return { ...read, policy: { ...read.policy, hash } };
}

/** A kept policy with other added years. @throws PolicyFileError when the text is no policy */
export function compileKept(kept: Kept, years: readonly AddedYear[]): Read {
  return compile(kept, years, { readFile: name => kept.files[name] ?? '', acceptedOnce: true });
}

function compile(
  source: Omit<Kept, 'years'>,
  addedYears: readonly AddedYear[],
  how: { readonly readFile: (name: string) => string; readonly acceptedOnce?: boolean },
): Read {
  const { origin, file, files } = source;
  const result = loadPolicy(files[file] ?? '', { file, addedYears, ...how });
  if (!result.ok) throw new PolicyFileError(result.errors.map(formatError).join('\n'));
  const { policy, warnings, passedOver, leftOut } = result;
  const years = yearsUsed(policy.calendars.values(), addedYears);
  const kept = { origin, file, files, years };
  return { policy, warnings, passedOver: passedOver.map(formatError), leftOut, kept };
}
