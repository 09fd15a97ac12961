// Policies that a running monitor keeps in SLA_CONFIG, for commands that only read: nothing is put into force.
import { type KV, StringCodec } from 'nats';
import { z } from 'zod';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { loadPolicy } from '../policy/load.ts';
import { CommandError } from './usage.ts';

const PREFIX = 'policy.';
const KEPT = z.object({ file: z.string(), files: z.record(z.string(), z.string()) });
const HASH = /^[0-9a-f]{12}$/;
const strings = StringCodec();

/** The policy in force; null when none ever was. @throws CommandError when it can't be read */
export async function policyInForce(kv: KV): Promise<CompiledPolicy | null> {
  const inForce = await kv.get(`${PREFIX}in-force`);
  if (inForce === null || inForce.length === 0) return null;
  const hash = strings.decode(inForce.value);
  const entry = await kv.get(PREFIX + hash);
  return entry === null || entry.length === 0 ? null : compileKept(hash, strings.decode(entry.value));
}

/** Finds a kept policy by its hash; @throws CommandError for one that is not kept. */
export async function keptPolicies(kv: KV): Promise<(hash: string) => CompiledPolicy> {
  const texts = new Map<string, string>();
  const hashes: string[] = [];
  for await (const key of await kv.keys(`${PREFIX}>`)) hashes.push(key.slice(PREFIX.length));
  for (const hash of hashes.filter(each => HASH.test(each))) {
    const entry = await kv.get(PREFIX + hash);
    if (entry !== null && entry.length > 0) texts.set(hash, strings.decode(entry.value));
  }
  const compiled = new Map<string, CompiledPolicy>();
  return hash => {
    const known = compiled.get(hash);
    if (known !== undefined) return known;
    const text = texts.get(hash);
    if (text === undefined) throw new CommandError(`No policy of hash ${hash} is kept in SLA_CONFIG`);
    const policy = compileKept(hash, text);
    compiled.set(hash, policy);
    return policy;
  };
}

function compileKept(hash: string, text: string): CompiledPolicy {
  const { file, files } = KEPT.parse(JSON.parse(text));
  const loaded = loadPolicy(files[file] ?? '', { file, readFile: name => files[name] ?? '' });
  if (!loaded.ok) throw new CommandError(`The policy ${hash} that is kept in SLA_CONFIG can't be read`);
  return loaded.policy;
}
