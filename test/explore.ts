// Tries properties with new random cases for some minutes, where `npm test` always tries the same ones. Each file runs under
// one seed after another; at the first failure it says which, how to repeat it, and ends with exit code 1.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'npm run test:explore -- [--minutes 10] [--times 5] [FILE ...]';
const MINUTE_MS = 60_000;

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, times: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
const times = Number(values.times);
if (!(minutes > 0) || !(times > 0)) throw new Error(`expected numbers above 0: ${USAGE}`);

const files = positionals.length > 0 ? positionals : filesOfChance();
const until = Date.now() + minutes * MINUTE_MS;
let tried = 0;
while (Date.now() < until) {
  const seed = Math.floor(Math.random() * 1_000_000_000);
  for (const file of files) {
    const { code, output } = await run(file, seed);
    if (code === 0) continue;
    console.log(output);
    console.log(`failed after ${tried} whole rounds: SEED=${seed} TIMES=${times} node --import=tsx ${file}`);
    process.exit(1);
  }
  tried += 1;
}
console.log(
  `${files.length} files, ${tried} rounds of ${times} times as many cases as by default: nothing failed`,
);

function filesOfChance(): string[] {
  const names = readdirSync('test', { recursive: true, encoding: 'utf8' });
  const tests = names.filter(name => name.endsWith('.test.ts')).map(name => join('test', name));
  return tests.filter(file => readFileSync(file, 'utf8').includes('support/chance.ts')).sort();
}

function run(file: string, seed: number): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, SEED: String(seed), TIMES: String(times), TAP_TIMEOUT: '0' };
  const child = spawn(process.execPath, ['--import=tsx', file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code, output }));
  });
}
