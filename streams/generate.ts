// Writes every committed file that is made from code (`npm run generate`). With `--check` it writes nothing and
// exits 1 with the names of the files that would change.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncapiGenerators } from './generators/asyncapi.ts';
import { languageGenerators } from './generators/language.ts';
import { policyGenerators } from './generators/policy.ts';
import { referenceGenerators } from './generators/reference.ts';
import { ruleGenerators } from './generators/rules.ts';
import { schemaGenerators } from './generators/schemas.ts';
import type { Generator } from './generators/types.ts';

/** All generated files; a new one is a line here. */
const generators: readonly Generator[] = [
  ...schemaGenerators,
  ...asyncapiGenerators,
  ...policyGenerators,
  ...languageGenerators,
  ...referenceGenerators,
  ...ruleGenerators,
];

const root = fileURLToPath(new URL('..', import.meta.url));

/** The paths of files whose text on disk is not what the code makes; with `write` they are written. */
export async function generate(write: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const { path, make } of generators) {
    const file = join(root, path);
    const text = await make();
    if ((await readOrNull(file)) === text) continue;
    stale.push(path);
    if (!write) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return stale;
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const stale = await generate(!check);
  for (const path of stale) console.log(check ? `stale: ${path}` : `written: ${path}`);
  if (check && stale.length > 0) {
    console.error('Run `npm run generate` and commit what it writes.');
    process.exitCode = 1;
  }
}
