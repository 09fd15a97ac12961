// The story of a ticket, from its creation to its close, as a pure function of its seed: mostly in time, sometimes
// late for the acknowledgement, the reply or the solution. Nothing of it needs to be stored but the seed.
import { BURST_SENTENCES, customer, describe, PRODUCTS, REGIONS, type TicketQueue } from './content.ts';
import { around, between, type Chance, happens, pick, whole } from './random.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export interface TicketSeed {
  id: string;
  seed: number;
  createdAt: number;
  queue: TicketQueue;
  kind: string;
  channel: string;
  urgency: 'normal' | 'urgent' | 'critical';
  /** Part of a burst: its words come from there. */
  burst: boolean;
  /** When it is acknowledged, answered or given a solution, in milliseconds since its creation; else by chance. */
  acknowledgedAfter?: number;
  repliedAfter?: number;
  proposedAfter?: number;
}

export interface Step {
  at: number;
  type: string;
  data: Record<string, unknown>;
}

/** All steps of the ticket in order of time; the first is its creation. Instants in milliseconds since 1970 UTC. */
export function story(ticket: TicketSeed): Step[] {
  const chance: Chance = { state: ticket.seed };
  const steps: Step[] = [];
  const agent = `A${String(whole(chance, 1, 12)).padStart(2, '0')}`;
  const team = `${ticket.queue}-1`;
  const urgent = ticket.urgency !== 'normal';
  const tell = (after: number, type: string, data: Record<string, unknown> = {}): number => {
    steps.push({ at: Math.round(ticket.createdAt + after), type: `ticket.${type}`, data });
    return after;
  };

  tell(0, 'created', creation(chance, ticket, team));
  if (ticket.kind !== 'complaint' && happens(chance, 0.025)) {
    tell(between(chance, 3 * MINUTE, 40 * MINUTE), 'cancelled');
    return steps;
  }
  acknowledge(chance, ticket, agent, tell);
  const assigned = tell(
    between(chance, 1, 1.5) * (urgent ? 5 * MINUTE : 14 * MINUTE),
    'assigned',
    urgent
      ? { by: 'supervisor', agent, team, tier: 'senior' }
      : { by: 'bot', agent, team, tier: 'specialist' },
  );
  const replied = tell(ticket.repliedAfter ?? replyTime(chance, ticket, urgent), 'replied', {
    by: 'agent',
    agent,
    about: 'progress',
  });
  if (happens(chance, 0.15)) promise(chance, ticket, replied, tell);
  const proposed = tell(
    ticket.proposedAfter ??
      Math.max(replied + MINUTE, around(chance, urgent ? 2 * HOUR : 6 * HOUR, urgent ? 0.6 : 0.8)),
    'solution_proposed',
    { by: 'agent', agent },
  );
  const solved = resolve(chance, ticket, agent, Math.max(assigned, proposed), tell);
  finish(chance, solved, tell);
  return steps.sort((a, b) => a.at - b.at);
}

type Tell = (after: number, type: string, data?: Record<string, unknown>) => number;

function creation(chance: Chance, ticket: TicketSeed, team: string): Record<string, unknown> {
  const who = customer(chance);
  const complaint = ticket.kind === 'complaint';
  return {
    channel: ticket.channel,
    kind: ticket.kind,
    urgency: ticket.urgency,
    impact: ticket.urgency === 'normal' ? pick(chance, ['low', 'medium', 'low']) : 'high',
    complexity: happens(chance, complaint ? 0.5 : 0.2) ? 'complex' : 'standard',
    ...(complaint ? { severity: happens(chance, 0.1) ? 'major' : 'general' } : {}),
    category: ticket.burst ? 'firmware' : ticket.kind,
    product: ticket.burst ? PRODUCTS[0] : pick(chance, PRODUCTS),
    queue: ticket.queue,
    team,
    region: pick(chance, REGIONS),
    distance: pick(chance, ['local', 'local', 'local', 'neighbouring', 'other_province']),
    customer: who,
    description: describe(chance, ticket.kind, who, ticket.burst ? BURST_SENTENCES : undefined),
  };
}

/** Half of them get the automatic receipt; a person takes half an hour, one in sixteen more than two hours. */
function acknowledge(chance: Chance, ticket: TicketSeed, agent: string, tell: Tell): void {
  if (ticket.acknowledgedAfter !== undefined) {
    tell(ticket.acknowledgedAfter, 'acknowledged', { by: 'agent', agent });
  } else if (happens(chance, 0.5)) {
    tell(between(chance, 2 * SECOND, 15 * SECOND), 'acknowledged', { by: 'bot' });
  } else {
    tell(around(chance, ticket.urgency === 'normal' ? 35 * MINUTE : 7 * MINUTE, 0.8), 'acknowledged', {
      by: 'agent',
      agent,
    });
  }
}

function replyTime(chance: Chance, ticket: TicketSeed, urgent: boolean): number {
  if (ticket.kind === 'complaint' && happens(chance, 0.05)) return between(chance, 24.2 * HOUR, 26 * HOUR);
  return urgent ? around(chance, 12 * MINUTE, 0.65) : around(chance, 45 * MINUTE, 0.65);
}

function promise(chance: Chance, ticket: TicketSeed, from: number, tell: Tell): void {
  const dueAt = new Date(Math.round(ticket.createdAt + from + 3 * HOUR)).toISOString();
  const what = pick(chance, ['三小时内回电', 'call back within 3 hours']);
  tell(from + SECOND, 'promised', { promise: 'P1', dueAt, what });
  tell(from + around(chance, 2 * HOUR, 0.35), 'promise_kept', { promise: 'P1' });
}

/** From the proposed solution to the resolution; returns when that is, in milliseconds since the creation. */
function resolve(chance: Chance, ticket: TicketSeed, agent: string, from: number, tell: Tell): number {
  let at = from;
  if (happens(chance, 0.1)) {
    at = tell(at + between(chance, 5 * MINUTE, 40 * MINUTE), 'solution_rejected', { by: 'customer' });
    const escalation = { level: 2, to: 'supervisor', details: true, customerInformed: happens(chance, 0.9) };
    at = tell(at + around(chance, HOUR, 0.8), 'escalated', escalation);
    at = tell(at + between(chance, HOUR, 3 * HOUR), 'solution_proposed', { by: 'senior', agent });
  }
  if (happens(chance, 0.2)) {
    at = tell(at + between(chance, MINUTE, 20 * MINUTE), 'pending', { reason: 'customer' });
    at = tell(at + between(chance, 0.5 * HOUR, 5 * HOUR), 'resumed', { reason: 'customer' });
  } else if (ticket.kind === 'repair' && happens(chance, 0.3)) {
    at = waitForParts(chance, ticket, agent, at, tell);
  }
  if (ticket.kind === 'repair' && happens(chance, 0.4)) {
    at = tell(at + between(chance, 5 * MINUTE, 30 * MINUTE), 'visit_agreed', { agent });
    at = tell(at + between(chance, 0.5 * HOUR, 2 * HOUR), 'arrived', { agent });
  }
  at = tell(at + between(chance, 5 * MINUTE, HOUR), 'solution_implemented', { by: 'agent', agent });
  return tell(at + between(chance, MINUTE, 10 * MINUTE), 'resolved', {
    firstContact: happens(chance, 0.6),
    agent,
  });
}

function waitForParts(chance: Chance, ticket: TicketSeed, agent: string, from: number, tell: Tell): number {
  const back = from + between(chance, 2 * HOUR, 8 * HOUR);
  const expectedAt = new Date(Math.round(ticket.createdAt + back)).toISOString();
  const at = tell(from + between(chance, MINUTE, 20 * MINUTE), 'pending', { reason: 'parts', expectedAt });
  if (happens(chance, 0.9)) {
    tell(at + around(chance, 40 * MINUTE, 0.6), 'informed', {
      by: 'agent',
      agent,
      about: 'delay',
      expectedAt,
    });
  }
  return tell(Math.max(back, at + MINUTE), 'resumed', { reason: 'parts' });
}

function finish(chance: Chance, solved: number, tell: Tell): void {
  if (happens(chance, 0.9)) {
    tell(solved + around(chance, 3 * HOUR, 0.8), 'followed_up', { level: 'satisfaction', done: true });
  }
  if (happens(chance, 0.5)) {
    const csat = happens(chance, 0.88) ? whole(chance, 4, 5) : whole(chance, 1, 3);
    tell(solved + between(chance, 10 * MINUTE, 2 * HOUR), 'surveyed', {
      csat,
      nps: csat >= 4 ? whole(chance, 7, 10) : whole(chance, 0, 6),
      satisfaction: csat >= 4 ? 'satisfied' : csat === 3 ? 'fair' : 'dissatisfied',
    });
  }
  if (happens(chance, 0.7)) tell(solved + around(chance, 2 * HOUR, 0.6), 'confirmed', { by: 'customer' });
  tell(solved + 24 * HOUR, 'closed');
}
