// The reader: every message once and in order, whatever happens to consumer, connection or server meanwhile.
import { setImmediate } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import t from 'tap';
import { getMessage, lastBySubject, streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { parseOwnReply, parseReply } from '../../src/broker/delivery.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { openReader, type RawMessage, type Reader, StreamUnreadableError } from '../../src/broker/reader.ts';
import { ensureStreams } from '../../src/broker/streams.ts';
import { startProxy } from '../support/proxy.ts';
import { startTestServers } from '../support/servers.ts';

type Test = { teardown(work: () => Promise<void> | void): unknown };

const STREAM = 'SLA_EVENTS_1';
const SUBJECT = 'sla.events.1.ticket';

async function setUp(test: Test, stored: number) {
  const servers = await startTestServers(test);
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  test.teardown(() => nc.close());
  await ensureStreams(nc, 8);
  await store(nc, 1, stored);
  return { servers, nc };
}

/** Stores messages whose payload is their number, again until each is acknowledged. */
async function store(nc: NatsConnection, from: number, to: number): Promise<void> {
  const publisher = new Publisher(nc);
  for (let n = from; n <= to; n++) await publisher.room().then(() => storeOne(publisher, n));
  await publisher.idle();
  publisher.close();
}

function storeOne(publisher: Publisher, n: number): void {
  publisher.send(SUBJECT, String(n), { msgId: String(n) }, ({ result }) => {
    if (result !== 'stored') storeOne(publisher, n);
  });
}

/** Reads until `count` messages came; fails when one is not the number after the one before. */
async function readAll(
  reader: Reader,
  count: number,
  meanwhile: (read: number) => unknown = () => {},
): Promise<number> {
  let read = 0;
  while (read < count) {
    for (const message of await reader.next(500)) {
      read++;
      check(message, read);
    }
    await meanwhile(read);
  }
  return read;
}

function check(message: RawMessage, expected: number): void {
  if (message.seq !== expected || Buffer.from(message.data).toString() !== String(expected)) {
    throw new Error(`expected ${expected}, read ${message.seq}`);
  }
}

t.test('a backlog comes whole, in order, through a small buffer', async t => {
  const { nc } = await setUp(t, 20_000);
  const reader = openReader(nc, STREAM, 1, { maxMessages: 700, maxBytes: 1 });
  let most = 0;
  const read = await readAll(reader, 20_000, async () => {
    await setImmediate();
    most = Math.max(most, reader.waiting);
  });
  t.equal(read, 20_000);
  t.ok(most > 0 && most <= 700, `at most ${most} in the buffer`);
  t.equal(reader.pending, 0);
  t.equal(reader.remakes, 0);
  reader.close();
  const middle = openReader(nc, STREAM, 19_990);
  const [first] = await middle.next(1);
  t.equal(first?.seq, 19_990);
  t.equal(first?.subject, SUBJECT);
  t.equal(first?.headers?.get('Nats-Msg-Id'), '19990');
  const stored = await getMessage(nc, STREAM, 19_990);
  t.equal(first?.storedMs, stored?.storedMs, "the stored time is the server's, cut to milliseconds");
  t.equal((await lastBySubject(nc, STREAM, SUBJECT))?.seq, 20_000);
  t.equal(await getMessage(nc, STREAM, 20_001), null);
  middle.close();
});

t.test('at the end it waits; wake, abort and close end the waiting', async t => {
  const { nc } = await setUp(t, 3);
  const reader = openReader(nc, STREAM, 4);
  const woken = reader.next(10);
  reader.wake();
  t.same(await woken, []);
  reader.wake();
  t.same(await reader.next(10), [], 'a wake that comes between two calls is not lost');
  const abort = new AbortController();
  const aborted = reader.next(10, abort.signal);
  abort.abort();
  t.same(await aborted, []);
  const waiting = reader.next(10);
  await store(nc, 4, 4);
  t.same(
    (await waiting).map(m => m.seq),
    [4],
  );
  const last = reader.next(10);
  reader.close();
  t.same(await last, []);
  t.same(await reader.next(10), []);
});

t.test('a deleted consumer, cut connections and a stalled one leave no hole and repeat nothing', async t => {
  const { nc, servers } = await setUp(t, 60_000);
  const proxy = await startProxy(servers.nats.port);
  t.teardown(() => proxy.close());
  const through = await connectBroker(
    { natsUrl: servers.natsUrl.replace(/\d+$/, String(proxy.port)) },
    { name: 'through the proxy', pingMs: 300 },
  );
  t.teardown(() => through.close());
  const reader = openReader(through, STREAM, 1, { maxMessages: 2_000 });
  let cuts = 0;
  let deletions = 0;
  const manager = await nc.jetstreamManager();
  await readAll(reader, 60_000, async read => {
    if (read > cuts * 7_000 + 3_500) {
      cuts++;
      proxy.cut();
    }
    if (read > 30_000 && deletions === 0) {
      deletions++;
      for (const { name } of await manager.consumers.list(STREAM).next()) {
        await manager.consumers.delete(STREAM, name);
      }
    }
  });
  t.ok(cuts >= 8, `${cuts} cuts`);
  t.ok(reader.remakes >= 8, `${reader.remakes} consumers made anew`);
  const next = reader.next(10);
  proxy.stall(true);
  await store(nc, 60_001, 60_001);
  t.same(
    (await next).map(m => m.seq),
    [60_001],
    'silence is noticed',
  );
  reader.close();
});

t.test('a killed server that comes back is read on', async t => {
  const { nc, servers } = await setUp(t, 5_000);
  const reader = openReader(nc, STREAM, 1, { maxMessages: 1_000 });
  let killed = false;
  await readAll(reader, 5_000, async read => {
    if (read < 2_000 || killed) return;
    killed = true;
    await servers.nats.kill();
    await servers.nats.start();
  });
  t.ok(killed);
  await store(nc, 5_001, 5_100);
  let read = 5_000;
  while (read < 5_100) for (const message of await reader.next(500)) check(message, ++read);
  t.equal(read, 5_100);
  await servers.nats.stop();
  await servers.nats.start();
  await store(nc, 5_101, 5_101);
  t.same(
    (await reader.next(1)).map(m => m.seq),
    [5_101],
    'also after a restart while nothing was read',
  );
  reader.close();
});

t.test('a position that is not in the stream is told, not read around', async t => {
  const { nc } = await setUp(t, 5);
  const beyond = openReader(nc, STREAM, 9);
  await t.rejects(beyond.next(1), { name: 'StreamUnreadableError', message: /ends at 5, but 9 is the next/ });
  beyond.close();
  const gone = openReader(nc, 'SLA_EVENTS_77', 1);
  await t.rejects(gone.next(1), new StreamUnreadableError('gone', 'stream SLA_EVENTS_77 does not exist'));
  gone.close();
  const manager = await nc.jetstreamManager();
  await manager.streams.add({ name: 'SHORT', subjects: ['short'], max_msgs: 3 });
  for (let i = 0; i < 9; i++) await nc.request('short');
  t.match(await streamState(nc, 'SHORT'), { firstSeq: 7, lastSeq: 9, messages: 3 });
  const missing = openReader(nc, 'SHORT', 3);
  await t.rejects(missing.next(1), {
    name: 'StreamUnreadableError',
    message: /begins at 7, but 3 is the next/,
  });
  missing.close();
  const reader = openReader(nc, 'SHORT', 10);
  const next = reader.next(1);
  await manager.streams.delete('SHORT');
  await manager.streams.add({ name: 'SHORT', subjects: ['short'] });
  await t.rejects(next, { name: 'StreamUnreadableError', message: /was made anew/ });
  reader.close();
});

t.test('with a filter the gaps are no error, a lost delivery still is noticed', async t => {
  const { nc } = await setUp(t, 0);
  for (let i = 1; i <= 40; i++) await nc.request(i % 4 === 0 ? 'sla.records.clock.3' : 'sla.records.clock.5');
  const reader = openReader(nc, 'SLA_RECORDS', 6, { filter: 'sla.records.*.3' });
  const seqs: number[] = [];
  while (seqs.length < 9) for (const message of await reader.next(100)) seqs.push(message.seq);
  t.same(seqs, [8, 12, 16, 20, 24, 28, 32, 36, 40]);
  reader.close();
});

t.test('large messages end a request early and the next one goes on', async t => {
  const { nc } = await setUp(t, 0);
  const publisher = new Publisher(nc);
  const body = new Uint8Array(1_000_000);
  for (let i = 0; i < 24; i++) t.equal((await publisher.publish(SUBJECT, body)).result, 'stored');
  const reader = openReader(nc, STREAM, 1, { maxBytes: 1 });
  let read = 0;
  while (read < 24) {
    for (const message of await reader.next(2)) {
      t.equal(message.data.length, 1_000_000);
      read++;
    }
    t.ok(reader.waiting <= 5, 'four megabytes at most in the buffer');
  }
  t.equal(reader.remakes, 0);
  reader.close();
  publisher.close();
});

t.test('both layouts of a delivery subject', async t => {
  const delivery = { seq: 42, consumerSeq: 7, storedMs: 1_700_000_000_123, pending: 9 };
  t.same(parseReply('$JS.ACK.SLA_EVENTS_1.c.1.42.7.1700000000123999999.9'), delivery);
  t.same(parseReply('$JS.ACK.hub.ACC.SLA_EVENTS_1.c.1.42.7.1700000000123999999.9.token'), delivery);
  t.throws(() => parseReply('$JS.ACK.x'));
  const prefix = '$JS.ACK.SLA_EVENTS_1.c.1.';
  t.same(parseOwnReply(`${prefix}42.7.1700000000123999999.9`, prefix), delivery);
  t.same(
    parseOwnReply('$JS.ACK.hub.ACC.SLA_EVENTS_1.c.1.42.7.1700000000123999999.9.token', prefix),
    delivery,
  );
  t.same(parseOwnReply(`${prefix}42.7.999000000.9`, prefix), { ...delivery, storedMs: 999 });
});
