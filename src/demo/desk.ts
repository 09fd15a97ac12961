// The ticket desk: tickets arrive and take their course, complaints are kept near 2.5 % of them, and a burst of
// complaints is sized from what was created in the last day so that their rate does cross 5 %. An investigation then
// finds most of them to be repairs of one bad firmware, which brings the rate below 4 % again.

import { TICKET_QUEUES, type TicketQueue } from './content.ts';
import { type Floor, newCase, plan, tell } from './floor.ts';
import { between, draw, exponential, happens, pick } from './random.ts';
import { story, type TicketSeed } from './tickets.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PANE = 10 * MINUTE;

/** Live tickets a second at a speed of 1. */
const TICKETS_PER_SECOND = 0.045;
/** Tickets an hour of the history: in its last three hours, and before. */
const RECENT_PER_HOUR = 50;
const EARLIER_PER_HOUR = 14;

const BURST_RATE = 0.066;
const CALM_RATE = 0.034;
const NORMAL_RATE = 0.03;
const BURST_SPREAD = 35 * SECOND;
export const BURST_AFTER = 75 * SECOND;
const BURST_EVERY = 40 * MINUTE;
const INVESTIGATION_AFTER = 150 * SECOND;
/** No burst is larger, however many tickets there were. */
const BURST_MAX = 250;

const CHANNELS: Readonly<Record<TicketQueue, readonly [string, ...string[]]>> = {
  hotline: ['phone', 'phone', 'email'],
  repair: ['app', 'shop', 'phone', 'web', 'store'],
  consultation: ['web', 'shop', 'app'],
  online: ['email', 'web', 'app'],
};
const KINDS: Readonly<Record<TicketQueue, readonly [string, ...string[]]>> = {
  hotline: ['request', 'query', 'problem', 'repair'],
  repair: ['repair', 'repair', 'repair', 'problem'],
  consultation: ['consultation', 'query', 'suggestion'],
  online: ['problem', 'request', 'consultation', 'query'],
};

/** Plans the next ticket; with `until` as part of a history that ends there, at the history's rate. */
export function planNextTicket(floor: Floor, at: number, until: number | null): void {
  const { chance, speed } = floor.state;
  const perHour = until !== null && until - at > 3 * HOUR ? EARLIER_PER_HOUR : RECENT_PER_HOUR;
  const mean = until === null ? SECOND / (TICKETS_PER_SECOND * speed) : HOUR / perHour;
  const next = at + exponential(chance, mean);
  if (until === null || next < until) plan(floor, next, { do: 'ticket-arrives', until });
}

export function ticketArrives(floor: Floor, at: number, until: number | null): void {
  const { chance } = floor.state;
  planNextTicket(floor, at, until);
  const u = draw(chance);
  const queue = u < 0.35 ? 'online' : u < 0.65 ? 'repair' : u < 0.85 ? 'hotline' : 'consultation';
  const [created, complaints] = createdSince(floor, at, queue);
  const room = (complaints + 1) / (created + 1) <= NORMAL_RATE;
  const kind = room && happens(chance, 0.12) ? 'complaint' : pick(chance, KINDS[queue]);
  placeTicket(floor, at, newTicket(floor, at, queue, kind, false));
}

function newTicket(floor: Floor, at: number, queue: TicketQueue, kind: string, burst: boolean): TicketSeed {
  const { chance } = floor.state;
  const urgency = happens(chance, burst ? 0.2 : 0.08)
    ? 'urgent'
    : happens(chance, 0.02)
      ? 'critical'
      : 'normal';
  const channel = pick(chance, CHANNELS[queue]);
  const seed = Math.floor(draw(chance) * 0x1_0000_0000);
  return { id: newCase(floor, 'T'), seed, createdAt: Math.round(at), queue, kind, channel, urgency, burst };
}

/** Takes a ticket in: tells its creation and plans its next step. */
export function placeTicket(floor: Floor, at: number, ticket: TicketSeed): void {
  floor.state.tickets[ticket.id] = { ticket, step: 0 };
  countCreated(floor, ticket, 1, ticket.kind === 'complaint' ? 1 : 0);
  ticketStep(floor, at, ticket.id);
}

/** Tells the ticket's next step and plans the one after it; forgets the ticket after its last. */
export function ticketStep(floor: Floor, at: number, id: string): void {
  const open = floor.state.tickets[id];
  if (!open) return;
  const steps = story(open.ticket);
  const step = steps[open.step];
  if (step) tell(floor, step.at, step.type, id, step.data);
  open.step += 1;
  const next = steps[open.step];
  if (next) plan(floor, Math.max(at, next.at), { do: 'ticket-step', ticket: id });
  else delete floor.state.tickets[id];
}

/**
 * Tickets of the first start whose long clocks are about to be judged while somebody watches: some are broken
 * minutes later, some kept at the last moment, some already overdue. Ages and delays in milliseconds.
 */
export function setPieces(floor: Floor, now: number): void {
  const pieces: readonly (Partial<TicketSeed> & { age: number; queue: TicketQueue; kind: string })[] = [
    {
      age: 2 * HOUR - 70 * SECOND,
      queue: 'online',
      kind: 'problem',
      channel: 'email',
      acknowledgedAfter: 2 * HOUR + 4 * MINUTE,
      repliedAfter: 2 * HOUR + 5 * MINUTE,
    },
    {
      age: 2 * HOUR - 4 * MINUTE,
      queue: 'online',
      kind: 'request',
      channel: 'web',
      acknowledgedAfter: 2 * HOUR - 90 * SECOND,
      repliedAfter: 2 * HOUR - MINUTE,
    },
    {
      age: 2 * HOUR + 20 * MINUTE,
      queue: 'repair',
      kind: 'repair',
      channel: 'app',
      acknowledgedAfter: 3 * HOUR,
      repliedAfter: 3 * HOUR,
    },
    {
      age: 24 * HOUR - 2 * MINUTE,
      queue: 'repair',
      kind: 'complaint',
      channel: 'app',
      acknowledgedAfter: 3 * SECOND,
      repliedAfter: 24 * HOUR + 7 * MINUTE,
      proposedAfter: 25 * HOUR,
    },
    {
      age: 24 * HOUR - 9 * MINUTE,
      queue: 'online',
      kind: 'complaint',
      channel: 'web',
      acknowledgedAfter: 3 * SECOND,
      repliedAfter: 24 * HOUR - 5 * MINUTE,
      proposedAfter: 24 * HOUR - 4 * MINUTE,
    },
    {
      age: 25.5 * HOUR,
      queue: 'hotline',
      kind: 'complaint',
      channel: 'phone',
      repliedAfter: 27 * HOUR,
      proposedAfter: 28 * HOUR,
    },
    {
      age: 24 * HOUR - 5 * MINUTE,
      queue: 'online',
      kind: 'problem',
      channel: 'email',
      acknowledgedAfter: 5 * SECOND,
      repliedAfter: 40 * MINUTE,
      proposedAfter: 25 * HOUR,
    },
    {
      age: 29 * MINUTE,
      queue: 'repair',
      kind: 'repair',
      channel: 'phone',
      urgency: 'critical',
      repliedAfter: 33 * MINUTE,
    },
    {
      age: 24 * MINUTE,
      queue: 'repair',
      kind: 'repair',
      channel: 'app',
      urgency: 'urgent',
      acknowledgedAfter: 4 * SECOND,
      repliedAfter: 29 * MINUTE,
    },
    {
      age: 20 * MINUTE,
      queue: 'hotline',
      kind: 'problem',
      channel: 'phone',
      urgency: 'urgent',
      repliedAfter: 36 * MINUTE,
    },
    {
      age: 41 * MINUTE,
      queue: 'repair',
      kind: 'repair',
      channel: 'shop',
      urgency: 'urgent',
      repliedAfter: 55 * MINUTE,
    },
  ];
  for (const { age, queue, kind, ...rest } of pieces) {
    const ticket = {
      ...newTicket(floor, now - age, queue, kind, false),
      urgency: 'normal' as const,
      ...rest,
    };
    plan(floor, ticket.createdAt, { do: 'place-ticket', ticket });
  }
}

/** Plans as many complaints (broken locks, all in the repair queue) as take the day's rate clearly above 5 %. */
export function burst(floor: Floor, at: number): void {
  const { state } = floor;
  plan(floor, at + BURST_EVERY, { do: 'burst' });
  const [created, complaints] = createdSince(floor, at);
  const enough = Math.ceil((BURST_RATE * created - complaints) / (1 - BURST_RATE));
  const size = Math.min(BURST_MAX, Math.max(12, 26 - created, enough));
  state.burstUntil = at + BURST_SPREAD + MINUTE;
  for (let i = 0; i < size; i++) {
    plan(floor, at + ((i + between(state.chance, 0, 0.9)) / size) * BURST_SPREAD, {
      do: 'complain',
    });
  }
  plan(floor, at + BURST_SPREAD + INVESTIGATION_AFTER, { do: 'investigate' });
}

export function complain(floor: Floor, at: number): void {
  const ticket = newTicket(floor, at, 'repair', 'complaint', true);
  floor.state.burst.push(ticket.id);
  placeTicket(floor, at, ticket);
}

/** The investigation's result: so many of the burst's complaints become repairs that each queue is calm again. */
export function investigate(floor: Floor, at: number): void {
  const { state } = floor;
  for (const queue of TICKET_QUEUES) {
    const [created, complaints] = createdSince(floor, at, queue);
    const surplus = complaints - Math.floor(created * CALM_RATE);
    const candidates = state.burst
      .filter(id => state.tickets[id]?.ticket.queue === queue)
      .slice(0, Math.max(0, surplus));
    for (const ticket of candidates) {
      plan(floor, at + between(state.chance, 0, 80) * SECOND, { do: 'reclassify', ticket });
    }
  }
  state.burst = [];
}

export function reclassify(floor: Floor, at: number, id: string): void {
  const open = floor.state.tickets[id];
  if (!open) return;
  tell(floor, at, 'ticket.updated', id, {
    kind: 'repair',
    category: 'firmware',
    description: '专项调查：同一批固件缺陷，改为报修。One bad firmware: a repair, not a complaint',
  });
  countCreated(floor, open.ticket, 0, -1);
}

function countCreated(floor: Floor, ticket: TicketSeed, created: number, complaints: number): void {
  const { created: panes } = floor.state;
  const key = String(Math.floor(ticket.createdAt / PANE) * PANE);
  panes[key] ??= {};
  const counts = panes[key][ticket.queue] ?? [0, 0];
  panes[key][ticket.queue] = [counts[0] + created, counts[1] + complaints];
}

/** Tickets created in the 24 hours before `at` and complaints among them, in one queue or in all. */
export function createdSince(floor: Floor, at: number, queue?: TicketQueue): [number, number] {
  const { created: panes } = floor.state;
  let created = 0;
  let complaints = 0;
  for (const [start, counts] of Object.entries(panes)) {
    if (Number(start) < at - DAY - 8 * HOUR) delete panes[start];
    if (Number(start) < at - DAY || Number(start) > at) continue;
    for (const one of TICKET_QUEUES) {
      if (queue !== undefined && one !== queue) continue;
      created += counts[one]?.[0] ?? 0;
      complaints += counts[one]?.[1] ?? 0;
    }
  }
  return [created, complaints];
}
