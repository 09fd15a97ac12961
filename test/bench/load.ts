// The load of the benchmarks: lives of calls and tickets as CloudEvents of about 350 bytes, the same for a seed.

import type { Publisher } from '../../src/broker/publisher.ts';
import { encodeToken, partitionOf, partitionSubject } from '../../src/contract/subject.ts';

/** One event on its way: the subject of its partition and the message. */
export interface LoadEvent {
  readonly subject: string;
  readonly data: string;
}

export interface LoadOptions {
  readonly events: number;
  /** Tickets whose lives run side by side: each second event falls on a random one of them, the others on calls. */
  readonly openCases: number;
  /** The first so many of these tickets exist already (`preload.ts`), and have been created. */
  readonly known?: number;
  readonly partitions: number;
  /** The time of an event, ms since 1970: when it is published, as publishers do. */
  readonly clock: () => number;
  readonly seed: number;
}

/** Mulberry32: a small generator of numbers in [0, 1), the same for a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const CALL = ['queued', 'ringing', 'answered', 'ended', 'surveyed'];
const TICKET = [
  'created',
  'acknowledged',
  'assigned',
  'replied',
  'updated',
  'pending',
  'resumed',
  'resolved',
  'closed',
];
/** Calls that run side by side. */
const CALLS = 200;
const QUEUES = ['repair', 'consulting', 'complaints', 'hotline', 'online'];
const CHANNELS = ['phone', 'email', 'web', 'app', 'wechat'];

interface Life {
  readonly id: string;
  readonly entity: 'call' | 'ticket';
  step: number;
  readonly queue: string;
}

/** Yields the events in the order of their time. */
export function* makeLoad(options: LoadOptions): Generator<LoadEvent> {
  const { events, openCases, partitions, clock, seed, known = 0 } = options;
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => {
    const found = list[Math.floor(next() * list.length)];
    if (found === undefined) throw new Error('empty list');
    return found;
  };
  const lives: Life[] = [];
  let born = 0;
  const bear = (entity: Life['entity']): Life => {
    born += 1;
    return { id: `${entity === 'call' ? 'C' : 'T'}-${seed}-${born}`, entity, step: 0, queue: pick(QUEUES) };
  };
  for (let i = 0; i < events; i++) {
    const entity = next() < 0.5 ? 'call' : 'ticket';
    const place =
      Math.floor(next() * (entity === 'call' ? CALLS : openCases)) + (entity === 'call' ? 0 : CALLS);
    const number = place - CALLS;
    const isKnown = number >= 0 && number < known && lives[place] === undefined;
    const life = isKnown
      ? { ...bear('ticket'), id: knownTicket(number), step: 1 }
      : (lives[place] ?? bear(entity));
    lives[place] = life;
    const steps = life.entity === 'call' ? CALL : TICKET;
    const name = steps[life.step] ?? 'closed';
    const time = new Date(clock()).toISOString();
    yield { subject: subjectOf(life, partitions), data: eventText(life, name, time, i, pick) };
    life.step += 1;
    if (life.step === steps.length) lives[place] = bear(entity);
  }
}

/** The id of a ticket that exists before the load. */
export function knownTicket(number: number): string {
  return `T-known-${number}`;
}

function subjectOf(life: Life, partitions: number): string {
  const token = encodeToken(life.id);
  if (!token.ok) throw new Error(token.detail);
  return partitionSubject(partitionOf(token.token, partitions), life.entity);
}

function eventText(
  life: Life,
  name: string,
  time: string,
  number: number,
  pick: <T>(list: readonly T[]) => T,
): string {
  const data: Record<string, unknown> =
    life.step === 0
      ? {
          channel: life.entity === 'call' ? 'phone' : pick(CHANNELS),
          kind: pick(['consultation', 'problem', 'repair', 'problem', 'complaint']),
          urgency: pick(['normal', 'normal', 'urgent']),
          queue: life.queue,
          product: pick(['sofa', 'table', 'bed']),
          customer: { id: `U${number}`, name: '王小明', phone: '13812345678' },
        }
      : {
          by: 'agent',
          agent: `A${number % 50}`,
          team: life.queue,
          reason: 'customer',
          waitSeconds: number % 60,
        };
  return JSON.stringify({
    specversion: '1.0',
    id: `e-${life.id}-${life.step}`,
    source: '/bench/centre',
    type: `${life.entity}.${name}`,
    subject: life.id,
    time,
    datacontenttype: 'application/json',
    data,
  });
}

/** Publishes all of it with acknowledgements; resolves with how many were stored. */
export async function publishLoad(publisher: Publisher, load: Iterable<LoadEvent>): Promise<number> {
  let stored = 0;
  let failed = 0;
  for (const { subject, data } of load) {
    if (!publisher.hasRoom) await publisher.room();
    publisher.send(subject, data, undefined, result => {
      if (result.result === 'stored') stored += 1;
      else failed += 1;
    });
  }
  await publisher.idle();
  if (failed > 0) throw new Error(`${failed} events were not stored`);
  return stored;
}
