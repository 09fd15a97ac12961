// Judges the alerts of indicators. Each indicator has one judge: the owner of the partition that its rule's name hashes
// to. It looks at committed panes of all partitions, and changes nothing while one of them is catching up.
import { cellKey } from '../contract/cells.ts';
import type { FeedItem } from '../contract/frame.ts';
import type { AlertRecord } from '../contract/record.ts';
import { fnv1a32 } from '../contract/subject.ts';
import type { CellBook } from '../engine/cell-book.ts';
import { type AlertState, type Judgement, judge, QUIET } from '../engine/judge.ts';
import type { CompiledAlert, CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';
import { actionOf } from './action.ts';
import type { AlertChange } from './ledger.ts';
import type { Partition } from './partition.ts';
import type { Processor } from './processor.ts';

/** The committed figures of all partitions, and whether they are complete and of now. */
export interface Figures {
  readonly book: CellBook;
  readonly fresh: boolean;
}

const PERIOD_MS = 200;

export class Judge {
  readonly #processor: Processor;
  readonly #policy: () => CompiledPolicy;
  readonly #partitions: number;
  readonly #figures: () => Figures;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    processor: Processor,
    policy: () => CompiledPolicy,
    partitions: number,
    figures: () => Figures,
  ) {
    this.#processor = processor;
    this.#policy = policy;
    this.#partitions = partitions;
    this.#figures = figures;
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
    for (const indicator of this.#policy().indicators) {
      const { alert } = indicator;
      if (alert === null) continue;
      const partition = this.#processor.partition(fnv1a32(indicator.rule) % this.#partitions);
      if (partition?.caughtUp !== true) continue;
      partition.addAlerts(this.#judgeIndicator(indicator, alert, partition, book, now));
    }
  }

  #judgeIndicator(
    indicator: CompiledIndicator,
    alert: CompiledAlert,
    partition: Partition,
    book: CellBook,
    now: number,
  ): AlertChange[] {
    const changes: AlertChange[] = [];
    const groups = new Set(book.groups(indicator));
    const prefix = cellKey(indicator.rule, '');
    for (const field of partition.alerts.keys())
      if (field.startsWith(prefix)) groups.add(groupOf(field, prefix));
    for (const group of groups) {
      const field = cellKey(indicator.rule, group);
      const before = parseState(partition.alerts.get(field));
      const found = judge(alert, before, book.window(indicator, group, now), now);
      if (found.transition === null && found.state.pendingSince === before.pendingSince) continue;
      changes.push(this.#change(indicator, alert, group, field, found, partition, now));
    }
    return changes;
  }

  #change(
    indicator: CompiledIndicator,
    alert: CompiledAlert,
    group: string,
    field: string,
    { state, transition }: Judgement,
    partition: Partition,
    now: number,
  ): AlertChange {
    const text = JSON.stringify(state);
    if (transition === null) return { field, state: text, records: [], feed: [] };
    const at = new Date(now).toISOString();
    const id = `${partition.idPrefix}-${encodeURIComponent(field)}-${state.number}`;
    const { rule } = indicator;
    const policy = this.#policy();
    const { value, numerator, denominator, number } = state;
    const record: AlertRecord = {
      id,
      kind: 'alert',
      at,
      seenAt: at,
      rule,
      group,
      state: transition,
      severity: alert.severity,
      number,
      value,
      numerator,
      denominator,
      policy: policy.hash,
    };
    const feed: FeedItem = { id, at: now, kind: transition, rule, title: indicator.title, subject: group };
    const records = transition === 'firing' ? [record, ...actionOf(record, policy)] : [record];
    return { field, state: text, records, feed: [feed] };
  }
}

function groupOf(field: string, prefix: string): string {
  return field.slice(prefix.length).replaceAll('%7C', '|').replaceAll('%25', '%');
}

function parseState(text: string | undefined): AlertState {
  if (text === undefined) return QUIET;
  const value: unknown = JSON.parse(text);
  if (!isAlertState(value)) throw new Error(`not the state of an alert: ${text}`);
  return value;
}

function isAlertState(value: unknown): value is AlertState {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pendingSince' in value &&
    'firing' in value &&
    typeof value.firing === 'boolean' &&
    'number' in value &&
    typeof value.number === 'number'
  );
}
