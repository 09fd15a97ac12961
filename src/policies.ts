// Policies by their hash: the one in force is read from its file and kept in SLA_CONFIG with all files that it names,
// so that every process, and every later one, can evaluate a case under the policy by which it was judged.

import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type KV, type NatsConnection, StringCodec } from 'nats';
import { z } from 'zod';
import { watchPrefix } from './broker/kv-watch.ts';
import { packageRoot } from './package-root.ts';
import type { CompiledPolicy } from './policy/compiled.ts';
import { loadPolicy } from './policy/load.ts';

/** The policy file has errors; the message lists them with their places. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

const KEPT = z.object({
  /** Where it comes from: the pack that ships, a file that the settings name, or sent over HTTP. */
  origin: z.enum(['pack', 'file', 'sent']),
  file: z.string(),
  files: z.record(z.string(), z.string()),
});
const PREFIX = 'policy.';
const strings = StringCodec();

/** The pack that implements the whole rulebook. */
export function defaultPolicyFile(): string {
  return join(packageRoot(), 'deploy', 'policies', 'after-sales.yaml');
}

/** A policy as read, with all that is kept of it. */
export interface Read {
  readonly policy: CompiledPolicy;
  readonly warnings: readonly string[];
  /** Every file that was read, by the name under which it was asked for. */
  readonly kept: z.infer<typeof KEPT>;
}

/** Reads and compiles a policy file with what it includes. @throws PolicyFileError */
export function readPolicyFile(file: string): Read {
  const origin = file === defaultPolicyFile() ? 'pack' : 'file';
  const files: Record<string, string> = {};
  const read = (name: string): string => {
    const text = readFileSync(resolve(dirname(file), name), 'utf8');
    files[name] = text;
    return text;
  };
  if (!existsSync(file)) throw new PolicyFileError(`${file}: there is no such policy file`);
  files[file] = readFileSync(file, 'utf8');
  return { ...compile(file, files[file], read), kept: { origin, file, files } };
}

/** Compiles a policy that names no other files. @throws PolicyFileError */
export function readPolicyText(text: string): Read {
  const file = 'policy.yaml';
  const none = (name: string): string => {
    throw new Error(`${name}: a policy that is sent can't name files`);
  };
  return { ...compile(file, text, none), kept: { origin: 'sent', file, files: { [file]: text } } };
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

/** Which policy is in force, and since which change. */
const IN_FORCE = `${PREFIX}in-force`;
/** Which policy was in force before the first message of any stream: what is built again from the start begins with it. */
const FIRST = `${PREFIX}first`;

interface PoliciesEvents {
  /** Another policy was put into force, here or by another process. */
  change: [policy: CompiledPolicy];
}

export class Policies extends EventEmitter<PoliciesEvents> {
  readonly #kv: KV;
  readonly #byHash = new Map<string, CompiledPolicy>();
  readonly #origins = new Map<string, string>();
  #inForce = '';
  #first = '';
  #stop: () => void = () => {};

  private constructor(kv: KV) {
    super();
    this.#kv = kv;
  }

  /**
   * Follows the policies that are kept, and puts the one of `file` into force if it is another than the one that is.
   * @throws PolicyFileError
   */
  static async open(nc: NatsConnection, kv: KV, file: string): Promise<Policies> {
    const read = readPolicyFile(file);
    const policies = new Policies(kv);
    policies.#stop = await watchPrefix(nc, kv, PREFIX, {
      changed: (key, value) => {
        if (value !== null) policies.#take(key, strings.decode(value));
      },
      complete: () => {},
    });
    // A policy that was sent stays in force over restarts, unless the settings name a file.
    if (read.kept.origin === 'file' || policies.#origin !== 'sent') await policies.put(read);
    return policies;
  }

  close(): void {
    this.#stop();
  }

  get #origin(): string | undefined {
    return this.#origins.get(this.#inForce);
  }

  /** The policy in force. */
  get current(): CompiledPolicy {
    return this.byHash(this.#inForce);
  }

  /** The policy before the first message of any stream. */
  get first(): CompiledPolicy {
    return this.byHash(this.#first);
  }

  /** @throws when no policy of this hash was ever in force on these servers */
  readonly byHash = (hash: string): CompiledPolicy => {
    const policy = this.#byHash.get(hash);
    if (policy === undefined) throw new Error(`no policy of hash ${hash} is kept in SLA_CONFIG`);
    return policy;
  };

  /** The same, looking where policies are kept, if it is not known yet. */
  async find(hash: string): Promise<CompiledPolicy> {
    if (!this.#byHash.has(hash)) {
      const entry = await this.#kv.get(PREFIX + hash);
      if (entry !== null) this.#take(PREFIX + hash, strings.decode(entry.value));
    }
    return this.byHash(hash);
  }

  /** Keeps a policy and puts it into force; owners of partitions then announce it in their streams. */
  async put({ policy, kept }: Read): Promise<void> {
    const { hash } = policy;
    // One that is known stays the same object: whoever holds it must see that nothing changed.
    if (!this.#byHash.has(hash)) this.#byHash.set(hash, policy);
    this.#origins.set(hash, kept.origin);
    if ((await this.#kv.get(PREFIX + hash)) === null) {
      await this.#kv.put(PREFIX + hash, strings.encode(JSON.stringify(kept)));
    }
    if (this.#first === '') {
      // Of two processes that start at once one is first; the other takes what that one wrote.
      await this.#kv.create(FIRST, strings.encode(hash)).catch(() => {});
      const entry = await this.#kv.get(FIRST);
      this.#first = entry === null ? hash : strings.decode(entry.value);
    }
    // Another process may just have put one into force of which nothing was heard here: the last word is this one.
    const known = await this.#kv.get(IN_FORCE);
    if (known === null || strings.decode(known.value) !== hash)
      await this.#kv.put(IN_FORCE, strings.encode(hash));
    this.#putIntoForce(hash);
  }

  #take(key: string, text: string): void {
    if (key === FIRST) this.#first = text;
    else if (key === IN_FORCE) this.#putIntoForce(text);
    else if (!this.#byHash.has(key.slice(PREFIX.length))) {
      const kept = KEPT.parse(JSON.parse(text));
      const { policy } = compile(kept.file, kept.files[kept.file] ?? '', part => kept.files[part] ?? '');
      this.#byHash.set(key.slice(PREFIX.length), policy);
      this.#origins.set(key.slice(PREFIX.length), kept.origin);
    }
  }

  #putIntoForce(hash: string): void {
    if (hash === this.#inForce) return;
    this.#inForce = hash;
    const policy = this.#byHash.get(hash);
    if (policy !== undefined) this.emit('change', policy);
  }
}
