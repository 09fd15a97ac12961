// Whether the monitor has nothing more to do: what must hold before anything is compared.
import type { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import { z } from 'zod';
import { apiRequest, lastBySubject, streamState } from '../../src/broker/api.ts';
import { ACTIONS_STREAM, eventsStream, openConfig, RECORDS_STREAM } from '../../src/broker/streams.ts';
import { parseEntry } from '../../src/processor/entry.ts';
import { decodePosition } from '../../src/processor/position.ts';

/** An alarm that is due longer than this has been forgotten. */
const ALARM_LATE_MS = 2_000;
const CONSUMER_INFO = z.object({ num_pending: z.number(), num_ack_pending: z.number() });

/**
 * Why it is not so yet that all that is stored is applied, all records are published, and all cases are under the policy in
 * force; empty when it is.
 */
export async function whyUnsettled(nc: NatsConnection, redis: Redis, partitions: number): Promise<string> {
  const entry = await (await openConfig(nc)).get('policy.in-force');
  const policy = new TextDecoder().decode(entry?.value);
  for (let p = 0; p < partitions; p++) {
    const why = await whyPartition(nc, redis, p, policy);
    if (why !== '') return `partition ${p} ${why}`;
  }
  const mover = '$JS.API.CONSUMER.INFO.SLA_UNROUTED.mover';
  const { num_pending, num_ack_pending } = await apiRequest(nc, mover, null, CONSUMER_INFO);
  return num_pending + num_ack_pending > 0 ? 'unrouted messages wait' : '';
}

async function whyPartition(nc: NatsConnection, redis: Redis, p: number, policy: string): Promise<string> {
  const { lastSeq } = await streamState(nc, eventsStream(p));
  const [text, outbox, [key, at]] = await Promise.all([
    redis.hget(`sla:{${p}}:meta`, 'position'),
    redis.lrange(`sla:{${p}}:outbox`, 0, -1),
    redis.zrangebyscore(`sla:{${p}}:alarms`, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1),
  ]);
  const position = decodePosition(text ?? '');
  // One that was never told anything has nothing to store.
  if (position === null) return lastSeq === 0 ? '' : 'has no position';
  if (position.seq !== lastSeq) return `is at ${position.seq} of ${lastSeq}`;
  if (position.policy !== policy) return `is under policy ${position.policy}, not ${policy}`;
  if (position.sweep !== null) return 'has cases under an earlier policy';
  if (Number(at ?? Number.POSITIVE_INFINITY) < Date.now() - ALARM_LATE_MS)
    return `has an alarm of ${key} at ${at}, which is over`;
  return whyUnpublished(nc, outbox);
}

/** Records that are stored stay in the outbox until the next commit; they are stored in order, by subject. */
async function whyUnpublished(nc: NatsConnection, outbox: readonly string[]): Promise<string> {
  const last = new Map(outbox.map(parseEntry).map(({ subject, id }) => [subject, id]));
  for (const [subject, id] of last) {
    const stream = subject.startsWith('sla.records.') ? RECORDS_STREAM : ACTIONS_STREAM;
    const stored = await lastBySubject(nc, stream, subject);
    if (stored?.headerText.includes(`Nats-Msg-Id: ${id}\r`) !== true) return `has not published ${id}`;
  }
  return '';
}
