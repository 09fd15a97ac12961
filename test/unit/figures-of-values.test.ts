// Percentiles, maxima and largest shares: live, on boards and in the backtest, against a plain model of their values.
import fc from 'fast-check';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { cellKey, valueText } from '../../src/contract/cells.ts';
import type { FieldValue, SlaEvent } from '../../src/contract/event.ts';
import { CellBook, type WindowSum } from '../../src/engine/cell-book.ts';
import { VALUE_CELLS_MAX, VALUES_KEPT_MAX } from '../../src/engine/value-limit.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { CellStore } from '../../src/processor/cell-store.ts';
import { figureOf } from '../../src/server/figures.ts';
import { chance } from '../support/chance.ts';
import { runLive } from '../support/live.ts';

const START = Date.parse('2026-11-16T02:00:00Z');
const MINUTE_MS = 60_000;

const loaded = loadPolicy(
  `version: 1
indicators:
  - { rule: P50, p50: waitSeconds, of: call.answered, window: 1h, by: [queue], alert: { above: 20 } }
  - { rule: P90, p90: waitSeconds, of: call.answered, window: 1h }
  - { rule: P95, p95: waitSeconds, of: call.answered, window: 1h }
  - { rule: MAX, max: waitSeconds, of: call.answered, window: 1h, alert: { above: 50 } }
  - { rule: SHARE, share: category, of: call.answered, window: 1h, by: [queue], alert: { above: 35% } }
`,
  { file: 'values.yaml' },
);
if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
const { policy } = loaded;

type Data = Readonly<Record<string, FieldValue>>;

/** A call that is answered `minute` minutes after the start. */
function answered(id: string, minute: number, fields: Data): SlaEvent {
  const time = START + minute * MINUTE_MS;
  return { id, source: '/t', type: 'call.answered', entity: 'call', case: id, time, fields, digest: '' };
}

/** The book of cases that each lie on a partition of their own, as of `minute`. */
function bookOf(events: readonly SlaEvent[], minute: number): CellBook {
  const book = new CellBook();
  for (const [i, id] of [...new Set(events.map(event => event.case))].entries()) {
    let now = 0;
    const inputs = events
      .filter(event => event.case === id)
      .map(event => {
        now = Math.max(now, event.time);
        return { kind: 'event', event, now } as const;
      });
    const { cells } = runLive(policy, inputs, START + minute * MINUTE_MS);
    for (const [key, value] of cells) book.set(i, key, value);
  }
  return book;
}

function indicator(rule: string) {
  const found = policy.indicators.find(one => one.rule === rule);
  if (found === undefined) throw new Error(`no indicator ${rule}`);
  return found;
}

function sum(book: CellBook, rule: string, minute: number, group = 'all'): WindowSum {
  return book.window(indicator(rule), group, START + minute * MINUTE_MS);
}

const THREE = [1, 1, 100].map((waitSeconds, i) =>
  answered(`C-${i}`, i, { waitSeconds, category: 'leak', queue: i === 0 ? 'a' : 'b' }),
);

t.test('three calls: a median, a maximum and one category', async t => {
  const book = bookOf(THREE, 5);
  t.same(sum(book, 'P50', 5), { numerator: 1, denominator: 3, value: 1 });
  t.same(sum(book, 'P90', 5).value, 100);
  t.same(sum(book, 'MAX', 5), { numerator: 100, denominator: 3, value: 100 });
  t.same(sum(book, 'SHARE', 5), { numerator: 3, denominator: 3, value: 1, leader: 'leak' });
  t.same(sum(book, 'SHARE', 5, 'queue=b').numerator, 2);
  t.same(sum(book, 'P50', 5, 'queue=b').value, 1, 'of two the first is the median by nearest rank');
  t.same(book.groups(indicator('P50')).sort(), ['all', 'queue=a', 'queue=b']);

  const { alerts } = backtest(policy, THREE, START + 5 * MINUTE_MS, { all: true });
  const told = alerts
    .filter(({ group }) => group === 'all')
    .map(({ rule, state, value }) => [rule, state, value]);
  t.same(told, [
    ['SHARE', 'firing', 1],
    ['MAX', 'firing', 100],
  ]);
  const board = figureOf(indicator('SHARE'), 'all', book, [], START + 5 * MINUTE_MS);
  t.match(board, { value: 1, leader: 'leak', numerator: 3, denominator: 3 });
  t.equal(figureOf(indicator('MAX'), 'all', book, [], START + 5 * MINUTE_MS).leader, null);
});

t.test('values leave with their pane, and what is resolved is told', async t => {
  const book = bookOf(THREE, 90);
  t.equal(sum(book, 'MAX', 62).value, 100, 'the last pane of the window');
  t.equal(sum(book, 'MAX', 63).value, null, 'no value is neither 0 nor the last one');
  t.equal(sum(book, 'MAX', 62).value, 100, 'a reader whose time is behind sees what was');
  // A call in an hour keeps the figure known, and the alert ends with the long wait.
  const later = answered('C-9', 62, { waitSeconds: 2, category: 'noise' });
  const { alerts } = backtest(policy, [...THREE, later], START + 70 * MINUTE_MS, { all: true });
  t.same(
    alerts.filter(({ rule }) => rule === 'MAX').map(({ state, value, at }) => [state, value, at]),
    [
      ['firing', 100, '2026-11-16T02:02:00.000Z'],
      ['resolved', 2, '2026-11-16T03:03:00.000Z'],
    ],
  );
});

t.test(
  'a share: events without a group count and lead nothing; a changed attribute moves its events',
  async t => {
    const calls = ['leak', 'noise', '', ''].map((category, i) =>
      answered(`C-${i}`, i, category === '' ? { waitSeconds: 1 } : { waitSeconds: 1, category }),
    );
    t.same(sum(bookOf(calls, 5), 'SHARE', 5), { numerator: 1, denominator: 4, value: 0.25, leader: 'leak' });
    t.same(sum(bookOf(calls.slice(2), 5), 'SHARE', 5), { numerator: 0, denominator: 2, value: 0 });
    const found: SlaEvent = {
      ...answered('C-2', 4, { category: 'noise' }),
      id: 'found',
      type: 'call.transferred',
    };
    t.same(sum(bookOf([...calls, found], 5), 'SHARE', 5), {
      numerator: 2,
      denominator: 4,
      value: 0.5,
      leader: 'noise',
    });
    const odd = answered('C-5', 1, { category: '50%|a' });
    t.equal(sum(bookOf([odd], 5), 'SHARE', 5).leader, '50%|a');
  },
);

/** What the figures should be: the value by rule, and the largest group's count. */
function model(events: readonly SlaEvent[], minute: number): Record<string, number | null> {
  const inside = events.filter(({ time }) => paneStart(time) > START + (minute - 61) * MINUTE_MS);
  const values = inside
    .map(({ fields }) => Math.round(Number(fields.waitSeconds) * 1000) / 1000)
    .sort((a, b) => a - b);
  const rank = (percent: number) => values[Math.ceil((percent * values.length) / 100) - 1] ?? null;
  const categories = new Map<string, FieldValue>();
  const inOrder = [...events].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
  for (const { case: id, fields } of inOrder)
    if (fields.category !== undefined) categories.set(id, fields.category);
  const counts = new Map<FieldValue, number>();
  for (const { case: id } of inside) {
    const category = categories.get(id);
    if (category !== undefined) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return {
    P50: rank(50),
    P90: rank(90),
    P95: rank(95),
    MAX: rank(100),
    SHARE: Math.max(0, ...counts.values()),
  };
}

t.test('any values in any order, late ones too, are those of a plain model', async t => {
  const call = fc.record({
    minute: fc.integer({ min: 0, max: 100 }),
    wait: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.double({ min: 0, max: 5000, noNaN: true })),
    category: fc.constantFrom('', 'a', 'b', 'c'),
    of: fc.integer({ min: 0, max: 6 }),
  });
  const property = fc.property(
    fc.array(call, { maxLength: 30 }),
    fc.integer({ min: 0, max: 120 }),
    (calls, now) => {
      const events = calls
        .filter(({ minute }) => minute <= now)
        .map(({ minute, wait, category, of }, i) => ({
          ...answered(`C-${of}`, minute, {
            waitSeconds: wait,
            ...(category === '' ? {} : { category }),
          }),
          id: `e-${i}`,
        }));
      const book = bookOf(events, now);
      const { SHARE, ...values } = model(events, now);
      t.equal(sum(book, 'SHARE', now).numerator, SHARE);
      for (const [rule, value] of Object.entries(values)) t.equal(sum(book, rule, now).value, value, rule);
    },
  );
  fc.assert(property, chance(100));
});

function paneStart(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}

t.test(
  'a pane keeps so many different values; beyond that they are coarser, and nothing is lost',
  async t => {
    const store = (cells = new Map<string, number>()) => new CellStore(policy, cells);
    const book = new CellBook();
    const apply = (to: CellStore, changes: ReadonlyMap<string, number>) => {
      const message: Record<string, number | null> = {};
      to.apply(new Map(changes), START, { cellsSet: [], cellsRemoved: [] }, message);
      for (const [key, value] of Object.entries(message)) book.set(0, key, value);
    };
    const waits = Array.from({ length: VALUES_KEPT_MAX + 500 }, (_, i) => 1000.5 + i);
    const of = (sign: number) =>
      new Map(waits.map(wait => [cellKey('v', 'MAX', 'all', START, String(wait)), sign]));
    const cells = new Map<string, number>();
    apply(store(cells), of(1));
    const { value, denominator } = sum(book, 'MAX', 0);
    t.equal(denominator, waits.length);
    t.ok(Math.abs((value ?? 0) / 3499.5 - 1) <= 0.01, `${value} is within a percent of 3499.5`);
    t.ok(cells.size < VALUES_KEPT_MAX + 100, `${cells.size} cells`);
    // After a restart the limit is where it was: what is taken away leaves nothing behind.
    apply(store(cells), of(-1));
    t.same([...cells], []);
    t.equal(sum(book, 'MAX', 0).value, null);

    const groups = (sign: number) =>
      new Map(
        waits.map((wait, i) => [cellKey('t', 'SHARE', 'all', START, `${wait}`), sign * (i === 7 ? 9 : 1)]),
      );
    apply(store(cells), groups(1));
    const share = sum(book, 'SHARE', 0);
    t.same([share.numerator, share.denominator, share.leader], [9, waits.length + 8, '1007.5']);
    apply(store(cells), groups(-1));
    t.same([...cells], []);
  },
);

t.test('whatever comes, a pane has no more cells than documented', async t => {
  const cells = new Map<string, number>();
  const store = new CellStore(policy, cells);
  const key = (value: number) => cellKey('v', 'MAX', 'all', START, valueText(value));
  const take = (value: number, change: number) =>
    store.apply(new Map([[key(value), change]]), START, { cellsSet: [], cellsRemoved: [] }, {});
  const kept = Array.from({ length: VALUES_KEPT_MAX }, (_, i) => i + 0.123);
  // All magnitudes of either sign, and far more different values than there are cells.
  const others = Array.from({ length: 60_000 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 10 ** (i / 3_000 - 5));
  others.push(0, 1e300, -1e300, Number.MAX_VALUE, 0.001, -0.001);
  for (const value of [...kept, ...others]) take(value, 1);
  t.ok(cells.size > VALUES_KEPT_MAX && cells.size <= VALUE_CELLS_MAX, `${cells.size} cells`);
  t.equal(
    [...cells.values()].reduce((sum, count) => sum + count, 0),
    kept.length + others.length,
    'all are counted',
  );
  for (const value of [...others].reverse()) take(value, -1);
  t.same([...cells.keys()].sort(), kept.map(key).sort(), 'what is taken away leaves nothing behind');
});

t.test('beyond the bound a number counts within a percent of itself', async t => {
  const cells = new Map<string, number>();
  const store = new CellStore(policy, cells);
  const take = (value: string) =>
    store.apply(
      new Map([[cellKey('v', 'MAX', 'all', START, value), 1]]),
      START,
      { cellsSet: [], cellsRemoved: [] },
      {},
    );
  for (let i = 0; i < VALUES_KEPT_MAX; i++) take(String(-2e9 - i));
  for (let i = 1; i < 4_000; i++) {
    const value = Number(valueText(10 ** (i / 333.4 - 3)));
    const before = new Map(cells);
    take(String(value));
    const [step] = [...cells].find(([key, count]) => before.get(key) !== count) ?? [''];
    const found = Number(step.slice(step.lastIndexOf('|') + 1));
    if (Math.abs(found / value - 1) > 0.01) t.fail(`${value} counts as ${found}`);
  }
  t.ok(cells.size < VALUE_CELLS_MAX);
});

t.test('a value beyond all measure leaves no trace when it is taken back', async t => {
  const means = loadPolicy(
    'version: 1\nattributes: { amount: number }\nindicators: [{ rule: M, mean: amount, of: call.answered, window: 1h }]',
    { file: 'means.yaml' },
  );
  if (!means.ok) throw new Error(means.errors.map(({ message }) => message).join('\n'));
  const [figure] = means.policy.indicators;
  if (figure === undefined) throw new Error('no indicator');
  for (const amount of [1e308, -1e308, Number.MAX_SAFE_INTEGER]) {
    // What comes late takes all that the case counted away, and adds it again.
    const inputs = [answered('A', 1, { amount }), answered('A', 0, { amount: 1 })].map(event => {
      return { kind: 'event', event: { ...event, id: String(event.time) }, now: START + MINUTE_MS } as const;
    });
    const book = new CellBook();
    for (const [key, value] of runLive(means.policy, inputs, START + 2 * MINUTE_MS).cells)
      book.set(0, key, value);
    const { numerator, denominator } = book.window(figure, 'all', START + 2 * MINUTE_MS);
    t.same([numerator, denominator], [Math.sign(amount) * 1e12 + 1, 2], `${amount}`);
  }
  t.equal(valueText(1e308), '1000000000000');
});
