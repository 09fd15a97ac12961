// A demo from start to end with its own servers: everything it started ends with it, the next one goes on from the
// same state, two in one folder are refused, and what it shows fits the terminal.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { connectBroker } from '../../src/broker/connect.ts';
import { ensureStreams } from '../../src/broker/streams.ts';
import { CommandError } from '../../src/cli/usage.ts';
import { readSettings, type Settings } from '../../src/config.ts';
import { plainLog } from '../../src/demo/plain-log.ts';
import { fit, statusLine, welcome } from '../../src/demo/screen.ts';
import { DemoSession } from '../../src/demo/session.ts';
import { isAlive } from '../../src/embedded/process.ts';
import { createLogger } from '../../src/server/log.ts';

const dir = mkdtempSync(join(tmpdir(), 'sla-demo-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
const settings = readSettings({ DATA_DIR: dir, HTTP_PORT: '0' });

function options(lines: string[] = []) {
  return {
    seed: 1,
    speed: 1,
    onProgress: (line: string) => lines.push(line),
    // Stands in for the monitor: all that the centre needs of it is that the streams exist.
    startMonitor: async ({ natsUrl, partitions }: Settings) => {
      const nc = await connectBroker({ natsUrl: natsUrl ?? '' }, { name: 'stand-in' });
      await ensureStreams(nc, partitions);
      return {
        address: 'http://127.0.0.1:1',
        signinLink: (role: string) => `http://127.0.0.1:1/#${role}`,
        reloadPolicy: async () => 'again',
        policy: () => ({ name: 'stand-in', hash: '0', isPack: false }),
        onPolicy: () => {},
        close: () => nc.close(),
      };
    },
  };
}

function pids(): number[] {
  const pid = z.object({ pid: z.number() });
  const places = z.object({ nats: pid, redis: pid });
  const { nats, redis } = places.parse(JSON.parse(readFileSync(join(dir, 'servers.json'), 'utf8')));
  return [nats.pid, redis.pid];
}

t.test('it starts, ends, and goes on', async t => {
  const session = new DemoSession();
  const lines: string[] = [];
  const demo = await session.start(settings, options(lines));
  t.equal(demo.link, 'http://127.0.0.1:1/#operator');
  t.equal(await demo.monitor.reloadPolicy(), 'again', 'the monitor reads its policy again');
  t.equal(demo.centre.resumed, false);
  t.ok(demo.centre.status().events > 2000);
  t.match(lines.join('\n'), /30 hours/);
  const servers = pids();
  t.ok(servers.every(isAlive));

  await session.stop();
  await session.stop();
  t.notOk(servers.some(isAlive), 'the servers have ended');
  t.notOk(existsSync(join(dir, 'demo.pid')));

  const next = new DemoSession();
  const again = await next.start(settings, options(lines));
  t.equal(again.centre.resumed, true);
  t.ok(again.centre.status().events < 300, 'no second history');
  await next.stop();
});

t.test('a stop while it starts ends what was begun', async t => {
  const session = new DemoSession();
  let stopped: Promise<void> = Promise.resolve();
  const interrupted = session.start(settings, {
    ...options(),
    startMonitor: async (given: Settings) => {
      stopped = session.stop();
      return options().startMonitor(given);
    },
  });
  await t.rejects(interrupted, CommandError);
  await stopped;
  t.notOk(existsSync(join(dir, 'servers.json')));
});

t.test('two in one folder are refused', async t => {
  writeFileSync(join(dir, 'demo.pid'), String(process.ppid));
  await t.rejects(new DemoSession().start(settings, options()), CommandError);
  t.notOk(existsSync(join(dir, 'servers.json')));
  rmSync(join(dir, 'demo.pid'));
});

t.test('a start that fails ends what was begun', async t => {
  const failing = { ...options(), startMonitor: () => Promise.reject(new Error('no')) };
  await t.rejects(new DemoSession().start(settings, failing), { message: 'no' });
  t.notOk(existsSync(join(dir, 'servers.json')));
});

t.test('the status line is cut to the terminal', async t => {
  t.equal(fit('投诉率 rate', 9), '投诉率 r');
  t.equal(fit('投诉率', 6), '投诉');
  t.equal(fit('abc', 80), 'abc');
  const line = statusLine({
    events: 10,
    perSecond: 4.25,
    callsWaiting: 1,
    chatsWaiting: 2,
    openTickets: 3,
    complaintRate: 0.0512,
    stuck: true,
  });
  t.match(line, /not answering.*4\.[23]\/s.*5\.1 %/);
});

t.test('what is to be seen is told of the pack alone', async t => {
  const policy = { name: 'after-sales', hash: 'abc', isPack: true };
  t.match(welcome('http://link', 'data', policy), /What to watch.*complaints/s);
  const other = welcome('http://link', 'data', { ...policy, name: 'mine', isPack: false });
  t.match(other, /Policy: mine abc.*not the pack/);
  t.notMatch(other, /complaints/);
});

t.test('warnings of the monitor are sentences', async t => {
  const told: string[] = [];
  const log = createLogger(
    'debug',
    plainLog(line => told.push(line)),
  );
  log.warn({ calendar: 'office' }, 'calendar office: add 2027');
  log.error({ err: new Error('gone') }, 'it failed');
  log.info('told to who asks for it');
  plainLog(line => told.push(line)).write('no JSON\n');
  const [note, error, info, other] = told;
  t.same([note, error], ['注意 · Note: calendar office: add 2027', '错误 · Error: it failed (gone)']);
  t.match(info, /^\{.*told to who asks/);
  t.equal(other, 'no JSON');
});
