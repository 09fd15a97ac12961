// Scenarios of other helpdesks' own tests (Zammad, Frappe), run as policies of ours. The recorded ones are read where
// they lie, if they are there; those written here by hand are of the same kinds and always run.
// Expressions and differences: deploy/policies/SCENARIOS.md.
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { answersOf, type Scenario, scenarioSchema } from '../support/scenario.ts';

const RECORDED = new URL('../../../shared/data/sla_scenarios.ndjson', import.meta.url).pathname;

/** Where another convention than ours stands behind an expectation: what we hold instead. */
const OTHER_CONVENTIONS: Readonly<Record<string, Scenario['expect']>> = {
  // A target used up exactly at closing time is due at closing time, not at the next opening.
  SC013: { next_due: '2013-06-04T16:00:00Z', first_response_due: '2013-06-04T16:00:00Z' },
  // Pauses are exact to the millisecond, not cut to the minute.
  SC022: { next_due: '2016-11-09T09:26:36Z', response_due: '2016-11-09T09:26:36Z' },
  SC023: { next_due: '2016-11-09T09:26:36Z', response_due: '2016-11-09T09:26:36Z' },
};

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'];

function handWritten(
  id: string,
  parts: Pick<Scenario, 'policy' | 'events' | 'expect'>,
  holidays: string[] = [],
) {
  return scenarioSchema.parse({
    id,
    source: id.startsWith('F') ? 'Frappe Helpdesk' : 'Zammad',
    calendar: {
      tz: 'Europe/Berlin',
      hours: Object.fromEntries(WEEKDAYS.map(day => [day, [['09:00', '17:00']]])),
      holidays,
    },
    ...parts,
  });
}

const ZAMMAD = {
  first_response_min: 60,
  response_min: 120,
  solution_min: 240,
  pause_states: ['pending reminder', 'closed'],
};
const FRAPPE = { first_response_min: 60, solution_min: 240, pause_states: ['Replied'] };

// Berlin is two hours ahead of UTC in these weeks: open from 07:00Z to 15:00Z.
const WRITTEN: readonly Scenario[] = [
  handWritten('Z1 three targets run side by side', {
    policy: ZAMMAD,
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created' },
      { at: '2026-06-01T08:10:00Z', type: 'customer_message' },
      { at: '2026-06-01T08:20:00Z', type: 'customer_message' },
    ],
    expect: {
      next_due: '2026-06-01T09:00:00Z',
      first_response_due: '2026-06-01T09:00:00Z',
      response_due: '2026-06-01T10:10:00Z',
      solution_due: '2026-06-01T12:00:00Z',
    },
  }),
  handWritten('Z2 a reply empties two of them', {
    policy: ZAMMAD,
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created' },
      { at: '2026-06-01T08:00:00Z', type: 'customer_message' },
      { at: '2026-06-01T09:15:00Z', type: 'agent_message' },
    ],
    expect: {
      first_response_due: null,
      first_response_in_min: 75,
      first_response_diff_min: -15,
      response_due: null,
      response_in_min: 75,
      response_diff_min: 45,
      next_due: '2026-06-01T12:00:00Z',
    },
  }),
  handWritten(
    'Z3 a pause over night and a holiday',
    {
      policy: ZAMMAD,
      events: [
        { at: '2026-06-03T14:00:00Z', type: 'created' },
        { at: '2026-06-03T14:30:00Z', type: 'state', to: 'pending reminder' },
        { at: '2026-06-05T08:00:00Z', type: 'state', to: 'open' },
      ],
      expect: { first_response_due: '2026-06-05T08:30:00Z', solution_due: '2026-06-05T11:30:00Z' },
    },
    ['2026-06-04'],
  ),
  handWritten('Z4 reopened: the closed time is no time of the case', {
    policy: ZAMMAD,
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created' },
      { at: '2026-06-01T09:00:00Z', type: 'state', to: 'closed' },
      { at: '2026-06-01T10:00:00Z', type: 'state', to: 'open' },
      { at: '2026-06-01T10:30:00Z', type: 'closed' },
    ],
    expect: { solution_in_min: 90, solution_diff_min: 150, solution_due: null },
  }),
  handWritten('Z5 another priority has no target', {
    policy: { match: 'priority == A', first_response_min: 60, solution_min: 240 },
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created', priority: 'A' },
      { at: '2026-06-01T08:30:00Z', type: 'priority_changed', priority: 'B' },
    ],
    expect: { next_due: null, first_response_due: null, solution_due: null },
  }),
  handWritten('Z6 updates again and again', {
    policy: { periodic_update_min: 60, pause_states: ['pending close'] },
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created' },
      { at: '2026-06-01T08:40:00Z', type: 'agent_message' },
      { at: '2026-06-01T09:00:00Z', type: 'customer_message' },
      { at: '2026-06-01T09:10:00Z', type: 'state', to: 'pending close' },
      { at: '2026-06-01T09:25:00Z', type: 'state', to: 'open' },
    ],
    expect: { update_due: '2026-06-01T09:55:00Z', update_in_min: 40, update_diff_min: 20 },
  }),
  handWritten('F1 paused by the reply, resumed by the customer', {
    policy: FRAPPE,
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created' },
      { at: '2026-06-01T08:45:00Z', type: 'state', to: 'Replied' },
      { at: '2026-06-01T10:00:00Z', type: 'state', to: 'Open' },
      { at: '2026-06-01T10:30:00Z', type: 'state', to: 'Resolved' },
    ],
    expect: {
      first_responded_at: '2026-06-01T08:45:00Z',
      solution_due_initial: '2026-06-01T12:00:00Z',
      solution_due_after_resume: '2026-06-01T13:15:00Z',
      status_after: ['Paused', 'Resolution Due', 'Fulfilled'],
      hold_working_seconds: 4500,
      resolution_seconds: 4500,
    },
  }),
  handWritten('F2 held over a weekend', {
    policy: FRAPPE,
    events: [
      { at: '2026-06-05T14:30:00Z', type: 'created' },
      { at: '2026-06-05T14:50:00Z', type: 'state', to: 'Replied' },
      { at: '2026-06-08T07:20:00Z', type: 'state', to: 'Open' },
      { at: '2026-06-08T07:40:00Z', type: 'state', to: 'Resolved' },
    ],
    expect: { hold_working_seconds: 1800, resolution_seconds: 2400, status_final: 'Fulfilled' },
  }),
  handWritten('F3 late by a little', {
    policy: FRAPPE,
    events: [
      { at: '2026-06-01T08:00:00Z', type: 'created' },
      { at: '2026-06-01T12:05:00Z', type: 'state', to: 'Resolved' },
    ],
    expect: { status: 'Failed', resolution_failed_by_seconds: 300, first_response_failed_by_seconds: 11_100 },
  }),
];

t.test('scenarios written here', async t => {
  for (const scenario of WRITTEN) t.same(answersOf(scenario), scenario.expect, scenario.id);
});

t.test('recorded scenarios', { skip: existsSync(RECORDED) ? false : 'not here' }, async t => {
  const lines = readFileSync(RECORDED, 'utf8').trim().split('\n');
  let agreed = 0;
  for (const line of lines) {
    const scenario = scenarioSchema.parse(JSON.parse(line));
    const expected = { ...scenario.expect, ...OTHER_CONVENTIONS[scenario.id] };
    if (t.same(answersOf(scenario), expected, `${scenario.id} ${scenario.note ?? ''}`)) agreed++;
  }
  t.equal(agreed, lines.length, 'all of them');
});
