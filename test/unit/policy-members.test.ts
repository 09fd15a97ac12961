// A member that is wrong in shape hides no mistake in the members beside it, and nothing is said against what is right:
// mistakes of both kinds, alone and in any mixture.
import fc from 'fast-check';
import t from 'tap';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';
import { chance } from '../support/chance.ts';

function mistakes(text: string): string[] {
  const result = loadPolicy(text, { file: 'p.yaml' });
  return result.ok ? [] : result.errors.map(error => formatError(error).replace(/^p\.yaml:/, ''));
}

/** The keys that are complained about, without that of the piece. */
function keys(text: string): string[] {
  return mistakes(text).map(
    line => /^\d+:\d+: (?:\w+\[\d+\]|calendars\.o)?\.?(\S*):/.exec(line)?.[1] ?? line,
  );
}

interface Members {
  readonly start: string;
  readonly stop: string;
  readonly target: string;
  readonly more: string;
}

function clock(members: Partial<Members>): string {
  const { start = 'ticket.created', stop = 'ticket.resolved', target = '1h', more = '' } = members;
  return `version: 1\nclocks: [{ rule: R, on: ticket, start: ${start}, stop: ${stop}, target: ${target}${more === '' ? '' : ', '}${more} }]`;
}
const indicator = (more: string): string => `version: 1\nindicators: [{ rule: I, ${more} }]`;
const calendar = (more: string, rest = ''): string => `version: 1\ncalendars: { o: { ${more} } }${rest}`;

t.test('members of a clock', async t => {
  const cases: readonly (readonly [members: Partial<Members>, keys: readonly string[]])[] = [
    [{ more: 'warn: [2h, 80]' }, ['warn[0]', 'warn[1]']],
    [{ more: 'warn: [80, 90, 150%, 2h]' }, ['warn[0]', 'warn[1]', 'warn[2]', 'warn[3]']],
    [{ more: 'objective: { share: 120%, window: 4bd }' }, ['objective.share', 'objective.window']],
    [{ more: 'objective: { share: 95, window: 0s }' }, ['objective.share', 'objective.window']],
    [{ more: 'objective: { window: 0s }' }, ['objective.share', 'objective.window']],
    [
      { more: 'ladder: [{ after: 2h, to: x }, { after: 1h, to: y }, { after: 1 h, too: z }]' },
      ['ladder[1].after', 'ladder[2].after', 'ladder[2].too'],
    ],
    [
      {
        more: 'ladder: [2h, { after: 0s, to: x }, { after: 0s, to: y }, { after: soon, to: z }, { after: 1h, to: a }]',
      },
      ['ladder[0]', 'ladder[2].after', 'ladder[3].after'],
    ],
    [
      { more: 'ladder: [{ after: 2h, calendar: nope }, { after: 3h, to: 7, calendar: none }]' },
      ['ladder[0].to', 'ladder[0].calendar', 'ladder[1].to', 'ladder[1].calendar'],
    ],
    [
      { start: '[ticket.creatd, { type: ticket.created, by: 5, foo: 1 }, 7]' },
      ['start[0]', 'start[1].by', 'start[1].foo', 'start[2]'],
    ],
    [
      { start: '[{ becomes: { kind: { not: query }, urgancy: high } }, { becomes: 7 }, { becomes: {} }]' },
      ['start[0].becomes.kind', 'start[0].becomes.urgancy', 'start[1].becomes', 'start[2].becomes'],
    ],
    [
      { stop: '{ type: [ticket.repled, 7], by: [agent, 5, { a: 1 }] }' },
      ['stop.type[0]', 'stop.type[1]', 'stop.by[1]', 'stop.by[2]'],
    ],
    [
      { stop: '{ type: 7, reasn: x, present: [7, quee] }' },
      ['stop.type', 'stop.reasn', 'stop.present[0]', 'stop.present[1]'],
    ],
    [{ target: '{ by: urgancy, values: { urgent: 30min } }' }, ['target.by', 'target.values.urgent']],
    [
      { target: '{ by: urgency, values: { urgent: 30min, "a/b.c": 9999999d } }' },
      ['target.values.urgent', 'target.values.a/b.c'],
    ],
    [
      { target: '{ by: urgancy, values: 7, else: 0bd@same-time }' },
      ['target.by', 'target.values', 'target.else'],
    ],
    [{ target: '{ by: urgancy }' }, ['target.by', 'target.values']],
    [{ target: '{ by: 7, values: { urgent: 0bd@same-time } }' }, ['target.by', 'target.values.urgent']],
    [
      { target: '{ by: urgency, values: { urgent: soon } }', more: 'warn: [2h, 0%]' },
      ['target.values.urgent', 'warn[1]'],
    ],
    [{ more: 'pause: { from: 7, to: ticket.resumd }' }, ['pause.from', 'pause.to']],
    [
      { more: 'pause: [{ from: ticket.pendin }, 7, { from: call.queued, to: { typ: x } }]' },
      ['pause[0].from', 'pause[0].to', 'pause[1]', 'pause[2].from', 'pause[2].to.type', 'pause[2].to.typ'],
    ],
    [{ more: 'when: { chanel: web, queue: { a: 1 }, vip: [x] }' }, ['when.chanel', 'when.queue', 'when.vip']],
    [
      { more: 'when: [{ chanel: web }, 7, { queue: [a, { b: 1 }], kind: [5] }]' },
      ['when[0].chanel', 'when[1]', 'when[2].queue[1]', 'when[2].kind[0]'],
    ],
    [{ more: 'cancel: [7, call.answered]' }, ['cancel[0]', 'cancel[1]']],
    [
      { more: 'atOnce: { action: "an action", to: [x, 7] }, title: { zh: 7 }' },
      ['atOnce.action', 'atOnce.to[1]', 'title.zh', 'title.en'],
    ],
  ];
  for (const [members, expected] of cases)
    t.same(keys(clock(members)).sort(), expected.toSorted(), JSON.stringify(members));
});

t.test('what an alias repeats is mended at each place', async t => {
  const found = keys(clock({ more: 'when: [&w { queue: { a: 1 }, chanel: web }, *w]' })).sort();
  t.same(found, ['when[0].chanel', 'when[0].queue', 'when[1].chanel', 'when[1].queue']);
});

t.test('members of an indicator', async t => {
  const ratio = 'count: ticket.created, of: ticket.created, window: 1h';
  const cases: readonly (readonly [text: string, keys: readonly string[]])[] = [
    [
      'count: [ticket.creatd, 7], of: [{ type: ticket.created, quee: x }, {}], window: 1h',
      ['count[0]', 'count[1]', 'of[0].quee', 'of[1].type'],
    ],
    [`${ratio}, by: [quee, 7]`, ['by[0]', 'by[1]']],
    [`${ratio}, by: [[quee, 7], [a b]]`, ['by[0]', 'by[0][1]', 'by[1][0]']],
    [`${ratio}, alert: { above: 5 %, clear: 9% }`, ['alert.above']],
    [`${ratio}, alert: { above: 5%, clear: 9%, for: 1bd }`, ['alert.clear', 'alert.for']],
    [`${ratio}, alert: { above: 5 %, below: 3%, clear: 2s }`, ['alert', 'alert.above', 'alert.clear']],
    [
      'level: { on: call, from: [7, ticket.created], to: { type: 7, quee: x }, when: { chanel: 1 } }',
      ['level.from[0]', 'level.from[1]', 'level.to.type', 'level.to.quee', 'level.when.chanel'],
    ],
    ['level: { on: 7, from: ticket.creatd }', ['level.on']],
  ];
  for (const [text, expected] of cases) t.same(keys(indicator(text)).sort(), expected.toSorted(), text);
});

t.test('members of a calendar', async t => {
  const cases: readonly (readonly [text: string, keys: readonly string[]])[] = [
    [
      'hours: { mon: "9-10", tue: ["10:00-10:00", 7], wendy: "09:00-10:00" }, timezone: X',
      ['hours.mon', 'hours.tue[1]', 'hours.wendy', 'timezone'],
    ],
    [
      'hours: { mon: ["10:00-10:00", 7], wendy: "09:00-10:00" }',
      ['hours.mon[0]', 'hours.mon[1]', 'hours.wendy'],
    ],
    ['hours: { wendy: "09:00-10:00" }', ['hours.wendy']],
    ['hours: { mon: "09:00-10:00" }, closed: [tomorrow, "2026-02-30"]', ['closed[0]', 'closed[1]']],
    [
      'open: { "2026-02-30": [], tomorrow: [], "2026-01-01": [x, "09:00-09:00"] }',
      ['open.2026-02-30', 'open.tomorrow', 'open.2026-01-01[0]', 'open.2026-01-01[1]'],
    ],
    [
      'hours: { mon: "09:00-10:00" }, holidays: { country: cn, region: 7 }, closed: ["2026-02-30"]',
      ['holidays.country', 'holidays.region', 'closed[0]'],
    ],
  ];
  for (const [text, expected] of cases) t.same(keys(calendar(text)).sort(), expected.toSorted(), text);
  const onIt =
    '\nclocks: [{ rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 1bd, calendar: o, warn: 30h }]';
  t.same(keys(calendar('hours: { mon: "9-10" }', onIt)), ['hours.mon'], 'how long it is open is not known');
});

t.test('members of an attribute', async t => {
  const attributes = (text: string) => keys(`version: 1\nattributes: { x: { ${text} }, y: boolean }`);
  t.same(attributes('set: [ticket.pendin, 7, { type: ticket.pending, reasn: parts }]').sort(), [
    'attributes.x.set[0]',
    'attributes.x.set[1]',
    'attributes.x.set[2].reasn',
  ]);
  t.same(attributes('set: { becomes: { y: true, z: 1, kind: {} } }').sort(), [
    'attributes.x.set.becomes.kind',
    'attributes.x.set.becomes.z',
  ]);
  t.same(attributes('sett: ticket.pendin'), ['attributes.x.set', 'attributes.x.sett']);
});

/** Members of lists and maps, each with whether it is a mistake, whatever stands beside it. */
const PARTS = {
  warn: [
    ['50%', false],
    ['30m', false],
    ['80', true],
    ['150%', true],
    ['2h', true],
    ['{ a: 1 }', true],
    ['*warn', true],
  ],
  start: [
    ['ticket.created', false],
    ['ticket.creatd', true],
    ['7', true],
    ['{ type: ticket.created, queue: [a, b] }', false],
    ['{ type: 8 }', true],
    ['{ type: call.queued }', true],
    ['*start', true],
    ['{ becomes: { kind: complaint } }', false],
    ['{ becomes: { kind: 5 } }', true],
    ['{ becomes: { chanel: x } }', true],
  ],
  when: [
    ['{ kind: query }', false],
    ['{ knd: query }', true],
    ['{ kind: 5 }', true],
    ['{ kind: { a: 1 } }', true],
    ['7', true],
    ['*when', true],
  ],
  pause: [
    ['{ from: ticket.pending, to: ticket.resumed }', false],
    ['{ from: ticket.pending }', true],
    ['{ from: ticket.pendin, to: ticket.resumed }', true],
    ['{ from: ticket.pending, to: 7 }', true],
    ['7', true],
    ['*pause', true],
  ],
  ladder: [
    ['{ after: 1h, to: x }', false],
    ['{ after: 1 h, to: x }', true],
    ['{ after: 1h }', true],
    ['{ after: 1h, to: x, calendar: nope }', true],
    ['{ after: 1h, too: x }', true],
    ['7', true],
    ['*ladder', true],
  ],
} as const;

type Part = keyof typeof PARTS;

const list = (part: Part) =>
  fc.array(fc.constantFrom<readonly [string, boolean]>(...PARTS[part]), { minLength: 1, maxLength: 4 });

t.test('each of any mixture of mistakes is told, at its place, and nothing else', async t => {
  const lists = fc.record({
    warn: list('warn'),
    start: list('start'),
    when: list('when'),
    pause: list('pause'),
    ladder: list('ladder'),
  });
  fc.assert(
    fc.property(lists, fc.constantFrom('1h', '1h', '60m'), (lists, target) => {
      const written = Object.entries(lists).map(
        ([key, members]) => `${key}: [${members.map(([text]) => text).join(', ')}]`,
      );
      const text = `version: 1\nclocks: [{ rule: R, on: ticket, stop: ticket.resolved, target: ${target}, ${written.join(', ')} }]`;
      const expected = Object.entries(lists).flatMap(([key, members]) =>
        members.flatMap(([, isWrong], i) => (isWrong ? [`${key}[${i}]`] : [])),
      );
      const found = keys(text).map(key => /^\w+\[\d+\]/.exec(key)?.[0] ?? key);
      if (JSON.stringify(found.sort()) !== JSON.stringify(expected.sort()))
        throw new Error(`${text}\nfound ${found.join()}\nexpected ${expected.join()}`);
    }),
    chance(1000),
  );
  t.pass('1000 random clocks');
});
