// `doctor`: is everything the monitor needs there, reachable and set up right; and if not, what to do.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import type { NatsConnection } from 'nats';
import { connectBroker } from '../broker/connect.ts';
import { madePartitions, openConfig } from '../broker/streams.ts';
import { type Settings, settingsFromEnvironment } from '../config.ts';
import { bad, type Finding, type FindingState } from '../doctor/finding.ts';
import { checkLocal } from '../doctor/local.ts';
import { checkNats } from '../doctor/nats.ts';
import { checkRedis } from '../doctor/redis.ts';
import {
  noServersMessage,
  resolveServers,
  runningPlaces,
  type Servers,
  type SilentServer,
  silentServers,
} from '../embedded/servers.ts';
import { type Configured, configured } from './kept-policies.ts';

export const help = `Usage: sla-monitor doctor [--json]

Says what is there, in which version, what is missing or set up wrongly, and what to do about it. Changes nothing.

--json    one JSON object a line: {"topic", "state", "text", "advice"}

Exit code 1 when something is wrong (a line marked "bad").
`;

const MARKS: Readonly<Record<FindingState, string>> = { ok: 'ok', warn: 'warn', bad: 'BAD', unknown: '?' };

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { json: { type: 'boolean' } } });
  const settings = settingsFromEnvironment();
  const atServers = await checkServers(settings);
  const findings = [...(await checkLocal(settings, atServers.configured)), ...atServers.findings];
  for (const finding of findings) {
    process.stdout.write(values.json === true ? `${JSON.stringify(finding)}\n` : format(finding));
  }
  return findings.some(finding => finding.state === 'bad') ? 1 : 0;
}

function format(finding: Finding): string {
  const line = `${MARKS[finding.state].padEnd(5)}${finding.topic.padEnd(18)} ${finding.text}\n`;
  return finding.advice === null ? line : `${line}${' '.repeat(24)}→ ${finding.advice}\n`;
}

interface AtServers {
  readonly findings: readonly Finding[];
  /** The policy and the added years that SLA_CONFIG keeps; null when it can't be asked or was not made yet. */
  readonly configured: Configured | null;
}

async function checkServers(settings: Settings): Promise<AtServers> {
  const servers = await resolveServers(settings);
  if (servers === null) {
    const silent = await silentServers(settings.dataDir);
    if (silent.length === 0) return wrong('servers', noServersMessage(settings), 'Run npm start');
    return { findings: silent.map(silence), configured: null };
  }
  const nats = await guard('nats', () => atNats(settings, servers));
  const redis = await guard('redis', () => atRedis(settings, servers));
  return { findings: [...nats.findings, ...redis.findings], configured: nats.configured };
}

function silence({ name, pid, port, owner }: SilentServer): Finding {
  return bad(
    name.toLowerCase(),
    `does not answer at 127.0.0.1:${port}, though the monitor (process ${owner}) runs`,
    `The monitor starts it again when it has ended; when it hangs, end it (process ${pid})`,
  );
}

function wrong(topic: string, text: string, advice: string): AtServers {
  return { findings: [bad(topic, text, advice)], configured: null };
}

/** A server that can't be asked is a finding too. */
async function guard(topic: string, work: () => Promise<AtServers>): Promise<AtServers> {
  try {
    return await work();
  } catch (error) {
    const advice = 'Is it running, and are address and password right?';
    return wrong(topic, `can't be asked: ${messageOf(error)}`, advice);
  }
}

async function atNats(settings: Settings, servers: Servers): Promise<AtServers> {
  const { natsCreds, natsCa, dataDir } = settings;
  const nc = await connectBroker(
    { natsUrl: servers.natsUrl, natsCreds, natsCa },
    { name: 'sla-monitor doctor' },
  );
  try {
    const places = servers.source === 'settings' ? null : await runningPlaces(dataDir);
    const own = places === null ? null : { encrypted: places.encrypted, dataDir };
    const findings = await checkNats(nc, settings, own);
    const kept = await atConfig(nc);
    return { findings: [...findings, ...kept.findings], configured: kept.configured };
  } finally {
    await nc.close();
  }
}

/** What is kept in SLA_CONFIG; before the first start there is nothing, which `checkNats` says. */
async function atConfig(nc: NatsConnection): Promise<AtServers> {
  try {
    const isMade = (await madePartitions(nc)) !== null;
    return { findings: [], configured: isMade ? await configured(await openConfig(nc)) : null };
  } catch (error) {
    return wrong('configuration', messageOf(error), 'Mend what SLA_CONFIG keeps');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function atRedis(settings: Settings, servers: Servers): Promise<AtServers> {
  const redis = new Redis(servers.redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    connectTimeout: 5_000,
    retryStrategy: () => null,
    ...(settings.redisCa === null ? {} : { tls: { ca: readFileSync(settings.redisCa) } }),
  });
  // The failed connection is told by `connect` itself.
  redis.on('error', () => {});
  try {
    await redis.connect();
    return { findings: await checkRedis(redis), configured: null };
  } finally {
    redis.disconnect();
  }
}
