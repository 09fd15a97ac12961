// Policies that a running monitor keeps in SLA_CONFIG, for commands that only read: nothing is put into force.
import { type KV, StringCodec } from 'nats';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { type KeptYear, listYears } from '../policy-store/holidays.ts';
import { KeptPolicyError, PolicyShelf } from '../policy-store/shelf.ts';
import { compileKept, type Read, readKeptPolicy } from '../policy-store/source.ts';
import { CommandError } from './usage.ts';

const PREFIX = 'policy.';
const HASH = /^[0-9a-f]{12}$/;
const strings = StringCodec();

/** The policy in force; null when none ever was. @throws CommandError when it can't be read */
export async function policyInForce(kv: KV): Promise<CompiledPolicy | null> {
  return (await readInForce(kv))?.policy ?? null;
}

/** What a monitor on these servers judges by, or will once it has taken the latest added years. */
export interface Configured {
  readonly years: readonly KeptYear[];
  /** The policy in force with these years; null when none ever was. */
  readonly inForce: Read | null;
}

/** @throws CommandError, PolicyFileError when it can't be read */
export async function configured(kv: KV): Promise<Configured> {
  const years = await listYears(kv);
  const read = await readInForce(kv);
  return { years, inForce: read === null ? null : compileKept(read.kept, years) };
}

async function readInForce(kv: KV): Promise<Read | null> {
  const inForce = await kv.get(`${PREFIX}in-force`);
  if (inForce === null || inForce.length === 0) return null;
  const hash = strings.decode(inForce.value);
  const entry = await kv.get(PREFIX + hash);
  if (entry === null || entry.length === 0) return null;
  const shelf = new PolicyShelf(readKeptPolicy);
  shelf.addText(hash, strings.decode(entry.value));
  return orCommandError(() => shelf.read(hash));
}

/** Finds a kept policy by its hash; @throws CommandError for one that is not kept. */
export async function keptPolicies(kv: KV): Promise<(hash: string) => CompiledPolicy> {
  const shelf = new PolicyShelf(readKeptPolicy);
  const hashes: string[] = [];
  for await (const key of await kv.keys(`${PREFIX}>`)) hashes.push(key.slice(PREFIX.length));
  for (const hash of hashes.filter(each => HASH.test(each))) {
    const entry = await kv.get(PREFIX + hash);
    if (entry !== null && entry.length > 0) shelf.addText(hash, strings.decode(entry.value));
  }
  return hash => orCommandError(() => shelf.read(hash)).policy;
}

function orCommandError(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    throw error instanceof KeptPolicyError ? new CommandError(error.message) : error;
  }
}
