// Random figures with their alerts, as a policy file and as the plain model reads them, and random events of a few cases
// that crowd around the instants at which panes begin and end.
import type { FieldValue, SlaEvent } from '../../src/contract/event.ts';
import type { Condition, Scalar, Tests, Vocabulary } from './case-model.ts';
import type { ClockSpec } from './cycle-model.ts';
import type { AlertSpec, FigureSpec, Measured } from './figure-model.ts';
import type { Dice } from './random-policy.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 20, 15);

type Values = Readonly<Record<string, readonly Scalar[]>>;
type Written = Record<string, unknown>;

/** Attributes of a case, and fields that belong to their event, with the values that occur. */
const ATTRIBUTES: Values = {
  kind: ['complaint', 'repair'],
  queue: ['a', 'b,c=d', '', 'x|y%'],
  team: ['x', 'y'],
  vip: [true, false],
  grade: [1, 2, 0.5],
  'customer.tier': ['gold', 'standard'],
};
const KEPT: Values = { status: ['open', 'pending', 'resolved', 'closed'], seen: [true, false] };
const FIELDS: Values = { by: ['agent', 'bot'], reason: ['customer', 'parts'], promise: ['p', 'q'] };
const NUMBERS = ['csat', 'waitSeconds', 'grade'];
const STATISTICS = ['mean', 'p50', 'p90', 'p95', 'max'] as const;

const NAMES: Readonly<Record<'ticket' | 'call', readonly string[]>> = {
  ticket: [
    ...['created', 'created', 'created', 'updated', 'updated', 'replied', 'pending', 'resumed', 'resolved'],
    ...['reopened', 'cancelled', 'closed', 'waived', 'merged', 'surveyed'],
  ],
  call: ['queued', 'queued', 'answered', 'held', 'retrieved', 'ended'],
};

/** Each window with the lengths of pane that are written for it; null: none is, and a pane is a sixtieth. */
const WINDOWS: readonly (readonly [windowMs: number, paneMs: readonly (number | null)[]])[] = [
  [10 * MINUTE_MS, [30_000, 5 * MINUTE_MS, 10 * MINUTE_MS, 3 * MINUTE_MS]],
  [60 * MINUTE_MS, [null, 5 * MINUTE_MS, 7 * MINUTE_MS, 60 * MINUTE_MS]],
  [MINUTE_MS, [20_000, 30_000, MINUTE_MS]],
];

export interface RandomFigures extends Vocabulary {
  readonly text: string;
  readonly figures: readonly FigureSpec[];
  /** The simple ones among the policy's clocks. */
  readonly clocks: readonly ClockSpec[];
  /** Events of up to four cases, in some order. */
  readonly events: readonly SlaEvent[];
}

/** A policy and the events that run under it: both use few words of many, so that they meet often. */
export function randomFigures(dice: Dice): RandomFigures {
  return new Maker(dice).make();
}

class Maker {
  readonly #dice: Dice;
  readonly #names: typeof NAMES;
  readonly #attributes: Values;
  readonly #fields: Values;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#names = {
      ticket: ['created', ...dice.some(NAMES.ticket, 5)],
      call: ['queued', ...dice.some(NAMES.call, 2)],
    };
    this.#attributes = Object.fromEntries(dice.some(Object.entries(ATTRIBUTES), 3));
    this.#fields = Object.fromEntries(dice.some(Object.entries(FIELDS), 2));
  }

  make(): RandomFigures {
    const dice = this.#dice;
    const derived = { seen: this.#conditions('ticket', { ...this.#attributes, ...this.#fields }) };
    const simple: ClockSpec[] = [];
    const clocks = dice.times(1, 2, i => {
      if (dice.chance(0.3)) return this.#clock(`C${i}`);
      const clock = this.#simpleClock(`C${i}`);
      simple.push(clock);
      return clockText(clock);
    });
    const figures = dice.times(2, 4, i => this.#figure(`I${i}`, clocks.length));
    const text = JSON.stringify({
      version: 1,
      timezone: 'UTC',
      attributes: { vip: 'boolean', grade: 'number', seen: { set: derived.seen.map(conditionText) } },
      calendars: { office: { hours: { 'mon-fri': ['09:00-15:20', '15:40-18:00'] } } },
      clocks,
      indicators: figures.map(figureText),
    });
    return { text, figures, clocks: simple, declared: ['vip', 'grade'], derived, events: this.#events() };
  }

  /** What an event condition may ask for. */
  get #all(): Values {
    return { ...this.#attributes, ...KEPT, ...this.#fields };
  }

  #maybe(share: number, make: () => Written): Written {
    return this.#dice.chance(share) ? make() : {};
  }

  #tests(from: Values, count: number): Tests {
    const dice = this.#dice;
    return Object.fromEntries(
      dice
        .some(Object.entries(from), count)
        .map(([path, values]) => [path, dice.some(values, dice.int(1, 2))]),
    );
  }

  /** Conditions about cases of one kind. */
  #conditions(entity: 'ticket' | 'call', from: Values = this.#all): Condition[] {
    const dice = this.#dice;
    return dice.times(1, 2, () => ({
      type: `${entity}.${dice.pick(this.#names[entity])}`,
      tests: this.#tests(from, dice.pick([0, 0, 0, 1, 2])),
    }));
  }

  #simpleClock(rule: string): ClockSpec {
    const dice = this.#dice;
    const event = () => this.#conditions('ticket');
    const type = (...names: string[]) => names.map(name => ({ type: `ticket.${name}`, tests: {} }));
    const isPaused = dice.chance(0.5);
    const isUsual = dice.chance(0.6);
    return {
      rule,
      start: dice.chance(0.7) ? type('created') : event(),
      stop: dice.chance(0.4) ? type('replied', 'resolved') : event(),
      cancel: dice.chance(0.3) ? event() : [],
      pause: isPaused
        ? { from: isUsual ? type('pending') : event(), to: isUsual ? type('resumed') : event() }
        : null,
      when: dice.chance(0.4) ? this.#tests({ ...this.#attributes, ...KEPT }, 1) : {},
      target: dice.pick([
        ...[90_000, 5 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS],
        { by: 'kind', values: { complaint: 5 * MINUTE_MS, repair: 10 * MINUTE_MS } },
        { by: 'queue', values: { a: 3 * MINUTE_MS }, else: 12 * MINUTE_MS },
      ]),
      reopen: dice.pick(['ignore', 'continue', 'restart']),
    };
  }

  #clock(rule: string): Written {
    const dice = this.#dice;
    const event = () => this.#conditions('ticket').map(conditionText);
    return {
      rule,
      on: 'ticket',
      start: dice.chance(0.7) ? 'ticket.created' : event(),
      stop: dice.chance(0.4) ? ['ticket.replied', 'ticket.resolved'] : event(),
      target: dice.pick<unknown>([
        ...['5m', '10m', '20m', '90s'],
        { by: 'kind', values: { complaint: '5m', repair: '10m' } },
        { by: 'queue', values: { a: '3m' }, else: '12m' },
        { at: 'data.dueAt' },
      ]),
      ...this.#maybe(0.3, () => ({ when: this.#tests({ ...this.#attributes, ...KEPT }, 1) })),
      ...this.#maybe(0.4, () => ({ cancel: dice.chance(0.5) ? 'ticket.cancelled' : event() })),
      ...this.#maybe(0.4, () => ({ pause: { from: 'ticket.pending', to: 'ticket.resumed' } })),
      ...this.#maybe(0.3, () => ({ calendar: 'office' })),
      ...this.#maybe(0.2, () => ({ retroactive: false })),
      ...this.#maybe(0.3, () => ({ repeat: true })),
      ...this.#maybe(0.1, () => ({ once: true })),
      ...this.#maybe(0.15, () => ({ overlap: dice.pick(['latest', 'all']) })),
      ...this.#maybe(0.2, () => ({ each: 'promise' })),
      ...this.#maybe(0.5, () => ({ reopen: dice.pick(['continue', 'restart']) })),
    };
  }

  #figure(rule: string, clocks: number): FigureSpec {
    const dice = this.#dice;
    const measured = this.#measure(clocks);
    const isLevel = measured.kind === 'level';
    const [windowMs, panes] = dice.pick(WINDOWS);
    const paneMs = isLevel ? dice.pick([MINUTE_MS, 5 * MINUTE_MS]) : (dice.pick(panes) ?? windowMs / 60);
    const isOfCase = isLevel || measured.kind === 'clock';
    const paths = Object.keys({ ...this.#attributes, ...KEPT, ...(isOfCase ? {} : this.#fields) });
    return {
      rule,
      measured,
      windowMs: isLevel ? 0 : windowMs,
      paneMs,
      by: dice.chance(0.7) ? dice.times(1, 2, () => dice.some(paths, dice.int(1, 2))) : [],
      alert: dice.chance(0.9) ? this.#alert(measured) : null,
    };
  }

  #measure(clocks: number): Measured {
    const dice = this.#dice;
    const entity = () => (dice.chance(0.8) ? 'ticket' : 'call');
    const of = () => {
      const type = dice.chance(0.8) ? 'ticket.created' : 'call.queued';
      return dice.chance(0.3) ? [{ type, tests: {} }] : this.#conditions(entity());
    };
    const ratio = (): Measured => ({ kind: 'ratio', count: of(), of: of() });
    const share = (): Measured => ({ kind: 'clock', clock: `C${dice.int(0, clocks - 1)}` });
    return dice.pick<() => Measured>([
      ...[ratio, ratio, share, share],
      () => ({
        kind: 'field',
        stat: dice.pick(STATISTICS),
        field: dice.pick(NUMBERS),
        of: dice.chance(0.5) ? this.#anyTicket() : of(),
      }),
      () => ({ kind: 'share', field: dice.pick(Object.keys(this.#all)), of: of() }),
      () => this.#level(entity()),
    ])();
  }

  /** Many values in one window: percentiles of a few are all alike. */
  #anyTicket(): Condition[] {
    return this.#names.ticket.map(name => ({ type: `ticket.${name}`, tests: {} }));
  }

  #level(on: 'ticket' | 'call'): Measured {
    const dice = this.#dice;
    const attributes = { ...this.#attributes, ...KEPT };
    const byEvents = dice.chance(0.5);
    const when = () => dice.times(1, 2, () => this.#tests(attributes, dice.int(1, 2)));
    return {
      kind: 'level',
      on,
      when: byEvents && dice.chance(0.7) ? [] : when(),
      from: byEvents ? this.#conditions(on) : [],
      to: byEvents ? this.#conditions(on) : [],
      longest: dice.chance(0.3),
    };
  }

  #alert(measured: Measured): AlertSpec {
    const dice = this.#dice;
    const isRatio = ['ratio', 'clock', 'share'].includes(measured.kind);
    const isAge = measured.kind === 'level' && measured.longest;
    const bounds = isRatio ? [0, 0.25, 0.5, 0.75, 1] : isAge ? [0, 60, 300] : [0, 1, 2, 3];
    const bound = dice.pick(bounds);
    const isAbove = dice.chance(0.5);
    const clears = bounds.filter(one => (isAbove ? one <= bound : one >= bound));
    return {
      ...(isAbove ? { above: bound } : { below: bound }),
      ...(dice.chance(0.4) ? { atLeast: dice.int(0, 3) } : {}),
      ...(dice.chance(0.5) ? { forMs: dice.pick([0, 30_000, MINUTE_MS, 4 * MINUTE_MS]) } : {}),
      ...(dice.chance(0.5) ? { clear: dice.pick(clears) } : {}),
    };
  }

  /** Two cases may have one id, of two kinds. Most events lie within 40 minutes. */
  #events(): SlaEvent[] {
    const dice = this.#dice;
    const cases = dice.times(1, 4, i => ({
      entity: i === 1 ? ('call' as const) : ('ticket' as const),
      id: String(i >> 1),
    }));
    const grid = dice.pick([MINUTE_MS, 5 * MINUTE_MS, 10_000]);
    return dice.times(3, 28, i => {
      const { entity, id } = dice.pick(cases);
      const share = dice.pick([0.1, 0.3, 0.6]);
      const fields: Record<string, FieldValue> = {};
      for (const [path, values] of Object.entries({ ...this.#attributes, ...this.#fields }))
        if (dice.chance(share)) fields[path] = dice.pick(values);
      for (const path of NUMBERS) if (dice.chance(0.6)) fields[path] = dice.int(-1, 16) / 4;
      if (dice.chance(0.3)) fields.dueAt = new Date(START + dice.int(0, 8) * 5 * MINUTE_MS).toISOString();
      const name = dice.pick(this.#names[entity]);
      if (name === 'waived') fields.rule = dice.pick(['C0', 'C1']);
      const span = (dice.chance(0.1) ? 120 : 40) * MINUTE_MS;
      return {
        id: `e${i}`,
        source: '/s',
        type: `${entity}.${name}`,
        entity,
        case: id,
        time: START + dice.int(0, span / grid) * grid + dice.pick([0, 0, 0, 1, -1]),
        fields,
        digest: `d${i}`,
        ...(dice.chance(0.2) ? { sequence: dice.pick(['1', '2', '10']) } : {}),
      };
    });
  }
}

function clockText({ rule, start, stop, cancel, pause, when, target, reopen }: ClockSpec): Written {
  const list = (of: readonly Condition[]) => of.map(conditionText);
  const time = (ms: number) => `${ms / 1000}s`;
  const values = typeof target === 'number' ? [] : Object.entries(target.values);
  return {
    ...{ rule, on: 'ticket', reopen, start: list(start), stop: list(stop) },
    ...(cancel.length === 0 ? {} : { cancel: list(cancel) }),
    ...(pause === null ? {} : { pause: { from: list(pause.from), to: list(pause.to) } }),
    ...(Object.keys(when).length === 0 ? {} : { when }),
    target:
      typeof target === 'number'
        ? time(target)
        : {
            by: target.by,
            values: Object.fromEntries(values.map(([value, ms]) => [value, time(ms)])),
            ...(target.else === undefined ? {} : { else: time(target.else) }),
          },
  };
}

function conditionText({ type, tests }: Condition): Written {
  return { type, ...tests };
}

/** A figure as a policy writes it. */
function figureText({ rule, measured, windowMs, paneMs, by, alert }: FigureSpec): Written {
  const list = (of: readonly Condition[]) => of.map(conditionText);
  const measure = (): Written => {
    switch (measured.kind) {
      case 'ratio':
        return { count: list(measured.count), of: list(measured.of) };
      case 'field':
        return { [measured.stat]: measured.field, of: list(measured.of) };
      case 'share':
        return { share: measured.field, of: list(measured.of) };
      case 'clock':
        return { clock: measured.clock };
      case 'level': {
        const { on, when, from, to, longest } = measured;
        const events = from.length === 0 ? {} : { from: list(from), to: list(to) };
        return { level: { on, longest, ...(when.length === 0 ? {} : { when }), ...events } };
      }
    }
  };
  return {
    rule,
    ...measure(),
    ...(windowMs === 0 ? {} : { window: `${windowMs / 1000}s` }),
    ...(windowMs / 60 === paneMs ? {} : { every: `${paneMs / 1000}s` }),
    ...(by.length === 0 ? {} : { by }),
    ...(alert === null ? {} : { alert: alertText(alert) }),
  };
}

function alertText({ forMs, ...rest }: AlertSpec): Written {
  return { ...rest, ...(forMs === undefined ? {} : { for: `${forMs / 1000}s` }) };
}
