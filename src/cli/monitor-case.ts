// Reads a case from the state of the monitor that runs on the settings' servers.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { connectBroker } from '../broker/connect.ts';
import { madePartitions, openConfig } from '../broker/streams.ts';
import { settingsFromEnvironment } from '../config.ts';
import type { Entity } from '../contract/event.ts';
import { partitionOfCase } from '../contract/subject.ts';
import { noServersMessage, resolveServers } from '../embedded/servers.ts';
import type { CaseState } from '../engine/case.ts';
import { CaseReader } from '../server/case-reader.ts';
import { partitionKeys } from '../store/keys.ts';
import { keptPolicies } from './kept-policies.ts';
import { CommandError } from './usage.ts';

export interface KeptStates {
  readonly states: readonly CaseState[];
  /** For which instant they hold, ms since 1970. */
  readonly time: number;
}

/** All cases of this id that are kept, of one entity or of any. @throws CommandError without servers */
export async function findKept(id: string, entity: Entity | null): Promise<KeptStates> {
  const settings = settingsFromEnvironment();
  const servers = await resolveServers(settings);
  if (servers === null) throw new CommandError(noServersMessage(settings));
  const nc = await connectBroker({ ...settings, natsUrl: servers.natsUrl }, { name: 'sla-monitor explain' });
  const redis = new Redis(servers.redisUrl, {
    maxRetriesPerRequest: 1,
    connectTimeout: 5_000,
    ...(settings.redisCa === null ? {} : { tls: { ca: readFileSync(settings.redisCa) } }),
  });
  // A connection that fails is told by the command that needed it.
  redis.on('error', () => {});
  try {
    const partitions = await madePartitions(nc);
    if (partitions === null) throw new CommandError('No monitor has run on these servers yet');
    const policyOf = await keptPolicies(await openConfig(nc));
    const states = await new CaseReader({ redis, partitions, policyOf }).find(id, entity);
    return { states, time: await timeOf(redis, partitionOfCase(id, partitions) ?? 0) };
  } finally {
    redis.disconnect();
    await nc.close();
    await servers.stop();
  }
}

const STATUS = z.object({ wall: z.number(), caughtUp: z.boolean() });

/** The wall clock's time while the partition's owner has caught up, else the partition's own; ms since 1970. */
async function timeOf(redis: Redis, partition: number): Promise<number> {
  const keys = partitionKeys(partition);
  const time = Number((await redis.hget(keys.meta, 'time')) ?? 0);
  const text = await redis.get(keys.status);
  if (text === null) return time;
  const status = STATUS.parse(JSON.parse(text));
  return status.caughtUp ? Math.max(status.wall, time) : time;
}
