// `doctor`: is everything the monitor needs there, reachable and set up right; and if not, what to do.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { connectBroker } from '../broker/connect.ts';
import { type Settings, settingsFromEnvironment } from '../config.ts';
import { bad, type Finding, type FindingState } from '../doctor/finding.ts';
import { checkLocal } from '../doctor/local.ts';
import { checkNats } from '../doctor/nats.ts';
import { checkRedis } from '../doctor/redis.ts';
import { noServersMessage, resolveServers, runningPlaces, type Servers } from '../embedded/servers.ts';

export const help = `Usage: sla-monitor doctor [--json]

Says what is there, in which version, what is missing or set up wrongly, and what to do about it. Changes nothing.

--json    one JSON object a line: {"topic", "state", "text", "advice"}

Exit code 1 when something is wrong (a line marked "bad").
`;

const MARKS: Readonly<Record<FindingState, string>> = { ok: 'ok', warn: 'warn', bad: 'BAD', unknown: '?' };

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { json: { type: 'boolean' } } });
  const settings = settingsFromEnvironment();
  const findings = [...(await checkLocal(settings)), ...(await checkServers(settings))];
  for (const finding of findings) {
    process.stdout.write(values.json === true ? `${JSON.stringify(finding)}\n` : format(finding));
  }
  return findings.some(finding => finding.state === 'bad') ? 1 : 0;
}

function format(finding: Finding): string {
  const line = `${MARKS[finding.state].padEnd(5)}${finding.topic.padEnd(18)} ${finding.text}\n`;
  return finding.advice === null ? line : `${line}${' '.repeat(24)}→ ${finding.advice}\n`;
}

async function checkServers(settings: Settings): Promise<Finding[]> {
  const servers = await resolveServers(settings);
  if (servers === null) return [bad('servers', noServersMessage(settings), 'Run npm start')];
  return [
    ...(await guard('nats', () => atNats(settings, servers))),
    ...(await guard('redis', () => atRedis(settings, servers))),
  ];
}

/** A server that can't be asked is a finding too. */
async function guard(topic: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [bad(topic, `can't be asked: ${text}`, 'Is it running, and are address and password right?')];
  }
}

async function atNats(settings: Settings, servers: Servers): Promise<Finding[]> {
  const { natsCreds, natsCa, dataDir } = settings;
  const nc = await connectBroker(
    { natsUrl: servers.natsUrl, natsCreds, natsCa },
    { name: 'sla-monitor doctor' },
  );
  try {
    const places = servers.source === 'settings' ? null : await runningPlaces(dataDir);
    return await checkNats(nc, settings, places === null ? null : { encrypted: places.encrypted, dataDir });
  } finally {
    await nc.close();
  }
}

async function atRedis(settings: Settings, servers: Servers): Promise<Finding[]> {
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
    return await checkRedis(redis);
  } finally {
    redis.disconnect();
  }
}
