// (f) Against what a team would write with the usual parts: a Redis round trip an event and a BullMQ delayed job a
// clock, doing the same clocks on the same events. Events a second of a stored backlog, and the lag of timers while a
// thousand events a second come in, each of which starts a clock.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createdTicket, dueAfter, policyText, type SimpleClock, USUAL } from './clocks.ts';
import { makeLoad, publishLoad } from './load.ts';
import { latencyRows, type Quantiles, type Row, type Sizes } from './report.ts';
import { numbers, PARTITIONS, pace, type Rig, type Worker, waitFor, withRig } from './rig.ts';

const RATE = 1_000;
const TARGET_MS = 2_000;
const PART = 'f';

export async function benchParts({ quick }: Sizes): Promise<Row[]> {
  const [events, byHand] = quick ? [20_000, 5_000] : [100_000, 20_000];
  const [ours, theirs] = await withRig(async rig => {
    const load = { events, openCases: 5_000, partitions: PARTITIONS, clock: () => Date.now(), seed: 1 };
    await publishLoad(rig.publisher, makeLoad(load));
    const monitor = await drain(rig, events);
    const parts = await partsWorker(rig, USUAL, byHand, false);
    const done = await parts.until('done');
    return [monitor, done.events / done.seconds] as const;
  });
  const [lag, theirLag] = await withRig(async rig => {
    const count = RATE * (quick ? 3 : 8);
    const monitor = await startMonitor(rig, dueAfter(TARGET_MS));
    const found = await lagsOf(rig, count, monitor);
    await monitor.stop();
    const parts = await partsWorker(rig, dueAfter(TARGET_MS), count, true);
    await publishTickets(rig, count);
    const { lags } = await parts.until('done');
    if (lags === undefined) throw new Error('the worker counted no lags');
    return [found, numbers(lags)] as const;
  });
  const baselineWhat = 'a Redis round trip an event and a BullMQ job a clock';
  return [
    {
      part: PART,
      what: 'the same three clocks on a stored backlog',
      unit: 'events/s',
      ours,
      baseline: theirs,
      baselineWhat,
      better: 'higher',
      aim: null,
    },
    ...latencyRows({ part: PART, what: `timer lag beside ${RATE} events/s`, baselineWhat }, lag, theirLag),
  ];
}

function startMonitor(rig: Rig, clocks: readonly SimpleClock[]): Promise<Worker> {
  const file = join(rig.servers.dir, 'policy.yaml');
  writeFileSync(file, policyText(clocks));
  return rig.worker('worker-monitor.ts', { POLICY_FILE: file });
}

/** Events a second from the first commit that is seen on. */
async function drain(rig: Rig, events: number): Promise<number> {
  const worker = await startMonitor(rig, USUAL);
  let first: { at: number; done: number } | null = null;
  let done = 0;
  await waitFor('the backlog', 120_000, async () => {
    done = await rig.committed();
    if (done > 0) first ??= { at: performance.now(), done };
    return done >= events;
  });
  const { at, done: before } = first ?? { at: 0, done: 0 };
  const rate = ((done - before) * 1000) / (performance.now() - at);
  await worker.stop();
  return rate;
}

async function lagsOf(rig: Rig, count: number, monitor: Worker): Promise<Quantiles> {
  await publishTickets(rig, count);
  await waitFor('the timers', TARGET_MS + 60_000, () => monitor.used.timers >= count);
  return (await monitor.lags()).timers;
}

function publishTickets(rig: Rig, count: number): Promise<void> {
  const run = Date.now();
  return pace(RATE, count, i => {
    const { subject, data } = createdTicket(`T-${run}-${i}`, Date.now());
    rig.publisher.send(subject, data, undefined, () => {});
  });
}

/** `events` and `timers`: how many of them end its work. With `live` it begins at the streams' ends. */
async function partsWorker(
  rig: Rig,
  clocks: readonly SimpleClock[],
  events: number,
  live: boolean,
): Promise<Worker> {
  const last = await rig.lastSequences();
  const from = live ? last.map(seq => seq + 1) : last.map(() => 1);
  const parts = { clocks, events, timers: live ? events : 0, from };
  return rig.worker('worker-parts.ts', { PARTS: JSON.stringify(parts) });
}
