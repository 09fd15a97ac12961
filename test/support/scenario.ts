// Scenarios of other helpdesks, expressed as policies of ours. A scenario is a calendar, targets in minutes, states that
// pause, what happened, and what its own system says of it. Here it becomes a policy and events of ours, is run by the
// backtest, and what was expected is read off the outcomes. How each piece is expressed: deploy/policies/SCENARIOS.md.
import { z } from 'zod';
import { backtest } from '../../src/backtest/backtest.ts';
import type { OutcomeLine } from '../../src/backtest/lines.ts';
import type { FieldValue, SlaEvent } from '../../src/contract/event.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const instant = z.string();
export const scenarioSchema = z.object({
  id: z.string(),
  source: z.string(),
  calendar: z.object({
    tz: z.string(),
    hours: z.record(z.string(), z.array(z.tuple([z.string(), z.string()]))),
    holidays: z.array(z.string()),
  }),
  policy: z.object({
    match: z.string().optional(),
    first_response_min: z.number().nullish(),
    response_min: z.number().nullish(),
    solution_min: z.number().nullish(),
    periodic_update_min: z.number().nullish(),
    pause_states: z.array(z.string()).optional(),
  }),
  events: z.array(
    z.object({
      at: instant,
      type: z.string(),
      state: z.string().optional(),
      to: z.string().optional(),
      priority: z.string().optional(),
      seconds: z.number().optional(),
    }),
  ),
  expect: z.record(z.string(), z.union([z.string(), z.number(), z.null(), z.array(z.string())])),
  note: z.string().optional(),
});
export type Scenario = z.infer<typeof scenarioSchema>;
type Answer = Scenario['expect'][string];

/** The rules that a scenario may have, by what its expectations call them. */
const RULES: Readonly<Record<string, string>> = {
  first_response: 'first_response',
  response: 'response',
  solution: 'solution',
  resolution: 'solution',
  update: 'update',
};

/** The scenario's targets and states as a policy of ours. */
function policyOf({ id, calendar, policy }: Scenario): CompiledPolicy {
  const pausing = policy.pause_states ?? [];
  const pause = {
    from: ['ticket.pending', ...(pausing.includes('closed') ? ['ticket.closed'] : [])],
    to: ['ticket.resumed', 'ticket.reopened'],
  };
  const priority = /^priority == (\w+)$/.exec(policy.match ?? '')?.[1];
  const agent = { type: 'ticket.replied', by: 'agent' };
  const created = { start: 'ticket.created' };
  const clock = (rule: string, minutes: number | null | undefined, more: object) =>
    minutes === null || minutes === undefined
      ? []
      : [
          {
            rule,
            on: 'ticket',
            ...(priority === undefined ? {} : { when: { category: priority } }),
            ...(pausing.length === 0 ? {} : { pause }),
            target: `${minutes}m`,
            calendar: 'c',
            ...more,
          },
        ];
  const loaded = loadPolicy(
    JSON.stringify({
      version: 1,
      name: id,
      timezone: calendar.tz,
      calendars: {
        c: {
          hours: Object.fromEntries(
            Object.entries(calendar.hours).map(([day, ranges]) => [day, ranges.map(([a, b]) => `${a}-${b}`)]),
          ),
          closed: calendar.holidays,
        },
      },
      clocks: [
        ...clock('first_response', policy.first_response_min, {
          ...created,
          stop: ['ticket.acknowledged', ...(pausing.includes('Replied') ? ['ticket.resolved'] : [])],
        }),
        ...clock('response', policy.response_min, {
          start: { type: 'ticket.replied', by: 'customer' },
          stop: agent,
        }),
        ...clock('solution', policy.solution_min, {
          ...created,
          stop: ['ticket.resolved', 'ticket.closed'],
          reopen: 'continue',
        }),
        ...clock('update', policy.periodic_update_min, { ...created, stop: agent, repeat: true }),
        // A stretch of the case's time, from where the test marks it.
        ...clock('stretch', 30, { start: 'ticket.assigned', stop: ['ticket.resolved', 'ticket.closed'] }),
      ],
    }),
    { file: `${id}.json` },
  );
  if (loaded.ok) return loaded.policy;
  throw new Error(loaded.errors.map(({ key, message }) => `${key}: ${message}`).join('\n'));
}

interface Happening {
  readonly time: number;
  readonly name: string;
  readonly fields?: Readonly<Record<string, FieldValue>>;
}

/** What happened, as events of ours; a case that only had messages begins with the first of them. */
function eventsOf(scenario: Scenario, marks: readonly number[]): SlaEvent[] {
  const pausing = scenario.policy.pause_states ?? [];
  const happenings: Happening[] = marks.map(time => ({ time, name: 'assigned' }));
  const first = Math.min(...scenario.events.map(({ at }) => Date.parse(at)));
  if (!scenario.events.some(({ type }) => type === 'created'))
    happenings.push({ time: first, name: 'created' });
  let state = 'new';
  for (const event of scenario.events) {
    const time = Date.parse(event.at);
    const say = (name: string, fields?: Readonly<Record<string, FieldValue>>) =>
      happenings.push({ time, name, ...(fields === undefined ? {} : { fields }) });
    switch (event.type) {
      case 'created':
        say('created', event.priority === undefined ? undefined : { category: event.priority });
        state = event.state ?? 'new';
        if (pausing.includes(state)) say('pending');
        break;
      case 'priority_changed':
        say('updated', { category: event.priority ?? '' });
        break;
      case 'customer_message':
      case 'customer_contact':
        say('replied', { by: 'customer' });
        break;
      case 'agent_contact':
        say('replied', { by: 'agent' });
        break;
      case 'first_response':
        say('acknowledged', { by: 'agent' });
        break;
      case 'agent_message':
        say('acknowledged', { by: 'agent' });
        say('replied', { by: 'agent' });
        break;
      // Only the time of closing is set: other clocks know nothing of it.
      case 'closed':
        say('resolved');
        break;
      case 'hold_total':
        say('pending');
        happenings.push({ time: time + (event.seconds ?? 0) * 1000, name: 'resumed' });
        break;
      case 'state': {
        const to = event.to ?? '';
        if (to === 'closed' || to === 'Closed') say('closed');
        else if (to === 'Resolved') say('resolved');
        else if (pausing.includes(to)) {
          say('pending');
          if (to === 'Replied') say('acknowledged', { by: 'agent' });
        } else if (state === 'closed') say('reopened');
        else if (pausing.includes(state)) say('resumed');
        state = to;
        break;
      }
      case 'check':
      case 'policy_created':
      case 'policy_updated':
        break;
      default:
        throw new Error(`${scenario.id}: nothing here is called ${event.type}`);
    }
  }
  return happenings
    .sort((a, b) => a.time - b.time)
    .map(({ time, name, fields = {} }, i) => ({
      id: `e${String(i).padStart(3, '0')}`,
      source: '/scenario',
      type: `ticket.${name}`,
      entity: 'ticket',
      case: scenario.id,
      time,
      fields,
      digest: `d${i}`,
    }));
}

/** What our outcomes say where the scenario expects something: the same keys, the same forms. */
export function answersOf(scenario: Scenario): Record<string, Answer> {
  const times = scenario.events.map(({ at }) => Date.parse(at));
  const marks = Object.keys(scenario.expect).flatMap(key => {
    const minutes = /^due_of_30min_started_at_(\d+)$|^working_minutes_from_(\d+)_to_close$/.exec(key);
    return minutes === null ? [] : [(times[0] ?? 0) + Number(minutes[1] ?? minutes[2]) * 60_000];
  });
  const policy = policyOf(scenario);
  const events = eventsOf(scenario, marks);
  const last = Math.max(...times, ...events.map(({ time }) => time));
  const at = (until: number) => backtest(policy, events, until).outcomes;
  const context: Context = { scenario, at, last, times };
  return Object.fromEntries(Object.keys(scenario.expect).map(key => [key, answerTo(key, context)]));
}

interface Context {
  readonly scenario: Scenario;
  readonly at: (until: number) => readonly OutcomeLine[];
  readonly last: number;
  readonly times: readonly number[];
}

function answerTo(key: string, context: Context): Answer {
  const { at, last, scenario } = context;
  const lines = at(last);
  if (key === 'next_due') return earliest(lines.filter(isCounting).map(({ dueAt }) => dueAt));
  if (key === 'status' || key === 'status_final') return statusOf(lines);
  if (key === 'status_after') {
    // Some tell it from the creation on, some from the event after.
    const wanted = scenario.expect[key];
    const count = Array.isArray(wanted) ? wanted.length : 0;
    return context.times.slice(-count).map(until => statusOf(at(until)));
  }
  if (key === 'first_responded_at') return cut(lines.find(isOf('first_response'))?.endedAt ?? null);
  if (key === 'hold_working_seconds') return (lines.find(isOf('solution'))?.pausedMs ?? 0) / 1000;
  if (key === 'breached_at') return cut(at(last).find(isOf('solution'))?.dueAt ?? null);
  if (key.startsWith('due_of_30min')) return cut(lines.find(isOf('stretch'))?.dueAt ?? null);
  if (key.startsWith('working_minutes')) return workingMinutes(key, context);
  const [, name = '', figure = ''] =
    /^(first_response|response|solution|resolution|update)_(due|due_initial|due_after_resume|in_min|diff_min|seconds|failed_by_seconds)$/.exec(
      key,
    ) ?? [];
  const rule = RULES[name];
  if (rule === undefined) throw new Error(`nothing here answers to ${key}`);
  const cycles = lines.filter(isOf(rule));
  const longest = Math.max(...cycles.filter(({ endedAt }) => endedAt !== null).map(one => one.elapsedMs));
  switch (figure) {
    case 'due': {
      const latest = cycles.at(-1);
      // Zammad empties a due instant that nothing is running towards; Frappe keeps it.
      if (latest === undefined || (scenario.source === 'Zammad' && !isCounting(latest))) return null;
      return cut(latest.dueAt);
    }
    case 'due_initial':
      return cut(at(context.times[0] ?? 0).find(isOf(rule))?.dueAt ?? null);
    case 'due_after_resume':
      return cut(cycles.at(-1)?.dueAt ?? null);
    case 'in_min':
      return longest / 60_000;
    case 'diff_min':
      return targetOf(scenario, rule) - longest / 60_000;
    case 'seconds':
      return longest / 1000;
    default:
      return (cycles.at(-1)?.overdueMs ?? 0) / 1000 || null;
  }
}

function targetOf({ policy }: Scenario, rule: string): number {
  switch (rule) {
    case 'first_response':
      return policy.first_response_min ?? 0;
    case 'response':
      return policy.response_min ?? 0;
    case 'update':
      return policy.periodic_update_min ?? 0;
    default:
      return policy.solution_min ?? 0;
  }
}

function workingMinutes(key: string, { at, last, times }: Context): number {
  const YEAR_MS = 365 * 86_400_000;
  const first = times[0] ?? 0;
  const untils: Readonly<Record<string, number>> = {
    working_minutes_whole_life: last,
    working_minutes_first_30: first + 30 * 60_000,
    working_minutes_far_before_to_far_after: last + YEAR_MS,
  };
  const rule = key.endsWith('_to_close') ? 'stretch' : 'solution';
  return (at(untils[key] ?? last).find(isOf(rule))?.elapsedMs ?? 0) / 60_000;
}

/** How Frappe names a ticket's standing. */
function statusOf(lines: readonly OutcomeLine[]): string {
  if (lines.some(({ outcome }) => outcome === 'missed' || outcome === 'overdue')) return 'Failed';
  if (lines.find(isOf('first_response'))?.outcome === 'running') return 'First Response Due';
  const solution = lines.find(isOf('solution'))?.outcome;
  if (solution === 'paused') return 'Paused';
  return solution === 'running' ? 'Resolution Due' : 'Fulfilled';
}

function isOf(wanted: string): (line: OutcomeLine) => boolean {
  return ({ rule }) => rule === wanted;
}

function isCounting({ outcome, rule }: OutcomeLine): boolean {
  return rule !== 'stretch' && (outcome === 'running' || outcome === 'overdue');
}

function earliest(instants: readonly string[]): string | null {
  return cut(instants.toSorted()[0] ?? null);
}

/** The scenarios write whole seconds. */
function cut(text: string | null): string | null {
  return text === null ? null : text.replace('.000Z', 'Z');
}
