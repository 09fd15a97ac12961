// The full account of a backtest: all cases moved on together, in order of time, as a monitor would that is never late.
// At each instant first the deadlines before it, then its events, then the alerts.
import { compareCodePoints, compareEvents, type SlaEvent } from '../contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../engine/case.ts';
import { CellBook } from '../engine/cell-book.ts';
import { caseKey } from '../engine/codec.ts';
import type { Told } from '../engine/tell.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { AlarmHeap } from '../processor/alarm-heap.ts';
import type { EventBook } from './book.ts';
import { Figures } from './figures.ts';
import { type AlertLine, compareTransitions, type TransitionLine } from './lines.ts';
import { CaseStory } from './story.ts';

export interface Account {
  readonly transitions: readonly TransitionLine[];
  readonly alerts: readonly AlertLine[];
}

interface Living {
  readonly state: CaseState;
  readonly story: CaseStory;
}

/** Every transition of clocks and alerts up to `until` (ms since 1970), each list in the contract's order. */
export function replay(policy: CompiledPolicy, book: EventBook, until: number): Account {
  const run = new Replay(policy);
  const events = [...book.cases()]
    .flat()
    .filter(event => event.time <= until)
    .sort(compareAcross);
  for (let i = 0; i < events.length; ) {
    const now = events[i]?.time ?? until;
    run.advance(now);
    for (let event = events[i]; event !== undefined && event.time === now; event = events[++i])
      run.apply(event);
    run.judge(now);
  }
  run.advance(until);
  run.judge(until);
  return {
    transitions: run.transitions.sort(compareTransitions),
    alerts: run.alerts.sort(compareTransitions),
  };
}

/** Events of one instant on different cases: by the contract's order within a case, then by case. */
function compareAcross(a: SlaEvent, b: SlaEvent): number {
  return compareEvents(a, b) || compareCodePoints(a.case, b.case) || compareCodePoints(a.entity, b.entity);
}

class Replay {
  readonly transitions: TransitionLine[] = [];
  readonly alerts: AlertLine[] = [];
  readonly #policy: CompiledPolicy;
  readonly #figures: Figures;
  readonly #cases = new Map<string, Living>();
  readonly #alarms = new AlarmHeap();
  readonly #told: Told = { records: [], cells: new Map() };
  #now = Number.NEGATIVE_INFINITY;

  constructor(policy: CompiledPolicy) {
    this.#policy = policy;
    this.#figures = new Figures(policy, new CellBook());
  }

  /** Time reaches `now`: the deadlines before it are told, and alerts judged at the panes' ends before it, in order. */
  advance(now: number): void {
    for (;;) {
      const alarm = this.#alarms.peek()?.at ?? Number.POSITIVE_INFINITY;
      const paneEnd = this.#figures.nextAt(this.#now);
      if (alarm >= now && paneEnd >= now) break;
      if (alarm < paneEnd) this.#ring(alarm + 1);
      else {
        this.#now = paneEnd;
        this.judge(paneEnd);
      }
    }
    this.#now = now;
  }

  apply(event: SlaEvent): void {
    const key = caseKey(event.entity, event.case);
    let living = this.#cases.get(key);
    if (living === undefined) {
      living = { state: newCase(this.#policy, event.entity, event.case), story: new CaseStory() };
      this.#cases.set(key, living);
    }
    acceptEvent(living.state, event, { now: event.time, id: '', at: event.time }, this.#told);
    this.#settle(key, living, event.time);
  }

  judge(now: number): void {
    this.#figures.judge(now, this.alerts);
  }

  /** Tells the deadlines before `now` of the cases whose alarms come first. */
  #ring(now: number): void {
    for (let next = this.#alarms.peek(); next !== undefined && next.at < now; next = this.#alarms.peek()) {
      this.#alarms.pop();
      this.#now = Math.max(this.#now, next.at);
      const living = this.#cases.get(next.key);
      // The heap keeps what was an alarm once; the case knows its own.
      if (living === undefined || living.state.alarm !== next.at) continue;
      reachTime(living.state, { now, id: '', at: now }, this.#told);
      this.#settle(next.key, living, now);
    }
  }

  #settle(key: string, { state, story }: Living, now: number): void {
    story.tell(state, now, this.transitions);
    this.#figures.take(this.#told.cells, now);
    this.#told.records.length = 0;
    // An alarm that is past already is when a closed case would be forgotten: here none is.
    if (state.alarm >= now && state.alarm < Number.POSITIVE_INFINITY)
      this.#alarms.push({ at: state.alarm, key });
  }
}
