// Slips of the pen in a policy: indentation, keys written twice, durations in other words, signs of another keyboard.
import t from 'tap';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';

function mistakes(text: string): string[] {
  const result = loadPolicy(text, { file: 'p.yaml' });
  return result.ok ? [] : result.errors.map(error => formatError(error).replace(/^p\.yaml:/, ''));
}

/** What is odd about a sound policy. */
function warnings(text: string): string[] {
  const result = loadPolicy(text, { file: 'p.yaml' });
  return result.ok ? result.warnings.map(line => line.replace(/^p\.yaml:/, '')) : ['not sound'];
}

const clock = (more: string): string =>
  `version: 1\nclocks: [{ rule: R, on: ticket, start: ticket.created, stop: ticket.replied, ${more} }]`;

t.test('a slip of indentation is told once, with what to look at', async t => {
  const head = 'version: 1\nclocks:\n  - rule: R\n';
  const indented =
    /^\d+:\d+: is the indentation right, here and on the next line\?; expected the keys of one map/;
  const slips: [string, string, RegExp][] = [
    ['a key too far in', `${head}    on: ticket\n     start: a\n    stop: b\n    warn: [50%]\n`, indented],
    ['a key too far out', `${head}   on: ticket\n   start: ticket.created\n`, indented],
    [
      'a tab',
      `${head}\ton: ticket\n\tstart: a\n\tstop: b\n`,
      /^4:1: a tab can't indent YAML; expected spaces/,
    ],
    ['a tab between', `${head}    on: ticket\n\tstart: a\n    stop: b\n`, /^5:1: a tab can't indent YAML/],
    ['a bracket', `${head}    when: {urgency: [urgent}\n    start: a\n`, /^4:28: "\]" is missing/],
    ['a quote', `${head}    stop: "abc\n    start: a\n`, /^4:11: this quote is not closed/],
    [
      'a comma',
      '{"version": 1, "clocks": [{"rule": "R" "on": 1}]}',
      /^1:\d+: is a comma or a bracket missing/,
    ],
    [
      'a colon',
      `${head}    title: Reply: fast\n    on: ticket\n`,
      /^4:12: a text with a colon .* needs quotes/,
    ],
  ];
  for (const [name, text, expected] of slips) {
    const found = mistakes(text);
    t.equal(found.length, 1, name);
    t.match(found, [expected], name);
  }
});

t.test('a key that is there twice is named', async t => {
  t.match(mistakes('version: 1\nname: a\nclocks: [{ on: ticket, on: call }]\nname: b\n'), [
    /^3:24: the key "on" is there already, on line 3; expected each key once/,
    /^4:1: the key "name" is there already, on line 2/,
  ]);
});

t.test('durations in other words: the units, and what was meant', async t => {
  const meant = (text: string) => /did you mean (.+?)\?/.exec(mistakes(clock(`target: ${text}`)).join())?.[1];
  const words = {
    '10min': '10m',
    '3 days': '3d',
    '2H': '2h',
    '1.5 hrs': '1.5h',
    '1h30m': '90m',
    '2 weeks': '14d',
  };
  for (const [written, expected] of Object.entries(words)) t.equal(meant(written), expected, written);
  t.equal(meant('4 business days'), '4bd');
  t.equal(meant('2 个工作日'), '2bd');
  for (const unclear of ['7', 'soon', '3 moons', '1h 2bd', '1.5bd'])
    t.equal(meant(unclear), undefined, unclear);
  t.match(mistakes(clock('target: 7')), [
    /found 7; expected a duration: one number and one unit of ms s m h d bd/,
  ]);
  t.match(mistakes(clock('target: 1d, warn: 30 min, objective: { share: 95%, window: 4 weeks }')), [
    /warn: found "30 min"; did you mean 30m\?; expected a percentage or a duration: .* ms s m h d, for/,
    /objective\.window: found "4 weeks"; did you mean 28d\?; expected a duration/,
  ]);
  t.match(mistakes(clock('target: 1d, warn: 1bd')), [/found "1bd", and business days can not stand here;/]);
  t.match(mistakes(clock('target: { by: kind }')), [
    /target\.values: "values" is missing; expected a duration for each value of the attribute, for example target: {/,
  ]);
});

t.test('signs of a Chinese keyboard, and texts that a comma cuts, are named', t => {
  t.match(
    mistakes('version: 1\nclocks:\n  - rule: R\n    on: ticket\n    start： ticket.created\n    stop: b\n'),
    [/^5:5: the colon after this key is a full-width one/],
  );
  t.match(mistakes('version： 1\nname: x\n'), [/^1:1: the colon after this key is a full-width one/]);
  t.match(
    mistakes('version: 1\nname: 工单：受理: 二级\n'),
    [/^2:7: a text with a colon and a space in it needs quotes/],
    'a key’s colon is where it should be',
  );
  const titled = clock('target: 1h, title: { zh: 回复,按时, en: Reply, in time }');
  const cut = /is no key here; a text with a comma in it needs quotes inside braces/;
  t.match(mistakes(titled), [cut, cut]);
  t.notMatch(mistakes(clock('target: 1h, owner: me')), [cut], 'a key with a value is another matter');
  t.match(warnings(clock('target: 1h, when: { queue: [P3，P4] }')), [
    /queue\[0\]: "P3，P4" is one value: a full-width comma/,
  ]);
  t.same(warnings(clock('target: 1h, when: { category: 退款，换货 }')), [], 'a value alone may have one');
  t.end();
});
