// The bare loop: reads, parses, stores the same number of bytes and publishes as many records, without any engine.
// What it should do for each event stands in the environment variable BARE, as measured from the monitor before.
import { Redis } from 'ioredis';
import { z } from 'zod';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { openReader } from '../../src/broker/reader.ts';
import { eventsStream } from '../../src/broker/streams.ts';
import { settingsFromEnvironment } from '../../src/config.ts';

const BARE = z.object({
  partitions: z.number(),
  /** Events of each partition. */
  events: z.array(z.number()),
  bytesPerEvent: z.number(),
  recordsPerEvent: z.number(),
  recordBytes: z.number(),
});

const settings = settingsFromEnvironment();
const bare = BARE.parse(JSON.parse(process.env.BARE ?? '{}'));
const { natsUrl, redisUrl } = settings;
if (natsUrl === null || redisUrl === null) throw new Error('NATS_URL and REDIS_URL are needed');
const nc = await connectBroker({ natsUrl }, { name: 'bare' });
const redis = new Redis(redisUrl);
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
const counts = await Promise.all(bare.events.map((events, partition) => drain(partition, events)));
const seconds = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const cpuMs = (user + system) / 1000;
process.stdout.write(`${JSON.stringify({ events: counts.reduce((a, b) => a + b, 0), seconds, cpuMs })}\n`);
await nc.close();
redis.disconnect();

async function drain(partition: number, events: number): Promise<number> {
  const reader = openReader(nc, eventsStream(partition), 1);
  const publisher = new Publisher(nc);
  const filling = 'x'.repeat(Math.max(0, Math.round(bare.bytesPerEvent) - 40));
  const record = 'r'.repeat(bare.recordBytes);
  let done = 0;
  let records = 0;
  while (done < events) {
    const messages = await reader.next(2_000);
    const values: string[] = [];
    for (const message of messages) {
      const event: unknown = JSON.parse(Buffer.from(message.data).toString('utf8'));
      const isEvent = typeof event === 'object' && event !== null && 'subject' in event;
      values.push(isEvent ? String(event.subject) : 'tick', filling);
    }
    await redis
      .multi()
      .hset(`bare:{${partition}}:cases`, ...values)
      .set(`bare:{${partition}}:position`, messages.at(-1)?.seq ?? 0)
      .exec();
    done += messages.length;
    while (records < done * bare.recordsPerEvent) {
      if (!publisher.hasRoom) await publisher.room();
      records += 1;
      publisher.send(
        `sla.records.clock.${partition}`,
        record,
        { msgId: `bare-${partition}-${records}` },
        () => {},
      );
    }
  }
  await publisher.idle();
  reader.close();
  publisher.close();
  return done;
}
