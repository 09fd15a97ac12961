// Backtests beyond memory: what goes through files comes out as if it had not, and nothing is left behind.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { EventStore } from '../../src/backtest/event-store.ts';
import { ExternalSort } from '../../src/backtest/external-sort.ts';
import { compareTransitions } from '../../src/backtest/lines.ts';
import { outcomesOfCase, stateAt } from '../../src/backtest/outcomes.ts';
import { Progress } from '../../src/backtest/progress.ts';
import { Replay } from '../../src/backtest/replay.ts';
import { SpillSpace } from '../../src/backtest/spill.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { CASE_POLICY, eventsArbitrary } from '../support/cases.ts';
import { chance } from '../support/chance.ts';
import { runProgram } from '../support/program.ts';

t.test('a sort through files is stable and complete', async t => {
  const space = new SpillSpace();
  const sort = new ExternalSort<{ key: number; n: number; text: string }>(
    space,
    (a, b) => a.key - b.key,
    line => JSON.parse(line),
    7,
  );
  const values = Array.from({ length: 2_000 }, (_, n) => ({ key: (n * 7_919) % 13, n, text: `行\n${n}` }));
  for (const value of values) sort.add(value);
  const wanted = [...values].sort((a, b) => a.key - b.key || a.n - b.n);
  t.same([...sort.sorted()], wanted);
  t.same([...sort.sorted()], wanted, 'it can be read again');
  t.ok(space.files > 200, 'it went through files');
  space.close();
});

t.test(
  'events through files give the same cases, and the last instant is that of an accepted event',
  async t => {
    fc.assert(
      fc.property(fc.array(eventsArbitrary, { minLength: 1, maxLength: 6 }), lives => {
        const events = lives.flatMap((life, i) => life.map(event => ({ ...event, case: `工单-${i}` })));
        const conflict: SlaEvent = {
          ...(events[0] ?? never()),
          time: Number.MAX_SAFE_INTEGER,
          digest: 'other',
        };
        const given = [...events, ...events, conflict];
        const space = new SpillSpace();
        const store = new EventStore(space, 3);
        const refused: string[] = [];
        given.forEach((event, i) => {
          if (store.add(event, `line ${i}`) !== null) refused.push(`line ${i}`);
        });
        const until = store.lastAt();
        const wanted = backtest(CASE_POLICY, given, null, { all: true });
        const replay = new Replay(CASE_POLICY, space, until);
        const outcomes = [];
        for (const found of store.cases(place => refused.push(place))) {
          const state = stateAt(CASE_POLICY, found, until);
          if (state !== null) outcomes.push(...outcomesOfCase(state, until));
          replay.add(found);
        }
        same('refused', refused, [`line ${given.length - 1}`]);
        same('last', until, Math.max(...events.map(({ time }) => time)));
        const sorted = (lines: readonly object[]) => lines.map(line => JSON.stringify(line)).sort();
        same('outcomes', sorted(outcomes), sorted(wanted.outcomes));
        same(
          'account',
          [...replay.lines()],
          [...wanted.transitions, ...wanted.alerts].sort(compareTransitions),
        );
        space.close();
      }),
      chance(60),
    );
    t.pass('all agree');
  },
);

const POLICY = `
version: 1
name: test
timezone: UTC
clocks:
  - { rule: b, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h, warn: [50%] }
  - { rule: B, on: chat, start: chat.started, stop: chat.ended, target: 1h }
indicators:
  - { rule: I, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: 60m, every: 10m, alert: { above: 25%, atLeast: 4, clear: 20% } }
`;

t.test('the program prints the same, whatever is held in memory, and removes its files', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sla-large-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'policy.yaml'), POLICY);
  const lines: string[] = [];
  for (let i = 0; i < 400; i++) {
    const entity = i % 3 === 0 ? 'chat' : 'ticket';
    const time = new Date(Date.UTC(2026, 10, 16) + ((i * 7_919) % 400) * 60_000).toISOString();
    const type = `${entity}.${['created', 'replied', 'updated'][i % 3 === 0 ? 2 : (i >> 2) % 2]}`;
    const name = entity === 'chat' ? ['chat.started', 'chat.ended'][(i >> 2) % 2] : type;
    const data = i % 5 === 0 ? { kind: 'complaint' } : {};
    lines.push(
      JSON.stringify({
        specversion: '1.0',
        id: `e${i}`,
        source: '/t',
        type: name,
        subject: String(i % 37),
        time,
        data,
      }),
    );
  }
  lines.push((lines[0] ?? '').replace('"data":{"kind":"complaint"}', '"data":{"kind":"query"}'));
  const run = (...args: string[]) =>
    runProgram(['backtest', '--policy', join(folder, 'policy.yaml'), '--events', '-', '--all', ...args], {
      input: lines.join('\n'),
      env: { TMPDIR: folder },
    });
  const [whole, parted] = await Promise.all([run(), run('--in-memory', '5')]);
  t.equal(whole.code, 0, whole.stderr);
  t.ok(whole.stdout.split('\n').length > 200);
  t.ok(whole.stdout.includes('"kind":"alert"'));
  t.equal(parted.stdout, whole.stdout);
  t.match(parted.stderr, /^line 401: conflict/);
  t.equal(parted.stderr, whole.stderr);
  t.same(
    readdirSync(folder).filter(name => name !== 'policy.yaml' && !name.startsWith('tsx')),
    [],
    'nothing is left behind',
  );
  t.ok(existsSync(folder));
});

t.test('progress is shown on a terminal only, with events a second', async t => {
  const shown = (isTTY: boolean) => {
    let text = '';
    const progress = new Progress({
      isTTY,
      write: more => {
        text += more;
      },
    });
    for (let i = 1; i <= 5_000; i++) progress.show('read', i);
    progress.end(5_000);
    return text;
  };
  t.match(shown(true), /5,000 events read, [\d,]+\/s[\s\S]*5,000 events in [\d.]+ s, [\d,]+\/s\n$/);
  t.equal(shown(false), '');
});

function never(): never {
  throw new Error('no event');
}

/** Throws with both sides as text when they differ. */
function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found, null, 1), JSON.stringify(wanted, null, 1)];
  if (a !== b) throw new Error(`${what}:\n${a}\nrather than\n${b}`);
}
