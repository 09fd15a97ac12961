// (b) From the storing of an event until its effects are committed, at a steady rate; the baseline is a bare loop that
// reads, parses and commits as much at the same rate, with the same pause between two commits.
import type { Publisher } from '../../src/broker/publisher.ts';
import { makeLoad } from './load.ts';
import { latencyRows, type Quantiles, type Row, type Sizes, shown } from './report.ts';
import { numbers, PARTITIONS, pace, type Rig, waitFor, withRig } from './rig.ts';

const WARM_UP_SECONDS = 2;
/** What a commit of the monitor takes with this load, as (a) measures it. */
const BYTES_PER_EVENT = 600;
const RECORDS_PER_EVENT = 0.5;
const RECORD_BYTES = 380;

export async function benchLatency({ quick }: Sizes): Promise<Row[]> {
  const seconds = quick ? 3 : 10;
  const rows: Row[] = [];
  for (const rate of [1_000, 10_000]) {
    const { ours, bare } = await withRig(async rig => ({
      ours: await byMonitor(rig, rate, seconds),
      bare: await byBare(rig, rate, seconds),
    }));
    // A busy machine does not publish as fast as it should: then the row says at which rate it was measured.
    const slow = Math.min(ours.rate, bare.rate) < 0.9 * rate;
    const at = slow ? `${shown(ours.rate)}/s (baseline ${shown(bare.rate)}/s) of ${rate}/s` : `${rate}/s`;
    const row = { part: 'b', what: `stored to committed at ${at}`, baselineWhat: 'bare loop at this rate' };
    rows.push(...latencyRows(row, ours.lags, bare.lags));
  }
  return rows;
}

interface Measured {
  readonly lags: Quantiles;
  /** Events a second that the publisher managed. */
  readonly rate: number;
}

async function byMonitor(rig: Rig, rate: number, seconds: number): Promise<Measured> {
  const worker = await rig.worker('worker-monitor.ts');
  let before = 0;
  const load = async (lasting: number, seed: number) => {
    const reached = await publishSteadily(rig.publisher, rate, lasting, seed);
    before += rate * lasting;
    await waitFor('the events', 60_000, async () => (await rig.committed()) >= before);
    return reached;
  };
  await load(WARM_UP_SECONDS, 1);
  worker.tell('reset');
  const reached = await load(seconds, 2);
  const { events } = await worker.lags();
  await worker.stop();
  return { lags: events, rate: reached };
}

async function byBare(rig: Rig, rate: number, seconds: number): Promise<Measured> {
  const bare = {
    live: true,
    from: (await rig.lastSequences()).map(last => last + 1),
    to: [],
    bytesPerEvent: BYTES_PER_EVENT,
    recordsPerEvent: RECORDS_PER_EVENT,
    recordBytes: RECORD_BYTES,
    events: rate * (WARM_UP_SECONDS + seconds),
  };
  const worker = await rig.worker('worker-bare.ts', { BARE: JSON.stringify(bare) });
  await publishSteadily(rig.publisher, rate, WARM_UP_SECONDS, 3);
  worker.tell('reset');
  const reached = await publishSteadily(rig.publisher, rate, seconds, 4);
  const { lags } = await worker.until('done');
  if (lags === undefined) throw new Error('the bare loop counted no lags');
  return { lags: numbers(lags), rate: reached };
}

/** Publishes calls and tickets evenly; resolves with the rate that was reached when all are stored. */
async function publishSteadily(
  publisher: Publisher,
  rate: number,
  seconds: number,
  seed: number,
): Promise<number> {
  const events = rate * seconds;
  const load = makeLoad({ events, openCases: 10_000, partitions: PARTITIONS, clock: () => Date.now(), seed });
  const startedAt = performance.now();
  let lost = 0;
  await pace(rate, events, async () => {
    const { value, done } = load.next();
    if (done === true) return;
    if (!publisher.hasRoom) await publisher.room();
    publisher.send(value.subject, value.data, undefined, ({ result }) => {
      if (result !== 'stored') lost += 1;
    });
  });
  const reached = (events * 1000) / (performance.now() - startedAt);
  await publisher.idle();
  if (lost > 0) throw new Error(`${lost} events were not stored`);
  return reached;
}
