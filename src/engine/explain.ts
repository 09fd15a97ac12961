// Explaining: for each cycle of a case what started it, what counted, what was left out, what moved its due instant,
// what ended it, and where the time went. A supervisor reads the sentences, an auditor adds up the parts. Pure: all of it
// comes from the case's own events, as of an instant. Durations are ms, instants RFC 3339 in UTC.
import type { SlaEvent } from '../contract/event.ts';
import type { CompiledClock, Title } from '../policy/compiled.ts';
import { formatDuration } from '../policy/duration.ts';
import type { ClockView, DueReason, Explanation, Step, StepKind } from './account.ts';
import type { CaseState } from './case.ts';
import { coverageMark, uncoveredYear } from './coverage.ts';
import { baseDue, type Cycle, evaluate, outcomeAt, standsAt } from './cycle.ts';
import { businessDaysNote, endNotes } from './due-notes.ts';
import { exclusionsOf, openTime } from './exclusions.ts';
import { Describer } from './explain-text.ts';
import { targetText } from './explain-words.ts';
import { pausesOf, text } from './fold.ts';
import { hygieneOfCycle, STUCK_MS } from './hygiene.ts';
import { instantText } from './instant.ts';
import { countedRanges } from './open-ranges.ts';
import type { Span } from './span.ts';
import { timeParts } from './time-parts.ts';
import { type AttributeChange, type CaseTrace, type CycleTrace, type MoveCause, traceCase } from './trace.ts';

/** Ranges of the calendar that are listed for one cycle; their sum covers the rest. */
const RANGES_MAX = 40;
/** Of each clock so many cycles, the latest ones, are explained step by step; all have their times and their reason. */
export const EXPLAINED_CYCLES_MAX = 20;

/** Every cycle of every clock of the case that has been seen, as of `now` (ms since 1970, not before its last evaluation). */
export function explainCase(state: CaseState, now: number): ClockView[] {
  const trace = traceCase(state, now);
  const describe = new Describer(state.policy.timezone);
  return trace.fold.clocks.flatMap(({ clock, cycles }) => {
    const pauses = pausesOf(trace.fold, clock);
    return cycles.flatMap((cycle, i) => {
      const known = trace.cycles.get(cycle);
      if (known === undefined) return [];
      const account = new CycleAccount(trace, known, clock, cycle, pauses, now, describe);
      return account.view(i + 1, i >= cycles.length - EXPLAINED_CYCLES_MAX) ?? [];
    });
  });
}

class CycleAccount {
  readonly #trace: CaseTrace;
  readonly #known: CycleTrace;
  readonly #clock: CompiledClock;
  readonly #cycle: Cycle;
  readonly #now: number;
  /** Where the cycle's own time ends. */
  readonly #until: number;
  readonly #describe: Describer;
  readonly #pauses: readonly Span[];

  constructor(
    trace: CaseTrace,
    known: CycleTrace,
    clock: CompiledClock,
    cycle: Cycle,
    pauses: readonly Span[],
    now: number,
    describe: Describer,
  ) {
    this.#trace = trace;
    this.#known = known;
    this.#clock = clock;
    this.#cycle = cycle;
    this.#now = now;
    this.#until = standsAt(cycle, now);
    this.#describe = describe;
    this.#pauses = pauses;
  }

  view(number: number, whole: boolean): ClockView | null {
    const stands = outcomeAt(this.#clock, this.#cycle, this.#pauses, this.#now);
    if (stands === null || !Number.isFinite(stands.times.dueAt)) return null;
    const { startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs } = stands.times;
    const facts = evaluate(this.#clock, this.#cycle, this.#pauses, this.#trace.fold.queues, this.#now).facts;
    return {
      rule: this.#clock.rule,
      title: this.#clock.title,
      cycle: number,
      each: this.#cycle.each === '' ? null : this.#cycle.each,
      outcome: stands.outcome,
      warned: facts.some(fact => fact.state === 'warned'),
      startedAt: instantText(startedAt),
      dueAt: instantText(dueAt),
      endedAt: endedAt === null ? null : instantText(endedAt),
      elapsedMs,
      pausedMs,
      overdueMs,
      ...coverageMark(this.#clock, startedAt, dueAt),
      why: this.#why(dueAt, pausedMs),
      explanation: whole ? this.#explanation(dueAt) : null,
    };
  }

  #why(dueAt: number, pausedMs: number): DueReason {
    const clock = this.#clock;
    const { startedAt, target, gaps, fixedDue } = this.#cycle;
    const within = this.#pauses.filter(
      span => span.from < Math.min(dueAt, this.#until) && (span.to === null || span.to > startedAt),
    );
    const by =
      clock.target.kind === 'by'
        ? {
            attribute: clock.target.attribute,
            value: text(this.#trace.fold.attributes[clock.target.attribute]),
          }
        : null;
    const base = target === null ? fixedDue : baseDue(clock, this.#cycle);
    const duration = target === null ? null : targetText(target);
    const unknown = uncoveredYear(clock, startedAt, dueAt);
    return {
      startedAt: instantText(startedAt),
      startedBy: this.#known.startedBy.type,
      target: target === null ? null : formatDuration(target),
      by,
      calendar: clock.calendar.name,
      withoutPauses: base === null ? null : instantText(base),
      pauses: within.map(spanText),
      gaps: gaps.map(spanText),
      pausedMs,
      uncovered: unknown !== null,
      uncoveredYear: unknown,
      notes: this.#notes(),
      sentence: this.#describe.reason(clock.calendar.name, duration, by, startedAt, dueAt, pausedMs),
    };
  }

  #notes(): Title[] {
    const { target, startedAt, end, hidden } = this.#cycle;
    const { timezone } = this.#trace.fold.policy;
    const { calendar } = this.#clock;
    const days =
      target?.kind === 'business-days' ? [businessDaysNote(calendar, timezone, startedAt, target)] : [];
    const isOpen = end === null && hidden === null;
    return isOpen ? [...days, ...endNotes(this.#clock)] : days;
  }

  #explanation(dueAt: number): Explanation {
    const { calendar } = this.#clock;
    const { startedAt, gaps } = this.#cycle;
    const left = exclusionsOf(this.#cycle, this.#pauses);
    const counted = countedRanges(calendar, left.all, startedAt, this.#until, RANGES_MAX);
    const parts = timeParts(calendar, left, gaps, this.#trace.holders, startedAt, this.#until);
    const hygiene = hygieneOfCycle(this.#clock, this.#cycle, this.#pauses, this.#now, STUCK_MS);
    return {
      steps: this.#steps(left.pauses, dueAt),
      counted: {
        ranges: counted.ranges.map(({ from, to }) => ({ from: instantText(from), to: instantText(to) })),
        unlistedMs: counted.unlistedMs,
      },
      wholeMs: this.#until - startedAt,
      parts: parts.map(part => ({ ...part, text: this.#describe.part(part) })),
      hygiene,
    };
  }

  /** In order of time; at one instant in the order of their causes: events before deadlines. */
  #steps(pauses: readonly Span[], dueAt: number): Step[] {
    const steps = [
      ...this.#moveSteps(),
      ...this.#pauseSteps(pauses, dueAt),
      ...this.#gateSteps(),
      ...this.#factSteps(),
    ];
    return steps.sort((a, b) => a.at - b.at || a.order - b.order).map(({ step }) => step);
  }

  #moveSteps(): Placed[] {
    const { moves, startedBy } = this.#known;
    const { startedAt } = this.#cycle;
    const { target } = this.#cycle;
    const duration = target === null ? null : targetText(target);
    const placed: Placed[] = [];
    for (const [i, move] of moves.entries()) {
      const first = i === 0;
      // What a pause moved is told with its end, or as it stands while it is on.
      const seen = move.event ?? null;
      const gate = first && move.cause !== 'start';
      if (gate)
        placed.push(
          this.#step(startedAt, 0, 'started', startedBy, this.#describe.began(startedAt, startedBy)),
        );
      const sentence =
        first && !gate
          ? this.#describe.started(startedAt, startedBy, this.#clock.calendar.name, duration, move.to)
          : this.#describe.moved(move, this.#clock.calendar.name);
      placed.push(
        this.#step(move.at, first ? 0 : 2, first && !gate ? 'started' : 'moved', seen, sentence, {
          cause: move.cause,
          changes: move.changes,
          dueFrom: move.from,
          dueTo: move.to,
        }),
      );
    }
    return placed;
  }

  #pauseSteps(pauses: readonly Span[], dueAt: number): Placed[] {
    const placed: Placed[] = [];
    const { calendar } = this.#clock;
    const { startedAt, fixedDue } = this.#cycle;
    for (const { from, to } of pauses) {
      const begin = Math.max(from, startedAt);
      const end = Math.min(to ?? this.#until, this.#until);
      if (end <= begin && !(to === null && begin <= this.#until && this.#cycle.end === null)) continue;
      const effect = fixedDue !== null ? 'named' : from >= dueAt ? 'late' : 'moves';
      const began = this.#trace.pauseBegan.get(from) ?? null;
      placed.push(this.#step(begin, 1, 'paused', began, this.#describe.paused(begin, from, began, effect)));
      if (to === null || to > this.#until) continue;
      const ended = this.#trace.pauseEnded.get(to) ?? null;
      const pausedMs = openTime([{ from, to }], calendar, startedAt, this.#until);
      const sentence = this.#describe.resumed(to, ended, pausedMs);
      placed.push(this.#step(to, 1, 'resumed', ended, sentence, { pausedMs }));
    }
    return placed;
  }

  #gateSteps(): Placed[] {
    const { hiddenBy, reopenedBy } = this.#known;
    return [
      ...hiddenBy.map(event => this.#step(event.time, 2, 'hidden', event, this.#describe.hidden(event))),
      ...reopenedBy.map(event =>
        this.#step(event.time, 1, 'reopened', event, this.#describe.reopened(event)),
      ),
    ];
  }

  #factSteps(): Placed[] {
    const { atOnce, ladder, evidence } = this.#clock;
    const told = evidence ? [] : ladder.filter(({ afterMs }) => afterMs === 0).map(({ to }) => to);
    const { queues } = this.#trace.fold;
    const { facts, begun } = evaluate(this.#clock, this.#cycle, this.#pauses, queues, this.#now);
    const steps = facts.map(fact => {
      const event = this.#eventOf(fact.state);
      return this.#step(
        fact.at,
        event === null ? 4 : 3,
        fact.state,
        event,
        this.#describe.fact(fact, event, told),
      );
    });
    if (begun === null || atOnce === null) return steps;
    return [this.#step(begun.at, 2, 'action', null, this.#describe.atOnce(begun.at, atOnce)), ...steps];
  }

  #eventOf(state: StepKind): SlaEvent | null {
    const { endedBy, waivedBy, hiddenBy } = this.#known;
    switch (state) {
      case 'met':
      case 'missed':
        return endedBy;
      case 'cancelled':
        return this.#cycle.hidden === null ? endedBy : (hiddenBy.at(-1) ?? null);
      case 'waived':
        return waivedBy;
      default:
        return null;
    }
  }

  #step(
    at: number,
    order: number,
    kind: StepKind,
    event: SlaEvent | null,
    sentence: Title,
    more: {
      readonly cause?: MoveCause;
      readonly changes?: readonly AttributeChange[];
      readonly dueFrom?: number | null;
      readonly dueTo?: number | null;
      readonly pausedMs?: number;
    } = {},
  ): Placed {
    const { cause = null, changes = [], dueFrom = null, dueTo = null, pausedMs = null } = more;
    const step: Step = {
      at: instantText(at),
      kind,
      cause,
      event: event === null ? null : { type: event.type, id: event.id, source: event.source },
      changes,
      dueFrom: dueFrom === null ? null : instantText(dueFrom),
      dueTo: dueTo === null ? null : instantText(dueTo),
      pausedMs,
      text: sentence,
    };
    return { at, order, step };
  }
}

interface Placed {
  readonly at: number;
  readonly order: number;
  readonly step: Step;
}

function spanText({ from, to }: Span): { from: string; to: string | null } {
  return { from: instantText(from), to: to === null ? null : instantText(to) };
}
