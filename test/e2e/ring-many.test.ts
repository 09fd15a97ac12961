// After an outage more clocks are due at once than a partition may hold in memory: they ring in several commits, and
// between two of them cases make room.
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import t from 'tap';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { ensureStreams } from '../../src/broker/streams.ts';
import { connectRedis } from '../../src/monitor/redis.ts';
import { CaseCache } from '../../src/processor/case-cache.ts';
import { Processor } from '../../src/processor/processor.ts';
import { partitionKeys } from '../../src/store/keys.ts';
import { startTestServers } from '../support/servers.ts';
import { policyOf } from '../support/timeline.ts';
import { until } from '../support/until.ts';

const CASES = 4_500;
/** More than come with one batch of events or one commit of alarms: those are held at the least. */
const HELD_MAX = 3_000;
const TARGET_MS = 4_000;
const POLICY = policyOf(
  `  - { rule: A, on: ticket, start: ticket.created, stop: ticket.replied, target: ${TARGET_MS}ms }\n`,
);

t.setTimeout(60_000);

t.test('clocks that fall due while nobody looks', async t => {
  const servers = await startTestServers(t, { partitions: 1 });
  const place = { natsUrl: servers.natsUrl, natsCreds: null, natsCa: null };
  const nc = await connectBroker(place, { name: 'test' });
  const redis = connectRedis(servers.redisUrl, null);
  const publisher = new Publisher(nc);
  t.teardown(async () => {
    publisher.close();
    redis.disconnect();
    await nc.close();
  });
  await ensureStreams(nc, 1);
  const created = (id: string) => ({
    specversion: '1.0',
    id: `e-${id}`,
    source: '/test',
    type: 'ticket.created',
    subject: id,
    time: new Date().toISOString(),
    data: {},
  });
  const publish = (events: readonly object[]) =>
    Promise.all(events.map(event => publisher.publish('sla.events.0.ticket', JSON.stringify(event), {})));
  const processor = () =>
    new Processor({
      redis,
      nc,
      policies: { current: POLICY, first: POLICY, byHash: () => POLICY, find: async () => POLICY },
      partitions: 1,
      batchMax: 2_000,
      lingerMs: 5,
      leaseMs: 2_000,
      cacheMax: 100,
      closedKeepMs: 86_400_000,
      log: pino({ level: 'silent' }),
      measure: { timerLag: () => {}, eventLag: () => {} },
    });
  const cell = async (key: string) => Number((await redis.hget(partitionKeys(0).cells, key)) ?? 0);

  const first = processor();
  first.start();
  await publish(Array.from({ length: CASES }, (_, i) => created(`T-${i}`)));
  const published = Date.now();
  await until('all are applied', async () => (await cell('c|event|ticket|applied')) === CASES);
  await first.stop();
  await sleep(Math.max(0, published + TARGET_MS + 1_000 - Date.now()));

  let held = 0;
  const load = CaseCache.prototype.load;
  CaseCache.prototype.load = async function (keys) {
    await load.call(this, keys);
    held = Math.max(held, this.size);
  };
  t.teardown(() => {
    CaseCache.prototype.load = load;
  });
  // The last message of this batch is about cases that made room when the alarms before it rang.
  await publish(
    Array.from({ length: 50 }, (_, i) => ({ ...created(`T-${i}`), id: `r-${i}`, type: 'ticket.replied' })),
  );
  const second = processor();
  second.start();
  await until(
    'all but those with a reply are overdue',
    async () => (await cell('g|open|A|overdue')) === CASES - 50,
  );
  await second.stop();
  t.ok(held <= HELD_MAX, `${held} cases were held at once`);
  t.equal(await cell('c|outcome|A|missed|'), 50, 'the replies came too late');
  t.equal(await cell('c|breach|A|'), CASES, 'each is breached once');
});
