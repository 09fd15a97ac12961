// (c) How late timers fire: a thousand due each second, and very many due at one instant. The baselines are a
// BullMQ delayed job for each, with a worker that does nothing but look at the clock, and a bare loop over a sorted set.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { createdTicket, dueAfter, policyText } from './clocks.ts';
import { publishLoad } from './load.ts';
import { latencyRows, type Quantiles, type Row, type Sizes } from './report.ts';
import { numbers, type Rig, waitFor, withRig } from './rig.ts';

const TARGET_MS = 3_600_000;

export async function benchTimers({ quick }: Sizes): Promise<Row[]> {
  const evenly = quick ? 3_000 : 10_000;
  const atOnce = quick ? 10_000 : 100_000;
  return withRig(async rig => {
    const even = await byMonitor(rig, evenly, 1, 10_000);
    const evenTheirs = await byBullmq(rig, evenly);
    const burst = await byMonitor(rig, atOnce, 0, 10_000 + atOnce / 5);
    const bareMs = await bySortedSet(rig.redis, atOnce);
    const part = 'c';
    return [
      ...latencyRows(
        { part, what: 'timer lag, 1000 due a second', baselineWhat: 'BullMQ delayed jobs that do nothing' },
        even,
        evenTheirs,
        { of: 'ours', atMost: 25 },
      ),
      {
        part,
        what: `${atOnce} due at once, all fired after`,
        unit: 'ms',
        ours: burst.max,
        baseline: bareMs,
        baselineWhat: 'a bare loop that takes as many from a sorted set and writes their states',
        better: 'lower',
        aim: null,
      },
    ];
  });
}

/** Tickets whose clocks are due `gapMs` apart from the instant `aheadMs` from now on; their lags. */
async function byMonitor(rig: Rig, count: number, gapMs: number, aheadMs: number): Promise<Quantiles> {
  const file = join(rig.servers.dir, 'policy.yaml');
  writeFileSync(file, policyText(dueAfter(TARGET_MS)));
  const worker = await rig.worker('worker-monitor.ts', { POLICY_FILE: file });
  const before = (await rig.lastSequences()).reduce((a, b) => a + b, 0);
  const from = Date.now() + aheadMs;
  function* tickets() {
    for (let i = 0; i < count; i++) yield createdTicket(`T-${from}-${i}`, from + i * gapMs - TARGET_MS);
  }
  await publishLoad(rig.publisher, tickets());
  await waitFor('the tickets', 120_000, async () => (await rig.committed()) >= before + count);
  if (Date.now() > from)
    throw new Error('the tickets were applied too late to measure what is due after them');
  await waitFor('the timers', aheadMs + count * gapMs + 60_000, () => worker.used.timers >= count);
  const { timers } = await worker.lags();
  await worker.stop();
  return timers;
}

/** The same number of BullMQ jobs, due a millisecond apart. */
async function byBullmq(rig: Rig, count: number): Promise<Quantiles> {
  const worker = await rig.worker('worker-timers.ts', { TIMERS: JSON.stringify({ count, gapMs: 1 }) });
  const { lags } = await worker.until('done');
  await worker.stop();
  if (lags === undefined) throw new Error('the worker counted no lags');
  return numbers(lags);
}

/** Deadlines in one commit. */
const CHUNK = 2_000;
/** About what a case of one event takes. */
const STATE = 'x'.repeat(200);

/** Milliseconds in which `count` deadlines that are due are taken from Redis, and as many states written there. */
async function bySortedSet(redis: Redis, count: number): Promise<number> {
  for (let from = 0; from < count; from += CHUNK) {
    const pairs = Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => [
      1,
      `ticket/T-${from + i}`,
    ]);
    await redis.zadd('bare:alarms', ...pairs.flat());
  }
  const startedAt = performance.now();
  for (;;) {
    const due = await redis.zrangebyscore('bare:alarms', '-inf', Date.now(), 'LIMIT', 0, CHUNK);
    if (due.length === 0) return performance.now() - startedAt;
    const states = due.flatMap(key => [key, STATE]);
    await redis
      .multi()
      .hset('bare:cases', ...states)
      .zrem('bare:alarms', ...due)
      .exec();
  }
}
