// The load of the chaos tests: lives of tickets, calls, chats and agents, the same for a seed but for the wall time on
// which they run. Events come late by up to ten seconds, twice, with other content, on the wrong partition, or are no
// events at all. Who judges reads the streams: nothing here remembers what ought to come out.
import { encodeToken, partitionOf, partitionSubject } from '../../src/contract/subject.ts';
import { random } from '../bench/load.ts';

export interface LoadMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const LATE_MS_MAX = 10_000;
const SIDE_BY_SIDE = 60;
const DAY_MS = 86_400_000;
const OVERSIZED_BYTES = 262_145;

type Next = () => number;
type Entity = 'ticket' | 'call' | 'chat' | 'agent';

interface Step {
  readonly name: string;
  readonly data: object;
}

interface Life {
  readonly entity: Entity;
  readonly id: string;
  readonly steps: Step[];
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
    const place = Math.floor(this.#next() * SIDE_BY_SIDE);
    let life = this.#lives[place];
    if (life === undefined || life.at >= life.steps.length) {
      life = this.#bear();
      this.#lives[place] = life;
    }
    const step = life.steps[life.at++] ?? { name: 'updated', data: {} };
    this.#made += 1;
    const event: Event = {
      specversion: '1.0',
      id: `e-${this.#seed}-${this.#made}`,
      source: `/chaos/${this.#made % 3}`,
      type: `${life.entity}.${step.name}`,
      subject: life.id,
      time: new Date(this.#timeOf(now)).toISOString(),
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

  #bear(): Life {
    this.#born += 1;
    const chance = this.#next();
    const entity = chance < 0.6 ? 'ticket' : chance < 0.8 ? 'call' : chance < 0.95 ? 'chat' : 'agent';
    const number = `${this.#seed}-${this.#born}`;
    const id = this.#next() < 0.1 ? `工单.${number}%` : `${entity.charAt(0).toUpperCase()}-${number}`;
    return { entity, id, steps: this.#steps(entity), at: 0 };
  }

  #pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.#next() * list.length)] ?? list[0];
  }

  #steps(entity: Entity): Step[] {
    const queue = this.#pick(['repair', 'consulting', 'complaints', '']);
    switch (entity) {
      case 'ticket':
        return this.#ticket(queue);
      case 'call': {
        const middle: Step[] =
          this.#next() < 0.3
            ? [{ name: 'abandoned', data: { waitSeconds: 4 } }]
            : [
                { name: 'ringing', data: { rings: 2 } },
                { name: 'answered', data: { agent: 'A-1', waitSeconds: 3 } },
                { name: 'ended', data: { talkSeconds: 60 } },
              ];
        return [{ name: 'queued', data: queue === '' ? {} : { queue } }, ...middle];
      }
      case 'chat':
        return [
          { name: 'started', data: {} },
          ...Array.from({ length: 6 }, () => ({
            name: 'message',
            data: { by: this.#pick(['customer', 'agent', 'bot']) },
          })),
          { name: 'ended', data: {} },
        ];
      case 'agent':
        return [
          { name: 'signed_on', data: { team: 'a' } },
          { name: 'state_changed', data: { state: this.#pick(['available', 'busy', 'break']) } },
          { name: 'signed_off', data: {} },
        ];
      default:
        return entity satisfies never;
    }
  }

  #ticket(queue: string): Step[] {
    const urgency = (): object => ({ urgency: this.#pick(['normal', 'urgent', 'critical', 'whatever']) });
    const customer = { id: 'K-1', name: '王小明', phone: '13800001234', tier: this.#pick(['gold', 'none']) };
    const kind = this.#pick(['complaint', 'query', 'repair', 'problem']);
    const channel = this.#pick(['email', 'web', 'phone']);
    const promise = `P-${Math.floor(this.#next() * 3)}`;
    const dueAt = new Date(Date.now() + Math.floor(this.#next() * 4_000)).toISOString();
    const middle: readonly [Step, ...Step[]] = [
      { name: 'replied', data: { by: this.#pick(['agent', 'bot', 'senior']) } },
      { name: 'updated', data: urgency() },
      { name: 'updated', data: { queue: this.#pick(['repair', 'complaints']) } },
      { name: 'updated', data: { channel: this.#pick(['phone', 'app']) } },
      { name: 'pending', data: { reason: this.#pick(['customer', 'parts']) } },
      { name: 'resumed', data: {} },
      { name: 'informed', data: { about: 'progress' } },
      { name: 'promised', data: { promise, dueAt } },
      { name: 'promise_kept', data: { promise } },
      { name: 'resolved', data: {} },
      { name: 'reopened', data: {} },
      { name: 'waived', data: { rule: this.#pick(['T-REPLY', 'T-SOLVE']), why: 'test', by: 'x' } },
      { name: 'replied', data: { by: 'agent' } },
    ];
    const opened = { channel, kind, customer, ...(queue === '' ? {} : { queue }), ...urgency() };
    const steps: Step[] = [{ name: 'created', data: opened }];
    const count = 2 + Math.floor(this.#next() * 7);
    for (let i = 0; i < count; i++) steps.push(this.#pick(middle));
    if (this.#next() < 0.7)
      steps.push({ name: this.#pick(['closed', 'cancelled', 'merged', 'resolved']), data: { into: 'T-0' } });
    return steps;
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

function entityOf(name: string): Entity {
  if (name === 'ticket' || name === 'call' || name === 'chat' || name === 'agent') return name;
  throw new Error(`no entity ${name}`);
}
