// A simulated service centre: a pure, seeded generator of the contract's events. The same state advanced to the same
// instant tells the same events with the same ids, however the way there is cut into steps. So a centre that crashed
// is taken up from its last stored state: what it told since is told once more, and counts as a repetition.
import { staff } from './content.ts';
import * as desk from './desk.ts';
import { type Action, type CloudEvent, type Floor, type FloorState, plan, tell } from './floor.ts';
import * as lines from './lines.ts';

export type { CloudEvent, FloorState } from './floor.ts';

const HISTORY = 30 * 3_600_000;
/** State must be stored at least each 5 s while the centre is open: `settle` reckons with twice that. */
export const STORE_EVERY = 5_000;
const SETTLE = 2 * STORE_EVERY + 2_000;

/** A new centre that has told nothing yet. `now` gives it its name in ids. */
export function newCentre(seed: number, speed: number, now: number): FloorState {
  return {
    version: 1,
    tag: Math.floor(now / 1000)
      .toString(36)
      .slice(-5),
    chance: { state: seed >>> 0 },
    speed,
    at: now,
    opening: null,
    linesOpen: false,
    openedAt: now,
    run: 0,
    events: 0,
    cases: 0,
    entries: 0,
    agenda: [],
    agents: [],
    calls: {},
    chats: {},
    tickets: {},
    created: {},
    burst: [],
    burstUntil: 0,
  };
}

/**
 * Runs a centre. The order of a start: `finish` what a crash cut off (store), `settle` (store), `begin` (store),
 * `open` (publish, then store), and then `advance` and store for ever; at the end `close` (publish, then store).
 */
export class Centre {
  private readonly floor: Floor;

  constructor(state: FloorState) {
    this.floor = { state, out: [] };
  }

  /** The state to store; it changes with the next call. */
  get state(): FloorState {
    return this.floor.state;
  }

  /** The events of an opening that was begun and perhaps not wholly published; none in the usual case. */
  finish(): CloudEvent[] {
    return this.state.opening === null ? [] : this.open();
  }

  /** After a crash: goes past everything that may have been told since the state was stored, and closes the lines. */
  settle(now: number): CloudEvent[] {
    if (!this.state.linesOpen) return [];
    const until = Math.min(now, this.state.at + SETTLE);
    return [...this.advance(until), ...this.close(until)];
  }

  /** Fixes the instant of the next opening, so that it can be told again if it is cut off. */
  begin(now: number, speed: number): void {
    this.state.opening = now;
    this.state.speed = speed;
  }

  /**
   * Opens the centre at the instant that `begin` fixed. Tells what its ticket desk did since the last close, the first
   * time that of the last 30 hours, and then the staff's arrival. The latest come first: how a case went is then
   * known when its beginning arrives, and nothing in the past looks late for a moment.
   */
  open(): CloudEvent[] {
    const { floor, state } = this;
    const now = state.opening ?? state.at;
    const first = state.run === 0;
    state.run += 1;
    state.openedAt = now;
    const from = Math.max(first ? 0 : state.at, now - HISTORY);
    desk.planNextTicket(floor, from, now);
    if (first) desk.setPieces(floor, now);
    const past = this.advance(now);
    state.agents = staff(state.speed).map(profile => ({ ...profile, state: 'available', load: 0 }));
    state.linesOpen = true;
    state.opening = null;
    lines.openLines(floor, now);
    desk.planNextTicket(floor, now, null);
    plan(floor, now + desk.BURST_AFTER, { do: 'burst' });
    return [...past, ...this.take()].reverse();
  }

  /** What happens up to `to` (inclusive), in order. */
  advance(to: number): CloudEvent[] {
    const { state } = this;
    for (let next = state.agenda[0]; next && next.at <= to; next = state.agenda[0]) {
      state.agenda.shift();
      this.act(next.at, next.action);
    }
    state.at = Math.max(state.at, to);
    return this.take();
  }

  /** The lines close; open tickets stay and are worked on. */
  close(now: number): CloudEvent[] {
    const events = this.advance(now);
    const { state } = this;
    if (!state.linesOpen) return events;
    lines.closeLines(this.floor, now);
    state.linesOpen = false;
    state.agenda = state.agenda.filter(({ action }) => GOES_ON.has(action.do));
    return [...events, ...this.take()];
  }

  /** Tickets of the last 24 hours and the share of complaints, as the centre itself counts them. */
  complaintRate(): number {
    const [created, complaints] = desk.createdSince(this.floor, this.state.at);
    return created === 0 ? 0 : complaints / created;
  }

  private take(): CloudEvent[] {
    const events = this.floor.out;
    this.floor.out = [];
    return events;
  }

  private act(at: number, action: Action): void {
    const { floor } = this;
    switch (action.do) {
      case 'tell':
        tell(floor, at, action.type, action.subject, action.data);
        break;
      case 'call-arrives':
        lines.callArrives(floor, at, action.queue);
        break;
      case 'ring':
        lines.ring(floor, at, action.call, action.turn);
        break;
      case 'pick-up':
        lines.pickUp(floor, at, action.call, action.turn);
        break;
      case 'no-answer':
        lines.noAnswer(floor, at, action.call, action.turn);
        break;
      case 'hold':
        lines.hold(floor, at, action.call, 'held');
        break;
      case 'retrieve':
        lines.hold(floor, at, action.call, 'retrieved');
        break;
      case 'announce':
        lines.announce(floor, at, action.call);
        break;
      case 'give-up':
        lines.giveUp(floor, at, action.call);
        break;
      case 'hang-up':
        lines.hangUp(floor, at, action.call);
        break;
      case 'rate-call':
        lines.rate(floor, at, 'call', action.call);
        break;
      case 'chat-arrives':
        lines.chatArrives(floor, at);
        break;
      case 'chat-goes-on':
        lines.chatGoesOn(floor, at, action.chat);
        break;
      case 'chat-handed-over':
        lines.chatHandedOver(floor, at, action.chat);
        break;
      case 'chat-left':
        lines.chatLeft(floor, at, action.chat);
        break;
      case 'rate-chat':
        lines.rate(floor, at, 'chat', action.chat);
        break;
      case 'free':
        lines.agentFree(floor, at, action.agent, false);
        break;
      case 'back':
        lines.agentFree(floor, at, action.agent, true);
        break;
      case 'ticket-arrives':
        desk.ticketArrives(floor, at, action.until);
        break;
      case 'place-ticket':
        desk.placeTicket(floor, at, action.ticket);
        break;
      case 'ticket-step':
        desk.ticketStep(floor, at, action.ticket);
        break;
      case 'burst':
        desk.burst(floor, at);
        break;
      case 'complain':
        desk.complain(floor, at);
        break;
      case 'investigate':
        desk.investigate(floor, at);
        break;
      case 'reclassify':
        desk.reclassify(floor, at, action.ticket);
        break;
      default:
        nothingElse(action);
    }
  }
}

/** What stays on the agenda when the lines close. */
const GOES_ON: ReadonlySet<Action['do']> = new Set<Action['do']>([
  'ticket-step',
  'reclassify',
  'investigate',
]);

function nothingElse(action: never): never {
  throw new Error(`no such action: ${JSON.stringify(action)}`);
}
