// Random lives of a ticket under a policy that uses every part of the language, for property tests.
import fc from 'fast-check';
import type { FieldValue, SlaEvent } from '../../src/contract/event.ts';
import { policyOf } from './timeline.ts';

export const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 20, 15);

/** Clocks that use every part of the language, on both calendars, and figures that read them. */
export const CASE_POLICY = policyOf(
  `
  - rule: A
    on: ticket
    when: [{ kind: complaint }, { urgency: urgent }]
    start: ticket.created
    stop: { type: ticket.replied, by: agent }
    cancel: ticket.cancelled
    pause: { from: { type: ticket.pending, reason: customer }, to: ticket.resumed }
    target: 30m
    warn: [50%, 5m]
    ladder: [{ after: 0s, to: a }, { after: 10m, to: b }]
    atOnce: { action: plan, to: [a, b] }
  - rule: B
    on: ticket
    when: { kind: [complaint, repair] }
    start: [ticket.created, { becomes: { queue: q2 } }]
    stop: [ticket.replied, ticket.resolved]
    pause:
      - { from: ticket.pending, to: ticket.resumed }
      - { from: { type: ticket.updated, category: hold }, to: { type: ticket.updated, category: go } }
    target: { by: urgency, values: { normal: 40m, urgent: 10m } }
    reopen: continue
    warn: [80%]
    calendar: office
  - rule: C
    on: ticket
    when: { status: [open, pending] }
    start: ticket.created
    stop: [ticket.informed, ticket.resolved]
    cancel: ticket.closed
    repeat: true
    retroactive: false
    atOnce: { to: a }
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 20m
  - rule: D
    on: ticket
    start: ticket.promised
    stop: ticket.promise_kept
    cancel: ticket.cancelled
    each: promise
    atOnce: { action: keep-it }
    pause: { from: ticket.pending, to: ticket.resumed }
    target: { at: data.dueAt }
    warn: [50%]
  - rule: E
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    reopen: restart
    pause: { from: ticket.updated, to: ticket.updated }
    target: 1bd
    calendar: office
    ladder: [{ after: 1h, to: a, calendar: always }]
  - rule: F
    on: ticket
    start: ticket.reopened
    stop: ticket.replied
    repeat: true
    reopen: continue
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 0s
    calendar: office
  - rule: G
    on: ticket
    when: [{ awaited_parts: true }, { queue: q1 }]
    start: [ticket.updated, ticket.resolved]
    stop: [ticket.informed, { type: ticket.replied, complained: true }]
    cancel: ticket.cancelled
    overlap: latest
    pause: { from: { type: ticket.pending, complained: false }, to: [ticket.resumed, { becomes: { complained: true } }] }
    target: 25m
  - rule: H
    on: ticket
    start: ticket.promised
    stop: [ticket.promise_kept, ticket.informed]
    cancel: ticket.closed
    each: promise
    overlap: all
    target: 15m
`,
  `
attributes:
  awaited_parts: { set: { type: ticket.pending, reason: parts } }
  complained: { set: { becomes: { kind: complaint } } }
indicators:
  - { rule: I1, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: 1h, by: [queue] }
  - { rule: I2, clock: A, window: 1h, by: [queue] }
  - { rule: I3, clock: B, window: 1h, by: [[kind], [kind, urgency]] }
  - { rule: I4, level: { on: ticket, from: ticket.pending, to: [ticket.resumed, ticket.closed], longest: true }, by: [queue] }
  - { rule: I5, level: { on: ticket, when: { status: open, kind: complaint } }, by: [queue] }
  - { rule: I7, level: { on: ticket, when: { awaited_parts: false } }, by: [complained] }
  - { rule: I8, clock: G, window: 1h }
  - { rule: I6, mean: csat, of: { type: ticket.surveyed, kind: complaint }, window: 1h }
`,
);

const fieldsArbitrary = fc.record(
  {
    kind: fc.constantFrom('complaint', 'repair', 'query'),
    urgency: fc.constantFrom('normal', 'urgent', 'odd'),
    queue: fc.constantFrom('q1', 'q2', ''),
    category: fc.constantFrom('hold', 'go'),
    reason: fc.constantFrom('customer', 'parts'),
    by: fc.constantFrom('agent', 'bot'),
    promise: fc.constantFrom('p', 'q'),
    rule: fc.constantFrom('A', 'B', 'C', 'D', 'F', 'G'),
    dueAt: fc.integer({ min: -10, max: 60 }).map(minutes => new Date(START + minutes * MINUTE).toISOString()),
    csat: fc.constantFrom(1, 3, 5),
  },
  { requiredKeys: [] },
);

const NAMES = [
  'created',
  'created',
  'replied',
  'updated',
  'updated',
  'pending',
  'resumed',
  'promised',
  'promise_kept',
  'informed',
  'resolved',
  'reopened',
  'reopened',
  'cancelled',
  'closed',
  'waived',
  'merged',
  'surveyed',
];

/** Instants lie on few minutes, so that many coincide with each other and with due instants, some over a weekend. */
const timeArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 24 }).map(n => START + n * 5 * MINUTE) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 130 * MINUTE }).map(ms => START + ms) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 90 }).map(hours => START + hours * 60 * MINUTE) },
);

export const eventsArbitrary = fc
  .array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      time: timeArbitrary,
      fields: fieldsArbitrary,
      sequence: fc.option(fc.constantFrom('1', '2', '10'), { nil: undefined, freq: 3 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map(list =>
    list.map(
      ({ name, time, fields, sequence }, i): SlaEvent => ({
        id: `e${i}`,
        source: i % 3 === 0 ? '/a' : '/b',
        type: `ticket.${name}`,
        entity: 'ticket',
        case: 'T',
        time,
        sequence,
        fields: defined(fields),
        digest: `d${i}`,
      }),
    ),
  );

function defined(fields: Readonly<Record<string, FieldValue | undefined>>): Record<string, FieldValue> {
  const kept: Record<string, FieldValue> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept;
}
