// What can't be used is kept whole in SLA_REJECTS, before the position moves past it.
import type { Publisher } from '../broker/publisher.ts';
import { type RejectMessage, rejectMessage } from '../broker/reject-message.ts';
import type { Rejected } from './batch.ts';
import { digestOf, type StoredRejects } from './stored.ts';

/** What a message id and the frame of a header block may take. */
const ID_BYTES_MAX = 256;

export interface RejectsTo {
  readonly publisher: Publisher;
  /** The stream that the events came from. */
  readonly stream: string;
  /** Names that stream in message ids. */
  readonly idPrefix: string;
  /** The server's `max_payload` in bytes. */
  readonly maxPayload: number;
  readonly stored: StoredRejects;
}

/**
 * Stores rejected messages, those left out that are stored already; resolves with the highest sequence in SLA_REJECTS,
 * 0 for none. Throws at the first that is not acknowledged: it may be stored or not, and only a fresh look can tell.
 */
export async function publishRejects(to: RejectsTo, rejected: readonly Rejected[]): Promise<number> {
  const open = rejected.filter(({ message }) => !to.stored.seqs.has(message.seq));
  let last = 0;
  for (const seq of await Promise.all(open.map(each => publishReject(to, each)))) last = Math.max(last, seq);
  return last;
}

async function publishReject(to: RejectsTo, { reason, detail, message }: Rejected): Promise<number> {
  const { subject, seq, data, headers } = message;
  const source = { subject, sequence: seq, stream: to.stream, headers };
  const built = rejectMessage(reason, detail, data, source, to.maxPayload);
  const known = isBare(built, to.maxPayload) ? to.stored.bare.get(digestOf(data)) : undefined;
  if (known !== undefined) return known;
  const result = await to.publisher.publish(
    built.subject,
    built.data,
    rejectOptions(built, `${to.idPrefix}-${seq}`, to.maxPayload),
  );
  if (result.result === 'stored') return result.seq;
  throw new Error(`the rejected message ${seq} of ${to.stream} could not be stored: ${result.result}`);
}

/** What was stored once may fill the largest message to the brim: then not even an id fits beside it. */
function isBare({ data }: RejectMessage, maxPayload: number): boolean {
  return data.length + ID_BYTES_MAX > maxPayload;
}

/** Headers and id of a rejected message, as far as they fit. */
export function rejectOptions(
  message: RejectMessage,
  msgId: string,
  maxPayload: number,
): { msgId?: string; headers?: Record<string, string> } {
  return isBare(message, maxPayload) ? {} : { msgId, headers: message.headers };
}
