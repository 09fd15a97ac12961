// Calls and chats: they arrive in waves, wait for a limited number of agents, are announced, answered, held and
// ended, or lose patience. Agents talk, wrap up, take breaks and now and then miss a ringing telephone.
import { type CallQueue, customer } from './content.ts';
import {
  type Agent,
  agentOf,
  type Call,
  type Chat,
  type Floor,
  newCase,
  plan,
  setAgent,
  tell,
  wave,
} from './floor.ts';
import { around, between, exponential, happens, pick, whole } from './random.ts';

const SECOND = 1000;

/** Mean calls a second by queue, at a wave of 1. */
const CALLS_PER_SECOND: Readonly<Record<CallQueue, number>> = {
  hotline: 0.09,
  repair: 0.072,
  consultation: 0.045,
  complaints: 0.018,
};
const CHATS_PER_SECOND = 0.17;

export function planNextCall(floor: Floor, at: number, queue: CallQueue): void {
  const { chance, speed, burstUntil } = floor.state;
  const storm = at < burstUntil && (queue === 'repair' || queue === 'complaints') ? 2 : 1;
  const mean = SECOND / (CALLS_PER_SECOND[queue] * speed * wave(at) * storm);
  plan(floor, at + exponential(chance, mean), { do: 'call-arrives', queue });
}

export function planNextChat(floor: Floor, at: number): void {
  const { chance, speed } = floor.state;
  const mean = SECOND / (CHATS_PER_SECOND * speed * wave(at + 90_000));
  plan(floor, at + exponential(chance, mean), { do: 'chat-arrives' });
}

export function callArrives(floor: Floor, at: number, queue: CallQueue): void {
  const { chance, calls } = floor.state;
  planNextCall(floor, at, queue);
  const id = newCase(floor, 'C');
  calls[id] = { id, queue, phase: 'waiting', queuedAt: at, since: at, agent: null, turn: 0, heldMs: 0 };
  const kind = { hotline: 'query', repair: 'repair', consultation: 'consultation', complaints: 'complaint' }[
    queue
  ];
  tell(floor, at, 'call.queued', id, { channel: 'phone', queue, kind, customer: customer(chance) });
  plan(floor, at + between(chance, 9, 70) * SECOND + exponential(chance, 30 * SECOND), {
    do: 'give-up',
    call: id,
  });
  if (happens(chance, 0.7)) plan(floor, at + between(chance, 14, 27) * SECOND, { do: 'announce', call: id });
  offerCalls(floor, at);
}

/** Rings the telephone of an idle agent for each waiting call, the oldest call first. */
function offerCalls(floor: Floor, at: number): void {
  for (const call of Object.values(floor.state.calls)) {
    if (call.phase !== 'waiting') continue;
    const agent = floor.state.agents.find(
      one => one.state === 'available' && one.load === 0 && one.queues.includes(call.queue),
    );
    if (!agent) continue;
    agent.load = 1;
    call.phase = 'ringing';
    call.agent = agent.id;
    call.turn += 1;
    plan(floor, at + between(floor.state.chance, 200, 900), { do: 'ring', call: call.id, turn: call.turn });
  }
}

export function ring(floor: Floor, at: number, id: string, turn: number): void {
  const call = floor.state.calls[id];
  if (call?.phase !== 'ringing' || call.turn !== turn) return;
  const { chance } = floor.state;
  call.since = at;
  tell(floor, at, 'call.ringing', id, { queue: call.queue, agent: call.agent });
  if (happens(chance, 0.02)) {
    plan(floor, at + 21 * SECOND, { do: 'no-answer', call: id, turn });
  } else {
    const slow = happens(chance, 0.05);
    plan(floor, at + (slow ? between(chance, 15, 20) : between(chance, 1.5, 8)) * SECOND, {
      do: 'pick-up',
      call: id,
      turn,
    });
  }
}

export function pickUp(floor: Floor, at: number, id: string, turn: number): void {
  const call = floor.state.calls[id];
  const agent = agentOf(floor, call?.agent ?? null);
  if (call?.phase !== 'ringing' || call.turn !== turn || !agent) return;
  const { chance } = floor.state;
  tell(floor, at, 'call.answered', id, {
    agent: agent.id,
    team: agent.team,
    waitSeconds: Math.round((at - call.queuedAt) / SECOND),
    rings: Math.ceil((at - call.since + 1) / (5 * SECOND)),
  });
  call.phase = 'talking';
  call.since = at;
  setAgent(floor, at, agent, 'busy');
  const talk = Math.min(150 * SECOND, Math.max(6 * SECOND, around(chance, 26 * SECOND, 0.5)));
  if (talk > 25 * SECOND && happens(chance, 0.3)) {
    plan(floor, at + talk * 0.3, { do: 'hold', call: id, turn });
    plan(floor, at + talk * 0.6, { do: 'retrieve', call: id, turn });
    call.heldMs = talk * 0.3;
  }
  plan(floor, at + talk, { do: 'hang-up', call: id });
}

/** Nobody took the telephone: the call goes back to its place in the queue, the agent is away for a while. */
export function noAnswer(floor: Floor, at: number, id: string, turn: number): void {
  const call = floor.state.calls[id];
  const agent = agentOf(floor, call?.agent ?? null);
  if (call?.phase !== 'ringing' || call.turn !== turn || !agent) return;
  call.phase = 'waiting';
  call.agent = null;
  agent.load = 0;
  setAgent(floor, at, agent, 'away');
  plan(floor, at + between(floor.state.chance, 30, 90) * SECOND, { do: 'back', agent: agent.id });
  offerCalls(floor, at);
}

export function hold(floor: Floor, at: number, id: string, what: 'held' | 'retrieved'): void {
  const call = floor.state.calls[id];
  if (call?.phase === 'talking') tell(floor, at, `call.${what}`, id, { agent: call.agent });
}

/** Tells a caller who waits which place in the queue it is and how long it will take. */
export function announce(floor: Floor, at: number, id: string): void {
  const call = floor.state.calls[id];
  if (call?.phase !== 'waiting') return;
  const ahead = Object.values(floor.state.calls).filter(
    other => other.phase === 'waiting' && other.queue === call.queue && other.queuedAt < call.queuedAt,
  ).length;
  tell(floor, at, 'call.announced', id, {
    queue: call.queue,
    waitSeconds: 15 * (ahead + 1),
    customerInformed: true,
  });
}

export function giveUp(floor: Floor, at: number, id: string): void {
  const call = floor.state.calls[id];
  if (!call || call.phase === 'talking') return;
  const agent = agentOf(floor, call.agent);
  abandon(floor, at, call);
  if (agent) {
    agent.load = 0;
    offerCalls(floor, at);
  }
}

function abandon(floor: Floor, at: number, call: Call): void {
  tell(floor, at, 'call.abandoned', call.id, {
    queue: call.queue,
    waitSeconds: Math.round((at - call.queuedAt) / SECOND),
  });
  delete floor.state.calls[call.id];
}

export function hangUp(floor: Floor, at: number, id: string): void {
  const call = floor.state.calls[id];
  const agent = agentOf(floor, call?.agent ?? null);
  if (call?.phase !== 'talking' || !agent) return;
  const { chance } = floor.state;
  const wrap = between(chance, 3, 11) * SECOND;
  if (happens(chance, 0.015)) {
    const risk = pick(chance, ['customer_upset', 'forbidden_wording']);
    tell(floor, at, 'call.risk_flagged', id, { agent: agent.id, queue: call.queue, risk });
  }
  endCall(floor, at, call, wrap);
  setAgent(floor, at, agent, 'wrap_up');
  plan(floor, at + wrap, { do: 'free', agent: agent.id });
  if (happens(chance, 0.25)) plan(floor, at + between(chance, 4, 25) * SECOND, { do: 'rate-call', call: id });
}

function endCall(floor: Floor, at: number, call: Call, wrap: number): void {
  tell(floor, at, 'call.ended', call.id, {
    agent: call.agent,
    queue: call.queue,
    talkSeconds: Math.round((at - call.since - call.heldMs) / SECOND),
    holdSeconds: Math.round(call.heldMs / SECOND),
    wrapSeconds: Math.round(wrap / SECOND),
  });
  delete floor.state.calls[call.id];
}

export function rate(floor: Floor, at: number, type: 'call' | 'chat', id: string): void {
  const { chance } = floor.state;
  const csat = happens(chance, 0.9) ? whole(chance, 4, 5) : whole(chance, 1, 3);
  const satisfaction = csat >= 4 ? 'satisfied' : csat === 3 ? 'fair' : 'dissatisfied';
  tell(floor, at, `${type}.surveyed`, id, { csat, score: csat, satisfaction });
}

/** After wrap-up or a break: another break at times, else the next who waits. */
export function agentFree(floor: Floor, at: number, id: string, rested: boolean): void {
  const agent = agentOf(floor, id);
  if (!agent) return;
  const { chance, agents } = floor.state;
  if (!rested) agent.load = Math.max(0, agent.load - 1);
  if (agent.load > 0) {
    offerChats(floor, at);
    return;
  }
  const resting = agents.filter(one => one.state === 'break').length;
  if (!rested && resting < agents.length / 8 && happens(chance, 0.05)) {
    setAgent(floor, at, agent, 'break');
    plan(floor, at + between(chance, 50, 140) * SECOND, { do: 'back', agent: id });
    return;
  }
  setAgent(floor, at, agent, 'available');
  offerCalls(floor, at);
  offerChats(floor, at);
}

export function chatArrives(floor: Floor, at: number): void {
  const { chance, chats } = floor.state;
  planNextChat(floor, at);
  const id = newCase(floor, 'H');
  const kind = pick(chance, ['consultation', 'query', 'problem', 'consultation']);
  const channel = pick(chance, ['chat', 'wechat', 'app', 'social']);
  chats[id] = { id, phase: 'bot', agent: null, startedAt: at, left: happens(chance, 0.35) ? 2 : 1 };
  tell(floor, at, 'chat.started', id, { channel, queue: 'online', kind, customer: customer(chance) });
  customerSays(floor, at + 400, id);
  plan(floor, at + between(chance, 900, 2500), { do: 'chat-goes-on', chat: id });
}

function offerChats(floor: Floor, at: number): void {
  for (const chat of Object.values(floor.state.chats)) {
    if (chat.phase !== 'waiting') continue;
    const agent = freestForChat(floor);
    if (!agent) return;
    agent.load += 1;
    setAgent(floor, at, agent, 'busy');
    chat.phase = 'agent';
    chat.agent = agent.id;
    chat.left = whole(floor.state.chance, 2, 4);
    plan(floor, at + between(floor.state.chance, 3, 14) * SECOND, { do: 'chat-goes-on', chat: chat.id });
  }
}

function freestForChat(floor: Floor): Agent | undefined {
  return floor.state.agents
    .filter(
      one =>
        one.queues.includes('online') &&
        one.load < one.slots &&
        (one.state === 'available' || one.state === 'busy'),
    )
    .sort((a, b) => a.load - b.load)[0];
}

export function chatGoesOn(floor: Floor, at: number, id: string): void {
  const chat = floor.state.chats[id];
  if (!chat || chat.phase === 'waiting') return;
  const { chance } = floor.state;
  const bot = chat.phase === 'bot';
  if (chat.left === 0) {
    endChat(floor, at, chat);
    if (happens(chance, 0.3))
      plan(floor, at + between(chance, 3, 20) * SECOND, { do: 'rate-chat', chat: id });
    return;
  }
  chat.left -= 1;
  tell(floor, at, 'chat.message', id, bot ? { by: 'bot' } : { by: 'agent', agent: chat.agent });
  const answer = at + between(chance, 2, 7) * SECOND;
  customerSays(floor, answer, id);
  if (bot && chat.left === 0 && happens(chance, 0.7)) {
    plan(floor, answer + 300, { do: 'chat-handed-over', chat: id });
  } else {
    plan(floor, answer + between(chance, bot ? 1 : 3, bot ? 2 : 12) * SECOND, {
      do: 'chat-goes-on',
      chat: id,
    });
  }
}

function customerSays(floor: Floor, at: number, id: string): void {
  plan(floor, at, { do: 'tell', type: 'chat.message', subject: id, data: { by: 'customer' } });
}

/** The bot gives the customer to a person, for whom the customer waits a minute or two. */
export function chatHandedOver(floor: Floor, at: number, id: string): void {
  const chat = floor.state.chats[id];
  if (chat?.phase !== 'bot') return;
  chat.phase = 'waiting';
  tell(floor, at, 'chat.handed_over', id, { from: 'bot', to: 'online-1', customerInformed: true });
  plan(floor, at + between(floor.state.chance, 40, 150) * SECOND, { do: 'chat-left', chat: id });
  offerChats(floor, at);
}

export function chatLeft(floor: Floor, at: number, id: string): void {
  const chat = floor.state.chats[id];
  if (chat?.phase === 'waiting') endChat(floor, at, chat);
}

function endChat(floor: Floor, at: number, chat: Chat): void {
  tell(floor, at, 'chat.ended', chat.id, chat.agent === null ? {} : { agent: chat.agent });
  delete floor.state.chats[chat.id];
  if (chat.agent !== null) agentFree(floor, at, chat.agent, false);
}

/** Staff come on: a shift begins and each agent signs on, ready. */
export function openLines(floor: Floor, at: number): void {
  const { state } = floor;
  const shift = `S-${state.tag}-${state.run}`;
  const end = new Date(at + 8 * 3_600_000).toISOString();
  const roster = { shift, start: new Date(at).toISOString(), end, required: state.agents.length - 2 };
  tell(floor, at, 'shift.scheduled', shift, { ...roster, agents: state.agents.map(one => one.id) });
  tell(floor, at, 'shift.started', shift, { shift });
  for (const { id, team, queues } of state.agents) {
    tell(floor, at, 'agent.signed_on', id, { state: 'available', team, queues, shift });
  }
  for (const queue of ['hotline', 'repair', 'consultation', 'complaints'] as const)
    planNextCall(floor, at, queue);
  planNextChat(floor, at);
}

/** The lines close: who waits is let go, conversations end, agents sign off. Tickets go on. */
export function closeLines(floor: Floor, at: number): void {
  const { state } = floor;
  for (const call of Object.values(state.calls)) {
    if (call.phase === 'talking') endCall(floor, at, { ...call, heldMs: 0 }, 0);
    else abandon(floor, at, call);
  }
  for (const chat of Object.values(state.chats)) {
    tell(floor, at, 'chat.ended', chat.id);
    delete state.chats[chat.id];
  }
  for (const agent of state.agents) tell(floor, at, 'agent.signed_off', agent.id, { team: agent.team });
  tell(floor, at, 'shift.ended', `S-${state.tag}-${state.run}`, { shift: `S-${state.tag}-${state.run}` });
  state.agents = [];
}
