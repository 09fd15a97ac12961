// The half of the monitor that owns partitions and judges alerts, put together with connections of its own: so it runs in
// the main thread or in any other, and several of them share the partitions as several processes do.
import type { Logger } from 'pino';
import { connectBroker } from '../broker/connect.ts';
import { openConfig } from '../broker/streams.ts';
import type { Settings } from '../config.ts';
import { Policies } from '../policy-store/policies.ts';
import { Judge } from '../processor/judge.ts';
import type { Measure } from '../processor/partition.ts';
import { Processor } from '../processor/processor.ts';
import { LiveView } from '../server/live-view.ts';
import { connectRedis } from './redis.ts';

/** Settings with the servers' addresses, which `serve` finds or starts. */
export type ServerSettings = Settings & { readonly natsUrl: string; readonly redisUrl: string };

export interface Processing {
  /** True when each partition that it owns has once caught up with where its stream ended when it was loaded. */
  readonly caughtUp: boolean;
  /** Finishes what is under way, gives the partitions back and closes the connections. */
  close(): Promise<void>;
}

/** The policy is in force by now: the main thread of the process put it there. */
export async function startProcessing(
  settings: ServerSettings,
  log: Logger,
  measure: Measure,
): Promise<Processing> {
  const { partitions, redisUrl, redisCa } = settings;
  const nc = await connectBroker(settings, { name: 'sla-monitor processor' });
  const policies = await Policies.follow(nc, await openConfig(nc));
  policies.on('unsound', told => log.error(told, 'a kept policy does not pass the checks of this version'));
  // A commit must not wait behind a reader's long answer, and a subscriber can't run commands.
  const redis = connectRedis(redisUrl, redisCa);
  const readRedis = connectRedis(redisUrl, redisCa);
  const subscriber = connectRedis(redisUrl, redisCa);
  const view = new LiveView({ redis: readRedis, subscriber, partitions, log });
  await view.start();
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
  const figures = () => ({ book: view.book, fresh: view.health().fresh });
  const judge = new Judge(processor, () => policies.current, partitions, figures, policies.byHash);
  processor.start();
  judge.start();
  return {
    get caughtUp() {
      return processor.caughtUp;
    },
    close: async () => {
      policies.close();
      judge.stop();
      await processor.stop();
      view.stop();
      await nc.drain();
      for (const connection of [redis, readRedis, subscriber]) connection.disconnect();
    },
  };
}
