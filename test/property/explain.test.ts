// The account of a case adds up, whatever happened to it: parts to the whole, moves to the due instant, ranges to what
// counted.
import fc from 'fast-check';
import t from 'tap';
import { outcomesOfCase } from '../../src/backtest/outcomes.ts';
import { compareEvents, type SlaEvent } from '../../src/contract/event.ts';
import { type CaseActionRecord, type ClockRecord, QUIET_MS } from '../../src/contract/record.ts';
import type { ClockView, Step } from '../../src/engine/account.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import { CASE_POLICY, eventsArbitrary, MINUTE } from '../support/cases.ts';
import { chance } from '../support/chance.ts';
import { type Input, runLive } from '../support/live.ts';

const tried = chance(1_500);

/** Steps that an event causes, always. */
const CAUSED: ReadonlySet<string> = new Set([
  'started',
  'paused',
  'resumed',
  'stopped',
  'reopened',
  'hidden',
  'shown',
  'met',
  'missed',
  'cancelled',
  'waived',
]);

t.test('the parts add up', async t => {
  let cycles = 0;
  fc.assert(
    fc.property(eventsArbitrary, fc.integer({ min: 0, max: 3_000 }), (events, after) => {
      const sorted = [...events].sort(compareEvents);
      const until = (sorted.at(-1)?.time ?? 0) + after * MINUTE;
      const state = restoreCase(CASE_POLICY, 'ticket', 'T', sorted, until, until);
      const views = explainCase(state, until);
      const outcomes = outcomesOfCase(state, until).filter(({ rule, cycle }) =>
        views.some(view => view.rule === rule && view.cycle === cycle),
      );
      same('cycles', views.length, outcomes.length);
      for (const [i, view] of views.entries()) {
        const outcome = outcomes[i];
        const { rule, cycle, startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs } = view;
        same(
          'times',
          { rule, cycle, startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs },
          {
            rule: outcome?.rule,
            cycle: outcome?.cycle,
            startedAt: outcome?.startedAt,
            dueAt: outcome?.dueAt,
            endedAt: outcome?.endedAt,
            elapsedMs: outcome?.elapsedMs,
            pausedMs: outcome?.pausedMs,
            overdueMs: outcome?.overdueMs,
          },
        );
        same('outcome', view.outcome, outcome?.outcome);
        addsUp(view, until);
        cycles += 1;
      }
    }),
    { ...tried, interruptAfterTimeLimit: 60_000 },
  );
  t.ok(cycles > tried.numRuns, 'there were cycles to look at');
});

function addsUp({ explanation, ...view }: ClockView, until: number): void {
  if (explanation === null) return;
  const { parts, wholeMs, steps, counted, hygiene } = explanation;
  const end = view.endedAt === null ? until : Date.parse(view.endedAt);
  same('whole', wholeMs, end - Date.parse(view.startedAt));
  same('sum of parts', sum(parts.map(({ ms }) => ms)), wholeMs);
  const open = parts.filter(({ place }) => place !== 'outside-hours' && place !== 'ended');
  same('what counted', sum(open.map(({ ms, pausedMs }) => ms - pausedMs)), view.elapsedMs);
  same('what was paused', sum(parts.map(({ pausedMs }) => pausedMs)), view.pausedMs);
  same('hygiene', [hygiene.cycles, hygiene.kept], [1, Number(view.outcome === 'met')]);
  const ranges = counted.ranges.map(({ from, to }) => Date.parse(to) - Date.parse(from));
  same('ranges', sum(ranges) + counted.unlistedMs, view.elapsedMs);
  let due: string | null = null;
  for (const step of steps.filter(({ dueTo }) => dueTo !== null)) {
    same('chain of moves', step.dueFrom, due);
    due = step.dueTo;
  }
  same('last move', due, view.dueAt);
  const times = steps.map(({ at }) => at);
  same('order', times, [...times].sort());
  for (const { kind, event, text } of steps)
    if (CAUSED.has(kind) && event === null) throw new Error(`no event: ${text.en}`);
  // A pause that is on has no end yet.
  const told = sum(steps.map(step => step.pausedMs ?? 0));
  if (view.outcome === 'paused' || view.endedAt === null) same('told of pauses', told <= view.pausedMs, true);
  else same('told of pauses', told, view.pausedMs);
  if (view.endedAt !== null) {
    const last = steps.filter(({ kind }) => kind === view.outcome);
    same(`ends ${view.outcome}`, last.length, 1);
    same('who ended it', last[0]?.event === null, false);
  }
}

t.test('who was told when, as records say where events arrive in time', async t => {
  let late = 0;
  let takenBack = 0;
  fc.assert(
    fc.property(eventsArbitrary, fc.integer({ min: 0, max: 300 }), (events, after) => {
      const sorted = [...events].sort(compareEvents);
      const until = (sorted.at(-1)?.time ?? 0) + after * MINUTE;
      const { told } = runLive(CASE_POLICY, watched(sorted, until), until);
      for (const { rule, cycle, explanation } of explainCase(
        restoreCase(CASE_POLICY, 'ticket', 'T', sorted, until, until),
        until,
      )) {
        const own = told.filter(record => record.rule === rule && record.cycle === cycle);
        const steps = explanation?.steps ?? [];
        for (const step of steps) {
          const { kind, at, knownAt, told: roles, takenBackAt, text } = step;
          const record = own.find(each => each.at === at && kindOf(each) === kind && isOf(each, step));
          if (kind === 'action')
            same(`called for: ${text.en}`, record?.kind === 'action' ? record.to : [], roles);
          if (kind !== 'warned' && kind !== 'breached' && kind !== 'escalated') continue;
          same(`recorded: ${text.en}`, record !== undefined, true);
          if (record?.kind !== 'clock') continue;
          const isQuiet = Date.parse(record.seenAt) - Date.parse(record.at) > QUIET_MS;
          same(`told: ${text.en}`, roles, isQuiet ? [] : rolesOf(record));
          if (takenBackAt !== null) {
            takenBack += 1;
            const withdrawn = own.some(each => kindOf(each) === 'withdrawn' && each.at === takenBackAt);
            same(`withdrawn: ${text.en}`, withdrawn, true);
          }
          if (knownAt === null) continue;
          late += 1;
          same(`seen: ${text.en}`, record.seenAt, knownAt);
        }
        if (explanation === null) continue;
        for (const record of own.filter(each => DEADLINES.has(kindOf(each)))) {
          const step = steps.find(({ at, kind }) => at === record.at && kind === kindOf(record));
          same(`accounted for: ${JSON.stringify(record)}`, step !== undefined, true);
        }
      }
    }),
    { ...tried, interruptAfterTimeLimit: 60_000 },
  );
  t.ok(late > 0, `${late} became known late`);
  t.ok(takenBack > 0, `${takenBack} were taken back`);
});

/** Events as they happen, and looks in between, so that deadlines are seen within the hour in which people are told. */
function watched(events: readonly SlaEvent[], until: number): Input[] {
  const inputs: Input[] = [];
  for (const [i, event] of events.entries()) {
    inputs.push({ kind: 'event', event, now: event.time });
    const next = events[i + 1]?.time ?? until;
    for (let now = event.time + LOOK_MS; now < next; now += LOOK_MS) inputs.push({ kind: 'time', now });
  }
  return inputs;
}

const LOOK_MS = QUIET_MS / 2;
const DEADLINES: ReadonlySet<string> = new Set(['warned', 'breached', 'escalated']);

function kindOf(record: ClockRecord | CaseActionRecord): string {
  return record.kind === 'clock' ? record.state : record.kind;
}

/** Of escalations that come at one instant a record and a step belong together by the role. */
function isOf(record: ClockRecord | CaseActionRecord, { told }: Step): boolean {
  return kindOf(record) !== 'escalated' || told.length === 0 || record.to === told[0];
}

/** Whom the policy tells of what a record says, where it became known in time. */
function rolesOf({ rule, state, to }: ClockRecord): readonly string[] {
  const clock = CASE_POLICY.clocks.find(each => each.rule === rule);
  if (clock === undefined || clock.evidence) return [];
  if (state === 'escalated') return to === undefined ? [] : [to];
  const atOnce = clock.ladder.filter(({ afterMs }) => afterMs === 0).map(step => step.to);
  return state === 'breached' ? atOnce : [];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Throws with both sides as text when they differ. */
function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found, null, 1), JSON.stringify(wanted, null, 1)];
  if (a !== b) throw new Error(`${what}:\n${a}\nrather than\n${b}`);
}
