// Trying a policy on the past by the command: in each form, with wrong usage, and from the streams themselves.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runProgram } from '../support/program.ts';
import { startTestServers } from '../support/servers.ts';

const NINE = Date.UTC(2026, 10, 16, 9);
const MINUTE = 60_000;

const POLICY = (target: string) => `
version: 1
name: test
timezone: UTC
clocks:
  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, target: ${target}, title: { zh: 回复, en: Reply }, pause: { from: ticket.pending, to: ticket.resumed } }
`;

function line(minute: number, type: string, subject: string, data: Record<string, unknown> = {}): string {
  const time = new Date(NINE + minute * MINUTE).toISOString();
  return JSON.stringify({
    specversion: '1.0',
    id: `${type}-${minute}`,
    source: '/t',
    type,
    subject,
    time,
    data,
  });
}

const folder = mkdtempSync(join(tmpdir(), 'sla-compare-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const [P1, P2] = [join(folder, 'p1.yaml'), join(folder, 'p2.yaml')];
writeFileSync(P1, POLICY('20m'));
writeFileSync(P2, POLICY('10m'));
const EVENTS = [
  line(0, 'ticket.created', 'T-1', { queue: '=cmd' }),
  line(15, 'ticket.replied', 'T-1'),
  line(0, 'ticket.created', 'T-2'),
  line(19, 'ticket.pending', 'T-2'),
  line(40, 'ticket.replied', 'T-2'),
];

t.test('as text, JSON and CSV', async t => {
  const run = (...args: string[]) =>
    runProgram(['backtest', '--policy', P1, '--events', '-', ...args], { input: EVENTS.join('\n') });
  const [text, json, csv, summary, suggest, wrong] = await Promise.all([
    run('--against', P2),
    run('--against', P2, '--format', 'json'),
    run('--against', P2, '--format', 'csv'),
    run('--summary'),
    run('--suggest', 'R', '--format', 'json'),
    run('--suggest', 'X'),
  ]);
  t.match(
    text.stdout,
    /^2 cases, 2 clock cycles: 2 end otherwise, 2 cases turn from met to missed/,
    text.stderr,
  );
  t.match(text.stdout, /R +100\.00% \(2 of 2\) → 0\.00% \(0 of 2\) {2}-100\.00 points/);
  const rows = json.stdout
    .trimEnd()
    .split('\n')
    .map(row => JSON.parse(row));
  t.same(
    rows.map(row => row.kind),
    ['compliance', 'compliance', 'compliance', 'compliance', 'compliance', 'case', 'case', 'cycle', 'cycle'],
  );
  const table = csv.stdout.trimEnd().split('\n');
  t.match(table[0], /^kind,by,name,entity,case/);
  t.equal(table.length, rows.length + 1);
  t.ok(csv.stdout.includes("compliance,queue,'=cmd"), 'no formula');
  t.match(summary.stdout, /Met, by month\n {2}2026-11 +100\.00% \(2 of 2\)/);
  t.match(summary.stdout, /R +1 of 2, 0, 1, 1; 100\.00% \(2 of 2\), 50\.00% \(1 of 2\) {2}回复 \/ Reply\n/);
  t.match(summary.stdout, /Met, by rule\n {2}R +100\.00% \(2 of 2\) {2}回复 \/ Reply\n/);
  t.match(JSON.parse(suggest.stdout), { rule: 'R', stopped: 2, p50Ms: 900_000, p99Ms: 1_140_000 });
  t.equal(wrong.code, 1);
});

t.test('wrong usage', async t => {
  const codes = await Promise.all(
    [
      ['--events', '-', '--from-stream'],
      ['--events', '-', '--format', 'csv'],
      ['--events', '-', '--all', '--summary'],
      ['--events', '-', '--summary', '--format', 'xml'],
      ['--from-stream', '--map', 'x'],
      ['--events', '-', '--in-memory', '0'],
    ].map(async args => (await runProgram(['backtest', '--policy', P1, ...args], {})).code),
  );
  t.same(codes, [2, 2, 2, 2, 2, 2]);
});

t.test('from the streams themselves', async t => {
  const servers = await startTestServers(t, { partitions: 2 });
  const env = { ...servers.env, PARTITIONS: '2' };
  const run = (...args: string[]) => runProgram(['backtest', '--policy', P1, ...args], { env });
  t.match((await run('--from-stream')).stderr, /No monitor has run/);
  const published = await runProgram(['publish'], { env, input: EVENTS.join('\n') });
  t.equal(published.code, 0, published.stderr);
  const [streamed, file, part] = await Promise.all([
    run('--from-stream'),
    runProgram(['backtest', '--policy', P1, '--events', '-'], { input: EVENTS.join('\n') }),
    run('--from-stream', '--to', new Date(NINE + 16 * MINUTE).toISOString()),
  ]);
  t.equal(streamed.stderr, '');
  t.equal(streamed.stdout, file.stdout);
  t.same(
    part.stdout
      .trimEnd()
      .split('\n')
      .map(row => JSON.parse(row).outcome),
    ['met', 'running'],
  );
});
