// The evidence rules E-01 … E-04 of the default pack: the share with the evidence, and the cases that lack it. Also what
// pauses do to the figures of a clock.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ENTITIES, type Entity, type FieldValue, type SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { CellBook } from '../../src/engine/cell-book.ts';
import { lacksOf } from '../../src/engine/evidence.ts';
import { addHygiene, hygieneOf, NO_HYGIENE } from '../../src/engine/hygiene.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { policyOf } from '../support/timeline.ts';

const PACK = new URL('../../deploy/policies/after-sales.yaml', import.meta.url).pathname;
const START = Date.parse('2026-11-16T09:00:00Z');
const HOUR_MS = 3_600_000;

const loaded = loadPolicy(readFileSync(PACK, 'utf8'), { file: PACK });
if (!loaded.ok) throw new Error('the pack is not sound');
const pack = loaded.policy;

/**
 * `0 created kind=problem; 2.5 replied by=agent`: events at hours after the start; live up to `until` hours. Types are of
 * tickets where they name nothing else.
 */
function live(
  policy: CompiledPolicy,
  id: string,
  text: string,
  until: number,
): { state: CaseState; told: Told } {
  const state = newCase(policy, entityOf(typeOf(text.split(/[ ;]+/)[1] ?? '')), id);
  const told: Told = { records: [], cells: new Map() };
  const step = (now: number) => ({ now, id: `s-${now}`, at: now });
  for (const [i, part] of text.split(';').entries()) {
    const [hours = '', name = '', ...fields] = part.trim().split(' ');
    const time = START + Number(hours) * HOUR_MS;
    reachTime(state, step(time), told);
    acceptEvent(state, eventOf(id, i, time, name, fields), step(time), told);
  }
  reachTime(state, step(START + until * HOUR_MS), told);
  return { state, told };
}

function eventOf(id: string, i: number, time: number, name: string, pairs: readonly string[]): SlaEvent {
  const fields: Record<string, FieldValue> = {};
  for (const pair of pairs) {
    const [key = '', value = ''] = pair.split('=');
    fields[key] = value === 'true' || value === 'false' ? value === 'true' : value;
  }
  const type = typeOf(name);
  return { id: `${id}-${i}`, source: '/t', type, entity: entityOf(type), case: id, time, fields, digest: '' };
}

function typeOf(name: string): string {
  return name.includes('.') ? name : `ticket.${name}`;
}

function entityOf(type: string): Entity {
  const entity = ENTITIES.find(one => type.startsWith(`${one}.`));
  if (entity === undefined) throw new Error(`no entity: ${type}`);
  return entity;
}

/** The rule's share over cases, and the cases that lack the evidence: `1/2 lacks 1`. */
function evidence(rule: string, cases: readonly string[], until: number): string {
  const indicator = pack.indicators.find(one => one.rule === rule);
  if (indicator === undefined) throw new Error(`no indicator ${rule}`);
  const book = new CellBook();
  const lacking: number[] = [];
  for (const [i, text] of cases.entries()) {
    const { state, told } = live(pack, `T-${i}`, text, until);
    for (const [key, value] of told.cells) book.set(i, key, value);
    if (lacksOf(indicator, state.fold, state.events).length > 0) lacking.push(i);
  }
  const { numerator, denominator, value } = book.window(indicator, 'all', START + until * HOUR_MS);
  if (value === null) return 'none';
  return `${numerator}/${denominator}${lacking.length === 0 ? '' : ` lacks ${lacking.join(' ')}`}`;
}

const FULL = 'created kind=problem description=leaks category=sofa agent=a7';

t.test('shares and what lacks', async t => {
  const tables: readonly (readonly [rule: string, what: string, cases: readonly string[], wanted: string])[] =
    [
      [
        'E-01',
        'passed on, told, with a time',
        ['0 created; 1 handed_over customerInformed=true expectedAt=x'],
        '1/1',
      ],
      ['E-01', 'told, but no time', ['0 created; 1 handed_over customerInformed=true'], '0/1 lacks 0'],
      ['E-01', 'a time, but nobody told', ['0 created; 1 handed_over expectedAt=x'], '0/1 lacks 0'],
      ['E-01', 'never passed on', ['0 created; 1 resolved'], 'none'],
      [
        'E-01',
        'passed on twice, once without',
        ['0 created; 1 handed_over; 2 handed_over customerInformed=true expectedAt=x'],
        '1/2 lacks 0',
      ],
      ['E-01', 'a call passed on, told', ['0 call.queued; 1 call.transferred customerInformed=true'], '1/1'],
      [
        'E-01',
        'calls passed on without a word, or in spite of it',
        ['0 call.queued; 1 call.transferred', '0 call.queued; 1 call.transferred customerInformed=false'],
        '0/2 lacks 0 1',
      ],
      [
        'E-01',
        'what is said of another event of the call is not said of this one',
        ['0 call.queued; 1 call.announced customerInformed=true; 2 call.transferred'],
        '0/1 lacks 0',
      ],
      [
        'E-01',
        'calls beside tickets',
        [
          '0 call.queued; 1 call.transferred customerInformed=true',
          '0 created; 1 handed_over customerInformed=true expectedAt=x',
          '0 created; 1 handed_over',
        ],
        '2/3 lacks 2',
      ],
      ['E-01', 'a chat has no field for it', ['0 chat.started; 1 chat.handed_over by=bot'], 'none'],
      ['E-02', 'told at once', ['0 created; 1 acknowledged; 2 informed about=milestone'], '1/1'],
      ['E-02', 'told at the bound', ['0 created; 1 acknowledged; 3 informed about=milestone'], '1/1'],
      ['E-02', 'not told', ['0 created; 1 dispatched', '0 created; 1 arrived; 2 informed'], '1/2 lacks 0'],
      [
        'E-02',
        'three within an hour and one notice: each needs its own',
        ['0 created; 1 dispatched; 1.3 arrived; 1.8 resolved; 1.9 informed'],
        '1/3 lacks 0',
      ],
      ['E-02', 'told too late', ['0 created; 1 resolved; 3.1 informed'], '0/1 lacks 0'],
      ['E-02', 'waiting for parts is a milestone', ['0 created; 1 pending reason=parts'], '0/1 lacks 0'],
      ['E-02', 'waiting for the customer is none', ['0 created; 1 pending reason=customer'], 'none'],
      ['E-02', 'still within its time', ['0 created; 9 acknowledged'], 'none'],
      ['E-03', 'all is there', [`0 ${FULL}`], '1/1'],
      [
        'E-03',
        'in words of the customer',
        ['0 created kind=problem description=leaks demand=refund agent=a7'],
        '1/1',
      ],
      ['E-03', 'no description', ['0 created kind=problem category=sofa agent=a7'], '0/1 lacks 0'],
      [
        'E-03',
        'an empty description',
        ['0 created kind=problem description= category=sofa agent=a7'],
        '0/1 lacks 0',
      ],
      [
        'E-03',
        'the handler comes later',
        ['0 created kind=problem description=x category=y; 1 assigned agent=a7'],
        '1/1',
      ],
      ['E-03', 'two of three', [`0 ${FULL}`, '0 created kind=query', `0 ${FULL}`], '2/3 lacks 1'],
    ];
  for (const [rule, what, cases, wanted] of tables)
    t.equal(evidence(rule, cases, 10), wanted, `${rule} ${what}`);
  const complaints = [
    '0 created kind=complaint; 1 resolved; 20 followed_up level=closure done=true',
    '0 created kind=complaint; 1 resolved',
    '0 created kind=problem; 1 resolved',
    '0 created kind=complaint; 1 resolved; 2 reopened',
  ];
  t.equal(evidence('E-04', complaints, 20), '1/1', 'E-04 one followed up, one within its time');
  t.equal(evidence('E-04', complaints, 80), '1/2 lacks 1', 'E-04 one without an entry');
});

t.test('a missing entry puts no case at risk', async t => {
  const { state, told } = live(pack, 'T', '0 created; 1 acknowledged; 2 resolved', 9);
  t.equal(state.standing.overdue, false);
  const record = told.records.find(({ rule }) => rule === 'E-02C');
  t.match(record, { state: 'breached' }, 'but it is on record');
});

t.test('present names fields that exist', async t => {
  const text = (present: string) => `version: 1
indicators:
  - { rule: X, count: { type: ticket.created, present: ${present} }, of: ticket.created, window: 7d }
`;
  t.equal(loadPolicy(text('[kind, agent]'), { file: 'x' }).ok, true);
  const wrong = loadPolicy(text('[kind, agnet]'), { file: 'x' });
  t.match(wrong.ok ? [] : wrong.errors, [{ message: /agnet.*did you mean agent/, key: /present/ }]);
});

t.test('pause hygiene', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    cancel: ticket.cancelled
    pause: { from: ticket.pending, to: ticket.resumed }
    target: 10h
    reopen: continue
`);
  const DAYS_MS = 48 * HOUR_MS;
  const of = (text: string, until: number) => {
    const { state } = live(policy, 'T', text, until);
    return hygieneOf(state.fold, START + until * HOUR_MS, DAYS_MS).get('R') ?? NO_HYGIENE;
  };
  const one = { ...NO_HYGIENE, cycles: 1 };
  t.same(of('0 created; 5 resolved', 6), { ...one, kept: 1, keptWithout: 1 }, 'no pause');
  t.same(
    of('0 created; 5 pending; 15 resumed; 18 resolved', 20),
    { ...one, paused: 1, kept: 1, brokenWithout: 1 },
    'kept by its pause',
  );
  t.same(
    of('0 created; 5 pending', 52),
    { ...one, paused: 1, brokenWithout: 1 },
    'waits, not yet for too long',
  );
  t.same(of('0 created; 5 pending', 54), { ...one, paused: 1, stuck: 1, brokenWithout: 1 }, 'stuck');
  t.same(
    of('0 created; 9 pending; 20 resolved', 20),
    { ...one, paused: 1, lastMoment: 1, endedPaused: 1, kept: 1, brokenWithout: 1 },
    'paused within the last tenth, and resolved while paused',
  );
  t.same(
    of('0 created; 8.9 pending; 9 resumed; 9.5 resolved', 20),
    { ...one, paused: 1, kept: 1, keptWithout: 1 },
    'a little before the last tenth',
  );
  t.same(
    of('0 created; 1 pending; 9 resumed; 9.5 pending; 10 resumed; 11 resolved', 20),
    { ...one, paused: 1, kept: 1, brokenWithout: 1 },
    'what was paused before has moved the last tenth',
  );
  t.same(
    of('0 created; 11 pending', 20),
    { ...one, paused: 1, broken: 1, brokenWithout: 1 },
    'paused after the breach is no last moment',
  );
  t.same(
    of('0 created; 1 pending; 2 cancelled', 20),
    { ...one, paused: 1 },
    'cancelled while paused says nothing',
  );
  t.same(
    of('0 created; 9.5 resolved; 10 pending; 11 resumed; 12 reopened; 12.2 resolved', 20),
    { ...one, kept: 1, keptWithout: 1 },
    'what came and went before a reopening paused nothing',
  );
  t.same(
    of('0 created; 9.5 resolved; 10 pending; 12 reopened; 14 resumed; 14.2 resolved', 20),
    { ...one, paused: 1, lastMoment: 1, kept: 1, brokenWithout: 1 },
    'what went on after it did',
  );
  t.equal(addHygiene(one, { ...one, kept: 2 }).cycles, 2, 'they add up');
});

t.test('the last tenth before a due instant that was named', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.promised
    stop: ticket.resolved
    pause: { from: ticket.pending, to: ticket.resumed }
    target: { at: data.dueAt }
`);
  const of = (text: string) => {
    const due = new Date(START + 10 * HOUR_MS).toISOString();
    const { state } = live(policy, 'T', `0 promised dueAt=${due}; ${text}`, 20);
    return hygieneOf(state.fold, START + 20 * HOUR_MS, 48 * HOUR_MS).get('R')?.lastMoment;
  };
  t.equal(of('9.2 pending'), 1);
  t.equal(of('1 pending; 6 resumed; 9.2 pending'), 1, 'pauses do not move it, so they leave its tenth alone');
  t.equal(of('1 pending; 6 resumed; 8.9 pending'), 0);
});
