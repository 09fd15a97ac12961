// Where a case was at each instant (in a queue, with an agent, a team, the customer, an outside party), and how a
// cycle's time divides among these, the hours outside its calendar and the time it had ended. The parts add up to the
// whole, to the millisecond: each instant belongs to exactly one of them.
import type { Fields, SlaEvent } from '../contract/event.ts';
import type { Calendar } from '../policy/compiled.ts';
import type { Exclusions } from './exclusions.ts';
import { text } from './fold.ts';
import { type Span, union } from './span.ts';

/**
 * `queue`: nobody had taken it yet. `waiting`: pending without a reason that says for whom. `outside-hours`: whoever had
 * it, the calendar was closed. `ended`: between a stop and the reopening that undid it.
 */
export type Place =
  | 'queue'
  | 'agent'
  | 'team'
  | 'customer'
  | 'outside-party'
  | 'waiting'
  | 'outside-hours'
  | 'ended';

export interface Holder {
  readonly place: Place;
  /** The queue, agent, team or party; empty where it is not known. */
  readonly name: string;
  /** The team of an agent. */
  readonly team: string;
}

export interface HolderSpan extends Holder {
  /** Ms since 1970; it lasts until the next one begins. */
  readonly at: number;
}

/** A part of a cycle's wall time, ms. What of it was paused did not count; it was open time. */
export interface TimePart extends Holder {
  readonly ms: number;
  readonly pausedMs: number;
}

/** Events by which somebody takes a case even where no agent is named. */
const TAKING: ReadonlySet<string> = new Set(['ticket.assigned', 'call.answered']);

/** Follows a case from holder to holder. */
export class HolderTrack {
  readonly spans: HolderSpan[] = [];
  /** A department or team to which the case was given: it has it until somebody is named. */
  #given: Holder | null = null;
  #taken = false;

  /** Takes the next event in order, with the case's attributes after it. */
  apply(event: SlaEvent, attributes: Fields): void {
    const before = this.spans.at(-1);
    const { place, name, team } = this.#holderAfter(event, attributes, before);
    if (before !== undefined && before.place === place && before.name === name && before.team === team)
      return;
    const span = { at: event.time, place, name, team };
    if (before?.at === event.time) this.spans[this.spans.length - 1] = span;
    else this.spans.push(span);
  }

  #holderAfter(event: SlaEvent, attributes: Fields, before: Holder | undefined): Holder {
    const team = text(attributes.team);
    const agent = text(attributes.agent);
    if (event.entity === 'agent') return { place: 'agent', name: event.case, team };
    if (event.entity === 'shift') return { place: 'team', name: team, team: '' };
    this.#give(event, team);
    if (attributes.status === 'pending') return pendingHolder(event, before);
    if (this.#given !== null) return this.#given;
    if (agent !== '') return { place: 'agent', name: agent, team };
    if (team !== '') return { place: 'team', name: team, team: '' };
    if (this.#taken) return { place: 'agent', name: '', team: '' };
    return { place: 'queue', name: text(attributes.queue), team: '' };
  }

  #give(event: SlaEvent, team: string): void {
    if (event.type === 'ticket.department_assigned')
      this.#given = { place: 'team', name: text(event.fields.department), team: '' };
    else if (event.type === 'ticket.handed_over' && event.fields.to === 'team')
      this.#given = { place: 'team', name: team, team: '' };
    else if (event.fields.agent !== undefined || event.type === 'ticket.department_finished')
      this.#given = null;
    if (TAKING.has(event.type)) this.#taken = true;
  }
}

/** Whom a pending case waits for; while it goes on being pending that stays. */
function pendingHolder(event: SlaEvent, before: Holder | undefined): Holder {
  if (event.type !== 'ticket.pending' && before !== undefined && isWaiting(before)) return before;
  const reason = text(event.fields.reason);
  if (reason === '') return { place: 'waiting', name: '', team: '' };
  return reason === 'customer' || reason === 'appointment'
    ? { place: 'customer', name: reason === 'customer' ? '' : reason, team: '' }
    : { place: 'outside-party', name: reason, team: '' };
}

function isWaiting({ place }: Holder): boolean {
  return place === 'customer' || place === 'outside-party' || place === 'waiting';
}

const NOWHERE: Holder = { place: 'queue', name: '', team: '' };
const OUTSIDE: Holder = { place: 'outside-hours', name: '', team: '' };
const ENDED: Holder = { place: 'ended', name: '', team: '' };

/** Divides [from, to) in ms since 1970; the largest part comes first. */
export function timeParts(
  calendar: Calendar,
  left: Exclusions,
  gaps: readonly Span[],
  holders: readonly HolderSpan[],
  from: number,
  to: number,
): TimePart[] {
  const parts = new Map<string, { holder: Holder; ms: number; pausedMs: number }>();
  const add = (holder: Holder, ms: number, pausedMs: number) => {
    if (ms === 0) return;
    const key = `${holder.place}|${holder.team}|${holder.name}`;
    const part = parts.get(key);
    if (part === undefined) parts.set(key, { holder, ms, pausedMs });
    else {
      part.ms += ms;
      part.pausedMs += pausedMs;
    }
  };
  const united = union(gaps);
  const inGap = insideOf(united);
  const inPause = insideOf(left.pauses);
  let holding = 0;
  const cuts = cutsOf([...united, ...left.pauses], holders, from, to);
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [a, b] = [cuts[i] ?? from, cuts[i + 1] ?? to];
    while ((holders[holding + 1]?.at ?? Number.POSITIVE_INFINITY) <= a) holding++;
    if (inGap(a)) {
      add(ENDED, b - a, 0);
      continue;
    }
    const open = calendar.elapsed(a, b);
    add(holders[holding] ?? NOWHERE, open, inPause(a) ? open : 0);
    add(OUTSIDE, b - a - open, 0);
  }
  return [...parts.values()]
    .map(({ holder: { place, name, team }, ms, pausedMs }) => ({ place, name, team, ms, pausedMs }))
    .sort((x, y) => y.ms - x.ms);
}

function cutsOf(
  spans: readonly Span[],
  holders: readonly HolderSpan[],
  from: number,
  to: number,
): readonly number[] {
  const instants = [...spans.flatMap(span => [span.from, span.to ?? to]), ...holders.map(({ at }) => at)];
  const inside = instants.filter(at => at > from && at < to);
  return [...new Set([from, ...inside, to])].sort((a, b) => a - b);
}

/** Tells for instants in rising order whether they lie in one of the spans, which are in order and apart. */
function insideOf(spans: readonly Span[]): (at: number) => boolean {
  let i = 0;
  return at => {
    for (; i < spans.length; i++) {
      const end = spans[i]?.to ?? Number.POSITIVE_INFINITY;
      if (end > at) break;
    }
    const span = spans[i];
    return span !== undefined && span.from <= at;
  };
}
