// The server's subject mapping: does it put events where the monitor looks for them? Asked with messages that no
// stream may store, so that the answer names the stream that would have.
import { headers, type NatsConnection, NatsError } from 'nats';
import { z } from 'zod';
import { ENTITIES } from '../contract/event.ts';
import { fnv1a32 } from '../contract/subject.ts';
import { counted } from '../contract/words.ts';

/** `none`: nothing is mapped, events arrive in SLA_UNROUTED. `other`: mapped for another number of partitions. */
export type MappingFinding =
  | { readonly state: 'right' }
  | { readonly state: 'none' }
  | { readonly state: 'some'; readonly entities: readonly string[] }
  | { readonly state: 'other'; readonly partitions: number | null }
  | { readonly state: 'unknown'; readonly why: string };

/** The mapping is for another number of partitions than the streams. */
export class MappingError extends Error {
  override readonly name = 'MappingError';
}

const ANSWER = z.object({ stream: z.string().optional() });
const PARTITIONS_MAX = 1_024;
const PROBES = 24;
/** Not the name of any stream, so JetStream refuses to store the message. */
const NO_STREAM = 'SLA_PROBE_NOTHING_IS_STORED';

/** Where one subject ends: a partition, `unrouted`, `nowhere`, or null when there was no answer. */
type End = number | 'unrouted' | 'nowhere' | null;

/** Probes the mapping for this many partitions. The streams must exist. Stores nothing. */
export async function probeMapping(nc: NatsConnection, partitions: number): Promise<MappingFinding> {
  const tokens = Array.from({ length: PROBES }, (_, i) => `probe-${i}`);
  const [ends, entityEnds] = await Promise.all([
    Promise.all(tokens.map(token => probe(nc, `cc.events.ticket.${token}`))),
    Promise.all(ENTITIES.map(entity => probe(nc, `cc.events.${entity}.probe-0`))),
  ]);
  if ([...ends, ...entityEnds].includes(null)) {
    return { state: 'unknown', why: 'no answer; may this user publish to cc.events.> ?' };
  }
  const hashes = tokens.map(fnv1a32);
  const fits = (n: number) =>
    hashes.every((hash, i) => ends[i] === (hash % n < partitions ? hash % n : 'nowhere'));
  const unmapped = ENTITIES.filter((_, i) => entityEnds[i] === 'unrouted');
  if (unmapped.length === ENTITIES.length) return { state: 'none' };
  if (unmapped.length > 0) return { state: 'some', entities: unmapped };
  if (fits(partitions)) return { state: 'right' };
  for (let n = 1; n <= PARTITIONS_MAX; n++) if (fits(n)) return { state: 'other', partitions: n };
  return { state: 'other', partitions: null };
}

/** Refuses a mapping with another number of partitions, saying both. @throws MappingError */
export async function requireMapping(nc: NatsConnection, partitions: number): Promise<MappingFinding> {
  const finding = await probeMapping(nc, partitions);
  if (finding.state === 'other') {
    const theirs =
      finding.partitions === null ? 'in another way' : `onto ${counted(finding.partitions, 'partition')}`;
    throw new MappingError(
      `The NATS server maps cc.events.*.* ${theirs}, the streams have ${partitions}; see deploy/nats/mapping.conf`,
    );
  }
  return finding;
}

async function probe(nc: NatsConnection, subject: string): Promise<End> {
  const head = headers();
  head.set('Nats-Expected-Stream', NO_STREAM);
  try {
    const answer = await nc.request(subject, '', { headers: head, timeout: 2_000 });
    const { stream } = ANSWER.parse(answer.json());
    const partition = /^SLA_EVENTS_(\d+)$/.exec(stream ?? '')?.[1];
    if (partition !== undefined) return Number(partition);
    return stream === 'SLA_UNROUTED' ? 'unrouted' : null;
  } catch (error) {
    return error instanceof NatsError && error.code === '503' ? 'nowhere' : null;
  }
}
