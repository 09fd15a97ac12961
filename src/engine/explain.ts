// Explaining: for each cycle of a case what started it, what counted, what was left out, what moved its due instant,
// what ended it, and where the time went. A supervisor reads the sentences, an auditor adds up the parts. Pure: all of it
// comes from the case's own events, as of an instant. Durations are ms, instants RFC 3339 in UTC.
import type { Title } from '../policy/compiled.ts';
import { formatDuration } from '../policy/duration.ts';
import type { ClockView, DueReason, Explanation } from './account.ts';
import type { CaseState } from './case.ts';
import { coverageMark, uncoveredYear } from './coverage.ts';
import { baseDue, evaluate, outcomeAt, standsAt } from './cycle.ts';
import { businessDaysNote, endNotes } from './due-notes.ts';
import { exclusionsOf } from './exclusions.ts';
import { type Scene, stepsOf } from './explain-steps.ts';
import { Describer } from './explain-text.ts';
import { targetText } from './explain-words.ts';
import { pausesOf, text } from './fold.ts';
import { hygieneOfCycle, STUCK_MS } from './hygiene.ts';
import { instantText } from './instant.ts';
import { countedRanges } from './open-ranges.ts';
import type { Span } from './span.ts';
import { timeParts } from './time-parts.ts';
import { traceCase } from './trace.ts';

/** Ranges of the calendar that are listed for one cycle; their sum covers the rest. */
const RANGES_MAX = 40;
/** Of each clock so many cycles, the latest ones, are explained step by step; all have their times and their reason. */
export const EXPLAINED_CYCLES_MAX = 20;

/** Every cycle of every clock of the case that has been seen, as of `now` (ms since 1970, not before its last evaluation). */
export function explainCase(state: CaseState, now: number): ClockView[] {
  const trace = traceCase(state, now, EXPLAINED_CYCLES_MAX);
  const describe = new Describer(state.policy.timezone);
  return trace.fold.clocks.flatMap(({ clock, cycles }) => {
    const pauses = pausesOf(trace.fold, clock);
    return cycles.flatMap((cycle, i) => {
      const known = trace.cycles.get(cycle);
      if (known === undefined) return [];
      const until = standsAt(cycle, now);
      const account = new CycleAccount({ trace, known, clock, cycle, pauses, now, until, describe });
      return account.view(i + 1, i >= cycles.length - EXPLAINED_CYCLES_MAX) ?? [];
    });
  });
}

class CycleAccount {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  view(number: number, whole: boolean): ClockView | null {
    const { clock, cycle, pauses, trace, now } = this.#scene;
    const stands = outcomeAt(clock, cycle, pauses, now);
    if (stands === null || !Number.isFinite(stands.times.dueAt)) return null;
    const { startedAt, dueAt, endedAt, elapsedMs, pausedMs, overdueMs } = stands.times;
    const facts = evaluate(clock, cycle, pauses, trace.fold.queues, now).facts;
    return {
      rule: clock.rule,
      title: clock.title,
      cycle: number,
      each: cycle.each === '' ? null : cycle.each,
      outcome: stands.outcome,
      warned: facts.some(fact => fact.state === 'warned'),
      startedAt: instantText(startedAt),
      dueAt: instantText(dueAt),
      endedAt: endedAt === null ? null : instantText(endedAt),
      elapsedMs,
      pausedMs,
      overdueMs,
      ...coverageMark(clock, startedAt, dueAt),
      why: this.#why(dueAt, pausedMs),
      explanation: whole ? this.#explanation() : null,
    };
  }

  #why(dueAt: number, pausedMs: number): DueReason {
    const { clock, cycle, pauses, known, trace, until, describe } = this.#scene;
    const { startedAt, target, gaps, fixedDue } = cycle;
    const within = pauses.filter(
      span => span.from < Math.min(dueAt, until) && (span.to === null || span.to > startedAt),
    );
    const by =
      clock.target.kind === 'by'
        ? {
            attribute: clock.target.attribute,
            value: text(trace.fold.attributes[clock.target.attribute]),
          }
        : null;
    const base = target === null ? fixedDue : baseDue(clock, cycle);
    const duration = target === null ? null : targetText(target);
    const unknown = uncoveredYear(clock, startedAt, dueAt);
    return {
      startedAt: instantText(startedAt),
      startedBy: known.startedBy.type,
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
      sentence: describe.reason({
        calendar: clock.calendar.name,
        target: duration,
        by,
        startedAt,
        dueAt,
        pausedMs,
      }),
    };
  }

  #notes(): Title[] {
    const { clock, cycle, trace } = this.#scene;
    const { target, startedAt, end, hidden } = cycle;
    const { timezone } = trace.fold.policy;
    const days =
      target?.kind === 'business-days' ? [businessDaysNote(clock.calendar, timezone, startedAt, target)] : [];
    const isOpen = end === null && hidden === null;
    return isOpen ? [...days, ...endNotes(clock)] : days;
  }

  #explanation(): Explanation {
    const { clock, cycle, pauses, trace, now, until, describe } = this.#scene;
    const { calendar } = clock;
    const { startedAt, gaps } = cycle;
    const left = exclusionsOf(cycle, pauses);
    const counted = countedRanges(calendar, left.all, startedAt, until, RANGES_MAX);
    const parts = timeParts(calendar, left, gaps, trace.holders, startedAt, until);
    const hygiene = hygieneOfCycle(clock, cycle, pauses, now, STUCK_MS);
    return {
      steps: stepsOf(this.#scene, left),
      counted: {
        ranges: counted.ranges.map(({ from, to }) => ({ from: instantText(from), to: instantText(to) })),
        unlistedMs: counted.unlistedMs,
      },
      wholeMs: until - startedAt,
      parts: parts.map(part => ({ ...part, text: describe.part(part) })),
      hygiene,
    };
  }
}

function spanText({ from, to }: Span): { from: string; to: string | null } {
  return { from: instantText(from), to: to === null ? null : instantText(to) };
}
