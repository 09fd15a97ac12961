// The wallboard `overview`, made from committed figures. Pure: what it shows is a function of its arguments.
import type { AlertRow, Board, BoardHealth, FeedItem, QueueRow, RiskRow } from '../contract/frame.ts';
import type { CellBook } from '../engine/cell-book.ts';
import type { CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';
import { figureOf, groupValue, TOTAL } from './figures.ts';
import type { AlertState } from './view-wire.ts';

/** The clocks that a board lists. */
export interface RiskLists {
  /** Warned, soonest due first. */
  readonly atRisk: readonly RiskRow[];
  /** Past due and open, longest overdue first. */
  readonly overdue: readonly RiskRow[];
}

export interface BoardInput {
  readonly policy: CompiledPolicy;
  readonly book: CellBook;
  readonly risk: RiskLists;
  readonly alerts: readonly AlertState[];
  readonly feed: readonly FeedItem[];
  readonly health: BoardHealth;
  /** The instant for which it holds, ms since 1970. */
  readonly now: number;
}

const QUEUES_MAX = 50;
const ALERTS_MAX = 50;
/** A wall shows the day: longer windows only where an alert watches them. The API has all. */
const WINDOW_MS_MAX = 86_400_000;

/** Rules of the default policy whose figure by queue fills a column of the table of queues. */
const COLUMNS = {
  waiting: 'CC-01',
  longest: 'CC-02',
  serviceLevel: 'CC-03',
  abandonment: 'CC-04',
  complaintRate: 'S0-20',
} as const;

/** Builds the board. Rows and sections have a fixed order, so that an unchanged section has an unchanged text. */
export function buildBoard(input: BoardInput): Board {
  const { policy, book, risk, alerts, now } = input;
  const counts = riskCounts(book, policy);
  const shown = policy.indicators.filter(each => each.alert !== null || each.windowMs <= WINDOW_MS_MAX);
  return {
    figures: shown.map(indicator => figureOf(indicator, TOTAL, book, alerts, now)),
    queues: queueRows(input),
    agents: agentRows(policy, book, now),
    atRisk: risk.atRisk,
    overdue: risk.overdue,
    atRiskCount: counts.atRisk,
    overdueCount: counts.overdue,
    alerts: alertRows(policy, alerts)
      .slice(0, ALERTS_MAX)
      .map(row => asOfNow(row, input)),
    feed: input.feed,
    health: input.health,
  };
}

/** The gravest first: what is hidden behind "and more" must never be what matters most. */
const SEVERITIES = ['critical', 'warning', 'info'];

function rank(severity: string): number {
  const place = SEVERITIES.indexOf(severity);
  return place < 0 ? SEVERITIES.length : place;
}

/** Alerts that fire or have fired: firing ones first, of these the gravest, then the latest. */
export function alertRows(policy: CompiledPolicy, alerts: readonly AlertState[]): AlertRow[] {
  const indicators = new Map(policy.indicators.map(indicator => [indicator.rule, indicator]));
  const rows: AlertRow[] = [];
  for (const alert of alerts) {
    if (alert.state === 'pending') continue;
    const { id, rule, group, state, at, value, numerator, denominator } = alert;
    const indicator = indicators.get(rule);
    // An alert of a rule that the policy no longer has is still shown until it is over.
    const title = indicator?.title ?? { zh: rule, en: rule };
    const severity = indicator?.alert?.severity ?? 'none';
    const action = indicator?.alert?.action ?? null;
    rows.push({ id, rule, title, group, severity, state, at, value, numerator, denominator, action });
  }
  return rows.sort(
    (a, b) =>
      Number(b.state === 'firing') - Number(a.state === 'firing') ||
      rank(a.severity) - rank(b.severity) ||
      b.at - a.at ||
      (a.id < b.id ? -1 : 1),
  );
}

/** A firing alert beside its figure says what that says; an alert of a rule that is gone what it fired with. */
function asOfNow(row: AlertRow, { policy, book, now }: BoardInput): AlertRow {
  const indicator = policy.indicators.find(({ rule }) => rule === row.rule);
  if (indicator === undefined || row.state !== 'firing') return row;
  const { value, numerator, denominator } = book.window(indicator, row.group, now);
  return { ...row, value, numerator, denominator };
}

/** One row for each queue that any figure knows, by name; the empty queue (none named) is left out. */
function queueRows({ policy, book, now }: BoardInput): QueueRow[] {
  const column = (rule: string): CompiledIndicator | undefined =>
    policy.indicators.find(indicator => indicator.rule === rule);
  const columns = {
    waiting: column(COLUMNS.waiting),
    longest: column(COLUMNS.longest),
    serviceLevel: column(COLUMNS.serviceLevel),
    abandonment: column(COLUMNS.abandonment),
    complaintRate: column(COLUMNS.complaintRate),
  };
  const open = casesByQueue(book, 'open');
  const overdue = casesByQueue(book, 'overdue');
  const queues = new Set([...open.keys(), ...overdue.keys()]);
  for (const indicator of Object.values(columns)) {
    if (!indicator) continue;
    for (const group of book.groups(indicator)) {
      const queue = groupValue(group, 'queue');
      if (queue) queues.add(queue);
    }
  }
  queues.delete('');
  const value = (indicator: CompiledIndicator | undefined, queue: string): number | null =>
    indicator ? book.window(indicator, `queue=${queue}`, now).value : null;
  return [...queues]
    .sort()
    .slice(0, QUEUES_MAX)
    .map(queue => ({
      queue,
      waiting: columns.waiting ? (value(columns.waiting, queue) ?? 0) : null,
      longestSince: columns.longest ? book.oldestSince(columns.longest.rule, `queue=${queue}`) : null,
      serviceLevel: value(columns.serviceLevel, queue),
      abandonment: value(columns.abandonment, queue),
      complaintRate: value(columns.complaintRate, queue),
      openCases: open.get(queue) ?? 0,
      overdue: overdue.get(queue) ?? 0,
    }));
}

/** Cases of customers (agents and shifts are none) by queue, from the cells `o|entity|queue|standing`. */
function casesByQueue(book: CellBook, standing: 'open' | 'overdue' | 'risk'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [[entity, queue = '', kind], total] of book.entries('o')) {
    if (kind !== standing || entity === 'agent' || entity === 'shift') continue;
    counts.set(queue, (counts.get(queue) ?? 0) + total);
  }
  return counts;
}

/** Agents by state: the first level of agents that is kept by state; null without one. */
function agentRows(policy: CompiledPolicy, book: CellBook, now: number): Board['agents'] {
  const indicator = policy.indicators.find(
    ({ measure, by }) =>
      measure.kind === 'level' && measure.entity === 'agent' && by.some(paths => paths.join() === 'state'),
  );
  if (!indicator) return null;
  const rows: { state: string; count: number }[] = [];
  for (const group of book.groups(indicator)) {
    const state = groupValue(group, 'state');
    if (state) rows.push({ state, count: book.window(indicator, group, now).value ?? 0 });
  }
  return rows.sort((a, b) => (a.state < b.state ? -1 : 1));
}

/**
 * How many open clocks are past due, evidence apart, and how many cases were warned and have a clock that is not. Clocks of
 * rules that the policy does not have run on cases that were closed under another, and may be evidence there.
 */
function riskCounts(
  book: CellBook,
  policy: CompiledPolicy,
): { readonly atRisk: number; readonly overdue: number } {
  const counted = new Set(policy.clocks.filter(clock => !clock.evidence).map(clock => clock.rule));
  let overdue = 0;
  for (const [[metric, rule = '', state], total] of book.entries('g')) {
    if (metric === 'open' && state === 'overdue' && counted.has(rule)) overdue += total;
  }
  let atRisk = 0;
  for (const [[, , kind], total] of book.entries('o')) if (kind === 'risk') atRisk += total;
  return { atRisk, overdue };
}
