// Reads what readers need of one partition from Redis, each answer from one instant (MULTI).
import type { Redis } from 'ioredis';
import { partitionKeys } from '../store/keys.ts';
import { type AlertState, type PartitionStatus, parseAlert, parseStatus } from './view-wire.ts';

/** What is looked at each second. */
export interface Pulse {
  /** Change number; 0 where nothing was ever committed. */
  readonly number: number;
  /** Logical time, ms since 1970; 0 where nothing was ever committed. */
  readonly time: number;
  /** The stream's creation and the sequence that was applied last. */
  readonly position: readonly [stream: string, sequence: number] | null;
  readonly status: PartitionStatus | null;
  readonly alerts: readonly AlertState[];
}

export interface Snapshot extends Pulse {
  readonly cells: readonly (readonly [key: string, value: number])[];
}

/** @throws Error when Redis can't be reached or holds something else than cells, a status and alerts. */
export async function readPulse(redis: Redis, p: number): Promise<Pulse> {
  const keys = partitionKeys(p);
  const answers = await redis
    .multi()
    .hmget(keys.meta, 'change', 'time', 'position')
    .get(keys.status)
    .hgetall(keys.alerts)
    .exec();
  return pulseOf(resultsOf(answers));
}

/** @throws Error as readPulse. */
export async function loadPartition(redis: Redis, p: number): Promise<Snapshot> {
  const keys = partitionKeys(p);
  const answers = await redis
    .multi()
    .hmget(keys.meta, 'change', 'time', 'position')
    .get(keys.status)
    .hgetall(keys.alerts)
    .hgetall(keys.cells)
    .exec();
  const results = resultsOf(answers);
  const cells = Object.entries(results[3] ?? {}).map(([key, value]): [string, number] => [
    key,
    numberOf(value),
  ]);
  return { ...pulseOf(results), cells };
}

function pulseOf(results: readonly unknown[]): Pulse {
  const [meta, status, alerts] = results;
  const [number, time, position] = Array.isArray(meta) ? meta : [];
  return {
    number: number == null ? 0 : numberOf(number),
    time: time == null ? 0 : numberOf(time),
    position: position == null ? null : positionOf(String(position)),
    status: parseStatus(typeof status === 'string' ? status : null),
    alerts: Object.entries(alerts ?? {}).flatMap(([field, text]) => parseAlert(field, String(text)) ?? []),
  };
}

function resultsOf(answers: [error: Error | null, result: unknown][] | null): unknown[] {
  if (!answers) throw new Error('Redis gave up a transaction.');
  return answers.map(([error, result]) => {
    if (error) throw error;
    return result;
  });
}

function numberOf(value: unknown): number {
  const number = Number(value);
  if (!Number.isFinite(number))
    throw new Error(`Redis holds ${JSON.stringify(value)} where a number belongs.`);
  return number;
}

function positionOf(text: string): readonly [string, number] {
  const position: unknown = JSON.parse(text);
  if (!Array.isArray(position)) throw new Error('Redis holds a position that is no list.');
  return [String(position[0]), numberOf(position[1])];
}
