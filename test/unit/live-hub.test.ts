// The hub with real sockets: who does not read is skipped ahead to a fresh snapshot and never buffered without bound,
// deltas are bounded too, and those who send too much are cut off.
import { once } from 'node:events';
import { createServer } from 'node:http';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import type { Board } from '../../src/contract/frame.ts';
import { BoardsHub } from '../../src/server/boards-hub.ts';
import { until } from '../support/until.ts';

const EMPTY: Board = {
  figures: [],
  queues: [],
  agents: [],
  atRisk: [],
  overdue: [],
  atRiskCount: 0,
  overdueCount: 0,
  alerts: [],
  feed: [],
  health: { fresh: true, pending: 0, behind: [] },
};
const SLOW_BYTES = 256 * 1024;

interface Frame {
  readonly type: string;
  readonly epoch?: string;
  readonly offset?: number;
  readonly code?: string;
  readonly state?: { readonly overdueCount: number };
  readonly changes?: { readonly overdueCount?: number };
}

/** The count that a client shows after all its frames; every delta must be the next one. */
function shown(frames: readonly Frame[]): { readonly count: number; readonly gaps: number } {
  let count = -1;
  let offset = -1;
  let gaps = 0;
  for (const frame of frames) {
    if (frame.type !== 'snapshot' && frame.type !== 'delta') continue;
    if (frame.type === 'delta' && frame.offset !== offset + 1) gaps++;
    offset = frame.offset ?? -1;
    count = frame.state?.overdueCount ?? frame.changes?.overdueCount ?? count;
  }
  return { count, gaps };
}

/** A hub whose board carries `filler` bytes and a count. */
async function startHub(
  t: { teardown(work: () => Promise<void> | void): unknown },
  options: { keepDeltas?: number; heartbeatMs?: number } = {},
) {
  let count = 0;
  let filler = '';
  const hub = new BoardsHub({
    source: {
      build: () => ({
        board: { ...EMPTY, overdueCount: count, agents: [{ state: filler, count }] },
        asOf: Date.now(),
        centre: 'c',
        timezone: 'UTC',
      }),
    },
    intervalMs: 1,
    slowBytes: SLOW_BYTES,
    ...options,
  });
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const accepted: WebSocket[] = [];
  sockets.on('connection', socket => {
    accepted.push(socket);
    hub.add(socket, () => true);
  });
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
  hub.start();
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  t.teardown(async () => {
    hub.stop();
    await hub.closeAll(100);
    sockets.close();
    http.close();
  });
  return {
    hub,
    accepted,
    /** Shows a board that has not been shown before. */
    next: (bytes = 0) => {
      count++;
      filler = 'x'.repeat(bytes);
      hub.changed();
    },
    count: () => count,
    connect: async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      const frames: Frame[] = [];
      socket.on('message', data => frames.push(JSON.parse(data.toString())));
      await once(socket, 'open');
      return { socket, frames };
    },
  };
}

t.test('a slow client is skipped ahead, the others are not held up', async t => {
  const rig = await startHub(t);
  const fast = await rig.connect();
  const slow = await rig.connect();
  for (const { socket } of [fast, slow]) socket.send('{"subscribe":"overview"}');
  await until('snapshots', () => shown(fast.frames).count >= 0 && shown(slow.frames).count >= 0);
  slow.socket.pause();
  const slowEnd = rig.accepted[1];
  let most = 0;
  for (let i = 0; i < 150; i++) {
    rig.next(100_000);
    await until('the fast one has it', () => shown(fast.frames.slice(-1)).count === rig.count());
    most = Math.max(most, slowEnd?.bufferedAmount ?? 0);
  }
  t.ok(most > SLOW_BYTES, 'it was slow indeed');
  t.ok(most < SLOW_BYTES + 200_000, `bounded: ${most}`);
  t.equal(shown(fast.frames).gaps, 0);
  slow.socket.resume();
  await until('the slow one is up to date', () => shown(slow.frames).count === rig.count());
  t.equal(shown(slow.frames).gaps, 0, 'after the skip it begins anew with a snapshot');
  const kinds = slow.frames.filter(({ type }) => type !== 'heartbeat').map(({ type }) => type);
  t.equal(kinds.at(-1), 'snapshot');
  t.ok(kinds.length < 150, 'what it missed was not sent');
});

t.test('deltas that are no longer kept, and no delta at all', async t => {
  const rig = await startHub(t, { keepDeltas: 5 });
  const first = await rig.connect();
  first.socket.send('{"subscribe":"overview"}');
  await until('a snapshot', () => first.frames.length === 1);
  const [snapshot] = first.frames;
  for (let i = 0; i < 8; i++) {
    rig.next();
    await until('told', () => shown(first.frames).count === rig.count());
  }
  const offset = first.frames.at(-1)?.offset ?? 0;
  const back = async (from: number) => {
    const client = await rig.connect();
    client.socket.send(JSON.stringify({ subscribe: 'overview', epoch: snapshot?.epoch, offset: from }));
    await until('an answer', () => client.frames.length > 0);
    return client.frames.map(({ type }) => type);
  };
  t.same(await back(offset - 5), ['delta', 'delta', 'delta', 'delta', 'delta']);
  t.same(await back(offset - 6), ['snapshot']);
  t.same(await back(offset), ['heartbeat']);
});

t.test('heartbeats come, and who sends too much is cut off', async t => {
  const rig = await startHub(t, { heartbeatMs: 150 });
  const quiet = await rig.connect();
  await until('heartbeats', () => quiet.frames.filter(({ type }) => type === 'heartbeat').length >= 2);
  const loud = await rig.connect();
  const closed = once(loud.socket, 'close');
  for (let i = 0; i < 200; i++) loud.socket.send('{}');
  const [code] = await closed;
  t.equal(code, 1008);
  await until('it is gone', () => rig.hub.clients === 1);
});

t.test('closing asks clients to come back', async t => {
  const rig = await startHub(t);
  const client = await rig.connect();
  const closed = once(client.socket, 'close');
  await rig.hub.closeAll();
  const [code] = await closed;
  t.equal(code, 1012);
});
