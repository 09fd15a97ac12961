// `sla-monitor backtest`: recorded events run through a policy on their own time, without any server.
import { parseArgs } from 'node:util';
import { Comparison } from '../backtest/compare.ts';
import { EVENTS_IN_MEMORY, EventStore, type Refusal } from '../backtest/event-store.ts';
import { ExternalSort } from '../backtest/external-sort.ts';
import { compareOutcomes, type OutcomeLine } from '../backtest/lines.ts';
import { outcomesOf, outcomesOfCase, stateAt } from '../backtest/outcomes.ts';
import { Progress } from '../backtest/progress.ts';
import { Replay } from '../backtest/replay.ts';
import { SpillSpace } from '../backtest/spill.ts';
import { Suggester } from '../backtest/suggest.ts';
import { Tally } from '../backtest/tally.ts';
import type { SlaEvent } from '../contract/event.ts';
import type { DeclaredFields } from '../contract/fields.ts';
import { commandLine } from '../contract/words.ts';
import { REFUSALS } from '../engine/case.ts';
import type { Mapping } from '../mapping/schema.ts';
import type { CompiledClock, CompiledPolicy } from '../policy/compiled.ts';
import type { AddedYear } from '../policy/holidays.ts';
import {
  COMPARISON_COLUMNS,
  comparisonRows,
  comparisonText,
  FORMATS,
  type Format,
  rowLines,
  SUGGESTION_COLUMNS,
  SUMMARY_COLUMNS,
  suggestionRows,
  suggestionText,
  summaryRows,
  summaryText,
} from './backtest-output.ts';
import { instantOption, type ReadEvent, readEventFile } from './event-file.ts';
import { readAddedYears } from './holiday-file.ts';
import { printable, write } from './lines.ts';
import { readMapping } from './mapping-file.ts';
import { readPolicy } from './policy-file.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor backtest --policy POLICY --events FILE [--until TIME] [--all] [--map MAPPING]
       sla-monitor backtest --policy POLICY --from-stream [--from TIME] [--to TIME] …
       sla-monitor backtest … --summary | --against POLICY2 | --suggest RULE [--format text|json|csv]

Runs recorded events through the clocks and alerts of a policy on the events' own time. No server is needed.

  --policy POLICY    the policy, YAML or JSON
  --events FILE      NDJSON of events, each a CloudEvent in JSON; - is standard input
  --map MAPPING      FILE is a CSV export of a helpdesk; the mapping says how its rows become events
  --from-stream      reads what the streams of NATS_URL, or of the monitor in DATA_DIR, hold instead of a file, with the
                     years of holidays that were added there
  --until TIME       up to this instant (RFC 3339); else up to the last event. Later events are not read
  --from TIME        events before it are not read: of a case that began before it only the rest is seen
  --to TIME          events after it are not read
  --holidays FILE    a year of holidays for the policies' calendars, as holidays add takes it; may be repeated
  --all              before the outcomes, every transition of every clock and every alert

Prints one line of JSON for each clock cycle. Instead of these:

  --summary          how promises were kept by rule, queue and month, and what pauses did to that
  --against POLICY2  the same events under a second policy: which clocks end otherwise, which cases turn from met to
                     missed or back, how the shares move by rule, queue and month, which alerts come more or less often
  --suggest RULE     how long the rule's cycles really took, and the target that 80, 90, 95 or 99 % would have kept
  --format FORMAT    text (as usual), json (a line for each finding) or csv

  --in-memory N      so many events are held in memory (${EVENTS_IN_MEMORY}); what is more goes through temporary files, with
                     personal data masked, which are removed at the end

Events that can't be used go to standard error with their line and reason, repeated ones count once; they don't change
the exit code.
`;

interface Arguments {
  readonly policy: string;
  /** Null: from the streams. */
  readonly events: string | null;
  readonly from: number;
  readonly to: number;
  readonly until: number | null;
  readonly all: boolean;
  readonly mapping: Mapping | null;
  readonly holidays: readonly string[];
  readonly summary: boolean;
  readonly against: string | null;
  readonly suggest: string | null;
  readonly format: Format;
  readonly inMemory: number;
}

export async function run(argv: string[]): Promise<number> {
  const args = parse(argv);
  const years = await yearsFor(args);
  const policy = readPolicy(args.policy, years);
  const against = args.against === null ? null : readPolicy(args.against, years);
  const clock = args.suggest === null ? null : clockToSuggest(policy, args.suggest);
  const space = new SpillSpace();
  const progress = new Progress(process.stderr);
  const interrupted = () => process.exit(130);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    const job = new Job(args, policy, space, progress);
    await job.read(declaredBy(policy, against));
    if (against !== null) await job.compare(against);
    else if (clock !== null) await job.suggest(clock);
    else if (args.summary) await job.summarise();
    else await job.list();
    progress.end(job.count);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    space.close();
  }
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
      holidays: { type: 'string', multiple: true, default: [] },
      'from-stream': { type: 'boolean', default: false },
      from: { type: 'string' },
      to: { type: 'string' },
      summary: { type: 'boolean', default: false },
      against: { type: 'string' },
      suggest: { type: 'string' },
      format: { type: 'string' },
      'in-memory': { type: 'string', default: String(EVENTS_IN_MEMORY) },
    },
  });
  const { policy, events = null, map, all, summary, against = null, suggest = null } = values;
  if (policy === undefined)
    throw new UsageError(`--policy POLICY is missing; see ${commandLine('backtest --help')}`);
  if ((events !== null) === values['from-stream'])
    throw new UsageError('Say where the events come from: --events FILE, or --from-stream');
  if (events === null && map !== undefined) throw new UsageError('--map goes with --events');
  const modes = [all, summary, against !== null, suggest !== null].filter(Boolean).length;
  if (modes > 1) throw new UsageError('--all, --summary, --against and --suggest exclude each other');
  const format = FORMATS.find(name => name === (values.format ?? 'text'));
  if (format === undefined) throw new UsageError(`--format ${values.format}: expected ${FORMATS.join(', ')}`);
  if (values.format !== undefined && (modes === 0 || all))
    throw new UsageError('--format goes with --summary, --against or --suggest');
  const inMemory = Number(values['in-memory']);
  if (!Number.isInteger(inMemory) || inMemory < 1)
    throw new UsageError(`--in-memory ${values['in-memory']}: expected a number of events`);
  return {
    policy,
    events,
    from: instantOption('from', values.from) ?? Number.NEGATIVE_INFINITY,
    to: instantOption('to', values.to) ?? Number.POSITIVE_INFINITY,
    until: instantOption('until', values.until),
    all,
    mapping: map === undefined ? null : readMapping(map),
    holidays: values.holidays,
    summary,
    against,
    suggest,
    format,
    inMemory,
  };
}

function clockToSuggest(policy: CompiledPolicy, rule: string): CompiledClock {
  const clock = policy.clocks.find(each => each.rule === rule);
  if (clock === undefined) throw new CommandError(`The policy has no clock of rule ${rule}`);
  if (clock.target.kind === 'at')
    throw new CommandError(`The due instants of ${rule} are named by events: there is no target to suggest`);
  return clock;
}

/** The fields that either policy declares. @throws CommandError when they disagree on a type */
function declaredBy(policy: CompiledPolicy, against: CompiledPolicy | null): DeclaredFields {
  const declared = new Map(policy.attributes);
  for (const [path, type] of against?.attributes ?? []) {
    const known = declared.get(path);
    if (known !== undefined && known !== type)
      throw new CommandError(`The policies declare ${path} as ${known} and as ${type}`);
    declared.set(path, type);
  }
  return declared;
}

/** One backtest: the events are read once, then each case is run. */
class Job {
  /** Events that were read, whether they could be used or not. */
  count = 0;
  readonly #args: Arguments;
  readonly #policy: CompiledPolicy;
  readonly #space: SpillSpace;
  readonly #progress: Progress;
  readonly #store: EventStore;
  readonly #out = new Output();
  #ran = false;

  constructor(args: Arguments, policy: CompiledPolicy, space: SpillSpace, progress: Progress) {
    this.#args = args;
    this.#policy = policy;
    this.#space = space;
    this.#progress = progress;
    this.#store = new EventStore(space, args.inMemory);
  }

  /** Reads what is not after `until`; what can't be used is told on standard error. */
  async read(declared: DeclaredFields): Promise<void> {
    const { events, mapping, until, from, to } = this.#args;
    const last = Math.min(until ?? to, to);
    const source = events === null ? await fromStreams(declared) : readEventFile(events, mapping, declared);
    for await (const { place, decoded } of source) {
      this.count += 1;
      this.#progress.show('read', this.count);
      if (!decoded.ok) this.#refuse(place, `${decoded.reason}: ${decoded.detail}`);
      else if (decoded.event.time >= from && decoded.event.time <= last) {
        const refusal = this.#store.add(decoded.event, place);
        if (refusal !== null) this.#refused(place, refusal);
      }
    }
  }

  /** The outcomes of all cycles, and before them, if asked for, all transitions. */
  async list(): Promise<void> {
    const until = this.#until();
    if (this.#args.all && !this.#store.isEmpty) {
      const replay = new Replay(this.#policy, this.#space, until);
      for (const events of this.#cases()) replay.add(events);
      for (const line of replay.lines()) await this.#out.line(JSON.stringify(line));
    }
    for (const line of this.#outcomes(until)) await this.#out.line(JSON.stringify(line));
    await this.#out.end();
  }

  *#outcomes(until: number): Iterable<OutcomeLine> {
    const { book } = this.#store;
    if (book !== null) {
      yield* outcomesOf(this.#policy, book.cases(), until);
      return;
    }
    const sort = new ExternalSort(this.#space, compareOutcomes, parseOutcome);
    for (const events of this.#cases()) {
      const state = stateAt(this.#policy, events, until);
      if (state !== null) for (const line of outcomesOfCase(state, until)) sort.add(line);
    }
    yield* sort.sorted();
  }

  async summarise(): Promise<void> {
    const until = this.#until();
    const tally = new Tally(this.#policy);
    for (const events of this.#cases()) {
      const state = stateAt(this.#policy, events, until);
      if (state !== null) tally.add(state, outcomesOfCase(state, until), until);
    }
    await this.#tell(
      () => summaryText(tally),
      () => summaryRows(tally),
      SUMMARY_COLUMNS,
    );
  }

  async compare(against: CompiledPolicy): Promise<void> {
    const comparison = new Comparison(this.#policy, against, this.#space, this.#until());
    for (const events of this.#cases()) comparison.add(events);
    await this.#tell(
      () => comparisonText(comparison),
      () => comparisonRows(comparison),
      COMPARISON_COLUMNS,
    );
  }

  async suggest(clock: CompiledClock): Promise<void> {
    const suggester = new Suggester(this.#policy, clock, this.#until());
    for (const events of this.#cases()) suggester.add(events);
    const found = suggester.suggestions();
    await this.#tell(
      () => suggestionText(clock.rule, found, clock.target.kind === 'by' ? clock.target.attribute : null),
      () => suggestionRows(clock.rule, found),
      SUGGESTION_COLUMNS,
    );
  }

  async #tell(
    text: () => Iterable<string>,
    rows: () => Parameters<typeof rowLines>[0],
    columns: readonly string[],
  ): Promise<void> {
    const { format } = this.#args;
    const lines = format === 'text' ? text() : rowLines(rows(), format, columns);
    for (const line of lines) await this.#out.line(format === 'text' ? printable(line) : line);
    await this.#out.end();
  }

  #until(): number {
    return this.#args.until ?? this.#store.lastAt();
  }

  /** Each case once; what could not be refused when it was read is refused now. */
  *#cases(): Iterable<readonly SlaEvent[]> {
    let run = 0;
    // Cases are run twice where outcomes follow transitions: refusals are told the first time.
    const first = !this.#ran;
    this.#ran = true;
    const onRefused = (place: string, refusal: Refusal) => {
      if (first) this.#refused(place, refusal);
    };
    for (const events of this.#store.cases(onRefused)) {
      yield events;
      for (const _ of events) this.#progress.show('run', ++run);
    }
  }

  #refused(place: string, refusal: Refusal): void {
    this.#refuse(place, `${refusal}: ${REFUSALS[refusal]}`);
  }

  #refuse(place: string, why: string): void {
    this.#progress.clear();
    process.stderr.write(`${printable(`${place}: ${why}`)}\n`);
  }
}

/** Those of files; with streams also those that were added where the streams are, as the monitor has them. */
async function yearsFor({ events, holidays }: Arguments): Promise<readonly AddedYear[]> {
  const given = readAddedYears(holidays);
  if (events !== null) return given;
  const { readKeptYears } = await import('./event-stream.ts');
  const isGiven = (kept: AddedYear) =>
    given.some(({ country, year }) => country === kept.country && year === kept.year);
  return [...(await readKeptYears()).filter(kept => !isGiven(kept)), ...given];
}

/** Loaded only here, since a file needs no server. */
async function fromStreams(declared: DeclaredFields): Promise<AsyncIterable<ReadEvent>> {
  const { readEventStreams } = await import('./event-stream.ts');
  return readEventStreams(declared);
}

/** Only what this program wrote is read back. */
function parseOutcome(line: string): OutcomeLine {
  return JSON.parse(line);
}

const CHUNK_CHARS = 64 * 1024;

/** Lines to standard output, written in large pieces. */
class Output {
  #text = '';

  async line(text: string): Promise<void> {
    this.#text += `${text}\n`;
    if (this.#text.length >= CHUNK_CHARS) await this.end();
  }

  async end(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await write(text);
  }
}
