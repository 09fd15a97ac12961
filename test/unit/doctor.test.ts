// What doctor says of policies and of the monitor's address, without any server.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readSettings } from '../../src/config.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkLocal } from '../../src/doctor/local.ts';
import { noteAddress } from '../../src/monitor/address-file.ts';
import { type Read, readPolicyFile, readPolicyText } from '../../src/policy-store/source.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

function policy(name: string): string {
  return `version: 1
name: ${name}
timezone: Asia/Shanghai
calendars:
  office: { hours: { mon-fri: ["09:00-18:00"] }, holidays: { country: CN } }
  plain: { hours: { mon-fri: ["09:00-18:00"] } }
clocks: [{ rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 3h, calendar: office }]
`;
}

/** The texts and advice about one topic. */
async function about(
  topic: RegExp,
  env: Record<string, string>,
  inForce: Read | null,
): Promise<Pick<Finding, 'state' | 'text'>[]> {
  const kept = inForce === null ? null : { years: [], inForce };
  const findings = await checkLocal(readSettings(env), kept, NOW);
  return findings
    .filter(one => topic.test(one.topic))
    .map(({ state, text, advice }) => ({ state, text: advice === null ? text : `${text} → ${advice}` }));
}

t.test('the policy in force is the one that SLA_CONFIG names', async t => {
  const dir = t.testdir({});
  const [file, other] = [join(dir, 'run.yaml'), join(dir, 'here.yaml')];
  writeFileSync(file, policy('run'));
  writeFileSync(other, policy('here'));
  const run = readPolicyFile(file);
  const named = /^policy$|^POLICY_FILE$/i;
  const runs = {
    state: 'ok',
    text: new RegExp(`^run ${run.policy.hash}, in force: 1 clock, 0 indicators \\(${file}\\)`),
  };

  t.match(await about(named, { POLICY_FILE: file }, run), [runs]);
  const differs = await about(named, { POLICY_FILE: other }, run);
  t.match(differs, [
    runs,
    { state: 'warn', text: /here\.yaml \(here .* another policy than the one in force/ },
  ]);
  const unset = await about(named, {}, run);
  t.match(unset, [
    runs,
    { state: 'warn', text: new RegExp(`not set here.*set POLICY_FILE=${file} to stay`) },
  ]);
  t.match(await about(named, { POLICY_FILE: join(dir, 'none') }, run), [
    runs,
    { state: 'bad', text: /no such/ },
  ]);

  const sent = readPolicyText(policy('sent'));
  t.match(
    await about(named, {}, sent),
    [
      { state: 'ok', text: /^sent .*in force.*\(sent over HTTP\)/ },
      { state: 'ok', text: /stays over restarts, SIGHUP/ },
    ],
    'one that was sent stays',
  );
  t.match(await about(named, { POLICY_FILE: other }, null), [{ state: 'ok', text: /^here .*not known/ }]);
});

t.test("holidays end on a date of the calendar's zone", async t => {
  const found = await about(/^calendar/, {}, readPolicyText(policy('sent')));
  t.same(found, [
    { state: 'ok', text: 'holidays known until 2026-12-31' },
    { state: 'ok', text: 'asks for no holidays' },
  ]);
});

t.test('the address of a monitor that runs on its own servers is told', async t => {
  const env = { DATA_DIR: t.testdir({}) };
  const unknown = [{ state: 'unknown', text: /not known here → .*listening/ }];
  t.match(await about(/^monitor$/, env, null), unknown);
  const forget = noteAddress(env.DATA_DIR, 'http://127.0.0.1:8099');
  t.match(await about(/^monitor$/, env, null), [{ state: 'ok', text: 'answers at http://127.0.0.1:8099' }]);
  const theirs = { ...env, NATS_URL: 'nats://x', REDIS_URL: 'redis://x' };
  t.match(await about(/^monitor$/, theirs, null), unknown, 'on other servers it is another monitor');
  forget();
  t.match(await about(/^monitor$/, env, null), unknown);
  writeFileSync(join(env.DATA_DIR, 'monitor.json'), '{"pid":2147483646,"address":"http://gone"}');
  t.match(await about(/^monitor$/, env, null), unknown, 'one that was killed');
});
