// What `doctor` finds at Redis: version, that nothing is evicted, that state survives a restart, memory, the clock.
import type { Redis } from 'ioredis';
import { bad, type Finding, formatBytes, ok, skewFinding, unknown, warn } from './finding.ts';

export async function checkRedis(redis: Redis): Promise<Finding[]> {
  const info = parseInfo(await redis.info());
  const version = info.get('redis_version') ?? 'unknown';
  const [major = 0] = version.split('.').map(Number);
  return [
    major < 6
      ? bad('redis', `version ${version}`, 'Use Redis 6.2 or later')
      : ok('redis', `version ${version}`),
    checkEviction(info),
    checkAppendOnly(info),
    checkMemory(info),
    await checkSkew(redis),
  ];
}

function checkEviction(info: ReadonlyMap<string, string>): Finding {
  const policy = info.get('maxmemory_policy');
  if (policy === undefined) return unknown('eviction', 'Redis does not tell its maxmemory-policy');
  return policy === 'noeviction'
    ? ok('eviction', 'noeviction')
    : bad('eviction', `maxmemory-policy is ${policy}: state can vanish`, 'Set maxmemory-policy noeviction');
}

function checkAppendOnly(info: ReadonlyMap<string, string>): Finding {
  if (info.get('aof_enabled') !== '1') {
    const advice = 'Set appendonly yes; see deploy/redis/redis.conf';
    return bad('append-only file', 'off: each restart of Redis rebuilds all state from the streams', advice);
  }
  return info.get('aof_last_write_status') === 'ok'
    ? ok('append-only file', 'on')
    : bad('append-only file', 'the last write failed', 'See the log of Redis; is its disk full?');
}

function checkMemory(info: ReadonlyMap<string, string>): Finding {
  const used = Number(info.get('used_memory') ?? 0);
  const max = Number(info.get('maxmemory') ?? 0);
  const limit = max > 0 ? max : Number(info.get('total_system_memory') ?? 0);
  const text = `${formatBytes(used)} used of ${formatBytes(limit)}`;
  if (limit > 0 && used > 0.8 * limit)
    return warn('memory of redis', text, 'Give it more: when full it refuses writes');
  return ok('memory of redis', text);
}

async function checkSkew(redis: Redis): Promise<Finding> {
  const before = Date.now();
  const [seconds, micros] = await redis.time();
  const after = Date.now();
  const theirs = Number(seconds) * 1_000 + Number(micros) / 1_000;
  return skewFinding('clock of redis', theirs - (before + after) / 2, (after - before) / 2);
}

function parseInfo(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) found.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return found;
}
