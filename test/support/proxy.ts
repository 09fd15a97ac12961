// A TCP proxy in front of a server, whose connections a test can cut or stall.
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** Cuts all connections; new ones are taken. */
  cut(): void;
  /** While stalled nothing passes in either direction, and nobody is told. */
  stall(on: boolean): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free loopback port. */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer(near => {
    const far = createConnection({ host: '127.0.0.1', port: targetPort });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      track(from);
      from.pipe(to);
      from.once('close', () => to.destroy());
    }
  });
  await new Promise<void>(resolve => {
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  const isInfo = (value: unknown): value is AddressInfo => typeof value === 'object' && value !== null;
  if (!isInfo(address)) throw new Error('the proxy has no port');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    stall: on => {
      for (const socket of sockets) on ? socket.pause() : socket.resume();
    },
    close: () =>
      new Promise(resolve => {
        cut();
        server.close(() => resolve());
      }),
  };
}
