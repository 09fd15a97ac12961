// What CONTRACT.md says of clocks (section 3), written a second time, from its words alone: as plainly and slowly as
// they read, and without any of the engine. For each instant at which a case is looked at, everything is worked out anew
// from the first event on. Here: which cycles there are, when each began and how it ended.
import { compareEvents, type SlaEvent } from '../../src/contract/event.ts';
import { isEvent, isStartBy, type ModelClock, type Moment, momentsOf, pausesOf } from './clock-model-case.ts';
import { type Cycle, type End, figuresOf, type ModelOutcome } from './clock-model-figures.ts';

/** A start that waits for `when`, which only clocks with `retroactive: false` have. */
type Waiting = Pick<Cycle, 'key' | 'begunBy' | 'named'>;

export function modelOutcomes(clock: ModelClock, events: readonly SlaEvent[], until: number): ModelOutcome[] {
  const known = events.filter(({ time }) => time <= until).sort(compareEvents);
  const moments = momentsOf(clock, known);
  const pauses = pausesOf(moments, clock.pause.length, until);
  const waived = new Run(clock).waived(moments);
  return new Run(clock)
    .through(moments)
    .map(cycle => ({ ...cycle, isWaived: waived.has(nameOf(cycle)) }))
    .sort((a, b) => a.start - b.start || a.begunBy - b.begunBy)
    .map((cycle, i) => ({
      rule: clock.rule,
      cycle: i + 1,
      ...figuresOf(clock, cycle, pauses, moments.at(-1)?.paused.includes(true) ?? false, until),
    }));
}

/** The latest event with which `when` held decides: what came after it only ended what was open then. */
class Run {
  readonly #clock: ModelClock;
  readonly #cycles: Cycle[] = [];
  #waiting: Waiting[] = [];
  #next: Waiting[] = [];
  /** The duration that the target has now, or else the last that it had since there was anything to start. */
  #duration: string | null = null;

  constructor(clock: ModelClock) {
    this.#clock = clock;
  }

  through(moments: readonly Moment[]): Cycle[] {
    const last = moments.findLastIndex(({ holds }) => holds);
    for (const moment of moments.slice(0, last + 1)) this.#apply(moment);
    const closing = last < 0 ? undefined : moments[last + 1];
    if (closing !== undefined) {
      this.#end(closing);
      for (const cycle of this.#open()) cycle.end = { at: closing.event.time, by: 'gate' };
    }
    return this.#cycles;
  }

  /** Which cycles are waived, if those that `when` ended are taken for open. */
  waived(moments: readonly Moment[]): ReadonlySet<string> {
    for (const moment of moments) this.#apply(moment);
    return new Set(this.#cycles.filter(({ isWaived }) => isWaived).map(nameOf));
  }

  #apply(moment: Moment): void {
    this.#end(moment);
    this.#startWaiting(moment);
    this.#reopen(moment);
    this.#start(moment);
    this.#startWaiting(moment);
  }

  #isWaiver({ type, fields }: SlaEvent): boolean {
    return type === 'ticket.waived' && fields.rule === this.#clock.rule;
  }

  #open(): Cycle[] {
    return this.#cycles.filter(({ end }) => end === null);
  }

  /** Stops, then cancels. What is waived or merged comes with them. */
  #end(moment: Moment): void {
    const { event } = moment;
    const isBlank = this.#cycles.length === 0 && this.#waiting.length === 0;
    this.#duration = moment.duration ?? (isBlank ? null : this.#duration);
    for (const cycle of this.#cycles)
      if (cycle.end === null || (cycle.duration === null && moment.holds)) cycle.duration = this.#duration;
    const ended = (by: End['by'], open: readonly Cycle[]) => {
      for (const cycle of open) cycle.end = { at: event.time, by };
    };
    const isOf = ({ key }: Waiting) => this.#clock.each === null || key === this.#keyOf(event);
    const next: Waiting[] = [];
    if (this.#clock.stop.some(test => isEvent(test, moment))) {
      const stopped = [...this.#open(), ...this.#waiting].filter(isOf);
      if (this.#clock.repeat)
        for (const { key } of stopped) next.push({ key, begunBy: moment.index, named: null });
      ended('stop', this.#open().filter(isOf));
      this.#waiting = this.#waiting.filter(one => !isOf(one));
    }
    if (this.#clock.cancel.some(test => isEvent(test, moment))) {
      ended('cancel', this.#open().filter(isOf));
      this.#waiting = this.#waiting.filter(one => !isOf(one));
    }
    // The next cycle starts with the starts of this event: its own cancel is before that.
    this.#next = next;
    if (event.type === 'ticket.merged') {
      ended('merge', this.#open());
      this.#waiting = [];
    }
    if (this.#isWaiver(event)) {
      const open = this.#open();
      for (const cycle of open.length > 0 ? open : this.#cycles.slice(-1)) cycle.isWaived = true;
      ended('waiver', open);
    }
  }

  #reopen({ event, holds, index }: Moment): void {
    const latest = this.#cycles.at(-1);
    if (event.type !== 'ticket.reopened' || !holds || this.#clock.each !== null) return;
    if (latest?.end?.by !== 'stop' || latest.isWaived) return;
    if (this.#clock.reopen === 'continue') {
      latest.gaps.push({ from: latest.end.at, to: event.time });
      latest.end = null;
      latest.duration = this.#duration;
    }
    if (this.#clock.reopen === 'restart')
      this.#begin({ key: '', begunBy: index, named: null }, event.time, this.#duration);
  }

  #start(moment: Moment): void {
    const { event, index } = moment;
    const wanted = this.#next;
    const key = this.#clock.each === null ? '' : this.#keyOf(event);
    const named = this.#namedBy(event);
    const isStart = this.#clock.start.some(one => isStartBy(one, moment));
    if (isStart && key !== null && named !== undefined) wanted.push({ key, begunBy: index, named });
    for (const one of wanted) {
      const isTaken = [...this.#open(), ...this.#waiting].some(other => other.key === one.key);
      if (!isTaken) this.#waiting.push(one);
    }
  }

  #startWaiting({ event, holds }: Moment): void {
    if (!holds && !this.#clock.retroactive) return;
    for (const one of this.#waiting)
      if (!this.#open().some(({ key }) => key === one.key)) this.#begin(one, event.time, this.#duration);
    this.#waiting = [];
  }

  #begin({ key, begunBy, named }: Waiting, start: number, duration: string | null): void {
    this.#cycles.push({ key, begunBy, named, start, duration, end: null, isWaived: false, gaps: [] });
  }

  /** The value by which cycles run side by side; null where the event has none. */
  #keyOf(event: SlaEvent): string | null {
    const value = this.#clock.each === null ? '' : event.fields[this.#clock.each];
    return value === undefined ? null : String(value);
  }

  /** The instant that a start event names; undefined where it should and does not; null where none is asked for. */
  #namedBy(event: SlaEvent): number | null | undefined {
    const { target } = this.#clock;
    if (typeof target === 'string' || !('at' in target)) return null;
    const value = event.fields[target.at];
    return value === undefined ? undefined : Date.parse(String(value));
  }
}

const nameOf = ({ key, begunBy, start }: Cycle): string => `${start} ${begunBy} ${key}`;
