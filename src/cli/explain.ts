// `explain`: why each clock of a case is due when it is, and where the time went; from a running monitor's state, or
// from a file without any server.
import { parseArgs } from 'node:util';
import { EventBook } from '../backtest/book.ts';
import { ENTITIES, type Entity } from '../contract/event.ts';
import { type CaseState, REFUSALS, restoreCase } from '../engine/case.ts';
import { explainCase } from '../engine/explain.ts';
import { instantText } from '../engine/instant.ts';
import { nearMisses } from '../engine/near-miss.ts';
import { instantOption, readEventFile } from './event-file.ts';
import { explanationText, type Language } from './explain-text.ts';
import { readAddedYears } from './holiday-file.ts';
import { printable, write } from './lines.ts';
import { readMapping } from './mapping-file.ts';
import { readPolicy } from './policy-file.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor explain CASE [--entity ENTITY] [--until TIME] [--lang zh|en] [--json]
       sla-monitor explain CASE --events FILE --policy POLICY [--map MAPPING] [--until TIME] …

Says for each clock of a case what started it, which ranges of its calendar counted, which pauses took how much, what
moved its due instant, what ended it, and where the time went. The parts add up to the whole. Then it names rules that
just missed: their start came, but a value is not what they take. Times are local to the policy's zone.

Whom a deadline was told to follows from the times of events: where one showed it when it had passed for more than an
hour, nobody was told. What was told and did not last is told too, with the event that changed it. How late an event
itself came in is not kept with it: the monitor's records have it (seenAt).

Without --events it asks the state of the monitor that runs on NATS_URL and REDIS_URL, or in DATA_DIR.

  --entity ENTITY  ${ENTITIES.join(', ')}: needed where several cases have this id
  --events FILE    NDJSON of events, each a CloudEvent in JSON; - is standard input. No server is needed
  --policy POLICY  the policy for these events
  --map MAPPING    FILE is a CSV export of a helpdesk; the mapping says how its rows become events
  --holidays FILE  a year of holidays for the policy's calendars, as holidays add takes it; may be repeated
  --until TIME     how it stood, or will stand, at this instant (RFC 3339); else now, or at the file's last event
  --lang LANGUAGE  en (as usual) or zh
  --json           one JSON object: case, asOf, policy, clocks, nearMisses; its instants are UTC

Exit code 1 when there is no such case.
`;

interface Arguments {
  readonly id: string;
  readonly entity: Entity | null;
  readonly events: string | null;
  readonly policy: string | null;
  readonly map: string | null;
  readonly holidays: readonly string[];
  readonly until: number | null;
  readonly language: Language;
  readonly json: boolean;
}

export async function run(argv: string[]): Promise<number> {
  const args = parse(argv);
  const found = args.events === null ? await fromMonitor(args) : await fromFile(args, args.events);
  const state = args.until === null ? found.state : cutAt(found.state, args.until);
  const now = args.until ?? found.now;
  const views = explainCase(state, now);
  if (args.json) {
    const { entity, id, policy } = state;
    const asOf = instantText(now);
    const missed = nearMisses(state);
    const whole = { entity, case: id, asOf, policy: policy.hash, clocks: views, nearMisses: missed };
    await write(`${JSON.stringify(whole)}\n`);
  } else await write(explanationText(state, views, now, args.language));
  return 0;
}

function parse(argv: string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      entity: { type: 'string' },
      events: { type: 'string' },
      policy: { type: 'string' },
      map: { type: 'string' },
      holidays: { type: 'string', multiple: true, default: [] },
      until: { type: 'string' },
      lang: { type: 'string', default: 'en' },
      json: { type: 'boolean', default: false },
    },
  });
  const [id, ...more] = positionals;
  if (id === undefined) throw new UsageError('Say which case: explain CASE.');
  if (more.length > 0) throw new UsageError(`One case at a time; ${more.join(' ')} is too much`);
  const { lang, events = null, policy = null, map = null, holidays } = values;
  if (lang !== 'zh' && lang !== 'en') throw new UsageError(`--lang ${lang}: expected zh or en`);
  if ((events === null) !== (policy === null)) throw new UsageError('--events and --policy come together');
  if (map !== null && events === null) throw new UsageError('--map goes with --events');
  if (holidays.length > 0 && events === null)
    throw new UsageError('--holidays goes with --events: a monitor has the years that holidays add keeps');
  const entity = ENTITIES.find(name => name === values.entity) ?? null;
  if (values.entity !== undefined && entity === null)
    throw new UsageError(`--entity ${values.entity}: expected one of ${ENTITIES.join(', ')}`);
  const until = instantOption('until', values.until);
  return { id, entity, events, policy, map, holidays, until, language: lang, json: values.json };
}

interface Found {
  readonly state: CaseState;
  /** The instant for which it holds. */
  readonly now: number;
}

async function fromFile(args: Arguments, file: string): Promise<Found> {
  const policy = readPolicy(args.policy ?? '', readAddedYears(args.holidays));
  const mapping = args.map === null ? null : readMapping(args.map);
  const book = new EventBook();
  let last = Number.NEGATIVE_INFINITY;
  for await (const { place, decoded } of readEventFile(file, mapping, policy.attributes)) {
    if (!decoded.ok) {
      process.stderr.write(`${printable(`${place}: ${decoded.reason}: ${decoded.detail}`)}\n`);
      continue;
    }
    const { event } = decoded;
    if (args.until !== null && event.time > args.until) continue;
    last = Math.max(last, event.time);
    if (event.case !== args.id || (args.entity !== null && event.entity !== args.entity)) continue;
    const result = book.add(event);
    if (result === 'conflict' || result === 'oversized')
      process.stderr.write(`${place}: ${result}: ${REFUSALS[result]}\n`);
  }
  const states = [...book.cases()].flatMap(events => {
    const [first] = events;
    return first === undefined
      ? []
      : [restoreCase(policy, first.entity, first.case, [...events], last, last)];
  });
  return { state: theOne(states, args), now: last };
}

/** Loaded only here, since a file needs none of it. */
async function fromMonitor(args: Arguments): Promise<Found> {
  const { findKept } = await import('./monitor-case.ts');
  const { states, time } = await findKept(args.id, args.entity);
  const state = theOne(states, args);
  return { state, now: Math.max(time, state.evaluatedAt) };
}

function theOne(states: readonly CaseState[], { id, entity }: Arguments): CaseState {
  const [state] = states;
  if (state === undefined)
    throw new CommandError(`There is no ${entity ?? 'case'} ${id}, or it is no longer kept`);
  if (states.length > 1)
    throw new CommandError(
      `Several cases have the id ${id}: say --entity ${states.map(each => each.entity).join(' or ')}`,
    );
  return state;
}

/** The case as of another instant, before or after: only events up to it have happened. */
function cutAt({ policy, entity, id, events }: CaseState, until: number): CaseState {
  const read = events.filter(event => event.time <= until);
  if (read.length === 0) throw new CommandError(`Nothing had happened to ${entity} ${id} by then`);
  return restoreCase(policy, entity, id, read, until, until);
}
