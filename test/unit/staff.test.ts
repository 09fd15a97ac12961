// Long lives: agents' events of more than eight days ago are let go, and cases with many events are kept in chunks.
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { caseKey, chunkCount, decodeCase, encodeCase } from '../../src/engine/codec.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { defaultPolicyFile, readPolicyFile } from '../../src/policy-store/source.ts';
import { runLive } from '../support/live.ts';

const { policy } = readPolicyFile(defaultPolicyFile());
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 5);
const STATES = ['available', 'busy', 'wrap_up', 'break'];

function changed(number: number, time: number): SlaEvent {
  return {
    id: `e${number}`,
    source: 'test',
    type: number === 0 ? 'agent.signed_on' : 'agent.state_changed',
    entity: 'agent',
    case: 'A-7',
    time,
    fields: { state: STATES[number % STATES.length] ?? 'away', ...(number === 0 ? { team: 'repair' } : {}) },
    digest: String(number),
  };
}

t.test('an agent of two months keeps eight days, and what it rests on', async t => {
  const state = newCase(policy, 'agent', 'A-7');
  const told: Told = { records: [], cells: new Map() };
  let now = START;
  let applied = 0;
  for (let i = 0; i < 60 * 48; i++) {
    now = START + (i * HOUR_MS) / 2;
    applied += acceptEvent(state, changed(i, now), { now, id: `c${i}`, at: now }, told) === 'applied' ? 1 : 0;
  }
  t.equal(applied, 60 * 48);
  t.ok(state.events.length < 11 * 48, `holds ${state.events.length} events, not 2,880`);
  t.equal(state.fold.attributes.team, 'repair', 'the team of the very first event is still known');
  t.equal(state.fold.attributes.state, STATES[(60 * 48 - 1) % STATES.length]);
  const agents = [...told.cells].filter(([key]) => key.startsWith('l|CC-06|all'));
  t.same(agents, [['l|CC-06|all', 1]], 'counted once among the agents');
  const old = changed(9_999, now - 9 * DAY_MS);
  t.equal(acceptEvent(state, old, { now, id: 'old', at: old.time }, told), 'too-late');
});

function policyOf(clocks: readonly object[], more: object = {}): CompiledPolicy {
  const rules = clocks.map((clock, i) => ({ rule: `R${i}`, target: '2h', ...clock }));
  const loaded = loadPolicy(JSON.stringify({ version: 1, name: 'test', ...more, clocks: rules }), {
    file: 'policy',
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.policy;
}

t.test('what an old event still means is not let go with it', async t => {
  const event = (number: number, hour: number, fields: SlaEvent['fields']): SlaEvent => ({
    ...changed(number + 1, START + hour * HOUR_MS),
    fields,
  });
  const busy = Array.from({ length: 300 }, (_, i) => event(i + 10, 2 + i / 50, { state: 'break' }));
  const policies = {
    'a clock that nobody sees until its team is known': policyOf([
      {
        on: 'agent',
        when: { team: 'x' },
        start: { type: 'agent.state_changed', state: 'available' },
        stop: { type: 'agent.state_changed', state: 'busy' },
      },
    ]),
    'an attribute that an event set': policyOf(
      [
        {
          on: 'agent',
          when: { was_away: true },
          start: { type: 'agent.state_changed', team: 'x' },
          stop: { type: 'agent.state_changed', state: 'busy' },
        },
      ],
      { attributes: { was_away: { set: { type: 'agent.state_changed', state: 'available' } } } },
    ),
  };
  const events = [
    event(1, 1, { state: 'available' }),
    ...busy,
    event(500, 240, {}),
    event(501, 241, { team: 'x' }),
  ];
  const until = START + 264 * HOUR_MS;
  for (const [name, one] of Object.entries(policies)) {
    const inputs = events.map(each => ({ kind: 'event', event: each, now: each.time }) as const);
    const { outcomes } = backtest(one, events, until);
    t.equal(outcomes.length, 1, name);
    t.same(runLive(one, inputs, until).outcomes, outcomes, 'as in a backtest, which keeps everything');
  }
});

t.test('a gate that opens and shuts all the time costs no look at all events each time', async t => {
  const gated = {
    on: 'ticket',
    when: { urgency: 'urgent' },
    start: 'ticket.promised',
    stop: 'ticket.resolved',
  };
  const state = newCase(policyOf(Array.from({ length: 10 }, () => gated)), 'ticket', 'T');
  const told: Told = { records: [], cells: new Map() };
  let reads = 0;
  for (let i = 0; i < 400; i++) {
    const time = START + i * 1_000;
    const fields = { urgency: i % 2 ? 'urgent' : 'normal' };
    const type = i === 0 ? 'ticket.created' : 'ticket.updated';
    const base = { id: `e${i}`, source: 'test', entity: 'ticket', case: 'T', time, digest: '' } as const;
    const counting: SlaEvent = {
      ...base,
      fields,
      get type() {
        reads += 1;
        return type;
      },
    };
    acceptEvent(state, counting, { now: time, id: `c${i}`, at: time }, told);
  }
  t.ok(reads < 400 * 100, `${reads} looks at an event's type`);
});

t.test('a case with many events is kept in chunks, of which only those that changed are written', async t => {
  const state = newCase(policy, 'agent', 'A-7');
  const told: Told = { records: [], cells: new Map() };
  const store = new Map<number, string>();
  let head = '';
  const save = () => {
    const encoded = encodeCase(state);
    head = encoded.head;
    for (const { index, text } of encoded.chunks) store.set(index, text);
    return encoded.chunks.map(({ index }) => index);
  };
  const accept = (number: number, time: number) =>
    acceptEvent(state, changed(number, time), { now: START + DAY_MS, id: `c${number}`, at: time }, told);
  for (let i = 0; i < 200; i++) accept(i, START + i * 60_000);
  t.same(save(), [0, 1, 2]);
  accept(200, START + 200 * 60_000);
  t.same(save(), [], 'one more event rewrites the head alone');
  accept(1_000, START + 70.5 * 60_000);
  t.same(save(), [1, 2], 'a late one rewrites the chunks from its place on');
  const chunks = [...store].sort(([a], [b]) => a - b).map(([, text]) => text);
  t.equal(chunks.length, chunkCount(state.events.length));
  const restored = decodeCase(() => policy, caseKey('agent', 'A-7'), head, chunks);
  t.same(restored.events, state.events);
  for (let i = 201; i < 260; i++)
    acceptEvent(restored, changed(i, START + i * 60_000), { now: START + DAY_MS, id: `c${i}`, at: 0 }, told);
  t.same(
    encodeCase(restored).chunks.map(({ index }) => index),
    [3],
    'after a reload only the new chunk is written',
  );
  t.throws(() => decodeCase(() => policy, caseKey('agent', 'A-7'), head, chunks.slice(1)), /chunks/);
});
