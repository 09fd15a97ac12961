// From what zod says about a value to errors that a person can act on: the branch of a union that was meant, the
// nearest known key, what was expected there and an example.
import type { z } from 'zod';
import { DURATION_WANTED, TIME_WANTED } from './duration.ts';
import { guessDuration } from './guess.ts';
import { nearest } from './nearest.ts';
import type { Advice, Place, Step } from './place.ts';
import { calendarKeys, clockSchema, indicatorSchema, policySchema } from './schema.ts';

type Issue = z.core.$ZodIssue;

/** What a kind of file expects at a path. */
export interface Guide {
  advice(path: readonly Step[]): Advice;
  /** The keys that are known there. */
  keys(path: readonly Step[]): readonly string[];
}

/** Tells each issue at its place below `place`; without another guide it is a policy's. */
export function reportIssues(place: Place, issues: readonly Issue[], guide: Guide = POLICY): void {
  const flat = issuesOf(issues);
  const meant = new Set<string>();
  for (const { issue, path } of flat) {
    if (issue.code !== 'unrecognized_keys') continue;
    for (const key of issue.keys) {
      const near = meantKey(place.at(...path), key, guide);
      if (near !== null) meant.add(place.at(...path, near).key);
    }
  }
  for (const one of flat) {
    // A key that is there under a wrong name is not missing as well.
    const at = place.at(...one.path);
    if (!meant.has(at.key) || at.value() !== undefined) reportOne(place, one, guide);
  }
}

/** An issue with its whole path, unions resolved. */
interface Flat {
  readonly issue: Issue;
  readonly path: readonly Step[];
}

/** The issues with unions resolved to the branch that was meant. */
export function issuesOf(issues: readonly Issue[]): Flat[] {
  return issues.flatMap(one => flatten(one, []));
}

/** The key that was meant by an unknown one; null when none is near, or when the key is known and out of place. */
export function meantKey(place: Place, key: string, guide: Guide = POLICY): string | null {
  const known = guide.keys(place.path);
  return known.includes(key) ? null : nearest(key, known);
}

/** Tells of a key that can't stand in the map at `place`. */
export function reportUnknownKey(place: Place, key: string, guide: Guide = POLICY): void {
  const known = guide.keys(place.path);
  if (known.includes(key)) {
    reportOutOfPlace(place, key, guide);
    return;
  }
  const near = meantKey(place, key, guide);
  const hint = near === null ? cutOff(place.at(key)) : `; did you mean "${near}"?`;
  const [first] = near === null ? known : [near];
  place.at(key).error(`"${key}" is no key here${hint}`, {
    expected: known.length === 0 ? 'no such key' : `one of ${known.join(', ')}`,
    example: first === undefined ? 'leave it out' : guide.advice(place.at(first).path).example,
  });
}

/** What stands in braces without a value is mostly the rest of a text that a comma cut in two. */
function cutOff(place: Place): string {
  return place.isBare ? '; a text with a comma in it needs quotes inside braces' : '';
}

/** Tells of a key of another form than the keys beside it, such as `hours` beside `always`. */
function reportOutOfPlace(place: Place, key: string, guide: Guide): void {
  const known = guide.keys(place.path);
  const found = place.value();
  const beside = Object.keys(typeof found === 'object' && found !== null ? found : {}).filter(
    other => other !== key && other !== 'timezone' && known.includes(other),
  );
  if (beside.length === 0) {
    const at = place.at(key);
    at.error(`found ${shorten(JSON.stringify(at.value()))}`, guide.advice(at.path));
    return;
  }
  const others = beside.map(other => `"${other}"`).join(' and ');
  place.at(key).error(`"${key}" can not stand beside ${others}`, guide.advice(place.path));
}

function flatten(issue: Issue, base: readonly Step[]): Flat[] {
  const path = [...base, ...issue.path.filter(step => typeof step !== 'symbol')];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path }];
  const branches = issue.errors
    .map(errors => errors.flatMap(error => flatten(error, path)))
    // A branch that fails at the union's own place was not the one that was meant.
    .filter(errors => !errors.some(error => isMismatch(error.issue) && error.path.length === path.length));
  // Whose keys are there was meant, whatever is wrong with what they hold.
  const foreign = (errors: readonly Flat[]) =>
    unknownKeys(errors.filter(one => one.path.length === path.length));
  const best = branches.sort((a, b) => foreign(a) - foreign(b) || badness(a) - badness(b))[0];
  return best ?? [{ issue, path }];
}

function isMismatch(issue: Issue): boolean {
  return ['invalid_type', 'invalid_union', 'invalid_value'].includes(issue.code);
}

/** How far a branch is from what was written: its unknown and missing keys weigh most. */
function badness(errors: readonly Flat[]): number {
  const known = errors.filter(({ issue }) => issue.code !== 'unrecognized_keys');
  const heavy = known.filter(({ issue }) => isMismatch(issue));
  return 2 * unknownKeys(errors) + known.length + 2 * heavy.length;
}

function unknownKeys(errors: readonly Flat[]): number {
  return errors.reduce(
    (sum, { issue }) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0),
    0,
  );
}

function reportOne(place: Place, { issue, path }: Flat, guide: Guide): void {
  const at = place.at(...path);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknownKey(at, key, guide);
    return;
  }
  const advice = guide.advice(at.path);
  const found = at.value();
  if (found === undefined) at.error(`"${String(path.at(-1) ?? '')}" is missing`, advice);
  else if (issue.code === 'invalid_key')
    at.error(`"${String(path.at(-1) ?? '')}" can not stand here`, advice);
  else at.error(`found ${shorten(JSON.stringify(found))}${durationHint(found, advice)}`, advice);
}

/** What was meant where a duration is expected and written in other words. */
function durationHint(found: unknown, { expected }: Advice): string {
  const units = [DURATION_WANTED, TIME_WANTED].find(wanted => expected.includes(wanted));
  const guess = units === undefined || typeof found !== 'string' ? null : guessDuration(found);
  if (guess === null) return '';
  return units === TIME_WANTED && guess.endsWith('bd')
    ? ', and business days can not stand here'
    : `; did you mean ${guess}?`;
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

const PAUSE_KEYS = ['from', 'to'];
const ADVICE: readonly (readonly [pattern: RegExp, expected: string, example: string])[] = [
  [/^version$/, 'the number 1', 'version: 1'],
  [/^timezone$|\.timezone$/, 'an IANA time zone', 'timezone: Asia/Shanghai'],
  [/^include/, 'a list of files', 'include: [clocks.yaml]'],
  [
    /^attributes\.[^.]+\.set/,
    'an event condition or { becomes: … }',
    'set: { type: ticket.pending, reason: parts }',
  ],
  [/^attributes/, 'string, number, boolean or { set: EVENT }', 'attributes: { vip: boolean }'],
  [
    /^calendars\.[^.]+\.hours(\.|$)/,
    'weekdays with opening hours',
    'hours: { mon-fri: ["09:00-12:00", "13:30-18:00"] }',
  ],
  [/^calendars\.[^.]+\.open(\.|$)/, 'dates with opening hours', 'open: { "2027-01-02": ["10:00-14:00"] }'],
  [/^calendars\.[^.]+\.closed/, 'a list of dates', 'closed: ["2026-12-31"]'],
  [/^calendars\.[^.]+\.holidays/, '{ country: CODE } or { ics: file }', 'holidays: { country: CN }'],
  [/^calendars\.[^.]+\.always/, 'true', 'always: true'],
  [
    /^calendars\.[^.]+$/,
    '{ always: true } or { hours, holidays, closed, open }',
    'office: { hours: { mon-fri: ["09:00-18:00"] } }',
  ],
  [/^calendars/, 'calendars by name', 'calendars: { office: { hours: { mon-fri: ["09:00-18:00"] } } }'],
  [/\.rule$|\.clock$/, 'a rule id of letters, digits, dots and dashes', 'rule: S0-03'],
  [/\.(title|variant)(\.|$)/, 'a title in both languages', 'title: { zh: 投诉率, en: Complaint rate }'],
  [/\.on$/, 'ticket, call, chat, agent or shift', 'on: ticket'],
  [/\.when(\.|\[|$)/, 'attributes with a value or a list of values', 'when: { channel: [email, web] }'],
  [/\.start(\.|\[|$)/, 'an event condition or { becomes: … }', 'start: ticket.created'],
  [/\.atOnce\.to(\[|$)/, 'a role or a list of roles', 'to: department-head'],
  [
    /\.atOnce$/,
    '{ action, to } or one of the two',
    'atOnce: { action: emergency-plan, to: department-head }',
  ],
  [/\.ladder\[\d+\]\.after$/, TIME_WANTED, 'after: 2h'],
  [/\.ladder/, 'steps with after and to', 'ladder: [{ after: 0s, to: supervisor }]'],
  [
    /\.pause(\[\d+\])?$/,
    '{ from, to } or a list of them',
    'pause: { from: ticket.pending, to: ticket.resumed }',
  ],
  [
    /\.(stop|cancel|from|to|count|of)(\.|\[|$)/,
    'a type, a list, or { type, FIELD: value }',
    '{ type: ticket.replied, by: [agent, bot] }',
  ],
  [/\.target$/, `${DURATION_WANTED}; { by, values, else }; or { at: data.FIELD }`, 'target: 2h'],
  [/\.target\.at$/, 'a data field', 'target: { at: data.dueAt }'],
  [/\.target\.by$/, 'an attribute', 'target: { by: distance, values: { local: 24h } }'],
  [
    /\.target\.values$/,
    'a duration for each value of the attribute',
    'target: { by: distance, values: { local: 24h }, else: 3d }',
  ],
  [/\.target\.(values|else)/, DURATION_WANTED, '{ by: distance, values: { local: 24h }, else: 3d }'],
  [/\.warn(\[|$)/, `a percentage or ${TIME_WANTED}`, 'warn: [50%, 30m]'],
  [/\.(alert|atOnce)\.action$/, 'a name of letters, digits and dashes', 'action: special-investigation'],
  [/\.objective\.window$/, TIME_WANTED, 'window: 28d'],
  [/\.objective\.share$/, 'a percentage, or a number up to 1', 'share: 95%'],
  [/\.objective/, '{ share, window }', 'objective: { share: 95%, window: 28d }'],
  [/\.(retroactive|repeat|once|longest)$/, 'true or false', 'repeat: true'],
  [/\.overlap$/, 'latest or all', 'overlap: latest'],
  [/\.reopen$/, 'ignore, continue or restart', 'reopen: continue'],
  [/\.each$/, 'a data field', 'each: promise'],
  [/\.calendar$/, 'the name of a calendar', 'calendar: office'],
  [/\.window$/, TIME_WANTED, 'window: 24h'],
  [/\.every$/, TIME_WANTED, 'every: 1m'],
  [/\.for$/, TIME_WANTED, 'for: 1m'],
  [/\.by(\[|$)/, 'a field or a list of fields', 'by: [queue]'],
  [/\.alert\.(above|below|clear)$/, 'a number or a percentage', 'above: 5%'],
  [/\.alert\.atLeast$/, 'a whole number', 'atLeast: 20'],
  [/\.alert\.severity$/, 'a word', 'severity: critical'],
  [/\.alert$/, 'an alert with above or below', 'alert: { above: 5%, clear: 4% }'],
  [/\.level/, '{ on, when } or { on, from, to }', 'level: { on: ticket, when: { status: open } }'],
  [/\.(mean|p50|p90|p95|max|share)$/, 'a data field', 'mean: waitSeconds'],
  [/\.unit$/, 'ratio, count, seconds or number', 'unit: seconds'],
  [
    /^clocks\[\d+\]$/,
    'a clock',
    '{ rule: S0-03, on: ticket, start: ticket.created, stop: ticket.replied, target: 2h }',
  ],
  [
    /^clocks/,
    'a list of clocks',
    'clocks: [{ rule: S0-03, on: ticket, start: ticket.created, stop: ticket.replied, target: 2h }]',
  ],
  [
    /^indicators/,
    'a list of indicators',
    'indicators: [{ rule: CC-06, level: { on: agent, from: agent.signed_on, to: agent.signed_off } }]',
  ],
];

const POLICY: Guide = { advice: adviceAt, keys: keysAt };

function adviceAt(path: readonly Step[]): Advice {
  const key = path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
  for (const [pattern, expected, example] of ADVICE) if (pattern.test(key)) return { expected, example };
  return { expected: 'a policy', example: 'version: 1' };
}

/** The keys that the language knows at a path. */
function keysAt(path: readonly Step[]): string[] {
  const [section, item, key] = path;
  if (section === undefined) return Object.keys(policySchema.shape);
  const last = path.findLast(step => typeof step === 'string');
  if (section === 'attributes') return ['set'];
  if (section === 'calendars') return path.length === 2 ? calendarKeys : ['country', 'region', 'ics'];
  if (section !== 'clocks' && section !== 'indicators') return [];
  if (typeof item === 'number' && key === undefined) {
    return Object.keys((section === 'clocks' ? clockSchema : indicatorSchema).shape);
  }
  switch (last) {
    case 'title':
    case 'variant':
      return ['zh', 'en'];
    case 'pause':
      return PAUSE_KEYS;
    case 'target':
      return ['by', 'values', 'else', 'at'];
    case 'atOnce':
      return ['action', 'to'];
    case 'ladder':
      return ['after', 'to', 'calendar'];
    case 'objective':
      return ['share', 'window'];
    case 'alert':
      return ['above', 'below', 'atLeast', 'for', 'clear', 'severity', 'action'];
    case 'level':
      return ['on', 'when', 'from', 'to', 'longest'];
    case 'start':
      return ['type', 'becomes'];
    default:
      return [];
  }
}
