// What readers are shown of a case: the rows of its clocks, a summary, and the whole with the reason for each due
// instant. Pure: everything is folded from the case's own masked events, as of the instant `now` (ms since 1970).

import type { Entity, Fields } from '../contract/event.ts';
import type { RiskRow } from '../contract/frame.ts';
import { formatTime } from '../contract/time.ts';
import type { CaseState } from '../engine/case.ts';
import type { ClockFold } from '../engine/clock.ts';
import { type Cycle, evaluate, type Outcome, outcomeAt, storyOf } from '../engine/cycle.ts';
import { pausesOf, queueAt, text } from '../engine/fold.ts';
import type { Span } from '../engine/span.ts';
import type { CompiledClock, Duration, Title } from '../policy/compiled.ts';

/** Why a clock is due when it is: what a supervisor asks first. Instants RFC 3339, durations ms of the calendar. */
export interface DueReason {
  readonly startedAt: string;
  readonly startedBy: string | null;
  readonly target: string | null;
  /** The attribute that chose the target, and its value. */
  readonly by: { readonly attribute: string; readonly value: string } | null;
  readonly calendar: string;
  /** The due instant had nothing been left out. */
  readonly withoutPauses: string | null;
  readonly pauses: readonly { readonly from: string; readonly to: string | null }[];
  readonly gaps: readonly { readonly from: string; readonly to: string | null }[];
  readonly pausedMs: number;
  readonly uncovered: boolean;
  readonly sentence: Title;
}

export interface ClockView {
  readonly rule: string;
  readonly title: Title;
  readonly cycle: number;
  readonly each: string | null;
  readonly outcome: Outcome;
  readonly warned: boolean;
  readonly startedAt: string;
  readonly dueAt: string;
  readonly endedAt: string | null;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly overdueMs: number;
  readonly why: DueReason;
}

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
  readonly clocks: readonly {
    readonly rule: string;
    readonly title: Title;
    readonly state: 'running' | 'paused' | 'overdue';
    readonly warned: boolean;
    readonly dueAt: string;
  }[];
}

export interface CaseDetail extends CaseSummary {
  readonly closedAt: string | null;
  readonly policy: string;
  readonly attributes: Fields;
  readonly allClocks: readonly ClockView[];
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
    status: attribute(state, 'status') || 'open',
    queue: attribute(state, 'queue'),
    team: attribute(state, 'team'),
    customer: attribute(state, 'customer.name'),
    openedAt: formatTime(state.events[0]?.time ?? 0),
    dueAt: urgent ? formatTime(urgent.dueAt) : null,
    clocks: clocks.map(({ clock, standing, warned, dueAt }) => ({
      rule: clock.rule,
      title: clock.title,
      state: standing,
      warned,
      dueAt: formatTime(dueAt),
    })),
  };
}

export function caseDetail(state: CaseState, now: number): CaseDetail {
  const { fold } = state;
  const allClocks = fold.clocks.flatMap(clockFold =>
    clockFold.cycles.flatMap((cycle, i) => clockView(state, clockFold, cycle, i + 1, now) ?? []),
  );
  return {
    ...caseSummary(state, now),
    closedAt: fold.closedAt === null ? null : formatTime(fold.closedAt),
    policy: state.policy.hash,
    attributes: fold.attributes,
    allClocks,
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

function clockView(
  state: CaseState,
  { clock }: ClockFold,
  cycle: Cycle,
  number: number,
  now: number,
): ClockView | null {
  const pauses = pausesOf(state.fold, clock);
  const stands = outcomeAt(clock, cycle, pauses, now);
  if (stands === null || !Number.isFinite(stands.times.dueAt)) return null;
  const { startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs } = stands.times;
  return {
    rule: clock.rule,
    title: clock.title,
    cycle: number,
    each: cycle.each === '' ? null : cycle.each,
    outcome: stands.outcome,
    warned: wasWarned(cycle),
    startedAt: formatTime(startedAt),
    dueAt: formatTime(dueAt),
    endedAt: endedAt === null ? null : formatTime(endedAt),
    elapsedMs,
    pausedMs,
    overdueMs,
    why: dueReason(state, clock, cycle, pauses, dueAt, pausedMs, endedAt ?? now),
  };
}

function dueReason(
  state: CaseState,
  clock: CompiledClock,
  cycle: Cycle,
  pauses: readonly Span[],
  dueAt: number,
  pausedMs: number,
  until: number,
): DueReason {
  const { startedAt, target } = cycle;
  const within = pauses.filter(
    span => span.from < Math.min(dueAt, until) && (span.to === null || span.to > startedAt),
  );
  const by =
    clock.target.kind === 'by'
      ? { attribute: clock.target.attribute, value: attribute(state, clock.target.attribute) }
      : null;
  const base = target === null ? cycle.fixedDue : baseDue(clock, startedAt, target);
  const duration = target === null ? null : formatDuration(target);
  return {
    startedAt: formatTime(startedAt),
    startedBy: state.events.find(event => event.time === startedAt)?.type ?? null,
    target: duration,
    by,
    calendar: clock.calendar.name,
    withoutPauses: base === null ? null : formatTime(base),
    pauses: within.map(spanText),
    gaps: cycle.gaps.map(spanText),
    pausedMs,
    uncovered: clock.calendar.uncovered(startedAt) || clock.calendar.uncovered(dueAt),
    sentence: sentence(clock, duration, by, startedAt, dueAt, pausedMs),
  };
}

function baseDue(clock: CompiledClock, startedAt: number, target: Duration): number {
  return target.kind === 'time'
    ? clock.calendar.add(startedAt, target.ms)
    : clock.calendar.addBusinessDays(startedAt, target.days, target.sameTime);
}

function sentence(
  clock: CompiledClock,
  duration: string | null,
  by: DueReason['by'],
  startedAt: number,
  dueAt: number,
  pausedMs: number,
): Title {
  const due = formatTime(dueAt);
  const start = formatTime(startedAt);
  if (duration === null) return { zh: `由事件指定：${due}`, en: `Named by the event: ${due}` };
  const calendar = clock.calendar.name;
  const minutes = Math.round(pausedMs / 60_000);
  const zhBy = by ? `（${by.attribute} = ${by.value || '无'}）` : '';
  const enBy = by ? ` (${by.attribute} = ${by.value || 'none'})` : '';
  const zhPause = pausedMs > 0 ? `，暂停 ${minutes} 分钟顺延` : '';
  const enPause = pausedMs > 0 ? `, moved by ${minutes} min of pauses` : '';
  return {
    zh: `自 ${start} 起，按日历“${calendar}”计 ${duration}${zhBy}${zhPause}，到期 ${due}`,
    en: `${duration}${enBy} of calendar "${calendar}" from ${start}${enPause}: due ${due}`,
  };
}

/** A target as the policy language writes it. */
function formatDuration(duration: Duration): string {
  if (duration.kind === 'business-days') return `${duration.days}bd${duration.sameTime ? '@same-time' : ''}`;
  const { ms } = duration;
  for (const [unit, length] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const) {
    if (ms > 0 && ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${ms / 1000}s`;
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
      for (const fact of evaluate(clock, cycle, pauses, queueAt(state.fold), now).facts) {
        const percent: Fields = fact.percent === null ? {} : { percent: fact.percent };
        add(fact.at, fact.state, fact.to === null ? percent : { ...percent, to: fact.to });
      }
    }
  }
  return entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
}

function spanText({ from, to }: Span): { from: string; to: string | null } {
  return { from: formatTime(from), to: to === null ? null : formatTime(to) };
}

function attribute(state: CaseState, path: string): string {
  return text(state.fold.attributes[path]);
}
