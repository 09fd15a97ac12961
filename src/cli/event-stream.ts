// Events as a monitor's own streams hold them, read from the first to the last one that is there now, with the refusals
// that the monitor itself makes.
import type { NatsConnection } from 'nats';
import { streamState } from '../broker/api.ts';
import { connectBroker } from '../broker/connect.ts';
import { openReader, type RawMessage } from '../broker/reader.ts';
import { eventsStream, madePartitions, openConfig } from '../broker/streams.ts';
import { settingsFromEnvironment } from '../config.ts';
import { type Decoded, decodeMessage } from '../contract/decode.ts';
import type { DeclaredFields } from '../contract/fields.ts';
import { rejection } from '../contract/reject.ts';
import { parsePartitionSubject, partitionOf } from '../contract/subject.ts';
import { noServersMessage, resolveServers } from '../embedded/servers.ts';
import { type KeptYear, listYears } from '../policy-store/holidays.ts';
import type { ReadEvent } from './event-file.ts';
import { CommandError } from './usage.ts';

const BATCH = 1_000;

/** The years of holidays that were added there. @throws CommandError without servers or streams */
export async function readKeptYears(): Promise<KeptYear[]> {
  const { nc, close } = await connect();
  try {
    return await listYears(await openConfig(nc));
  } finally {
    await close();
  }
}

/** One partition after the other. @throws CommandError without servers or streams */
export async function* readEventStreams(declared: DeclaredFields): AsyncGenerator<ReadEvent> {
  const { nc, partitions, close } = await connect();
  try {
    for (let p = 0; p < partitions; p++) {
      const stream = eventsStream(p);
      const { firstSeq, lastSeq } = await streamState(nc, stream);
      if (lastSeq < firstSeq) continue;
      const reader = openReader(nc, stream, firstSeq);
      try {
        for (let seq = firstSeq - 1; seq < lastSeq; ) {
          for (const message of await reader.next(BATCH)) {
            seq = message.seq;
            if (seq > lastSeq) break;
            const decoded = decode(message, p, partitions, declared);
            if (decoded !== null) yield { place: `${stream} ${seq}`, decoded };
          }
        }
      } finally {
        reader.close();
      }
    }
  } finally {
    await close();
  }
}

interface Connection {
  readonly nc: NatsConnection;
  readonly partitions: number;
  readonly close: () => Promise<void>;
}

async function connect(): Promise<Connection> {
  const settings = settingsFromEnvironment();
  const servers = await resolveServers(settings);
  if (servers === null) throw new CommandError(noServersMessage(settings));
  const nc = await connectBroker({ ...settings, natsUrl: servers.natsUrl }, { name: 'sla-monitor backtest' });
  const close = async () => {
    await nc.close();
    await servers.stop();
  };
  const partitions = await madePartitions(nc);
  if (partitions !== null) return { nc, partitions, close };
  await close();
  throw new CommandError('No monitor has run on these servers yet');
}

/** Null for the monitor's own messages. */
function decode(
  message: RawMessage,
  partition: number,
  partitions: number,
  declared: DeclaredFields,
): Decoded | null {
  const entity = parsePartitionSubject(message.subject)?.entity;
  if (entity === 'control') return null;
  const decoded = decodeMessage(message.data, message.headers, { declared, storedAt: message.storedMs });
  if (!decoded.ok) return decoded;
  if (decoded.event.entity !== entity)
    return rejection('subject', `type ${decoded.event.type} on the subject of entity ${entity}`);
  const right = partitionOf(decoded.token, partitions);
  return right === partition ? decoded : rejection('partition', `its case belongs to partition ${right}`);
}
