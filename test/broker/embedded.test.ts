// The monitor's own servers: started, found, adopted, brought back and ended; and what doctor says about them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import t from 'tap';
import { connectBroker } from '../../src/broker/connect.ts';
import { ensureStreams } from '../../src/broker/streams.ts';
import { childEnvironment, readSettings, SETTING_ROWS, type Settings } from '../../src/config.ts';
import {
  answers,
  endProcess,
  freePort,
  isAlive,
  type Launch,
  launchOnFreePort,
  signal,
} from '../../src/embedded/process.ts';
import { ensurePrograms } from '../../src/embedded/programs.ts';
import { renderRedis } from '../../src/embedded/render.ts';
import { resolveServers, runningPlaces, silentServers, startServers } from '../../src/embedded/servers.ts';
import { packageRoot } from '../../src/package-root.ts';
import { runProgram } from '../support/program.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

interface Test {
  teardown(work: () => Promise<void> | void): unknown;
}

/** Settings whose data lie in a folder of their own; servers left there are ended. */
function settingsIn(test: Test, more: Readonly<Record<string, string>> = {}): Settings {
  const dataDir = mkdtempSync(join(tmpdir(), 'sla-data-'));
  const settings = readSettings({ DATA_DIR: dataDir, ...more });
  test.teardown(async () => {
    const places = await runningPlaces(dataDir);
    for (const server of places === null ? [] : [places.nats, places.redis]) signal(server.pid, 'SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  return settings;
}

/** A process that holds the servers of a folder, and prints a line when it has them. */
async function startHolder(dataDir: string) {
  const script = `
    const { readSettings } = await import('${packageRoot()}/src/config.ts');
    const { startServers } = await import('${packageRoot()}/src/embedded/servers.ts');
    const servers = await startServers(readSettings({ DATA_DIR: ${JSON.stringify(dataDir)} }));
    process.on('SIGTERM', () => servers.stop().then(() => process.exit(0)));
    setInterval(() => {}, 1000);
    process.stdout.write('ready ' + servers.started);`;
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: packageRoot(),
    env: childEnvironment(),
  });
  const [text]: unknown[] = await once(child.stdout, 'data');
  return { child, started: String(text).includes('true') };
}

t.test('started, found by others, and ended by the last who leaves', async t => {
  const settings = settingsIn(t);
  t.equal(await resolveServers(settings), null);
  t.same(await silentServers(settings.dataDir), [], 'there is no monitor');
  const lines: string[] = [];
  const servers = await startServers(settings, { onProgress: line => lines.push(line) });
  t.equal(servers.started, true);
  t.match(lines, ['Starting nats-server and redis-server']);
  const file = join(settings.dataDir, 'servers.json');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(join(settings.dataDir, 'nats.conf')).mode & 0o777, 0o600);
  const found = await resolveServers(settings);
  t.match(found, { natsUrl: servers.natsUrl, redisUrl: servers.redisUrl, started: false, source: 'found' });
  const redis = new Redis(servers.redisUrl);
  t.same(await redis.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction']);
  t.same(await redis.config('GET', 'appendonly'), ['appendonly', 'yes']);
  t.same(await redis.config('GET', 'bind'), ['bind', '127.0.0.1']);
  await redis.set('kept', 'yes');
  redis.disconnect();
  t.same(await silentServers(settings.dataDir), []);
  const pid = (await runningPlaces(settings.dataDir))?.redis.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  t.match(await silentServers(settings.dataDir), [{ name: 'Redis', pid, owner: process.pid }], 'one hangs');
  process.kill(pid, 'SIGCONT');
  await t.rejects(connectBroker({ natsUrl: servers.natsUrl.replace(/:[^:@]+@/, ':wrong@') }, { name: 't' }));

  const other = await startHolder(settings.dataDir);
  t.equal(other.started, false, 'a second process shares them');
  await servers.stop();
  t.not(await resolveServers(settings), null, 'they stay while another uses them');
  other.child.kill('SIGTERM');
  await once(other.child, 'exit');
  t.equal(await resolveServers(settings), null);
  t.notOk(existsSync(file));

  const again = await startServers(settings);
  const second = new Redis(again.redisUrl);
  t.equal(await second.get('kept'), 'yes', 'the next start goes on from the same state');
  second.disconnect();
  const places = await runningPlaces(settings.dataDir);
  await again.stop();
  t.notOk(isAlive(places?.nats.pid ?? 0) || isAlive(places?.redis.pid ?? 0), 'none is left');
  const less = readSettings({ DATA_DIR: settings.dataDir, PARTITIONS: '4' });
  await t.rejects(startServers(less), { name: 'SettingsError', message: /made with 8 .* PARTITIONS says 4/ });
});

t.test('a port that another program takes just before the start is not insisted on', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'sla-port-'));
  const { 'redis-server': program } = await ensurePrograms(['redis-server']);
  const at = (name: string) => join(dir, name);
  const rivals: Server[] = [];
  const asked: number[] = [];
  const prepare = async (port: number, rivalsMax: number): Promise<Launch> => {
    asked.push(port);
    if (asked.length <= rivalsMax) {
      const rival = createServer().listen({ host: '127.0.0.1', port });
      rivals.push(rival);
      await once(rival, 'listening');
    }
    const password = 'secret';
    writeFileSync(at('conf'), renderRedis({ port, password, dir, logFile: at('log') }));
    const files = { configFile: at('conf'), outputFile: at('out'), logFile: at('log') };
    return { kind: 'redis', program, port, password, ...files };
  };
  t.teardown(() => {
    for (const rival of rivals) rival.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const { pid, port } = await launchOnFreePort(undefined, port => prepare(port, 2));
  t.teardown(() => endProcess(pid));
  t.equal(port, asked[2], 'the third port was free');
  t.ok(await answers('redis', port, 'secret'));
  t.not(await freePort(asked[0]), asked[0], 'a port in use is not free');

  asked.length = 0;
  await t.rejects(
    launchOnFreePort(undefined, port => prepare(port, Number.POSITIVE_INFINITY)),
    { name: 'ServerStartError', message: /exit code 1\n[\s\S]*address already in use/i },
    'the end of its log says why',
  );
  t.equal(asked.length, 5, 'tries are bounded');
});

t.test('orphans of a killed parent are adopted; a server that dies is started again', async t => {
  const settings = settingsIn(t);
  const holder = await startHolder(settings.dataDir);
  t.equal(holder.started, true);
  const before = await runningPlaces(settings.dataDir);
  holder.child.kill('SIGKILL');
  await once(holder.child, 'exit');
  const servers = await startServers(settings);
  t.equal(servers.source, 'found');
  const adopted = await runningPlaces(settings.dataDir);
  t.match(adopted, { owner: process.pid, nats: before?.nats, redis: before?.redis });
  signal(adopted?.nats.pid ?? 0, 'SIGKILL');
  await until('nats-server is back', async () => {
    const places = await runningPlaces(settings.dataDir);
    return places !== null && places.nats.pid !== adopted?.nats.pid;
  });
  const after = await runningPlaces(settings.dataDir);
  t.equal(after?.natsUrl, servers.natsUrl, 'under the same address');
  t.equal(after?.redis.pid, adopted?.redis.pid);
  await servers.stop();
  t.equal(await runningPlaces(settings.dataDir), null);
});

t.test('two processes that start at once share one pair of servers', async t => {
  const settings = settingsIn(t);
  const both = await Promise.all([startHolder(settings.dataDir), startHolder(settings.dataDir)]);
  t.equal(both.filter(holder => holder.started).length, 1);
  for (const { child } of both) child.kill('SIGTERM');
  await Promise.all(both.map(({ child }) => child.exitCode ?? once(child, 'exit')));
  t.equal(await runningPlaces(settings.dataDir), null);
});

t.test('doctor: content with its own servers, plain about what is wrong with others', async t => {
  const settings = settingsIn(t);
  const env = { DATA_DIR: settings.dataDir };
  const alone = await runProgram(['doctor'], { env });
  t.match(alone, { code: 1, stdout: /BAD +servers +No servers/ });
  const servers = await startServers(settings);
  const nc = await connectBroker(servers, { name: 'test' });
  await ensureStreams(nc, 8);
  const good = await runProgram(['doctor'], { env });
  t.equal(good.code, 0, good.stdout + good.stderr);
  for (const line of [
    /^ok +nats +version 2/m,
    /^ok +partitions +8$/m,
    /^ok +streams +13 as defined/m,
    /^ok +mapping .*probed, nothing stored/m,
    /^ok +clock of nats/m,
    /^ok +clock of redis/m,
    /^ok +disk .* left/m,
    /^warn +encryption/m,
    /^ok +eviction +noeviction/m,
    /^ok +append-only file +on/m,
    /^ok +policy/m,
  ]) {
    t.match(good.stdout, line);
  }
  const jsm = await nc.jetstreamManager();
  await jsm.streams.delete('SLA_RECORDS');
  const lacking = await runProgram(['doctor'], { env });
  t.match(lacking, { code: 1, stdout: /BAD +streams +SLA_RECORDS is missing\n +→ .*restart/ });
  t.match(lacking.stdout, /^ok +disk .* left/m, 'the others are looked at all the same');
  await nc.close();
  await servers.stop();

  const foreign = await startTestServers(t, { partitions: 4 });
  const theirs = await connectBroker(foreign, { name: 'test' });
  t.teardown(() => theirs.close());
  await ensureStreams(theirs, 8);
  const manager = await theirs.jetstreamManager();
  await manager.streams.update('SLA_EVENTS_3', { max_bytes: 1_000_000 });
  const redis = new Redis(foreign.redisUrl);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await redis.config('SET', 'appendonly', 'no');
  redis.disconnect();
  const wrong = await runProgram(['doctor', '--json'], { env: foreign.env });
  t.equal(wrong.code, 1);
  const topics = wrong.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(finding => finding.state === 'bad')
    .map(finding => finding.topic);
  t.same(topics, ['streams', 'mapping', 'eviction', 'append-only file']);
  t.match(wrong.stdout, /SLA_EVENTS_3: max_bytes is 1000000, should be -1/);
  t.match(wrong.stdout, /maps onto 4 partitions, the streams have 8/);
  await foreign.redis.kill();
  const dead = await runProgram(['doctor'], { env: foreign.env });
  t.match(dead, { code: 1, stdout: /BAD +redis +can't be asked/ });
});

t.test('settings: each has a description; what is wrong is named', async t => {
  t.ok(SETTING_ROWS.every(row => row.description.length > 10));
  t.match(readSettings({}), { partitions: 8, httpHost: '127.0.0.1', natsUrl: null });
  t.match(readSettings({ NATS_URL: 'a:1, b:2', REDIS_URL: 'rediss://x' }), {
    natsUrl: 'nats://a:1,nats://b:2',
  });
  t.match(readSettings({ HTTP_PORT: '  ' }), { httpPort: 8080 }, 'an empty variable is not set');
  t.throws(() => readSettings({ NATS_URL: 'nats://x' }), /NATS_URL is set but REDIS_URL is not/);
  t.throws(() => readSettings({ HTTP_TLS_KEY: 'k' }), /HTTP_TLS_CERT is not/);
  t.throws(() => readSettings({ PARTITIONS: '0', HTTP_PORT: 'x' }), /HTTP_PORT.*\n*.*PARTITIONS/s);
  t.throws(() => readSettings({ NATS_URL: 'a', REDIS_URL: 'http://x' }), /REDIS_URL: expected an address/);
});
