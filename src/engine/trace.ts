// A case's life with its causes: the fold run once more from the first event, noting which event began, moved, paused
// and ended each cycle. The fold itself keeps none of this, since nothing that is decided depends on it.
import type { FieldValue, SlaEvent } from '../contract/event.ts';
import type { CompiledClock, Duration } from '../policy/compiled.ts';
import type { CaseState } from './case.ts';
import { type Cycle, dueAsOf, type Evaluation, evaluate } from './cycle.ts';
import { Findings } from './findings.ts';
import { applyEvent, type CaseFold, clockOf, emptyFold, pausesOf } from './fold.ts';
import type { Span } from './span.ts';
import { type HolderSpan, HolderTrack } from './time-parts.ts';
import { type Touch, touchOf } from './touch.ts';

/** Why a due instant is another than before. */
export type MoveCause = 'start' | 'gate' | 'target' | 'reopening' | 'pause';

export interface AttributeChange {
  readonly path: string;
  readonly from: FieldValue | null;
  readonly to: FieldValue | null;
}

/** A due instant moved, ms since 1970. `from` is null where it became known; the moves of a cycle form a chain. */
export interface DueMove {
  readonly at: number;
  readonly from: number | null;
  readonly to: number;
  readonly cause: MoveCause;
  /** The target since then; null for an instant that an event named. */
  readonly target: Duration | null;
  /** Null for a pause that is still on. */
  readonly event: SlaEvent | null;
  /** Attributes that the clock reads and the event changed. */
  readonly changes: readonly AttributeChange[];
}

/** A stop that was undone: the cycle went on when the case was reopened. */
export interface UndoneStop {
  readonly stoppedBy: SlaEvent;
  readonly reopenedBy: SlaEvent;
}

/** An event by which a rule applies no more, or again, and the attributes that the clock reads and it changed. */
export interface GateMove {
  readonly event: SlaEvent;
  readonly changes: readonly AttributeChange[];
}

/** What is known of a cycle. Of all but the latest ones of a clock only `startedBy` holds. */
export interface CycleTrace {
  readonly startedBy: SlaEvent;
  readonly moves: DueMove[];
  endedBy: SlaEvent | null;
  waivedBy: SlaEvent | null;
  /** What shut the gate while it was open, and what opened it again. */
  readonly hiddenBy: GateMove[];
  readonly shownBy: GateMove[];
  readonly undoneStops: UndoneStop[];
  readonly findings: Findings;
}

export interface CaseTrace {
  readonly fold: CaseFold;
  readonly cycles: ReadonlyMap<Cycle, CycleTrace>;
  readonly holders: readonly HolderSpan[];
  /** The place of each event among the case's. */
  readonly places: ReadonlyMap<SlaEvent, number>;
  /** The event that began or ended a pause of the clock at an instant; null when none did. */
  pauseBegan(clock: CompiledClock, at: number): SlaEvent | null;
  pauseEnded(clock: CompiledClock, at: number): SlaEvent | null;
}

interface Tracking extends CycleTrace {
  /** The due instant as of the last look; null while the cycle has not been seen. */
  due: number | null;
  /** Where the due instant stood when the pause that is on began to move it; null when none does. */
  heldFrom: number | null;
  /** The instant as of which `due` was found; pauses since then have moved it each by its own length. */
  lookedAt: number;
  /** No deadline of it lies before this. Found while no pause was on: one only postpones what lies ahead of it. */
  quietUntil: number;
}

/**
 * Runs the events that have applied, as of `now` (ms since 1970). Only the `latest` cycles of each clock are followed
 * through every event: a case may have thousands that stay open, and each would be looked at again and again.
 */
export function traceCase(state: CaseState, now: number, latest: number): CaseTrace {
  const run = new Trace(state, latest);
  for (let i = 0; i < state.applied; i++) {
    const event = state.events[i];
    if (event !== undefined) run.apply(event, state.events, i);
  }
  run.finish(now);
  return run;
}

interface Before {
  readonly copies: ReadonlyMap<Cycle, Cycle>;
  /** How many cycles there were. */
  readonly count: number;
  readonly pauses: readonly Span[];
}

class Trace implements CaseTrace {
  readonly fold: CaseFold;
  readonly cycles = new Map<Cycle, Tracking>();
  readonly #holders = new HolderTrack();
  readonly places = new Map<SlaEvent, number>();
  /** By the pause's index and the instant. */
  readonly #pauseBegan = new Map<string, SlaEvent>();
  readonly #pauseEnded = new Map<string, SlaEvent>();
  readonly #latest: number;

  constructor({ policy, entity }: CaseState, latest: number) {
    this.fold = emptyFold(policy, entity, true);
    this.#latest = latest;
  }

  get holders(): readonly HolderSpan[] {
    return this.#holders.spans;
  }

  pauseBegan({ pauses }: CompiledClock, at: number): SlaEvent | null {
    return anyOf(this.#pauseBegan, pauses, at);
  }

  pauseEnded({ pauses }: CompiledClock, at: number): SlaEvent | null {
    return anyOf(this.#pauseEnded, pauses, at);
  }

  apply(event: SlaEvent, events: readonly SlaEvent[], n: number): void {
    const { fold } = this;
    this.places.set(event, n);
    const touch = touchOf(fold, event);
    const before = this.#copies(touch);
    const attributes = fold.attributes;
    const { pauses } = fold;
    applyEvent(fold, events, n, touch);
    this.#holders.apply(event, fold.attributes);
    for (const [index, spans] of fold.pauses) this.#trackPause(index, pauses.get(index), spans, event);
    for (const index of touch.concern.clocks) {
      const found = clockOf(fold, index);
      if (found === undefined) continue;
      const changes = touch.changed
        .filter(path => found.clock.reads.includes(path))
        .map(path => ({ path, from: attributes[path] ?? null, to: fold.attributes[path] ?? null }));
      const was = before.get(index);
      const pausesNow = pausesOf(fold, found.clock);
      for (const [cycle, copy] of was?.copies ?? [])
        this.#track(
          found.clock,
          cycle,
          event,
          { cycle: copy, pauses: was?.pauses ?? [] },
          pausesNow,
          changes,
        );
      for (const cycle of found.cycles.slice(was?.count ?? 0))
        this.#track(found.clock, cycle, event, null, pausesNow, changes);
    }
  }

  finish(now: number): void {
    for (const { clock, cycles } of this.fold.clocks) {
      const pauses = pausesOf(this.fold, clock);
      for (const cycle of cycles.slice(-this.#latest)) {
        const tracking = this.cycles.get(cycle);
        if (tracking === undefined) continue;
        recede(tracking, finite(dueAsOf(clock, cycle, pauses, now)));
        settlePause(tracking, now, null, cycle.target);
        tracking.findings.passTime(evaluate(clock, cycle, pauses, this.fold.queues, now));
      }
    }
  }

  /**
   * The cycles that the event may change, as they are before it: those that are open or out of sight, and each clock's
   * latest. One that is not among the latest now never will be.
   */
  #copies({ concern: { clocks } }: Touch): Map<number, Before> {
    const found = new Map<number, Before>();
    for (const index of clocks) {
      const fold = clockOf(this.fold, index);
      if (fold === undefined) continue;
      const latest = fold.cycles.at(-1);
      const live = fold.cycles
        .slice(-this.#latest)
        .filter(
          cycle => cycle.end === null || cycle === latest || cycle.shownAt === null || cycle.hidden !== null,
        );
      found.set(index, {
        copies: new Map(live.map(cycle => [cycle, { ...cycle }])),
        count: fold.cycles.length,
        pauses: pausesOf(this.fold, fold.clock),
      });
    }
    return found;
  }

  /** A pause that was on for no time at all was none: it ends nothing, and the next one of its instant takes its place. */
  #trackPause(
    index: number,
    before: readonly Span[] | undefined,
    spans: readonly Span[],
    event: SlaEvent,
  ): void {
    if (before === spans) return;
    const key = `${index} ${event.time}`;
    const last = spans.at(-1);
    const wasOn = before?.at(-1)?.to === null;
    if (last?.to === null && !wasOn) this.#pauseBegan.set(key, event);
    else if (wasOn && spans.length < before.length) this.#pauseBegan.delete(key);
    else if (wasOn && last?.to === event.time && spans.length === before.length)
      this.#pauseEnded.set(key, event);
  }

  /** `was`: the cycle as it was before the event; null for one that the event began. */
  #track(
    clock: CompiledClock,
    cycle: Cycle,
    event: SlaEvent,
    was: { readonly cycle: Cycle; readonly pauses: readonly Span[] } | null,
    pauses: readonly Span[],
    changes: readonly AttributeChange[],
  ): void {
    const known = this.cycles.get(cycle);
    if (known === undefined || was === null) {
      const tracking = trackingOf(event);
      this.cycles.set(cycle, tracking);
      const due = finite(this.#look(tracking, clock, cycle, pauses, event).dueAt);
      if (due !== null) move(tracking, event, due, 'start', cycle.target, changes);
      return;
    }
    const before = was.cycle;
    const isSame = !isOtherwise(before, cycle);
    const isQuiet = isSame && event.time <= known.quietUntil;
    const ended = cycle.end !== null || cycle.hidden !== null;
    // A pause that begins moves nothing yet, one that goes on is looked at when it ends, and after the end none matters.
    if (isQuiet && (ended || was.pauses === pauses || was.pauses.at(-1)?.to !== null)) return;
    const due =
      (isQuiet ? dueAfterPause(known, clock, cycle, was.pauses.at(-1), event.time) : null) ??
      finite(dueAsOf(clock, cycle, pauses, event.time));
    // What a pause has postponed lies ahead, and is the same at its last instant and just after it.
    const dueWas = isQuiet ? due : finite(dueAsOf(clock, before, was.pauses, event.time));
    if (!isQuiet) {
      known.findings.passTime(evaluate(clock, before, was.pauses, this.fold.queues, event.time));
      this.#look(known, clock, cycle, pauses, event);
    }
    recede(known, dueWas);
    if (ended || pauses.at(-1)?.to !== null || due !== dueWas)
      settlePause(known, event.time, event, before.target);
    if (due !== null && due !== dueWas)
      move(known, event, due, causeOf(before, cycle), cycle.target, changes);
    noteEvent(known, before, cycle, { event, changes });
  }

  /** Notes what is true of the cycle after the event, and until when that changes by nothing but events. */
  #look(
    known: Tracking,
    clock: CompiledClock,
    cycle: Cycle,
    pauses: readonly Span[],
    event: SlaEvent,
  ): Evaluation {
    const found = evaluate(clock, cycle, pauses, this.fold.queues, event.time);
    known.findings.learn(found, event);
    known.lookedAt = event.time;
    if (pauses.at(-1)?.to !== null) known.quietUntil = found.nextAt;
    return found;
  }
}

function trackingOf(startedBy: SlaEvent): Tracking {
  return {
    startedBy,
    moves: [],
    endedBy: null,
    waivedBy: null,
    hiddenBy: [],
    shownBy: [],
    undoneStops: [],
    findings: new Findings(),
    due: null,
    heldFrom: null,
    lookedAt: startedBy.time,
    quietUntil: Number.NEGATIVE_INFINITY,
  };
}

/** Whether the event did more to the cycle than to pause it or to let it go on. */
function isOtherwise(was: Cycle, cycle: Cycle): boolean {
  return (
    was.end !== cycle.end ||
    was.waived !== cycle.waived ||
    was.hidden !== cycle.hidden ||
    was.shownAt !== cycle.shownAt ||
    was.target !== cycle.target ||
    was.gaps !== cycle.gaps
  );
}

/** What the event did to the cycle beside its due instant. */
function noteEvent(known: Tracking, before: Cycle, cycle: Cycle, by: GateMove): void {
  const { event } = by;
  if (before.end === null && cycle.end !== null) known.endedBy = event;
  if (before.end !== null && cycle.end === null) {
    if (known.endedBy !== null) known.undoneStops.push({ stoppedBy: known.endedBy, reopenedBy: event });
    known.endedBy = null;
  }
  if (before.waived === null && cycle.waived !== null) known.waivedBy = event;
  if (before.hidden === null && cycle.hidden !== null) known.hiddenBy.push(by);
  if (before.hidden !== null && cycle.hidden === null) known.shownBy.push(by);
}

function anyOf(
  events: ReadonlyMap<string, SlaEvent>,
  pauses: readonly number[],
  at: number,
): SlaEvent | null {
  for (const index of pauses) {
    const event = events.get(`${index} ${at}`);
    if (event !== undefined) return event;
  }
  return null;
}

function finite(due: number): number | null {
  return Number.isFinite(due) ? due : null;
}

function causeOf(was: Cycle, cycle: Cycle): MoveCause {
  if (was.shownAt === null || (was.hidden !== null && cycle.hidden === null)) return 'gate';
  if (cycle.gaps.length > was.gaps.length) return 'reopening';
  return cycle.target === was.target ? 'pause' : 'target';
}

/**
 * The due instant of an open cycle once `pause`, which is on, ends at `at`: from where it stood when that began, or when it
 * was looked at since, so that a pause costs the same however many came before. Null where that does not tell: with several
 * pauses, which may be one behind the other, and where the case was reopened.
 */
function dueAfterPause(
  { due, lookedAt }: Tracking,
  { pauses, calendar }: CompiledClock,
  { fixedDue, target, gaps }: Cycle,
  pause: Span | undefined,
  at: number,
): number | null {
  if (due === null || pause === undefined) return null;
  if (pauses.length > 1 || gaps.length > 0 || fixedDue !== null) return null;
  // No time at all is due where some begins, which is another instant than where it ends.
  if (target === null || (target.kind === 'time' && target.ms === 0)) return null;
  if (pause.from >= due) return due;
  const open = calendar.elapsed(Math.max(pause.from, lookedAt), at);
  return open === 0 ? due : calendar.add(due, open);
}

/** A pause that is on moves the due instant as time passes: it is noted once, when it ends. */
function recede(tracking: Tracking, due: number | null): void {
  if (due === null || tracking.due === null || due === tracking.due) return;
  tracking.heldFrom ??= tracking.due;
  tracking.due = due;
}

function settlePause(tracking: Tracking, at: number, event: SlaEvent | null, target: Duration | null): void {
  const { heldFrom, due } = tracking;
  tracking.heldFrom = null;
  if (heldFrom === null || due === null) return;
  tracking.moves.push({ at, from: heldFrom, to: due, cause: 'pause', target, event, changes: [] });
}

function move(
  tracking: Tracking,
  event: SlaEvent,
  to: number,
  cause: MoveCause,
  target: Duration | null,
  changes: readonly AttributeChange[],
): void {
  tracking.moves.push({ at: event.time, from: tracking.due, to, cause, target, event, changes });
  tracking.due = to;
}
