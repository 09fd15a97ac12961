// The scripts that change a partition's state: a commit counts once, by whoever holds the lease, on the state it began
// at; nobody else's state is wiped; a lease tells when the state beneath it is another.
import { Redis } from 'ioredis';
import t from 'tap';
import {
  type CommitHead,
  defineScripts,
  emptyCommit,
  FencedError,
  PartitionStore,
} from '../../src/store/partition-store.ts';
import { startTestServers } from '../support/servers.ts';

const LEASE_MS = 5_000;

function refused(what: 'lease' | 'position'): FencedError {
  return new FencedError(what, 3);
}

t.test('the scripts of a partition', async t => {
  const servers = await startTestServers(t);
  const redis = new Redis(servers.redisUrl);
  t.teardown(() => redis.disconnect());
  defineScripts(redis);
  const store = new PartitionStore(redis, 3);
  t.ok(await store.acquire('a', LEASE_MS));
  t.notOk(await store.acquire('b', LEASE_MS));

  const head = (change: number, more: Partial<CommitHead> = {}): CommitHead => ({
    epoch: 'a',
    expected: change === 1 ? '' : 'p',
    position: 'p',
    time: 1,
    change,
    leaseMs: LEASE_MS,
    dropFromOutbox: 0,
    message: null,
    ...more,
  });
  await store.commit(head(1), { ...emptyCommit(), outbox: ['one', 'two', 'three', 'four'] });

  t.test('a commit that moves no position counts once, though the connection sends it twice', async t => {
    const commit = { ...emptyCommit(), outbox: ['five'] };
    await store.commit(head(2, { dropFromOutbox: 2 }), commit);
    await t.rejects(store.commit(head(2, { dropFromOutbox: 2 }), commit), refused('position'));
    t.same((await store.load()).outbox, ['three', 'four', 'five']);
  });

  t.test('neither another owner, nor one who began at another state, changes anything', async t => {
    await t.rejects(store.commit(head(3, { epoch: 'b' }), emptyCommit()), refused('lease'));
    await t.rejects(store.commit(head(3, { expected: 'q' }), emptyCommit()), refused('position'));
    await t.rejects(store.commit(head(4), emptyCommit()), refused('position'));
    await t.rejects(store.wipe('b'), refused('lease'));
    t.equal((await store.load()).change, 2);
  });

  t.test('a lease tells the number of the state, and is revived only where nobody took it', async t => {
    t.equal(await store.renew('a', LEASE_MS), 2);
    t.equal(await store.renew('b', LEASE_MS), null);
    await redis.flushall();
    t.equal(await store.renew('a', LEASE_MS), 0, 'Redis was emptied');
    t.notOk(await store.acquire('b', LEASE_MS));
    await store.release('a');
    t.ok(await store.acquire('b', LEASE_MS));
    t.equal(await store.renew('a', LEASE_MS), null);
  });

  t.test('wiping leaves nothing but the lease', async t => {
    await store.commit(head(1, { epoch: 'b' }), {
      ...emptyCommit(),
      casesSet: ['ticket/1', 'x'],
      chunksSet: ['ticket/1#0', 'y'],
      cellsSet: ['c|a', 1],
    });
    const { change } = await store.load();
    await store.wipe('b');
    t.same((await redis.keys('sla:{3}:*')).sort(), [store.keys.lease, store.keys.meta].sort());
    t.match(await store.load(), { position: '', time: 0, change: change + 1 });
    await store.wipe('b', 1_800_000_000_000);
    t.equal((await store.load()).change, 1_800_000_000_000, 'numbers never begin anew');
  });
});
