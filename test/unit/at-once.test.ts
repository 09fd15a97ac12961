// What is called for at once: the emergency plan of urgent cases in the default pack, told once, to whom, and when not.
// A line is: events in order of arrival, each with its time since 10:00 (`time>arrival` where it comes later) | what is told of
// S1-01, in order: `plan 1 at 0s` is the action of cycle 1 (`seen 5m` where it became known later), `cancelled 1` and the like
// are clock records but for deadlines, `withdrawn 1 plan` takes the action back. A step may also be `reload`, or `policy NAME` at a time.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ENTITIES, type SlaEvent } from '../../src/contract/event.ts';
import type { CaseActionRecord, ClockRecord } from '../../src/contract/record.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';
import { caseDetail } from '../../src/server/case-view.ts';
import { type Input, runLive } from '../support/live.ts';
import { policyOf } from '../support/timeline.ts';

const PACK = readFileSync(new URL('../../deploy/policies/after-sales.yaml', import.meta.url), 'utf8');
const START = Date.parse('2026-11-20T10:00:00+08:00');
const URGENT = 'ticket.created urgency=urgent';

const SIZES = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const DEADLINES: ReadonlySet<string> = new Set(['warned', 'breached', 'escalated']);

const POLICIES: Readonly<Record<string, CompiledPolicy>> = {
  pack: load(PACK),
  /** As before the rule called for anything. */
  silent: load(PACK.replace(/^ *atOnce:.*\n/m, '')),
  renamed: load(PACK.replace('action: emergency-plan', 'action: other-plan')),
  roles: load(PACK.replace(/(action: emergency-plan, to: )[\w-]+/, '$1ceo')),
  /** Nothing is urgent. */
  'no-urgency': load(PACK.replace('&urgent { urgency: [urgent, critical],', '&urgent { urgency: [never],')),
};

const TIMELINES = `
# Urgent when it is made, or raised later
0s ticket.created urgency=urgent                                                         | plan 1 at 0s
0s ticket.created urgency=critical; 5m ticket.replied by=agent                           | plan 1 at 0s; met 1
0s ticket.created urgency=normal; 2h ticket.updated urgency=urgent                       | plan 1 at 2h
0s ticket.created urgency=normal; 2h ticket.replied by=agent                             |
0s ticket.created urgency=normal; 2h ticket.resolved urgency=urgent; 3h ticket.closed    |
0s ticket.created urgency=normal; 2h ticket.resolved urgency=urgent; 3h ticket.reopened  | plan 1 at 3h
0s ticket.created; 5m ticket.updated urgency=urgent; 6m ticket.updated urgency=critical  | plan 1 at 5m
# Lowered: the cycle is cancelled; raised again: the cancellation is taken back, and the plan has been on since the first time
0s ticket.created urgency=urgent; 5m ticket.updated urgency=normal                       | plan 1 at 0s; cancelled 1
0s ticket.created urgency=urgent; 5m ticket.updated urgency=normal; 9m ticket.updated urgency=urgent | plan 1 at 0s; cancelled 1; withdrawn 1
# A new cycle, since a person had replied meanwhile
0s ticket.created urgency=urgent; 5m ticket.replied by=agent; 6m ticket.updated urgency=normal; 9m ticket.updated urgency=urgent | plan 1 at 0s; met 1; plan 2 at 9m
# Again and out of order: once
0s ticket.created urgency=urgent; 0s>1m ticket.created urgency=urgent id=e0; 2m ticket.updated urgency=urgent | plan 1 at 0s
5m ticket.updated urgency=urgent; 0s>6m ticket.created urgency=urgent                    | plan 1 at 5m
5m ticket.updated urgency=urgent; 0s>6m ticket.created urgency=normal                    | plan 1 at 5m
# At an end when it becomes known: nothing is called for, as of history
9m ticket.updated urgency=normal; 0s>9m ticket.created urgency=urgent                    | cancelled 1
9m ticket.replied by=agent; 0s>10m ticket.created urgency=urgent                         | met 1
0s ticket.created urgency=urgent; reload; 1m>4m ticket.updated queue=q; reload; 3m>5m ticket.replied by=bot | plan 1 at 0s
# Known an hour later at most; what is older is history
0s>1h ticket.created urgency=urgent                                                      | plan 1 at 0s seen 1h
0s>1h1ms ticket.created urgency=urgent                                                   |
0s>9h ticket.created urgency=normal; 8h59m>9h ticket.updated urgency=urgent              | plan 1 at 8h59m seen 9h
0s>9h ticket.created urgency=urgent; 1m>9h ticket.replied by=agent; 2m>9h1m ticket.updated queue=q | withdrawn 1; met 1
# An event that waits for its time calls when that is reached
0s ticket.created; 9m>1m ticket.updated urgency=urgent; until 10m                        | plan 1 at 9m seen 10m
# Of an earlier cycle that comes to light: it takes the number, and the other has the next one
20m ticket.created urgency=urgent; 1m>21m ticket.updated urgency=urgent; 2m>22m ticket.replied by=agent; 3m>23m ticket.updated urgency=normal | plan 1 at 20m; met 1; plan 2 at 20m seen 23m
# Another action or other roles take the place of what stands; where it is too late for them that goes on
0s ticket.created urgency=urgent; 1m policy renamed; 2m policy renamed                   | plan 1 at 0s; withdrawn 1 plan; other-plan 1 at 0s seen 1m
0s ticket.created urgency=urgent; 1m policy renamed; 2m policy pack                      | plan 1 at 0s; withdrawn 1 plan; other-plan 1 at 0s seen 1m; withdrawn 1 other-plan; plan 1 at 0s seen 2m
0s ticket.created urgency=urgent; 1m policy roles; reload; 2m>3m ticket.updated queue=q  | plan 1 at 0s; withdrawn 1 plan; plan 1 at 0s seen 1m
0s ticket.created urgency=urgent; 5m ticket.replied by=agent; 9m policy renamed          | plan 1 at 0s; met 1
0s ticket.created urgency=urgent; 1h1ms policy renamed                                   | plan 1 at 0s
0s ticket.created urgency=urgent; 40m policy renamed                                     | plan 1 at 0s; withdrawn 1 plan; other-plan 1 at 0s seen 40m
`;

const CHANGES = `
0s ticket.created urgency=urgent; 20m policy pack; reload; 21m policy renamed; 22m>23m ticket.updated queue=q | plan 1 at 0s seen 20m; withdrawn 1 plan; other-plan 1 at 0s seen 21m
0s ticket.created urgency=urgent; 1h policy pack                 | plan 1 at 0s seen 1h
0s ticket.created urgency=urgent; 1h1ms policy pack              |
0s ticket.created urgency=urgent; 2m policy pack; 3m policy silent | plan 1 at 0s seen 2m; withdrawn 1 plan
0s ticket.created urgency=urgent; 2m policy pack; 3m policy no-urgency | plan 1 at 0s seen 2m; withdrawn 1 plan
0s ticket.created urgency=urgent; 2m policy pack; 3m policy no-urgency; 4m policy pack | plan 1 at 0s seen 2m; withdrawn 1 plan; plan 1 at 0s seen 4m
0s ticket.created urgency=urgent; 9m ticket.closed; 20m policy pack | cancelled 1
0s ticket.created urgency=urgent; 9m ticket.replied by=agent; 20m policy pack | met 1
`;

t.test('urgent cases', async t => check(t, 'pack', TIMELINES));
t.test('a policy that calls for it comes later', async t => check(t, 'silent', CHANGES));

t.test('who is told of what', async t => {
  const [record] = told('pack', `0s ${URGENT}`);
  t.same(record, {
    id: record?.id,
    kind: 'action',
    at: '2026-11-20T02:00:00.000Z',
    seenAt: '2026-11-20T02:00:00.000Z',
    action: 'emergency-plan',
    rule: 'S1-01',
    entity: 'ticket',
    case: '1',
    cycle: 1,
    to: ['department-head'],
    policy: POLICIES.pack?.hash,
  });
});

// The emergency is one of both attributes; either may turn out later to have been another.
t.test('a case that late evidence shows never to have been urgent', async t => {
  const policy = policyOf(`
  - rule: S1-01
    on: ticket
    when: { urgency: urgent, kind: problem }
    start: ticket.created
    stop: ticket.replied
    target: 30m
    atOnce: { action: emergency-plan, to: [a, b, a] }
`);
  const before = '0s ticket.created urgency=urgent; 9m ticket.updated kind=problem; ';
  const look = (steps: string) => words(tell(policy, before + steps));
  t.same(look('10m ticket.updated queue=q'), ['plan 1 at 9m']);
  t.same(look('5m>10m ticket.updated urgency=normal'), ['plan 1 at 9m', 'withdrawn 1 plan'], 'taken back');
  t.same(
    look('5m>10m ticket.updated urgency=normal; 7m>12m ticket.updated urgency=urgent'),
    ['plan 1 at 9m', 'withdrawn 1 plan', 'plan 1 at 9m seen 12m'],
    'and told again once it is there again: its withdrawal was the last word',
  );
  t.match(tell(policy, before), [{ to: ['a', 'b'] }], 'each role once');
  t.match(
    tell(policy, `${before}5m>50m ticket.updated urgency=normal`).at(-1),
    { state: 'withdrawn', action: 'emergency-plan', cycle: 1 },
    'also of a cycle that was overdue',
  );
});

t.test('an action alone, or a notice alone', async t => {
  const clock = (atOnce: string) =>
    policyOf(`
  - { rule: S1-01, on: ticket, start: ticket.created, stop: ticket.replied, target: 30m, atOnce: ${atOnce} }
`);
  t.match(tell(clock('{ to: head }'), `0s ${URGENT}`), [{ action: 'notify', to: ['head'] }]);
  t.match(tell(clock('{ action: stop-sale }'), `0s ${URGENT}`), [{ action: 'stop-sale', to: [] }]);
});

t.test('the account of the case says so', async t => {
  const policy = POLICIES.pack;
  if (policy === undefined) throw new Error('no pack');
  const until = START + 600_000;
  const events = [
    eventOf(0, START, ['ticket.created', 'urgency=normal']),
    eventOf(1, START + 60_000, ['ticket.updated', 'urgency=urgent']),
  ];
  const state = restoreCase(policy, 'ticket', '1', events, until, until);
  const account = explainCase(state, until).find(({ rule }) => rule === 'S1-01')?.explanation;
  t.same(
    account?.steps.slice(0, 2).map(({ kind, text }) => [kind, text]),
    [
      ['started', account?.steps[0]?.text],
      [
        'action',
        {
          zh: '2026-11-20 10:01:00 立即启动应急预案，通知部门负责人',
          en: '2026-11-20 10:01:00 at once: start emergency plan, tell department head',
        },
      ],
    ],
  );
  const { timeline } = caseDetail(state, until);
  t.match(
    timeline.filter(({ what }) => what === 'S1-01 action'),
    [{ at: '2026-11-20T02:01:00.000Z', fields: { action: 'emergency-plan', to: ['department-head'] } }],
  );
});

function check(t: Tap, policy: string, table: string): void {
  for (const line of table.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [steps = '', wanted = ''] = line.split('|').map(cell => cell.trim());
    const shown = line.replaceAll(/ +/g, ' ');
    t.same(words(told(policy, steps)), wanted === '' ? [] : wanted.split('; '), shown);
  }
}

interface Tap {
  same(found: unknown, wanted: unknown, message: string): boolean;
}

function told(policy: string, steps: string): readonly (ClockRecord | CaseActionRecord)[] {
  const found = POLICIES[policy];
  if (found === undefined) throw new Error(`no policy ${policy}`);
  return tell(found, steps);
}

/** All that is told of S1-01 while a case lives through the steps. */
function tell(policy: CompiledPolicy, table: string): readonly (ClockRecord | CaseActionRecord)[] {
  const inputs: Input[] = [];
  let until = START;
  for (const step of table.split(';')) {
    const [times = '', name = '', ...fields] = step.trim().split(' ');
    if (times === '') continue;
    if (times === 'reload') {
      inputs.push({ kind: 'reload' });
      continue;
    }
    const [time = '', arrival = time] = times === 'until' ? [name] : times.split('>');
    until = Math.max(until, START + offset(arrival));
    if (times === 'until') continue;
    if (name === 'policy') inputs.push({ kind: 'policy', policy: theOne(fields[0]), now: until });
    else {
      const event = eventOf(inputs.length, START + offset(time), [name, ...fields]);
      inputs.push({ kind: 'event', event, now: START + offset(arrival) });
    }
  }
  return runLive(policy, inputs, until).told.filter(({ rule }) => rule === 'S1-01');
}

function theOne(name = ''): CompiledPolicy {
  const policy = POLICIES[name];
  if (policy === undefined) throw new Error(`no policy ${name}`);
  return policy;
}

function words(records: readonly (ClockRecord | CaseActionRecord)[]): string[] {
  const shown = records.filter(record => record.kind === 'action' || !DEADLINES.has(record.state));
  return shown.map(record => {
    const { cycle, at, seenAt } = record;
    if (record.kind === 'clock')
      return `${record.state} ${cycle}${record.action === undefined ? '' : ` ${short(record.action)}`}`;
    const seen = at === seenAt ? '' : ` seen ${since(seenAt)}`;
    return `${short(record.action)} ${cycle} at ${since(at)}${seen}`;
  });
}

function short(action: string): string {
  return action === 'other-plan' ? action : 'plan';
}

function eventOf(number: number, time: number, [type = '', ...pairs]: readonly string[]): SlaEvent {
  const entity = ENTITIES.find(one => type.startsWith(`${one}.`));
  if (entity === undefined) throw new Error(`no entity in ${type}`);
  const { id = `e${number}`, ...fields } = Object.fromEntries(pairs.map(pair => pair.split('=')));
  return { id, source: 'test', type, entity, case: '1', time, fields, digest: '' };
}

/** `24h1ms` in milliseconds. */
function offset(text: string): number {
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h)/g))
    sum += Number(amount) * (SIZES.find(([name]) => name === unit)?.[1] ?? Number.NaN);
  return sum;
}

function since(instant: string): string {
  let left = Date.parse(instant) - START;
  if (left === 0) return '0s';
  let text = '';
  for (const [unit, size] of SIZES) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

function load(text: string): CompiledPolicy {
  const loaded = loadPolicy(text, { file: 'after-sales.yaml' });
  if (loaded.ok) return loaded.policy;
  throw new Error(loaded.errors.map(formatError).join('\n'));
}
