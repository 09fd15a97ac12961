// Accounts of cases as large as they may get. The monitor makes them while a reader waits, and everybody else with it.
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { SlaEvent } from '../../src/contract/event.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { EXPLAINED_CYCLES_MAX, explainCase } from '../../src/engine/explain.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { MINUTE } from '../support/cases.ts';
import { policyOf } from '../support/timeline.ts';

const PACK = new URL('../../deploy/policies/after-sales.yaml', import.meta.url);
const START = Date.UTC(2026, 10, 16, 1);
/** Far above what it takes, on a slow machine too, and far below what looking at everything after each event took. */
const ENOUGH_MS = 4_000;

/** A case created and then `types` in turn, an event a minute. */
function life(count: number, types: readonly string[]): SlaEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `e${i}`,
    source: '/test',
    type: `ticket.${i === 0 ? 'created' : types[(i - 1) % types.length]}`,
    entity: 'ticket',
    case: 'T',
    time: START + i * MINUTE,
    fields: i === 0 ? { kind: 'problem', queue: 'q', urgency: 'normal' } : {},
    digest: '',
  }));
}

function accountOf(policy: CompiledPolicy, events: SlaEvent[]) {
  const until = START + events.length * MINUTE;
  const state = restoreCase(policy, 'ticket', 'T', events, until, until);
  const began = performance.now();
  const views = explainCase(state, until);
  return { views, ms: performance.now() - began };
}

t.test('thousands of cycles that stay open', async t => {
  const pack = loadPolicy(readFileSync(PACK, 'utf8'), { file: 'pack.yaml' });
  if (!pack.ok) throw new Error('the pack');
  const { views, ms } = accountOf(pack.policy, life(4_000, ['resolved', 'reopened']));
  t.ok(ms < ENOUGH_MS, `${Math.round(ms)} ms`);
  const open = views.filter(({ rule }) => rule === 'E-02C');
  t.equal(open.length, 2_000);
  t.same(
    open.map(({ explanation }) => explanation !== null),
    open.map((_, i) => i >= open.length - EXPLAINED_CYCLES_MAX),
    'the latest ones are told step by step',
  );
  t.same([...new Set(open.map(({ why }) => why.startedBy))], ['ticket.resolved'], 'all have their reason');
});

t.test('thousands of pauses', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.replied
    target: 20d
    calendar: office
    pause: { from: ticket.pending, to: ticket.resumed }
    warn: [50%]
    ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]
`);
  const { views, ms } = accountOf(policy, life(7_001, ['pending', 'resumed']));
  t.ok(ms < ENOUGH_MS, `${Math.round(ms)} ms`);
  const steps = views[0]?.explanation?.steps ?? [];
  t.equal(steps.filter(({ kind }) => kind === 'paused').length, 3_500);
  t.equal(
    steps.reduce((sum, step) => sum + (step.pausedMs ?? 0), 0),
    views[0]?.pausedMs,
    'what they took is told of each',
  );
});
