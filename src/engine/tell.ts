// What a step tells: the difference between what was told of a cycle before and what is true of it now, as records and
// as counts. A fact that is gone is withdrawn; a fact that is new is told; whatever else happened in between is no matter.
import { escapePart } from '../contract/cells.ts';
import type { Entity } from '../contract/event.ts';
import { type CaseActionRecord, type ClockRecord, QUIET_MS } from '../contract/record.ts';
import type { CompiledClock } from '../policy/compiled.ts';
import { addCell, type CellChanges } from './contribute.ts';
import { coverageMark } from './coverage.ts';
import type { Begun, Cycle, Fact } from './cycle.ts';
import { instantText } from './instant.ts';

/** Where a step happens: the logical time, and what names the input that causes it, the same on every reading. */
export interface Cause {
  readonly now: number;
  readonly id: string;
  /** When the input happened: the event's own time, or the logical time for a deadline. */
  readonly at: number;
}

/** What steps leave behind: records in order, and changes of cells. */
export interface Told {
  readonly records: (ClockRecord | CaseActionRecord)[];
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

/** What has been told of a cycle. */
export type Known = Pick<Cycle, 'told' | 'begun'>;

export const NOTHING_KNOWN: Known = { told: [], begun: null };

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

export function isEnd({ state }: Fact): boolean {
  switch (state) {
    case 'met':
    case 'missed':
    case 'cancelled':
    case 'waived':
      return true;
    case 'warned':
    case 'breached':
    case 'escalated':
      return false;
    default:
      return state satisfies never;
  }
}

/**
 * Tells the difference between what was known of cycle `number` of a clock before a step and after it. `exists` is false
 * for a cycle that the step undid.
 */
export function tellCycle(
  subject: Subject,
  clock: CompiledClock,
  number: number,
  was: Known,
  is: Known,
  exists: boolean,
  cause: Naming,
  told: Told,
): void {
  const { call, takenBack } = changeOfCall(was, is, cause.now);
  // A withdrawal comes before the call that takes its place.
  if (call !== null && takenBack === null) callFor(subject, clock, number, call, cause, told);
  const [before, after] = [was.told, is.told];
  if (before.length === 0 && after.length === 0 && takenBack === null) return;
  // Also where the facts are the same, the queue under which they count may be another.
  count(clock.rule, before, after, told.cells);
  const fresh = before.length === 0 ? after : after.filter(fact => !before.some(old => same(old, fact)));
  let last = before.findLast(
    old => (!exists || needsWithdrawal(old, after)) && !after.some(fact => same(old, fact)),
  );
  const gone = takenBack ?? last;
  if (gone === undefined && fresh.length === 0) return;
  if (gone !== undefined) record(subject, clock, number, gone, 'withdrawn', cause, told);
  if (call !== null && takenBack !== null) callFor(subject, clock, number, call, cause, told);
  for (const fact of fresh) {
    record(subject, clock, number, fact, fact.state, cause, told);
    last = fact;
  }
  // A cycle's outcome is its last record: one that still holds is told again after anything that would hide it.
  const outcome = after.findLast(fact => fact.state === 'breached' || isEnd(fact));
  if (outcome === undefined || outcome === last) return;
  if (last?.state !== 'escalated' || isEnd(outcome) || !fresh.includes(last))
    record(subject, clock, number, outcome, outcome.state, cause, told);
}

/** Warnings and escalations need no withdrawal, and an end that is only told anew with other times needs none either. */
function needsWithdrawal(old: Fact, after: readonly Fact[]): boolean {
  if (old.state === 'breached') return true;
  return isEnd(old) && after.at(-1)?.state !== old.state;
}

/**
 * What is to be called for at once, and what that was called for is taken back. A cycle is called for once, and again
 * only if that was taken back meanwhile; not at all where it is a thing of the past when it becomes known: long there, or
 * at an end. Another action, or other roles, take the place of what stands where they are still called for; else what was
 * begun goes on, since a change of policy must not call off an emergency and put nothing in its place.
 */
function changeOfCall(
  was: Known,
  is: Known,
  now: number,
): { readonly call: Begun | null; readonly takenBack: Begun | null } {
  if (is.begun === null) return { call: null, takenBack: was.begun };
  const isPast = now - is.begun.at > QUIET_MS || is.told.some(isEnd);
  if (isPast || (was.begun !== null && isSameCall(was.begun, is.begun)))
    return { call: null, takenBack: null };
  return { call: is.begun, takenBack: was.begun };
}

function isSameCall(a: Begun, b: Begun): boolean {
  return (
    a.action === b.action &&
    a.roles.length === b.roles.length &&
    a.roles.every(role => b.roles.includes(role))
  );
}

function callFor(
  { entity, id, token, policy }: Subject,
  { rule }: CompiledClock,
  cycle: number,
  { at, action, roles }: Begun,
  cause: Naming,
  told: Told,
): void {
  told.records.push({
    id: `${cause.id}-${token}-${cause.place++}`,
    kind: 'action',
    at: instantText(at),
    seenAt: instantText(cause.now),
    action,
    rule,
    entity,
    case: id,
    cycle,
    to: roles,
    policy,
  });
}

function record(
  subject: Subject,
  clock: CompiledClock,
  cycle: number,
  fact: Fact | Begun,
  state: ClockRecord['state'],
  cause: Naming,
  told: Told,
): void {
  const base = {
    id: `${cause.id}-${subject.token}-${cause.place++}`,
    kind: 'clock',
    at: instantText(state === 'withdrawn' ? cause.at : fact.at),
    seenAt: instantText(cause.now),
    entity: subject.entity,
    case: subject.id,
    rule: clock.rule,
    cycle,
    state,
    startedAt: instantText(fact.startedAt),
    dueAt: instantText(fact.dueAt),
    endedAt: fact.endedAt === null ? null : instantText(fact.endedAt),
    elapsedMs: fact.elapsedMs,
    pausedMs: fact.pausedMs,
    overdueMs: fact.overdueMs,
    policy: subject.policy,
    ...coverageMark(clock, fact.startedAt, fact.dueAt),
  } as const;
  if ('action' in fact) told.records.push({ ...base, action: fact.action });
  else if (fact.percent !== null) told.records.push({ ...base, percent: fact.percent });
  else if (fact.step !== null && fact.to !== null)
    told.records.push({ ...base, step: fact.step, to: fact.to });
  else told.records.push(base);
}

/** Counters only rise: what is gone is counted as withdrawn, under the label that it was counted under. */
function count(rule: string, before: readonly Fact[], after: readonly Fact[], cells: CellChanges): void {
  for (const state of COUNTED) {
    const old = queueOf(before, state);
    const now = queueOf(after, state);
    if (old === now) continue;
    if (old !== null) addCell(cells, counterKey(rule, state, old, true), 1);
    if (now !== null) addCell(cells, counterKey(rule, state, now, false), 1);
  }
}

const COUNTED = ['breached', 'met', 'missed'] as const;
type Counted = (typeof COUNTED)[number];

/** The queue under which a fact of this state is counted; null without one. */
function queueOf(facts: readonly Fact[], state: Counted): string | null {
  for (const fact of facts) if (fact.state === state) return fact.queue;
  return null;
}

function counterKey(rule: string, state: Counted, queue: string, withdrawn: boolean): string {
  const labels = `${escapePart(rule)}|${state === 'breached' ? '' : `${state}|`}${escapePart(queue)}`;
  const counter = state === 'breached' ? 'breach' : 'outcome';
  return `c|${counter}${withdrawn ? 'Withdrawn' : ''}|${labels}`;
}
