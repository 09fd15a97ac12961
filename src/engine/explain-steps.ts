// The steps of a cycle's life, each with the event that caused it: what began, moved, held and ended it, and what fell due
// meanwhile. An auditor can add them up: the moves form a chain, and what the pauses took is told where each ends.
import type { SlaEvent } from '../contract/event.ts';
import type { CompiledClock, Duration, Title } from '../policy/compiled.ts';
import { formatDuration } from '../policy/duration.ts';
import type { EventRef, Step, StepKind } from './account.ts';
import { type Cycle, evaluate, type Fact } from './cycle.ts';
import { type Exclusions, openTime } from './exclusions.ts';
import { type Describer, ringsOf } from './explain-text.ts';
import { targetText } from './explain-words.ts';
import { instantText } from './instant.ts';
import type { Span } from './span.ts';
import type { CaseTrace, CycleTrace, DueMove } from './trace.ts';

/** One cycle and what is known of it. Instants in ms since 1970. */
export interface Scene {
  readonly trace: CaseTrace;
  readonly known: CycleTrace;
  readonly clock: CompiledClock;
  readonly cycle: Cycle;
  /** The union of the clock's pauses. */
  readonly pauses: readonly Span[];
  readonly now: number;
  /** Where the cycle's own time ends. */
  readonly until: number;
  readonly describe: Describer;
}

/** Among what one event does, in this order; deadlines come after the events of their instant. */
const ORDER: readonly StepKind[] = [
  'started',
  'resumed',
  'stopped',
  'reopened',
  'paused',
  'moved',
  'shown',
  'hidden',
  'action',
];

/** In order of time; at one instant in the order of the events, then deadlines. */
export function stepsOf(scene: Scene, left: Exclusions): Step[] {
  const { places } = scene.trace;
  const placeOf = ({ after }: Placed) =>
    (after === null ? undefined : places.get(after)) ?? Number.POSITIVE_INFINITY;
  const orderOf = ({ step: { kind } }: Placed) => {
    const order = ORDER.indexOf(kind);
    return order < 0 ? ORDER.length : order;
  };
  return [...moveSteps(scene), ...pauseSteps(scene, left), ...gateSteps(scene), ...factSteps(scene, left)]
    .sort((a, b) => a.at - b.at || compare(placeOf(a), placeOf(b)) || orderOf(a) - orderOf(b))
    .map(({ step }) => step);
}

/** Infinities are equal; their difference would be no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function moveSteps({ known, cycle, clock, describe }: Scene): Placed[] {
  const { moves, startedBy } = known;
  const { startedAt } = cycle;
  const calendar = clock.calendar.name;
  const placed: Placed[] = [];
  let target: Duration | null = null;
  for (const [i, move] of moves.entries()) {
    const started = i === 0 && move.cause === 'start';
    if (i === 0 && !started)
      placed.push(place(startedAt, 'started', startedBy, describe.began(startedAt, startedBy)));
    const goal = move.target === null ? null : targetText(move.target);
    const sentence = started
      ? describe.started(startedAt, startedBy, calendar, goal, move.to)
      : describe.moved(move, calendar, move.target !== target);
    const { cause, changes, from, to } = move;
    const kind = started ? 'started' : isShownAgain(move) ? 'shown' : 'moved';
    placed.push(
      place(move.at, kind, move.event, sentence, {
        cause,
        changes,
        target: move.target === null ? null : formatDuration(move.target),
        dueFrom: from === null ? null : instantText(from),
        dueTo: instantText(to),
      }),
    );
    target = move.target;
  }
  return placed;
}

/** A gate that opened again: the due instant was known before. */
function isShownAgain({ cause, from }: DueMove): boolean {
  return cause === 'gate' && from !== null;
}

/**
 * Each pause as it held this clock: what of it lies between the start, the stops that were undone, and the end. It is
 * told where it begins, and with its length where it ends; one that is on has no end.
 */
function pauseSteps(scene: Scene, left: Exclusions): Placed[] {
  const { clock, cycle, pauses, until, describe, trace } = scene;
  const { startedAt } = cycle;
  const isOpen = cycle.end === null && cycle.hidden === null;
  const placed: Placed[] = [];
  for (const piece of left.pauses) {
    const begin = Math.max(piece.from, startedAt);
    const end = Math.min(piece.to ?? until, until);
    const isOn = isOpen && piece.to === null;
    if (end <= begin && !(isOn && begin <= until)) continue;
    // The pause itself, which a stop may have cut.
    const whole =
      pauses.find(({ from, to }) => from <= piece.from && (to === null || to > piece.from)) ?? piece;
    const began = trace.pauseBegan(clock, whole.from);
    const sentence = describe.paused(begin, whole.from, began, effectOf(scene, left, piece, begin));
    placed.push({
      ...place(begin, 'paused', began, sentence),
      after: beginningOf(scene, whole, begin, began),
    });
    if (isOn) continue;
    const pausedMs = openTime([{ from: begin, to: end }], clock.calendar, startedAt, until);
    if (whole.to === end) {
      const ended = trace.pauseEnded(clock, end);
      placed.push(place(end, 'resumed', ended, describe.resumed(end, ended, pausedMs), { pausedMs }));
    } else {
      const cut = cutBy(scene, end);
      placed.push(place(end, 'resumed', cut, describe.cutShort(end, cut, pausedMs), { pausedMs }));
    }
  }
  return placed;
}

/** The event since which the pause held the clock: its own, or the start or reopening that found it on. */
function beginningOf({ known }: Scene, whole: Span, begin: number, began: SlaEvent | null): SlaEvent | null {
  if (whole.from === begin) return began;
  const reopening = known.undoneStops.find(({ reopenedBy }) => reopenedBy.time === begin);
  return reopening?.reopenedBy ?? known.startedBy;
}

/** The event that stopped or ended the cycle while it was paused. */
function cutBy({ known, cycle, until }: Scene, at: number): SlaEvent | null {
  const stop = known.undoneStops.findLast(({ stoppedBy }) => stoppedBy.time === at);
  if (stop !== undefined && at < until) return stop.stoppedBy;
  return cycle.hidden === null ? known.endedBy : (known.hiddenBy.at(-1)?.event ?? null);
}

/** What the pause did to the due instant as it stood then, whatever the target became later. */
function effectOf(
  { known, cycle }: Scene,
  left: Exclusions,
  piece: Span,
  begin: number,
): 'moves' | 'late' | 'named' {
  if (cycle.fixedDue !== null) return 'named';
  const due = (known.moves.findLast(({ at }) => at <= begin) ?? known.moves[0])?.to;
  const since = left.all.find(({ from, to }) => from <= piece.from && (to === null || to > piece.from));
  return due !== undefined && (since ?? piece).from >= due ? 'late' : 'moves';
}

function gateSteps({ known, describe }: Scene): Placed[] {
  const { hiddenBy, shownBy, undoneStops, moves } = known;
  const told = new Set(moves.filter(isShownAgain).map(({ event }) => event));
  return [
    ...hiddenBy.map(by =>
      place(by.event.time, 'hidden', by.event, describe.hidden(by), { changes: by.changes }),
    ),
    ...shownBy
      .filter(({ event }) => !told.has(event))
      .map(by => place(by.event.time, 'shown', by.event, describe.shown(by), { changes: by.changes })),
    ...undoneStops.flatMap(stop => {
      const { stoppedBy, reopenedBy } = stop;
      return [
        place(stoppedBy.time, 'stopped', stoppedBy, describe.stopped(stop), { rings: ringsOf(stoppedBy) }),
        place(reopenedBy.time, 'reopened', reopenedBy, describe.reopened(reopenedBy)),
      ];
    }),
  ];
}

function factSteps(scene: Scene, left: Exclusions): Placed[] {
  const { clock, cycle, pauses, trace, known, now, describe } = scene;
  const { atOnce } = clock;
  const { facts, begun } = evaluate(clock, cycle, pauses, trace.fold.queues, now);
  const steps = [
    ...known.findings.gone.map(gone => factStep(scene, left, gone.fact, gone.by)),
    ...facts.map(fact => factStep(scene, left, fact, null)),
  ];
  if (begun === null || atOnce === null) return steps;
  const { called } = known.findings;
  const step = place(begun.at, 'action', null, describe.atOnce(begun.at, atOnce, called), {
    told: called ? atOnce.to : [],
  });
  return [{ ...step, after: known.moves[0]?.event ?? known.startedBy }, ...steps];
}

/** `goneBy`: the event since which it does not hold any more; null for what holds. */
function factStep(scene: Scene, left: Exclusions, fact: Fact, goneBy: SlaEvent | null): Placed {
  const { clock, known, describe } = scene;
  const event = endingOf(scene, fact.state);
  const roles = rolesOf(clock, fact);
  const notice = known.findings.noticeOf(fact);
  const told = describe.fact(fact, { event, calendar: clock.calendar, left, told: roles, notice });
  const sentence = goneBy === null ? told : describe.gone(told, fact, goneBy);
  const { knownAt, quiet } = notice;
  const takenBackBy = fact.state === 'breached' ? goneBy : null;
  return place(fact.at, fact.state, event, sentence, {
    knownAt: knownAt === null ? null : instantText(knownAt),
    told: quiet ? [] : roles,
    rings: ringsOf(event),
    takenBackAt: takenBackBy === null ? null : instantText(takenBackBy.time),
    takenBackBy: takenBackBy === null ? null : refOf(takenBackBy),
  });
}

/** Whom the rule tells of a deadline; nobody of evidence. */
function rolesOf({ evidence, ladder }: CompiledClock, { state, to }: Fact): readonly string[] {
  if (evidence) return [];
  if (state === 'escalated') return to === null ? [] : [to];
  return state === 'breached' ? ladder.filter(({ afterMs }) => afterMs === 0).map(rung => rung.to) : [];
}

function endingOf({ known, cycle }: Scene, state: Fact['state']): SlaEvent | null {
  const { endedBy, waivedBy, hiddenBy } = known;
  switch (state) {
    case 'met':
    case 'missed':
      return endedBy;
    case 'cancelled':
      return cycle.hidden === null ? endedBy : (hiddenBy.at(-1)?.event ?? null);
    case 'waived':
      return waivedBy;
    case 'warned':
    case 'breached':
    case 'escalated':
      return null;
    default:
      return state satisfies never;
  }
}

interface Placed {
  readonly at: number;
  /** The event by which it has its place among those of its instant; null: after them all. */
  readonly after: SlaEvent | null;
  readonly step: Step;
}

const PLAIN: Omit<Step, 'at' | 'kind' | 'event' | 'text'> = {
  cause: null,
  changes: [],
  target: null,
  dueFrom: null,
  dueTo: null,
  pausedMs: null,
  rings: null,
  knownAt: null,
  told: [],
  takenBackAt: null,
  takenBackBy: null,
};

function place(
  at: number,
  kind: StepKind,
  event: SlaEvent | null,
  text: Title,
  more: Partial<typeof PLAIN> = {},
): Placed {
  const named = event === null ? null : refOf(event);
  return { at, after: event, step: { at: instantText(at), kind, event: named, ...PLAIN, ...more, text } };
}

function refOf({ type, id, source }: SlaEvent): EventRef {
  return { type, id, source };
}
