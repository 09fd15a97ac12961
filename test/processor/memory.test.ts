// What bounds the memory of a processor: cases go when there are too many, but none that is not stored, and batches of
// many partitions take turns, though none waits for one that hangs.
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import type { SlaEvent } from '../../src/contract/event.ts';
import { CaseCache } from '../../src/processor/case-cache.ts';
import { Turns } from '../../src/processor/turns.ts';
import { CASE_POLICY } from '../support/cases.ts';

function created(id: string): SlaEvent {
  return {
    id: `e-${id}`,
    source: '/test',
    type: 'ticket.created',
    entity: 'ticket',
    case: id,
    time: 0,
    fields: {},
    digest: '',
  };
}

function cacheOf(sizeMax: number, names: readonly string[]): CaseCache {
  const nothing = { cases: async (keys: readonly string[]) => keys.map(() => null) };
  const cache = new CaseCache(nothing, CASE_POLICY, () => CASE_POLICY, sizeMax, 1_000);
  for (const name of names) cache.open(name, created(name));
  return cache;
}

t.test('cases in memory', async t => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const cache = cacheOf(3, names);
  // All were used when they came: they are passed over once, then the oldest go.
  cache.evict();
  t.equal(cache.size, 3);
  t.same(
    names.filter(name => cache.has(name)),
    ['d', 'e', 'f'],
  );
  const used = cache.get('d');
  for (const name of ['g', 'h']) cache.open(name, created(name));
  cache.evict();
  t.equal(cache.size, 3);
  t.ok(used !== undefined && cache.has('d'), 'one that was used goes later than older ones that were not');
  t.notOk(cache.has('e') || cache.has('f'));
});

t.test('a case of which nothing was accepted comes under the policy of its first event', async t => {
  const cache = cacheOf(3, ['a']);
  const next = { ...CASE_POLICY, hash: 'next' };
  cache.policy = next;
  t.equal(cache.open('a', created('a')).state.policy, next);
});

t.test('cases that are closed go first, cases that are not stored never', async t => {
  const cache = cacheOf(2, ['a', 'b', 'c', 'd']);
  const [a, d] = [cache.get('a'), cache.get('d')];
  if (a === undefined || d === undefined) throw new Error('they were just opened');
  a.dirty = true;
  d.kept = 'closed';
  cache.evict();
  t.ok(cache.has('a'), 'not stored');
  t.notOk(cache.has('d'), 'closed, though used');
  const unstored = ['e', 'f', 'g', 'h'];
  for (const name of unstored) cache.open(name, created(name)).dirty = true;
  cache.evict();
  t.equal(cache.size, 5, 'the bound waits until they are stored');
  t.ok(['a', ...unstored].every(name => cache.has(name)));
});

t.test('turns', async t => {
  const turns = new Turns();
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) =>
    turns.take(async () => {
      order.push(name);
      await new Promise<void>(resolve => ends.push(resolve));
    });
  const all = ['a', 'b', 'c', 'd'].map(work);
  await nextTurn();
  t.same(order, ['a', 'b'], 'two at once');
  ends[1]?.();
  await nextTurn();
  t.same(order, ['a', 'b', 'c'], 'then who came first');
  await all[1];
  // `a` hangs: `d` goes on nevertheless, after a while.
  while (order.length < 4) await nextTurn();
  t.same(order.at(-1), 'd');
  const more = ['e', 'f'].map(work);
  ends[2]?.();
  await nextTurn();
  t.equal(order.length, 4, 'and does not let more in than may work at once');
  while (order.length < 6) {
    for (const end of ends) end();
    await nextTurn();
  }
  for (const end of ends) end();
  await Promise.all([...all, ...more]);
  await t.rejects(
    turns.take(async () => {
      throw new Error('failed');
    }),
    /failed/,
  );
  let done = 0;
  await Promise.all(
    [1, 2, 3].map(() =>
      turns.take(async () => {
        done += 1;
      }),
    ),
  );
  t.equal(done, 3, 'a failure gives its turn back');
});
