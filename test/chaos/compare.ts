// Compares what the monitor left behind with what one undisturbed reading of the streams makes, and with a backtest of
// the accepted events under the policies that were in force at their places.
import { z } from 'zod';
import { compareWithRecords } from '../../src/backtest/records.ts';
import type { RawMessage } from '../../src/broker/reader.ts';
import { openConfig } from '../../src/broker/streams.ts';
import { keptPolicies } from '../../src/cli/kept-policies.ts';
import { cellParts } from '../../src/contract/cells.ts';
import type { AlertRecord, ClockRecord } from '../../src/contract/record.ts';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { type Field, PARTITIONS } from './field.ts';
import { compareSums, disorderOf, finalOutcomes } from './final.ts';
import { type PolicyBook, type Reading, readAll, undisturbed } from './model.ts';

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
    /** Policies that came into force, the most that a partition has seen. */
    readonly policies: number;
    /** How many of them, over all partitions, while cases still waited for the one before. */
    readonly overlaps: number;
    /** Cases that came under another policy in their turn, by what happened to them before, and when they were reopened. */
    readonly swept: number;
    readonly before: number;
    readonly reopened: number;
    /** Events that came after younger ones of their case: from ten minutes to an hour, and from further back. */
    readonly disordered: number;
    readonly farDisordered: number;
    /** Cases by the name of the policy that judges them. */
    readonly judged: Readonly<Record<string, number>>;
  };
}

/** Compares while nothing moves. `unrouted`: how many messages were published where no mapping is. */
export async function compare(field: Field, unrouted: number): Promise<Findings> {
  const policies = await keptPolicyBook(field);
  const readings: Reading[] = [];
  for (let p = 0; p < PARTITIONS; p++) readings.push(await undisturbed(field.nc, policies, p, PARTITIONS));
  const records = await readAll(field.nc, 'SLA_RECORDS');
  const clocks = records.filter(({ subject }) => subject.startsWith('sla.records.clock.'));
  const told = clocks.map(parseClock);
  const outcomes = readings.flatMap(reading => finalOutcomes(policies.first, reading));
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
    ...(await compareCells(field, policies, readings)),
    ...readings.flatMap(compareSums),
    ...(await compareRejects(field, readings, unrouted)),
    ...compareAlerts(records),
    ...(await compareActions(field, policies, records, readings)),
  ];
  const sum = (count: (reading: Reading) => number) => readings.reduce((all, each) => all + count(each), 0);
  const most = (count: (reading: Reading) => number) => Math.max(...readings.map(count));
  const rejected = sum(({ rejects }) => rejects.size);
  const accepted = sum(reading => reading.accepted.length);
  return {
    wrong,
    summary: {
      events: accepted + rejected,
      accepted,
      rejected,
      records: clocks.length,
      cycles: outcomes.length,
      alerts: records.filter(({ subject }) => subject.startsWith('sla.records.alert.')).length,
      calls: sum(({ actions }) => actions.length),
      policies: most(({ changes }) => changes.length),
      overlaps: sum(reading => reading.overlaps),
      swept: sum(({ brought }) => brought.swept),
      before: sum(({ brought }) => brought.before),
      reopened: sum(({ brought }) => brought.reopened),
      disordered: sum(reading => disorderOf(reading).within),
      farDisordered: sum(reading => disorderOf(reading).beyond),
      judged: judgedBy(readings),
    },
  };
}

function judgedBy(readings: readonly Reading[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { cases } of readings)
    for (const { policy } of cases.values()) counts[policy.name] = (counts[policy.name] ?? 0) + 1;
  return counts;
}

/** The policies that the monitor keeps for good: they come with the streams. */
async function keptPolicyBook(field: Field): Promise<PolicyBook> {
  const kv = await openConfig(field.nc);
  const byHash = await keptPolicies(kv);
  const first = await kv.get('policy.first');
  return { first: byHash(new TextDecoder().decode(first?.value)), byHash };
}

/** What was read and told of the case that a finding names, for whoever has to understand it. */
function account(finding: string, readings: readonly Reading[], told: readonly ClockRecord[]): string {
  const [entity, id, rule] = KEY.parse(JSON.parse(/^\[[^\]]*\]/.exec(finding)?.[0] ?? '[]'));
  const events = readings.flatMap(({ accepted }) =>
    accepted.filter(({ event }) => event.entity === entity && event.case === id),
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

/** Kinds of cells that are a function of the streams, whenever one looks; of panes, those that are in a window now. */
const COMPARED = new Set(['c', 'g', 'o', 'l', 'q']);

async function compareCells(
  field: Field,
  { first }: PolicyBook,
  readings: readonly Reading[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [p, { cells, changes, time }] of readings.entries()) {
    const found = new Map(Object.entries(await field.redis.hgetall(`sla:{${p}}:cells`)));
    const policies = [first, ...changes.map(({ policy }) => policy)];
    const windows = windowsOf(policies.at(-1) ?? first, time);
    const lasting = lastingRules(policies);
    for (const key of new Set([...cells.keys(), ...found.keys()])) {
      const [kind = '', rule = '', , start = '0', side] = cellParts(key);
      const isInWindow =
        (kind === 'w' || kind === 'm') && Number(start) > (windows.get(rule) ?? Number.POSITIVE_INFINITY);
      if (!COMPARED.has(kind) && !isInWindow) continue;
      const expected = cells.get(key) ?? 0;
      const is = Number(found.get(key) ?? 0);
      if (is !== expected) wrong.push(`cell ${key} of partition ${p} is ${is}, not ${expected}`);
      if (isInWindow && side === 'd' && is < 0 && lasting.has(rule))
        wrong.push(`cell ${key} of partition ${p} counts ${is} of something`);
    }
  }
  return wrong;
}

/**
 * Indicators that were never gone. Where one was, what closed cases had given to it was dropped with it, so that late
 * evidence about them takes away what is not there.
 */
function lastingRules(policies: readonly CompiledPolicy[]): ReadonlySet<string> {
  const rules = policies.map(({ indicators }) => new Set(indicators.map(({ rule }) => rule)));
  return new Set([...(rules[0] ?? [])].filter(rule => rules.every(each => each.has(rule))));
}

/** After which instant the panes in an indicator's window begin, by its rule. */
function windowsOf(policy: CompiledPolicy, now: number): ReadonlyMap<string, number> {
  return new Map(policy.indicators.map(({ rule, windowMs, paneMs }) => [rule, now - windowMs - paneMs]));
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

/** Each firing has the action of its policy, and each case what it called for, once; and nothing else is there. */
async function compareActions(
  field: Field,
  { byHash }: PolicyBook,
  records: readonly RawMessage[],
  readings: readonly Reading[],
): Promise<string[]> {
  const firings = alertsOf(records).filter(({ state, rule, policy }) => {
    const indicator = byHash(policy).indicators.find(one => one.rule === rule);
    return state === 'firing' && indicator?.alert?.action != null;
  });
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
