// Policies as SLA_CONFIG keeps them, by hash: texts, each compiled when it is first asked for. A monitor that runs for years
// keeps many, and looks at few of them again.
import { z } from 'zod';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { addedYearSchema } from '../policy/holiday-file.ts';
import type { Read } from './source.ts';

export const KEPT = z.object({
  /** Whence it came into force last: the pack that ships, a file that the settings name, or sent over HTTP. */
  origin: z.enum(['pack', 'file', 'sent']),
  file: z.string(),
  files: z.record(z.string(), z.string()),
  /** The added years of holidays that its calendars use, as they were when it came into force. */
  years: z.array(addedYearSchema).default([]),
});
/** What is kept of a policy: with it the policy can be compiled again, whatever becomes of its file. */
export type Kept = z.output<typeof KEPT>;

/** Nothing can be judged under a kept policy; the message says what to do. */
export class KeptPolicyError extends Error {
  override readonly name = 'KeptPolicyError';
}

export class PolicyShelf {
  readonly #compile: (text: string, hash: string) => Read;
  readonly #texts = new Map<string, string>();
  readonly #read = new Map<string, Read>();

  /** `compile` throws for a text that is no policy. */
  constructor(compile: (text: string, hash: string) => Read) {
    this.#compile = compile;
  }

  has(hash: string): boolean {
    return this.#read.has(hash) || this.#texts.has(hash);
  }

  /**
   * A text that was told again only says whence the policy came since then: a hash names one policy. One that could not
   * be read may be mended.
   */
  addText(hash: string, text: string): void {
    const known = this.#read.get(hash);
    if (known === undefined) {
      this.#texts.set(hash, text);
      return;
    }
    const kept = keptOf(text);
    if (kept !== null) this.#read.set(hash, { ...known, kept });
  }

  /** One that is compiled already; who has the policy keeps the object that is there. */
  add(read: Read): void {
    const { hash } = read.policy;
    const known = this.#read.get(hash);
    this.#read.set(hash, known === undefined ? read : { ...known, kept: read.kept });
    this.#texts.delete(hash);
  }

  /** @throws KeptPolicyError when there is none of this hash, or it can't be compiled */
  read(hash: string): Read {
    const known = this.#read.get(hash);
    if (known !== undefined) return known;
    const text = this.#texts.get(hash);
    if (text === undefined) throw new KeptPolicyError(`No policy of hash ${hash} is kept in SLA_CONFIG`);
    try {
      this.add(this.#compile(text, hash));
    } catch (error) {
      throw new KeptPolicyError(
        `The policy ${hash} that is kept in SLA_CONFIG can't be read: ${messageOf(error)}. ` +
          `Put what its key policy.${hash} had back from a backup, or run the version that kept it; ` +
          'POLICY_FILE names another policy for all that comes from now on',
      );
    }
    return this.read(hash);
  }
}

/** What a text of SLA_CONFIG keeps; null where it can't be read. */
function keptOf(text: string): Kept | null {
  try {
    return KEPT.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** True when the text says that the policy came from there. */
export function isKeptFrom(text: string, { origin, file }: Kept): boolean {
  const kept = keptOf(text);
  return kept?.origin === origin && kept.file === file;
}

/** The policy of this hash, or null where it is not known any more or can't be read. */
export function knownOrNull(policyOf: (hash: string) => CompiledPolicy, hash: string): CompiledPolicy | null {
  try {
    return policyOf(hash);
  } catch (error) {
    if (error instanceof KeptPolicyError) return null;
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
