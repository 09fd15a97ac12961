// `npm run test:chaos -- --seed N --kills 50 --events 20000 --reloads 14`: the long form of the chaos test. Prints its seed
// and what it found; exit 1 when anything is wrong.
import { parseArgs } from 'node:util';
import { chaos } from './run.ts';

const MS_A_KILL = 4_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string' },
    events: { type: 'string' },
    reloads: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const kills = Number(values.kills ?? 50);
const events = Number(values.events ?? 20_000);
const reloads = Number(values.reloads ?? 14);
const began = Date.now();
console.log(`chaos: seed ${seed}, ${kills} kills, ${reloads} reloads, ${events} events`);
const result = await chaos({
  seed,
  kills,
  events,
  reloads,
  loadMs: kills * MS_A_KILL,
  say: line => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`),
});
const wrong = result.stages.reduce((sum, { findings }) => sum + findings.wrong.length, 0);
console.log(`chaos: seed ${seed}, ${JSON.stringify(result.done)}, ${wrong === 0 ? 'nothing' : wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
