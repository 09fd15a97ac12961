// The short form of the chaos test: a seeded load while processors, Redis and NATS are killed, and one process is held
// until it has lost its partitions; Redis is then emptied, and put back to an older copy. `npm run test:chaos` is longer.
import t from 'tap';
import { chaos } from '../chaos/run.ts';

const SEED = 20_261_122;

// A busy machine takes its time.
t.setTimeout(300_000);

t.test(
  'kills at random moments lose nothing, repeat nothing, and change no outcome',
  { timeout: 290_000 },
  async t => {
    const lines: string[] = [];
    const result = await chaos({
      seed: SEED,
      events: 6_000,
      kills: 6,
      loadMs: 15_000,
      say: line => lines.push(line),
    }).catch((error: unknown) => {
      t.comment(lines.join('\n'));
      throw error;
    });
    t.comment(`seed ${SEED}: ${JSON.stringify(result.done)}`);
    t.equal(result.stages.length, 3);
    for (const { name, findings } of result.stages) {
      t.same(findings.wrong.slice(0, 20), [], name);
      const { accepted, records, cycles, rejected, alerts, calls } = findings.summary;
      t.ok(accepted > 5_000 && rejected > 100, `${accepted} events accepted, ${rejected} rejected`);
      t.ok(
        records > 2_000 && cycles > 1_000 && alerts > 0 && calls > 100,
        `${records} records, ${cycles} cycles, ${alerts} alerts, ${calls} calls for an emergency plan`,
      );
    }
    t.ok((result.done.redis ?? 0) > 0 && (result.done.nats ?? 0) > 0, 'both servers were killed');
  },
);
