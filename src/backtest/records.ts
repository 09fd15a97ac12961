// What a set of clock records says in the end: each cycle's outcome is its last record. It is what a backtest's outcomes
// are compared with after everything has been applied.
import type { ClockRecord } from '../contract/record.ts';
import type { Outcome } from '../engine/cycle.ts';
import type { OutcomeLine } from './lines.ts';

/** `open` stands for running or paused, or no cycle at all: no record tells these apart. */
export type RecordedOutcome = Exclude<Outcome, 'running' | 'paused'> | 'open';

/** The key of a cycle: entity, case, rule and number. */
export function cycleKey(cycle: Pick<OutcomeLine, 'entity' | 'case' | 'rule' | 'cycle'>): string {
  return JSON.stringify([cycle.entity, cycle.case, cycle.rule, cycle.cycle]);
}

/** Reduces clock records, in the order of their stream (each id once), to the last one of each cycle. */
export function lastRecords(records: Iterable<ClockRecord>): Map<string, ClockRecord> {
  const last = new Map<string, ClockRecord>();
  for (const record of records) last.set(cycleKey(record), record);
  return last;
}

/** What a cycle's last record says of it. */
export function recordedOutcome(record: ClockRecord): RecordedOutcome {
  switch (record.state) {
    case 'met':
    case 'missed':
    case 'cancelled':
    case 'waived':
      return record.state;
    case 'breached':
    case 'escalated':
      return 'overdue';
    case 'warned':
    case 'withdrawn':
      return 'open';
    default:
      return record.state satisfies never;
  }
}

/** Each cycle's outcome by its last record; cycles that are open, or are none, are left out. */
export function outcomesFromRecords(records: Iterable<ClockRecord>): Map<string, RecordedOutcome> {
  const outcomes = new Map<string, RecordedOutcome>();
  for (const [key, record] of lastRecords(records)) {
    const outcome = recordedOutcome(record);
    if (outcome !== 'open') outcomes.set(key, outcome);
  }
  return outcomes;
}

/** How recorded outcomes differ from a backtest's, one sentence each; empty when they agree. Times are compared too. */
export function compareWithRecords(
  outcomes: Iterable<OutcomeLine>,
  records: Iterable<ClockRecord>,
): string[] {
  const last = lastRecords(records);
  const differences: string[] = [];
  for (const line of outcomes) {
    const key = cycleKey(line);
    const record = last.get(key);
    last.delete(key);
    const found = record === undefined ? 'open' : recordedOutcome(record);
    const expected = line.outcome === 'running' || line.outcome === 'paused' ? 'open' : line.outcome;
    if (found !== expected)
      differences.push(`${key}: ${line.outcome}, but recorded as ${record?.state ?? 'nothing'}`);
    else if (record !== undefined && line.endedAt !== null && found !== 'open')
      differences.push(...timeDifferences(key, line, record));
  }
  for (const [key, record] of last)
    if (recordedOutcome(record) !== 'open')
      differences.push(`${key}: no such cycle, but recorded as ${record.state}`);
  return differences;
}

const TIMES = ['startedAt', 'dueAt', 'endedAt', 'elapsedMs', 'pausedMs', 'overdueMs'] as const;

function timeDifferences(key: string, line: OutcomeLine, record: ClockRecord): string[] {
  return TIMES.filter(name => line[name] !== record[name]).map(
    name => `${key}: ${name} is ${line[name]}, but recorded as ${record[name]}`,
  );
}
