// Policies by their hash: the one in force is read from its file and kept in SLA_CONFIG with all files that it names,
// so that every process, and every later one, can evaluate a case under the policy by which it was judged.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type KV, StringCodec } from 'nats';
import { z } from 'zod';
import { packageRoot } from './package-root.ts';
import type { CompiledPolicy } from './policy/compiled.ts';
import { loadPolicy } from './policy/load.ts';

/** The policy file has errors; the message lists them with their places. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

const KEPT = z.object({ file: z.string(), files: z.record(z.string(), z.string()) });
const PREFIX = 'policy.';
const strings = StringCodec();

/** The pack that implements the whole rulebook. */
export function defaultPolicyFile(): string {
  return join(packageRoot(), 'deploy', 'policies', 'after-sales.yaml');
}

interface Read {
  readonly policy: CompiledPolicy;
  readonly warnings: readonly string[];
  /** Every file that was read, by the name under which it was asked for. */
  readonly kept: z.infer<typeof KEPT>;
}

/** Reads and compiles a policy file with what it includes. @throws PolicyFileError */
export function readPolicyFile(file: string): Read {
  const files: Record<string, string> = {};
  const read = (name: string): string => {
    const text = readFileSync(resolve(dirname(file), name), 'utf8');
    files[name] = text;
    return text;
  };
  if (!existsSync(file)) throw new PolicyFileError(`${file}: there is no such policy file`);
  files[file] = readFileSync(file, 'utf8');
  return { ...compile(file, files[file], read), kept: { file, files } };
}

function compile(
  file: string,
  text: string,
  readFile: (name: string) => string,
): { policy: CompiledPolicy; warnings: readonly string[] } {
  const result = loadPolicy(text, { file, readFile });
  if (result.ok) return result;
  const lines = result.errors.map(
    error => `${error.file}:${error.line}:${error.column}: ${error.key}: ${error.message}`,
  );
  throw new PolicyFileError(lines.join('\n'));
}

export class Policies {
  readonly current: CompiledPolicy;
  readonly warnings: readonly string[];
  readonly #byHash: Map<string, CompiledPolicy>;

  private constructor(read: Read, byHash: Map<string, CompiledPolicy>) {
    this.current = read.policy;
    this.warnings = read.warnings;
    this.#byHash = byHash;
  }

  /** Reads the policy in force, keeps it, and loads those that were in force before. @throws PolicyFileError */
  static async open(kv: KV, file: string): Promise<Policies> {
    const read = readPolicyFile(file);
    const byHash = new Map<string, CompiledPolicy>();
    const key = PREFIX + read.policy.hash;
    if ((await kv.get(key)) === null) await kv.put(key, strings.encode(JSON.stringify(read.kept)));
    const keys: string[] = [];
    for await (const name of await kv.keys(`${PREFIX}>`)) keys.push(name);
    for (const name of keys) {
      const entry = await kv.get(name);
      if (entry === null || entry.value.length === 0) continue;
      const kept = KEPT.parse(JSON.parse(strings.decode(entry.value)));
      const { policy } = compile(kept.file, kept.files[kept.file] ?? '', part => kept.files[part] ?? '');
      byHash.set(name.slice(PREFIX.length), policy);
    }
    byHash.set(read.policy.hash, read.policy);
    return new Policies(read, byHash);
  }

  /** @throws when no policy of this hash was ever in force on these servers */
  readonly byHash = (hash: string): CompiledPolicy => {
    const policy = this.#byHash.get(hash);
    if (policy === undefined) throw new Error(`no policy of hash ${hash} is kept in SLA_CONFIG`);
    return policy;
  };
}
