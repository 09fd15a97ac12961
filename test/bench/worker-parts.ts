// Clocks with the usual parts: each event is a round trip to Redis, each running clock a BullMQ delayed job that is
// added when the clock starts and removed when it stops or pauses. Partitions are read side by side, as ours are; an
// event of a partition waits for the one before it, since their order matters.
import { Redis } from 'ioredis';
import { z } from 'zod';
import { connectBroker } from '../../src/broker/connect.ts';
import { openReader } from '../../src/broker/reader.ts';
import { eventsStream } from '../../src/broker/streams.ts';
import { settingsFromEnvironment } from '../../src/config.ts';
import { openQueue } from './bullmq.ts';
import { cpuMs, Lags, onTold, say } from './worker.ts';

const CLOCK = z.object({
  rule: z.string(),
  start: z.string(),
  stop: z.array(z.string()),
  pause: z.tuple([z.string(), z.string()]).nullable(),
  targetMs: z.number(),
});
const PARTS = z.object({
  clocks: z.array(CLOCK),
  /** Where to begin in each partition's stream. */
  from: z.array(z.number()),
  /** Events that end the work, and timers that must have fired before. */
  events: z.number(),
  timers: z.number(),
});
const EVENT = z.object({ type: z.string(), subject: z.string(), time: z.string() });

const { clocks, from, events, timers } = PARTS.parse(JSON.parse(process.env.PARTS ?? '{}'));
const { natsUrl, redisUrl } = settingsFromEnvironment();
if (natsUrl === null || redisUrl === null) throw new Error('NATS_URL and REDIS_URL are needed');
const nc = await connectBroker({ natsUrl }, { name: 'parts' });
const redis = new Redis(redisUrl);
onTold(() => {});
const lags = new Lags();
let finish = () => {};
const finished = new Promise<void>(resolve => {
  finish = resolve;
});
let handled = 0;
let endedAt = 0;
const look = () => {
  if (handled >= events && endedAt === 0) endedAt = performance.now();
  if (handled >= events && lags.count >= timers) finish();
};
const jobs = openQueue('clocks', async dueAt => {
  await redis.hincrby('parts:breaches', 'all', 1);
  lags.add(Date.now() - dueAt);
  look();
});
await jobs.ready();
say({ kind: 'ready' });
const startedAt = performance.now();
for (const [partition, seq] of from.entries()) void follow(partition, seq);
await finished;
const seconds = (endedAt - startedAt) / 1000;
say({ kind: 'done', events: handled, seconds, cpuMs: cpuMs(), lags: lags.quantiles });
process.on('SIGTERM', () => process.exit(0));

async function follow(partition: number, seq: number): Promise<void> {
  const reader = openReader(nc, eventsStream(partition), seq);
  while (handled < events) {
    for (const { data } of await reader.next(500)) {
      if (handled >= events) break;
      await handle(EVENT.parse(JSON.parse(Buffer.from(data).toString('utf8'))));
      handled += 1;
      look();
    }
  }
  reader.close();
}

async function handle({ type, subject, time }: z.infer<typeof EVENT>): Promise<void> {
  const at = Date.parse(time);
  await redis.hset(`parts:case:${subject}`, type, at);
  for (const { rule, start, stop, pause, targetMs } of clocks) {
    const id = `${rule}-${subject}`;
    if (type === start) await jobs.add({ id, dueAt: at + targetMs });
    else if (stop.includes(type)) await jobs.remove(id);
    else if (type === pause?.[0]) await jobs.remove(id);
    else if (type === pause?.[1]) {
      const [started, paused] = await redis.hmget(`parts:case:${subject}`, start, pause[0]);
      await jobs.add({ id, dueAt: Number(started) + targetMs + at - Number(paused) });
    }
  }
}
