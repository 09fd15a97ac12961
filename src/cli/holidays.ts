// `holidays add`, `list`, `remove`: years of holidays in SLA_CONFIG. Every monitor on these servers follows them there and
// puts its policy into force with them; one that starts later begins with them.
import { parseArgs } from 'node:util';
import type { KV } from 'nats';
import { commandLine, counted } from '../contract/words.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { calendarsOf } from '../policy/holiday-file.ts';
import { putYear, removeYear } from '../policy-store/holidays.ts';
import { withConfig } from './config-bucket.ts';
import { readAddedYear } from './holiday-file.ts';
import { configured } from './kept-policies.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor holidays add FILE [--by NAME]
       sla-monitor holidays list
       sla-monitor holidays remove COUNTRY YEAR

add      keeps a year of holidays for the calendars of its country: instead of what is known of that year, or where
         nothing is. Running monitors take it at once, for open cases too
list     the years that were added, one a line: country, year, days off, working days, by whom, when, and the
         calendars of the policy in force that use it
remove   what the program knows of the year holds again, or plain hours: it says which

FILE is YAML or JSON, - is standard input:

  country: CN
  year: 2027
  off: ["2027-01-01", "2027-02-05/2027-02-11"]     # dates, and ranges from the first day to the last
  work: ["2027-02-20"]                             # make-up working days, which have Monday's hours

  --by NAME    who adds it, for the list; else "command line"

check, backtest, explain and calendar take such a file as --holidays FILE. Over HTTP, POST /api/v1/holidays says first
what a year would change on open cases.
`;

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { by: { type: 'string' } },
  });
  const [action, ...rest] = positionals;
  if (values.by !== undefined && action !== 'add') throw new UsageError('--by goes with holidays add.');
  switch (action) {
    case 'add':
      return add(rest, values.by ?? 'command line');
    case 'list':
      if (rest.length > 0) throw new UsageError(`Too many arguments: ${rest.join(' ')}`);
      return withConfig('holidays', list);
    case 'remove':
      return remove(rest);
    case undefined:
      throw new UsageError('Say what to do: add, list or remove.');
    default:
      throw new UsageError(`There is no "holidays ${action}": add, list or remove.`);
  }
}

async function add([file, ...more]: readonly string[], by: string): Promise<number> {
  if (file === undefined) throw new UsageError('Say which file: holidays add FILE.');
  if (more.length > 0) throw new UsageError(`One file at a time; ${more.join(' ')} is too much.`);
  const added = readAddedYear(file);
  return withConfig('holidays', async kv => {
    await putYear(kv, added, by);
    const { country, year, off, work } = added;
    const { inForce } = await configured(kv);
    const users = inForce === null ? [] : calendarsOf(inForce.policy.calendars.values(), country);
    const use =
      users.length > 0
        ? `used by ${users.join(', ')}`
        : `no calendar of the policy in force uses ${country}; it is kept until one does`;
    const days = `${counted(off.length, 'day off', 'days off')}, ${counted(work.length, 'working day')}`;
    process.stdout.write(`${country} ${year}: ${days}; ${use}\n`);
    return 0;
  });
}

async function list(kv: KV): Promise<number> {
  const { years, inForce } = await configured(kv);
  if (years.length === 0) process.stderr.write('No year was added\n');
  for (const { country, year, off, work, by, at } of years) {
    const users = inForce === null ? [] : calendarsOf(inForce.policy.calendars.values(), country);
    const row = [country, year, off.length, work.length, by, at, users.join(',') || '-'];
    process.stdout.write(`${row.join('\t')}\n`);
  }
  return 0;
}

async function remove([country, text, ...more]: readonly string[]): Promise<number> {
  if (country === undefined || text === undefined || more.length > 0)
    throw new UsageError('Say which: holidays remove COUNTRY YEAR.');
  if (!/^[A-Z]{2}$/.test(country) || !/^\d{4}$/.test(text))
    throw new UsageError(`${country} ${text}: expected a country and a year, such as CN 2027.`);
  const year = Number(text);
  return withConfig('holidays', async kv => {
    if (!(await removeYear(kv, country, year)))
      throw new CommandError(`No year ${text} of ${country} was added; see ${commandLine('holidays list')}`);
    const { inForce } = await configured(kv);
    process.stdout.write(`${country} ${year}: removed; ${leftFor(inForce?.policy ?? null, country, year)}\n`);
    return 0;
  });
}

/** What holds in a year that was removed. */
function leftFor(policy: CompiledPolicy | null, country: string, year: number): string {
  const all = [...(policy?.calendars.values() ?? [])];
  const users = all.filter(calendar => calendar.country === country);
  if (users.length === 0) return `no calendar of the policy in force uses ${country}`;
  const middle = Date.UTC(year, 6, 1);
  const isKnown = users.every(calendar => calendar.uncoveredYear(middle, middle) === null);
  const holds = isKnown ? 'what the program knows of that year holds' : 'plain hours hold in that year';
  return `${holds} for ${users.map(({ name }) => name).join(', ')}, in open cases too`;
}
