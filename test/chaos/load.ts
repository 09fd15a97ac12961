// The load of the chaos tests: many lives side by side, the same for a seed but for the wall time on which they run. Events
// come late by up to ten seconds, or up to an hour after younger ones of their case, from imported history, ahead of time,
// twice, with other content, on the wrong partition, or are no events at all. Who judges reads the streams: nothing here
// remembers what ought to come out.
import { encodeToken, partitionOf, partitionSubject } from '../../src/contract/subject.ts';
import { random } from '../bench/load.ts';
import { type LifeEntity, type Next, type Step, stepsOf } from './lives.ts';

export interface LoadMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const LATE_MS_MAX = 10_000;
/** Lives that go on quickly, and lives that wait long between their steps, so that policies change under them. */
const QUICK = 60;
const SLOW = 300;
const QUICK_SHARE = 0.65;
/** Lives that are told as they happen; those of the others lie behind, and are told out of order. */
const LIVE_SHARE = 0.5;
const DISORDER_MS_MAX = 3_600_000;
const DISORDER_SHARE = 0.45;
const HISTORY_SHARE = 0.06;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const OVERSIZED_BYTES = 262_145;

/** A step on its way; `time` is null for one that is told as it happens. */
interface Post {
  readonly step: Step;
  readonly time: number | null;
}

interface Life {
  readonly entity: LifeEntity;
  readonly id: string;
  readonly posts: readonly Post[];
  at: number;
}

interface Event {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly sequence?: string;
  readonly data: object;
}

export class Load {
  readonly #next: Next;
  readonly #partitions: number;
  readonly #seed: number;
  readonly #lives: Life[] = [];
  readonly #past: Event[] = [];
  #born = 0;
  #made = 0;

  constructor(seed: number, partitions: number) {
    this.#next = random(seed);
    this.#partitions = partitions;
    this.#seed = seed;
  }

  /** The next message, as of `now` (ms since 1970). */
  make(now: number): LoadMessage {
    const chance = this.#next();
    const old = this.#past[Math.floor(this.#next() * this.#past.length)];
    if (chance < 0.03 && old !== undefined) return this.#message(old);
    if (chance < 0.045 && old !== undefined) return this.#message({ ...old, data: { category: 'other' } });
    if (chance < 0.075) return this.#bad(now);
    const event = this.#step(now);
    this.#past.push(event);
    if (this.#past.length > 500) this.#past.shift();
    return this.#message(event);
  }

  #step(now: number): Event {
    const isQuick = this.#next() < QUICK_SHARE;
    const place = Math.floor(this.#next() * (isQuick ? QUICK : SLOW)) + (isQuick ? 0 : QUICK);
    let life = this.#lives[place];
    if (life === undefined || life.at >= life.posts.length) {
      life = this.#bear(now);
      this.#lives[place] = life;
    }
    const { step, time } = life.posts[life.at++] ?? { step: { name: 'updated', data: {} }, time: null };
    this.#made += 1;
    const event: Event = {
      specversion: '1.0',
      id: `e-${this.#seed}-${this.#made}`,
      source: `/chaos/${this.#made % 3}`,
      type: `${life.entity}.${step.name}`,
      subject: life.id,
      time: new Date(time ?? this.#timeOf(now)).toISOString(),
      data: step.data,
    };
    return this.#next() < 0.1 ? { ...event, sequence: String(Math.floor(this.#next() * 5)) } : event;
  }

  /** Most are of now, some late; few are imported history, or lie ahead. */
  #timeOf(now: number): number {
    const chance = this.#next();
    if (chance < 0.6) return now;
    if (chance < 0.85) return now - Math.floor(this.#next() * 300);
    if (chance < 0.96) return now - Math.floor(this.#next() * LATE_MS_MAX);
    if (chance < 0.98) return now - Math.floor(this.#next() * 40 * DAY_MS);
    return chance < 0.995 ? now + Math.floor(this.#next() * 5_000) : now + Math.floor(DAY_MS / 2);
  }

  #bear(now: number): Life {
    this.#born += 1;
    const chance = this.#next();
    const entity = chance < 0.6 ? 'ticket' : chance < 0.8 ? 'call' : chance < 0.95 ? 'chat' : 'agent';
    const number = `${this.#seed}-${this.#born}`;
    const id = this.#next() < 0.1 ? `工单.${number}%` : `${entity.charAt(0).toUpperCase()}-${number}`;
    return { entity, id, posts: this.#posts(entity, now), at: 0 };
  }

  /** The steps of a life in the order in which they are told. */
  #posts(entity: LifeEntity, now: number): Post[] {
    if (this.#next() < LIVE_SHARE)
      return stepsOf(entity, this.#next, now).map(step => ({ step, time: null }));
    const history = this.#next() < HISTORY_SHARE ? this.#next() * 40 * DAY_MS : 0;
    const ended = now - Math.floor(history + this.#next() * 20 * MINUTE_MS);
    const span = (10 + this.#next() * 80) * MINUTE_MS;
    const steps = stepsOf(entity, this.#next, ended - span);
    const posts = steps.map((step, i) => {
      const time = Math.floor(ended - span + (span * (i + this.#next())) / steps.length);
      const late = this.#next() < DISORDER_SHARE ? this.#next() * DISORDER_MS_MAX : 0;
      return { step, time, told: time + late };
    });
    return posts.sort((a, b) => a.told - b.told);
  }

  /** What can't be used, one of each kind in turn of chance. */
  #bad(now: number): LoadMessage {
    const event = this.#step(now);
    const right = this.#message(event);
    const with_ = (change: object) => ({
      subject: right.subject,
      data: Buffer.from(JSON.stringify({ ...event, ...change })),
    });
    const turn = Math.floor(this.#next() * 12);
    switch (turn) {
      case 0:
        return { subject: right.subject, data: Buffer.from('{"not json') };
      case 1:
        return { subject: right.subject, data: Buffer.from([0xff, 0xfe, 0x00, 0x80]) };
      case 2:
        // Half a surrogate pair is left where the reason is cut: it must not break a header.
        return with_({ type: `ticket.${'x'.repeat(52)}\u{1f600}` });
      case 3:
        return with_({ time: '2999-01-01T00:00:00Z' });
      case 4:
        return with_({ time: 'yesterday' });
      case 5:
        return with_({ data: { queue: 7, expectedAt: 'soon' } });
      case 6:
        return with_({ subject: '' });
      case 7:
        return with_({ data: { description: 'x'.repeat(OVERSIZED_BYTES) } });
      case 8: {
        const partition = (partitionOf(tokenOf(event.subject), this.#partitions) + 1) % this.#partitions;
        return { ...right, subject: `sla.events.${partition}.${event.type.split('.')[0]}` };
      }
      case 9:
        return { subject: 'cc.events.ticket', data: Buffer.from(JSON.stringify(event)) };
      case 10:
        return {
          subject: right.subject,
          data: Buffer.from('{"queue": 1}'),
          headers: { 'ce-type': event.type, 'ce-id': event.id, 'content-type': 'application/json' },
        };
      default:
        return { ...right, subject: right.subject.replace(/\w+$/, 'shift') };
    }
  }

  #message(event: Event): LoadMessage {
    const token = tokenOf(event.subject);
    const entity = event.type.split('.')[0] ?? '';
    // Some go by the server's own mapping.
    const subject =
      this.#next() < 0.2
        ? `cc.events.${entity}.${token}`
        : partitionSubject(partitionOf(token, this.#partitions), entityOf(entity));
    if (this.#next() >= 0.1) return { subject, data: Buffer.from(JSON.stringify(event)) };
    const { data, specversion, id, source, type, time } = event;
    const headers = {
      'ce-specversion': specversion,
      'ce-id': id,
      'ce-source': source,
      'ce-type': type,
      'ce-subject': encodeURIComponent(event.subject),
      'ce-time': time,
      'content-type': 'application/json',
      ...(event.sequence === undefined ? {} : { 'ce-sequence': event.sequence }),
    };
    return { subject, data: Buffer.from(JSON.stringify(data)), headers };
  }
}

function tokenOf(id: string): string {
  const encoded = encodeToken(id);
  if (!encoded.ok) throw new Error(encoded.detail);
  return encoded.token;
}

function entityOf(name: string): LifeEntity {
  if (name === 'ticket' || name === 'call' || name === 'chat' || name === 'agent') return name;
  throw new Error(`no entity ${name}`);
}
