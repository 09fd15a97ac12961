// What a policy's author gets wrong, and all that is told of it: each mistake once, at its place, and no mistake that
// hides another or is told of something that is right.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';
import { standaloneCalendar } from '../../src/policy/standalone.ts';
import { defaultPolicyFile, readPolicyFile, readPolicyText } from '../../src/policy-store/source.ts';

function mistakes(text: string): string[] {
  const result = loadPolicy(text, { file: 'p.yaml' });
  return result.ok ? [] : result.errors.map(error => formatError(error).replace(/^p\.yaml:/, ''));
}

/** What is odd about a sound policy. */
function warnings(text: string): string[] {
  const result = loadPolicy(text, { file: 'p.yaml' });
  return result.ok ? result.warnings.map(line => line.replace(/^p\.yaml:/, '')) : ['not sound'];
}

/** The keys that are complained about, in order of the text. */
function keys(text: string): string[] {
  return mistakes(text).map(line => /^\d+:\d+: ?(\S*):/.exec(line)?.[1] ?? line);
}

const clock = (more: string): string =>
  `version: 1\nclocks: [{ rule: R, on: ticket, start: ticket.created, stop: ticket.replied, ${more} }]`;

t.test('an unknown key hides nothing', async t => {
  const written = `version: 1
clocks:
  - { rule: R, on: ticket, when: {chanel: web}, start: ticket.creatd, stop: call.answered, target: 1h,
      ladder: [{ after: 2h, to: a }, { after: 1h, to: b }], warn: [150%, 3h], calendar: nope, titel: x }`;
  t.same(keys(written), [
    'clocks[0].when.chanel',
    'clocks[0].start',
    'clocks[0].stop',
    'clocks[0].ladder[1].after',
    'clocks[0].warn[0]',
    'clocks[0].warn[1]',
    'clocks[0].calendar',
    'clocks[0].titel',
  ]);
  t.same(keys(clock('target: 2x, warn: 30m, calendar: nope')), ['clocks[0].target', 'clocks[0].calendar']);
  t.same(keys(clock('target: 1h, ladder: [2h], when: { chanel: web }')), [
    'clocks[0].ladder[0]',
    'clocks[0].when.chanel',
  ]);
  t.match(mistakes(clock('traget: 1h, warn: 2h')), [
    /traget: "traget" is no key here; did you mean "target"/,
    /warn: a warning 2h before the due instant comes before the start/,
  ]);
  t.same(
    keys('version: 1\nclocks: [{ rule: R, on: 7, start: call.queued, stop: call.answerd, target: 1h }]'),
    ['clocks[0].on', 'clocks[0].stop'],
  );
  t.same(keys('version: 1\nindicators: [{ rule: I, p50: 7, of: call.answerd, window: 1y, by: [quue] }]'), [
    'indicators[0].p50',
    'indicators[0].of',
    'indicators[0].window',
    'indicators[0].by[0]',
  ]);
  t.same(
    keys('version: 1\ncalendars: { o: { hours: { mon: "09:00-10:00" }, closed: [tomorrow], timezone: X } }'),
    ['calendars.o.closed[0]', 'calendars.o.timezone'],
  );
});

t.test('one wrong key at the top leaves the others as they are', async t => {
  t.same(
    keys(`version: 1
nmae: x
attributes: { vip: boolean, odd: bool }
timezone: Mars/Phobos
clocks: [{ rule: R, on: ticket, when: { vip: true, odd: true }, start: ticket.created, stop: ticket.replied, target: 1h }]`),
    ['nmae', 'attributes.odd', 'timezone'],
  );
  const misspelt = `version: 1
attribute: { vip: boolean }
clock: [{ rule: R, on: ticket, when: { vip: true }, start: ticket.created, stop: ticket.repled, target: 1h }]
indicators: [{ rule: I, clock: R, window: 1h }]`;
  t.same(keys(misspelt), ['attribute', 'clock', 'clocks[0].stop']);
});

t.test('a value that contains itself is an error at its place', async t => {
  t.match(mistakes('version: 1\nclocks: &a [*a]'), [/^2:13: clocks\[0\]: "\*a" stands inside the value/]);
  t.match(mistakes('version: 1\nname: &n {a: *n}'), [/^2:11: name\.a: "\*n" stands inside/]);
  t.match(mistakes('version: 1\nclocks: &a [{ stop: &b [x, *a] }, *b]'), [/clocks\[0\]\.stop\[1\]/]);
});

t.test('an alias of nothing is an error at its place, and hides nothing', async t => {
  const written = `version: 1
name: &name n
clocks:
  - { rule: A, on: ticket, start: ticket.creatd, stop: *stop, target: *t, warn: *warn, ladder: [*l, { after: 1bd, to: x }] }
  - { rule: B, on: ticket, start: ticket.created, stop: ticket.resolved, target: { by: kind, values: { a: *x, b: 2y } } }
  - { rule: C, on: ticket, start: { type: ticket.created, queue: *q }, stop: ticket.repled, target: 1h }
  - *clock
calendars: { o: { hours: *h }, p: { hours: { mon: *h }, timezone: X } }
indicators: [{ rule: I, clock: D, window: 24h }, { rule: *r, clock: A, window: 1 }]`;
  t.same(keys(written), [
    'clocks[0].start',
    'clocks[0].stop',
    'clocks[0].target',
    'clocks[0].warn',
    'clocks[0].ladder[0]',
    'clocks[0].ladder[1].after',
    'clocks[1].target.values.a',
    'clocks[1].target.values.b',
    'clocks[2].start.queue',
    'clocks[2].stop',
    'clocks[3]',
    'calendars.o.hours',
    'calendars.p.hours.mon',
    'calendars.p.timezone',
    'indicators[1].rule',
    'indicators[1].window',
  ]);
  const alone = mistakes(clock('target: *target'));
  t.match(alone, [
    /^2:\d+: clocks\[0\]\.target: nothing before "\*target" in this file has the anchor "&target"; expected an alias of a value that stands before it, for example warn: &warn/,
  ]);
  t.equal(alone.length, 1);
  t.match(mistakes(clock('target: &target 1h, warn: *tarjet')), [
    /did you mean "\*target"\?.*for example \*target$/,
  ]);
  t.match(mistakes('*a'), [/^1:1: nothing before "\*a"/]);
  t.same(keys('version: 1\nclocks: *c\nindicators: [{ rule: I, clock: A, window: 24h }]'), ['clocks']);
  t.same(keys(`${clock('target: 1h, calendar: o')}\ncalendars: *c`), ['calendars']);
  t.match(mistakes('version: 1\n*k : 1\ncalendars: { *l : { always: true } }\nnmae: x'), [
    /^2:1: \*k: nothing before "\*k"/,
    /^3:14: calendars\.\*l: nothing before/,
    /^4:1: nmae/,
  ]);
});

t.test('aliases of aliases of nothing multiply without taking the program with them', async t => {
  const rows = Array.from({ length: 40 }, (_, i) => `x${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
  const found = mistakes(['version: 1', 'x0: &a0 [*none, *none]', ...rows, ''].join('\n'));
  t.match(found.join('\n'), /nothing before "\*none" in this file has the anchor "&none"/);
  t.match(found.join('\n'), /x40: "x40" is no key here/);
});

t.test('what stands in an alias is looked at where it is used', async t => {
  const twice = (pause: string) =>
    `${clock(`target: 1h, pause: &p ${pause}`).replace(/\]$/, '')}, { rule: S, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h, pause: *p }]`;
  t.same(keys(twice('{ from: *nothing, to: ticket.resumed }')), ['clocks[0].pause.from'], 'told once');
  t.match(mistakes(twice('{ from: 7, to: ticket.resumed }')), [
    /clocks\[0\]\.pause\.from: found 7/,
    /clocks\[1\]\.pause\.from: found 7/,
  ]);
});

t.test('an anchor may stand where no key can', async t => {
  const common = clock('target: *t').replace('\n', '\nx-common: { t: &t 1h }\n');
  t.match(mistakes(common), [/^2:1: x-common: "x-common" is no key here/]);
  t.equal(mistakes(common).length, 1);
  t.same(keys(clock('target: *t').replace('\n', '\nclok: { t: &t 1y }\n')), ['clok', 'clocks[0].target']);
});

t.test('__proto__ is no key of anything', async t => {
  const written = clock(
    'when: { __proto__: x }, cancel: { type: ticket.closed, __proto__: x }, target: { by: kind, values: { __proto__: 2h, problem: 1h } }, __proto__: 1',
  );
  const expected = [
    'clocks[0].when.__proto__',
    'clocks[0].cancel.__proto__',
    'clocks[0].target.values.__proto__',
    'clocks[0].__proto__',
  ];
  t.same(keys(written), expected);
  t.match(mistakes(written), [/is no key here/, /is no key here/, /is no key here/, /is no key here/]);
  const json =
    '{"version": 1, "attributes": {"__proto__": "string"}, "calendars": {"__proto__": {"always": true}}, "__proto__": 1}';
  t.same(keys(json), ['attributes.__proto__', 'calendars.__proto__', '__proto__']);
  const calendar: unknown = JSON.parse('{"hours": {"mon": "09:00-10:00", "__proto__": "10:00-11:00"}}');
  t.match(
    standaloneCalendar(calendar, () => ''),
    { error: /hours\.__proto__: "__proto__" is no key here/ },
  );
});

t.test('what the contract has is not declared again', async t => {
  const declare = (text: string) => mistakes(`version: 1\nattributes: { ${text} }`);
  t.match(declare('status: string'), [/attributes\.status: "status" is kept by the monitor itself/]);
  t.match(declare('kind: number'), [/"kind" is an attribute of the contract already/]);
  t.match(declare('queues: string'), [/"queues" is an attribute/]);
  t.match(declare('csat: boolean'), [/"csat" is a field of the contract and no boolean; expected number/]);
  t.match(declare('customer: string'), [/"customer" is an object of the contract/]);
  t.match(declare('reason.code: string'), [/"reason" is a field of the contract, and nothing is inside it/]);
  t.same(declare('reason: string, csat: number, vip: boolean, customer.since: string'), []);
});

t.test('a map that stands as a key is told as an error, and by nobody else', async t => {
  const warned = t.capture(process, 'emitWarning');
  t.match(mistakes('version: 1\ncalendars: { ? { a: b } : { always: true } }'), [
    /^2:\d+: calendars: a list or a map stands where a key belongs/,
  ]);
  t.same(warned(), []);
});

t.test('what every object has is no name of a field', async t => {
  const declared = (attributes: string) => `version: 1\nattributes: ${attributes}`;
  t.match(
    mistakes(declared('{ constructor: string, toString: { set: ticket.created }, a.valueOf: string }')),
    [
      /^2:15: attributes\.constructor: "constructor" is a name that every event would seem to have/,
      /attributes\.toString: "toString" is a name that every event would seem to have/,
    ],
  );
});

t.test('values that make no sense', async t => {
  const target = (more: string) => mistakes(clock(`target: ${more}`));
  t.match(target('1h, objective: { share: 120%, window: 28d }'), [
    /objective\.share: no share of cycles is 120%/,
  ]);
  t.match(target('1h, objective: { share: 0%, window: 0s }'), [
    /no share of cycles is 0%/,
    /window: the window/,
  ]);
  t.match(target('{ by: kind, values: {} }'), [/target\.values: no value has a target/]);
  t.same(target('{ by: kind, values: {}, else: 1h }'), []);
  t.match(mistakes(clock('target: 1h').replace('ticket.created', '{ becomes: {} }')), [/names no attribute/]);
  t.match(target('1h, warn: 0%'), [/warn: a warning at 0% comes at the start/]);
  t.match(target('30m, warn: 30m'), [/warn: a warning 30m before the due instant comes at the start/]);
  t.match(target('{ by: kind, values: { query: 1h }, else: 2h }, warn: 2h'), [/comes at the start/]);
  t.same(target('{ by: kind, values: { query: 1h }, else: 2h }, warn: 1h'), [], 'it can come for some');
  t.match(target('1bd, warn: 400d'), [/comes before the start/]);
  t.same(target('4bd, warn: 1d'), []);
  t.match(target('1h, ladder: [{ after: 0s, to: a }, { after: 0s, to: b }]'), [
    /ladder\[1\]\.after: there is a step at 0s already.*expected one step at 0s that names every role/,
  ]);
  const office = 'calendars: { o: { hours: { mon-fri: "09:00-17:00" } } }\nclocks';
  const inOffice = (more: string) => mistakes(clock(`calendar: o, ${more}`).replace('clocks', office));
  t.match(
    inOffice('target: 1bd, warn: 40h'),
    [/comes before the start/],
    'three days of office hours are less',
  );
  t.same(inOffice('target: 1bd, warn: 8h'), []);
});

t.test('messages do not contradict themselves', async t => {
  const calendar = (text: string) => mistakes(`version: 1\ncalendars: { o: { ${text} } }`);
  t.match(calendar('always: false'), [/^2:19: calendars\.o\.always: found false; expected true/]);
  t.match(calendar('always: true, hours: { mon: "09:00-10:00" }'), [/"hours" can not stand beside "always"/]);
  t.match(calendar('always: true, hours: {}, closed: []'), [
    /"always" can not stand beside "hours" and "closed"/,
  ]);
  t.match(mistakes(clock('target: { by: kind, values: { query: 1h }, at: data.dueAt }')), [
    /"at" can not stand beside "by" and "values"/,
  ]);
  const both = clock('target: 1h').replace(
    'start: ',
    'start: { type: ticket.updated, becomes: { kind: query } } #',
  );
  t.match(mistakes(both.replace(' #ticket.created', '')), [
    /start\.type: "type" can not stand beside "becomes"; expected an event condition or/,
  ]);
  t.notMatch(mistakes(clock('target: 1h, <<: { warn: 50% }')).join(), /did you mean/);
  t.notMatch(mistakes(clock('target: 1h, id: 7')).join(), /did you mean/);
  const alert =
    'count: ticket.created, of: ticket.created, window: 1h, alert: { above: 5%, below: 3%, clear: 9% }';
  t.match(mistakes(`version: 1\nindicators: [{ rule: I, ${alert} }]`), [/alert: an alert has one bound/]);
});

t.test('a value that is nearly a usual one is warned of, and allowed', async t => {
  t.same(
    warnings(`version: 1
clocks:
  - rule: R
    on: ticket
    when: { urgency: [urgnt, critical], channel: Web, status: opne }
    start: { becomes: { kind: complant } }
    stop: { type: ticket.replied, by: [agnt] }
    pause: { from: { type: ticket.pending, reason: custmer }, to: ticket.resumed }
    target: { by: distance, values: { lokal: 24h }, else: 3d }`),
    [
      '5:23: clocks[0].when.urgency[0]: "urgnt" is no usual value of urgency; did you mean "urgent"?',
      '5:41: clocks[0].when.channel: "Web" is no usual value of channel; did you mean "web"?',
      '5:55: clocks[0].when.status: "opne" is never a value of status; did you mean "open"?',
      '6:25: clocks[0].start.becomes.kind: "complant" is no usual value of kind; did you mean "complaint"?',
      '7:40: clocks[0].stop.by[0]: "agnt" is no usual value of by; did you mean "agent"?',
      '8:44: clocks[0].pause.from.reason: "custmer" is no usual value of reason; did you mean "customer"?',
      '9:39: clocks[0].target.values.lokal: "lokal" is no usual value of distance; did you mean "local"?',
    ],
  );
  t.match(warnings(clock('target: 1h, when: { status: waiting }')), [
    /"waiting" is never a value of status; it is one of open, pending, resolved, closed, cancelled/,
  ]);
});

t.test('the monitor tells the same: at its start in the log, and to who tries a policy', async t => {
  const text = clock('target: 1h, when: { urgency: urgnt }');
  const expected = [/"urgnt" is no usual value of urgency; did you mean "urgent"/];
  t.match(readPolicyText(text).warnings, expected);
  const dir = t.testdir({ 'p.yaml': text });
  t.match(readPolicyFile(join(dir, 'p.yaml')).warnings, expected);
});

t.test('an error is told alike wherever a policy is read: with what was expected and an example', async t => {
  const text = clock('target: 2x, wran: 50%');
  const dir = t.testdir({ 'p.yaml': text });
  const file = join(dir, 'p.yaml');
  const found = loadPolicy(text, { file });
  const checked = found.ok ? [] : found.errors.map(formatError);
  t.match(checked, [
    /expected a duration: .*, for example target: 2h$/,
    /did you mean "warn"\?; expected one of rule, title, /,
  ]);
  t.throws(() => readPolicyFile(file), { message: checked.join('\n') }, 'at the start and at SIGHUP');
  const sent = checked.map(line => line.replace(file, 'policy.yaml'));
  t.throws(() => readPolicyText(text), { message: sent.join('\n') }, 'over HTTP');
  t.throws(() => readPolicyText(''), {
    message: /^policy\.yaml:1:1: the file holds no policy; expected keys/,
  });
});

t.test(
  'a figure of a clock that is not there is checked in all else; warnings are told beside errors',
  async t => {
    const figure = (more: string) => `version: 1\nindicators: [{ rule: I, ${more} }]`;
    t.same(keys(figure('clock: NOPE, alert: { below: 90%, clear: 80% }')), [
      'indicators[0]',
      'indicators[0].clock',
      'indicators[0].alert.clear',
    ]);
    t.same(
      keys(figure('mean: nope, of: call.answered, window: 1h, alert: { above: 3m, clear: 4m }')),
      ['indicators[0].mean'],
      'nothing of bounds whose unit is not known',
    );
    const both = loadPolicy(clock('when: { urgency: urgnt }, target: 2x'), { file: 'p.yaml' });
    t.match(both, { ok: false, errors: [{ key: 'clocks[0].target' }], warnings: [/did you mean "urgent"/] });
  },
);

t.test('values of its own are no slips', async t => {
  const own =
    'channel: [line, call, fax], severity: minor, customer.tier: platinum, queue: teem, product: phon';
  t.same(warnings(clock(`target: 1h, when: { ${own} }`)), []);
  const free = '[{ type: ticket.escalated, level: satisfction }, { type: ticket.handed_over, to: agnt }]';
  t.same(warnings(clock(`target: 1h, cancel: ${free}`)), [], 'the level of an escalation is free');
  t.match(warnings(clock('target: 1h, cancel: { type: ticket.followed_up, level: satisfction }')), [
    /no usual value of level; did you mean "satisfaction"/,
  ]);
  const file = defaultPolicyFile();
  const pack = loadPolicy(readFileSync(file, 'utf8'), { file });
  t.same(pack.ok ? pack.warnings : pack.errors, [], 'the pack has none');
});

t.test('steps of a ladder are in order on each calendar', t => {
  const ladder = (steps: string) =>
    `version: 1\ncalendars: { m: { hours: { mon-fri: ["10:00-17:00"] } } }\n${clock(`target: 1h, ladder: [${steps}]`).slice(11)}`;
  t.same(
    mistakes(ladder('{ after: 0s, to: a }, { after: 3h, to: b }, { after: 1h, to: c, calendar: m }')),
    [],
  );
  const backwards = /ladder\[2\]\.after: a step of the ladder comes before one above it/;
  t.match(
    mistakes(
      ladder('{ after: 2h, to: a, calendar: m }, { after: 3h, to: b }, { after: 1h, to: c, calendar: m }'),
    ),
    [backwards],
  );
  t.match(mistakes(ladder('{ after: 2h, to: a }, { after: 3h, to: b }, { after: 0s, to: c, calendar: m }')), [
    backwards,
  ]);
  t.end();
});

t.test('a policy that is sent is told what to do about its iCalendar file', t => {
  const text =
    'version: 1\ncalendars: { c: { hours: { mon: ["09:00-18:00"] }, holidays: { ics: c.ics } } }\n';
  t.throws(() => readPolicyText(text), /names no files; write its dates under closed, or put c\.ics/);
  t.end();
});
