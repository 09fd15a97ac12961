// `sla-monitor demo` as a newcomer runs it: the printed link signs in to the wallboard, Ctrl-C ends everything with
// exit code 0, and wrong options are told.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { run } from '../../src/cli/demo.ts';
import { UsageError } from '../../src/cli/usage.ts';
import { childEnvironment } from '../../src/config.ts';
import { isAlive } from '../../src/embedded/process.ts';
import { notedAddress } from '../../src/monitor/address-file.ts';
import { packageRoot } from '../../src/package-root.ts';

const dir = mkdtempSync(join(tmpdir(), 'sla-demo-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

const TOKEN = 'an-admin-token-of-the-test';
const POLICY = 'version: 1\nname: mine\nclocks: []\n';

function demo(): ChildProcess {
  return spawn(process.execPath, ['--import=tsx', 'src/main.ts', 'demo'], {
    cwd: packageRoot(),
    env: childEnvironment({ DATA_DIR: dir, HTTP_PORT: '0', ADMIN_TOKEN: TOKEN }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What it writes until the text matches or it ends. */
async function output(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  const ended = once(child, 'exit');
  await new Promise<void>(resolve => {
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    ended.then(() => resolve());
  });
  return text;
}

t.test('the link signs in, Ctrl-C ends all', async t => {
  const child = demo();
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const text = await output(child, /Ctrl-C/);
  const link = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(text)?.[0] ?? '';
  t.match(link, /^http:/, text);

  const signedIn = await fetch(link, { redirect: 'manual' });
  const cookie = signedIn.headers.getSetCookie().map(one => one.split(';', 1)[0]);
  t.ok(signedIn.status < 400, `sign-in answers ${signedIn.status}`);
  const { origin } = new URL(link);
  t.equal(notedAddress(dir), origin, 'doctor can tell it');
  const board = await fetch(`${origin}/`, { headers: { cookie: cookie.join('; ') }, redirect: 'manual' });
  t.equal(board.status, 200);
  t.match(await board.text(), /<html/i);
  const cases = await fetch(`${origin}/api/v1/cases`, { headers: { cookie: cookie.join('; ') } });
  t.equal(cases.status, 200);
  t.equal((await fetch(`${origin}/api/v1/cases`)).status, 401, 'not without');

  const send = async (query: string) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`${origin}/api/v1/policy${query}`, { method: 'POST', headers, body: POLICY });
    return z.object({ hash: z.string() }).parse(await answer.json()).hash;
  };
  const changed = output(child, /in force/);
  const hash = await send('');
  await send(`?confirm=${hash}`);
  t.match(await changed, `Another policy is in force: mine ${hash}`, 'a change over HTTP leaves a line');

  const pid = z.object({ pid: z.number() });
  const places = z.object({ nats: pid, redis: pid });
  const servers = places.parse(JSON.parse(readFileSync(join(dir, 'servers.json'), 'utf8')));
  const again = output(child, /in force|stays as it is/);
  child.kill('SIGHUP');
  const read = await again;
  t.notMatch(read, /Another policy/, 'which is told once');
  t.match(read, /Note: the policy mine .*was replaced/, 'what came over HTTP is missed');
  t.notMatch(text + read, /^\{/m, 'the log is no JSON here');
  t.match(read, /The policy was read again; [0-9a-f]{12} is in force/, 'SIGHUP does not end it');
  child.kill('SIGINT');
  t.same(await ended, [0, null]);
  t.notOk(isAlive(servers.nats.pid) || isAlive(servers.redis.pid), 'the servers have ended');
});

t.test('wrong options', async t => {
  for (const args of [
    ['--speed', 'x'],
    ['--speed', '21'],
    ['--port', '1.5'],
    ['--seed', ''],
  ]) {
    await t.rejects(run(args), UsageError, args.join(' '));
  }
  for (const args of [['--what'], ['more']]) await t.rejects(run(args), { code: /^ERR_PARSE_ARGS/ });
});
