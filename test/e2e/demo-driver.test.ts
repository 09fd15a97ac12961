// The simulated centre on real servers: its events land on their partitions, a SIGKILL leaves nothing twice and no
// second history, a stop and a start go on, and a NATS server that goes away is waited for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import t from 'tap';
import { z } from 'zod';
import { streamState } from '../../src/broker/api.ts';
import { connectBroker } from '../../src/broker/connect.ts';
import { ensureStreams, eventsStream, UNROUTED_STREAM } from '../../src/broker/streams.ts';
import { decodeMessage } from '../../src/contract/decode.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { partitionOf } from '../../src/contract/subject.ts';
import { runCentre } from '../../src/demo/driver.ts';
import { packageRoot } from '../../src/package-root.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const servers = await startTestServers(t);
const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
t.teardown(() => nc.close());
await ensureStreams(nc, 8);
const stateFile = join(servers.dir, 'centre.json');
const options = { nc, stateFile, seed: 11, speed: 1, onProgress: () => {} };

/** All events of all partitions; asserts that each lies on the partition of its case. */
async function stored(t: Tap, nc: NatsConnection): Promise<Map<string, SlaEvent>> {
  const manager = await nc.jetstreamManager();
  const found = new Map<string, SlaEvent>();
  let count = 0;
  for (let p = 0; p < 8; p++) {
    const { state } = await manager.streams.info(eventsStream(p));
    const consumer = await nc.jetstream().consumers.get(eventsStream(p));
    if (state.messages === 0) continue;
    for await (const message of await consumer.fetch({ max_messages: state.messages, expires: 5000 })) {
      const decoded = decodeMessage(message.data, undefined, { declared: new Map(), storedAt: Date.now() });
      if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`);
      if (partitionOf(decoded.token, 8) !== p) t.fail(`${decoded.token} on ${p}`);
      found.set(decoded.event.id, decoded.event);
      count += 1;
    }
  }
  t.equal(found.size, count, 'no id twice');
  t.equal((await manager.streams.info(UNROUTED_STREAM)).state.messages, 0, 'all are routed');
  return found;
}

interface Tap {
  fail(message: string): boolean;
  equal(found: unknown, wanted: unknown, message: string): boolean;
}

/** The instant of the state that the centre stored last, ms since 1970; 0 before it stored any. */
function storedAt(): number {
  try {
    return z.object({ at: z.number() }).parse(JSON.parse(readFileSync(stateFile, 'utf8'))).at;
  } catch {
    return 0;
  }
}

async function messages(nc: NatsConnection): Promise<number> {
  const states = await Promise.all(Array.from({ length: 8 }, (_, p) => streamState(nc, eventsStream(p))));
  return states.reduce((sum, state) => sum + state.messages, 0);
}

const created = (events: Map<string, SlaEvent>) =>
  [...events.values()].filter(event => event.type === 'ticket.created').length;

let tickets = 0;

t.test('a first run, killed in the middle, and a second that goes on', async t => {
  const script = `
    import { connectBroker } from './src/broker/connect.ts';
    import { runCentre } from './src/demo/driver.ts';
    const nc = await connectBroker({ natsUrl: process.env.URL }, { name: 'centre' });
    await runCentre({ nc, stateFile: process.env.FILE, seed: 11, speed: 4, onProgress: () => {} });
    console.log('open');`;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    cwd: packageRoot(),
    env: { ...process.env, URL: servers.natsUrl, FILE: stateFile },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  // Its state was stored while it ran, and events were told since.
  const [first, begun] = [storedAt(), await messages(nc)];
  await until('its state is stored', async () => storedAt() > first && (await messages(nc)) > begun);
  const known = await messages(nc);
  await until('more events', async () => (await messages(nc)) > known + 5);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const before = await stored(t, nc);
  tickets = created(before);
  t.ok(tickets > 300, `${tickets} tickets of history`);
  const at = storedAt();
  const unknown = [...before.values()].filter(event => event.time > at).length;
  t.comment(`${unknown} events were told after the last stored state`);

  const centre = await runCentre(options);
  t.equal(centre.resumed, true);
  await until('it goes on', async () => centre.status().events > 0);
  await centre.stop();
  const after = await stored(t, nc);
  t.same(
    [...before.keys()].map(id => after.get(id)),
    [...before.values()],
    'what was told stays',
  );
  t.ok(created(after) < tickets + 60, `${created(after)} tickets: no second history`);
  const open = new Set<string>();
  for (const { type, case: id } of after.values()) if (type === 'call.queued') open.add(id);
  for (const { type, case: id } of after.values()) {
    if (type === 'call.ended' || type === 'call.abandoned') open.delete(id);
  }
  t.same([...open], [], 'no call is left open');
  tickets = created(after);
});

t.test('a server that goes away is waited for', async t => {
  const centre = await runCentre(options);
  await servers.nats.kill();
  // Longer than the client waits before it tries again.
  await sleep(1500);
  await servers.nats.start();
  const told = centre.status().events;
  await until('it tells again', async () => centre.status().events >= told + 5);
  t.equal(centre.status().stuck, false);
  await centre.stop();
  const events = await stored(t, nc);
  t.ok(created(events) < tickets + 60);
});
