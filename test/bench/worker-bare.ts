// The bare loop: reads, parses, stores the same number of bytes and publishes as many records with the same headers,
// without any engine. What it should do stands in the environment variable BARE, as measured from the monitor before.
// With `live` it goes on at the streams' ends until it is told to finish, and counts from stored to committed.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { openReader } from '../../src/broker/reader.ts';
import { eventsStream } from '../../src/broker/streams.ts';
import { settingsFromEnvironment } from '../../src/config.ts';
import { FLOOR_HEADER, FLOOR_RECORD_HEADER } from '../../src/processor/outbox.ts';
import { cpuMs, Lags, onTold, say } from './worker.ts';

export const BARE = z.object({
  live: z.boolean(),
  /** Of each partition: the sequence to begin at, and the last to read (not looked at with `live`). */
  from: z.array(z.number()),
  to: z.array(z.number()),
  bytesPerEvent: z.number(),
  recordsPerEvent: z.number(),
  recordBytes: z.number(),
  /** Ends `live`: so many events in all. */
  events: z.number(),
});

const { natsUrl, redisUrl, batchEventsMax, batchLingerMs } = settingsFromEnvironment();
const bare = BARE.parse(JSON.parse(process.env.BARE ?? '{}'));
if (natsUrl === null || redisUrl === null) throw new Error('NATS_URL and REDIS_URL are needed');
const nc = await connectBroker({ natsUrl }, { name: 'bare' });
const redis = new Redis(redisUrl);
const lags = new Lags();
const readers = new Set<{ wake(): void }>();
let left = bare.events;
let finished = false;
let firstAt: number | null = null;
let firstEvents = 0;
const cpuBefore = cpuMs();
onTold(what => {
  if (what === 'reset') lags.reset();
  if (what !== 'finish') return;
  finished = true;
  for (const reader of readers) reader.wake();
});
say({ kind: 'ready' });
const counts = await Promise.all(bare.from.map((from, partition) => drain(partition, from)));
// As with the monitor, the time begins with the first commit, and what it held is not counted.
const seconds = (performance.now() - (firstAt ?? 0)) / 1000;
const events = counts.reduce((a, b) => a + b, 0) - firstEvents;
say({ kind: 'done', events, seconds, cpuMs: cpuMs() - cpuBefore, lags: lags.quantiles });
await nc.close();
redis.disconnect();
process.disconnect?.();

async function drain(partition: number, from: number): Promise<number> {
  const reader = openReader(nc, eventsStream(partition), from);
  readers.add(reader);
  const publisher = new Publisher(nc);
  const filling = 'x'.repeat(Math.max(0, Math.round(bare.bytesPerEvent) - 70));
  const record = 'r'.repeat(bare.recordBytes);
  const to = bare.to[partition] ?? 0;
  let seq = from - 1;
  let done = 0;
  let records = 0;
  let committedAt = 0;
  while (bare.live ? !finished && left > 0 : seq < to) {
    const linger = committedAt + batchLingerMs - performance.now();
    if (linger > 1 && reader.waiting < batchEventsMax) await sleep(linger);
    if (bare.live && left <= 0) break;
    const messages = await reader.next(batchEventsMax);
    if (messages.length === 0) continue;
    const values: string[] = [];
    for (const message of messages) {
      const event: unknown = JSON.parse(Buffer.from(message.data).toString('utf8'));
      const isEvent = typeof event === 'object' && event !== null && 'subject' in event;
      values.push(isEvent ? String(event.subject) : 'tick', filling);
    }
    seq = messages.at(-1)?.seq ?? seq;
    await redis
      .multi()
      .hset(`bare:{${partition}}:cases`, ...values)
      .set(`bare:{${partition}}:position`, seq)
      .exec();
    committedAt = performance.now();
    done += messages.length;
    left -= messages.length;
    if (firstAt === null) {
      firstAt = committedAt;
      firstEvents = messages.length;
    }
    const now = Date.now();
    for (const { storedMs } of messages) lags.add(now - storedMs);
    while (records < done * bare.recordsPerEvent) {
      if (!publisher.hasRoom) await publisher.room();
      records += 1;
      publisher.send(
        `sla.records.clock.${partition}`,
        record,
        {
          msgId: `bare-${process.pid}-${partition}-${records}`,
          headers: { [FLOOR_HEADER]: String(seq), [FLOOR_RECORD_HEADER]: String(records) },
        },
        () => {},
      );
    }
  }
  if (bare.live) for (const each of readers) each.wake();
  await publisher.idle();
  readers.delete(reader);
  reader.close();
  publisher.close();
  return done;
}
