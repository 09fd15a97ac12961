// One case of a full account, moved on in order of time, as a monitor would that is never late: at each instant first
// the deadlines before it, then its events. It needs no other case, so that cases can be run one after the other.
import { cellParts, isPaneCell } from '../contract/cells.ts';
import type { SlaEvent } from '../contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../engine/case.ts';
import type { Told } from '../engine/tell.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { TransitionLine } from './lines.ts';
import { CaseStory } from './story.ts';

/** What a step of a case changed in figures that alerts watch. Steps of all cases together make the alerts. */
export interface FigureStep {
  /** The instant of the event, or of the deadline that passed: what a deadline changes is known just after it. */
  readonly at: number;
  readonly kind: 'event' | 'deadline';
  readonly cells: readonly (readonly [key: string, change: number])[];
}

/** By instant; events of an instant come before its deadlines. */
export function compareSteps(a: FigureStep, b: FigureStep): number {
  return a.at - b.at || Number(a.kind === 'deadline') - Number(b.kind === 'deadline');
}

/** Where the account of cases goes. */
export interface CaseSink {
  transition(line: TransitionLine): void;
  /** Null: nobody watches figures. */
  readonly step: ((step: FigureStep) => void) | null;
}

export class CaseRunner {
  readonly #policy: CompiledPolicy;
  readonly #sink: CaseSink;
  readonly #watched: ReadonlySet<string>;
  readonly #told: Told = { records: [], cells: new Map() };

  constructor(policy: CompiledPolicy, sink: CaseSink) {
    this.#policy = policy;
    this.#sink = sink;
    this.#watched = new Set(policy.indicators.filter(({ alert }) => alert !== null).map(({ rule }) => rule));
  }

  /** Runs a case from its events in order, up to `until` (ms since 1970); the state it comes to. */
  run(events: readonly SlaEvent[], until: number): CaseState | null {
    const [first] = events;
    if (first === undefined || first.time > until) return null;
    const state = newCase(this.#policy, first.entity, first.case);
    const story = new CaseStory();
    for (const event of events) {
      if (event.time > until) break;
      this.#ring(state, story, event.time);
      acceptEvent(state, event, { now: event.time, id: '', at: event.time }, this.#told);
      this.#settle(state, story, event.time, event.time, 'event');
    }
    this.#ring(state, story, until);
    return state;
  }

  /** Tells the deadlines before `now`, each at its instant. */
  #ring(state: CaseState, story: CaseStory, now: number): void {
    for (let alarm = state.alarm; alarm < now; ) {
      const after = alarm + 1;
      reachTime(state, { now: after, id: '', at: after }, this.#told);
      this.#settle(state, story, after, alarm, 'deadline');
      // An alarm that is past already is when a closed case would be forgotten: here none is.
      alarm = state.alarm >= after ? state.alarm : Number.POSITIVE_INFINITY;
    }
  }

  #settle(state: CaseState, story: CaseStory, now: number, at: number, kind: FigureStep['kind']): void {
    const lines: TransitionLine[] = [];
    story.tell(state, now, lines);
    for (const line of lines) this.#sink.transition(line);
    const { step } = this.#sink;
    if (step !== null) {
      const cells = [...this.#told.cells].filter(([key]) => this.#isWatched(key));
      if (kind === 'event' || cells.length > 0) step({ at, kind, cells });
    }
    this.#told.cells.clear();
    this.#told.records.length = 0;
  }

  #isWatched(key: string): boolean {
    const kind = key.charAt(0);
    if (kind !== 'l' && kind !== 'q' && !isPaneCell(key)) return false;
    return this.#watched.has(cellParts(key)[1] ?? '');
  }
}
