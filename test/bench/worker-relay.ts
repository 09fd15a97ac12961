// The baseline of the wallboard: counts the calls of one queue as they are published and sends each count to all
// clients at once, in a frame as large as the board's deltas are. It keeps and commits nothing.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { connectBroker } from '../../src/broker/connect.ts';
import { settingsFromEnvironment } from '../../src/config.ts';
import { onTold, say } from './worker.ts';

/** Bytes of a delta of the board under this load. */
const FRAME_BYTES = 6_000;

const { natsUrl } = settingsFromEnvironment();
if (natsUrl === null) throw new Error('NATS_URL is needed');
const nc = await connectBroker({ natsUrl }, { name: 'relay' });
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
await once(server, 'listening');
onTold(() => {});
const filling = 'x'.repeat(FRAME_BYTES);
let waiting = 0;
const frame = () =>
  Buffer.from(JSON.stringify({ changes: { queues: [{ queue: 'probe', waiting }] }, filling }));
server.on('connection', socket => socket.send(frame(), { binary: false }));
nc.subscribe('sla.events.*.call', {
  callback: (_error, message) => {
    const event: unknown = JSON.parse(Buffer.from(message.data).toString('utf8'));
    if (!JSON.stringify(event).includes('"queue":"probe"')) return;
    waiting += 1;
    const bytes = frame();
    for (const client of server.clients) client.send(bytes, { binary: false });
  },
});
await nc.flush();
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
say({ kind: 'ready', address: `http://127.0.0.1:${address.port}` });
process.on('SIGTERM', () => process.exit(0));
