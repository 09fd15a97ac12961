// Traps of other helpdesks: shares that are rounded, counted twice, counted too early or too late, and events that
// arrive twice, late or in the wrong order.
import t from 'tap';
import { percent } from '../../dashboards/wallboard/src/format.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { CellBook } from '../../src/engine/cell-book.ts';
import { judge, QUIET } from '../../src/engine/judge.ts';
import type { CompiledAlert } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { type Input, type LiveRun, runLive } from '../support/live.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 16, 9);

const loaded = loadPolicy(
  `version: 1
name: figures
clocks:
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    cancel: ticket.cancelled
    pause: { from: ticket.pending, to: ticket.resumed }
    target: { by: urgency, values: { urgent: 30m }, else: 60m }
    warn: 50%
    reopen: continue
indicators:
  - { rule: SHARE, clock: R, window: 7d, by: [queue] }
  - rule: COMPLAINTS
    count: { type: ticket.created, kind: complaint }
    of: ticket.created
    window: 60m
    by: [queue]
`,
  { file: 'figures.yaml' },
);
if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
const { policy } = loaded;

/** `0 created urgency=urgent; 20 resolved`: events at minutes after the start, in the order in which they arrive. */
function eventsOf(id: string, text: string): SlaEvent[] {
  return text.split(';').map((part, i) => {
    const [minute = '', name = '', ...fields] = part.trim().split(' ');
    const pairs = fields.map(field => field.split('='));
    return {
      id: pairs.find(([key]) => key === 'id')?.[1] ?? `${id}-${i}`,
      source: '/t',
      type: `ticket.${name}`,
      entity: 'ticket',
      case: id,
      time: START + Number(minute) * MINUTE_MS,
      fields: Object.fromEntries(pairs.filter(([key]) => key !== 'id').map(([k = '', v = '']) => [k, v])),
      digest: part.trim(),
    };
  });
}

function minutesOf(at: string): number {
  return (Date.parse(at) - START) / MINUTE_MS;
}

/** One case; each event arrives at its time, or later if one before it in the text came later. */
function live(id: string, text: string, until: number): LiveRun {
  let now = 0;
  const inputs = eventsOf(id, text).map(event => {
    now = Math.max(now, event.time);
    return { kind: 'event', event, now } satisfies Input;
  });
  return runLive(policy, inputs, START + until * MINUTE_MS);
}

/** `numerator/denominator` of an indicator over some cases at `until` minutes. */
function share(rule: string, cases: readonly string[], until: number, group = 'all'): string {
  const book = new CellBook();
  for (const [i, text] of cases.entries())
    for (const [key, value] of live(`T-${i}`, text, until).cells) book.set(i, key, value);
  const indicator = policy.indicators.find(one => one.rule === rule);
  if (indicator === undefined) throw new Error(`no indicator ${rule}`);
  const { numerator, denominator, value } = book.window(indicator, group, START + until * MINUTE_MS);
  return value === null ? 'none' : `${numerator}/${denominator}`;
}

t.test('shares of clocks', async t => {
  const cases: readonly (readonly [trap: string, cases: readonly string[], until: number, share: string])[] =
    [
      ['a case that still runs counts as kept', ['0 created'], 30, 'none'],
      ['a case that is late counts only once it is resolved', ['0 created'], 61, '0/1'],
      ['it counts again once it is resolved', ['0 created; 90 resolved'], 100, '0/1'],
      ['nothing measured is shown as 100 % or 0 %', [], 100, 'none'],
      ['a cancelled case counts as kept', ['0 created; 30 cancelled'], 100, 'none'],
      ['a case cancelled when it was late leaves the figure', ['0 created; 70 cancelled'], 100, '0/1'],
      ['a merged case stays in the figure as late', ['0 created; 70 merged into=T-9'], 100, 'none'],
      [
        'a waived case stays in the figure as late',
        ['0 created; 70 resolved; 80 waived rule=R'],
        100,
        'none',
      ],
      [
        'kept and broken are averaged by case',
        ['0 created; 30 resolved', '0 created; 99 resolved'],
        100,
        '1/2',
      ],
      [
        'a breach by a target that no longer holds stays counted',
        ['0 created urgency=urgent; 40 updated urgency=low'],
        50,
        'none',
      ],
      ['late evidence does not correct what was counted', ['0 created; 61 updated; 50 resolved'], 100, '1/1'],
      [
        'a pause that is reported late does not take the breach back',
        ['0 created; 70 updated; 30 pending'],
        100,
        'none',
      ],
      ['reopened, a kept case stays counted as kept', ['0 created; 30 resolved; 40 reopened'], 50, 'none'],
      ['reopened and late, it is counted as both', ['0 created; 30 resolved; 40 reopened'], 100, '0/1'],
    ];
  for (const [trap, texts, until, wanted] of cases) t.equal(share('SHARE', texts, until), wanted, trap);
  const moved = ['0 created queue=a; 30 updated queue=b; 40 resolved'];
  t.equal(share('SHARE', moved, 50, 'queue=b'), '1/1', 'a case that moved counts for the queue it has');
  t.equal(share('SHARE', moved, 50, 'queue=a'), 'none', 'a case that moved counts for both queues');
});

t.test('shares of events', async t => {
  const complaint = '0 created kind=complaint';
  const query = '0 created kind=query';
  t.equal(share('COMPLAINTS', [complaint, query], 10), '1/2', 'one of two');
  t.equal(
    share('COMPLAINTS', ['0 created kind=query; 5 updated kind=complaint', query], 10),
    '1/2',
    'what turns out to be a complaint is not counted as one',
  );
  t.equal(
    share('COMPLAINTS', ['0 created kind=complaint; 5 updated kind=query', query], 10),
    '0/2',
    'what turns out to be none stays one',
  );
  t.equal(
    share('COMPLAINTS', [complaint], 60),
    '1/1',
    'the window is cut short: its last minute still counts',
  );
  t.equal(share('COMPLAINTS', [complaint], 62), 'none', 'an old case never leaves the window');
});

t.test('events that come twice, late, or too early', async t => {
  const twice = live('T', '0 created id=a; 10 resolved id=b; 10 resolved id=b', 100);
  t.same(twice.acceptances, ['applied', 'applied', 'duplicate'], 'a message delivered twice is two');
  t.equal(twice.records.length, 1, 'and told twice');
  const changed = live('T', '0 created id=a; 10 resolved id=b; 20 resolved id=b', 100);
  t.same(changed.acceptances.at(-1), 'conflict', 'the same message with other content silently wins');
  const late = live('T', '0 created; 70 updated; 30 pending; 65 resumed', 100);
  t.same(
    late.records.map(({ state }) => state),
    ['warned', 'breached', 'withdrawn', 'breached'],
    'a pause learned of afterwards: the breach is not taken back, or not told again at its new instant',
  );
  t.equal(late.lowestCount, 0, 'a counter falls when something is taken back');
  const ids = new Set(late.records.map(({ id }) => id));
  t.equal(ids.size, late.records.length, 'what is told again bears the id of the first');
  const old = live('T', '600 created; 0 updated', 600);
  t.same(
    old.outcomes.map(({ outcome }) => outcome),
    ['running'],
    'an old event that comes late moves the start',
  );
  const warned = live('T', '0 created; 45 updated urgency=urgent', 50);
  t.same(
    warned.records.map(({ state, percent, at }) => `${minutesOf(at)} ${state} ${percent ?? ''}`.trim()),
    ['30 warned 50', '15 warned 50', '30 breached'],
    'a changed target says nothing of its own warnings, or tells them at the old instants',
  );
});

t.test('bounds and rounding', async t => {
  const alert: CompiledAlert = {
    above: null,
    below: 0.9999,
    atLeast: 20,
    forMs: 0,
    clear: 0.9999,
    severity: 'warning',
    action: null,
  };
  const told = (bound: CompiledAlert, numerator: number, denominator: number, before = QUIET) =>
    judge(
      bound,
      before,
      { numerator, denominator, value: denominator === 0 ? null : numerator / denominator },
      0,
    ).transition;
  t.equal(told(alert, 19_999, 20_000), null, '99.995 % is shown as broken against 99.99 %');
  t.equal(told(alert, 9_999, 10_000), null, 'exactly at the bound is beyond it');
  t.equal(told(alert, 9_998, 10_000), 'firing', 'a little below is rounded up to the bound');
  t.equal(told(alert, 1, 10), null, 'nine of ten cases at night raise an alarm');
  t.equal(told(alert, 0, 0), null, 'no case at all raises an alarm');
  const firing = { ...QUIET, firing: true };
  t.equal(told(alert, 0, 0, firing), null, 'no case at all ends an alarm');
  t.equal(told({ ...alert, clear: 0.99995 }, 9_999, 10_000, firing), null, 'at the bound it flaps');
  t.equal(told({ ...alert, above: 0.05, below: null, clear: 0.04 }, 1, 20), null, '5 % is above 5 %');
  t.not(percent(0.99995), '100%', '99.995 % is shown as all');
  t.equal(percent(1), '100%', 'all is all');
  t.not(percent(0.00004), '0%', 'a little is shown as nothing');
  t.not(percent(0.05001, 0.05), percent(0.05, 0.05), 'what is beyond the bound looks like the bound');
});
