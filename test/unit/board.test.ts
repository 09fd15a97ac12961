// The board as the server makes it: what a policy has no figure for, alerts beside their figures, the order of the feed.
import { Redis } from 'ioredis';
import t from 'tap';
import type { FeedItem } from '../../src/contract/frame.ts';
import { CellBook } from '../../src/engine/cell-book.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { type BoardInput, buildBoard } from '../../src/server/board.ts';
import { LiveView } from '../../src/server/live-view.ts';
import type { AlertState } from '../../src/server/view-wire.ts';

const NOW = Date.UTC(2026, 10, 20, 6);
const MINUTE_MS = 60_000;

function policyOf(indicators: string): CompiledPolicy {
  const loaded = loadPolicy(`version: 1\nindicators:\n${indicators}`, { file: 'board.yaml' });
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
  return loaded.policy;
}

const PLAIN = policyOf(
  '  - { rule: RATE, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: 1h, alert: { above: 5% } }\n',
);
const CENTRE =
  policyOf(`  - { rule: CC-01, level: { on: call, from: call.queued, to: call.answered }, by: [queue] }
  - { rule: AGENTS, level: { on: agent, from: agent.signed_on, to: agent.signed_off }, by: [state] }
`);

function board(policy: CompiledPolicy, book: CellBook, rest: Partial<BoardInput> = {}) {
  const health = { fresh: true, pending: 0, behind: [] };
  const risk = { atRisk: [], overdue: [] };
  return buildBoard({ policy, book, risk, alerts: [], feed: [], health, now: NOW, ...rest });
}

t.test('clocks past due are counted as the policy in force knows them', async t => {
  const loaded = loadPolicy(
    `version: 1
clocks:
  - { rule: OWN, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h }
  - { rule: PROOF, on: ticket, start: ticket.created, stop: ticket.informed, target: 1h, evidence: true }`,
    { file: 'board.yaml' },
  );
  if (!loaded.ok) throw new Error('no policy');
  const book = new CellBook();
  for (const rule of ['OWN', 'PROOF', 'GONE']) book.set(0, `g|open|${rule}|overdue`, 2);
  t.match(
    board(loaded.policy, book),
    { overdueCount: 2 },
    'without evidence, and what was closed under another',
  );
});

t.test('what no figure measures is null, what one measures may be 0', async t => {
  const book = new CellBook();
  book.set(0, 'o|ticket|repair|open', 3);
  const plain = board(PLAIN, book);
  t.equal(plain.agents, null);
  t.match(plain.queues, [{ queue: 'repair', waiting: null, openCases: 3 }]);
  const centre = board(CENTRE, book);
  t.same(centre.agents, []);
  t.match(centre.queues, [{ queue: 'repair', waiting: 0, openCases: 3 }]);
});

t.test('an alert that fires says what its figure says', async t => {
  const book = new CellBook();
  const [indicator] = PLAIN.indicators;
  const start = Math.floor(NOW / (indicator?.paneMs ?? 1)) * (indicator?.paneMs ?? 1);
  book.set(0, `w|RATE|all|${start}|n`, 33);
  book.set(0, `w|RATE|all|${start}|d`, 488);
  const fired = {
    id: 'a',
    rule: 'RATE',
    group: 'all',
    at: NOW,
    value: 33 / 486,
    numerator: 33,
    denominator: 486,
    policy: null,
  };
  const shown = (alert: Partial<AlertState>) =>
    board(PLAIN, book, { alerts: [{ ...fired, state: 'firing', ...alert }] });
  const { alerts, figures } = shown({});
  t.match(alerts, [{ numerator: 33, denominator: 488 }]);
  t.match(figures, [{ numerator: 33, denominator: 488 }]);
  t.match(shown({ state: 'resolved' }).alerts, [{ denominator: 486 }], 'one that is over, what ended it');
  t.match(shown({ rule: 'GONE' }).alerts, [{ denominator: 486 }]);
});

t.test('the feed is in the order of the instants that it shows', async t => {
  const redis = new Redis({ lazyConnect: true });
  const view = new LiveView({ redis, subscriber: redis, partitions: 2, log: { warn: () => {} } });
  const item = (id: string, minute: number): FeedItem => {
    const title = { zh: '受理', en: 'Acknowledge' };
    return { id, at: NOW + minute * MINUTE_MS, kind: 'breached', rule: 'R', title, subject: 'T-1' };
  };
  // As records lie in their stream: by partition and by when each became known, not by when it happened.
  view.remember([item('a', 3), item('b', 9), item('c', 1), item('d', 9)]);
  view.remember([item('b', 9), item('e', 5)]);
  t.same(
    view.feed.map(({ id }) => id),
    ['b', 'd', 'e', 'a', 'c'],
  );
  view.remember(Array.from({ length: 60 }, (_, i) => item(`n${i}`, 100 + i)));
  t.equal(view.feed[0]?.id, 'n59');
  t.equal(view.feed.length, 50);
});
