#!/usr/bin/env node
// `sla-monitor COMMAND`: finds the command's file, loads only that, and turns what it throws into a message and an
// exit code: 0 done, 1 failed, 2 wrong usage.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Command, CommandError, UsageError } from './cli/usage.ts';
import { SETTING_ROWS, SettingsError } from './config.ts';
import { commandLine } from './contract/words.ts';
import { packageVersion } from './package-root.ts';

const SUMMARIES: readonly (readonly [name: string, summary: string])[] = [
  ['serve', 'run the monitor'],
  ['demo', 'servers, monitor and a simulated service centre in one command'],
  ['publish', 'publish events from a file or standard input'],
  ['check', 'check a policy file'],
  ['calendar', 'due instants and elapsed times of a calendar, NDJSON in and out'],
  ['backtest', 'run recorded events through a policy, without any server'],
  ['explain', 'why a clock of a case is due when it is'],
  ['report', 'a service report of a period'],
  ['holidays', 'add, list and remove years of holidays'],
  ['token', 'create, list and revoke access tokens'],
  ['doctor', 'check that everything needed is there and set up right'],
];

/** Errors whose message is written for people; everything else is a defect and shows its stack. */
const EXPECTED = new Set([
  'CommandError',
  'ProgramsMissingError',
  'ServerStartError',
  'PartitionsError',
  'MappingError',
  'PolicyFileError',
  'KeptYearError',
  'StreamSettingsError',
]);

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    process.stderr.write(overview());
    return 2;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return 0;
  }
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const command = await load(name);
  if (command === null) throw new UsageError(`There is no command ${name}; see ${commandLine('--help')}`);
  const end = rest.indexOf('--');
  const options = end < 0 ? rest : rest.slice(0, end);
  if (options.includes('--help') || options.includes('-h')) {
    process.stdout.write(`${command.help.trimEnd()}\n`);
    return 0;
  }
  return command.run(rest);
}

/** The command's module, loaded only now; null when there is no such command. */
async function load(name: string): Promise<Command | null> {
  if (!SUMMARIES.some(([known]) => known === name) || !existsSync(commandFile(name))) return null;
  const loaded: unknown = await import(pathToFileURL(commandFile(name)).href);
  if (!isCommand(loaded)) throw new Error(`src/cli/${name} does not export help and run`);
  return loaded;
}

function isCommand(value: unknown): value is Command {
  return (
    typeof value === 'object' &&
    value !== null &&
    'help' in value &&
    typeof value.help === 'string' &&
    'run' in value &&
    typeof value.run === 'function'
  );
}

/** Sources run as .ts, the build as .js. */
function commandFile(name: string): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(here), 'cli', `${name}${here.endsWith('.ts') ? '.ts' : '.js'}`);
}

function overview(): string {
  const there = SUMMARIES.filter(([name]) => existsSync(commandFile(name)));
  const lines = there.map(([name, summary]) => `  ${name.padEnd(10)} ${summary}`);
  const settings = SETTING_ROWS.map(row => row.name).join(' ');
  return `Usage: sla-monitor COMMAND [ARGUMENTS]

${lines.join('\n')}

  sla-monitor COMMAND --help    what the command takes
  sla-monitor --version

Settings come from the environment: ${settings}
`;
}

function explain(error: unknown): { readonly code: number; readonly text: string } {
  if (!(error instanceof Error)) return { code: 1, text: String(error) };
  const wrongUsage =
    error instanceof UsageError ||
    error instanceof SettingsError ||
    ('code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS'));
  if (wrongUsage) return { code: 2, text: error.message };
  // What a second `serve` on the same machine meets first.
  if ('code' in error && error.code === 'EADDRINUSE')
    return { code: 1, text: `${error.message}. Set HTTP_PORT to another port, or to 0 for a free one` };
  if (error instanceof CommandError || EXPECTED.has(error.name)) return { code: 1, text: error.message };
  return { code: 1, text: error.stack ?? error.message };
}

/** Whoever reads our output may stop early (`| head`): that ends us, quietly. */
function endOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

endOnClosedPipe(process.stdout);
endOnClosedPipe(process.stderr);
const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { code: failed, text } = explain(error);
  process.stderr.write(`sla-monitor: ${text}\n`);
  return failed;
});
// What was written is out before the process ends, also on a pipe that takes its time.
process.stderr.write('', () => process.stdout.write('', () => process.exit(code)));
