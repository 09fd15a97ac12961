// The connection to NATS: credentials and certificates from the settings, reconnecting for ever at a bounded pace.
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, credsAuthenticator, Events, type NatsConnection } from 'nats';

export interface BrokerPlace {
  /** One address or several, separated by commas; `user:password@` (or a token alone) is taken from the first. */
  readonly natsUrl: string;
  /** Credentials file; null: none. */
  readonly natsCreds?: string | null;
  /** File of certificate authorities; null: the system's. */
  readonly natsCa?: string | null;
}

/** Milliseconds between two attempts to reconnect, with up to half as much jitter. */
const RECONNECT_MS = 200;
/** A connection is given up after three pings without an answer: about 10 s. */
const PING_MS = 3_000;

/**
 * Connects. `name` is what the server shows for this connection. With `wait` it also waits for ever for the first
 * connection; else it throws when no server can be reached within 5 s.
 */
export async function connectBroker(
  place: BrokerPlace,
  options: { readonly name: string; readonly wait?: boolean; readonly pingMs?: number },
): Promise<NatsConnection> {
  const nc = await connect({
    ...addresses(place.natsUrl),
    ...credentials(place),
    name: options.name,
    timeout: 5_000,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: options.wait ?? false,
    reconnectDelayHandler: () => RECONNECT_MS + Math.floor((Math.random() * RECONNECT_MS) / 2),
    pingInterval: options.pingMs ?? PING_MS,
    maxPingOut: 3,
    noAsyncTraces: true,
    ignoreClusterUpdates: false,
  });
  watchConnection(nc);
  return nc;
}

/** `lost`: what was sent and not answered will never be. `back`: connected again, maybe to a server that forgot. */
export type ConnectionChange = 'lost' | 'back';

const listeners = new WeakMap<NatsConnection, Set<(change: ConnectionChange) => void>>();

/** Calls `listener` when the connection is lost or back, until the returned function is called. */
export function onConnection(nc: NatsConnection, listener: (change: ConnectionChange) => void): () => void {
  const set = listeners.get(nc) ?? watchConnection(nc);
  set.add(listener);
  return () => {
    set.delete(listener);
  };
}

function watchConnection(nc: NatsConnection): Set<(change: ConnectionChange) => void> {
  const set = new Set<(change: ConnectionChange) => void>();
  listeners.set(nc, set);
  const follow = async () => {
    for await (const status of nc.status()) {
      const change = CHANGES.get(status.type);
      if (change !== undefined) for (const listener of [...set]) listener(change);
    }
  };
  // The iterator ends with the connection; it has nothing to tell that the connection itself does not.
  follow().catch(() => {});
  return set;
}

const CHANGES: ReadonlyMap<string, ConnectionChange> = new Map([
  [Events.Disconnect, 'lost'],
  [Events.Reconnect, 'back'],
]);

function addresses(natsUrl: string): Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> {
  const urls = natsUrl.split(',').map(part => new URL(part.trim()));
  const found: Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> = {
    servers: urls.map(url => `${url.hostname}:${url.port === '' ? '4222' : url.port}`),
  };
  const named = urls.find(url => url.username !== '');
  if (named !== undefined) {
    const user = decodeURIComponent(named.username);
    if (named.password === '') found.token = user;
    else {
      found.user = user;
      found.pass = decodeURIComponent(named.password);
    }
  }
  if (urls.some(url => url.protocol === 'tls:')) found.tls = {};
  return found;
}

function credentials(place: BrokerPlace): Pick<ConnectionOptions, 'authenticator' | 'tls'> {
  const found: Pick<ConnectionOptions, 'authenticator' | 'tls'> = {};
  if (typeof place.natsCreds === 'string') {
    found.authenticator = credsAuthenticator(readFileSync(place.natsCreds));
  }
  if (typeof place.natsCa === 'string') found.tls = { caFile: place.natsCa };
  return found;
}
