// Explaining a case: the steps of each cycle as a supervisor reads them, and what an auditor adds up.
import t from 'tap';
import type { Fields, SlaEvent } from '../../src/contract/event.ts';
import type { ClockView, Step } from '../../src/engine/account.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { policyOf } from '../support/timeline.ts';

const MONDAY = Date.UTC(2026, 10, 16);
const HOUR = 3_600_000;

/** `9.5` is half past nine on Monday, `33` nine o'clock on Tuesday. */
function at(hours: number): number {
  return MONDAY + Math.round(hours * HOUR);
}

function event(hours: number, name: string, fields: Fields = {}): SlaEvent {
  return {
    id: `${name}-${hours}`,
    source: '/t',
    type: `ticket.${name}`,
    entity: 'ticket',
    case: 'T',
    time: at(hours),
    fields,
    digest: '',
  };
}

function explain(policy: CompiledPolicy, events: SlaEvent[], until: number): ClockView[] {
  return explainCase(restoreCase(policy, 'ticket', 'T', events, at(until), at(until)), at(until));
}

function only(
  views: readonly ClockView[],
): ClockView & { explanation: NonNullable<ClockView['explanation']> } {
  const [view] = views;
  if (views.length !== 1 || view === undefined || view.explanation === null) throw new Error('not one clock');
  return { ...view, explanation: view.explanation };
}

/** `09:00 started ->11:00`: day only where it is not Monday. */
function short(step: Step): string {
  const time = (text: string) => text.slice(text.startsWith('2026-11-16') ? 11 : 8, 16).replace('T', ' ');
  const due =
    step.dueTo === null ? '' : ` ${step.dueFrom === null ? '' : time(step.dueFrom)}->${time(step.dueTo)}`;
  const cause = step.kind === 'moved' ? ` ${step.cause}` : '';
  return `${time(step.at)} ${step.kind}${cause}${due}`;
}

const PAUSED = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }
    target: { by: urgency, values: { urgent: 2h }, else: 4h }
    calendar: office
    warn: [50%]
    reopen: continue
`);

t.test('steps name the events, and the due instant moves in a chain', async t => {
  const view = only(
    explain(
      PAUSED,
      [
        event(9, 'created', { queue: 'repair' }),
        event(10, 'assigned', { agent: 'A1', team: 'north', by: 'supervisor' }),
        event(10.5, 'pending', { reason: 'customer' }),
        event(14.5, 'resumed'),
        event(15, 'updated', { urgency: 'urgent' }),
        event(17, 'resolved', { by: 'agent' }),
      ],
      20,
    ),
  );
  t.equal(view.outcome, 'missed');
  const moves = view.explanation.steps.filter(step => step.dueTo !== null);
  t.same(
    moves.map(short),
    ['09:00 started ->14:30', '14:30 moved pause 14:30->17:00', '15:00 moved target 17:00->15:00'],
    'each move goes on where the one before ended',
  );
  t.equal(moves.at(-1)?.dueTo, view.dueAt);
  t.same(
    view.explanation.steps
      .filter(({ event: by }) => by !== null)
      .map(({ kind, event: by }) => `${kind} ${by?.id}`),
    [
      'started created-9',
      'paused pending-10.5',
      'resumed resumed-14.5',
      'moved resumed-14.5',
      'moved updated-15',
      'missed resolved-17',
    ],
  );
  t.same(moves[2]?.changes, [{ path: 'urgency', from: null, to: 'urgent' }]);
  t.same(
    view.explanation.parts.map(({ place, name, team, ms, pausedMs }) => [
      place,
      name,
      team,
      ms / HOUR,
      pausedMs / HOUR,
    ]),
    [
      ['agent', 'A1', 'north', 3, 0],
      ['customer', '', '', 2.5, 2.5],
      ['outside-hours', '', '', 1.5, 0],
      ['queue', 'repair', '', 1, 0],
    ],
  );
  t.equal(view.explanation.wholeMs, 8 * HOUR);
  t.same(
    view.explanation.counted.ranges.map(({ from, to }) => `${from.slice(11, 16)}-${to.slice(11, 16)}`),
    ['09:00-10:30', '14:30-17:00'],
  );
  t.match(view.explanation.hygiene, { paused: 1, kept: 0, broken: 1, keptWithout: 0 });
});

t.test('sentences in both languages, in the local time of the policy', async t => {
  const policy = policyOf(
    '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.replied, target: 2h }',
  );
  const view = only(
    explain(
      { ...policy, timezone: 'Asia/Shanghai' },
      [event(1, 'created'), event(2.5, 'replied', { by: 'agent' })],
      3,
    ),
  );
  t.same(
    view.explanation.steps.map(({ text }) => text.en),
    [
      '2026-11-16 09:00:00 started by ticket.created [created-1]; target 2 h of calendar "always", due 2026-11-16 11:00:00',
      '2026-11-16 10:30:00 stopped by ticket.replied by agent [replied-2.5]: met, 30 min before it was due',
    ],
  );
  t.match(
    view.explanation.steps[1]?.text.zh,
    /ticket\.replied（客服）\[replied-2\.5\] 停止计时：达标，距到期 30分$/,
  );
  t.match(view.explanation.parts[0]?.text, { zh: '排队等待：1小时30分', en: 'waiting in queue: 1 h 30 min' });
});

t.test('gates, reopenings and pauses that come too late', async t => {
  const gate = policyOf(
    '  - { rule: R, on: ticket, when: { kind: complaint }, start: ticket.created, stop: ticket.replied, target: 2h }',
  );
  const gated = only(
    explain(
      gate,
      [
        event(9, 'created'),
        event(10, 'updated', { kind: 'complaint' }),
        event(10.5, 'updated', { kind: 'query' }),
        event(10.75, 'updated', { kind: 'complaint' }),
      ],
      12,
    ),
  );
  t.same(gated.explanation.steps.map(short), [
    '09:00 started',
    '10:00 moved gate ->11:00',
    '10:30 hidden',
    '10:45 shown',
    '11:00 breached',
  ]);

  const reopened = only(
    explain(PAUSED, [event(9, 'created', { queue: 'q' }), event(10, 'resolved'), event(11, 'reopened')], 16),
  );
  t.same(reopened.explanation.steps.map(short), [
    '09:00 started ->14:30',
    '10:00 stopped',
    '11:00 reopened',
    '11:00 moved reopening 14:30->15:30',
    '12:00 warned',
    '15:30 breached',
  ]);
  t.same(
    reopened.explanation.parts.map(({ place, ms }) => [place, ms / HOUR]),
    [
      ['queue', 4.5],
      ['outside-hours', 1.5],
      ['ended', 1],
    ],
  );

  const late = only(
    explain(
      PAUSED,
      [event(9, 'created'), event(15, 'pending', { reason: 'customer' }), event(16, 'resumed')],
      17,
    ),
  );
  t.equal(late.dueAt, '2026-11-16T14:30:00.000Z');
  t.match(late.explanation.steps.find(({ kind }) => kind === 'paused')?.text.en, /too late to move/);
});

t.test('a pause that is still on moves the due instant up to now', async t => {
  const view = only(explain(PAUSED, [event(9, 'created'), event(10, 'pending', { reason: 'customer' })], 11));
  t.same(view.explanation.steps.map(short), [
    '09:00 started ->14:30',
    '10:00 paused',
    '11:00 moved pause 14:30->15:30',
  ]);
  t.equal(view.outcome, 'paused');
  const stuck = only(
    explain(PAUSED, [event(9, 'created'), event(10, 'pending', { reason: 'customer' })], 100),
  );
  t.equal(stuck.explanation.hygiene.stuck, 1);
});

t.test('pause hygiene', async t => {
  const late = only(
    explain(
      PAUSED,
      [event(9, 'created'), event(14.25, 'pending', { reason: 'customer' }), event(16, 'resolved')],
      17,
    ),
  );
  t.equal(late.outcome, 'met');
  t.match(late.explanation.hygiene, { lastMoment: 1, endedPaused: 1, stuck: 0, kept: 1, keptWithout: 0 });
});

t.test('what is resumed and solved at the same instant has not ended while it was paused', async t => {
  const view = only(
    explain(
      PAUSED,
      [
        event(9, 'created'),
        event(10, 'pending', { reason: 'customer' }),
        event(11, 'resumed'),
        event(11, 'resolved'),
      ],
      12,
    ),
  );
  t.same(view.explanation.steps.map(({ kind }) => kind).slice(-3), ['resumed', 'moved', 'met']);
  t.match(view.explanation.hygiene, { paused: 1, endedPaused: 0 });
});

t.test('who had it: departments, teams, outside parties', async t => {
  const policy = policyOf(
    '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 2h }',
  );
  const view = only(
    explain(
      policy,
      [
        event(9, 'created', { queue: 'q' }),
        event(10, 'assigned', { team: 'north' }),
        event(11, 'assigned', { agent: 'A1' }),
        event(12, 'department_assigned', { department: 'factory' }),
        event(13, 'department_finished', { department: 'factory' }),
        event(14, 'pending', { reason: 'parts' }),
        event(15, 'updated', { product: 'sofa' }),
        event(16, 'resumed'),
        event(17, 'handed_over', { to: 'team', team: 'south' }),
        event(18, 'updated', { product: 'bed' }),
        event(19, 'resolved'),
      ],
      20,
    ),
  );
  t.same(view.explanation.parts.map(({ place, name, team, ms }) => [place, name, team, ms / HOUR]).sort(), [
    ['agent', 'A1', 'north', 3],
    ['outside-party', 'parts', '', 2],
    ['queue', 'q', '', 1],
    ['team', 'factory', '', 1],
    ['team', 'north', '', 1],
    ['team', 'south', '', 2],
  ]);
});

const LADDER = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 24h
    calendar: always
    atOnce: { action: emergency-plan, to: [department-head, night-desk] }
    ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]
`);

t.test('who is told and what is called for, in words; own ids as they are written', async t => {
  const life = [event(9, 'created'), event(10, 'pending', { reason: 'parts' }), event(11, 'resumed')];
  const { explanation, why } = only(explain(LADDER, life, 40));
  const said = (kind: Step['kind']) => explanation.steps.find(step => step.kind === kind)?.text;
  t.match(said('action'), {
    zh: /立即启动应急预案，通知部门负责人、night-desk$/,
    en: /at once: start emergency plan, tell department head, night-desk$/,
  });
  t.match(said('paused'), { zh: /暂停（配件）$/, en: /\(parts\)$/ });
  t.match(said('breached'), { zh: /超时，通知主管$/, en: /breached, supervisor told$/ });
  t.match(said('escalated'), { zh: /升级通知经理$/, en: /escalated to manager$/ });
  t.match(said('started'), { zh: /目标 24小时/, en: /target 24 h of/ });
  t.equal(why.target, '1d', 'the field keeps the form of the policy language');
  t.match(explanation.parts.find(({ place }) => place === 'outside-party')?.text, {
    zh: '等待外部 配件：1小时',
    en: 'waiting for parts: 1 h',
  });
});
