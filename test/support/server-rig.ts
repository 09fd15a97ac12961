// A running server on private servers for tests, and a writer that leaves in Redis what a processor would.
import { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import { WebSocket } from 'ws';
import { connectBroker } from '../../src/broker/connect.ts';
import { Publisher } from '../../src/broker/publisher.ts';
import { ensureStreams, openConfig } from '../../src/broker/streams.ts';
import type { FeedItem } from '../../src/contract/frame.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { Policies } from '../../src/policy-store/policies.ts';
import { defaultPolicyFile } from '../../src/policy-store/source.ts';
import type { Role } from '../../src/server/access.ts';
import { createToken } from '../../src/server/access-records.ts';
import { createLogger } from '../../src/server/log.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.ts';
import { startTestServers, type TestServers } from './servers.ts';

export const ADMIN = 'admin-token-of-the-tests';

export interface Rig {
  readonly servers: TestServers;
  readonly nc: NatsConnection;
  readonly redis: Redis;
  readonly server: RunningServer;
  readonly policy: CompiledPolicy;
  readonly partitions: number;
  readonly log: string[];
  token(role: Role): Promise<string>;
  /** Asks with a bearer token; null asks without one. */
  ask(path: string, token: string | null, init?: RequestInit): Promise<Response>;
}

interface Test {
  teardown(work: () => Promise<void> | void): unknown;
}

export async function startRig(t: Test, overrides: Partial<ServerOptions> = {}): Promise<Rig> {
  const partitions = overrides.partitions ?? 2;
  const servers = await startTestServers(t, { partitions });
  const nc = await connectBroker({ natsUrl: servers.natsUrl }, { name: 'test' });
  await ensureStreams(nc, partitions);
  const kv = await openConfig(nc);
  const redis = connectRedis(servers.redisUrl);
  const subscriber = connectRedis(servers.redisUrl);
  const policies = await Policies.open(nc, kv, defaultPolicyFile());
  const policy = policies.current;
  const log: string[] = [];
  const sink = new Publisher(nc, { timeoutMs: 1_500 });
  const server = await startServer({
    log: createLogger('info', { write: line => log.push(line) }),
    nc,
    kv,
    sink,
    redis,
    subscriber,
    partitions,
    policy: () => policy,
    policyOf: () => policy,
    policies,
    adminToken: ADMIN,
    centre: 'Test centre',
    host: '127.0.0.1',
    port: 0,
    tls: null,
    publicUrl: null,
    wallboardDir: null,
    ownReady: () => true,
    boardIntervalMs: 20,
    ...overrides,
  });
  t.teardown(async () => {
    await server.close();
    policies.close();
    sink.close();
    redis.disconnect();
    subscriber.disconnect();
    await nc.close();
  });
  const tokens = new Map<Role, Promise<string>>();
  return {
    servers,
    nc,
    redis,
    server,
    policy,
    partitions,
    log,
    token: role => {
      const token = tokens.get(role) ?? createToken(kv, `${role}-1`, role);
      tokens.set(role, token);
      return token;
    },
    ask: (path, token, init = {}) => {
      const headers = new Headers(init.headers);
      if (token !== null) headers.set('authorization', `Bearer ${token}`);
      return fetch(new URL(path, server.url), { redirect: 'manual', ...init, headers });
    },
  };
}

function connectRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
  // A test that stops Redis knows that it did.
  redis.on('error', () => {});
  return redis;
}

/** Writes what a processor would for one partition, and tells it. */
export class FakeOwner {
  readonly #redis: Redis;
  readonly #p: number;
  #n = 0;
  #seq = 0;
  #stream = 'stream-1';
  #timer: NodeJS.Timeout | null = null;
  caughtUp = true;
  pending = 0;

  constructor(redis: Redis, p: number) {
    this.#redis = redis;
    this.#p = p;
  }

  key(name: string): string {
    return `sla:{${this.#p}}:${name}`;
  }

  /** Heartbeats four times a second until `stop`. */
  async start(): Promise<void> {
    await this.beat();
    this.#timer = setInterval(() => void this.beat().catch(() => {}), 250);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  async beat(): Promise<void> {
    const { caughtUp, pending } = this;
    const now = Date.now();
    const status = {
      owner: 'fake',
      wall: now,
      asOf: now,
      time: now,
      pending,
      caughtUp,
      position: this.#position(),
    };
    await this.#redis.set(this.key('status'), JSON.stringify(status), 'PX', 5_000);
  }

  /** A commit: sets cells absolutely. With `silent` the message is lost. */
  async commit(
    cells: Readonly<Record<string, number | null>>,
    options: { feed?: readonly FeedItem[]; risk?: boolean; silent?: boolean } = {},
  ): Promise<void> {
    this.#n++;
    this.#seq++;
    const now = Date.now();
    const tx = this.#redis.multi();
    for (const [key, value] of Object.entries(cells)) {
      if (value === null) tx.hdel(this.key('cells'), key);
      else tx.hset(this.key('cells'), key, value);
    }
    tx.hset(this.key('meta'), { change: this.#n, time: now, position: JSON.stringify(this.#position()) });
    const change = {
      p: this.#p,
      n: this.#n,
      asOf: now,
      cells,
      risk: options.risk ?? false,
      feed: options.feed ?? [],
    };
    if (!options.silent) tx.publish('sla:changes', JSON.stringify(change));
    await tx.exec();
  }

  /** As after a wipe: numbers and position begin again. */
  reset(): void {
    this.#n = 0;
    this.#seq = 0;
  }

  #position(): readonly [string, number, number] {
    return [this.#stream, this.#seq, Date.now()];
  }
}

/** A WebSocket client that keeps all frames. */
export class Board {
  readonly frames: { type: string; [key: string]: unknown }[] = [];
  readonly socket: WebSocket;
  closed: number | null = null;

  constructor(url: string, headers: Record<string, string>) {
    this.socket = new WebSocket(new URL('/ws', url.replace(/^http/, 'ws')), { headers });
    this.socket.on('message', (data, binary) => {
      if (binary) throw new Error('frames are text');
      this.frames.push(JSON.parse(data.toString()));
    });
    this.socket.on('close', code => {
      this.closed = code;
    });
  }

  /** The HTTP status with which the upgrade was refused, or 101. */
  opened(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.socket.on('open', () => resolve(101));
      this.socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      });
      this.socket.on('error', reject);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  of(type: string): { type: string; [key: string]: unknown }[] {
    return this.frames.filter(frame => frame.type === type);
  }
}
