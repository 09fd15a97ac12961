// What readers are shown of a case: the rows of its clocks, a summary, and the whole with an account of
// each clock. Pure: everything is folded from the case's own masked events, as of the instant `now` (ms since 1970).

import type { Entity, Fields } from '../contract/event.ts';
import type { RiskRow } from '../contract/frame.ts';
import { formatTime } from '../contract/time.ts';
import type { ClockView } from '../engine/account.ts';
import type { CaseState } from '../engine/case.ts';
import { type CoverageMark, coverageMark } from '../engine/coverage.ts';
import { type Cycle, evaluate, type Outcome, outcomeAt } from '../engine/cycle.ts';
import { explainCase } from '../engine/explain.ts';
import { shownStatus } from '../engine/explain-words.ts';
import { pausesOf, text } from '../engine/fold.ts';
import { type NearMisses, nearMisses } from '../engine/near-miss.ts';
import { storyOf } from '../engine/story.ts';
import type { CompiledClock, Title } from '../policy/compiled.ts';

export interface TimelineEntry {
  readonly at: string;
  readonly kind: 'event' | 'clock';
  /** The event's type, or `RULE state`. */
  readonly what: string;
  readonly id: string | null;
  readonly source: string | null;
  readonly fields: Fields;
  /** False for an event that lies ahead and applies when its time is reached. */
  readonly applied: boolean;
}

export interface CaseSummary {
  readonly entity: Entity;
  readonly case: string;
  readonly status: string;
  readonly queue: string;
  readonly team: string;
  readonly customer: string;
  readonly openedAt: string;
  readonly dueAt: string | null;
  readonly clocks: readonly (CoverageMark & {
    readonly rule: string;
    readonly title: Title;
    readonly state: 'running' | 'paused' | 'overdue';
    readonly warned: boolean;
    readonly dueAt: string;
  })[];
}

export interface CaseDetail extends CaseSummary {
  readonly closedAt: string | null;
  readonly policy: string;
  readonly attributes: Fields;
  readonly allClocks: readonly ClockView[];
  readonly nearMisses: NearMisses;
  readonly timeline: readonly TimelineEntry[];
}

/** Rows of a board: the open clocks that were warned or are past due. */
export function riskRows(state: CaseState, now: number): RiskRow[] {
  const rows: RiskRow[] = [];
  for (const { clock, standing, warned, dueAt, startedAt } of openClocks(state, now)) {
    if (standing !== 'overdue' && !warned) continue;
    rows.push({
      entity: state.entity,
      case: state.id,
      rule: clock.rule,
      title: clock.title,
      queue: attribute(state, 'queue'),
      customer: attribute(state, 'customer.name'),
      startedAt,
      dueAt,
      state: standing,
      ...coverageMark(clock, startedAt, dueAt),
    });
  }
  return rows;
}

export function caseSummary(state: CaseState, now: number): CaseSummary {
  const clocks = openClocks(state, now).sort((a, b) => a.dueAt - b.dueAt);
  const [urgent] = clocks;
  return {
    entity: state.entity,
    case: state.id,
    status: shownStatus(state.fold),
    queue: attribute(state, 'queue'),
    team: attribute(state, 'team'),
    customer: attribute(state, 'customer.name'),
    openedAt: formatTime(state.events[0]?.time ?? 0),
    dueAt: urgent ? formatTime(urgent.dueAt) : null,
    clocks: clocks.map(({ clock, standing, warned, startedAt, dueAt }) => ({
      rule: clock.rule,
      title: clock.title,
      state: standing,
      warned,
      dueAt: formatTime(dueAt),
      ...coverageMark(clock, startedAt, dueAt),
    })),
  };
}

export function caseDetail(state: CaseState, now: number): CaseDetail {
  const { fold } = state;
  return {
    ...caseSummary(state, now),
    closedAt: fold.closedAt === null ? null : formatTime(fold.closedAt),
    policy: state.policy.hash,
    attributes: fold.attributes,
    allClocks: explainCase(state, now),
    nearMisses: nearMisses(state),
    timeline: timeline(state, now),
  };
}

interface OpenClock {
  readonly clock: CompiledClock;
  readonly standing: 'running' | 'paused' | 'overdue';
  readonly warned: boolean;
  readonly startedAt: number;
  readonly dueAt: number;
}

function openClocks(state: CaseState, now: number): OpenClock[] {
  const found: OpenClock[] = [];
  for (const { clock, cycles } of state.fold.clocks) {
    if (clock.evidence) continue;
    const pauses = pausesOf(state.fold, clock);
    for (const cycle of cycles) {
      const stands = outcomeAt(clock, cycle, pauses, now);
      if (stands === null || !isOpen(stands.outcome) || !Number.isFinite(stands.times.dueAt)) continue;
      const { startedAt, dueAt } = stands.times;
      found.push({ clock, standing: stands.outcome, warned: wasWarned(cycle), startedAt, dueAt });
    }
  }
  return found;
}

function isOpen(outcome: Outcome): outcome is 'running' | 'paused' | 'overdue' {
  return outcome === 'running' || outcome === 'paused' || outcome === 'overdue';
}

function wasWarned(cycle: Cycle): boolean {
  return cycle.told.some(fact => fact.state === 'warned');
}

/** Events and what became true of the clocks, in order; at one instant events come first. */
function timeline(state: CaseState, now: number): TimelineEntry[] {
  const entries: { at: number; entry: TimelineEntry }[] = state.events.map((event, i) => ({
    at: event.time,
    entry: {
      at: formatTime(event.time),
      kind: 'event',
      what: event.type,
      id: event.id,
      source: event.source,
      fields: event.fields,
      applied: i < state.applied,
    },
  }));
  for (const { clock, cycles } of state.fold.clocks) {
    const pauses = pausesOf(state.fold, clock);
    for (const cycle of cycles) {
      const add = (at: number, what: string, fields: Fields) =>
        entries.push({
          at,
          entry: {
            at: formatTime(at),
            kind: 'clock',
            what: `${clock.rule} ${what}`,
            id: null,
            source: null,
            fields,
            applied: true,
          },
        });
      for (const fact of storyOf(cycle, pauses, now)) add(fact.at, fact.state, {});
      const { facts, begun } = evaluate(clock, cycle, pauses, state.fold.queues, now);
      if (begun !== null && clock.atOnce !== null) add(begun.at, 'action', { ...clock.atOnce });
      for (const fact of facts) {
        const percent: Fields = fact.percent === null ? {} : { percent: fact.percent };
        add(fact.at, fact.state, fact.to === null ? percent : { ...percent, to: fact.to });
      }
    }
  }
  return entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
}

function attribute(state: CaseState, path: string): string {
  return text(state.fold.attributes[path]);
}
