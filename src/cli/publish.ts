// `publish`: events from a file or standard input into the streams. Every way in agrees on the partition, since it
// depends on the case id alone; this one computes it and needs no mapping on the server.
import { createReadStream, existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { NatsConnection } from 'nats';
import { connectBroker } from '../broker/connect.ts';
import { EventFeed, type FeedCounts } from '../broker/event-feed.ts';
import { Publisher } from '../broker/publisher.ts';
import { ensureStreams, madePartitions, openConfig } from '../broker/streams.ts';
import { type Settings, settingsFromEnvironment } from '../config.ts';
import { noServersMessage, resolveServers } from '../embedded/servers.ts';
import { type MappedRow, mapCsv } from '../mapping/csv.ts';
import type { Mapping } from '../mapping/schema.ts';
import { type ByteLine, byteLines } from './byte-lines.ts';
import { cantOpen } from './file-problem.ts';
import { policyInForce } from './kept-policies.ts';
import { readMapping } from './mapping-file.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor publish [FILE]
       sla-monitor publish --map MAPPING.yaml FILE.csv

Reads events (CloudEvents, one JSON object a line) from FILE, or from standard input (also "-"), puts each into the
stream of its partition, and waits until all are acknowledged. Lines that are no valid events go to SLA_REJECTS.

--map MAPPING   FILE is a CSV export of a helpdesk; the mapping says how its rows become events

An event that was published before is stored again and changes nothing: the monitor counts it as a duplicate.

Exit code 0 when every line was stored; 1 when some were not, with their line numbers on standard error.
`;

/** Milliseconds between two updates of the progress line. */
const PROGRESS_MS = 200;

export async function run(argv: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { map: { type: 'string' } },
  });
  const [file = '-', ...more] = positionals;
  if (more.length > 0) throw new UsageError(`One file at a time; ${more.join(' ')} is too much`);
  if (file !== '-' && !existsSync(file)) throw new UsageError(`there is no such file: ${file}`);
  const mapping = values.map === undefined ? null : readMapping(values.map);
  const settings = settingsFromEnvironment();
  const nc = await connectFor(settings);
  try {
    const counts = await feed(nc, settings, file, mapping);
    process.stderr.write(`${summary(counts)}\n`);
    return counts.rejected + counts.failed === 0 ? 0 : 1;
  } finally {
    await nc.close();
  }
}

async function connectFor(settings: Settings): Promise<NatsConnection> {
  const servers = await resolveServers(settings);
  if (servers === null) throw new CommandError(noServersMessage(settings));
  const { natsCreds, natsCa } = settings;
  try {
    return await connectBroker(
      { natsUrl: servers.natsUrl, natsCreds, natsCa },
      { name: 'sla-monitor publish' },
    );
  } catch (error) {
    throw new CommandError(
      `NATS can't be reached: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function feed(
  nc: NatsConnection,
  settings: Settings,
  file: string,
  mapping: Mapping | null,
): Promise<FeedCounts> {
  const made = await madePartitions(nc);
  if (made === null) await ensureStreams(nc, settings.partitions, { replicas: settings.natsReplicas });
  const policy = await policyInForce(await openConfig(nc));
  const maxPayload = nc.info?.max_payload ?? 1_048_576;
  const progress = startProgress();
  const publisher = new Publisher(nc);
  const feeding = new EventFeed({
    publisher,
    partitions: made ?? settings.partitions,
    maxPayload,
    declared: policy?.attributes ?? new Map(),
    onProblem: (line, _outcome, why) => progress.say(`line ${line}: ${why}`),
  });
  progress.follow(() => feeding.counts);
  const input: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file);
  try {
    if (mapping === null) await feedLines(feeding, byteLines(input, maxPayload));
    else await feedRows(feeding, mapCsv(input, mapping));
    return await feeding.done();
  } catch (error) {
    const problem = cantOpen(file, error);
    throw problem === null ? error : new CommandError(problem);
  } finally {
    progress.stop();
    publisher.close();
  }
}

async function feedLines(feeding: EventFeed, lines: AsyncIterable<ByteLine>): Promise<void> {
  for await (const line of lines) {
    if (line.cut) feeding.tooLarge(line.number);
    else await feeding.line(line.number, line.bytes);
  }
}

async function feedRows(feeding: EventFeed, rows: AsyncIterable<MappedRow>): Promise<void> {
  for await (const mapped of rows) {
    if ('event' in mapped) await feeding.line(mapped.row, Buffer.from(JSON.stringify(mapped.event)));
    else await feeding.refuse(mapped.row, Buffer.from(JSON.stringify(mapped)), 'schema', mapped.error);
  }
}

interface Progress {
  follow(counts: () => FeedCounts): void;
  /** Writes a line of its own above the progress. */
  say(text: string): void;
  stop(): void;
}

/** A line on the terminal that says how far it is; nothing where standard error is not a terminal. */
function startProgress(): Progress {
  const began = Date.now();
  const isTerminal = process.stderr.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    if (isTerminal) process.stderr.write('\r\u001b[K');
  };
  return {
    follow: counts => {
      if (!isTerminal) return;
      timer = setInterval(() => {
        const now = counts();
        const rate = Math.round((now.stored * 1000) / Math.max(1, Date.now() - began));
        clear();
        process.stderr.write(`${summary(now)} (${rate.toLocaleString('en')}/s)`);
      }, PROGRESS_MS);
      timer.unref();
    },
    say: text => {
      clear();
      process.stderr.write(`${text}\n`);
    },
    stop: () => {
      clearInterval(timer);
      clear();
    },
  };
}

function summary(counts: FeedCounts): string {
  const { stored, rejected, failed } = counts;
  const parts = [`${stored.toLocaleString('en')} stored`];
  if (rejected > 0) parts.push(`${rejected.toLocaleString('en')} rejected`);
  if (failed > 0) parts.push(`${failed.toLocaleString('en')} not stored`);
  return parts.join(', ');
}
