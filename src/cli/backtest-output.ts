// What a backtest tells beside its outcomes (the summary, the comparison of two policies, the suggestion of a target) as
// text, as lines of JSON, or as CSV with one set of columns.
import type { Comparison, ComplianceMove, Difference } from '../backtest/compare.ts';
import { PERCENTILES, roundedUp, SHARES, type Suggestion } from '../backtest/suggest.ts';
import { type Compliance, GROUPINGS, shareOf, type Tally } from '../backtest/tally.ts';
import { columnsOf, padded } from '../contract/columns.ts';
import { counted, titleWords } from '../contract/words.ts';
import { lengthText } from '../engine/explain-words.ts';

export const FORMATS = ['text', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Differences of each kind that the text lists; the other formats have all. */
const LISTED_MAX = 50;

type Cell = string | number | null | readonly string[];
type Row = Readonly<Record<string, Cell>>;

/** Rows as lines of JSON, or as CSV with these columns. */
export function* rowLines(
  rows: Iterable<Row>,
  format: 'json' | 'csv',
  columns: readonly string[],
): Iterable<string> {
  if (format === 'csv') yield columns.join(',');
  for (const row of rows)
    yield format === 'json' ? JSON.stringify(row) : columns.map(column => csvCell(row[column])).join(',');
}

/** Text that a spreadsheet would take for a formula gets an apostrophe. */
function csvCell(value: Cell | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : value.join(' ');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const SUMMARY_COLUMNS = [
  'kind',
  'by',
  'name',
  'met',
  'judged',
  'share',
  'cycles',
  'paused',
  'stuck',
  'lastMoment',
  'endedPaused',
  'kept',
  'broken',
  'keptWithout',
  'brokenWithout',
  'titleZh',
  'titleEn',
  'evidence',
  'objective',
];

/** The shares of promises kept, then what pauses did to each rule. */
export function* summaryRows(tally: Tally): Iterable<Row> {
  const compliance = (by: string, name: string, found: Compliance): Row => ({
    kind: 'compliance',
    by,
    name,
    ...found,
    share: shareOf(found),
  });
  yield compliance('all', '', tally.total);
  for (const by of GROUPINGS) {
    for (const [name, found] of tally.groups(by))
      yield { ...compliance(by, name, found), ...(by === 'rule' ? ruleCells(tally, name) : {}) };
  }
  for (const [name, found] of tally.hygiene())
    yield { kind: 'pauses', by: 'rule', name, ...found, ...titleCells(tally, name) };
}

/** What a rule is called, whether its clock is over evidence, and so in no total, and its objective. */
function ruleCells(tally: Tally, rule: string): Row {
  const objective = tally.objectiveOf(rule);
  const cells = { evidence: String(tally.isEvidence(rule)), ...titleCells(tally, rule) };
  return objective === null ? cells : { ...cells, objective };
}

function titleCells(tally: Tally, rule: string): Row {
  const title = tally.titleOf(rule);
  return title === null ? {} : { titleZh: title.zh, titleEn: title.en };
}

/** Behind the figures, so that these stay in columns; empty for a rule that is called by its id alone. */
function titleText(tally: Tally, rule: string): string {
  const title = tally.titleOf(rule);
  if (title === null || (title.zh === rule && title.en === rule)) return '';
  return `  ${titleWords(title)}`;
}

/** Whether what was read keeps the rule's objective; empty where the policy names none. */
function objectiveText(tally: Tally, rule: string, { met, judged }: Compliance): string {
  const objective = tally.objectiveOf(rule);
  if (objective === null || judged === 0) return '';
  const share = `${Number((objective * 100).toFixed(6))}%`;
  return met < objective * judged - 1e-9 ? `, below its objective of ${share}` : `, objective ${share} kept`;
}

/** Why the rules don't add up to the total. */
const APART = '  (evidence: in no total)';

export function* summaryText(tally: Tally): Iterable<string> {
  yield `${counted(tally.cases, 'case')}; met ${percent(tally.total)}`;
  for (const by of GROUPINGS) {
    yield '';
    yield `Met, by ${by}`;
    const groups = [...tally.groups(by)];
    const width = widthOf(groups.map(([name]) => name));
    for (const [name, found] of groups)
      yield `  ${nameOf(name, width)} ${percent(found)}${by === 'rule' ? objectiveText(tally, name, found) : ''}${by === 'rule' ? titleText(tally, name) : ''}${by === 'rule' && tally.isEvidence(name) ? APART : ''}`;
  }
  const paused = tally.hygiene().filter(([, { paused: count }]) => count > 0);
  if (paused.length === 0) return;
  yield '';
  yield 'Pauses, by rule: cycles paused, still on after three days, begun in the last tenth before the due instant, ended while paused; met with and without pauses';
  const width = widthOf(paused.map(([rule]) => rule));
  for (const [rule, found] of paused) {
    const { cycles, stuck, lastMoment, endedPaused, kept, broken, keptWithout, brokenWithout } = found;
    const withPauses = percent({ met: kept, judged: kept + broken });
    const without = percent({ met: keptWithout, judged: keptWithout + brokenWithout });
    yield `  ${nameOf(rule, width)} ${found.paused} of ${cycles}, ${stuck}, ${lastMoment}, ${endedPaused}; ${withPauses}, ${without}${titleText(tally, rule)}`;
  }
}

export const COMPARISON_COLUMNS = [
  'kind',
  'by',
  'name',
  'entity',
  'case',
  'rule',
  'group',
  'startedAt',
  'beforeCycle',
  'before',
  'beforeDueAt',
  'afterCycle',
  'after',
  'afterDueAt',
  'beforeMet',
  'beforeJudged',
  'beforeShare',
  'afterMet',
  'afterJudged',
  'afterShare',
  'beforeCount',
  'afterCount',
  'gone',
  'new',
  'evidence',
];

export function* comparisonRows(comparison: Comparison): Iterable<Row> {
  for (const difference of comparison.differences()) yield rowOf(difference);
}

function rowOf(difference: Difference): Row {
  return { ...difference };
}

export function* comparisonText(comparison: Comparison): Iterable<string> {
  const { cycles, cases, turned } = comparison;
  yield `${counted(comparison.caseCount, 'case')}, ${counted(comparison.compared, 'clock cycle')}: ${counted(cycles.size, 'ends', 'end')} otherwise, ${counted(turned.missed, 'case turns', 'cases turn')} from met to missed, ${turned.met} from missed to met`;
  for (const [kind, count] of [...comparison.kinds].sort((a, b) => b[1] - a[1])) yield `  ${kind}: ${count}`;
  let by = '';
  const moves = comparison.compliance();
  const width = widthOf(moves.map(({ name }) => name));
  for (const move of moves) {
    if (move.by !== by) {
      by = move.by;
      yield '';
      yield by === 'all' ? 'Met, in all' : `Met, by ${by}`;
    }
    yield moveText(move, width) + apartText(move.evidence);
  }
  const alerts = comparison.alerts();
  yield '';
  yield alerts.length === 0 ? 'Alerts: no difference' : 'Alerts';
  for (const { rule, group, beforeCount, afterCount, gone, new: more } of alerts.slice(0, LISTED_MAX)) {
    yield `  ${rule} ${group}: ${beforeCount} → ${counted(afterCount, 'time')}`;
    if (gone.length > 0) yield `    not any more: ${gone.join(' ')}`;
    if (more.length > 0) yield `    new: ${more.join(' ')}`;
  }
  yield* listed(
    'Cases that turn',
    cases.size,
    cases.sorted(),
    ({ entity, case: id, before, after }) => `${entity} ${id}: ${before} → ${after}`,
  );
  yield* listed('Clocks that end otherwise', cycles.size, cycles.sorted(), line => {
    const { entity, case: id, rule, startedAt, before, beforeDueAt, after, afterDueAt } = line;
    const was = before === null ? 'none' : `${before} (due ${beforeDueAt})`;
    const is = after === null ? 'none' : `${after} (due ${afterDueAt})`;
    return `${entity} ${id} ${rule} started ${startedAt}: ${was} → ${is}`;
  });
}

function apartText(evidence: ComplianceMove['evidence']): string {
  if (evidence.length === 2) return APART;
  return evidence.length === 0 ? '' : `  (evidence ${evidence.join()}: in no total there)`;
}

function* listed<T>(
  title: string,
  size: number,
  values: Iterable<T>,
  text: (value: T) => string,
): Iterable<string> {
  if (size === 0) return;
  yield '';
  yield title;
  let count = 0;
  for (const value of values) {
    if (count++ === LISTED_MAX) break;
    yield `  ${text(value)}`;
  }
  if (size > LISTED_MAX) yield `  and ${size - LISTED_MAX} more: --format json or csv has all`;
}

function moveText(move: ComplianceMove, width: number): string {
  const before = { met: move.beforeMet, judged: move.beforeJudged };
  const after = { met: move.afterMet, judged: move.afterJudged };
  const { beforeShare, afterShare } = move;
  const points = beforeShare === null || afterShare === null ? null : (afterShare - beforeShare) * 100;
  const change = points === null ? '' : `  ${points > 0 ? '+' : ''}${rounded(points)} points`;
  return `  ${nameOf(move.by === 'all' ? 'all' : move.name, width)} ${percent(before)} → ${percent(after)}${change}`;
}

export const SUGGESTION_COLUMNS = [
  'kind',
  'rule',
  'value',
  'stopped',
  'open',
  'missed',
  'cancelled',
  'waived',
  ...PERCENTILES.map(percentile => `p${percentile}Ms`),
  'unit',
  ...SHARES.map(share => `target${share}`),
];

export function* suggestionRows(rule: string, suggestions: readonly Suggestion[]): Iterable<Row> {
  for (const { value, stopped, open, missed, cancelled, waived, actualMs, targets, unit } of suggestions) {
    const counts = { stopped, open, missed, cancelled, waived };
    const row: Record<string, Cell> = { kind: 'suggestion', rule, value, ...counts };
    for (const percentile of PERCENTILES) row[`p${percentile}Ms`] = actualMs[percentile];
    row.unit = unit;
    for (const share of SHARES) row[`target${share}`] = targets[share];
    yield row;
  }
}

/** `attribute` is the one that chooses the target, where one does. */
export function* suggestionText(
  rule: string,
  suggestions: readonly Suggestion[],
  attribute: string | null = null,
): Iterable<string> {
  for (const suggestion of suggestions) {
    const { value, stopped, actualMs, targets, unit } = suggestion;
    if (value !== null) yield '';
    const which = value === '' ? `no ${attribute}` : `${attribute} = ${value}`;
    yield `${value === null ? rule : which}: ${countsText(suggestion)}`;
    if (stopped === 0) continue;
    yield '  actual times, of the calendar, up to the next second';
    for (const percentile of PERCENTILES)
      yield `    p${percentile} ${lengthText(Math.ceil((actualMs[percentile] ?? 0) / 1000) * 1000).en}`;
    yield unit === 'ms'
      ? '  target that would have been kept by, of the cycles that it judges, rounded up (--format json has it exactly)'
      : '  target that would have been kept by, of the cycles that it judges';
    for (const share of SHARES) {
      const target = targets[share] ?? 0;
      yield `    ${share}%  ${unit === 'ms' ? lengthText(roundedUp(target)).en : `${target}bd`}`;
    }
  }
}

/** All cycles: those that say how long it takes, and what became of the others. */
function countsText({ stopped, open, missed, cancelled, waived }: Suggestion): string {
  const others = [
    `${open} open`,
    `${missed} missed and ended without a stop`,
    `${cancelled} cancelled`,
    ...(waived > 0 ? [`${waived} waived`] : []),
  ];
  return `${counted(stopped, 'cycle was', 'cycles were')} stopped; besides: ${others.join(', ')}`;
}

/** Rounded down, so that what is not quite 100 % does not look so; divided last, since a share such as 0.57 is inexact. */
function percent({ met, judged }: Compliance): string {
  if (judged === 0) return 'nothing judged';
  return `${(Math.floor((met * 10_000) / judged) / 100).toFixed(2)}% (${met} of ${judged})`;
}

function rounded(points: number): string {
  return points.toFixed(2);
}

/** The name, so that figures behind names of this width stand in a column. */
function nameOf(name: string, width: number): string {
  return padded(name === '' ? '(none)' : name, width);
}

/** The columns that the widest of the names takes; one that is longer than most moves its own line only. */
function widthOf(names: readonly string[]): number {
  return Math.max(12, ...names.map(columnsOf).filter(columns => columns <= 32));
}
