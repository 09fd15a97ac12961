// Who gets in: every path with and without a token and for each role; browser sessions; origins; revocation.
import t from 'tap';
import { openConfig } from '../../src/broker/streams.ts';
import { createSigninCode, createToken, revokeToken } from '../../src/server/access-records.ts';
import { ADMIN, Board, FakeOwner, startRig } from '../support/server-rig.ts';
import { until } from '../support/until.ts';

const rig = await startRig(t);
const owners = [0, 1].map(p => new FakeOwner(rig.redis, p));
for (const owner of owners) await owner.start();
t.teardown(() => {
  for (const owner of owners) owner.stop();
});
const { ask, server } = rig;
const kv = await openConfig(rig.nc);
const event = JSON.stringify({
  specversion: '1.0',
  id: 'e1',
  source: 'test',
  type: 'ticket.created',
  subject: 'T-1',
  time: '2026-11-20T08:00:00Z',
  data: { queue: 'repair' },
});

const READING = [
  '/',
  '/metrics',
  '/api/v1/cases',
  '/api/v1/cases/T-1',
  '/api/v1/cases/ticket/T-1',
  '/api/v1/indicators',
  '/api/v1/alerts',
  '/api/v1/policy',
  '/api/v1/holidays',
  '/api/docs',
  '/api/docs/openapi.json',
];
/** What only an admin may send something to. */
const CHANGING = ['/api/v1/policy', '/api/v1/holidays'];
const OPEN = ['/livez', '/readyz', '/signin', '/signin/style.css'];

t.test('every path, without a token and for each role', async t => {
  await until('ready', async () => (await ask('/readyz', null)).status === 200);
  for (const path of OPEN) t.equal((await ask(path, null)).status, 200, `${path} is open`);
  for (const path of [...READING, '/no/such/path']) {
    t.equal((await ask(path, null)).status, 401, `${path} without a token`);
    t.equal((await ask(path, 'sla_wrong')).status, 401, `${path} with a wrong token`);
    t.equal((await ask(path, '')).status, 401, `${path} with an empty token`);
  }
  for (const role of ['viewer', 'operator', 'ingest', 'admin'] as const) {
    const token = await rig.token(role);
    await until('the token is known', async () => (await ask('/no/such', token)).status === 404);
    for (const path of READING) {
      const { status } = await ask(path, token);
      if (role === 'ingest') t.equal(status, 403, `${path} for ${role}`);
      else t.ok(status !== 401 && status !== 403, `${path} for ${role}: ${status}`);
    }
    const post = await ask('/v1/events', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: event,
    });
    t.equal(post.status, role === 'ingest' || role === 'admin' ? 202 : 403, `POST for ${role}`);
    for (const path of CHANGING) {
      const { status } = await ask(path, token, { method: 'POST', body: 'nothing: sound' });
      t.equal(status, role === 'admin' ? 400 : 403, `POST ${path} for ${role}`);
    }
  }
  t.equal((await ask('/metrics', ADMIN)).status, 200, 'ADMIN_TOKEN is an admin');
  const noToken = await ask('/v1/events', null, { method: 'POST', body: event });
  t.equal(noToken.status, 401);
  for (const path of CHANGING)
    t.equal((await ask(path, null, { method: 'POST', body: 'x' })).status, 401, path);
});

t.test('errors and headers have one shape', async t => {
  const response = await ask('/api/v1/alerts', null);
  t.match(await response.json(), { error: 'unauthorized', message: String });
  t.match(response.headers.get('content-security-policy'), /default-src 'none'/);
  t.equal(response.headers.get('x-content-type-options'), 'nosniff');
  t.equal(response.headers.get('referrer-policy'), 'same-origin', 'our own forms tell their origin');
  t.equal(response.headers.get('www-authenticate'), 'Bearer');
  const page = await ask('/', null, { headers: { accept: 'text/html', 'accept-language': 'en' } });
  t.equal(page.status, 401);
  t.match(await page.text(), /Sign in/);
  const large = await ask('/v1/events', ADMIN, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `[${'"x",'.repeat(5_000_000)}"x"]`,
  });
  t.equal(large.status, 413);
  t.match(await large.json(), { error: 'too-large' });
});

t.test('a token in the form opens a session, which ends with its token', async t => {
  const token = await createToken(kv, 'browser', 'viewer');
  await until('known', async () => (await ask('/metrics', token)).status === 200);
  const signIn = (body: string, headers: Record<string, string> = {}) =>
    ask('/signin', null, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body,
    });
  t.equal((await signIn(`token=${token}x`)).status, 401);
  t.equal((await signIn(`token=${token}`, { origin: 'http://evil.example' })).status, 403);
  const signedIn = await signIn(`token=${token}&next=//evil.example`, { origin: server.url });
  t.equal(signedIn.status, 200);
  const html = await signedIn.text();
  t.match(html, /http-equiv="refresh" content="0;url=\/"/, 'goes nowhere else');
  const cookie = signedIn.headers.get('set-cookie') ?? '';
  t.match(cookie, /HttpOnly/);
  t.match(cookie, /SameSite=Strict/);
  const session = cookie.split(';', 1)[0] ?? '';
  t.equal((await ask('/api/v1/alerts', null, { headers: { cookie: session } })).status, 200);
  t.notMatch(rig.log.join(''), token, 'no secret in the log');

  const own = new Board(server.url, { cookie: session, origin: server.url });
  t.equal(await own.opened(), 101, 'a browser of our own');
  t.equal(await new Board(server.url, { cookie: session, origin: 'http://evil.example' }).opened(), 403);
  t.equal(await new Board(server.url, { cookie: session }).opened(), 401, 'a cookie without an origin');
  t.equal(await new Board(server.url, {}).opened(), 401);
  const program = new Board(server.url, { authorization: `Bearer ${token}` });
  t.equal(await program.opened(), 101, 'a bearer without an origin');
  const ingest = new Board(server.url, { authorization: `Bearer ${await rig.token('ingest')}` });
  t.equal(await ingest.opened(), 403);

  t.ok(await revokeToken(kv, 'browser'));
  await until('revoked', async () => (await ask('/metrics', token)).status === 401);
  t.equal((await ask('/metrics', null, { headers: { cookie: session } })).status, 401, 'the session too');
  own.send({ subscribe: 'overview' });
  await until('told', () => own.of('error').length > 0);
  t.same(own.of('error'), [{ type: 'error', code: 'forbidden' }]);
  await until('closed', () => own.closed === 4401 && program.closed === 4401);
});

t.test('a sign-in link works once', async t => {
  const link = await server.createSigninLink('viewer');
  t.equal((await fetch(link, { method: 'HEAD' })).status, 200, 'a preview does not spend it');
  const first = await fetch(link, { redirect: 'manual' });
  t.equal(first.status, 200);
  const session = (first.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  t.equal((await ask('/metrics', null, { headers: { cookie: session } })).status, 200);
  t.equal((await fetch(link)).status, 401, 'a second time');
  const code = await createSigninCode(kv, 'viewer');
  const both = await Promise.all([1, 2].map(() => fetch(new URL(`/signin?code=${code}`, server.url))));
  t.same(both.map(({ status }) => status).sort(), [200, 401], 'of two at once one gets in');

  t.equal((await ask('/signout', null, { method: 'POST', headers: { cookie: session } })).status, 403);
  const out = await ask('/signout', null, {
    method: 'POST',
    headers: { cookie: session, origin: server.url },
  });
  t.equal(out.status, 303);
  t.equal((await ask('/metrics', null, { headers: { cookie: session } })).status, 401);
});

t.test('who guesses is slowed down', async t => {
  const statuses: number[] = [];
  for (let i = 0; i < 15; i++) statuses.push((await ask(`/signin?code=wrong-${i}`, null)).status);
  t.ok(statuses.includes(429));
  t.equal(statuses.at(-1), 429);
});
