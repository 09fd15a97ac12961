// The short form of the chaos test: a seeded load while processors, Redis and NATS are killed, one process is held until it
// has lost its partitions, and the policy changes; Redis is then emptied, and put back to an older copy. `npm run
// test:chaos` is longer.
import t from 'tap';
import { chaos } from '../chaos/run.ts';

const SEED = 20_261_122;

// A busy machine takes its time.
t.setTimeout(300_000);

t.test(
  'kills and reloads at random moments lose nothing, repeat nothing, and make outcomes those of a backtest',
  { timeout: 290_000 },
  async t => {
    const lines: string[] = [];
    const result = await chaos({
      seed: SEED,
      events: 5_000,
      kills: 6,
      reloads: 6,
      loadMs: 16_000,
      say: line => lines.push(line),
    }).catch((error: unknown) => {
      t.comment(lines.join('\n'));
      throw error;
    });
    t.comment(`seed ${SEED}: ${JSON.stringify(result.done)}`);
    t.equal(result.stages.length, 3);
    for (const { name, findings } of result.stages) {
      t.same(findings.wrong.slice(0, 20), [], name);
      const { summary } = findings;
      t.comment(`${name}: ${JSON.stringify(summary)}`);
      t.ok(summary.accepted > 4_000 && summary.rejected > 100, 'events are accepted and rejected');
      t.ok(summary.records > 5_000 && summary.cycles > 3_000, 'much is told');
      t.ok(summary.calls > 50, 'emergency plans start');
      t.ok(summary.policies >= 2 && summary.swept > 200, 'policies change under open cases');
      t.ok(summary.overlaps > 0, 'also while cases still wait for the one before');
      t.ok(summary.before > 0, 'and under some that were touched before their turn');
      t.ok(summary.disordered > 300 && summary.farDisordered > 10, 'events come up to an hour late');
      t.ok(Object.keys(summary.judged).length >= 2, 'cases are judged by several policies');
    }
    t.ok((result.done.redis ?? 0) > 0 && (result.done.nats ?? 0) > 0, 'both servers were killed');
  },
);
