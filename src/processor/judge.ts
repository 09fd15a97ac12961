// Judges the alerts of indicators. Each indicator has one judge: the owner of the partition that its rule's name hashes
// to. It looks at committed panes of all partitions, and changes nothing while one of them is catching up.
import { cellKey, cellParts } from '../contract/cells.ts';
import type { FeedItem } from '../contract/frame.ts';
import type { AlertRecord } from '../contract/record.ts';
import { fnv1a32 } from '../contract/subject.ts';
import type { CellBook } from '../engine/cell-book.ts';
import { isGroupOf } from '../engine/contribute.ts';
import { type AlertState, type Judgement, judge, over, QUIET } from '../engine/judge.ts';
import type { CompiledAlert, CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';
import { knownOrNull } from '../policy-store/shelf.ts';
import { actionOf } from './action.ts';
import type { AlertChange } from './ledger.ts';
import type { Partition } from './partition.ts';
import type { Processor } from './processor.ts';

/** The committed figures of all partitions, and whether they are complete and of now. */
export interface Figures {
  readonly book: CellBook;
  readonly fresh: boolean;
}

/** As it is stored: with the policy under which it fired last, whose title and severity stay the alert's own. */
interface KeptAlert extends AlertState {
  readonly policy?: string | undefined;
}

const PERIOD_MS = 200;
const TOTAL = 'all';
/** Of an alert whose policy is not known any more. */
const UNKNOWN_SEVERITY = 'none';

export class Judge {
  readonly #processor: Processor;
  readonly #policy: () => CompiledPolicy;
  readonly #partitions: number;
  readonly #figures: () => Figures;
  readonly #policyOf: (hash: string) => CompiledPolicy;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    processor: Processor,
    policy: () => CompiledPolicy,
    partitions: number,
    figures: () => Figures,
    policyOf: (hash: string) => CompiledPolicy,
  ) {
    this.#processor = processor;
    this.#policy = policy;
    this.#partitions = partitions;
    this.#figures = figures;
    this.#policyOf = policyOf;
  }

  start(): void {
    this.#timer = setInterval(() => this.#judgeAll(Date.now()), PERIOD_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #judgeAll(now: number): void {
    const { book, fresh } = this.#figures();
    if (!fresh) return;
    this.#endOrphans(now);
    for (const indicator of this.#policy().indicators) {
      const { alert } = indicator;
      if (alert === null) continue;
      const partition = this.#processor.partition(fnv1a32(indicator.rule) % this.#partitions);
      if (partition?.caughtUp !== true) continue;
      partition.addAlerts(this.#judgeIndicator(indicator, alert, partition, book, now));
    }
  }

  /** An alert of a rule that the policy lacks is judged by nobody: it is over. */
  #endOrphans(now: number): void {
    const judged = new Set(this.#policy().indicators.flatMap(each => (each.alert === null ? [] : each.rule)));
    for (let p = 0; p < this.#partitions; p++) {
      const partition = this.#processor.partition(p);
      if (partition?.caughtUp !== true) continue;
      for (const [field, text] of partition.alerts) {
        const [rule = '', group = ''] = cellParts(field);
        if (judged.has(rule)) continue;
        const before = parseState(text);
        const found = over(before, now);
        if (found === null) continue;
        const change = this.#change(this.#aboutOf(rule, before), group, before, found, partition, now);
        partition.addAlerts([change]);
      }
    }
  }

  /** What the policy under which it fired says of the rule. */
  #aboutOf(rule: string, { policy }: KeptAlert): About {
    const fired = policy === undefined ? null : knownOrNull(this.#policyOf, policy);
    const indicator = fired?.indicators.find(each => each.rule === rule);
    const title = indicator?.title ?? { zh: rule, en: rule };
    return { rule, title, severity: indicator?.alert?.severity ?? UNKNOWN_SEVERITY };
  }

  #judgeIndicator(
    indicator: CompiledIndicator,
    alert: CompiledAlert,
    partition: Partition,
    book: CellBook,
    now: number,
  ): AlertChange[] {
    const changes: AlertChange[] = [];
    const known = new Set(book.groups(indicator));
    // None in a state is a level too, though the book has nothing of it.
    const isLevel = indicator.measure.kind === 'level';
    if (isLevel) known.add(TOTAL);
    const groups = new Set(known);
    const prefix = cellKey(indicator.rule, '');
    for (const field of partition.alerts.keys())
      if (field.startsWith(prefix)) groups.add(cellParts(field)[1] ?? '');
    for (const group of groups) {
      const field = cellKey(indicator.rule, group);
      const stored = partition.alerts.get(field);
      const before = parseState(stored);
      // A group of which nothing is counted any more, and that the policy's groupings can't make, is over like a rule.
      const isOrphan = !known.has(group) && !isGroupOf(indicator, group);
      const found = isOrphan
        ? over(before, now)
        : judge(alert, before, book.window(indicator, group, now), now);
      if (found === null) continue;
      const isSame = found.transition === null && found.state.pendingSince === before.pendingSince;
      // Of a level that may be too low a group is kept once it was there, so that it is judged when none is left in it.
      const isKept = !isLevel || alert.below === null || group === TOTAL || stored !== undefined;
      if (isSame && isKept) continue;
      const about = { ...indicator, severity: alert.severity };
      changes.push(this.#change(about, group, before, found, partition, now));
    }
    return changes;
  }

  #change(
    { rule, title, severity }: About,
    group: string,
    before: KeptAlert,
    { state, transition }: Judgement,
    partition: Partition,
    now: number,
  ): AlertChange {
    const policy = this.#policy();
    const field = cellKey(rule, group);
    const kept: KeptAlert = { ...state, policy: transition === 'firing' ? policy.hash : before.policy };
    const text = JSON.stringify(kept);
    if (transition === null) return { field, state: text, records: [], feed: [] };
    const at = new Date(now).toISOString();
    const id = `${partition.idPrefix}-${encodeURIComponent(field)}-${state.number}`;
    const { value, numerator, denominator, number } = state;
    const record: AlertRecord = {
      id,
      kind: 'alert',
      at,
      seenAt: at,
      rule,
      group,
      state: transition,
      severity,
      number,
      value,
      numerator,
      denominator,
      policy: policy.hash,
    };
    const feed: FeedItem = { id, at: now, kind: transition, rule, title, subject: group, severity };
    const records = transition === 'firing' ? [record, ...actionOf(record, policy)] : [record];
    return { field, state: text, records, feed: [feed] };
  }
}

/** What a transition says of its rule. */
type About = Pick<CompiledIndicator, 'rule' | 'title'> & Pick<CompiledAlert, 'severity'>;

function parseState(text: string | undefined): KeptAlert {
  if (text === undefined) return QUIET;
  const value: unknown = JSON.parse(text);
  if (!isAlertState(value)) throw new Error(`not the state of an alert: ${text}`);
  return value;
}

function isAlertState(value: unknown): value is KeptAlert {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pendingSince' in value &&
    'firing' in value &&
    typeof value.firing === 'boolean' &&
    'number' in value &&
    typeof value.number === 'number' &&
    (!('policy' in value) || typeof value.policy === 'string')
  );
}
