// The figures of the default pack that events and clocks make: S0-20 with its alert, and the contact-centre figures
// CC-01 … CC-06, over small worlds of cases.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { ENTITIES, type FieldValue, type SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, newCase, reachTime } from '../../src/engine/case.ts';
import { CellBook } from '../../src/engine/cell-book.ts';
import type { Told } from '../../src/engine/tell.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const PACK = new URL('../../deploy/policies/after-sales.yaml', import.meta.url).pathname;
const START = Date.parse('2026-11-16T02:00:00Z');

const loaded = loadPolicy(readFileSync(PACK, 'utf8'), { file: PACK });
if (!loaded.ok) throw new Error('the pack is not sound');
const policy = loaded.policy;

/** `0 call.queued; 17 call.answered waitSeconds=17`: one case's events at seconds after the start. */
function eventsOf(id: string, text: string): SlaEvent[] {
  return text.split(';').map((part, i) => {
    const [seconds = '', type = '', ...pairs] = part.trim().split(' ');
    const entity = ENTITIES.find(one => type.startsWith(`${one}.`));
    if (entity === undefined) throw new Error(`no entity: ${part}`);
    const fields: Record<string, FieldValue> = {};
    for (const pair of pairs) {
      const [key = '', value = ''] = pair.split('=');
      fields[key] = /^\d+$/.test(value) ? Number(value) : value;
    }
    const time = START + Number(seconds) * 1000;
    return { id: `${id}-${i}`, source: '/t', type, entity, case: id, time, fields, digest: '' };
  });
}

/** The figure at `until` seconds: its value, rounded to three digits, or `none`. */
function figure(rule: string, cases: readonly string[], until: number, group = 'all'): number | 'none' {
  const indicator = policy.indicators.find(one => one.rule === rule);
  if (indicator === undefined) throw new Error(`no indicator ${rule}`);
  const now = START + until * 1000;
  const book = new CellBook();
  for (const [i, text] of cases.entries()) {
    const events = eventsOf(`C-${i}`, text);
    const state = newCase(policy, events[0]?.entity ?? 'ticket', `C-${i}`);
    const told: Told = { records: [], cells: new Map() };
    for (const event of events.filter(({ time }) => time <= now)) {
      const cause = { now: event.time, id: event.id, at: event.time };
      reachTime(state, cause, told);
      acceptEvent(state, event, cause, told);
    }
    reachTime(state, { now, id: 'end', at: now }, told);
    for (const [key, value] of told.cells) book.set(i, key, value);
  }
  const { value } = book.window(indicator, group, now);
  return value === null ? 'none' : Math.round(value * 1000) / 1000;
}

t.test('S0-20 complaint rate', async t => {
  const world = (complaints: number, others: number) =>
    Array.from({ length: complaints + others }, (_, i) =>
      eventsOf(`T-${i}`, `${i} ticket.created kind=${i < complaints ? 'complaint' : 'query'} queue=repair`),
    ).flat();
  const alerts = (complaints: number, others: number) =>
    backtest(policy, world(complaints, others), START + 7200_000, { all: true })
      .alerts.filter(({ rule, group }) => rule === 'S0-20' && group === 'all')
      .map(({ state, numerator, denominator }) => `${state} ${numerator}/${denominator}`);
  t.same(alerts(1, 19), [], 'exactly 5% is not above it');
  t.same(alerts(5, 14), [], 'fewer than 20 cases raise no alarm');
  t.equal(alerts(2, 38).length, 0, 'nor do 5% of forty');
  t.match(alerts(3, 27), [/^firing 3\//], 'above 5% for a minute: the special investigation is opened');
  const indicator = policy.indicators.find(({ rule }) => rule === 'S0-20');
  t.equal(indicator?.alert?.action, 'special-investigation');
});

t.test('calls', async t => {
  const answered = '0 call.queued queue=sales; 10 call.answered waitSeconds=10; 99 call.ended';
  const late = '0 call.queued queue=sales; 30 call.answered waitSeconds=30; 99 call.ended';
  const short = '0 call.queued queue=repair; 5 call.abandoned';
  const long = '0 call.queued queue=repair; 50 call.abandoned';
  const waiting = '40 call.queued queue=repair';
  const all = [answered, late, short, long, waiting];
  t.equal(figure('CC-01', all, 45), 2, 'CC-01 two calls wait');
  t.equal(figure('CC-01', all, 45, 'queue=repair'), 2, 'CC-01 by queue');
  t.equal(figure('CC-01', all, 55), 1, 'CC-01 one has given up');
  t.equal(figure('CC-02', all, 45), 45, 'CC-02 the longest has waited since the start');
  t.equal(figure('CC-02', all, 55), 15, 'CC-02 then it is the other');
  t.equal(figure('CC-03', [answered, late], 99), 0.5, 'CC-03 half in time');
  t.equal(figure('CC-03', [answered, short], 99), 1, 'CC-03 a short abandon is ignored');
  t.equal(figure('CC-03', [answered, long], 99), 0.5, 'CC-03 a long one counts against');
  t.equal(figure('CC-03', [waiting], 61), 0, 'CC-03 a waiting call counts the moment it crosses the target');
  t.equal(figure('CC-03', [waiting], 60), 'none', 'CC-03 and not before');
  t.equal(figure('CC-04', all, 99), 0.4, 'CC-04 two of five gave up');
  t.equal(figure('CC-05', [answered, late], 99), 20, 'CC-05 ten and thirty');
  t.equal(figure('CC-05', [waiting], 99), 'none', 'CC-05 nothing answered is no zero');
});

t.test('agents', async t => {
  const agents = [
    '0 agent.signed_on state=available',
    '0 agent.signed_on state=available; 20 agent.state_changed state=busy',
    '0 agent.signed_on state=available; 30 agent.signed_off',
  ];
  t.equal(figure('CC-06', agents, 10, 'state=available'), 3, 'CC-06 all three');
  t.equal(figure('CC-06', agents, 40, 'state=available'), 1, 'CC-06 one is busy, one is gone');
  t.equal(figure('CC-06', agents, 40, 'state=busy'), 1, 'CC-06');
});
