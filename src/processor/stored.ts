// What is stored already: ids of records, actions and rejects, read back from their streams.
import { createHash } from 'node:crypto';
import type { NatsConnection } from 'nats';
import { getMessage, lastBySubject, streamState } from '../broker/api.ts';
import { openReader, type RawMessage } from '../broker/reader.ts';
import { ACTIONS_STREAM, RECORDS_STREAM, REJECTS_STREAM } from '../broker/streams.ts';
import type { Place, StoredIds } from './outbox.ts';

const READ_MAX = 1_000;
const ID_HEADER = 'Nats-Msg-Id';
const IDS_ONLY = { headersOnly: true };

/** Calls `take` for each message on a subject with `from` < sequence ≤ `to`, as far as there are any. */
export async function eachStored(
  nc: NatsConnection,
  stream: string,
  subject: string,
  { from, to }: { readonly from: number; readonly to: number },
  take: (id: string, message: RawMessage) => void,
  options: { readonly headersOnly?: boolean } = {},
): Promise<void> {
  const last = Math.min(to, (await lastBySubject(nc, stream, subject))?.seq ?? 0);
  if (last <= from) return;
  const reader = openReader(nc, stream, from + 1, { filter: subject, ...options });
  try {
    for (let seq = from; seq < last; ) {
      for (const message of await reader.next(READ_MAX)) {
        seq = message.seq;
        if (seq <= to) take(message.headers?.get(ID_HEADER) ?? '', message);
      }
    }
  } finally {
    reader.close();
  }
}

/**
 * Ids of a partition's records and of all partitions' actions above a place, of alert records above a sequence of their
 * own. What is stored while it reads may be missing, and then lies above `last`.
 */
export async function storedIds(
  nc: NatsConnection,
  partition: number,
  above: Place,
  alertsAbove: number = above.record,
): Promise<StoredIds> {
  const ids = new Set<string>();
  const { lastSeq: record } = await streamState(nc, RECORDS_STREAM);
  const { lastSeq: action } = await streamState(nc, ACTIONS_STREAM);
  const take = (id: string) => ids.add(id);
  for (const [kind, from] of [
    ['clock', above.record],
    ['alert', alertsAbove],
    ['action', above.record],
  ] as const) {
    const subject = `sla.records.${kind}.${partition}`;
    await eachStored(nc, RECORDS_STREAM, subject, { from, to: record }, take, IDS_ONLY);
  }
  const actions = { from: above.action, to: action };
  await eachStored(nc, ACTIONS_STREAM, 'sla.actions.>', actions, take, IDS_ONLY);
  return { ids, last: { record, action } };
}

/** Rejections that are stored although the position may lie before their events. */
export interface StoredRejects {
  /** Sequences of the rejected events. */
  readonly seqs: ReadonlySet<number>;
  /** Digests of messages that were too large to be stored with an id or any header, and the last one's sequence. */
  readonly bare: ReadonlyMap<string, number>;
}

/** Reads SLA_REJECTS above a sequence for what came of one event stream; `idPrefix` names that very stream. */
export async function storedRejects(
  nc: NatsConnection,
  idPrefix: string,
  above: number,
): Promise<StoredRejects> {
  const seqs = new Set<number>();
  const bare = new Map<string, number>();
  const { lastSeq, firstSeq } = await streamState(nc, REJECTS_STREAM);
  const from = Math.max(above, firstSeq - 1);
  if (lastSeq <= from) return { seqs, bare };
  const reader = openReader(nc, REJECTS_STREAM, from + 1, { filter: 'sla.rejects.>', ...IDS_ONLY });
  const prefix = `${idPrefix}-`;
  try {
    for (let seq = from; seq < lastSeq; ) {
      for (const { seq: at, headers } of await reader.next(READ_MAX)) {
        seq = at;
        const id = headers?.get(ID_HEADER) ?? '';
        if (id.startsWith(prefix)) seqs.add(Number(id.slice(prefix.length)));
        const isBare = id === '' && !headers?.has('Sla-Source-Subject');
        const message = isBare ? await getMessage(nc, REJECTS_STREAM, at) : null;
        if (message !== null) bare.set(digestOf(message.data), at);
      }
    }
  } finally {
    reader.close();
  }
  return { seqs, bare };
}

/** Names a message by its bytes, where it can't carry an id. */
export function digestOf(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('base64');
}
