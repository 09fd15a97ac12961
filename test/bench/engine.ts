// What the engine costs an event: accepting it in order and encoding its case, over the lives of tickets, calls and
// chats under the default pack. Prints microseconds and events a second; the baseline is encoding every event alone.
import { readFileSync } from 'node:fs';
import type { Entity, Fields, SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { encodeCase } from '../../src/engine/codec.ts';
import type { Told } from '../../src/engine/tell.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const FILE = 'deploy/policies/after-sales.yaml';
const START = Date.UTC(2026, 10, 16, 1);
const CASES = 10_000;

const QUEUES = ['repair', 'orders', 'complaints', 'general'];
const LIVES: readonly (readonly [
  Entity,
  readonly (readonly [afterMs: number, name: string, fields: Fields])[],
])[] = [
  [
    'ticket',
    [
      [0, 'created', { channel: 'email', kind: 'repair', urgency: 'normal', 'customer.tier': 'gold' }],
      [60_000, 'assigned', { agent: 'a-17', team: 'north', by: 'bot' }],
      [900_000, 'replied', { by: 'agent' }],
      [1_800_000, 'pending', { reason: 'customer' }],
      [5_400_000, 'resumed', {}],
      [6_000_000, 'solution_proposed', { by: 'agent' }],
      [7_000_000, 'resolved', { firstContact: false }],
      [90_000_000, 'closed', {}],
    ],
  ],
  [
    'call',
    [
      [0, 'queued', { category: 'billing' }],
      [8_000, 'ringing', { agent: 'a-3' }],
      [17_000, 'answered', { waitSeconds: 17 }],
      [180_000, 'ended', { talkSeconds: 163, wrapSeconds: 20 }],
    ],
  ],
  [
    'chat',
    [
      [0, 'started', { channel: 'web' }],
      [1_000, 'message', { by: 'customer' }],
      [2_000, 'message', { by: 'bot' }],
      [24_000, 'message', { by: 'agent' }],
      [50_000, 'message', { by: 'customer' }],
      [300_000, 'ended', {}],
    ],
  ],
];

function events(): SlaEvent[] {
  const list: SlaEvent[] = [];
  for (let i = 0; i < CASES; i++) {
    const [entity, life] = LIVES[i % LIVES.length] ?? ['ticket', []];
    const queue = QUEUES[i % QUEUES.length] ?? '';
    for (const [n, [after, name, fields]] of life.entries())
      list.push({
        id: `${entity}-${i}-${n}`,
        source: '/bench',
        type: `${entity}.${name}`,
        entity,
        case: `${entity}-${i}`,
        time: START + i * 900 + after,
        fields: n === 0 ? { ...fields, queue } : fields,
        digest: `0123456789abcd${n}`,
      });
  }
  return list.sort((a, b) => a.time - b.time);
}

function run(
  list: readonly SlaEvent[],
  policy: CaseState['policy'],
  encode: boolean,
): [ms: number, records: number] {
  const cases = new Map<string, CaseState>();
  let records = 0;
  const begin = cpuMs();
  let told: Told = { records: [], cells: new Map() };
  for (const [n, event] of list.entries()) {
    if (n % 1000 === 0) {
      records += told.records.length;
      told = { records: [], cells: new Map() };
    }
    let state = cases.get(event.case);
    if (state === undefined) {
      state = newCase(policy, event.entity, event.case);
      cases.set(event.case, state);
    }
    const cause = { now: event.time, id: `1-${n}`, at: event.time };
    reachTime(state, cause, told);
    acceptEvent(state, event, cause, told);
    if (encode) encodeCase(state);
  }
  return [cpuMs() - begin, records + told.records.length];
}

/** This process's own time: other work on the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const loaded = loadPolicy(readFileSync(FILE, 'utf8'), { file: FILE });
if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '));
const list = events();
for (let round = 0; round < 3; round++) {
  const begin = cpuMs();
  for (const event of list) JSON.stringify(event);
  const base = cpuMs() - begin;
  const [step, records] = run(list, loaded.policy, false);
  const [all] = run(list, loaded.policy, true);
  const us = (ms: number) => ((ms * 1000) / list.length).toFixed(2);
  console.log(
    `${list.length} events, ${records} records: accept ${us(step)} µs, accept + encode ${us(all)} µs an event ` +
      `(${Math.round(list.length / (all / 1000))}/s), ${(all / base).toFixed(1)} × writing the event as JSON`,
  );
}
