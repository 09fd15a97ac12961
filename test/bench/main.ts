// `npm run bench`: runs the benchmarks, all or those named, and prints what they found as one table, or as JSON.
import { parseArgs } from 'node:util';
import { benchBoard } from './board.ts';
import { benchCalendars } from './calendar.ts';
import { benchDrain, benchOpenCases } from './drain.ts';
import { benchEngine } from './engine.ts';
import { benchLatency } from './latency.ts';
import { benchParts } from './parts.ts';
import { benchPolicySize } from './policy-size.ts';
import { isReached, type Row, ratioOf, type Sizes, showRows } from './report.ts';
import { benchTimers } from './timers.ts';

interface Bench {
  readonly name: string;
  readonly about: string;
  readonly run: (sizes: Sizes) => Promise<readonly Row[]>;
}

const BENCHES: readonly Bench[] = [
  { name: 'drain', about: '(a) a stored backlog, to committed state', run: benchDrain },
  { name: 'latency', about: '(b) from stored to committed at 1,000 and 10,000 events/s', run: benchLatency },
  {
    name: 'timers',
    about: '(c) timer lag at 1,000 due a second, and very many due at once',
    run: benchTimers,
  },
  { name: 'open', about: '(d) draining with a million open cases', run: benchOpenCases },
  { name: 'board', about: '(e) from published to the frame at 1 and 1,000 clients', run: benchBoard },
  { name: 'parts', about: '(f) against BullMQ jobs and a Redis round trip an event', run: benchParts },
  { name: 'policy', about: '(g) a step with packs of 10, 100 and 1,000 rules', run: benchPolicySize },
  { name: 'engine', about: 'a step of the engine alone', run: benchEngine },
  { name: 'calendar', about: 'asking a calendar', run: benchCalendars },
];

const USAGE = `Usage: npm run bench -- [names] [--quick] [--json]

  --quick  small sizes: shows in about a minute that all of it works; the figures mean little
  --json   what was found as JSON on standard output; progress goes to standard error

${BENCHES.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join('\n')}
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const options = {
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
  const unknown = positionals.filter(name => !BENCHES.some(bench => bench.name === name));
  if (values.help === true || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `no such benchmark: ${unknown.join(', ')}\n\n${USAGE}` : USAGE);
    return unknown.length > 0 ? 2 : 0;
  }
  const sizes = { quick: values.quick === true };
  const rows: Row[] = [];
  let failed = 0;
  for (const { name, about, run } of BENCHES) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const startedAt = performance.now();
    process.stderr.write(`${name}: ${about} … `);
    try {
      rows.push(...(await run(sizes)));
      process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    } catch (error) {
      failed += 1;
      process.stderr.write(
        `failed\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    }
  }
  const told = rows.map(row => ({ ...row, ratio: ratioOf(row), reached: isReached(row) }));
  process.stdout.write(values.json === true ? `${JSON.stringify(told, null, 2)}\n` : `\n${showRows(rows)}\n`);
  return failed === 0 ? 0 : 1;
}
