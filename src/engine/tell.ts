// What a step tells: the difference between what was told of a cycle before and what is true of it now, as records and
// as counts. A fact that is gone is withdrawn; a fact that is new is told; whatever else happened in between is no matter.
import { cellKey } from '../contract/cells.ts';
import type { Entity } from '../contract/event.ts';
import type { ClockRecord } from '../contract/record.ts';
import type { CompiledClock } from '../policy/compiled.ts';
import { addCell, type CellChanges } from './contribute.ts';
import type { Fact } from './cycle.ts';

/** Where a step happens: the logical time, and what names the input that causes it, the same on every reading. */
export interface Cause {
  readonly now: number;
  readonly id: string;
  /** When the input happened: the event's own time, or the logical time for a deadline. */
  readonly at: number;
}

/** What steps leave behind: records in order, and changes of cells. */
export interface Told {
  readonly records: ClockRecord[];
  readonly cells: CellChanges;
}

/** A record of one step is named by its cause, its case and its place among the step's records. */
export interface Naming {
  readonly now: number;
  readonly id: string;
  at: number;
  place: number;
}

export interface Subject {
  readonly entity: Entity;
  readonly id: string;
  readonly token: string;
  readonly policy: string;
}

/** Two facts are the same when nobody who was told the one needs to be told the other. */
function same(a: Fact, b: Fact): boolean {
  if (a.state !== b.state || a.at !== b.at || a.percent !== b.percent || a.step !== b.step) return false;
  if (!isEnd(a)) return true;
  return (
    a.startedAt === b.startedAt &&
    a.dueAt === b.dueAt &&
    a.endedAt === b.endedAt &&
    a.elapsedMs === b.elapsedMs &&
    a.pausedMs === b.pausedMs &&
    a.overdueMs === b.overdueMs
  );
}

function isEnd(fact: Fact): boolean {
  switch (fact.state) {
    case 'met':
    case 'missed':
    case 'cancelled':
    case 'waived':
      return true;
    case 'started':
    case 'warned':
    case 'paused':
    case 'resumed':
    case 'breached':
    case 'escalated':
      return false;
    default:
      return fact.state satisfies never;
  }
}

/** Tells the difference between two sets of facts of cycle `number` of a clock, before and after a step. */
export function tellCycle(
  subject: Subject,
  clock: CompiledClock,
  number: number,
  before: readonly Fact[],
  after: readonly Fact[],
  cause: Naming,
  told: Told,
): void {
  if (before === after || (before.length === 0 && after.length === 0)) return;
  const tell = (fact: Fact) => {
    const { state } = fact;
    if (state !== 'started' && state !== 'paused' && state !== 'resumed')
      record(subject, clock, number, fact, state, cause, told);
  };
  const gone = before.filter(old => !after.some(fact => same(old, fact)));
  const fresh = after.filter(fact => !before.some(old => same(old, fact)));
  count(clock.rule, before, after, told.cells);
  const withdrawn = gone.findLast(old => needsWithdrawal(old, after));
  if (withdrawn !== undefined) record(subject, clock, number, withdrawn, 'withdrawn', cause, told);
  fresh.forEach(tell);
  // A cycle's outcome is its last record: one that still holds is told again after anything that would hide it.
  const outcome = after.findLast(fact => fact.state === 'breached' || isEnd(fact));
  const hides = withdrawn !== undefined || fresh.some(fact => fact.state === 'warned');
  if (outcome !== undefined && hides && !fresh.includes(outcome)) tell(outcome);
}

/** Warnings and escalations need no withdrawal, and an end that is only told anew with other times needs none either. */
function needsWithdrawal(old: Fact, after: readonly Fact[]): boolean {
  if (old.state === 'breached') return true;
  return isEnd(old) && after.at(-1)?.state !== old.state;
}

function record(
  subject: Subject,
  clock: CompiledClock,
  cycle: number,
  fact: Fact,
  state: ClockRecord['state'],
  cause: Naming,
  told: Told,
): void {
  told.records.push({
    id: `${cause.id}-${subject.token}-${cause.place++}`,
    kind: 'clock',
    at: new Date(state === 'withdrawn' ? cause.at : fact.at).toISOString(),
    seenAt: new Date(cause.now).toISOString(),
    entity: subject.entity,
    case: subject.id,
    rule: clock.rule,
    cycle,
    state,
    ...(fact.percent === undefined ? {} : { percent: fact.percent }),
    ...(fact.step === undefined ? {} : { step: fact.step }),
    ...(fact.to === undefined ? {} : { to: fact.to }),
    startedAt: new Date(fact.startedAt).toISOString(),
    dueAt: new Date(fact.dueAt).toISOString(),
    endedAt: fact.endedAt === null ? null : new Date(fact.endedAt).toISOString(),
    elapsedMs: fact.elapsedMs,
    pausedMs: fact.pausedMs,
    overdueMs: fact.overdueMs,
    policy: subject.policy,
  });
}

/** Counters only rise: what is gone is counted as withdrawn, under the label that it was counted under. */
function count(rule: string, before: readonly Fact[], after: readonly Fact[], cells: CellChanges): void {
  for (const [state, counted, withdrawn] of COUNTED) {
    const old = before.find(fact => fact.state === state);
    const fact = after.find(({ state: other }) => other === state);
    if (old?.queue === fact?.queue) continue;
    const labels = state === 'breached' ? [rule] : [rule, state];
    if (old !== undefined) addCell(cells, cellKey('c', withdrawn, ...labels, old.queue), 1);
    if (fact !== undefined) addCell(cells, cellKey('c', counted, ...labels, fact.queue), 1);
  }
}

const COUNTED = [
  ['breached', 'breach', 'breachWithdrawn'],
  ['met', 'outcome', 'outcomeWithdrawn'],
  ['missed', 'outcome', 'outcomeWithdrawn'],
] as const;
