// A plain model of the cycles of simple clocks, written from CONTRACT.md, section 3: on a calendar that is always open, with
// a duration as target, a pause, conditions, and reopening. Part of the model of figures; other clocks are not modelled.
import type { SlaEvent } from '../../src/contract/event.ts';
import { type Attributes, type Case, type Condition, holdsFor, meets, type Tests } from './case-model.ts';

export interface ClockSpec {
  readonly rule: string;
  readonly start: readonly Condition[];
  readonly stop: readonly Condition[];
  readonly cancel: readonly Condition[];
  readonly pause: { readonly from: readonly Condition[]; readonly to: readonly Condition[] } | null;
  readonly when: Tests;
  /** By the value of an attribute, or the same for all. */
  readonly target:
    | number
    | { readonly by: string; readonly values: Readonly<Record<string, number>>; readonly else?: number };
  readonly reopen: 'ignore' | 'continue' | 'restart';
}

/** How a cycle stands that counts in a share: as met since its stop, or as not met since its due instant. */
export interface CycleResult {
  readonly isMet: boolean;
  readonly at: number;
}

interface Span {
  readonly from: number;
  to: number | null;
}

interface Cycle {
  readonly startedAt: number;
  /** Between a stop and the reopening after it. */
  readonly gaps: Span[];
  targetMs: number | null;
  end: 'stop' | 'cancel' | 'merge' | 'waiver' | null;
  endedAt: number | null;
  /** It had ended while the clock's condition held: such a cycle stays. */
  stays: boolean;
}

/** The cycles of one case that count in the share of a clock, as of `at`. */
export function resultsOf(clock: ClockSpec, one: Case, at: number): CycleResult[] {
  const run = new Run(clock);
  for (const [event, attributes] of one.events) run.take(event, attributes);
  return run.results(at);
}

class Run {
  readonly #clock: ClockSpec;
  readonly #cycles: Cycle[] = [];
  readonly #pauses: Span[] = [];
  #holds = false;

  constructor(clock: ClockSpec) {
    this.#clock = clock;
  }

  /** Within one event: attributes, pauses, stop, cancel, `when`, start; and reopening before a start. */
  take(event: SlaEvent, attributes: Attributes): void {
    const { start, stop, cancel, when, reopen, rule } = this.#clock;
    const isOne = (conditions: readonly Condition[]) => conditions.some(one => meets(one, event, attributes));
    const { time } = event;
    const latest = this.#cycles.at(-1);
    const targetMs = this.#targetOf(attributes);
    // The target follows its attribute until a cycle ends; one that ended before there was any value takes the first.
    for (const cycle of this.#cycles)
      if (cycle.end === null || cycle.targetMs === null) cycle.targetMs = targetMs ?? cycle.targetMs;
    this.#pause(time, isOne);
    if (isOne(stop)) end(latest, 'stop', time);
    if (isOne(cancel)) end(latest, 'cancel', time);
    if (event.type === 'ticket.merged') end(latest, 'merge', time);
    if (event.type === 'ticket.waived' && event.fields.rule === rule && latest !== undefined) {
      latest.endedAt ??= time;
      latest.end = 'waiver';
    }
    // What this event ended was there until now, if the condition held before.
    if (this.#holds) this.#keep();
    // While the attribute of a target has no value it is as if the condition did not hold.
    this.#holds = holdsFor(when, attributes) && targetMs !== null;
    if (event.type === 'ticket.reopened' && this.#holds && latest?.end === 'stop') {
      if (reopen === 'restart') this.#begin(time, targetMs);
      if (reopen === 'continue' && latest.endedAt !== null) {
        latest.gaps.push({ from: latest.endedAt, to: time });
        Object.assign(latest, {
          end: null,
          endedAt: null,
          stays: false,
          targetMs: targetMs ?? latest.targetMs,
        });
      }
    }
    if (isOne(start) && this.#cycles.at(-1)?.end !== null) this.#begin(time, targetMs);
    if (this.#holds) this.#keep();
  }

  #keep(): void {
    for (const cycle of this.#cycles) cycle.stays ||= cycle.end !== null;
  }

  results(at: number): CycleResult[] {
    return this.#cycles
      .filter(({ stays, end }) => (this.#holds || stays) && end !== 'merge' && end !== 'waiver')
      .flatMap((cycle): CycleResult[] => {
        const dueAt = this.#dueAt(cycle, at);
        if ((cycle.endedAt ?? at) > dueAt) return [{ isMet: false, at: dueAt }];
        return cycle.end === 'stop' && cycle.endedAt !== null ? [{ isMet: true, at: cycle.endedAt }] : [];
      });
  }

  #begin(startedAt: number, targetMs: number | null): void {
    if (this.#cycles.at(-1)?.end === null) return;
    this.#cycles.push({ startedAt, gaps: [], targetMs, end: null, endedAt: null, stays: false });
  }

  /** A second beginning changes nothing; what is both ends a pause that is on, else begins one. */
  #pause(time: number, isOne: (conditions: readonly Condition[]) => boolean): void {
    const { pause } = this.#clock;
    if (pause === null) return;
    const latest = this.#pauses.at(-1);
    if (latest?.to === null) {
      if (isOne(pause.to)) latest.to = time;
    } else if (isOne(pause.from)) this.#pauses.push({ from: time, to: null });
  }

  #targetOf(attributes: Attributes): number | null {
    const { target } = this.#clock;
    if (typeof target === 'number') return target;
    return target.values[String(attributes[target.by] ?? '')] ?? target.else ?? null;
  }

  /** The start and the target, and what did not count: pauses and gaps that began before the due instant of then. */
  #dueAt({ startedAt, endedAt, targetMs, gaps }: Cycle, at: number): number {
    let dueAt = startedAt + (targetMs ?? 0);
    let counted = startedAt;
    const last = endedAt ?? at;
    for (const { from, to } of [...this.#pauses, ...gaps].sort((a, b) => a.from - b.from)) {
      const begins = Math.max(from, counted);
      const ends = Math.min(to ?? last, last);
      if (ends <= begins) continue;
      if (begins < dueAt) dueAt += ends - begins;
      counted = ends;
    }
    return dueAt;
  }
}

function end(cycle: Cycle | undefined, how: NonNullable<Cycle['end']>, time: number): void {
  if (cycle === undefined || cycle.end !== null) return;
  cycle.end = how;
  cycle.endedAt = time;
}
