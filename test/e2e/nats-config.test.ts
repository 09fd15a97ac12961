// deploy/nats on a real server: the mapping puts a publisher's event on its partition, the publisher can do nothing
// else, the README's reader sees records and no events, and the README's encryption leaves no plain text on disk.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from 'nats';
import t from 'tap';
import { endProcess, freePort, launch } from '../../src/embedded/process.ts';
import { ensurePrograms } from '../../src/embedded/programs.ts';
import { packageRoot } from '../../src/package-root.ts';

const SHIPPED = join(packageRoot(), 'deploy', 'nats');
const PASSWORDS = { monitor: 'p1m', publisher: 'p2p', reader: 'p3r' };
const README = readFileSync(join(SHIPPED, 'README.md'), 'utf8');
const blocks = [...README.matchAll(/```conf\n([\s\S]*?)```/g)].map(match => match[1] ?? '');

interface Teardown {
  teardown(work: () => Promise<void>): unknown;
}

interface Running {
  as(user: keyof typeof PASSWORDS): Promise<NatsConnection>;
  store: string;
}

/** The shipped configuration on a free loopback port, its secrets from the environment. */
async function start(t: Teardown, change: (conf: string) => string): Promise<Running> {
  const programs = await ensurePrograms(['nats-server']);
  const dir = mkdtempSync(join(tmpdir(), 'sla-nats-'));
  const port = await freePort();
  const store = join(dir, 'store');
  mkdirSync(store);
  const conf = readFileSync(join(SHIPPED, 'nats-server.conf'), 'utf8')
    .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
    .replace('http: 0.0.0.0:8222', '')
    .replace('store_dir: /data', `store_dir: ${JSON.stringify(store)}`)
    .replace('max_file_store: 50GB', 'max_file_store: 100MB');
  writeFileSync(join(dir, 'nats-server.conf'), change(conf));
  writeFileSync(join(dir, 'mapping.conf'), readFileSync(join(SHIPPED, 'mapping.conf')));
  process.env.NATS_MONITOR_PASSWORD = PASSWORDS.monitor;
  process.env.NATS_PUBLISHER_PASSWORD = PASSWORDS.publisher;
  process.env.NATS_READER_PASSWORD = PASSWORDS.reader;
  process.env.JS_KEY = 'k0123456789abcdef';
  const pid = await launch({
    kind: 'nats',
    program: programs['nats-server'],
    configFile: join(dir, 'nats-server.conf'),
    port,
    password: PASSWORDS.monitor,
    outputFile: join(dir, 'out'),
    logFile: join(dir, 'log'),
  });
  const open: NatsConnection[] = [];
  t.teardown(async () => {
    for (const connection of open) await connection.close();
    await endProcess(pid);
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    store,
    as: async user => {
      const servers = `127.0.0.1:${port}`;
      const inboxPrefix = user === 'monitor' ? '_INBOX' : `_INBOX_${user}`;
      const connection = await connect({ servers, user, pass: PASSWORDS[user], inboxPrefix });
      open.push(connection);
      return connection;
    },
  };
}

async function addStreams(monitor: NatsConnection): Promise<void> {
  const { streams } = await monitor.jetstreamManager();
  for (let p = 0; p < 8; p++) {
    await streams.add({ name: `SLA_EVENTS_${p}`, subjects: [`sla.events.${p}.*`] });
  }
  await streams.add({ name: 'SLA_UNROUTED', subjects: ['cc.events.>'] });
  await streams.add({ name: 'SLA_RECORDS', subjects: ['sla.records.*.*'] });
}

/** True when the server refuses: the publisher sees a time-out, its connection an error. */
async function refused(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}

t.test('a publisher may send events to their partition and nothing else', async t => {
  const server = await start(t, conf => conf);
  const monitor = await server.as('monitor');
  await addStreams(monitor);
  const publisher = await server.as('publisher');
  const js = publisher.jetstream({ timeout: 400 });
  const event = JSON.stringify({ secret: '19900001234' });
  t.equal((await js.publish('cc.events.ticket.T-1', event)).stream, 'SLA_EVENTS_1');
  t.equal((await js.publish('cc.events.chat.工单-7', event)).stream, 'SLA_EVENTS_1');
  t.equal((await js.publish('cc.events.call.50%25', event)).stream, 'SLA_EVENTS_6');
  const binary = headers();
  binary.set('ce-type', 'ticket.created');
  t.equal(
    (await js.publish('cc.events.ticket.a%2Eb', event, { headers: binary, msgID: 'x' })).stream,
    'SLA_EVENTS_0',
  );
  t.equal((await js.publish('cc.events.ticket.a.b.c', event)).stream, 'SLA_UNROUTED');
  t.ok(await refused(js.publish('sla.events.1.control', '{"kind":"tick"}')), 'control');
  t.ok(await refused(js.publish('sla.records.clock.1', '{}')), 'records');
  t.equal((await js.publish('cc.events.control.T-1', event)).stream, 'SLA_UNROUTED', 'no such entity');
  t.ok(await refused(publisher.request('$JS.API.STREAM.INFO.SLA_EVENTS_1', '', { timeout: 400 })), 'reading');
});

t.test('a publisher cannot listen to what the monitor reads', async t => {
  const server = await start(t, conf => conf);
  const monitor = await server.as('monitor');
  const publisher = await server.as('publisher');
  for (const subject of ['_INBOX.>', 'cc.events.>', 'sla.events.>', '>']) {
    let heard = 0;
    publisher.subscribe(subject, { callback: error => (heard += error ? 0 : 1) });
    await publisher.flush();
    monitor.publish('_INBOX.abc.1', 'an event for the monitor');
    monitor.publish('sla.events.1.ticket', 'an event');
    await monitor.flush();
    await publisher.flush();
    t.equal(heard, 0, subject);
  }
});

t.test("the README's reader sees records and no events", async t => {
  const user = '    { user: reader, password: $NATS_READER_PASSWORD, permissions: $reader }\n';
  const server = await start(t, conf =>
    conf
      .replace('authorization {', `${blocks[0]}\nauthorization {`)
      .replace('  users: [\n', `  users: [\n${user}`),
  );
  const monitor = await server.as('monitor');
  await addStreams(monitor);
  await monitor.jetstream().publish('sla.records.clock.1', '{"kind":"clock"}');
  const reader = await server.as('reader');
  const js = reader.jetstream({ timeout: 400 });
  const records = await js.consumers.get('SLA_RECORDS');
  const message = await records.next({ expires: 2000 });
  t.equal(message?.subject, 'sla.records.clock.1');
  t.ok(await refused(js.consumers.get('SLA_EVENTS_1').then(consumer => consumer.next({ expires: 1000 }))));
  t.ok(await refused(js.publish('cc.events.ticket.T-1', '{}')));
});

t.test("the README's encryption leaves no plain text in the store", async t => {
  for (const encrypted of [false, true]) {
    await t.test(encrypted ? 'encrypted' : 'plain', async t => {
      const server = await start(t, conf =>
        encrypted ? conf.replace('jetstream {\n', `jetstream {\n${blocks[1]}`) : conf,
      );
      const monitor = await server.as('monitor');
      await addStreams(monitor);
      await monitor.jetstream().publish('cc.events.ticket.T-1', 'call me on 19900001234');
      await monitor.close();
      const found = files(server.store).some(file => readFileSync(file).includes('19900001234'));
      t.equal(found, !encrypted);
    });
  }
});

function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name));
}
