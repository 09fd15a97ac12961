// Publishing: acknowledgements and their kinds, streams that are made once, the command, and that the server's
// mapping, our own computation and the command put a case on the same partition.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import t from 'tap';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { MappingError, probeMapping, requireMapping } from '../../src/broker/mapping.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { headerSafe, rejectMessage } from '../../src/broker/reject-message.ts';
import {
  currentDefinition,
  ensureStreams,
  eventsStream,
  madePartitions,
  mergeDefinition,
  openConfig,
  streamDefinitions,
} from '../../src/broker/streams.ts';
import { encodeToken, partitionOfCase, publisherSubject } from '../../src/contract/subject.ts';
import { Policies } from '../../src/policy-store/policies.ts';
import { runProgram } from '../support/program.ts';
import { startTestServers } from '../support/servers.ts';

interface Test {
  teardown(work: () => Promise<void> | void): unknown;
}

async function setUp(test: Test, mapped: number | null = 8) {
  const servers = await startTestServers(test, { partitions: mapped });
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  test.teardown(() => nc.close());
  return { servers, nc };
}

function event(subject: string, n = 1): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `e-${n}`,
    source: 'test',
    type: 'ticket.created',
    subject,
    time: '2026-11-01T08:00:00Z',
    data: { channel: 'email' },
  });
}

async function lastSeqs(nc: NatsConnection): Promise<number[]> {
  const states = await Promise.all(Array.from({ length: 8 }, (_, p) => streamState(nc, eventsStream(p))));
  return states.map(state => state.lastSeq);
}

t.test('what became of a message has a name', async t => {
  const { nc, servers } = await setUp(t);
  await ensureStreams(nc, 8);
  const publisher = new Publisher(nc, { maxInFlight: 50, timeoutMs: 800 });
  const first = { result: 'stored', stream: 'SLA_EVENTS_0', seq: 1, duplicate: false };
  t.same(await publisher.publish('sla.events.0.ticket', 'x', { msgId: 'a' }), first);
  t.same(await publisher.publish('sla.events.0.ticket', 'x', { msgId: 'a' }), { ...first, duplicate: true });
  t.same(await publisher.publish('sla.nowhere', 'x'), { result: 'no-stream' });
  t.same(await publisher.publish('sla.events.0.ticket', new Uint8Array(1_048_577)), { result: 'too-large' });
  t.match(
    await publisher.publish('sla.events.0.ticket', 'x', { headers: { 'Nats-Expected-Stream': 'OTHER' } }),
    { result: 'refused', code: 10_060 },
  );
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const { result } = await publisher.publish('sla.events.2.ticket', String(i));
      most = Math.max(most, publisher.inFlight);
      return result;
    }),
  );
  t.ok(results.every(result => result === 'stored'));
  t.ok(most <= 50, `${most} in flight`);
  t.equal((await streamState(nc, 'SLA_EVENTS_2')).messages, 1_000);
  await servers.nats.kill();
  t.same(await publisher.publish('sla.events.0.ticket', 'y', { msgId: 'b' }), { result: 'timeout' });
  const open = publisher.publish('sla.events.0.ticket', 'z');
  publisher.close();
  t.same(await open, { result: 'closed' });
  t.same(await publisher.publish('sla.events.0.ticket', 'z'), { result: 'closed' });
});

t.test('streams are made once and never lose anything by an update', async t => {
  const { nc } = await setUp(t);
  t.equal(await madePartitions(nc), null);
  await Promise.all([ensureStreams(nc, 8), ensureStreams(nc, 8)]);
  t.equal(await madePartitions(nc), 8);
  for (const wanted of streamDefinitions(8)) {
    const made = await currentDefinition(nc, wanted.name);
    t.match(made, wanted, `${wanted.name} is as defined`);
  }
  await t.rejects(ensureStreams(nc, 4), { name: 'PartitionsError', message: /made with 8 .* says 4/ });
  const manager = await nc.jetstreamManager();
  await manager.streams.update('SLA_ACTIONS', { max_age: 9e18, description: 'by hand' });
  await manager.streams.update('SLA_REJECTS', { max_bytes: 1_000_000 });
  await ensureStreams(nc, 8);
  t.match(await currentDefinition(nc, 'SLA_REJECTS'), { max_bytes: -1 }, 'a limit is lifted');
  const [definition] = streamDefinitions(1);
  if (definition === undefined) throw new Error('no definition');
  const unlimited = { ...definition, max_age: 0, deny_purge: true };
  const merged = mergeDefinition(unlimited, { ...definition, max_age: 5, deny_purge: false });
  t.match(merged, { max_age: 0, deny_purge: true }, 'none is added, no protection is taken away');
  t.match(mergeDefinition({ ...definition, max_age: 9 }, { ...definition, max_age: 5 }), { max_age: 9 });
});

t.test('the mapping, the probe and our own computation agree', async t => {
  const { nc } = await setUp(t);
  await ensureStreams(nc, 8);
  const before = await lastSeqs(nc);
  t.same(await probeMapping(nc, 8), { state: 'right' });
  t.same(await lastSeqs(nc), before, 'probing stores nothing');
  const ids = ['T-1', '工单-7', 'a.b', '50%', 'with space', 'a*>b', '\u0000\u007f', '🚚', 'x'.repeat(200)];
  for (const id of ids) {
    const token = encodeToken(id);
    if (!token.ok) throw new Error(token.detail);
    const answer = await nc.request(publisherSubject('ticket', token.token), event(id));
    t.match(answer.json(), { stream: eventsStream(partitionOfCase(id, 8) ?? -1) }, JSON.stringify(id));
  }
  t.same(
    ['T-1', '工单-7', 'a.b', '50%'].map(id => partitionOfCase(id, 8)),
    [1, 1, 0, 6],
    'as the contract lists them',
  );
  for (const subject of [
    'cc.events.control.x',
    'cc.events.ticket',
    'cc.events.a.b.c.d',
    'cc.events.order.1',
  ]) {
    t.match((await nc.request(subject, 'x')).json(), { stream: 'SLA_UNROUTED' }, `${subject} is unrouted`);
  }
});

t.test('a mapping for another number of partitions is refused, saying both; none at all is not', async t => {
  for (const [theirs, expected] of [
    [4, { state: 'other', partitions: 4 }],
    [12, { state: 'other', partitions: 12 }],
    [null, { state: 'none' }],
  ] as const) {
    const { nc } = await setUp(t, theirs);
    await ensureStreams(nc, 8);
    t.same(await probeMapping(nc, 8), expected);
    if (theirs === null) t.same(await requireMapping(nc, 8), expected);
    else
      await t.rejects(
        requireMapping(nc, 8),
        new MappingError(
          `The NATS server maps cc.events.*.* onto ${theirs} partitions, the streams have 8; see deploy/nats/mapping.conf`,
        ),
      );
  }
});

t.test(
  'publish: from a file and from standard input, onto the partitions that the server would choose',
  async t => {
    const { nc, servers } = await setUp(t);
    const ids = ['T-1', '工单-7', 'a.b', '50%', 'with space'];
    const file = join(servers.dir, 'events.ndjson');
    writeFileSync(file, `\ufeff${ids.map(id => event(id)).join('\r\n')}\n\n  \n`);
    const run = await runProgram(['publish', file], { env: servers.env });
    t.match(run, { code: 0, stderr: /5 stored/ });
    const after = await lastSeqs(nc);
    t.same(
      after,
      [1, 2, 0, 0, 0, 0, 1, 0].map((n, p) => n + (partitionOfCase('with space', 8) === p ? 1 : 0)),
    );
    const piped = await runProgram(['publish', '-'], { env: servers.env, input: event('T-1', 2) });
    t.match(piped, { code: 0, stderr: /1 stored/ });
    t.equal((await lastSeqs(nc))[1], 3);
  },
);

t.test('publish: bad lines are named, kept whole, and the good ones stored', async t => {
  const { nc, servers } = await setUp(t);
  const lines = [
    event('T-1'),
    'not json',
    event('T-1', 2).replace('ticket.created', 'ticket.nonsense'),
    event('T-1', 3).replace('2026-11-01', '1926-11-01'),
    event('T-1', 4).replace('"email"', '7'),
    event('x'.repeat(201)),
    event('T-1', 5).replace('"email"', `"${'x'.repeat(300_000)}"`),
    'z'.repeat(1_100_000),
    event('T-2', 6),
  ];
  const run = await runProgram(['publish'], { env: servers.env, input: lines.join('\n') });
  t.equal(run.code, 1);
  t.match(run.stderr, /2 stored, 6 rejected, 1 not stored/);
  for (const [line, reason] of [
    [2, 'malformed'],
    [3, 'unknown-type'],
    [4, 'time'],
    [5, 'schema'],
    [6, 'subject'],
    [7, 'oversized'],
    [8, 'oversized'],
  ] as const) {
    t.match(run.stderr, new RegExp(`^line ${line}: ${reason}`, 'm'));
  }
  const state = await streamState(nc, 'SLA_REJECTS');
  t.equal(state.messages, 6);
  const manager = await nc.jetstreamManager();
  const message = await manager.streams.getMessage('SLA_REJECTS', { last_by_subj: 'sla.rejects.malformed' });
  t.equal(Buffer.from(message.data).toString(), 'not json');
  t.equal(message.header.get('Sla-Source-Subject'), 'publish');
  t.equal(message.header.get('Sla-Source-Sequence'), '2');
});

t.test('publish and token follow what the monitor runs on, not their own settings', async t => {
  const { servers, nc } = await setUp(t);
  await ensureStreams(nc, 4);
  const file = join(t.testdir(), 'policy.yaml');
  const clock =
    '{ rule: R, title: { zh: a, en: b }, on: ticket, start: ticket.created, stop: ticket.closed, target: 1h }';
  writeFileSync(
    file,
    `version: 1\nname: own\ntimezone: UTC\nattributes: { vip: boolean }\nclocks:\n  - ${clock}\n`,
  );
  const policies = await Policies.open(nc, await openConfig(nc), file);
  t.teardown(() => policies.close());
  const wrong = event('V-1').replace('"channel":"email"', '"vip":"yes"');
  const run = await runProgram(['publish'], { env: servers.env, input: `${event('V-2')}\n${wrong}\n` });
  t.match(run, { code: 1, stderr: /^line 2: schema: data\.vip/m });
  const made = await runProgram(['token', 'create', '--role', 'viewer', '--name', 'x'], { env: servers.env });
  t.match(made, { code: 0, stdout: /^sla_/ });
});

t.test('publish: wrong usage and missing servers are told apart', async t => {
  const { servers } = await setUp(t);
  t.equal((await runProgram(['publish', 'a', 'b'], { env: servers.env })).code, 2);
  t.equal((await runProgram(['publish', '--nonsense'], { env: servers.env })).code, 2);
  t.match(await runProgram(['publish', '/no/such/file'], { env: servers.env }), {
    code: 2,
    stderr: /no such file: \/no/,
  });
  t.match(await runProgram(['publish', t.testdir({})], { env: servers.env }), {
    code: 1,
    stderr: /^sla-monitor: this is a folder: /m,
  });
  t.match(await runProgram(['publish', '--help'], {}), { code: 0, stdout: /^Usage: sla-monitor publish/ });
  const alone = await runProgram(['publish'], { env: { DATA_DIR: servers.env.DATA_DIR }, input: '' });
  t.match(alone, { code: 1, stderr: /No servers/ });
  const half = await runProgram(['publish'], { env: { NATS_URL: servers.natsUrl }, input: '' });
  t.match(half, { code: 2, stderr: /REDIS_URL is not/ });
});

t.test('a reject keeps the bytes even when headers no longer fit', async t => {
  const source = {
    subject: 'sla.events.1.ticket',
    sequence: 7,
    headers: [
      ['ce-id', ['ä']],
      ['Nats-Msg-Id', ['n']],
    ] as const,
  };
  const small = rejectMessage('schema', 'why\r\nnot', new Uint8Array(10), source, 1_000);
  t.same(small.headers, {
    'Sla-Source-Subject': 'sla.events.1.ticket',
    'Sla-Source-Sequence': '7',
    'Sla-Detail': 'why%0D%0Anot',
    'ce-id': '%C3%A4',
  });
  t.same(rejectMessage('schema', 'x', new Uint8Array(1_000), source, 1_000).headers, {});
  t.equal(headerSafe('a\ud800b'), 'a%EF%BF%BDb');
});
