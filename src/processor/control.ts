// The monitor's own messages in the partitions' streams, `sla.events.<p>.control`: besides ticks, whose content says only
// whose they are, the policy that comes into force, and what was rejected before it came into any stream.
import { z } from 'zod';
import type { RawMessage } from '../broker/reader.ts';
import { ENTITIES } from '../contract/event.ts';
import { REJECT_REASONS } from '../contract/reject.ts';

const POLICY = z.object({ kind: z.literal('policy'), hash: z.string().regex(/^[0-9a-f]{12}$/) });
const REJECT = z.object({
  kind: z.literal('rejected'),
  entity: z.enum([...ENTITIES, 'unknown']),
  reason: z.enum(REJECT_REASONS),
});
export type RejectNotice = Omit<z.infer<typeof REJECT>, 'kind'>;

/** Longer messages are none of ours. */
const BYTES_MAX = 200;

export function encodePolicyNotice(hash: string): string {
  return JSON.stringify({ kind: 'policy', hash });
}

export function encodeRejectNotice(notice: RejectNotice): string {
  return JSON.stringify({ kind: 'rejected', ...notice });
}

/** The hash of the policy that a message brings; null for every other message. */
export function readPolicyNotice({ subject, data }: Pick<RawMessage, 'subject' | 'data'>): string | null {
  return subject.endsWith('.control') ? (read(POLICY, '"policy"', data)?.hash ?? null) : null;
}

/** What a control message says was rejected; null for every other one. */
export function readRejectNotice(data: Uint8Array): RejectNotice | null {
  return read(REJECT, '"rejected"', data);
}

function read<T>(schema: z.ZodType<T>, mark: string, data: Uint8Array): T | null {
  if (data.length > BYTES_MAX) return null;
  const text = Buffer.from(data).toString('utf8');
  // Nearly all of them are ticks.
  if (!text.includes(mark)) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
