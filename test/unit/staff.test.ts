// Long lives: agents' events of more than eight days ago are let go, and cases with many events are kept in chunks.
import t from 'tap';
import type { SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { caseKey, chunkCount, decodeCase, encodeCase } from '../../src/engine/codec.ts';
import type { Told } from '../../src/engine/tell.ts';
import { defaultPolicyFile, readPolicyFile } from '../../src/policies.ts';

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
