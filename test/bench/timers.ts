// (c) How late timers fire: a thousand due each second, and very many due at one instant. The baseline is a BullMQ
// delayed job for each, with a worker that does nothing but look at the clock.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createdTicket, dueAfter, policyText } from './clocks.ts';
import { publishLoad } from './load.ts';
import { latencyRows, type Quantiles, type Row, type Sizes } from './report.ts';
import { numbers, type Rig, waitFor, withRig } from './rig.ts';

const TARGET_MS = 3_600_000;

export async function benchTimers({ quick }: Sizes): Promise<Row[]> {
  const evenly = quick ? 3_000 : 10_000;
  const [ours, theirs] = quick ? [10_000, 3_000] : [100_000, 20_000];
  return withRig(async rig => {
    const even = await byMonitor(rig, evenly, 1, 10_000);
    const evenTheirs = await byBullmq(rig, evenly, 1);
    const burst = await byMonitor(rig, ours, 0, 10_000 + ours / 5);
    const burstTheirs = await byBullmq(rig, theirs, 0);
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
        what: `${ours} due at once, all fired after`,
        unit: 'ms',
        ours: burst.max,
        baseline: null,
        baselineWhat: '',
        better: 'lower',
        aim: null,
      },
      {
        part,
        what: 'rate at which what is due at once fires',
        unit: '/s',
        ours: (ours * 1000) / burst.max,
        baseline: (theirs * 1000) / burstTheirs.max,
        baselineWhat: `BullMQ, ${theirs} delayed jobs due at once`,
        better: 'higher',
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

async function byBullmq(rig: Rig, count: number, gapMs: number): Promise<Quantiles> {
  const worker = await rig.worker('worker-timers.ts', { TIMERS: JSON.stringify({ count, gapMs }) });
  const { lags } = await worker.until('done');
  await worker.stop();
  if (lags === undefined) throw new Error('the worker counted no lags');
  return numbers(lags);
}
