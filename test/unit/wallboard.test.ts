// The wallboard's pure parts: frames to state, and numbers as text on the true side of their thresholds.
import fc from 'fast-check';
import t from 'tap';
import {
  applyFrame,
  EMPTY,
  type LiveState,
  readFrame,
  trustOf,
} from '../../dashboards/wallboard/src/board.ts';
import {
  age,
  figure,
  moment,
  percent,
  remaining,
  running,
  span,
} from '../../dashboards/wallboard/src/format.ts';
import type { ServerFrame } from '../../src/contract/frame.ts';
import { busyBoard, snapshot } from '../browser/fixtures/board.ts';
import { chance } from '../support/chance.ts';

const NOW = Date.parse('2026-11-20T06:00:00.000Z');
const iso = (offsetMs: number) => new Date(NOW + offsetMs).toISOString();

function after(...frames: readonly ServerFrame[]): LiveState {
  return frames.reduce((state, frame, i) => applyFrame(state, frame, i * 100), EMPTY);
}

const first = snapshot(busyBoard(NOW), NOW);
const delta = (offset: number, changes = {}): ServerFrame => ({
  type: 'delta',
  offset,
  asOf: iso(offset),
  changes,
});

t.test('frames', async t => {
  t.test('a delta replaces whole sections and keeps the others', async t => {
    const state = after(first, delta(11, { overdueCount: 13, alerts: [] }));
    t.equal(state.offset, 11);
    t.equal(state.board?.overdueCount, 13);
    t.same(state.board?.alerts, []);
    t.same(state.board?.figures, first.state.figures);
    t.equal(state.asOf, NOW + 11);
  });
  t.test('a known offset changes nothing', async t => {
    const state = after(first, delta(11));
    t.equal(applyFrame(state, delta(11, { alerts: [] }), 999), state);
    t.equal(applyFrame(state, delta(3, { alerts: [] }), 999), state);
  });
  t.test('after a gap only a snapshot counts', async t => {
    const gap = after(first, delta(12, { overdueCount: 99 }));
    t.equal(gap.sync, 'gap');
    t.equal(gap.board?.overdueCount, 12);
    t.equal(applyFrame(gap, delta(13), 999), gap);
    t.equal(applyFrame(gap, { type: 'heartbeat', asOf: iso(5) }, 999), gap);
    const again = applyFrame(gap, { ...first, offset: 20, epoch: 'epoch-2' }, 1000);
    t.match(again, { sync: 'synced', offset: 20, epoch: 'epoch-2', received: 1000 });
  });
  t.test('nothing counts before the first snapshot', async t => {
    t.equal(after(delta(1)), EMPTY);
    t.equal(after({ type: 'heartbeat', asOf: iso(0) }), EMPTY);
  });
  t.test('a heartbeat moves the instant on, never back', async t => {
    t.equal(after(first, { type: 'heartbeat', asOf: iso(5000) }).asOf, NOW + 5000);
    t.equal(after(first, { type: 'heartbeat', asOf: iso(-5000) }).asOf, NOW);
  });
  t.test('an error asks for a snapshot or ends it', async t => {
    t.equal(after(first, { type: 'error', code: 'not-subscribed' }).sync, 'gap');
    t.match(after({ type: 'error', code: 'forbidden' }), { sync: 'refused', refusal: 'forbidden' });
  });
  t.test('only feed items that came while looking have arrived', async t => {
    t.equal(after(first).arrived.size, 0);
    const item = { ...first.state.feed[0], id: 'new' };
    const state = after(first, delta(11, { feed: [item, ...first.state.feed] }));
    t.same([...state.arrived], ['new']);
    t.same([...applyFrame(state, delta(12, { feed: [item] }), 0).arrived], ['new']);
    t.same([...applyFrame(state, delta(12, { feed: [] }), 0).arrived], []);
  });
  t.test('a paused case counts from the frame that brought the list', async t => {
    t.equal(after(first, delta(11)).riskAsOf, NOW);
    t.equal(after(first, delta(11, { atRisk: [] })).riskAsOf, NOW + 11);
  });
});

t.test('trust', async t => {
  const state = after(first);
  t.equal(trustOf(EMPTY, true, 0), 'connecting');
  t.equal(trustOf(state, true, 11_999), 'live');
  t.equal(trustOf(state, true, 12_000), 'silent');
  t.equal(trustOf(state, false, 0), 'lost');
  t.equal(trustOf({ ...state, sync: 'resuming' }, true, 0), 'lost');
  const behind = after(first, delta(11, { health: { fresh: false, pending: 5, behind: [1] } }));
  t.equal(trustOf(behind, true, 100), 'behind');
});

t.test('what can not be read is no frame', async t => {
  t.same(readFrame(JSON.stringify(first)), first);
  for (const bad of [
    '',
    '[]',
    'null',
    '{"type":"delta"}',
    '{"type":"heartbeat","asOf":"soon"}',
    '{"type":"new","asOf":"2026-11-20T06:00:00Z","offset":1}',
  ]) {
    t.equal(readFrame(bad), null, bad);
  }
  t.equal(readFrame(JSON.stringify({ ...first, state: { ...first.state, feed: null } })), null);
});

t.test('percentages stand on the true side of their threshold', async t => {
  t.equal(percent(0.063, 0.05), '6.3%');
  t.equal(percent(0.05, 0.05), '5%');
  t.equal(percent(0.050001, 0.05), '5.0001%');
  t.equal(percent(0.0496, 0.05), '4.96%');
  t.equal(percent(0.99995, 1), '99.995%');
  t.equal(percent(0.99995), '99.995%');
  t.equal(percent(0.99999, null, 2), '<100%');
  t.equal(percent(1, 1), '100%');
  t.equal(percent(0, 0.05), '0%');
  t.equal(percent(0.07, 0.07), '7%');
  t.equal(percent(0.29, 0.3), '29.0%');
  t.equal(percent(0.05000000000001, 0.05), '>5%');
  t.equal(percent(0.9999999999, 0.8), '<100%');
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 1, max: 999 }),
      (n, d, th) => {
        const ratio = Math.min(n, d) / d;
        const bound = th / 1000;
        const text = percent(ratio, bound);
        if (text.startsWith('>')) return ratio > Number(text.slice(1, -1)) / 100;
        if (text.startsWith('<')) return ratio < Number(text.slice(1, -1)) / 100;
        const shown = Number(text.slice(0, -1));
        const of = Number((bound * 100).toPrecision(13));
        const side = Math.sign(shown - of) === Math.sign(ratio - bound);
        return side && (shown === 100) === (ratio === 1) && (shown === 0) === (ratio === 0);
      },
    ),
    chance(20_000),
  );
});

t.test('figures, durations and instants', async t => {
  t.same(figure(47, 'seconds', 30, 'zh'), { text: '47', unit: '秒' });
  t.same(figure(30.2, 'seconds', 30, 'en'), { text: '30.2', unit: 's' });
  t.same(figure(4521, 'seconds', null, 'en'), { text: '1:15:21', unit: '' });
  t.same(figure(12345, 'count', null, 'en'), { text: '12,345', unit: '' });
  t.same(figure(-12.5, 'number', 0, 'en'), { text: '-12.5', unit: '' });
  t.same(figure(1, 'count', 2, 'en'), { text: '1', unit: '' });
  t.equal(running(48_999, 'en'), '0:48');
  t.equal(running(27 * 3_600_000 + 5000, 'zh'), '1天 3:00:05');
  t.equal(running(24 * 3_600_000 + 65_000, 'en'), '1d 0:01:05');
  t.equal(remaining(1, 'en'), '0:01', 'a second that has begun is left');
  t.equal(remaining(0, 'en'), '0:00');
  t.equal(remaining(-5000, 'en'), '0:00');
  t.equal(span(86_400_000, 'en'), '24 h');
  t.equal(span(7 * 86_400_000, 'zh'), '7 天');
  t.equal(span(90_000, 'en'), '90 s');
  t.equal(age(449), '0.4');
  t.equal(age(12_900), '12');
  t.equal(moment(NOW, NOW, 'Asia/Shanghai'), '14:00:00');
  t.equal(moment(NOW - 86_400_000, NOW, 'Asia/Shanghai'), '11-19 14:00');
});
