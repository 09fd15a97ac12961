// What a policy can say beyond single events: attributes that events set, pauses that end when a case becomes something,
// cycles that overlap.
import t from 'tap';
import { decodeObject } from '../../src/contract/decode.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { policyOf, timeline } from '../support/timeline.ts';

const PARTS = policyOf(
  `
  - rule: P
    on: ticket
    when: { kind: problem, awaited_parts: true }
    start: ticket.created
    stop: [ticket.resolved, { type: ticket.informed, about: eta, awaited_parts: true }]
    target: 8h
  - rule: Q
    on: ticket
    when: { kind: problem, awaited_parts: false }
    start: ticket.created
    stop: ticket.resolved
    target: 4h
`,
  'attributes: { awaited_parts: { set: { type: ticket.pending, reason: parts } } }',
);

t.test('an attribute that events set', async t => {
  timeline(
    t,
    'it is false before, and true for good from the event on, whatever is waited for later',
    PARTS,
    `
    09:00 created kind=problem
    10:00 pending reason=parts
    11:00 resumed
    12:00 pending reason=customer
    until 18:00
    = P 1 overdue start=09:00 due=17:00
    = Q 1 cancelled start=09:00 end=10:00`,
  );
  timeline(
    t,
    'it is the case’s also while no rule looks at it',
    PARTS,
    `
    09:00 created kind=query
    10:00 pending reason=parts
    11:00 updated kind=problem
    11:30 informed about=eta
    = P 1 met start=09:00 end=11:30`,
  );
  timeline(
    t,
    'events that only look like it set nothing',
    PARTS,
    `
    09:00 created kind=problem reason=parts
    10:00 pending reason=customer
    11:00 informed about=eta reason=parts
    until 12:00
    = Q 1 running start=09:00`,
  );
});

t.test('it is nothing that events carry', async t => {
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/t',
    type: 'ticket.created',
    subject: 'T',
    time: '2026-11-16T09:00:00Z',
    data: { kind: 'problem', awaited_parts: 'yes' },
  };
  const decoded = decodeObject(event, { declared: PARTS.attributes });
  if (!decoded.ok) throw new Error(decoded.detail);
  t.same(decoded.event.fields, { kind: 'problem' });
});

t.test('explaining names it where it moved a clock', async t => {
  const state = newCase(PARTS, 'ticket', 'T-1');
  const told = { records: [], cells: new Map() };
  const nine = Date.UTC(2026, 10, 16, 9);
  const events = [
    ['ticket.created', { kind: 'problem' }],
    ['ticket.pending', { reason: 'parts' }],
  ] as const;
  for (const [i, [type, fields]] of events.entries()) {
    const time = nine + i * 3_600_000;
    const event = {
      id: `${i}`,
      source: '/t',
      type,
      entity: 'ticket',
      case: 'T-1',
      time,
      fields,
      digest: '',
    } as const;
    acceptEvent(state, event, { now: time, id: `${i}`, at: time }, told);
  }
  const [view] = explainCase(state, nine + 7_200_000).filter(({ rule }) => rule === 'P');
  t.same(
    view?.explanation?.steps.flatMap(({ changes }) => changes),
    [{ path: 'awaited_parts', from: false, to: true }],
  );
});

t.test('a pause that ends when the case becomes something', async t => {
  const policy = policyOf(
    `
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.replied
    pause:
      from: [{ type: ticket.pending, complained: false }, { becomes: { queue: parking } }]
      to: [ticket.resumed, { becomes: { complained: true } }]
    target: 2h
`,
    'attributes: { complained: { set: { becomes: { kind: complaint } } } }',
  );
  timeline(
    t,
    'on whichever event it comes',
    policy,
    `
    09:00 created kind=problem
    09:10 pending
    09:20 graded kind=complaint
    15:00 replied
    = R 1 missed due=11:10 elapsed=5h50m paused=10m`,
  );
  timeline(
    t,
    'by the event that would begin it: there is none',
    policy,
    `
    09:00 created
    09:10 pending kind=complaint
    10:00 replied
    = R 1 met due=11:00 paused=0`,
  );
  timeline(
    t,
    'none begins after that, whatever the case is then',
    policy,
    `
    09:00 created kind=complaint
    09:10 updated kind=query
    09:20 pending
    10:00 replied
    = R 1 met due=11:00 paused=0`,
  );
  timeline(
    t,
    'it may begin so as well, once',
    policy,
    `
    09:00 created
    09:30 updated queue=parking
    09:40 assigned queue=parking
    10:00 resumed
    10:10 updated queue=parking
    until 10:20
    = R 1 running due=11:30 paused=30m`,
  );
});

const overlapping = (how: string, more = '') =>
  policyOf(`
  - rule: R
    on: ticket
    start: [ticket.dispatched, ticket.arrived]
    stop: ticket.informed
    cancel: ticket.cancelled
    target: 1h
    overlap: ${how}
${more}`);

t.test('cycles that overlap', async t => {
  const latest = overlapping('latest');
  timeline(
    t,
    'latest: a stop is for the last one that is open',
    latest,
    `
    09:00 dispatched
    09:20 arrived
    09:30 informed
    09:40 informed
    09:50 informed
    = R 1 met start=09:00 end=09:40
    = R 2 met start=09:20 end=09:30`,
  );
  timeline(
    t,
    'one that nobody told of stays open and takes no later stop away from others',
    latest,
    `
    09:00 dispatched
    11:00 arrived
    11:30 informed
    12:00 dispatched
    12:30 informed
    = R 1 overdue start=09:00
    = R 2 met end=11:30
    = R 3 met end=12:30`,
  );
  timeline(
    t,
    'a cancel is for all of them',
    latest,
    `
    09:00 dispatched
    09:30 arrived
    10:10 cancelled
    = R 1 missed end=10:10
    = R 2 cancelled end=10:10`,
  );
  timeline(
    t,
    'all: a stop is for all that are open',
    overlapping('all'),
    `
    09:00 dispatched
    09:50 arrived
    10:10 informed
    10:20 arrived
    until 10:30
    = R 1 missed start=09:00 end=10:10 overdue=10m
    = R 2 met start=09:50 end=10:10
    = R 3 running start=10:20`,
  );
  timeline(
    t,
    'side by side for each value, they overlap within it',
    overlapping('all', '    each: agent\n'),
    `
    09:00 dispatched agent=a
    09:10 arrived agent=a
    09:20 dispatched agent=b
    09:30 informed agent=a
    until 09:40
    = R 1 met end=09:30
    = R 2 met end=09:30
    = R 3 running start=09:20`,
  );
});

t.test('what can not be said is told with its place', async t => {
  const errorOf = (attributes: string) => {
    const loaded = loadPolicy(`version: 1\nattributes:\n  ${attributes}\n`, { file: 'p.yaml' });
    const [error] = loaded.ok ? [] : loaded.errors;
    return error === undefined ? '' : `${error.line}:${error.column} ${error.key}: ${error.message}`;
  };
  const cases: readonly (readonly [attributes: string, wanted: RegExp])[] = [
    ['x: { set: ticket.pendign }', /^3:\d+ attributes\.x\.set: no event.*did you mean ticket\.pending/],
    [
      'x: { set: { type: ticket.pending, raeson: parts } }',
      /attributes\.x\.set\.raeson: .*did you mean reason/,
    ],
    [
      'x: { set: { becomes: { reason: parts } } }',
      /attributes\.x\.set\.becomes\.reason: .*belongs to its event/,
    ],
    ['x: { sat: ticket.pending }', /^3:8 attributes\.x\.sat: "sat" is no key here; did you mean "set"/],
    ['x: flag', /^3:3 attributes\.x: /],
    ['kind: { set: ticket.pending }', /^3:\d+ attributes\.kind: "kind" is there already/],
    ['reason: { set: ticket.pending }', /attributes\.reason: .*there already/],
    [
      'x: { set: ticket.pending }\n  y: { set: { type: ticket.resumed, x: true } }',
      /^4:.*y\.set\.x: no schema/,
    ],
  ];
  for (const [attributes, wanted] of cases) t.match(errorOf(attributes), wanted, attributes);
  t.equal(errorOf('x: { set: [ticket.pending, call.held, { becomes: { status: closed } }] }'), '');
  const warned = loadPolicy(
    `version: 1
clocks:
  - { rule: A, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h, overlap: all, repeat: true, reopen: continue }
`,
    { file: 'p.yaml' },
  );
  t.match(warned.ok ? warned.warnings : [], [/repeat has no effect/, /never reopened/]);
});
