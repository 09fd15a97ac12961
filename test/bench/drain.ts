// (a) and (d): how fast one process drains a stored backlog: against a bare loop in the same run, and with a million
// open cases against ten thousand.
import type { Redis } from 'ioredis';
import { getMessage, streamState } from '../../src/broker/api.ts';
import { RECORDS_STREAM } from '../../src/broker/streams.ts';
import { makeLoad, publishLoad } from './load.ts';
import { preload } from './preload.ts';
import type { Row, Sizes } from './report.ts';
import { PARTITIONS, type Rig, type Worker, waitFor, withRig } from './rig.ts';

interface Drained {
  readonly eventsPerSecond: number;
  /** Processor time, µs an event, start-up left out. */
  readonly cpuPerEventUs: number;
}

interface MonitorDrained extends Drained {
  readonly bytesPerEvent: number;
  readonly recordsPerEvent: number;
  readonly recordBytes: number;
  readonly rssMb: number;
}

/** (a) A stored backlog, drained by the monitor and then, of the same streams, by the bare loop. */
export async function benchDrain({ quick }: Sizes): Promise<Row[]> {
  const events = quick ? 30_000 : 300_000;
  return withRig(async rig => {
    await publishBacklog(rig, events, 10_000, 0);
    const last = await rig.lastSequences();
    const monitor = await drainByMonitor(rig, last);
    await rig.redis.flushall();
    const bare = await drainBare(rig, last, monitor);
    const part = 'a';
    const baselineWhat = 'bare loop: read, parse, commit as many bytes, publish as many records';
    return [
      {
        part,
        what: `backlog of ${events} events drained`,
        unit: 'events/s',
        ours: monitor.eventsPerSecond,
        baseline: bare.eventsPerSecond,
        baselineWhat,
        better: 'higher',
        aim: { of: 'ratio', atLeast: 0.7 },
      },
      {
        part,
        what: 'processor time of the process, an event',
        unit: 'µs',
        ours: monitor.cpuPerEventUs,
        baseline: bare.cpuPerEventUs,
        baselineWhat,
        better: 'lower',
        aim: null,
      },
      alone(part, 'committed an event', 'bytes', monitor.bytesPerEvent),
      alone(part, 'records an event', '', monitor.recordsPerEvent),
      alone(part, 'resident memory at most', 'MB', monitor.rssMb),
    ];
  });
}

/** (d) The same load on a million open cases and on ten thousand. */
export async function benchOpenCases({ quick }: Sizes): Promise<Row[]> {
  const [many, few, events] = quick ? [100_000, 10_000, 30_000] : [1_000_000, 10_000, 150_000];
  const one = (openCases: number) =>
    withRig(async rig => {
      await preload(rig.redis, openCases);
      await publishBacklog(rig, events, openCases, openCases);
      return drainByMonitor(rig, await rig.lastSequences());
    });
  const withFew = await one(few);
  const withMany = await one(many);
  const part = 'd';
  const baselineWhat = `the same with ${few} open cases`;
  return [
    {
      part,
      what: `${events} events drained, ${many} cases open`,
      unit: 'events/s',
      ours: withMany.eventsPerSecond,
      baseline: withFew.eventsPerSecond,
      baselineWhat,
      better: 'higher',
      aim: { of: 'ratio', atLeast: 0.8 },
    },
    {
      part,
      what: 'processor time of the process, an event',
      unit: 'µs',
      ours: withMany.cpuPerEventUs,
      baseline: withFew.cpuPerEventUs,
      baselineWhat,
      better: 'lower',
      aim: null,
    },
    {
      part,
      what: 'resident memory at most',
      unit: 'MB',
      ours: withMany.rssMb,
      baseline: withFew.rssMb,
      baselineWhat,
      better: 'lower',
      aim: null,
    },
  ];
}

function alone(part: string, what: string, unit: string, ours: number): Row {
  return { part, what, unit, ours, baseline: null, baselineWhat: '', better: 'lower', aim: null };
}

async function publishBacklog(rig: Rig, events: number, openCases: number, known: number): Promise<void> {
  const clock = () => Date.now();
  await publishLoad(
    rig.publisher,
    makeLoad({ events, openCases, known, partitions: PARTITIONS, clock, seed: 1 }),
  );
}

/**
 * Drains by one monitor process. The time runs from the first commit that is seen to the commit of the last event, or
 * until all but a few of the records are stored, whichever is later: what the drain has caused is part of it.
 */
async function drainByMonitor(rig: Rig, last: readonly number[]): Promise<MonitorDrained> {
  const { nc, redis } = rig;
  const bytesBefore = await inputBytes(redis);
  const worker = await rig.worker('worker-monitor.ts');
  const total = last.reduce((a, b) => a + b, 0);
  const first = { at: 0, done: 0, cpuMs: 0 };
  await waitFor('the backlog', 240_000, async () => {
    const done = await rig.committed();
    if (first.done === 0 && done > 0)
      Object.assign(first, { at: performance.now(), done, cpuMs: worker.used.cpuMs });
    return done >= total;
  });
  const committedAt = performance.now();
  const bytesPerEvent = ((await inputBytes(redis)) - bytesBefore) / total;
  const { endedAt, cpuMs } = await untilTold(rig, worker, committedAt);
  const events = total - first.done;
  const { messages } = await streamState(nc, RECORDS_STREAM);
  const recordBytes = await meanRecord(rig, messages);
  await worker.stop();
  return {
    eventsPerSecond: (events * 1000) / (endedAt - first.at),
    cpuPerEventUs: ((cpuMs - first.cpuMs) * 1000) / events,
    bytesPerEvent,
    recordsPerEvent: messages / total,
    recordBytes,
    rssMb: worker.rssMax / 1e6,
  };
}

/** Few records are still told after the last commit, by deadlines that pass; these are no part of the drain. */
const NEARLY_ALL = 0.995;
/** Without a new record for so long, all that the drain has caused are stored. */
const QUIET_MS = 500;

/** When nearly all records were stored that there are once no more come, and what had been used then. */
async function untilTold(
  rig: Rig,
  worker: Worker,
  committedAt: number,
): Promise<{ endedAt: number; cpuMs: number }> {
  const seen: { readonly at: number; readonly records: number; readonly cpuMs: number }[] = [];
  let quietSince = committedAt;
  await waitFor('the records', 60_000, async () => {
    const { messages } = await streamState(rig.nc, RECORDS_STREAM);
    const at = performance.now();
    if (messages - (seen.at(-1)?.records ?? 0) > (1 - NEARLY_ALL) * messages) quietSince = at;
    seen.push({ at, records: messages, cpuMs: worker.used.cpuMs });
    return at - quietSince > QUIET_MS;
  });
  const all = seen.at(-1)?.records ?? 0;
  const found = seen.find(({ records }) => records >= NEARLY_ALL * all);
  return { endedAt: Math.max(committedAt, found?.at ?? 0), cpuMs: found?.cpuMs ?? 0 };
}

/** The mean size of a record's data, from a sample. */
async function meanRecord({ nc }: Rig, records: number): Promise<number> {
  const size = Math.min(50, records);
  const sample = await Promise.all(
    Array.from({ length: size }, (_, i) =>
      getMessage(nc, RECORDS_STREAM, 1 + Math.floor((i * records) / size)),
    ),
  );
  const bytes = sample.reduce((sum, message) => sum + (message?.data.length ?? 0), 0);
  return size === 0 ? 0 : Math.round(bytes / size);
}

/** Bytes that Redis has been sent, commands and their framing included. */
async function inputBytes(redis: Redis): Promise<number> {
  return Number(/total_net_input_bytes:(\d+)/.exec(await redis.info('stats'))?.[1] ?? 0);
}

async function drainBare(rig: Rig, last: readonly number[], monitor: MonitorDrained): Promise<Drained> {
  const { bytesPerEvent, recordsPerEvent, recordBytes } = monitor;
  const total = last.reduce((a, b) => a + b, 0);
  const bare = {
    live: false,
    from: last.map(() => 1),
    to: last,
    bytesPerEvent,
    recordsPerEvent,
    recordBytes,
    events: total,
  };
  const worker = await rig.worker('worker-bare.ts', { BARE: JSON.stringify(bare) });
  const { events, seconds, cpuMs } = await worker.until('done');
  return { eventsPerSecond: events / seconds, cpuPerEventUs: (cpuMs * 1000) / total };
}
