// The command `token` on real servers, and the server over TLS with a wallboard page.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/package-root.ts';
import { ADMIN, startRig } from '../support/server-rig.ts';
import { startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

t.test('create, list, revoke', async t => {
  const servers = await startTestServers(t);
  const run = (...args: string[]) => {
    const done = spawnSync(process.execPath, ['--import=tsx', 'src/main.ts', 'token', ...args], {
      cwd: packageRoot(),
      env: { ...process.env, ...servers.env },
      encoding: 'utf8',
    });
    return { code: done.status, out: done.stdout, err: done.stderr };
  };
  const made = run('create', '--role', 'viewer', '--name', 'wall-1');
  t.equal(made.code, 0, made.err);
  t.match(made.out, /^sla_[\w-]{43}\n$/);
  t.equal(run('create', '--role', 'viewer', '--name', 'wall-1').code, 1, 'the name is taken');
  t.equal(run('create', '--role', 'king', '--name', 'x').code, 2);
  t.equal(run('create', '--role', 'viewer').code, 2);
  t.equal(run('create', '--role', 'viewer', '--name', 'a b').code, 1);
  t.equal(run().code, 2);
  const list = run('list');
  t.match(list.out, /^wall-1\tviewer\t\d{4}-/);
  t.notMatch(list.out, made.out.trim(), 'the secret is not told again');
  for (const name of ['wall-3', 'wall-2']) run('create', '--role', 'ingest', '--name', name);
  const names = run('list')
    .out.split('\n')
    .map(line => line.split('\t')[0]);
  t.strictSame(names, ['wall-1', 'wall-2', 'wall-3', ''], 'all of them, by name');
  for (const name of ['wall-3', 'wall-2']) t.equal(run('revoke', name).code, 0);
  t.equal(run('revoke', 'wall-1').code, 0);
  t.equal(run('revoke', 'wall-1').code, 1);
  t.equal(run('list').out, '');
  t.equal(run('create', '--role', 'admin', '--name', 'wall-1').code, 0, 'the name is free again');
});

t.test('over TLS, with the page', async t => {
  const dir = t.testdir({});
  const [cert, key, page] = [join(dir, 'cert.pem'), join(dir, 'key.pem'), join(dir, 'page')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ].concat([
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      cert,
    ]),
    { stdio: 'ignore' },
  );
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>board</title>');
  writeFileSync(join(page, 'assets', 'app-1234.js'), 'export {};');
  const rig = await startRig(t, { tls: { cert, key }, wallboardDir: page });
  t.match(rig.server.url, /^https:/);
  const agent = new Agent({ rejectUnauthorized: false });
  const fetchTls = (path: string, headers: Record<string, string>) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      get(new URL(path, rig.server.url), { agent, headers }, response => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', chunk => {
          body += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      }).on('error', reject);
    });
  const bearer = { authorization: `Bearer ${ADMIN}` };
  const index = await fetchTls('/', bearer);
  t.equal(index.status, 200);
  t.match(index.body, /board/);
  t.match(index.headers, { 'cache-control': 'no-cache', 'strict-transport-security': String });
  const asset = await fetchTls('/assets/app-1234.js', bearer);
  t.match(asset.headers, { 'cache-control': /immutable/ });
  t.equal((await fetchTls('/assets/app-1234.js', {})).status, 401);
  t.equal((await fetchTls('/../package.json', bearer)).status, 404);
  const signedIn = await fetchTls(new URL(await rig.server.createSigninLink('viewer')).href, {});
  t.match(String(signedIn.headers['set-cookie']), /Secure/);
  await until('live', async () => (await fetchTls('/livez', {})).status === 200);
});
