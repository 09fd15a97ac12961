// Compares what the monitor left behind with what one undisturbed reading of the streams makes, and with a backtest of
// the accepted events.
import { z } from 'zod';
import { backtest } from '../../src/backtest/backtest.ts';
import { compareWithRecords } from '../../src/backtest/records.ts';
import type { RawMessage } from '../../src/broker/reader.ts';
import type { AlertRecord, ClockRecord } from '../../src/contract/record.ts';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { type Field, PARTITIONS } from './field.ts';
import { type Reading, readAll, undisturbed } from './model.ts';

export interface Findings {
  /** One sentence each; empty when all is as it must be. */
  readonly wrong: readonly string[];
  readonly summary: {
    readonly events: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly records: number;
    readonly cycles: number;
    readonly alerts: number;
    readonly calls: number;
  };
}

/** `at`: an instant up to which all has been told, and before the next deadline. `unrouted`: published where no mapping is. */
export async function compare(
  field: Field,
  policy: CompiledPolicy,
  at: number,
  unrouted: number,
): Promise<Findings> {
  const readings: Reading[] = [];
  for (let p = 0; p < PARTITIONS; p++) readings.push(await undisturbed(field.nc, policy, p, PARTITIONS));
  const records = await readAll(field.nc, 'SLA_RECORDS');
  const clocks = records.filter(({ subject }) => subject.startsWith('sla.records.clock.'));
  const told = clocks.map(parseClock);
  const { outcomes } = backtest(
    policy,
    readings.flatMap(({ accepted }) => accepted),
    at,
  );
  const wrong = [
    ...compareWithRecords(outcomes, told).map(text => `outcome: ${text}${account(text, readings, told)}`),
    ...compareIds(
      'record',
      clocks.map(idOf),
      readings.flatMap(reading => reading.records),
    ),
    ...compareOrder(
      clocks.map(idOf),
      readings.flatMap(reading => reading.records),
    ),
    ...repeated('record', records.map(idOf)),
    ...(await compareCells(field, readings)),
    ...(await compareRejects(field, readings, unrouted)),
    ...compareAlerts(records),
    ...(await compareActions(field, records, readings)),
  ];
  const rejected = readings.reduce((sum, { rejects }) => sum + rejects.size, 0);
  const accepted = readings.reduce((sum, reading) => sum + reading.accepted.length, 0);
  return {
    wrong,
    summary: {
      events: accepted + rejected,
      accepted,
      rejected,
      records: clocks.length,
      cycles: outcomes.length,
      alerts: records.filter(({ subject }) => subject.startsWith('sla.records.alert.')).length,
      calls: readings.reduce((sum, { actions }) => sum + actions.length, 0),
    },
  };
}

/** What was read and told of the case that a finding names, for whoever has to understand it. */
function account(finding: string, readings: readonly Reading[], told: readonly ClockRecord[]): string {
  const [entity, id, rule] = KEY.parse(JSON.parse(/^\[[^\]]*\]/.exec(finding)?.[0] ?? '[]'));
  const events = readings.flatMap(({ accepted }) =>
    accepted.filter(event => event.entity === entity && event.case === id),
  );
  const records = told.filter(each => each.entity === entity && each.case === id && each.rule === rule);
  return `\n    ${[...events, ...records].map(each => JSON.stringify(each)).join('\n    ')}`;
}

const KEY = z.tuple([z.string(), z.string(), z.string()]).rest(z.unknown());

function idOf(message: RawMessage): string {
  return message.headers?.get('Nats-Msg-Id') ?? '';
}

function parseClock({ data }: RawMessage): ClockRecord {
  return RECORD_SCHEMAS.clock.parse(JSON.parse(Buffer.from(data).toString('utf8')));
}

function repeated(what: string, ids: readonly string[]): string[] {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const id of ids) {
    if (seen.has(id)) wrong.push(`${what} ${id} is there twice`);
    seen.add(id);
  }
  return wrong;
}

function compareIds(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const there = new Set(found);
  const right = new Set(expected);
  return [
    ...expected.filter(id => !there.has(id)).map(id => `${what} ${id} is missing`),
    ...found.filter(id => !right.has(id)).map(id => `${what} ${id} is none that a reading makes`),
  ];
}

/** A cycle's outcome is its last record: so the records of a case must lie in the order in which they were made. */
function compareOrder(found: readonly string[], expected: readonly string[]): string[] {
  const right = byCase(expected);
  return [...byCase(found)]
    .filter(([name, ids]) => ids.join() !== right.get(name)?.join())
    .map(([name, ids]) => `records of case ${name} lie in another order: ${ids.join(' ')}`);
}

/** Ids end in a token of their case and a number. */
function byCase(ids: readonly string[]): Map<string, string[]> {
  const cases = new Map<string, string[]>();
  for (const id of ids) {
    const name = id.split('-').at(-2) ?? '';
    cases.set(name, [...(cases.get(name) ?? []), id]);
  }
  return cases;
}

/** Panes come and go with time; all else that is counted is a function of the streams. */
const COMPARED = new Set(['c', 'g', 'o', 'l', 'q']);

async function compareCells(field: Field, readings: readonly Reading[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [p, { cells }] of readings.entries()) {
    const found = new Map(Object.entries(await field.redis.hgetall(`sla:{${p}}:cells`)));
    for (const key of new Set([...cells.keys(), ...found.keys()])) {
      if (!COMPARED.has(key.split('|')[0] ?? '')) continue;
      const expected = cells.get(key) ?? 0;
      const is = Number(found.get(key) ?? 0);
      if (is !== expected) wrong.push(`cell ${key} of partition ${p} is ${is}, not ${expected}`);
    }
  }
  return wrong;
}

async function compareRejects(
  field: Field,
  readings: readonly Reading[],
  unrouted: number,
): Promise<string[]> {
  const expected = new Map<string, string>();
  for (const [p, { rejects }] of readings.entries())
    for (const [seq, reason] of rejects) expected.set(`SLA_EVENTS_${p}/${seq}`, reason);
  // They are gone from their stream once they are dealt with.
  for (let seq = 1; seq <= unrouted; seq++) expected.set(`SLA_UNROUTED/${seq}`, 'subject');
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const { subject, headers } of await readAll(field.nc, 'SLA_REJECTS')) {
    const place = `${headers?.get('Sla-Source-Stream')}/${headers?.get('Sla-Source-Sequence')}`;
    if (seen.has(place)) wrong.push(`reject of ${place} is there twice`);
    seen.add(place);
    const reason = subject.split('.').at(-1) ?? '';
    if (expected.get(place) !== reason)
      wrong.push(`reject of ${place} says ${reason}, not ${expected.get(place) ?? 'nothing'}`);
  }
  for (const [place, reason] of expected)
    if (!seen.has(place)) wrong.push(`reject of ${place} (${reason}) is missing`);
  return wrong;
}

/** Transitions of each alert are numbered without a gap, and take turns. */
function compareAlerts(records: readonly RawMessage[]): string[] {
  const wrong: string[] = [];
  const numbers = new Map<string, number>();
  for (const record of alertsOf(records)) {
    const name = `${record.rule}/${record.group}`;
    const number = (numbers.get(name) ?? 0) + 1;
    numbers.set(name, number);
    const state = number % 2 === 1 ? 'firing' : 'resolved';
    if (record.number !== number || record.state !== state)
      wrong.push(
        `alert ${name}: ${record.state} number ${record.number} stands where ${state} ${number} should`,
      );
  }
  return wrong;
}

function alertsOf(records: readonly RawMessage[]): AlertRecord[] {
  return records
    .filter(({ subject }) => subject.startsWith('sla.records.alert.'))
    .map(({ data }) => RECORD_SCHEMAS.alert.parse(JSON.parse(Buffer.from(data).toString('utf8'))));
}

/** Each firing has its action, and each case what it called for, once; and nothing else is there. */
async function compareActions(
  field: Field,
  records: readonly RawMessage[],
  readings: readonly Reading[],
): Promise<string[]> {
  const firings = alertsOf(records).filter(({ state }) => state === 'firing');
  const expected = [
    ...firings.map(({ id }) => `${id}-action`),
    ...readings.flatMap(({ actions }) => actions),
  ];
  const actions = records.filter(({ subject }) => subject.startsWith('sla.records.action.')).map(idOf);
  const done = (await readAll(field.nc, 'SLA_ACTIONS')).map(idOf);
  return [
    ...compareIds('action record', actions, expected),
    ...repeated('action', done),
    ...compareIds(
      'action',
      done,
      expected.map(id => `${id}-do`),
    ),
  ];
}
