// What the engine costs an event: accepting it in order and encoding its case, over the lives of tickets, calls and
// chats under the default pack; the baseline is writing every event as JSON.
import type { Entity, Fields, SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { encodeCase } from '../../src/engine/codec.ts';
import type { Told } from '../../src/engine/tell.ts';
import { defaultPolicyFile, readPolicyFile } from '../../src/policy-store/source.ts';
import type { Row, Sizes } from './report.ts';
import { cpuMs } from './worker.ts';

const START = Date.UTC(2026, 10, 16, 1);

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

function events(cases: number): SlaEvent[] {
  const list: SlaEvent[] = [];
  for (let i = 0; i < cases; i++) {
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

function run(list: readonly SlaEvent[], policy: CaseState['policy'], encode: boolean): number {
  const cases = new Map<string, CaseState>();
  const begin = cpuMs();
  let told: Told = { records: [], cells: new Map() };
  for (const [n, event] of list.entries()) {
    if (n % 1000 === 0) {
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
  return cpuMs() - begin;
}

/** The least of a few rounds; the first one compiles. */
export async function benchEngine({ quick }: Sizes): Promise<Row[]> {
  const policy = readPolicyFile(defaultPolicyFile()).policy;
  const list = events(quick ? 2_000 : 10_000);
  const best = {
    base: Number.POSITIVE_INFINITY,
    step: Number.POSITIVE_INFINITY,
    all: Number.POSITIVE_INFINITY,
  };
  for (let round = 0; round < 3; round++) {
    const begin = cpuMs();
    for (const event of list) JSON.stringify(event);
    best.base = Math.min(best.base, cpuMs() - begin);
    best.step = Math.min(best.step, run(list, policy, false));
    best.all = Math.min(best.all, run(list, policy, true));
  }
  const us = (ms: number) => (ms * 1000) / list.length;
  const row = (what: string, ms: number): Row => ({
    part: 'engine',
    what,
    unit: 'µs',
    ours: us(ms),
    baseline: us(best.base),
    baselineWhat: 'writing the event as JSON',
    better: 'lower',
    aim: null,
  });
  return [
    row('accepting an event, default pack', best.step),
    row('accepting it and encoding its case', best.all),
  ];
}
