// Puts the monitor together from its parts on given servers, and takes it apart in order: the composition of `serve`
// and `demo`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectBroker } from '../broker/connect.ts';
import { requireMapping } from '../broker/mapping.ts';
import { Publisher } from '../broker/publisher.ts';
import { ensureStreams, openConfig } from '../broker/streams.ts';
import type { Settings } from '../config.ts';
import { packageRoot } from '../package-root.ts';
import { Policies } from '../policy-store/policies.ts';
import { defaultPolicyFile, readPolicyFile } from '../policy-store/source.ts';
import { UnroutedMover } from '../processor/unrouted.ts';
import type { Role } from '../server/access.ts';
import { createLogger, type LogLines } from '../server/log.ts';
import { startServer } from '../server/server.ts';
import { CoverageReminder } from './coverage-reminder.ts';
import { type Processing, type ServerSettings, startProcessing } from './processing.ts';
import { connectRedis } from './redis.ts';
import { startThreads, threadCount } from './threads.ts';

export const ROLES = ['processor', 'server'] as const;
export type ProcessRole = (typeof ROLES)[number];

export interface PolicyInForce {
  readonly name: string;
  readonly hash: string;
  /** Whether it is the pack that ships, whencever it came. */
  readonly isPack: boolean;
}

export interface Monitor {
  /** Where browsers come, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  /** An address that signs a browser in once. */
  signinLink(role: Role): Promise<string>;
  /** Reads the policy file again and puts it into force; resolves with its hash. @throws PolicyFileError */
  reloadPolicy(): Promise<string>;
  policy(): PolicyInForce;
  /** Calls `tell` whenever another policy comes into force, here or by another process. */
  onPolicy(tell: (policy: PolicyInForce) => void): void;
  /** Finishes what is under way, gives the partitions back and closes all connections. */
  close(): Promise<void>;
}

/**
 * Starts the monitor on the servers of `natsUrl` and `redisUrl`. Every process answers HTTP; one without the role
 * `processor` owns no partitions. `logLines` takes the lines of the log, else standard output. @throws PolicyFileError, PartitionsError,
 * MappingError, StreamSettingsError for what people must mend.
 */
export async function startMonitor(
  settings: Settings,
  roles: readonly ProcessRole[] = ROLES,
  logLines: LogLines | null = null,
): Promise<Monitor> {
  const { partitions, natsUrl, redisUrl } = settings;
  if (natsUrl === null || redisUrl === null) throw new Error('the monitor needs natsUrl and redisUrl');
  const serverSettings: ServerSettings = { ...settings, natsUrl, redisUrl };
  const log = createLogger(settings.logLevel, logLines);
  const nc = await connectBroker(serverSettings, { name: 'sla-monitor' });
  await ensureStreams(nc, partitions, { replicas: settings.natsReplicas });
  const mapping = await requireMapping(nc, partitions);
  if (mapping.state !== 'right')
    log.warn({ mapping }, 'cc.events.*.* is not mapped onto the partitions; see doctor');
  const kv = await openConfig(nc);
  const policyFile = settings.policyFile ?? defaultPolicyFile();
  for (const warning of readPolicyFile(policyFile).warnings) log.warn({ policy: policyFile }, warning);
  const policies = await Policies.open(nc, kv, policyFile);
  policies.on('failed', error => log.error({ err: error }, 'what is kept of policies can not be taken'));
  policies.on('unsound', told => log.error(told, 'a kept policy does not pass the checks of this version'));
  policies.on('replaced', ({ sent, by }) =>
    log.warn(
      { sent: sent.hash, policy: by.hash },
      `the policy ${sent.name} ${sent.hash}, which came over HTTP, was replaced by ${by.name} ${by.hash} of ${policyFile}; send it again to have it back`,
    ),
  );
  const reminder = new CoverageReminder(() => policies.current, log);
  policies.on('change', () => reminder.look());
  reminder.start();
  log.info({ policy: policies.current.name, hash: policies.current.hash, partitions, roles }, 'starting');

  // A subscriber can't run commands.
  const redis = connectRedis(redisUrl, settings.redisCa, log);
  const subscriber = connectRedis(redisUrl, settings.redisCa);
  const sink = new Publisher(nc, { maxInFlight: 2_000 });
  let processing: Processing | null = null;
  const processes = roles.includes('processor');
  const server = await startServer({
    log,
    nc,
    kv,
    sink,
    redis,
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
    ownReady: () => !processes || processing?.caughtUp === true,
  });
  const { timerLag, eventLag } = server.metrics;
  const measure = {
    timerLag: (seconds: number) => timerLag.observe(seconds),
    eventLag: (seconds: number) => eventLag.observe(seconds),
  };
  const mover = new UnroutedMover(nc, partitions, () => policies.current.attributes, log);
  if (processes) {
    const threads = threadCount(serverSettings);
    processing =
      threads === 0
        ? await startProcessing(serverSettings, log, measure)
        : await startThreads(serverSettings, threads, measure, logLines);
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
    policy: () => inForce(policies),
    onPolicy: tell => policies.on('change', () => tell(inForce(policies))),
    close: async () => {
      reminder.stop();
      policies.close();
      if (processes) await mover.stop();
      await server.close();
      await processing?.close();
      sink.close();
      await nc.drain();
      for (const connection of [redis, subscriber]) connection.disconnect();
    },
  };
}

function inForce({ current: { name, hash }, isPack }: Policies): PolicyInForce {
  return { name, hash, isPack };
}

function tlsOf({ httpTlsCert, httpTlsKey }: Settings): { cert: string; key: string } | null {
  return httpTlsCert === null || httpTlsKey === null ? null : { cert: httpTlsCert, key: httpTlsKey };
}

/** The built page; null when it was not built, which the server says on its page. */
function wallboardDir(): string | null {
  const folder = join(packageRoot(), 'dashboards', 'wallboard', 'dist');
  return existsSync(join(folder, 'index.html')) ? folder : null;
}
