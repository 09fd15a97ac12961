// Random policies over the whole language, and random lives of a ticket to run under them: so that what must hold for every
// policy is tried on policies that nobody would write.
import { ENTITIES, type SlaEvent } from '../../src/contract/event.ts';
import type { Input } from './live.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 20, 15);

/** Attributes of a case, and fields of an event only, with the values that occur. */
const ATTRIBUTES: Record<string, readonly (string | number | boolean)[]> = {
  kind: ['complaint', 'repair', 'query'],
  urgency: ['normal', 'urgent', 'odd'],
  queue: ['q1', 'q2', ''],
  category: ['hold', 'go'],
  team: ['x', 'y'],
  vip: [true, false],
  level: [1, 2, 3],
  tag: ['a', 'b'],
  'customer.tier': ['gold', 'standard'],
};
const KEPT: typeof ATTRIBUTES = {
  status: ['open', 'pending', 'resolved', 'closed', 'cancelled'],
  was_one: [true, false],
  was_other: [true, false],
};
const FIELDS: typeof ATTRIBUTES = {
  reason: ['customer', 'parts'],
  by: ['agent', 'bot'],
  promise: ['p', 'q'],
  about: ['delay', 'eta'],
};
const NAMES = [
  ...['created', 'replied', 'updated', 'pending', 'resumed', 'promised', 'promise_kept', 'informed'],
  ...['resolved', 'reopened', 'cancelled', 'closed', 'waived', 'merged', 'surveyed', 'assigned'],
];
const OFTEN = ['created', 'updated', 'updated', 'pending', 'resumed', 'reopened', 'resolved', 'replied'];

/** A choice of what is written in a policy: text that a policy file may hold. */
type Written = Record<string, unknown>;

export class Dice {
  readonly #next: () => number;

  /** `next` gives numbers in [0, 1). */
  constructor(next: () => number) {
    this.#next = next;
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.int(0, list.length - 1)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  some<T>(list: readonly T[], count: number): T[] {
    return this.shuffled(list).slice(0, count);
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map(item => ({ item, key: this.#next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }

  times<T>(from: number, to: number, make: (i: number) => T): T[] {
    return Array.from({ length: this.int(from, to) }, (_, i) => make(i));
  }
}

/** A policy file as JSON. Not every one of them makes sense: the loader says which are to be left out. */
export function randomPolicy(dice: Dice): string {
  const rules = new Rules(dice);
  const clocks = dice.times(1, 4, i => rules.clock(i));
  return JSON.stringify({
    version: 1,
    name: 'random',
    timezone: 'UTC',
    attributes: {
      ...{ vip: 'boolean', level: 'number', tag: 'string' },
      was_one: { set: rules.start(false) },
      was_other: { set: rules.start(false) },
    },
    calendars: { office: { hours: { 'mon-fri': ['09:00-12:00', '13:30-18:00'] } } },
    clocks,
    indicators: dice.times(1, 5, i => rules.indicator(i, clocks.length)),
  });
}

class Rules {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  clock(i: number): Written {
    const dice = this.#dice;
    const pause = () => ({ from: this.start(), to: this.start() });
    return {
      rule: `R${i}`,
      on: 'ticket',
      start: this.start(),
      stop: this.event(),
      target: this.#target(),
      ...this.#maybe(0.6, () => ({ when: this.#when() })),
      ...this.#maybe(0.4, () => ({ cancel: this.event() })),
      ...this.#maybe(0.5, () => ({ pause: dice.chance(0.3) ? [pause(), pause()] : pause() })),
      ...this.#maybe(0.4, () => ({ calendar: 'office' })),
      ...this.#maybe(0.5, () => ({ warn: dice.pick(['50%', ['50%', '5m'], '80%', '3m']) })),
      ...this.#maybe(0.3, () => ({ ladder: dice.pick(LADDERS) })),
      ...this.#maybe(0.3, () => ({ atOnce: { action: 'plan', to: 'a' } })),
      ...this.#maybe(0.25, () => ({ retroactive: false })),
      ...this.#maybe(0.25, () => ({ repeat: true })),
      ...this.#maybe(0.15, () => ({ once: true })),
      ...this.#maybe(0.2, () => ({ overlap: dice.pick(['latest', 'all']) })),
      ...this.#maybe(0.5, () => ({ reopen: dice.pick(['ignore', 'continue', 'restart']) })),
      ...this.#maybe(0.2, () => ({ each: dice.pick(['promise', 'reason', 'by', 'queue', 'level']) })),
      ...this.#maybe(0.1, () => ({ evidence: true })),
    };
  }

  indicator(i: number, clocks: number): Written {
    const dice = this.#dice;
    const window = '1h';
    const of = this.event();
    const level = {
      on: 'ticket',
      ...(dice.chance(0.5) ? { from: of, to: this.event() } : { when: this.#when() }),
    };
    const measure = dice.pick<() => Written>([
      () => ({ window, count: this.event(), of }),
      () => ({ window, clock: `R${dice.int(0, clocks - 1)}` }),
      () => ({ window, [dice.pick(['mean', 'p50', 'p95', 'max'])]: dice.pick(['csat', 'level']), of }),
      () => ({ window, share: dice.pick(['queue', 'kind', 'reason', 'tag', 'was_one', 'vip']), of }),
      () => ({ level: dice.chance(0.4) ? { ...level, longest: true } : level }),
    ]);
    const by = dice.pick<unknown>([
      ['queue'],
      ['kind', 'urgency'],
      [['queue'], ['queue', 'team']],
      ['was_one'],
    ]);
    return { rule: `I${i}`, ...measure(), ...this.#maybe(0.5, () => ({ by })) };
  }

  /** Event conditions and `becomes`; `kept`: what the monitor keeps itself may be asked for. */
  start(kept = true): unknown {
    const dice = this.#dice;
    const one = () =>
      dice.chance(0.3) ? { becomes: this.#tests(attributes(kept), dice.int(1, 2)) } : this.#one(kept);
    return dice.chance(0.3) ? [one(), one()] : one();
  }

  event(): unknown {
    return this.#dice.chance(0.3) ? [this.#one(), this.#one()] : this.#one();
  }

  #one(kept = true): unknown {
    const dice = this.#dice;
    const type = `ticket.${dice.pick(NAMES)}`;
    if (dice.chance(0.5)) return type;
    const tests = this.#tests({ ...attributes(kept), ...FIELDS }, dice.int(0, 2));
    const present = dice.pick(['queue', 'promise', 'dueAt', 'kind', 'vip', 'reason']);
    return { type, ...tests, ...this.#maybe(0.2, () => ({ present })) };
  }

  #when(): unknown {
    const dice = this.#dice;
    const one = () => this.#tests(attributes(true), dice.int(1, 2));
    return dice.chance(0.3) ? [one(), one()] : one();
  }

  #tests(from: typeof ATTRIBUTES, count: number): Written {
    const dice = this.#dice;
    const entries = dice.some(Object.entries(from), count);
    return Object.fromEntries(
      entries.map(([path, values]) => [path, dice.chance(0.4) ? dice.some(values, 2) : dice.pick(values)]),
    );
  }

  #target(): unknown {
    const dice = this.#dice;
    if (dice.chance(0.55)) return dice.pick(TARGETS);
    if (dice.chance(0.35)) return { at: dice.pick(['data.dueAt', 'data.expectedAt']) };
    const by = dice.pick(['urgency', 'kind', 'queue', 'level', 'vip', 'status']);
    const values = attributes(true)[by] ?? [];
    return {
      by,
      values: Object.fromEntries(dice.some(values, 2).map(value => [String(value), dice.pick(TARGETS)])),
      ...this.#maybe(0.3, () => ({ else: dice.pick(TARGETS) })),
    };
  }

  #maybe(share: number, make: () => Written): Written {
    return this.#dice.chance(share) ? make() : {};
  }
}

const TARGETS = ['0s', '5m', '10m', '20m', '25m', '40m', '2h', '0bd', '1bd', '1bd@same-time'];
const LADDERS = [
  [{ after: '10m', to: 'b' }],
  [
    { after: '0s', to: 'a' },
    { after: '10m', to: 'b', calendar: 'always' },
  ],
];

function attributes(kept: boolean): typeof ATTRIBUTES {
  return kept ? { ...ATTRIBUTES, ...KEPT } : ATTRIBUTES;
}

/** The events of a ticket, many of them at the same instants, some over a weekend. */
export function randomEvents(dice: Dice): SlaEvent[] {
  return dice.times(1, 14, i => {
    const share = dice.pick([0.1, 0.3, 0.5]);
    const fields: Record<string, string | number | boolean> = {};
    for (const [path, values] of Object.entries({ ...ATTRIBUTES, ...FIELDS }))
      if (dice.chance(share)) fields[path] = dice.pick(values);
    if (dice.chance(share)) fields.rule = dice.pick(['R0', 'R1', 'R2', 'R3']);
    if (dice.chance(share)) fields.csat = dice.int(1, 5);
    for (const path of ['dueAt', 'expectedAt'])
      if (dice.chance(share)) fields[path] = new Date(START + dice.int(-10, 60) * MINUTE_MS).toISOString();
    return {
      id: `e${i}`,
      source: i % 3 === 0 ? '/a' : '/b',
      type: `ticket.${dice.pick(dice.chance(0.5) ? NAMES : OFTEN)}`,
      entity: ENTITIES[0],
      case: 'T',
      time: START + dice.pick([dice.int(0, 24) * 5, dice.int(0, 130), dice.int(60, 90) * 60]) * MINUTE_MS,
      fields,
      digest: `d${i}`,
      ...(dice.chance(0.3) ? { sequence: dice.pick(['1', '2', '10']) } : {}),
    };
  });
}

/** The events in some order of arrival, with repetitions, conflicts and time that passes; and when it was over. */
export function randomArrival(dice: Dice, events: readonly SlaEvent[]): { inputs: Input[]; end: number } {
  let now = Math.min(...events.map(({ time }) => time)) + dice.int(-120, 30) * MINUTE_MS;
  const pass = () => {
    now += dice.pick([0, 0, 1, MINUTE_MS, 5 * MINUTE_MS, 17 * MINUTE_MS]);
  };
  const inputs: Input[] = [];
  for (const event of dice.shuffled(events)) {
    pass();
    inputs.push({ kind: 'event', event, now });
    pass();
    const more = dice.pick<Input | null>([
      ...[null, null, { kind: 'event', event, now } as const],
      ...[
        { kind: 'event', event: { ...event, digest: 'other' }, now } as const,
        { kind: 'time', now } as const,
      ],
    ]);
    if (more !== null) inputs.push(more);
  }
  return { inputs, end: now };
}
