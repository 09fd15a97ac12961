// Random clocks and lives of a ticket for the clock model, where much happens at once: a handful of instants on half hours,
// around openings and closes, and mostly events that the clocks ask for.
import type { SlaEvent } from '../../src/contract/event.ts';
import { MODEL_CALENDARS } from './clock-model-calendar.ts';
import type { Becomes, EventTest, ModelClock, ModelPause, ModelTarget, Tests } from './clock-model-case.ts';
import type { Dice } from './random-policy.ts';

const HALF_HOUR_MS = 1_800_000;
/** A Friday: the weekend is closed for some calendars. */
const FRIDAY = Date.UTC(2026, 10, 20);

type Values = Readonly<Record<string, readonly (string | boolean)[]>>;
const ATTRIBUTES: Values = {
  urgency: ['normal', 'urgent', 'odd'],
  queue: ['q1', 'q2'],
  vip: [true, false],
  'customer.tier': ['gold', 'plain'],
};
const CASE: Values = { ...ATTRIBUTES, status: ['open', 'pending', 'resolved'] };
/** What belongs to an event only. */
const FIELDS: Values = { reason: ['customer', 'parts'], promise: ['p', 'q'] };
const TYPES = [
  'created',
  'updated',
  'pending',
  'resumed',
  'resolved',
  'reopened',
  'replied',
  'cancelled',
].map(name => `ticket.${name}`);
const DURATIONS = ['0s', '30m', '1h', '2h', '3h', '1d', '0bd', '1bd', '2bd', '1bd@same-time'];
/** Targets that an hour's warning is not too early for. */
const LONG: ReadonlySet<ModelTarget> = new Set(['2h', '3h', '1d', '1bd', '2bd']);
const WARNINGS = [['50%'], ['30m'], ['50%', '1h']];
const LADDERS = [
  [{ after: '30m', calendar: 'always' }],
  [
    { after: '1h', calendar: 'office' },
    { after: '1d', calendar: 'always' },
  ],
];
const NO_TESTS: readonly EventTest[] = [];

export function randomClock(dice: Dice, rule: string): ModelClock {
  const target = randomTarget(dice);
  const isNamed = typeof target !== 'string' && 'at' in target;
  // Clocks as people write them have long lives; of the others many never start, or stop at once.
  const isUsual = dice.chance(0.4);
  return {
    rule,
    calendar: dice.pick(['always', 'office', 'office', 'night']),
    start: isUsual ? [{ type: 'ticket.created' }] : dice.times(1, 2, () => startTest(dice)),
    stop: isUsual ? [{ type: 'ticket.resolved' }] : dice.times(1, 2, () => eventTest(dice)),
    cancel: dice.chance(0.35) ? dice.times(1, 2, () => eventTest(dice)) : NO_TESTS,
    pause: dice.chance(0.6) ? dice.times(1, 2, () => randomPause(dice)) : [],
    when: dice.chance(0.45) ? dice.times(1, 2, () => randomTests(dice, CASE)) : [],
    retroactive: dice.chance(0.7),
    repeat: !isNamed && dice.chance(0.25),
    reopen: dice.pick(['ignore', 'continue', isNamed ? 'continue' : 'restart']),
    each: dice.chance(0.15) ? dice.pick(['promise', 'queue']) : null,
    target,
    warn: dice.chance(0.5) ? dice.pick(isNamed || LONG.has(target) ? WARNINGS : [['50%']]) : [],
    ladder: dice.chance(0.3) ? dice.pick(LADDERS) : [],
  };
}

function randomTarget(dice: Dice): ModelTarget {
  if (dice.chance(0.5)) return dice.pick(DURATIONS);
  if (dice.chance(0.2)) return { at: 'dueAt' };
  const by = dice.pick(['urgency', 'urgency', 'queue', 'status', 'customer.tier']);
  const known = dice.some(CASE[by] ?? [], 2).map(value => [String(value), dice.pick(DURATIONS)] as const);
  const target = { by, values: Object.fromEntries(known) };
  return dice.chance(0.3) ? { ...target, else: dice.pick(DURATIONS) } : target;
}

function randomPause(dice: Dice): ModelPause {
  if (dice.chance(0.3)) return { from: [eventTest(dice)], to: [eventTest(dice)] };
  const more = dice.chance(0.2) ? [eventTest(dice)] : NO_TESTS;
  return { from: [{ type: 'ticket.pending' }], to: [{ type: 'ticket.resumed' }, ...more] };
}

function startTest(dice: Dice): EventTest | Becomes {
  return dice.chance(0.2) ? { becomes: randomTests(dice, CASE) } : eventTest(dice);
}

function eventTest(dice: Dice): EventTest {
  const type = dice.pick(TYPES);
  return dice.chance(0.7) ? { type } : { type, where: randomTests(dice, { ...CASE, ...FIELDS }) };
}

function randomTests(dice: Dice, from: Values): Tests {
  const chosen = dice.some(Object.entries(from), dice.pick([1, 1, 1, 2]));
  return Object.fromEntries(
    chosen.map(([path, values]) => [path, dice.chance(0.3) ? dice.some(values, 2) : dice.pick(values)]),
  );
}

/** A policy file of such clocks, as JSON. */
export function policyText(clocks: readonly ModelClock[]): string {
  const calendars = Object.entries(MODEL_CALENDARS).map(([name, { written }]) => [name, written]);
  return JSON.stringify({
    version: 1,
    name: 'random',
    timezone: 'UTC',
    attributes: { vip: 'boolean' },
    calendars: Object.fromEntries(calendars),
    clocks: clocks.map(clockText),
  });
}

function clockText(clock: ModelClock): unknown {
  const { target, each, retroactive, repeat, reopen, warn, ladder } = clock;
  return {
    rule: clock.rule,
    on: 'ticket',
    calendar: clock.calendar,
    start: clock.start.map(testText),
    stop: clock.stop.map(testText),
    ...(clock.cancel.length > 0 && { cancel: clock.cancel.map(testText) }),
    ...(clock.pause.length > 0 && {
      pause: clock.pause.map(({ from, to }) => ({ from: from.map(testText), to: to.map(testText) })),
    }),
    ...(clock.when.length > 0 && { when: clock.when }),
    ...(!retroactive && { retroactive }),
    ...(repeat && { repeat }),
    ...(reopen !== 'ignore' && { reopen }),
    ...(each !== null && { each }),
    ...(warn.length > 0 && { warn }),
    ...(ladder.length > 0 && { ladder: ladder.map(step => ({ ...step, to: 'manager' })) }),
    target: typeof target !== 'string' && 'at' in target ? { at: `data.${target.at}` } : target,
  };
}

function testText(one: EventTest | Becomes): unknown {
  if ('becomes' in one) return one;
  return one.where === undefined ? one.type : { type: one.type, ...one.where };
}

export function randomLife(dice: Dice, clocks: readonly ModelClock[]): SlaEvent[] {
  const asked = clocks.flatMap(({ start, stop, cancel, pause, reopen }) => [
    ...[...start, ...stop, ...cancel].flatMap(one => ('becomes' in one ? [] : [one.type])),
    ...pause.flatMap(({ from, to }) => [...from, ...to].map(({ type }) => type)),
    ...(reopen === 'ignore' ? [] : ['ticket.reopened', 'ticket.reopened']),
  ]);
  const begins = FRIDAY + dice.int(14, 36) * HALF_HOUR_MS;
  const reach = dice.pick([8, 40, 200]);
  const instants = dice.times(2, 8, () => begins + dice.int(0, dice.pick([6, reach])) * HALF_HOUR_MS);
  const share = dice.pick([0.1, 0.3, 0.6]);
  return dice.times(1, dice.pick([6, 12, 20]), i => {
    const fields: Record<string, string | boolean> = {};
    for (const [path, values] of Object.entries({ ...ATTRIBUTES, ...FIELDS }))
      if (dice.chance(share)) fields[path] = dice.pick(values);
    if (dice.chance(share)) fields.dueAt = instantText(dice.pick(instants) + dice.int(-2, 4) * HALF_HOUR_MS);
    const type = dice.chance(0.05)
      ? dice.pick(['ticket.waived', 'ticket.merged'])
      : dice.pick(dice.chance(0.8) && asked.length > 0 ? asked : ['ticket.updated', ...TYPES]);
    if (type === 'ticket.waived') fields.rule = dice.pick(clocks).rule;
    return {
      id: `e${i}`,
      source: '/a',
      type,
      entity: 'ticket',
      case: 'T',
      time: dice.pick(instants),
      fields,
      digest: `d${i}`,
      ...(dice.chance(0.2) && { sequence: dice.pick(['1', '2', '10']) }),
    };
  });
}

/** Instants at which much is decided: the end, some while later, after some events, and just around due instants. */
export function randomUntils(dice: Dice, events: readonly SlaEvent[], due: readonly number[]): number[] {
  const times = events.map(({ time }) => time);
  const last = Math.max(...times);
  const some = dice.some([...times, ...due.filter(at => at >= Math.min(...times))], 2);
  return [last, last + dice.int(1, 60) * HALF_HOUR_MS, ...some, dice.pick(times) + HALF_HOUR_MS];
}

export function instantText(at: number): string {
  return new Date(at).toISOString();
}
