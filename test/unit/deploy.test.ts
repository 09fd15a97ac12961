// What is deployed: the compose file keeps our rules (loopback, pinned, read-only, its files exist), Prometheus's
// configuration and rules pass promtool and their unit tests, Alertmanager's passes amtool, the image's files exist.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import { readSettings, SETTING_ROWS } from '../../src/config.ts';
import { ensurePrograms } from '../../src/embedded/programs.ts';
import { packageRoot } from '../../src/package-root.ts';

const root = packageRoot();
const deploy = join(root, 'deploy');
const run = promisify(execFile);
const text = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

const SERVICE = z.object({
  image: z.string().regex(/^[a-z0-9/-]+:v?\d+\.\d+\.\d+(-alpine)?$/, 'a pinned version'),
  restart: z.literal('unless-stopped'),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.array(z.string()).refine(list => list.includes('no-new-privileges:true')),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'on loopback')).optional(),
  volumes: z.array(
    z.string().regex(/^([a-z]+:\/[a-z/]+|\.\.?\/[\w./-]+:\/[\w./-]+:ro)$/, 'named or read-only'),
  ),
  environment: z.record(z.string(), z.string()).optional(),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  secrets: z.array(z.string()).optional(),
});
const COMPOSE = z.object({
  services: z.record(z.string(), SERVICE),
  volumes: z.record(z.string(), z.object({})),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});
const composeText = text('deploy', 'compose.yaml');
const compose = COMPOSE.parse(parse(composeText, { merge: true }));

t.test('the compose set', async t => {
  t.same(Object.keys(compose.services), [
    'nats',
    'redis',
    'monitor',
    'prometheus',
    'alertmanager',
    'grafana',
  ]);
  for (const [name, service] of Object.entries(compose.services)) {
    for (const volume of service.volumes) {
      const source = volume.split(':')[0] ?? '';
      const there = source.startsWith('.') ? existsSync(join(deploy, source)) : source in compose.volumes;
      t.ok(there, `${name}: ${source} exists`);
    }
    for (const on of Object.keys(service.depends_on ?? {})) t.ok(on in compose.services, `${name} on ${on}`);
    for (const secret of service.secrets ?? []) t.ok(secret in compose.secrets, `${name}: secret ${secret}`);
    // The monitor's is in its image.
    if (name !== 'monitor') t.ok(service.healthcheck, `${name} has a healthcheck`);
  }
});

t.test('secrets come from the environment, and the example names each of them', async t => {
  const used = [...composeText.matchAll(/\$\{([A-Z_]+)(:[?-])?/g)].map(match => match[1] ?? '');
  const example = text('deploy', '.env.example');
  for (const name of new Set(used)) {
    if (name !== 'LOG_LEVEL') t.match(example, new RegExp(`^#?${name}=`, 'm'), name);
  }
  t.equal(/^[A-Z_]*(PASSWORD|TOKEN|KEY)=\S/m.test(example), false, 'no secret in the example');
  t.equal(/(PASSWORD|TOKEN): (?!\$\{)/.test(composeText), false, 'no secret in the compose file');
});

t.test("the monitor's environment is one that it accepts", async t => {
  const environment = compose.services.monitor?.environment ?? {};
  const names = new Set(SETTING_ROWS.map(row => row.name));
  for (const name of Object.keys(environment)) t.ok(names.has(name), name);
  const filled = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1').replace(/\$\{[A-Z_]+[^}]*\}/g, 'p1secret'),
    ]),
  );
  const settings = readSettings(filled);
  t.equal(settings.natsUrl, 'nats://monitor:p1secret@nats:4222');
  t.equal(settings.redisUrl, 'redis://:p1secret@redis:6379');
});

t.test('the image copies what there is and runs what is built', async t => {
  const dockerfile = text('Dockerfile');
  for (const [, file] of dockerfile.matchAll(/^COPY (?:--from=build \/app\/)?([\w.-]+)/gm)) {
    if (file && !['dist', 'node_modules', '.'].includes(file)) t.ok(existsSync(join(root, file)), file);
  }
  const manifest = z
    .object({ bin: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text('package.json')));
  t.match(dockerfile, `ENTRYPOINT ["node", "--max-semi-space-size=32", "${manifest.bin['sla-monitor']}"]`);
  t.match(dockerfile, /^USER node$/m);
  t.match(dockerfile, /^HEALTHCHECK /m);
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm))
    t.match(image, /^node:20\.\d+\.\d+-bookworm-slim$/);
  t.match(text('.dockerignore'), /^deploy\/\.env$/m, 'secrets stay out of the image');
});

t.test('Prometheus takes its configuration and rules, and the rules pass their tests', async t => {
  const { promtool } = await ensurePrograms(['promtool']);
  const dir = mkdtempSync(join(tmpdir(), 'sla-prometheus-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(join(deploy, 'prometheus'), dir, { recursive: true });
  const config = join(dir, 'prometheus.yml');
  const token = join(dir, 'token');
  writeFileSync(token, 'secret');
  writeFileSync(config, readFileSync(config, 'utf8').replace('/run/secrets/metrics-token', token));
  t.match((await run(promtool, ['check', 'config', config])).stdout, /SUCCESS: \d+ rules found/);
  const rules = await run(promtool, ['test', 'rules', 'rules.test.yml'], { cwd: dir });
  t.match(rules.stdout, /SUCCESS/);
  const alerts = [...readFileSync(join(dir, 'rules.yml'), 'utf8').matchAll(/- alert: (\w+)/g)].map(m => m[1]);
  const tests = readFileSync(join(dir, 'rules.test.yml'), 'utf8');
  for (const alert of alerts) t.match(tests, `alertname: ${alert}`, `${alert} is tested`);
  // A rule that is wrong makes the tests fail: they do test.
  const rulesFile = join(dir, 'rules.yml');
  writeFileSync(rulesFile, readFileSync(rulesFile, 'utf8').replace('> 1000', '> 2000'));
  await t.rejects(run(promtool, ['test', 'rules', 'rules.test.yml'], { cwd: dir }));
});

t.test('Alertmanager takes its configuration', async t => {
  const { alertmanager } = await ensurePrograms(['alertmanager']);
  const beside = join(dirname(alertmanager), 'amtool');
  const amtool = existsSync(beside) ? beside : 'amtool';
  const { stdout } = await run(amtool, ['check-config', join(deploy, 'alertmanager', 'alertmanager.yml')]);
  t.match(stdout, /SUCCESS/);
});

t.test('Grafana finds its data source and dashboards where compose puts them', async t => {
  const sources = z
    .object({ datasources: z.array(z.object({ uid: z.string(), url: z.string() })) })
    .parse(parse(text('deploy', 'grafana-provisioning', 'datasources', 'prometheus.yaml')));
  for (const { url } of sources.datasources) t.ok(new URL(url).hostname in compose.services, url);
  const dashboards = z
    .object({ providers: z.array(z.object({ options: z.object({ path: z.string() }) })) })
    .parse(parse(text('deploy', 'grafana-provisioning', 'dashboards', 'sla-monitor.yaml')));
  const mounted = compose.services.grafana?.volumes ?? [];
  for (const { options } of dashboards.providers) {
    t.ok(
      mounted.some(volume => volume.includes(`:${options.path}:`)),
      options.path,
    );
  }
});
