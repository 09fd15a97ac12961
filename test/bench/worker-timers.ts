// BullMQ delayed jobs as timers, as the baseline of ours: adds all of them, and counts how late each is started.
import { z } from 'zod';
import { openQueue } from './bullmq.ts';
import { cpuMs, Lags, onTold, say } from './worker.ts';

const TIMERS = z.object({ count: z.number(), gapMs: z.number() });
const { count, gapMs } = TIMERS.parse(JSON.parse(process.env.TIMERS ?? '{}'));
/** How many jobs are added in one call. */
const CHUNK = 1_000;

onTold(() => {});
const lags = new Lags();
let allFired = () => {};
const fired = new Promise<void>(resolve => {
  allFired = resolve;
});
const jobs = openQueue('timers', dueAt => {
  lags.add(Date.now() - dueAt);
  if (lags.count === count) allFired();
});
await jobs.ready();
say({ kind: 'ready' });
// About 10,000 jobs a second are added here; all must be there before the first is due.
const from = Date.now() + 2_000 + count / 4;
for (let at = 0; at < count; at += CHUNK) {
  const dues = Array.from({ length: Math.min(CHUNK, count - at) }, (_, i) => from + (at + i) * gapMs);
  await jobs.addAll(dues.map((dueAt, i) => ({ id: `t-${at + i}`, dueAt })));
}
if (Date.now() > from) throw new Error('the jobs were added too late to measure what is due after them');
const startedAt = performance.now();
await fired;
const seconds = (performance.now() - startedAt) / 1000;
say({ kind: 'done', events: count, seconds, cpuMs: cpuMs(), lags: lags.quantiles });
await jobs.close();
process.disconnect?.();
