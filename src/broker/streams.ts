// Makes the streams and the key-value store from their definitions in streams/jetstream/, or updates them. An update
// never takes anything away: no limit is added or lowered, no protection is lifted, nothing is made anew.
import { type KV, type NatsConnection, StringCodec } from 'nats';
import { z } from 'zod';
import actions from '../../streams/jetstream/actions.json' with { type: 'json' };
import config from '../../streams/jetstream/config.json' with { type: 'json' };
import events from '../../streams/jetstream/events.json' with { type: 'json' };
import records from '../../streams/jetstream/records.json' with { type: 'json' };
import rejects from '../../streams/jetstream/rejects.json' with { type: 'json' };
import unrouted from '../../streams/jetstream/unrouted.json' with { type: 'json' };
import { counted } from '../contract/words.ts';
import { apiRequest, BrokerApiError, STREAM_NOT_FOUND } from './api.ts';

export const UNROUTED_STREAM = 'SLA_UNROUTED';
export const REJECTS_STREAM = 'SLA_REJECTS';
export const RECORDS_STREAM = 'SLA_RECORDS';
export const ACTIONS_STREAM = 'SLA_ACTIONS';
export const CONFIG_BUCKET = 'SLA_CONFIG';

/** Name of the stream of a partition's events. */
export function eventsStream(partition: number): string {
  return `SLA_EVENTS_${partition}`;
}

/** The streams were made for another number of partitions than the settings say. */
export class PartitionsError extends Error {
  override readonly name = 'PartitionsError';
}

/** A stream exists with properties that can't be changed and that the monitor can't work with. */
export class StreamSettingsError extends Error {
  override readonly name = 'StreamSettingsError';
}

const LIMITS = [
  'max_msgs',
  'max_bytes',
  'max_age',
  'max_msg_size',
  'max_msgs_per_subject',
  'max_consumers',
] as const;
const PROTECTIONS = ['deny_delete', 'deny_purge'] as const;
const FIXED = ['storage', 'retention'] as const;

const DEFINITION = z.object({
  name: z.string(),
  description: z.string().default(''),
  subjects: z.array(z.string()),
  retention: z.string(),
  storage: z.string(),
  discard: z.string(),
  max_consumers: z.number(),
  max_msgs: z.number(),
  max_bytes: z.number(),
  max_age: z.number(),
  max_msg_size: z.number().default(-1),
  max_msgs_per_subject: z.number().default(-1),
  duplicate_window: z.number().default(0),
  num_replicas: z.number(),
  deny_delete: z.boolean().default(false),
  deny_purge: z.boolean().default(false),
  allow_direct: z.boolean().default(false),
  allow_rollup_hdrs: z.boolean().default(false),
});
/** A stream as JetStream describes it; ages are nanoseconds, -1 or 0 is no limit. */
export type StreamDefinition = z.output<typeof DEFINITION>;

const LOOSE = z.looseObject(DEFINITION.shape);
const INFO = z.object({ config: LOOSE });
const NAMES = z.object({ streams: z.array(z.string()).nullish(), total: z.number() });
const PARTITIONS_KEY = 'partitions';
const strings = StringCodec();

/** The definitions for this many partitions, in the order in which they are made. */
export function streamDefinitions(partitions: number): StreamDefinition[] {
  const shared = [config, records, rejects, unrouted, actions].map(data => DEFINITION.parse(data));
  const parted = Array.from({ length: partitions }, (_, partition) => eventsDefinition(partition));
  return [...shared, ...parted];
}

function eventsDefinition(partition: number): StreamDefinition {
  const definition = DEFINITION.parse(events);
  const here = (text: string) => text.replaceAll('<p>', String(partition));
  return {
    ...definition,
    name: here(definition.name),
    description: here(definition.description),
    subjects: definition.subjects.map(here),
  };
}

/**
 * Makes what is missing and updates what differs. Safe to call from several processes at once.
 * @throws PartitionsError when they were made for another number; StreamSettingsError.
 */
export async function ensureStreams(
  nc: NatsConnection,
  partitions: number,
  options: { readonly replicas?: number } = {},
): Promise<void> {
  const replicas = options.replicas ?? 1;
  const [bucket, ...rest] = streamDefinitions(partitions);
  if (bucket === undefined) throw new Error('no definitions');
  await ensureStream(nc, bucket, replicas);
  await fixPartitions(nc, partitions);
  for (const definition of rest) await ensureStream(nc, definition, replicas);
}

/** The store of what no event can give back. It must exist (`ensureStreams`). */
export async function openConfig(nc: NatsConnection): Promise<KV> {
  return nc.jetstream().views.kv(CONFIG_BUCKET, { bindOnly: true });
}

/** The number of partitions for which the streams were made; null when they were not made yet. */
export async function madePartitions(nc: NatsConnection): Promise<number | null> {
  const existing = await partitionStreams(nc);
  try {
    const entry = await (await openConfig(nc)).get(PARTITIONS_KEY);
    if (entry !== null && entry.operation === 'PUT') return Number(strings.decode(entry.value));
  } catch (error) {
    if (existing === 0 && (await isMissing(nc, `KV_${CONFIG_BUCKET}`))) return null;
    throw error;
  }
  return existing === 0 ? null : existing;
}

async function isMissing(nc: NatsConnection, stream: string): Promise<boolean> {
  return (await currentDefinition(nc, stream)) === null;
}

async function fixPartitions(nc: NatsConnection, partitions: number): Promise<void> {
  const made = await madePartitions(nc);
  if (made === null) {
    const kv = await openConfig(nc);
    // Another process may do the same just now: only one `create` succeeds, and then both compare.
    await kv.create(PARTITIONS_KEY, strings.encode(String(partitions))).catch(() => {});
    return fixPartitionsAgain(nc, partitions);
  }
  refuseOther(made, partitions);
}

async function fixPartitionsAgain(nc: NatsConnection, partitions: number): Promise<void> {
  const made = await madePartitions(nc);
  if (made === null) throw new Error('the number of partitions could not be stored in SLA_CONFIG');
  refuseOther(made, partitions);
}

function refuseOther(made: number, partitions: number): void {
  if (made === partitions) return;
  throw new PartitionsError(
    `The streams were made with ${counted(made, 'partition')}, PARTITIONS says ${partitions}: the number is fixed`,
  );
}

/** One more than the highest partition that has a stream; 0 when none has. */
async function partitionStreams(nc: NatsConnection): Promise<number> {
  let highest = 0;
  for (let offset = 0; ; ) {
    const page = await apiRequest(nc, '$JS.API.STREAM.NAMES', { offset }, NAMES);
    const names = page.streams ?? [];
    for (const name of names) {
      const partition = /^SLA_EVENTS_(\d+)$/.exec(name)?.[1];
      if (partition !== undefined) highest = Math.max(highest, Number(partition) + 1);
    }
    offset += names.length;
    if (names.length === 0 || offset >= page.total) return highest;
  }
}

async function ensureStream(nc: NatsConnection, wanted: StreamDefinition, replicas: number): Promise<void> {
  const current = await currentDefinition(nc, wanted.name);
  if (current === null) {
    await apiRequest(nc, `$JS.API.STREAM.CREATE.${wanted.name}`, { ...wanted, num_replicas: replicas }, INFO);
    return;
  }
  for (const key of FIXED) {
    if (current[key] !== wanted[key]) {
      throw new StreamSettingsError(
        `Stream ${wanted.name} has ${key} ${current[key]}, the monitor needs ${wanted[key]}; it can't be changed`,
      );
    }
  }
  const next = mergeDefinition(current, wanted);
  if (isSame(current, next)) return;
  await apiRequest(nc, `$JS.API.STREAM.UPDATE.${wanted.name}`, { ...current, ...next }, INFO);
}

/** What an update makes of a stream: the definition, but with the wider limit of the two and every protection. */
export function mergeDefinition(current: StreamDefinition, wanted: StreamDefinition): StreamDefinition {
  const next = { ...wanted, num_replicas: current.num_replicas };
  for (const key of LIMITS) next[key] = wider(current[key], wanted[key]);
  for (const key of PROTECTIONS) next[key] = current[key] || wanted[key];
  return next;
}

/** -1 and 0 stand for no limit; an existing "no limit" keeps its spelling, so that nothing seems to differ. */
function wider(current: number, wanted: number): number {
  if (current <= 0) return current;
  return wanted <= 0 ? wanted : Math.max(current, wanted);
}

function isSame(current: StreamDefinition, next: StreamDefinition): boolean {
  return JSON.stringify(DEFINITION.parse(current)) === JSON.stringify(DEFINITION.parse(next));
}

/** The stream's configuration as it is, or null when there is no such stream. */
export async function currentDefinition(
  nc: NatsConnection,
  name: string,
): Promise<z.output<typeof LOOSE> | null> {
  try {
    return (await apiRequest(nc, `$JS.API.STREAM.INFO.${name}`, null, INFO)).config;
  } catch (error) {
    if (error instanceof BrokerApiError && error.code === STREAM_NOT_FOUND) return null;
    throw error;
  }
}
