// `sla-monitor backtest`: recorded events run through a policy on their own time, without any server.
import { createReadStream, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EventBook } from '../backtest/book.ts';
import { compareTransitions } from '../backtest/lines.ts';
import { outcomesOf } from '../backtest/outcomes.ts';
import { Progress } from '../backtest/progress.ts';
import { replay } from '../backtest/replay.ts';
import { type Decoded, decodeMessage, decodeObject, EVENT_BYTES_MAX } from '../contract/decode.ts';
import { rejection } from '../contract/reject.ts';
import { parseTime } from '../contract/time.ts';
import { mapCsv } from '../mapping/csv.ts';
import type { Mapping } from '../mapping/schema.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { loadPolicy } from '../policy/load.ts';
import { formatError } from '../policy/place.ts';
import { byteLines } from './byte-lines.ts';
import { write } from './lines.ts';
import { readMapping } from './mapping-file.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `sla-monitor backtest --policy POLICY --events FILE [--until TIME] [--all] [--map MAPPING]

Runs recorded events through the clocks and alerts of a policy on the events' own time. No server is needed.

  --policy POLICY  the policy, YAML or JSON
  --events FILE    NDJSON of events, each a CloudEvent in JSON; - is standard input
  --until TIME     up to this instant (RFC 3339); else up to the last event. Later events are not read
  --map MAPPING    FILE is a CSV export of a helpdesk; the mapping says how its rows become events
  --all            before the outcomes, every transition of every clock and every alert

Prints one line of JSON for each clock cycle. Events that can't be used go to standard error with their line and
reason, repeated ones count once; they don't change the exit code.
`;

interface Arguments {
  readonly policy: string;
  readonly events: string;
  readonly until: number | null;
  readonly all: boolean;
  readonly mapping: Mapping | null;
}

export async function run(argv: string[]): Promise<number> {
  const args = parse(argv);
  const policy = readPolicy(args.policy);
  const progress = new Progress(process.stderr);
  const book = await readEvents(args, policy, progress);
  const until = args.until ?? book.lastAt;
  const out = new Output();
  if (args.all && book.size > 0) {
    const { transitions, alerts } = replay(policy, book, until);
    for (const line of [...transitions, ...alerts].sort(compareTransitions)) await out.line(line);
  }
  for (const outcome of outcomesOf(policy, book, until)) await out.line(outcome);
  await out.end();
  progress.end(book.size);
  return 0;
}

function parse(argv: string[]): Arguments {
  const { values } = parseArgs({
    args: argv,
    options: {
      policy: { type: 'string' },
      events: { type: 'string' },
      until: { type: 'string' },
      all: { type: 'boolean', default: false },
      map: { type: 'string' },
    },
  });
  const { policy, events, until, all, map } = values;
  if (policy === undefined || events === undefined) throw new UsageError(help.trimEnd());
  const instant = until === undefined ? null : parseTime(until);
  if (until !== undefined && instant === null)
    throw new UsageError(`--until ${until}: expected RFC 3339, such as 2026-11-20T08:00:00Z`);
  const mapping = map === undefined ? null : readMapping(map);
  return { policy, events, until: instant, all, mapping };
}

function readPolicy(file: string): CompiledPolicy {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${messageOf(error)}`);
  }
  const loaded = loadPolicy(text, { file, readFile: path => readFileSync(path, 'utf8') });
  if (!loaded.ok) throw new CommandError(loaded.errors.map(formatError).join('\n'));
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  return loaded.policy;
}

/** Reads what is not after `until`; what can't be used is told on standard error. */
async function readEvents(args: Arguments, policy: CompiledPolicy, progress: Progress): Promise<EventBook> {
  const book = new EventBook();
  let count = 0;
  try {
    for await (const { line, decoded } of decodedLines(args, policy)) {
      const refusal = takeEvent(book, decoded, args.until);
      count += 1;
      progress.show(count);
      if (refusal === null) continue;
      progress.clear();
      process.stderr.write(`line ${line}: ${refusal}\n`);
    }
  } catch (error) {
    throw new CommandError(`${args.events}: ${messageOf(error)}`);
  }
  return book;
}

async function* decodedLines(
  { events, mapping }: Arguments,
  policy: CompiledPolicy,
): AsyncGenerator<{ readonly line: number; readonly decoded: Decoded }> {
  const options = { declared: policy.attributes };
  const input: AsyncIterable<Uint8Array> = events === '-' ? process.stdin : createReadStream(events);
  if (mapping === null) {
    // One byte more than an event may have, so that what is cut is still seen to be too large.
    for await (const { number, bytes } of byteLines(input, EVENT_BYTES_MAX + 1))
      yield { line: number, decoded: decodeMessage(bytes, undefined, options) };
    return;
  }
  for await (const mapped of mapCsv(input, mapping)) {
    const decoded =
      'event' in mapped ? decodeObject(mapped.event, options) : rejection('schema', mapped.error);
    yield { line: mapped.row, decoded };
  }
}

/** Why an event can't be used: the reason of CONTRACT.md, section 2, and what was wrong; null when it can. */
function takeEvent(book: EventBook, decoded: Decoded, until: number | null): string | null {
  if (!decoded.ok) return `${decoded.reason}: ${decoded.detail}`;
  const { event } = decoded;
  if (until !== null && event.time > until) return null;
  switch (book.add(event)) {
    case 'added':
    case 'duplicate':
      return null;
    case 'conflict':
      return 'conflict: an event of this id and source has other content';
    case 'oversized':
      return 'oversized: its case has as many events as one may have';
  }
}

const CHUNK_CHARS = 64 * 1024;

/** Lines of JSON to standard output, written in large pieces. */
class Output {
  #text = '';

  async line(value: object): Promise<void> {
    this.#text += `${JSON.stringify(value)}\n`;
    if (this.#text.length >= CHUNK_CHARS) await this.end();
  }

  async end(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await write(text);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
