// Puts the server together: view, boards, metrics, access, HTTP; starts and stops them in order. `serve` calls this.
import type { FastifyBaseLogger } from 'fastify';
import type { Redis } from 'ioredis';
import type { KV, NatsConnection } from 'nats';
import { Registry } from 'prom-client';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { Role } from './access.ts';
import { createSigninLink } from './access-records.ts';
import { AccessStore } from './access-store.ts';
import { buildApp, type PolicyDesk } from './app.ts';
import { buildBoard } from './board.ts';
import { BoardsHub } from './boards-hub.ts';
import { CaseReader } from './case-reader.ts';
import { recentFeed } from './feed-history.ts';
import type { EventSink } from './ingest.ts';
import { LiveRisk } from './live-risk.ts';
import { FEED_MAX, LiveView } from './live-view.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { asTheyFired } from './past-alerts.ts';
import { QueueLabels } from './queue-labels.ts';
import type { TlsFiles } from './tls.ts';

export interface ServerOptions {
  readonly log: FastifyBaseLogger;
  readonly nc: NatsConnection;
  /** The bucket SLA_CONFIG. */
  readonly kv: KV;
  /** Publishes what comes in over HTTP; one of its own, so that a full processor does not hold up publishers. */
  readonly sink: EventSink;
  /** Runs commands; never blocks, never subscribes. */
  readonly redis: Redis;
  /** A connection of its own for the channel of changes. */
  readonly subscriber: Redis;
  readonly partitions: number;
  /** The policy in force. */
  readonly policy: () => CompiledPolicy;
  /** Puts policies into force and keeps added years of holidays. */
  readonly policies: PolicyDesk;
  /** Finds a policy by hash, for cases and alerts of an earlier one; throws for one that is not known. */
  readonly policyOf: (hash: string) => CompiledPolicy;
  readonly adminToken: string | null;
  readonly centre: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | null;
  readonly publicUrl: string | null;
  readonly wallboardDir: string | null;
  /** Whether this process's own partitions have once caught up; true for a process that owns none by its role. */
  readonly ownReady: () => boolean;
  /** Shortest time between two deltas of a board, ms. */
  readonly boardIntervalMs?: number;
}

export interface RunningServer {
  /** Where browsers come: PUBLIC_URL, else the address that it listens on. */
  readonly url: string;
  readonly view: LiveView;
  /** The processor of this process observes `timerLag` and `eventLag`, in seconds. */
  readonly metrics: Metrics;
  readonly registry: Registry;
  /** An address that signs a browser in once, within ten minutes. */
  createSigninLink(role: Role): Promise<string>;
  close(): Promise<void>;
}

/** Starts it and listens. Connections that were passed in stay open when it closes. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, nc, kv, redis, partitions, policy } = options;
  const registry = new Registry();
  const access = await AccessStore.open(nc, kv, options.adminToken);
  const queues = await QueueLabels.open(nc, kv);
  const view = new LiveView({ redis, subscriber: options.subscriber, partitions, log });
  const reader = new CaseReader({ redis, partitions, policyOf: options.policyOf });
  const risk = new LiveRisk({ view, reader, log, onChange: () => hub.changed() });
  const hub: BoardsHub = new BoardsHub({
    source: {
      build: () => {
        const now = view.asOf();
        const { book, alerts, feed } = view;
        const board = buildBoard({
          policy: policy(),
          book,
          risk: risk.lists,
          alerts,
          feed,
          health: view.health(),
          now,
        });
        const told = asTheyFired(board.alerts, alerts, policy(), options.policyOf);
        const { centre } = options;
        return { board: { ...board, alerts: told }, asOf: now, centre, timezone: policy().timezone };
      },
    },
    ...(options.boardIntervalMs === undefined ? {} : { intervalMs: options.boardIntervalMs }),
    onFrames: count => metrics.frames.inc(count),
    onError: error => log.error({ err: error }, 'the board could not be built'),
  });
  const metrics: Metrics = createMetrics({
    registry,
    view,
    policy,
    queues,
    clients: () => hub.clients,
  });
  const app = await buildApp({ ...options, view, reader, hub, access, registry, metrics });
  view.on('change', () => hub.changed());
  await view.start();
  // A feed that begins empty is no reason not to start.
  await recentFeed(nc, policy(), options.policyOf, FEED_MAX).then(
    items => view.remember(items),
    (error: unknown) => log.warn({ err: error }, 'the feed begins empty: SLA_RECORDS can not be read'),
  );
  await risk.start();
  hub.start();
  const address = await app.listen({ host: options.host, port: options.port });
  // Fastify does not know that the server it was given speaks TLS.
  const url = options.publicUrl ?? (options.tls ? address.replace(/^http:/, 'https:') : address);
  return {
    url,
    view,
    metrics,
    registry,
    createSigninLink: role => createSigninLink(kv, url, role),
    close: async () => {
      await app.close();
      hub.stop();
      risk.stop();
      view.stop();
      access.close();
      queues.close();
    },
  };
}
