// What is refused in a policy, and where: each error names its line and its key, and comes with advice.
import t from 'tap';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError, type PolicyError } from '../../src/policy/place.ts';

function errorsOf(text: string): readonly PolicyError[] {
  const result = loadPolicy(text, { file: 'p.yaml', readFile: noFile });
  return result.ok ? [] : result.errors;
}

function noFile(): string {
  throw new Error('no such file');
}

const clock = (lines: string): string => `
version: 1
clocks:
  - rule: A
    on: ticket
    start: ticket.created
    stop: ticket.replied
    target: 2h
${lines
  .split('\n')
  .map(line => `    ${line}`)
  .join('\n')}
`;
const without = (key: string, lines: string): string =>
  clock(lines).replace(new RegExp(`^ +${key}: .*\n`, 'm'), '');
const indicator = (lines: string): string =>
  `version: 1\nindicators:\n  - rule: I\n    ${lines.replaceAll('\n', '\n    ')}`;

/** Each wrong policy with the line, the key and what the message says. */
const WRONG: readonly (readonly [text: string, line: number, key: string, message: RegExp])[] = [
  ['', 1, '', /holds no policy/],
  ['version: 2', 1, 'version', /found 2; expected the number 1/],
  ['name: x', 1, 'version', /missing/],
  ['version: 1\nclock: []', 2, 'clock', /did you mean "clocks"/],
  ['version: 1\nclocks: {}', 2, 'clocks', /expected a list of clocks/],
  ['version: 1\ntimezone: Asia/Shangai', 2, 'timezone', /no time zone "Asia\/Shangai"/],
  ['version: 1\nclocks: [', 2, '', /./],
  [clock('wran: [50%]'), 9, 'clocks[0].wran', /did you mean "warn"/],
  [without('target', 'target: 2x'), 8, 'clocks[0].target', /expected a duration/],
  [without('target', 'target: 0bd@same-time'), 8, 'clocks[0].target', /names no instant/],
  [without('target', 'on: ticket'), 8, '', /the key "on" is there already/],
  [without('target', 'warn: 50%'), 4, 'clocks[0].target', /missing/],
  [
    without('target', 'target: { by: distence, values: { local: 24h } }'),
    8,
    'clocks[0].target.by',
    /did you mean distance/,
  ],
  [
    without('target', 'target: { by: distance, values: { local: soon } }'),
    8,
    'clocks[0].target.values.local',
    /expected a duration/,
  ],
  [without('target', 'target: { at: data.waitSeconds }'), 8, 'clocks[0].target.at', /names no instant/],
  [without('target', 'target: { at: data.dueOn }'), 8, 'clocks[0].target.at', /did you mean dueAt/],
  [without('stop', 'stop: ticket.repleid'), 8, 'clocks[0].stop', /did you mean ticket.replied/],
  [without('stop', 'stop: call.answered'), 8, 'clocks[0].stop', /no event of a ticket/],
  [
    without('stop', 'stop: [ticket.replied, { type: ticket.closed, reasn: x }]'),
    8,
    'clocks[0].stop[1].reasn',
    /did you mean reason/,
  ],
  [
    without('stop', 'stop: { type: ticket.resolved, firstContact: "yes" }'),
    8,
    'clocks[0].stop.firstContact',
    /is a boolean/,
  ],
  [
    without('stop', 'stop: { type: ticket.surveyed, csat: [1, "2"] }'),
    8,
    'clocks[0].stop.csat[1]',
    /is a number/,
  ],
  [without('stop', 'stop: { type: ticket.replied, by: { not: bot } }'), 8, 'clocks[0].stop.by', /./],
  [clock('when: { chanel: email }'), 9, 'clocks[0].when.chanel', /did you mean channel/],
  [
    clock('when: [{ channel: email }, { reason: customer }]'),
    9,
    'clocks[0].when[1].reason',
    /its event only/,
  ],
  [clock('calendar: ofice'), 9, 'clocks[0].calendar', /no calendar "ofice"/],
  [clock('warn: [50%, 120%]'), 9, 'clocks[0].warn[1]', /after the target/],
  [clock('warn: 3h'), 9, 'clocks[0].warn', /before the start/],
  [
    clock('ladder: [{ after: 2h, to: a }, { after: 1h, to: b }]'),
    9,
    'clocks[0].ladder[1].after',
    /before one above/,
  ],
  [
    clock('ladder:\n  - { after: 0s, to: a }\n  - { after: 1bd, to: b }'),
    11,
    'clocks[0].ladder[1].after',
    /expected a duration/,
  ],
  [clock('atOnce: {}'), 9, 'clocks[0].atOnce', /expected \{ action, to \} or one of the two/],
  [clock('atOnce: { tell: head }'), 9, 'clocks[0].atOnce.tell', /no key here.*one of action, to/],
  [clock('atOnce: { action: "an action" }'), 9, 'clocks[0].atOnce.action', /letters, digits and dashes/],
  [clock('atOnce: { to: [] }'), 9, 'clocks[0].atOnce.to', /a role or a list of roles/],
  [clock('objective: { share: 95, window: 28d }'), 9, 'clocks[0].objective.share', /./],
  [clock('pause: { from: ticket.pending }'), 9, 'clocks[0].pause.to', /missing/],
  [clock('reopen: again'), 9, 'clocks[0].reopen', /ignore, continue or restart/],
  [clock('each: promis'), 9, 'clocks[0].each', /did you mean promise/],
  [
    `${clock('title: one')}  - { rule: A, on: call, start: call.queued, stop: call.answered, target: 1s }\n`,
    10,
    'clocks[1].rule',
    /there already/,
  ],
  ['version: 1\ncalendars: { o: { hours: {} } }', 2, 'calendars.o.hours', /never open/],
  [
    'version: 1\ncalendars: { o: { open: { "2020-01-01": ["09:00-10:00"] } } }',
    2,
    'calendars.o.hours',
    /never open after/,
  ],
  ['version: 1\ncalendars:\n  o:\n    hors: {}', 4, 'calendars.o.hors', /did you mean "hours"/],
  [
    'version: 1\ncalendars:\n  o:\n    hours:\n      mon-fry: ["09:00-10:00"]',
    5,
    'calendars.o.hours.mon-fry',
    /can not stand here/,
  ],
  [
    'version: 1\ncalendars: { o: { hours: { mon: ["09:00-10:00"] }, holidays: { country: XX } } }',
    2,
    'calendars.o.holidays',
    /no holidays/,
  ],
  [
    'version: 1\ncalendars: { o: { hours: { mon: ["09:00-10:00"] }, holidays: { ics: x.ics } } }',
    2,
    'calendars.o.holidays.ics',
    /can't be read/,
  ],
  [indicator('window: 1h'), 3, 'indicators[0]', /nothing to measure/],
  [indicator('count: ticket.created\nwindow: 1h'), 3, 'indicators[0]', /nothing to divide by/],
  [indicator('count: ticket.created\nof: ticket.created'), 3, 'indicators[0]', /no window/],
  [
    indicator('count: ticket.created\nof: ticket.created\nclock: A\nwindow: 1h'),
    3,
    'indicators[0]',
    /exclude each other/,
  ],
  [indicator('clock: S9\nwindow: 1h'), 4, 'indicators[0].clock', /no clock has the rule/],
  [indicator('mean: by\nof: ticket.replied\nwindow: 1h'), 4, 'indicators[0].mean', /is no number/],
  [
    indicator('count: ticket.created\nof: ticket.created\nwindow: 1h\nby: [queu]'),
    7,
    'indicators[0].by[0]',
    /did you mean queue/,
  ],
  [
    indicator('count: ticket.created\nof: ticket.created\nwindow: 1h\nalert: { atLeast: 1 }'),
    7,
    'indicators[0].alert',
    /one bound/,
  ],
  [
    indicator('count: ticket.created\nof: ticket.created\nwindow: 1h\nalert: { above: 5%, clear: 6% }'),
    7,
    'indicators[0].alert.clear',
    /clear where it fires/,
  ],
  [
    indicator('level: { on: call, from: call.queued }'),
    4,
    'indicators[0].level',
    /needs when, or from and to/,
  ],
  ['version: 1\ninclude: [none.yaml]', 2, 'include[0]', /can't be read/],
];

t.test('each error names its place', async t => {
  for (const [text, line, key, message] of WRONG) {
    const errors = errorsOf(text);
    const found = errors.find(error => error.key === key && message.test(formatError(error)));
    t.ok(found, `${key}: ${message}${found ? '' : ` but ${JSON.stringify(errors)} for ${text}`}`);
    t.equal(found?.line, line, `${key} on its line: ${text}`);
    t.ok(found === undefined || (found.expected !== '' && found.example !== ''), `${key} comes with advice`);
  }
});

t.test('all errors of a file come at once, in the order of the text', async t => {
  const errors = errorsOf(`version: 1
clocks:
  - { rule: A, on: ticket, start: ticket.createt, stop: ticket.replied, target: 2h, wran: 1 }
  - { rule: B, on: ticket, start: ticket.created, stop: ticket.repled, target: 2h }
  - { rule: B, on: ticket, start: ticket.created, stop: ticket.replied, target: 2 }
indicators:
  - { rule: C, clock: A, window: 1h }
  - { rule: D, clock: E, window: 1y }
`);
  t.same(
    errors.map(error => `${error.line} ${error.key}`),
    [
      '3 clocks[0].start',
      '3 clocks[0].wran',
      '4 clocks[1].stop',
      '5 clocks[2].rule',
      '5 clocks[2].target',
      '8 indicators[1].clock',
      '8 indicators[1].window',
    ],
  );
});
