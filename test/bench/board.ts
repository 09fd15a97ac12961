// (e) From the publishing of an event until a wallboard's client has received the frame that shows it. Calls enter a
// queue of their own, so that its number of waiting calls tells which event a frame shows. The baseline is a relay
// that keeps nothing: it sends a frame of the same size to all clients for each such call.
import { WebSocket } from 'ws';
import { z } from 'zod';
import { encodeToken, partitionOf, partitionSubject } from '../../src/contract/subject.ts';
import { type LoadEvent, makeLoad, random } from './load.ts';
import { latencyRows, type Quantiles, quantiles, type Row, type Sizes } from './report.ts';
import { PARTITIONS, pace, type Rig, type Worker, waitFor, withRig } from './rig.ts';

/** Calls whose frames are waited for, a second; more come beside them, so that a board has something to show. */
const PROBES_PER_SECOND = 20;
const OTHERS_PER_SECOND = 200;
const QUEUE = 'probe';
const TOKEN = 'admin-token-of-the-benchmarks';

export async function benchBoard({ quick }: Sizes): Promise<Row[]> {
  const seconds = quick ? 3 : 10;
  const rows: Row[] = [];
  for (const clients of quick ? [1, 200] : [1, 1_000]) {
    const { ours, relay } = await withRig(async rig => {
      const monitor = await rig.worker('worker-monitor.ts', { ADMIN_TOKEN: TOKEN });
      const ours = await measure(rig, monitor, clients, seconds);
      await monitor.stop();
      const other = await rig.worker('worker-relay.ts');
      return { ours, relay: await measure(rig, other, clients, seconds) };
    });
    const what = `published to frame received, ${clients} client${clients === 1 ? '' : 's'}`;
    const baselineWhat = 'a relay without state, a frame for each event';
    rows.push(...latencyRows({ part: 'e', what, baselineWhat }, ours, relay, { of: 'ours', atMost: 250 }));
  }
  return rows;
}

/** Latencies of all clients together. */
async function measure(rig: Rig, worker: Worker, clients: number, seconds: number): Promise<Quantiles> {
  const run = `${process.pid}-${worker.address.replace(/\D/g, '')}-${clients}`;
  const sentAt: number[] = [];
  const found: number[] = [];
  const watchers = await openAll(worker.address, clients, (seen, waiting) => {
    const now = performance.now();
    for (let i = seen; i < waiting; i++) found.push(now - (sentAt[i] ?? Number.NaN));
  });
  const count = PROBES_PER_SECOND * seconds;
  const next = random(5);
  const others = makeLoad({
    events: 1e9,
    openCases: 500,
    partitions: PARTITIONS,
    clock: () => Date.now(),
    seed: clients,
  });
  const perSecond = PROBES_PER_SECOND + OTHERS_PER_SECOND;
  await pace(perSecond, perSecond * seconds + perSecond, () => {
    const isProbe = sentAt.length < count && next() < PROBES_PER_SECOND / perSecond;
    const event = isProbe ? queuedCall(`P-${run}-${sentAt.length}`) : others.next().value;
    if (isProbe) sentAt.push(performance.now());
    rig.publisher.send(event.subject, event.data, undefined, () => {});
  });
  await rig.publisher.idle();
  await waitFor('the frames', 20_000, () => watchers.every(watcher => watcher.waiting >= sentAt.length));
  for (const { socket } of watchers) socket.terminate();
  return quantiles(found);
}

interface Watcher {
  readonly socket: WebSocket;
  /** Calls that wait, as of the last frame. */
  waiting: number;
}

/** Connects and subscribes; `onSeen` is told when a client sees that more calls wait than before. */
async function openAll(
  address: string,
  clients: number,
  onSeen: (before: number, now: number) => void,
): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  const url = new URL('/ws', address.replace(/^http/, 'ws'));
  while (watchers.length < clients) {
    const some = Math.min(50, clients - watchers.length);
    watchers.push(...(await Promise.all(Array.from({ length: some }, () => openOne(url, onSeen)))));
  }
  return watchers;
}

function openOne(url: URL, onSeen: (before: number, now: number) => void): Promise<Watcher> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${TOKEN}` },
      perMessageDeflate: false,
    });
    const watcher: Watcher = { socket, waiting: 0 };
    socket.on('error', reject);
    socket.on('open', () => socket.send('{"subscribe":"overview"}'));
    socket.on('message', data => {
      const waiting = waitingIn(data.toString());
      if (waiting !== null && waiting > watcher.waiting) {
        onSeen(watcher.waiting, waiting);
        watcher.waiting = waiting;
      }
      resolve(watcher);
    });
  });
}

const QUEUES = z.array(z.object({ queue: z.string(), waiting: z.number() }));
const FRAME = z.object({
  state: z.object({ queues: QUEUES }).optional(),
  changes: z.object({ queues: QUEUES.optional() }).optional(),
});

/** All clients get the same text, so each is read once. */
let lastText = '';
let lastWaiting: number | null = null;

/** How many calls wait in the queue of the probes; null when the frame does not say. */
function waitingIn(text: string): number | null {
  if (text === lastText) return lastWaiting;
  lastText = text;
  const { state, changes } = FRAME.parse(JSON.parse(text));
  const queues = state?.queues ?? changes?.queues;
  lastWaiting = queues?.find(({ queue }) => queue === QUEUE)?.waiting ?? null;
  return lastWaiting;
}

function queuedCall(id: string): LoadEvent {
  const token = encodeToken(id);
  if (!token.ok) throw new Error(token.detail);
  return {
    subject: partitionSubject(partitionOf(token.token, PARTITIONS), 'call'),
    data: JSON.stringify({
      specversion: '1.0',
      id: `e-${id}`,
      source: '/bench/centre',
      type: 'call.queued',
      subject: id,
      time: new Date().toISOString(),
      data: { queue: QUEUE, channel: 'phone' },
    }),
  };
}
