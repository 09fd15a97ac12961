// The bucket SLA_CONFIG for commands that change what it keeps.
import type { KV } from 'nats';
import { connectBroker } from '../broker/connect.ts';
import { ensureStreams, madePartitions, openConfig } from '../broker/streams.ts';
import { settingsFromEnvironment } from '../config.ts';
import { noServersMessage, resolveServers } from '../embedded/servers.ts';
import { CommandError } from './usage.ts';

/** Works on the bucket, which is made if the monitor never ran on these servers. @throws CommandError without servers */
export async function withConfig(command: string, work: (kv: KV) => Promise<number>): Promise<number> {
  const settings = settingsFromEnvironment();
  const servers = await resolveServers(settings);
  if (servers === null) throw new CommandError(noServersMessage(settings));
  const nc = await connectBroker(
    { ...settings, natsUrl: servers.natsUrl },
    { name: `sla-monitor ${command}` },
  );
  try {
    // Who works on it need not know for how many partitions the streams were made.
    const partitions = (await madePartitions(nc)) ?? settings.partitions;
    await ensureStreams(nc, partitions, { replicas: settings.natsReplicas });
    return await work(await openConfig(nc));
  } finally {
    await nc.close();
    await servers.stop();
  }
}
