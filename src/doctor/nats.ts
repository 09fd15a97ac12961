// What `doctor` finds at NATS: version, streams as defined, the mapping, the clock, growth and the room left.
import { statfsSync } from 'node:fs';
import { type NatsConnection, nuid } from 'nats';
import { z } from 'zod';
import { apiRequest, streamState } from '../broker/api.ts';
import { probeMapping } from '../broker/mapping.ts';
import {
  currentDefinition,
  madePartitions,
  mergeDefinition,
  type StreamDefinition,
  streamDefinitions,
} from '../broker/streams.ts';
import type { Settings } from '../config.ts';
import { counted } from '../contract/words.ts';
import { bad, type Finding, formatBytes, ok, skewFinding, unknown, warn } from './finding.ts';

const ACCOUNT = z.object({
  storage: z.number(),
  limits: z.object({ max_storage: z.number() }),
});
const DAY_MS = 86_400_000;
const DAYS_LOW = 30;

export async function checkNats(
  nc: NatsConnection,
  settings: Settings,
  /** Known for own servers only; null: they are somebody else's. */
  own: { readonly encrypted: boolean; readonly dataDir: string } | null,
): Promise<Finding[]> {
  const version = nc.info?.version ?? 'unknown';
  const findings = [
    isOld(version)
      ? bad('nats', `version ${version}`, 'Use NATS 2.9 or later')
      : ok('nats', `version ${version} at ${nc.getServer()}`),
  ];
  const account = await apiRequest(nc, '$JS.API.INFO', null, ACCOUNT).catch(() => null);
  if (account === null) {
    return [...findings, bad('jetstream', 'not available', 'Switch JetStream on for this account')];
  }
  const partitions = await madePartitions(nc);
  if (partitions === null) {
    findings.push(warn('streams', 'not made yet', 'Start the monitor once: npm start'));
  } else {
    findings.push(partitionFinding(partitions, settings.partitions));
    findings.push(...(await checkStreams(nc, partitions)));
    findings.push(await checkMapping(nc, partitions));
    findings.push(await checkSkew(nc));
    findings.push(await checkGrowth(nc, partitions, account, own?.dataDir ?? null));
  }
  findings.push(encryption(own));
  return findings;
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && minor < 9);
}

function partitionFinding(made: number, asked: number): Finding {
  if (made === asked) return ok('partitions', String(made));
  const text = `the streams were made with ${made}, PARTITIONS says ${asked}`;
  return bad('partitions', text, `Set PARTITIONS=${made}`);
}

async function checkStreams(nc: NatsConnection, partitions: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const wanted = streamDefinitions(partitions);
  for (const definition of wanted) {
    const current = await currentDefinition(nc, definition.name);
    if (current === null) {
      findings.push(
        bad('streams', `${definition.name} is missing`, 'Start the monitor, or restart it: it makes it'),
      );
      continue;
    }
    const wrong = differences(current, definition);
    if (wrong.length > 0) {
      const advice = 'Start the monitor: it mends what can be changed without losing anything';
      findings.push(bad('streams', `${definition.name}: ${wrong.join(', ')}`, advice));
    }
  }
  return findings.length > 0 ? findings : [ok('streams', `${wanted.length} as defined`)];
}

/** What an update would change, except for descriptions. */
function differences(current: StreamDefinition, wanted: StreamDefinition): string[] {
  const next = { ...mergeDefinition(current, wanted), description: current.description };
  const found: string[] = [];
  for (const [key, value] of Object.entries(next)) {
    const is: unknown = Object.entries(current).find(([name]) => name === key)?.[1];
    if (JSON.stringify(is) !== JSON.stringify(value)) {
      found.push(`${key} is ${JSON.stringify(is)}, should be ${JSON.stringify(value)}`);
    }
  }
  return found;
}

async function checkMapping(nc: NatsConnection, partitions: number): Promise<Finding> {
  const finding = await probeMapping(nc, partitions);
  const advice = 'Include deploy/nats/mapping.conf in the configuration of nats-server and reload it';
  switch (finding.state) {
    case 'right':
      return ok('mapping', `cc.events.*.* onto ${counted(partitions, 'partition')} (probed, nothing stored)`);
    case 'none':
      return warn('mapping', 'none: events reach their partitions by way of SLA_UNROUTED, slower', advice);
    case 'some':
      return warn('mapping', `none for ${finding.entities.join(', ')}`, advice);
    case 'other': {
      const theirs =
        finding.partitions === null ? 'in another way' : `onto ${counted(finding.partitions, 'partition')}`;
      return bad('mapping', `maps ${theirs}, the streams have ${partitions}`, advice);
    }
    case 'unknown':
      return unknown('mapping', finding.why);
  }
}

/** The server stamps a consumer when it makes it; that is the only time of day that it tells. */
async function checkSkew(nc: NatsConnection): Promise<Finding> {
  const name = `sla_doctor_${nuid.next()}`;
  const stream = 'KV_SLA_CONFIG';
  const config = {
    name,
    ack_policy: 'none',
    deliver_policy: 'new',
    mem_storage: true,
    inactive_threshold: 5e9,
  };
  const before = Date.now();
  const { created } = await apiRequest(
    nc,
    `$JS.API.CONSUMER.CREATE.${stream}.${name}`,
    { stream_name: stream, config },
    z.object({ created: z.string() }),
  );
  const after = Date.now();
  nc.publish(`$JS.API.CONSUMER.DELETE.${stream}.${name}`);
  return skewFinding('clock of nats', Date.parse(created) - (before + after) / 2, (after - before) / 2);
}

async function checkGrowth(
  nc: NatsConnection,
  partitions: number,
  account: z.output<typeof ACCOUNT>,
  dataDir: string | null,
): Promise<Finding> {
  let perDay = 0;
  for (const { name } of streamDefinitions(partitions)) {
    // One that is missing is a finding of its own.
    if ((await currentDefinition(nc, name)) === null) continue;
    const state = await streamState(nc, name);
    if (state.messages < 2 || state.lastStoredMs === null) continue;
    // A stream of a few hours says little about a day; a whole day at least is assumed.
    perDay += state.bytes / (Math.max(DAY_MS, state.lastStoredMs - state.firstStoredMs) / DAY_MS);
  }
  const used = `${formatBytes(account.storage)} stored, grows by ${formatBytes(perDay)} a day`;
  const left = roomLeft(account, dataDir);
  if (left === null) return unknown('disk', `${used}; the room left can't be seen from here`);
  const days = perDay === 0 ? Number.POSITIVE_INFINITY : left / perDay;
  const daysText = days > 3_650 ? 'more than 10 years' : counted(Math.floor(days), 'day');
  const text = `${used}; ${formatBytes(left)} left: ${daysText}`;
  return days < DAYS_LOW
    ? warn('disk', text, 'Make room: a full store refuses new events')
    : ok('disk', text);
}

function roomLeft(account: z.output<typeof ACCOUNT>, dataDir: string | null): number | null {
  const { max_storage } = account.limits;
  if (max_storage > 0) return max_storage - account.storage;
  if (dataDir === null) return null;
  const disk = statfsSync(dataDir);
  return disk.bavail * disk.bsize;
}

function encryption(own: { readonly encrypted: boolean } | null): Finding {
  const advice =
    'Events hold personal data: encrypt the store (cipher and key of JetStream, STORE_KEY here) or the disk';
  if (own === null) return unknown('encryption', 'of the NATS store: NATS does not tell', advice);
  return own.encrypted
    ? ok('encryption', 'the NATS store is encrypted')
    : warn('encryption', 'the NATS store is plain', advice);
}
