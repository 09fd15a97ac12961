// `sla-monitor check`: is a policy sound, and what does it hold?
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { columnsOf, padded } from '../contract/columns.ts';
import { counted, titleWords } from '../contract/words.ts';
import type { CompiledClock, CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';
import { uncoveredCalendars, uncoveredWarning } from '../policy/coverage.ts';
import { durationsOf, formatDuration } from '../policy/duration.ts';
import { loadPolicy } from '../policy/load.ts';
import { formatError } from '../policy/place.ts';
import { fileProblem } from './file-problem.ts';
import { readAddedYears } from './holiday-file.ts';
import { write } from './lines.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor check POLICY [--holidays FILE]

Checks a policy (YAML or JSON; - is standard input) as a whole. Exit 0 and a summary of its rules, or exit 1 and
each error with its file, line, column and key, what was expected there, and an example.

  --holidays FILE  a year of holidays for its calendars, as holidays add takes it; may be repeated

From 60 days before a calendar comes to a year whose holidays are not known, a warning says so. check asks no server: of a year
that holidays add has added it knows by --holidays FILE, and doctor says what the running monitor knows. Values that are
nearly a usual one of their field, such as urgnt, are warned of as well; warnings leave the exit at 0.
`;

const NO_SERVER =
  'check asks no server: where that was done already, --holidays FILE tells it of the year, and doctor asks the running monitor';

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { holidays: { type: 'string', multiple: true, default: [] } },
  });
  const [file, ...rest] = positionals;
  if (file === undefined) throw new UsageError('Say which policy: check POLICY.');
  if (rest.length > 0) throw new UsageError(`One policy at a time; ${rest.join(' ')} is too much`);
  const addedYears = readAddedYears(values.holidays);
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(fileProblem(file, error));
  }
  const result = loadPolicy(text, {
    file: file === '-' ? '<stdin>' : file,
    readFile: path => readFileSync(path, 'utf8'),
    addedYears,
  });
  if (!result.ok) {
    await write(result.errors.map(error => `${formatError(error)}\n`).join(''));
    await write(`${counted(result.errors.length, 'error')}\n`);
    for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
    return 1;
  }
  const warnings = [...result.warnings, ...coverageWarnings(result.policy, Date.now())];
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  await write(summary(result.policy));
  return 0;
}

/** Which calendars run into unknown holidays, and where to look when the year has been added: that is kept on a server. */
export function coverageWarnings(policy: CompiledPolicy, now: number): string[] {
  return uncoveredCalendars(policy, now).map(one =>
    one.country === null ? uncoveredWarning(one) : `${uncoveredWarning(one)}. ${NO_SERVER}`,
  );
}

function summary(policy: CompiledPolicy): string {
  const rows = [
    ...policy.clocks.map(clock => [
      'clock',
      clock.rule,
      clock.entity,
      targetText(clock),
      titleWords(clock.title),
    ]),
    ...policy.indicators.map(one => [
      'indicator',
      one.rule,
      one.measure.kind,
      boundText(one),
      titleWords(one.title),
    ]),
  ];
  const widths = [0, 1, 2, 3].map(i => Math.max(0, ...rows.map(row => columnsOf(row[i] ?? ''))));
  const lines = rows.map(row =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const counts = `${counted(policy.clocks.length, 'clock')}, ${counted(policy.indicators.length, 'indicator')}`;
  return [`${policy.name} ${policy.hash} (${policy.timezone}): ${counts}`, ...lines, ''].join('\n');
}

function targetText({ target, calendar }: CompiledClock): string {
  const on = calendar.always ? '' : ` ${calendar.name}`;
  const written =
    target.kind === 'at' ? `at ${target.field}` : durationsOf(target).map(formatDuration).join('/');
  return `${written}${on}`;
}

function boundText({ alert, unit }: CompiledIndicator): string {
  const bound = alert?.above ?? alert?.below ?? null;
  if (alert === null || bound === null) return '';
  const value =
    unit === 'ratio' ? `${Math.round(bound * 1e6) / 1e4}%` : `${bound}${unit === 'seconds' ? 's' : ''}`;
  return `${alert.above === null ? 'below' : 'above'} ${value}`;
}
