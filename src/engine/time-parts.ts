// Where a case was at each instant (in a queue, with an agent, a team, the customer, an outside party), and how a
// cycle's time divides among these, the hours outside its calendar and the time it had ended. The parts add up to the
// whole, to the millisecond: each instant belongs to exactly one of them.
import type { Fields, SlaEvent } from '../contract/event.ts';
import type { Calendar } from '../policy/compiled.ts';
import type { Exclusions } from './exclusions.ts';
import { text } from './fold.ts';
import { type Span, union } from './span.ts';

/**
 * `queue`: nobody had taken it yet. `agent` without a name: a person whom no event names. `waiting`: pending without a
 * reason that says for whom. `outside-hours`: whoever had it, the calendar was closed. `ended`: between a stop and the
 * reopening that undid it.
 */
export type Place =
  | 'queue'
  | 'bot'
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
/** By these a person has taken it, where they say that one acted. */
const ANSWERING: ReadonlySet<string> = new Set([
  'ticket.acknowledged',
  'ticket.replied',
  'ticket.informed',
  'chat.message',
]);
const PERSONS: ReadonlySet<string> = new Set(['agent', 'supervisor', 'senior']);

const SOME_AGENT: Holder = { place: 'agent', name: '', team: '' };
const BOT: Holder = { place: 'bot', name: '', team: '' };

/** Follows a case from holder to holder. */
export class HolderTrack {
  readonly spans: HolderSpan[] = [];
  /** Who has the case, whatever it waits for; null while nobody has taken it. */
  #owner: Holder | null = null;
  /** A department that has it meanwhile; empty without one. */
  #department = '';

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
    if (event.entity === 'agent') return { place: 'agent', name: event.case, team };
    if (event.entity === 'shift') return teamOf(team);
    if (event.type === 'ticket.department_assigned') this.#department = text(event.fields.department);
    else if (event.type === 'ticket.department_finished' || event.fields.agent !== undefined)
      this.#department = '';
    this.#owner = ownerAfter(event, this.#owner);
    if (attributes.status === 'pending') return pendingHolder(event, before);
    if (this.#department !== '') return teamOf(this.#department);
    return this.#owner ?? { place: 'queue', name: text(attributes.queue), team: '' };
  }
}

/** Who has the case after an event: whom it names goes before what was known. */
function ownerAfter(event: SlaEvent, owner: Holder | null): Holder | null {
  const { type, fields } = event;
  const agent = text(fields.agent);
  const team = text(fields.team);
  if (type.endsWith('.handed_over') && text(fields.to) !== '') return handedTo(event, owner);
  if (agent !== '') return agentOf(agent, team === '' ? ownTeam(owner) : team);
  if (team !== '') return teamNamed(type, team, owner);
  // An empty name says that nobody has it any more: it goes back to the team.
  if (fields.agent !== undefined) return ownTeam(owner) === '' ? null : teamOf(ownTeam(owner));
  if (type === 'call.transferred' && fields.queue !== undefined) return null;
  const isTaken = TAKING.has(type) || (ANSWERING.has(type) && PERSONS.has(text(fields.by)));
  return isTaken && (owner === null || owner.place === 'bot') ? SOME_AGENT : owner;
}

/** `to` says a kind, or else the name of a team. */
function handedTo({ fields }: SlaEvent, owner: Holder | null): Holder | null {
  const to = text(fields.to);
  const agent = text(fields.agent);
  const team = text(fields.team) === '' ? ownTeam(owner) : text(fields.team);
  if (to === 'bot') return BOT;
  if (to !== 'agent') {
    const taker = to === 'team' ? team : to;
    // The agent who had it is the one who hands it over.
    const isNamed = agent !== '' && !(owner?.place === 'agent' && owner.name === agent);
    return isNamed ? agentOf(agent, taker) : teamOf(taker);
  }
  if (agent !== '') return agentOf(agent, team);
  if (text(fields.team) !== '') return teamOf(team);
  const unattended = owner === null || owner.place === 'bot';
  const isFromBot = fields.from === undefined ? unattended : fields.from === 'bot';
  // What a bot hands to the agents waits until one of them takes it.
  if (isFromBot) return owner?.place === 'team' ? owner : null;
  return SOME_AGENT;
}

/** A team and no agent: an assignment hands it over, and so does any other team than the one that has it. */
function teamNamed(type: string, team: string, owner: Holder | null): Holder {
  const isAssigned = type === 'ticket.assigned' || type === 'call.transferred';
  if (owner?.place !== 'agent' || owner.name === '' || isAssigned) return teamOf(team);
  if (owner.team === '') return { ...owner, team };
  return owner.team === team ? owner : teamOf(team);
}

function ownTeam(owner: Holder | null): string {
  if (owner === null) return '';
  return owner.place === 'team' ? owner.name : owner.team;
}

function agentOf(name: string, team: string): Holder {
  return { place: 'agent', name, team };
}

function teamOf(name: string): Holder {
  return { place: 'team', name, team: '' };
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
