// Runs before the tests: sees to the programs that they need. Nothing to do, and quick, when they are there.
import { ensurePrograms, findProgram, type ProgramName } from '../../src/embedded/programs.ts';

const NEEDED: readonly ProgramName[] = [
  'nats-server',
  'redis-server',
  'chromium',
  'prometheus',
  'promtool',
  'alertmanager',
];

const missing = NEEDED.filter(name => findProgram(name) === null);
if (missing.length > 0) {
  try {
    await ensurePrograms(missing, line => process.stderr.write(`# ${line}\n`));
  } catch (error) {
    process.stderr.write(`# ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
