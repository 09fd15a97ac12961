// Years of holidays that an administrator adds: what their file may say, that they are part of a policy's name, the mark of
// due instants on both sides of what is known, and who is told from when on. No server is needed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { backtest } from '../../src/backtest/backtest.ts';
import { coverageWarnings } from '../../src/cli/check.ts';
import { explanationText } from '../../src/cli/explain-text.ts';
import { readSettings } from '../../src/config.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import { checkLocal } from '../../src/doctor/local.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import { CoverageReminder } from '../../src/monitor/coverage-reminder.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { uncoveredAdvice, uncoveredCalendars } from '../../src/policy/coverage.ts';
import { readHolidayFile } from '../../src/policy/holiday-file.ts';
import type { AddedYear } from '../../src/policy/holidays.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';
import { caseSummary, riskRows } from '../../src/server/case-view.ts';
import { runLive } from '../support/live.ts';
import { runProgram } from '../support/program.ts';

const DAY_MS = 86_400_000;
const FILE = `country: CN
year: 2027
off: ["2027-01-01/2027-01-03", "2027-02-05", "2027-01-02"]
work: ["2027-02-20"]
`;

function policyText(target: string, more = ''): string {
  return `version: 1
name: office
timezone: Asia/Shanghai
calendars:
  office: { hours: { mon-fri: ["09:00-12:00", "13:30-18:00"] }, holidays: { country: CN } }
  plain: { hours: { mon-fri: ["09:00-18:00"] } }
clocks:
  - rule: R
    title: { zh: 解决, en: Solve }
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: ${target}
    calendar: office
    warn: [50%]
${more}`;
}

function load(text: string, addedYears: readonly AddedYear[] = []): CompiledPolicy {
  const loaded = loadPolicy(text, { file: 'policy.yaml', addedYears });
  if (loaded.ok) return loaded.policy;
  throw new Error(loaded.errors.map(formatError).join('\n'));
}

function yearOf(text: string): AddedYear {
  const read = readHolidayFile(text, 'year.yaml');
  if (read.ok) return read.year;
  throw new Error(read.errors.map(formatError).join('\n'));
}

/** An instant of Shanghai, such as `2026-12-31 09:00`. */
function at(local: string): number {
  return Date.parse(`${local.replace(' ', 'T')}+08:00`);
}

function event(local: string, name: string, fields: SlaEvent['fields'] = {}): SlaEvent {
  const time = at(local);
  const type = `ticket.${name}`;
  return {
    id: `${name}-${local}`,
    source: '/t',
    type,
    entity: 'ticket',
    case: 'T',
    time,
    fields,
    digest: '',
  };
}

t.test('a file says a year', async t => {
  const read = readHolidayFile(FILE, 'year.yaml');
  t.strictSame(read, {
    ok: true,
    year: {
      country: 'CN',
      year: 2027,
      off: ['2027-01-01', '2027-01-02', '2027-01-03', '2027-02-05'],
      work: ['2027-02-20'],
    },
    warnings: [],
  });
  const json = JSON.stringify({ country: 'CN', year: 2027, off: ['2027-01-01'] });
  t.match(readHolidayFile(json, 'x'), { ok: true, year: { off: ['2027-01-01'], work: [] } });
  const norway = readHolidayFile('country: NO\nyear: 2101\noff: [2101-01-01]', 'x');
  t.match(norway, { ok: false, errors: [{ key: 'year', line: 2 }] }, 'beyond what calendars reach');
  t.match(readHolidayFile('country: NO\nyear: 2100\noff: [2100-01-01]', 'x'), { year: { country: 'NO' } });
  const friday = readHolidayFile(`${FILE.replace('02-20', '02-19')}`, 'year.yaml');
  t.match(friday, {
    ok: true,
    warnings: [/^year.yaml:4:8: work\[0\]: 2027-02-19 is no Saturday or Sunday/],
  });
});

/** Each wrong file with the line, the key and what is said. */
const WRONG: readonly (readonly [text: string, line: number, key: string, message: RegExp])[] = [
  ['', 1, '', /expected country, year, off and work/],
  ['country: [', 1, '', /"\]" is missing/],
  [FILE.replace('CN', 'cn'), 1, 'country', /two capital letters/],
  [FILE.replace('CN', 'XX'), 1, 'country', /no holidays are known of country "XX"/],
  [FILE.replace('year: 2027\n', ''), 1, 'year', /missing/],
  [FILE.replace('year: 2027', 'year: 1989'), 2, 'year', /from 1990 to 2100/],
  [FILE.replace('year: 2027', 'year: "2027"'), 2, 'year', /found "2027"/],
  [FILE.replace(/off: .*/, 'off: []'), 3, 'off', /at least one/],
  [FILE.replace('2027-02-05', '2027-02-30'), 3, 'off[1]', /"2027-02-30" is no date/],
  [FILE.replace('2027-01-01/', '2027-01-01/2027-01-02/'), 3, 'off[0]', /is no date; expected a date, or two/],
  [FILE.replace('2027-01-01/', '2026-12-31/'), 3, 'off[0]', /not in 2027.*a file of that year/],
  [FILE.replace('2027-02-20', '2028-01-01'), 4, 'work[0]', /"2028-01-01" is not in 2027/],
  [FILE.replace('01-01/2027-01-03', '01-03/2027-01-01'), 3, 'off[0]', /ends before it begins/],
  [FILE.replace('2027-02-20', '2027-01-02'), 4, 'work[0]', /2027-01-02 is in off and in work/],
  [
    FILE.replace('01-01/2027-01-03', '01-01/2027-10-03'),
    3,
    'off',
    /276 days of the year are off; expected at most/,
  ],
  [`${FILE}of: []`, 5, 'of', /did you mean "off"/],
];

t.test('what is wrong with a file has its place and an advice, all at once', async t => {
  for (const [text, line, key, message] of WRONG) {
    const read = readHolidayFile(text, 'year.yaml');
    const [error] = read.ok ? [] : read.errors;
    t.match(error, { file: 'year.yaml', line, key }, text);
    t.match(error === undefined ? '' : formatError(error), message);
  }
  const many = readHolidayFile('country: XX\nyear: 2027\noff: ["2028-01-01", "2027-01-01"]\nwrok: []', 'x');
  t.match(many, { ok: false, errors: [{ key: 'wrok' }, { key: 'country' }, { key: 'off[0]' }] });
  t.match(many, { errors: { length: 3 } }, 'a key that is wrong hides nothing');
  const two = readHolidayFile(FILE.replace('2027-02-05', 'x').replace('2027-02-20', 'y'), 'year.yaml');
  t.match(two, { ok: false, errors: [{ key: 'off[1]' }, { key: 'work[0]' }] });
});

t.test('added years that a policy uses are part of its name', async t => {
  const plain = load(policyText('2bd'));
  const year = yearOf(FILE);
  const added = load(policyText('2bd'), [year]);
  t.not(added.hash, plain.hash);
  t.equal(
    load(policyText('2bd'), [yearOf(FILE.replace('"2027-02-05", ', '').replace('03"', '03", 2027-02-05'))])
      .hash,
    added.hash,
    'however it is written',
  );
  t.not(
    load(policyText('2bd'), [yearOf(FILE.replace('02-05', '02-06'))]).hash,
    added.hash,
    'other days, other name',
  );
  const norway = { ...year, country: 'NO' };
  t.equal(load(policyText('2bd'), [norway]).hash, plain.hash, 'of a country that no calendar uses');
  t.equal(load(policyText('2bd'), [norway, year]).hash, added.hash);
  const next = yearOf('country: CN\nyear: 2028\noff: [2028-01-03]');
  t.equal(
    load(policyText('2bd'), [next, year]).hash,
    load(policyText('2bd'), [year, next]).hash,
    'in any order',
  );
  const known = yearOf('country: CN\nyear: 2026\noff: [2026-11-16]');
  const corrected = load(policyText('1bd'), [known]).calendars.get('office');
  t.equal(corrected?.isOpen(at('2026-11-16 10:00')), false, 'a year that the program knows is corrected');
  t.equal(corrected?.isOpen(at('2026-10-01 10:00')), true, 'as a whole');
});

t.test('a year that would close a calendar for ever is refused', async t => {
  const mondays = (year: number) => {
    const first = Date.UTC(year, 0, 1);
    const off = Array.from({ length: 366 }, (_, i) => new Date(first + i * DAY_MS))
      .filter(day => day.getUTCDay() === 1 && day.getUTCFullYear() === year)
      .map(day => day.toISOString().slice(0, 10));
    return { country: 'CN', year, off, work: [] };
  };
  const text = policyText('2h').replace('mon-fri: ["09:00-12:00", "13:30-18:00"]', 'mon: ["09:00-18:00"]');
  const years = Array.from({ length: 12 }, (_, i) => mondays(2030 + i));
  const result = loadPolicy(text, { file: 'policy.yaml', addedYears: years });
  t.match(result, {
    ok: false,
    errors: [{ key: 'calendars.office.hours', message: /never open within 10 years/ }],
  });
});

t.test('a due instant is marked where a year on the way to it is not known', async t => {
  const marked = (target: string, created: string, years: readonly AddedYear[] = []) => {
    const policy = load(policyText(target), years);
    const events = [event(created, 'created')];
    const until = at('2030-01-01 00:00');
    const found = backtest(policy, events, until, { all: true });
    const { records } = runLive(
      policy,
      [{ kind: 'event', event: events[0] ?? event(created, 'created'), now: at(created) }],
      until,
    );
    for (const record of records) t.match(RECORD_SCHEMAS.clock.safeParse(record), { success: true });
    const state = restoreCase(policy, 'ticket', 'T', [...events], at(created), at(created));
    const [view] = explainCase(state, at(created));
    const all = [
      ...found.outcomes,
      ...found.transitions,
      ...records,
      ...caseSummary(state, at(created)).clocks,
      { uncovered: view?.uncovered },
    ].map(({ uncovered }) => uncovered);
    t.equal(new Set(all).size, 1, `${created} + ${target}: all say the same`);
    t.equal(view?.why.uncovered, view?.uncovered === true);
    return { mark: all[0], due: found.outcomes[0]?.dueAt };
  };
  const lastDay = { mark: undefined, due: '2026-12-31T10:00:00.000Z' };
  t.same(marked('1bd', '2026-12-30 10:00'), lastDay, 'due at the close of the last day that is known');
  const firstDay = { mark: true, due: '2027-01-01T10:00:00.000Z' };
  t.same(marked('2bd', '2026-12-30 10:00'), firstDay, 'the next day of plain hours');
  t.same(marked('2bd', '2026-12-30 10:00', [yearOf(FILE)]), {
    mark: undefined,
    due: '2027-01-04T10:00:00.000Z',
  });
  t.same(marked('1bd', '2027-01-04 10:00'), { mark: true, due: '2027-01-05T10:00:00.000Z' }, 'wholly in it');
  const after = yearOf('country: CN\nyear: 2028\noff: [2028-01-03]');
  const across = { mark: true, due: '2028-01-05T10:00:00.000Z' };
  t.same(
    marked('2bd', '2027-12-31 10:00', [after]),
    across,
    'from a year that is not known into one that is',
  );
  const over = marked('300bd', '2026-11-16 10:00', [after]);
  t.match(over, { mark: true, due: /^2028-/ }, 'over one that is not known');
});

t.test('the mark is left out where all is known, and where no calendar made the instant', async t => {
  const covered = backtest(
    load(policyText('2h')),
    [event('2026-11-16 10:00', 'created')],
    at('2026-11-17 10:00'),
    { all: true },
  );
  for (const line of [...covered.outcomes, ...covered.transitions]) t.notOk('uncovered' in line, line.kind);
  const named = load(
    policyText('{ at: data.expectedAt }')
      .replace('ticket.created', 'ticket.pending')
      .replace('    warn: [50%]\n', ''),
  );
  const pending = event('2026-12-01 10:00', 'pending', { expectedAt: '2027-02-01T00:00:00.000Z' });
  const [line] = backtest(named, [pending], at('2026-12-02 10:00'), { all: true }).outcomes;
  t.match(line, { dueAt: '2027-02-01T00:00:00.000Z' });
  t.notOk(line && 'uncovered' in line, 'named by the event');
});

t.test('explain and boards say it', async t => {
  const policy = load(policyText('40bd'));
  const now = at('2027-01-08 10:00');
  const state = restoreCase(policy, 'ticket', 'T', [event('2026-12-01 10:00', 'created')], now, now);
  const views = explainCase(state, now);
  const english = explanationText(state, views, now, 'en');
  t.match(english, /computed on plain hours: holidays of 2027 are not known/);
  t.match(explanationText(state, views, now, 'zh'), /2027年节假日未公布，按普通工时计算/);
  t.match(riskRows(state, now), [{ rule: 'R', uncovered: true }]);
  const added = load(policyText('40bd'), [yearOf(FILE)]);
  const better = restoreCase(added, 'ticket', 'T', [event('2026-12-01 10:00', 'created')], now, now);
  t.notMatch(explanationText(better, explainCase(better, now), now, 'en'), /plain hours/);
  t.notOk('uncovered' in (riskRows(better, now)[0] ?? {}));
});

t.test('from 60 days before it is told, with what to do, and no longer once the year is there', async t => {
  const policy = load(policyText('2h'));
  const bound = at('2027-01-01 00:00') - 60 * DAY_MS;
  t.same(uncoveredCalendars(policy, bound - 1), []);
  const [one, ...more] = uncoveredCalendars(policy, bound);
  t.same(more, []);
  t.same(one, { calendar: 'office', country: 'CN', year: 2027, from: at('2027-01-01 00:00') });
  t.match(
    one && uncoveredAdvice(one),
    /npm run --silent sla -- holidays add FILE, with country: CN, year: 2027/,
  );
  t.match(uncoveredCalendars(policy, at('2028-03-01 00:00')), [{ year: 2028, from: at('2027-01-01 00:00') }]);
  const added = load(policyText('2h'), [yearOf(FILE)]);
  t.same(uncoveredCalendars(added, at('2027-06-01 00:00')), []);
  t.match(uncoveredCalendars(added, at('2027-12-01 00:00')), [{ year: 2028 }], 'until the next one');
});

t.test('check says that it asks no server, and who does', async t => {
  const soon = at('2026-12-01 00:00');
  t.match(coverageWarnings(load(policyText('2h')), soon), [
    /^calendar office: .*holidays add FILE.* check asks no server: .* --holidays FILE .* doctor asks the running monitor$/,
  ]);
  t.same(coverageWarnings(load(policyText('2h'), [yearOf(FILE)]), soon), []);
});

t.test('the log says it at start, once a day while it lasts, and when it changes', async t => {
  const lines: string[] = [];
  let policy = load(policyText('2h'));
  let now = at('2026-06-01 00:00');
  const log = { warn: (_fields: object, text: string) => lines.push(text) };
  const reminder = new CoverageReminder(
    () => policy,
    log,
    () => now,
  );
  const lookAfter = (ms: number): number => {
    now += ms;
    reminder.look();
    return lines.length;
  };
  t.equal(lookAfter(0), 0, 'half a year is left');
  now = at('2027-01-01 00:00') - 60 * DAY_MS;
  t.equal(lookAfter(0), 1);
  t.match(
    lines[0],
    /^calendar office: the holidays of 2027 are not known.*holidays add FILE, with country: CN, year: 2027/,
  );
  t.equal(lookAfter(DAY_MS - 1), 1, 'not twice within a day');
  t.equal(lookAfter(1), 2);
  policy = load(policyText('2h'), [yearOf(FILE)]);
  t.equal(lookAfter(DAY_MS), 2, 'the year was added');
  policy = load(policyText('2h'));
  t.equal(lookAfter(1), 3, 'and removed');
});

t.test('doctor says it, and knows the years that are kept', async t => {
  const dir = t.testdir({});
  const file = join(dir, 'policy.yaml');
  writeFileSync(file, policyText('2h'));
  const settings = readSettings({ NATS_URL: 'nats://x', REDIS_URL: 'redis://x', POLICY_FILE: file });
  const about = async (now: number, years: AddedYear[] | null) => {
    const kept = years === null ? null : { years, inForce: null };
    const findings = await checkLocal(settings, kept, now);
    return findings.filter(({ topic }) => topic.startsWith('calendar'));
  };
  const soon = at('2026-12-01 00:00');
  const advice = /holidays add FILE, with country: CN, year: 2027/;
  t.match(await about(soon, null), [{ topic: 'calendar office', state: 'warn', advice }, { state: 'ok' }]);
  t.match(await about(at('2027-01-02 00:00'), []), [{ state: 'bad', advice }, { state: 'ok' }]);
  t.match(await about(at('2026-06-01 00:00'), null), [
    { state: 'ok', text: /until 2026-12-31/ },
    { state: 'ok' },
  ]);
  t.match(await about(soon, [yearOf(FILE)]), [{ state: 'ok', text: /until 2027-12-31/ }, { state: 'ok' }]);
});

t.test('commands that need no server take the file', async t => {
  const dir = t.testdir({
    'policy.yaml': policyText('2bd'),
    'year.yaml': FILE,
    'bad.yaml': FILE.replace('year: 2027', 'year: 2026'),
    'events.ndjson': `${JSON.stringify({ specversion: '1.0', id: '1', source: '/t', type: 'ticket.created', subject: 'T', time: '2026-12-30T02:00:00Z', data: {} })}\n`,
  });
  const run = (...args: string[]) => runProgram(args, { cwd: dir });
  const common = ['--policy', 'policy.yaml', '--events', 'events.ndjson'];
  const [plain, known, explained, checked, wrong, twice] = await Promise.all([
    run('backtest', ...common),
    run('backtest', ...common, '--holidays', 'year.yaml'),
    run('explain', 'T', ...common, '--holidays', 'year.yaml'),
    run('check', 'policy.yaml', '--holidays', 'year.yaml'),
    run('check', 'policy.yaml', '--holidays', 'bad.yaml'),
    run('backtest', ...common, '--holidays', 'year.yaml', '--holidays', 'year.yaml'),
  ]);
  t.match(JSON.parse(plain.stdout), { dueAt: '2027-01-01T10:00:00.000Z', uncovered: true });
  t.match(JSON.parse(known.stdout), { dueAt: '2027-01-04T10:00:00.000Z' });
  t.notMatch(known.stdout, /uncovered/);
  t.match(explained.stdout, /due 2027-01-04 18:00:00/);
  t.equal(checked.code, 0);
  t.notMatch(checked.stderr, /2027/);
  t.equal(wrong.code, 1);
  t.match(wrong.stderr, /bad.yaml:3:7: off\[0\]: .* is not in 2026/);
  t.equal(twice.code, 1);
  const line = {
    calendar: {
      timezone: 'Asia/Shanghai',
      hours: { 'mon-fri': ['09:00-18:00'] },
      holidays: { country: 'CN' },
    },
    start: '2026-12-30T02:00:00Z',
    target: '2bd',
  };
  const calendar = await runProgram(['calendar', '--holidays', 'year.yaml'], {
    cwd: dir,
    input: `${JSON.stringify(line)}\n`,
  });
  t.same(JSON.parse(calendar.stdout), { due: '2027-01-04T10:00:00.000Z' });
});
