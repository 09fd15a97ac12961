// `sla-monitor calendar`: due instants and open times on any calendar, line by line.
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { formatTime, parseTime } from '../contract/time.ts';
import { TooFarError } from '../policy/calendar.ts';
import type { Calendar } from '../policy/compiled.ts';
import { parseDuration } from '../policy/duration.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { CENTURY_ADVICE, isWithinCentury } from '../policy/reach.ts';
import { standaloneCalendar } from '../policy/standalone.ts';
import { cantOpen } from './file-problem.ts';
import { readAddedYears } from './holiday-file.ts';
import { readLines, write } from './lines.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor calendar [FILE] [--holidays FILE]

Reads NDJSON from FILE or standard input and writes NDJSON:
  {"calendar": {"timezone": …, "hours": …}, "start": T, "target": "4bd"}  gives  {"due": T}
  {"calendar": …, "start": T, "end": T}                                   gives  {"elapsedMs": N}
A line that can't be used gives {"error": …}, and the exit code is 1 at the end.

  --holidays FILE  a year of holidays for the calendars, as holidays add takes it; may be repeated
`;

const lineSchema = z.object({
  calendar: z.unknown(),
  start: z.string(),
  end: z.string().optional(),
  target: z.string().optional(),
});

/** Calendars are compiled once while lines repeat them; more than so many at once are forgotten. */
const CALENDARS_KEPT_MAX = 100;

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { holidays: { type: 'string', multiple: true, default: [] } },
  });
  const [file = '-', ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`One file at a time; ${rest.join(' ')} is too much`);
  const calendars = new CalendarCache(file === '-' ? '.' : dirname(file), readAddedYears(values.holidays));
  let bad = false;
  try {
    for await (const line of readLines(file)) {
      if (line.trim() === '') continue;
      const answer = answerLine(line, calendars);
      if ('error' in answer) bad = true;
      await write(`${JSON.stringify(answer)}\n`);
    }
  } catch (error) {
    const problem = cantOpen(file, error);
    throw problem === null ? error : new CommandError(problem);
  }
  return bad ? 1 : 0;
}

type Answer = { readonly due: string } | { readonly elapsedMs: number } | { readonly error: string };

/** What one line asks for; whatever is wrong with it is the answer. */
function answerLine(line: string, calendars: CalendarCache): Answer {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(line));
    if (!parsed.success) return { error: z.prettifyError(parsed.error) };
    const { start, end, target } = parsed.data;
    const found = calendars.get(parsed.data.calendar);
    if ('error' in found) return found;
    const from = instant('start', start);
    if (target !== undefined && end === undefined) {
      return { due: formatTime(dueAt(found.calendar, from, target)) };
    }
    if (end !== undefined && target === undefined) {
      return { elapsedMs: found.calendar.elapsed(from, instant('end', end)) };
    }
    return { error: 'expected either target or end' };
  } catch (error) {
    // Whatever a line makes go wrong (no JSON, no such instant, never open) concerns that line only.
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function dueAt(calendar: Calendar, from: number, text: string): number {
  const target = parseDuration(text);
  if ('error' in target) throw new Error(`target: ${target.error}; expected 30s, 5m, 2h, 3d or 4bd`);
  const due = () =>
    target.kind === 'time'
      ? calendar.add(from, target.ms)
      : calendar.addBusinessDays(from, target.days, target.sameTime);
  if (isWithinCentury(calendar, from, target)) return due();
  try {
    due();
  } catch (error) {
    // Where it never opens again that is the reason to tell.
    if (!(error instanceof TooFarError)) throw error;
  }
  const { expected, example } = CENTURY_ADVICE;
  throw new Error(
    `target: "${text}" falls due more than a hundred years after the start; expected ${expected}, for example ${example}`,
  );
}

function instant(name: string, text: string): number {
  const at = parseTime(text);
  if (at === null) throw new Error(`${name}: "${text}" is not an RFC 3339 time`);
  return at;
}

class CalendarCache {
  readonly #folder: string;
  readonly #addedYears: readonly AddedYear[];
  readonly #known = new Map<string, ReturnType<typeof standaloneCalendar>>();

  constructor(folder: string, addedYears: readonly AddedYear[]) {
    this.#folder = folder;
    this.#addedYears = addedYears;
  }

  get(data: unknown): ReturnType<typeof standaloneCalendar> {
    const key = JSON.stringify(data) ?? '';
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const read = (file: string) => readFileSync(isAbsolute(file) ? file : join(this.#folder, file), 'utf8');
    const made = standaloneCalendar(data, read, this.#addedYears);
    if (this.#known.size >= CALENDARS_KEPT_MAX) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }
}
