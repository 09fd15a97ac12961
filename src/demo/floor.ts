// The centre's floor: its whole state as plain data, its agenda of things to come, and the events it tells.
// Nothing here knows a clock or a file: instants are passed in, in milliseconds since 1970 UTC.
import type { AgentProfile, CallQueue, TicketQueue } from './content.ts';
import type { Chance } from './random.ts';
import type { TicketSeed } from './tickets.ts';

export interface CloudEvent {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  data: Record<string, unknown>;
}

export interface Agent extends AgentProfile {
  state: 'available' | 'busy' | 'wrap_up' | 'break' | 'away';
  load: number;
}

export interface Call {
  id: string;
  queue: CallQueue;
  phase: 'waiting' | 'ringing' | 'talking';
  queuedAt: number;
  /** Instant of the latest ringing or answer. */
  since: number;
  agent: string | null;
  /** Counts the rings, so that what was planned for an earlier one is left out. */
  turn: number;
  heldMs: number;
}

export interface Chat {
  id: string;
  phase: 'bot' | 'waiting' | 'agent';
  agent: string | null;
  startedAt: number;
  /** Replies still to come in this phase. */
  left: number;
}

export type Action =
  | { do: 'tell'; type: string; subject: string; data: Record<string, unknown> }
  | { do: 'call-arrives'; queue: CallQueue }
  | { do: 'chat-arrives' }
  | { do: 'ring' | 'pick-up' | 'no-answer' | 'hold' | 'retrieve'; call: string; turn: number }
  | { do: 'announce' | 'give-up' | 'hang-up' | 'rate-call'; call: string }
  | { do: 'chat-goes-on' | 'chat-handed-over' | 'chat-left' | 'rate-chat'; chat: string }
  | { do: 'free' | 'back'; agent: string }
  | { do: 'ticket-arrives'; until: number | null }
  | { do: 'place-ticket'; ticket: TicketSeed }
  | { do: 'ticket-step'; ticket: string }
  | { do: 'burst' | 'complain' | 'investigate' }
  | { do: 'reclassify'; ticket: string };

export interface FloorState {
  version: 1;
  /** Names this centre in every id: two centres on the same streams do not share a case. */
  tag: string;
  chance: Chance;
  /** How many times busier (and better staffed) than normal. */
  speed: number;
  at: number;
  /** The instant of an opening that began and whose events may not all be published yet. */
  opening: number | null;
  linesOpen: boolean;
  openedAt: number;
  run: number;
  events: number;
  cases: number;
  entries: number;
  agenda: { at: number; order: number; action: Action }[];
  agents: Agent[];
  calls: Record<string, Call>;
  chats: Record<string, Chat>;
  tickets: Record<string, { ticket: TicketSeed; step: number }>;
  /** Created tickets and complaints among them, by queue, in panes of ten minutes. */
  created: Record<string, Partial<Record<TicketQueue, [number, number]>>>;
  burst: string[];
  burstUntil: number;
}

export interface Floor {
  state: FloorState;
  out: CloudEvent[];
}

/** Adds to the agenda; entries of one instant keep the order in which they were made. */
export function plan(floor: Floor, at: number, action: Action): void {
  const { agenda } = floor.state;
  let low = 0;
  let high = agenda.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((agenda[middle]?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  agenda.splice(low, 0, { at, order: floor.state.entries++, action });
}

/** Tells an event of the case `subject`; `type` begins with its entity. */
export function tell(
  floor: Floor,
  at: number,
  type: string,
  subject: string,
  data: Record<string, unknown> = {},
): void {
  const { state } = floor;
  floor.out.push({
    specversion: '1.0',
    id: `${state.tag}-${(state.events++).toString(36)}`,
    source: `/demo/centre/${state.tag}`,
    type,
    subject,
    time: new Date(Math.round(at)).toISOString(),
    datacontenttype: 'application/json',
    data,
  });
}

/** A new case id, such as `K-x3k9a-17`. */
export function newCase(floor: Floor, letter: string): string {
  floor.state.cases += 1;
  return `${letter}-${floor.state.tag}-${floor.state.cases}`;
}

export function agentOf(floor: Floor, id: string | null): Agent | undefined {
  return id === null ? undefined : floor.state.agents.find(agent => agent.id === id);
}

export function setAgent(floor: Floor, at: number, agent: Agent, state: Agent['state']): void {
  if (agent.state === state) return;
  agent.state = state;
  tell(floor, at, 'agent.state_changed', agent.id, { state, team: agent.team, queues: agent.queues });
}

/** How much busier than its mean the centre is at an instant: a wave of five minutes, 0.65 to 1.35. */
export function wave(at: number): number {
  return 1 + 0.35 * Math.sin((2 * Math.PI * at) / 300_000);
}
