// A small language in which a test of clocks reads as a timeline:
//
//   09:00  created channel=email        an event of the case: its time, its type, its fields
//   until  12:00                        where it is looked at (else at the last event)
//   = R 1 met due=11:00 elapsed=2h      each cycle's outcome; only the named figures are compared
//   = none                              no cycle at all
//   > 11:00 R 1 breached                the transitions, all of them, when any is written
//
// Times are UTC, on Monday 2026-11-16 unless a day comes first: `tue 09:00`, `fri2 09:00` (a week later),
// `2026-12-24 09:00`. Fields: numbers and true/false as such, lists with commas; `t=…` is an instant in the same form
// with `_` for the blank. Durations: 1h30m, 45s. Each timeline is also run with the events arriving backwards, in one
// go at the end, and with the state stored and loaded in between: all must agree. A failure prints the table.
import { backtest } from '../../src/backtest/backtest.ts';
import type { OutcomeLine } from '../../src/backtest/lines.ts';
import { compareWithRecords } from '../../src/backtest/records.ts';
import { ENTITIES, type FieldValue, type SlaEvent } from '../../src/contract/event.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { type Input, type LiveRun, netCells, runLive } from './live.ts';

const MONDAY = Date.UTC(2026, 10, 16);
const DAY_MS = 86_400_000;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** What of tap's test object is used here. */
interface Assertions {
  equal(found: string, wanted: string, message: string): boolean;
}

/** A policy of some clocks; `text` is the YAML of the list, calendars and time zone are given. */
export function policyOf(text: string, more = ''): CompiledPolicy {
  const indented = text.replace(/\n$/, '');
  const whole = `version: 1
name: test
timezone: UTC
calendars:
  office:
    hours: { mon-fri: ["09:00-12:00", "13:30-18:00"] }
${more}
clocks:
${indented}
`;
  const loaded = loadPolicy(whole, { file: 'test.yaml' });
  if (loaded.ok) return loaded.policy;
  throw new Error(`${loaded.errors.map(({ line, message }) => `${line}: ${message}`).join('\n')}\n${whole}`);
}

interface Timeline {
  readonly events: readonly SlaEvent[];
  readonly until: number;
  readonly outcomes: readonly string[];
  readonly transitions: readonly string[];
}

/** Runs a table on a policy and compares all that it expects. */
export function timeline(t: Assertions, name: string, policy: CompiledPolicy, table: string): void {
  const { events, until, outcomes, transitions } = parseTable(table);
  const found = backtest(policy, events, until, { all: true });
  const wantedKeys = outcomes.map(keysOf);
  const problems: string[] = [];
  const rows = found.outcomes.map((line, i) => showOutcome(line, wantedKeys[i] ?? ALL_KEYS));
  const expected = outcomes.filter(line => line !== 'none');
  if (rows.join('\n') !== expected.join('\n'))
    problems.push(
      `outcomes\n  expected:\n${list(expected)}\n  found:\n${list(found.outcomes.map(line => showOutcome(line, ALL_KEYS)))}`,
    );
  if (transitions.length > 0) {
    const told = found.transitions.map(
      line =>
        `${showTime(Date.parse(line.at))} ${line.rule} ${line.cycle} ${line.state}${line.percent === undefined ? '' : ` ${line.percent}%`}`,
    );
    if (told.join('\n') !== transitions.join('\n'))
      problems.push(`transitions\n  expected:\n${list(transitions)}\n  found:\n${list(told)}`);
  }
  problems.push(...disagreements(policy, events, until, found.outcomes));
  const failure = problems.length === 0 ? '' : `${problems.join('\n')}\nof the timeline\n${table}`;
  t.equal(failure, '', name);
}

/** How other ways of arrival differ from the backtest. */
function disagreements(
  policy: CompiledPolicy,
  all: readonly SlaEvent[],
  until: number,
  wanted: readonly OutcomeLine[],
): string[] {
  const events = all.filter(event => event.time <= until);
  if (events.length === 0) return [];
  const inOrder = events.map(event => ({ kind: 'event', event, now: event.time }) as const);
  const ways: Record<string, readonly Input[]> = {
    'in order': inOrder,
    'with reloads': inOrder.flatMap(input => [input, { kind: 'reload' } as const]),
    'backwards at the end': events.toReversed().map(event => ({ kind: 'event', event, now: until }) as const),
    'before their time': events
      .toReversed()
      .map(event => ({ kind: 'event', event, now: (events[0]?.time ?? 0) - 1000 }) as const),
    'in pairs the wrong way round': events.map((_, i) => {
      const event = events[i ^ 1] ?? events[i];
      const now = Math.max(events[i | 1]?.time ?? 0, events[i]?.time ?? 0);
      if (event === undefined) throw new Error('no such event');
      return { kind: 'event', event, now } as const;
    }),
  };
  const problems: string[] = [];
  let first: LiveRun | null = null;
  for (const [way, inputs] of Object.entries(ways)) {
    const run = runLive(policy, inputs, until);
    first ??= run;
    const differ = (what: string, a: unknown, b: unknown) => {
      const [x, y] = [JSON.stringify(a, null, 1), JSON.stringify(b, null, 1)];
      if (x !== y) problems.push(`${way}: other ${what}\n${x}\nthan\n${y}`);
    };
    differ('outcomes', run.outcomes, wanted);
    differ('cells', netCells(run.cells), netCells(first.cells));
    for (const difference of compareWithRecords(run.outcomes, run.records))
      problems.push(`${way}: records: ${difference}`);
    if (run.lowestCount < 0) problems.push(`${way}: a counter fell`);
    if (new Set(run.told.map(({ id }) => id)).size < run.told.length)
      problems.push(`${way}: a record's id came twice`);
  }
  return problems;
}

const ALL_KEYS = ['start', 'due', 'end', 'elapsed', 'paused', 'overdue'];

export function parseTable(table: string): Timeline {
  const events: SlaEvent[] = [];
  const outcomes: string[] = [];
  const transitions: string[] = [];
  let until: number | null = null;
  for (const row of table.split('\n')) {
    const line = row.replace(/#.*/, '').trim().replace(/\s+/g, ' ');
    if (line === '') continue;
    if (line.startsWith('= ')) outcomes.push(line.slice(2));
    else if (line.startsWith('> ')) {
      const [at, rest] = takeTime(line.slice(2));
      transitions.push(`${showTime(at)} ${rest}`);
    } else if (line.startsWith('until ')) until = takeTime(line.slice(6))[0];
    else events.push(parseEvent(line, events.length));
  }
  return { events, until: until ?? Math.max(...events.map(({ time }) => time)), outcomes, transitions };
}

/** `09:00 created k=v`; `seq=` is the event's sequence, `id=` its id, a type with a dot names its entity. */
function parseEvent(line: string, index: number): SlaEvent {
  const [time, rest] = takeTime(line);
  const [name = '', ...pairs] = rest.split(' ');
  const type = name.includes('.') ? name : `ticket.${name}`;
  const entity = ENTITIES.find(one => type.startsWith(`${one}.`));
  if (entity === undefined) throw new Error(`no entity: ${line}`);
  const fields: Record<string, FieldValue> = {};
  let sequence: string | undefined;
  let id = `e${String(index).padStart(3, '0')}`;
  for (const pair of pairs) {
    const [key = '', value = ''] = pair.split('=');
    if (key === 'seq') sequence = value;
    else if (key === 'id') id = value;
    else fields[key] = fieldValue(value);
  }
  return { id, source: '/test', type, entity, case: 'T-1', time, sequence, fields, digest: `d${index}` };
}

function fieldValue(text: string): FieldValue {
  if (text.startsWith('@')) return new Date(takeTime(text.slice(1).replaceAll('_', ' '))[0]).toISOString();
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  return text.includes(',') ? text.split(',') : text;
}

/** An instant at the beginning of a line, and the rest of the line. */
function takeTime(line: string): [at: number, rest: string] {
  const match =
    /^(?:(?:(mon|tue|wed|thu|fri|sat|sun)(\d*)|(\d{4}-\d\d-\d\d)) )?(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?(?: (.*))?$/.exec(
      line,
    );
  if (match === null) throw new Error(`no time: ${line}`);
  const [, weekday, week, date, hours, minutes, seconds = '0', millis = '0', rest = ''] = match;
  const day =
    date !== undefined
      ? Date.parse(date)
      : MONDAY +
        (weekday === undefined ? 0 : WEEKDAYS.indexOf(weekday) + 7 * (Number(week || 1) - 1)) * DAY_MS;
  return [
    day + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(millis),
    rest,
  ];
}

function showTime(at: number): string {
  const day = Math.floor((at - MONDAY) / DAY_MS);
  const week = Math.floor(day / 7);
  const weekday = `${WEEKDAYS[day - week * 7]}${week === 0 ? '' : week + 1} `;
  const clock = new Date(at).toISOString().slice(11, 23);
  const short = clock.endsWith(':00.000')
    ? clock.slice(0, 5)
    : clock.endsWith('.000')
      ? clock.slice(0, 8)
      : clock;
  if (day === 0) return short;
  return week < 0 || week > 8 ? `${new Date(at).toISOString().slice(0, 10)} ${short}` : `${weekday}${short}`;
}

/** An instant as a value in an expectation, which has no blanks. */
function shownTime(text: string | null): string {
  return text === null ? '-' : showTime(Date.parse(text)).replace(' ', '_');
}

function showDuration(ms: number): string {
  if (ms === 0) return '0';
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const;
  let left = ms;
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}

function showOutcome(line: OutcomeLine, keys: readonly string[]): string {
  const figures: Record<string, string> = {
    start: shownTime(line.startedAt),
    due: shownTime(line.dueAt),
    end: shownTime(line.endedAt),
    elapsed: showDuration(line.elapsedMs),
    paused: showDuration(line.pausedMs),
    overdue: showDuration(line.overdueMs),
  };
  const shown = keys.map(key => `${key}=${figures[key]}`);
  return [line.rule, line.cycle, line.outcome, ...shown].join(' ');
}

function keysOf(expectation: string): string[] {
  return [...expectation.matchAll(/ (\w+)=/g)].map(([, key = '']) => key);
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? '    none' : lines.map(line => `    ${line}`).join('\n');
}
