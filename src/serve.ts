// Puts the monitor together from its parts on given servers, and takes it apart in order: the composition of `serve`
// and `demo`.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { connectBroker } from './broker/connect.ts';
import { requireMapping } from './broker/mapping.ts';
import { Publisher } from './broker/publisher.ts';
import { ensureStreams, openConfig } from './broker/streams.ts';
import type { Settings } from './config.ts';
import { CoverageReminder } from './coverage-reminder.ts';
import { packageRoot } from './package-root.ts';
import { defaultPolicyFile, Policies, readPolicyFile } from './policies.ts';
import { Judge } from './processor/judge.ts';
import { Processor } from './processor/processor.ts';
import { UnroutedMover } from './processor/unrouted.ts';
import type { Role } from './server/access.ts';
import { createLogger } from './server/log.ts';
import { startServer } from './server/server.ts';

export const ROLES = ['processor', 'server'] as const;
export type ProcessRole = (typeof ROLES)[number];

export interface Monitor {
  /** Where browsers come, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  /** An address that signs a browser in once. */
  signinLink(role: Role): Promise<string>;
  /** Reads the policy file again and puts it into force; resolves with its hash. @throws PolicyFileError */
  reloadPolicy(): Promise<string>;
  /** Finishes what is under way, gives the partitions back and closes all connections. */
  close(): Promise<void>;
}

/**
 * Starts the monitor on the servers of `natsUrl` and `redisUrl`. Every process answers HTTP; one without the role
 * `processor` owns no partitions. @throws PolicyFileError, PartitionsError,
 * MappingError, StreamSettingsError for what people must mend.
 */
export async function startMonitor(
  settings: Settings,
  roles: readonly ProcessRole[] = ROLES,
): Promise<Monitor> {
  const { partitions, natsUrl, redisUrl } = settings;
  if (natsUrl === null || redisUrl === null) throw new Error('the monitor needs natsUrl and redisUrl');
  const log = createLogger(settings.logLevel);
  const nc = await connectBroker({ ...settings, natsUrl }, { name: 'sla-monitor' });
  await ensureStreams(nc, partitions, { replicas: settings.natsReplicas });
  const mapping = await requireMapping(nc, partitions);
  if (mapping.state !== 'right')
    log.warn({ mapping }, 'cc.events.*.* is not mapped onto the partitions; see doctor');
  const kv = await openConfig(nc);
  const policyFile = settings.policyFile ?? defaultPolicyFile();
  for (const warning of readPolicyFile(policyFile).warnings) log.warn({ policy: policyFile }, warning);
  const policies = await Policies.open(nc, kv, policyFile);
  policies.on('failed', error => log.error({ err: error }, 'added holidays are not in force'));
  const reminder = new CoverageReminder(() => policies.current, log);
  policies.on('change', () => reminder.look());
  reminder.start();
  log.info({ policy: policies.current.name, hash: policies.current.hash, partitions, roles }, 'starting');

  // A commit must not wait behind a reader's long answer, and a subscriber can't run commands.
  const redis = connectRedis(redisUrl, settings.redisCa);
  const readRedis = connectRedis(redisUrl, settings.redisCa);
  const subscriber = connectRedis(redisUrl, settings.redisCa);
  const sink = new Publisher(nc, { maxInFlight: 2_000 });
  const measure = { timerLag: (_seconds: number) => {}, eventLag: (_seconds: number) => {} };
  const processor = new Processor({
    redis,
    nc,
    policies,
    partitions,
    batchMax: settings.batchEventsMax,
    lingerMs: settings.batchLingerMs,
    leaseMs: settings.leaseMs,
    cacheMax: settings.cacheCasesMax,
    closedKeepMs: settings.keepClosedDays * 86_400_000,
    log,
    measure,
  });
  const processes = roles.includes('processor');
  const server = await startServer({
    log,
    nc,
    kv,
    sink,
    redis: readRedis,
    subscriber,
    partitions,
    policy: () => policies.current,
    policies,
    policyOf: policies.byHash,
    adminToken: settings.adminToken,
    centre: settings.centreName,
    host: settings.httpHost,
    port: settings.httpPort,
    tls: tlsOf(settings),
    publicUrl: settings.publicUrl,
    wallboardDir: wallboardDir(),
    ownReady: () => !processes || processor.caughtUp,
  });
  measure.timerLag = seconds => server.metrics.timerLag.observe(seconds);
  measure.eventLag = seconds => server.metrics.eventLag.observe(seconds);
  const figures = () => ({ book: server.view.book, fresh: server.view.health().fresh });
  const judge = new Judge(processor, () => policies.current, partitions, figures);
  const mover = new UnroutedMover(nc, partitions, () => policies.current.attributes, log);
  if (processes) {
    processor.start();
    judge.start();
    mover.start();
  }
  log.info({ url: server.url }, 'listening');
  return {
    address: server.url,
    signinLink: role => server.createSigninLink(role),
    reloadPolicy: async () => {
      const { name, hash } = await policies.put(readPolicyFile(policyFile));
      log.info({ policy: name, hash }, 'policy in force');
      return hash;
    },
    close: async () => {
      reminder.stop();
      policies.close();
      judge.stop();
      if (processes) await mover.stop();
      await server.close();
      await processor.stop();
      sink.close();
      await nc.drain();
      for (const connection of [redis, readRedis, subscriber]) connection.disconnect();
    },
  };
}

function connectRedis(url: string, ca: string | null): Redis {
  return new Redis(url, {
    // Commands wait for a lost connection to come back; what they belong to is bounded by its own means.
    maxRetriesPerRequest: null,
    retryStrategy: attempt => Math.min(1_000, 20 * 2 ** Math.min(attempt, 6)),
    ...(ca === null ? {} : { tls: { ca: readFileSync(ca) } }),
  });
}

function tlsOf({ httpTlsCert, httpTlsKey }: Settings): { cert: string; key: string } | null {
  return httpTlsCert === null || httpTlsKey === null ? null : { cert: httpTlsCert, key: httpTlsKey };
}

/** The built page; null when it was not built, which the server says on its page. */
function wallboardDir(): string | null {
  const folder = join(packageRoot(), 'dashboards', 'wallboard', 'dist');
  return existsSync(join(folder, 'index.html')) ? folder : null;
}
