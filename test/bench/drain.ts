// (a) and (d): how fast one process drains a stored backlog, against a bare loop in the same run.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { ensureStreams, eventsStream, RECORDS_STREAM } from '../../src/broker/streams.ts';
import { decodePosition } from '../../src/processor/position.ts';
import { partitionKeys } from '../../src/store/keys.ts';
import { startTestServers, type TestServers } from '../support/servers.ts';
import { makeLoad, publishLoad } from './load.ts';

const PARTITIONS = 8;

export interface DrainResult {
  readonly eventsPerSecond: number;
  readonly bareEventsPerSecond: number;
  readonly ratio: number;
  readonly bytesPerEvent: number;
  readonly recordsPerEvent: number;
  readonly rssMb: number;
  /** Processor time of the process, µs an event, from its start on. */
  readonly cpuPerEventUs: number;
  readonly bareCpuPerEventUs: number;
}

/** Publishes a backlog, lets the monitor drain it, then lets the bare loop do as much on fresh servers' data. */
export async function benchDrain(events: number, openCases: number): Promise<DrainResult> {
  const servers = await startTestServers(null, { partitions: PARTITIONS });
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'bench' });
  const redis = new Redis(servers.redisUrl);
  try {
    await ensureStreams(nc, PARTITIONS, { replicas: 1 });
    const publisher = new Publisher(nc);
    const load = { events, openCases, partitions: PARTITIONS, clock: () => Date.now(), seed: 1 };
    await publishLoad(publisher, makeLoad(load));
    publisher.close();
    const last = await Promise.all(
      Array.from({ length: PARTITIONS }, async (_, p) => (await streamState(nc, eventsStream(p))).lastSeq),
    );
    const bytesBefore = await inputBytes(redis);
    const monitor = await drainByMonitor(servers, redis, last);
    const bytesPerEvent = ((await inputBytes(redis)) - bytesBefore) / events;
    const records = await streamState(nc, RECORDS_STREAM);
    const recordBytes = records.messages === 0 ? 0 : Math.round(records.bytes / records.messages);
    await redis.flushall();
    const recordsPerEvent = records.messages / events;
    const bare = await drainBare(servers, {
      partitions: PARTITIONS,
      events: last,
      bytesPerEvent,
      recordsPerEvent,
      recordBytes: Math.max(0, recordBytes - 150),
    });
    return {
      eventsPerSecond: monitor.eventsPerSecond,
      bareEventsPerSecond: bare.eventsPerSecond,
      ratio: monitor.eventsPerSecond / bare.eventsPerSecond,
      bytesPerEvent,
      recordsPerEvent,
      rssMb: monitor.rssMb,
      cpuPerEventUs: (1000 * monitor.cpuMs) / events,
      bareCpuPerEventUs: (1000 * bare.cpuMs) / events,
    };
  } finally {
    redis.disconnect();
    await nc.close();
    await servers.close();
  }
}

async function inputBytes(redis: Redis): Promise<number> {
  return Number(/total_net_input_bytes:(\d+)/.exec(await redis.info('stats'))?.[1] ?? 0);
}

/** Starts a monitor process on these servers; the child says when it listens. */
export async function startWorker(
  file: string,
  servers: TestServers,
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; lines: AsyncIterableIterator<string> }> {
  const child = spawn(
    process.execPath,
    [
      ...(process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean),
      '--import=tsx',
      fileURLToPath(new URL(file, import.meta.url)),
    ],
    {
      env: { ...process.env, ...servers.env, HTTP_PORT: '0', LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function drainByMonitor(
  servers: TestServers,
  redis: Redis,
  last: readonly number[],
): Promise<{ eventsPerSecond: number; rssMb: number; cpuMs: number }> {
  const { child, lines } = await startWorker('worker-monitor.ts', servers, {
    PARTITIONS: String(PARTITIONS),
  });
  await lines.next();
  const total = last.reduce((a, b) => a + b, 0);
  let rss = 0;
  let cpuMs = 0;
  let startCpuMs = 0;
  const watch = (async () => {
    for await (const line of lines) {
      const used = USED.safeParse(JSON.parse(line));
      if (!used.success) {
        process.stderr.write(`${line}\n`);
        continue;
      }
      rss = Math.max(rss, used.data.rss);
      cpuMs = used.data.cpuMs;
      if (startCpuMs === 0) startCpuMs = cpuMs;
    }
  })();
  let first: { at: number; done: number } | null = null;
  for (;;) {
    const done = await positions(redis);
    const at = performance.now();
    if (done > 0) first ??= { at, done };
    if (done >= total && first !== null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await watch;
      return {
        eventsPerSecond: ((total - first.done) * 1000) / (at - first.at),
        rssMb: rss / 1e6,
        cpuMs: cpuMs - startCpuMs,
      };
    }
    await sleep(20);
  }
}

async function positions(redis: Redis): Promise<number> {
  let done = 0;
  for (let p = 0; p < PARTITIONS; p++) {
    done += decodePosition((await redis.hget(partitionKeys(p).meta, 'position')) ?? '')?.seq ?? 0;
  }
  return done;
}

const USED = z.object({ rss: z.number(), cpuMs: z.number() });
const DONE = z.object({ events: z.number(), seconds: z.number(), cpuMs: z.number() });

async function drainBare(
  servers: TestServers,
  bare: object,
): Promise<{ eventsPerSecond: number; cpuMs: number }> {
  const { child, lines } = await startWorker('worker-bare.ts', servers, { BARE: JSON.stringify(bare) });
  const { value } = await lines.next();
  await once(child, 'exit');
  const { events, seconds, cpuMs } = DONE.parse(JSON.parse(String(value)));
  return { eventsPerSecond: events / seconds, cpuMs };
}
