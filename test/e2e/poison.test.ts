// Messages that could stop a partition for good: as large as the server takes, with headers that nobody can parse, with a
// reason that no header can hold. Each is kept whole in SLA_REJECTS, once, and what comes after it is applied.
import { createConnection } from 'node:net';
import t from 'tap';
import { partitionOf, partitionSubject } from '../../src/contract/subject.ts';
import { Field, PARTITIONS } from '../chaos/field.ts';
import { readAll } from '../chaos/model.ts';
import { SHORT } from '../chaos/policies.ts';

// A busy machine takes its time.
t.setTimeout(300_000);

const CASE = 'T-1';
const SUBJECT = partitionSubject(partitionOf(CASE, PARTITIONS), 'ticket');
const MAX_PAYLOAD = 1_048_576;

function event(id: string, change: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: '/poison',
      type: 'ticket.created',
      subject: CASE,
      time: new Date().toISOString(),
      data: { channel: 'web' },
      ...change,
    }),
  );
}

t.test('nothing that can be stored stops a partition', { timeout: 290_000 }, async t => {
  const field = await Field.open({ policy: SHORT.text, monitors: 1 });
  t.teardown(() => field.close());
  const brim = Buffer.alloc(MAX_PAYLOAD, 'x');
  const bare = Buffer.alloc(MAX_PAYLOAD - 300, 'y');
  field.nc.publish(SUBJECT, brim);
  field.nc.publish(SUBJECT, bare);
  field.nc.publish('cc.events.ticket', brim);
  await field.nc.flush();
  await rawPublish(field.servers.natsUrl, SUBJECT, 'Bad Name\u00e9: 1\r\nce-id: e1\r\n', event('bad header'));
  await field.publish({
    subject: SUBJECT,
    data: event('cut', { type: `ticket.${'x'.repeat(52)}\u{1f600}` }),
  });
  await field.publish({
    subject: SUBJECT,
    data: Buffer.from('{}'),
    headers: { 'ce-id': 'half', 'ce-type': 'ticket.created', 'X-Own': '\u5de5\u5355' },
  });
  await field.publish({ subject: SUBJECT, data: event('good', { type: 'ticket.updated' }) });
  const say = (line: string) => t.comment(line);

  const look = async () => {
    const rejects = await readAll(field.nc, 'SLA_REJECTS');
    const reasons = rejects.map(({ subject, data }) => `${subject.split('.').at(-1)} ${data.length}`).sort();
    const cut = event('cut', { type: `ticket.${'x'.repeat(52)}\u{1f600}` }).length;
    t.same(
      reasons,
      [
        'malformed 2',
        `oversized ${MAX_PAYLOAD}`,
        `oversized ${MAX_PAYLOAD}`,
        `oversized ${MAX_PAYLOAD - 300}`,
        `unknown-type ${cut}`,
      ].sort(),
    );
    const half = rejects.find(({ subject }) => subject.endsWith('.malformed'));
    t.equal(half?.headers?.get('ce-id'), 'half', "the event's own headers are kept");
    const p = partitionOf(CASE, PARTITIONS);
    const cells = await field.redis.hgetall(`sla:{${p}}:cells`);
    t.equal(cells['c|event|ticket|applied'], '2', 'what came before and after is applied');
    t.equal(cells['c|event|ticket|rejected'], '4');
  };
  await field.whileSettled(60_000, say, look);
  await field.shortenWindows();
  await field.redis.flushall();
  await field.whileSettled(60_000, say, look);
});

/** Publishes with a header block as given, which no library would send. */
async function rawPublish(url: string, subject: string, headers: string, data: Buffer): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const head = Buffer.from(`NATS/1.0\r\n${headers}\r\n`);
  const connect = { user: username, pass: password, verbose: false, headers: true, protocol: 1 };
  const socket = createConnection(Number(port), hostname);
  await new Promise<void>((resolve, reject) => {
    let seen = '';
    socket.on('error', reject);
    socket.on('data', chunk => {
      seen += chunk.toString('latin1');
      if (seen.includes('PONG')) resolve();
    });
    socket.write(`CONNECT ${JSON.stringify(connect)}\r\n`);
    socket.write(`HPUB ${subject} ${head.length} ${head.length + data.length}\r\n`);
    socket.write(Buffer.concat([head, data, Buffer.from('\r\nPING\r\n')]));
  });
  socket.destroy();
}
