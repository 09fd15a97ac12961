// Finds cases in Redis for readers: one by its id, the most urgent ones for a board, and pages of open ones.
// Each question has a bound on how many states it reads.
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { ENTITIES, type Entity } from '../contract/event.ts';
import type { RiskRow } from '../contract/frame.ts';
import { partitionOfCase } from '../contract/subject.ts';
import type { CaseState } from '../engine/case.ts';
import { caseKey, decodeCase } from '../engine/codec.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { FORGOTTEN, partitionKeys } from '../store/keys.ts';
import { readCases } from '../store/partition-store.ts';
import type { RiskLists } from './board.ts';
import { type CaseSummary, caseSummary, riskRows } from './case-view.ts';

/** Rows of each list on a board; overdue ones are turned over like pages. */
const ROWS_MAX = 20;
const OVERDUE_MAX = 40;
/** States that one page may read before it is given out, full or not. */
const PAGE_READS_MAX = 2_000;
const SCAN_COUNT = 200;

export interface CaseReaderOptions {
  readonly redis: Redis;
  readonly partitions: number;
  /** Finds a policy by its hash; throws for one that is not known. */
  readonly policyOf: (hash: string) => CompiledPolicy;
}

export interface CaseFilter {
  readonly entity?: Entity | undefined;
  readonly queue?: string | undefined;
  /** Has an open clock in this state; `warned` means one that was warned and is not yet due. */
  readonly state?: 'running' | 'paused' | 'overdue' | 'warned' | undefined;
}

export interface CasePage {
  readonly cases: readonly CaseSummary[];
  /** Where the next page begins; null after the last one. A page may have fewer cases than were asked for. */
  readonly cursor: string | null;
}

/**
 * Where a page ended. By risk first: for each partition the score up to which it was read and how many of that score.
 * Then the others: partition, scan cursor, and how many of what the scan gives from there were told: it may give more at once
 * than a page has room for.
 */
const cursorSchema = z.union([
  z.object({ risk: z.array(z.tuple([z.number(), z.number().int().nonnegative()])) }),
  z.object({
    p: z.number().int().nonnegative(),
    scan: z.string().regex(/^\d{1,20}$/),
    told: z.number().int().nonnegative(),
  }),
]);
type Cursor = z.infer<typeof cursorSchema>;
type OthersCursor = Exclude<Cursor, { risk: unknown }>;

/** The cursor is not one that a page gave. */
export class CursorError extends Error {}

export class CaseReader {
  readonly #options: CaseReaderOptions;

  constructor(options: CaseReaderOptions) {
    this.#options = options;
  }

  /** All cases of this id, of one entity or of any: open ones, and closed ones while they are kept. */
  async find(id: string, entity: Entity | null): Promise<CaseState[]> {
    const p = partitionOfCase(id, this.#options.partitions);
    if (p === null) return [];
    const keys = (entity === null ? ENTITIES : [entity]).map(name => caseKey(name, id));
    return this.#read(p, keys);
  }

  /** What a board lists: the clocks due soonest and those that are overdue for longest. `now` in ms. */
  async riskLists(now: number): Promise<RiskLists> {
    const { redis } = this.#options;
    const found = await Promise.all(
      this.#partitions().map(async p => {
        const { risk } = partitionKeys(p);
        const [ahead, past] = await Promise.all([
          redis.zrange(risk, now, '+inf', 'BYSCORE', 'LIMIT', 0, ROWS_MAX, 'WITHSCORES'),
          redis.zrange(risk, '-inf', `(${now}`, 'BYSCORE', 'LIMIT', 0, OVERDUE_MAX, 'WITHSCORES'),
        ]);
        return { ahead: scored(p, ahead), past: scored(p, past) };
      }),
    );
    const ahead = found.flatMap(each => each.ahead).sort((a, b) => a.score - b.score);
    const past = found.flatMap(each => each.past).sort((a, b) => a.score - b.score);
    const states = await this.#load([...ahead.slice(0, ROWS_MAX), ...past.slice(0, OVERDUE_MAX)]);
    const rows = states.flatMap(state => riskRows(state, now));
    return {
      atRisk: sortedRows(rows, row => row.state !== 'overdue', ROWS_MAX),
      overdue: sortedRows(rows, row => row.state === 'overdue', OVERDUE_MAX),
    };
  }

  /**
   * A page of cases: those at risk or overdue first, by due instant, closed ones with them, then the other open ones in
   * no order.
   * @throws CursorError when the cursor is not one that a page gave.
   */
  async page(filter: CaseFilter, limit: number, cursorText: string | null, now: number): Promise<CasePage> {
    let cursor: Cursor | null = cursorText === null ? this.#start() : this.#parse(cursorText);
    const cases: CaseSummary[] = [];
    let reads = 0;
    while (cursor !== null && cases.length < limit && reads < PAGE_READS_MAX) {
      const room = Math.min(limit - cases.length, SCAN_COUNT);
      const step: { found: Found[]; next: Cursor | null } =
        'risk' in cursor ? await this.#nextByRisk(cursor.risk, room) : await this.#nextOthers(cursor, room);
      reads += Math.max(1, step.found.length);
      for (const state of await this.#load(step.found)) {
        const summary = caseSummary(state, now);
        if (fits(summary, filter, now)) cases.push(summary);
      }
      cursor = step.next;
    }
    return {
      cases,
      cursor: cursor === null ? null : Buffer.from(JSON.stringify(cursor)).toString('base64url'),
    };
  }

  /** All open cases, in no order; one that is closed or changed meanwhile may be told twice or not at all. */
  async *openCases(): AsyncGenerator<CaseState> {
    for (const p of this.#partitions()) {
      let scan = '0';
      do {
        const [next, flat] = await this.#options.redis.hscan(
          partitionKeys(p).cases,
          scan,
          'COUNT',
          SCAN_COUNT,
        );
        scan = next;
        yield* await this.#read(
          p,
          flat.filter((_, i) => i % 2 === 0),
        );
      } while (scan !== '0');
    }
  }

  /** The next cases by due instant over all partitions, and where it goes on. */
  async #nextByRisk(
    from: readonly (readonly [number, number])[],
    count: number,
  ): Promise<{ found: Found[]; next: Cursor }> {
    const { redis } = this.#options;
    const heads = await Promise.all(
      this.#partitions().map(async p => {
        const [score, skip] = from[p] ?? [0, 0];
        const { risk } = partitionKeys(p);
        const answer = await redis.zrange(risk, score, '+inf', 'BYSCORE', 'LIMIT', skip, count, 'WITHSCORES');
        return scored(p, answer);
      }),
    );
    const found = heads
      .flat()
      .sort((a, b) => a.score - b.score)
      .slice(0, count);
    if (found.length === 0) return { found, next: { p: 0, scan: '0', told: 0 } };
    const risk = from.map(([score, skip]): [number, number] => [score, skip]);
    for (const { p, score } of found) {
      const [before, skip] = risk[p] ?? [0, 0];
      risk[p] = score === before ? [score, skip + 1] : [score, 1];
    }
    return { found, next: { risk } };
  }

  /** At most `count` of a partition's open cases that are not at risk, and where it goes on. */
  async #nextOthers(
    { p, scan, told }: OthersCursor,
    count: number,
  ): Promise<{ found: Found[]; next: Cursor | null }> {
    const { redis, partitions } = this.#options;
    const { cases, risk } = partitionKeys(p);
    const [next, flat] = await redis.hscan(cases, scan, 'COUNT', SCAN_COUNT);
    const all = flat.filter((_, i) => i % 2 === 0);
    const keys = all.slice(told, told + count);
    const scores = keys.length === 0 ? [] : await redis.zmscore(risk, ...keys);
    const found = keys.flatMap((key, i) => (scores[i] === null ? [{ p, key, score: 0 }] : []));
    if (told + count < all.length) return { found, next: { p, scan, told: told + count } };
    if (next !== '0') return { found, next: { p, scan: next, told: 0 } };
    return { found, next: p + 1 < partitions ? { p: p + 1, scan: '0', told: 0 } : null };
  }

  async #load(found: readonly Found[]): Promise<CaseState[]> {
    const byPartition = new Map<number, Found[]>();
    for (const each of found) byPartition.set(each.p, [...(byPartition.get(each.p) ?? []), each]);
    const states = new Map<string, CaseState>();
    await Promise.all(
      [...byPartition].map(async ([p, list]) => {
        const keys = list.map(({ key }) => key);
        for (const state of await this.#read(p, keys)) states.set(caseKey(state.entity, state.id), state);
      }),
    );
    return found.flatMap(({ key }) => states.get(key) ?? []);
  }

  /** The cases that are there, in the order of their keys; forgotten ones are not. */
  async #read(p: number, keys: readonly string[]): Promise<CaseState[]> {
    const kept = await readCases(this.#options.redis, partitionKeys(p), keys);
    return kept.flatMap((each, i) =>
      each === null || each.text === FORGOTTEN
        ? []
        : [decodeCase(this.#options.policyOf, keys[i] ?? '', each.text, each.chunks)],
    );
  }

  #partitions(): number[] {
    return Array.from({ length: this.#options.partitions }, (_, p) => p);
  }

  #start(): Cursor {
    return { risk: this.#partitions().map((): [number, number] => [0, 0]) };
  }

  #parse(text: string): Cursor {
    try {
      const cursor = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
      const known = 'risk' in cursor ? cursor.risk.length : cursor.p + 1;
      if (known <= this.#options.partitions) return cursor;
    } catch {
      // Told below, like one that is too long.
    }
    throw new CursorError('This cursor is not one that a page gave.');
  }
}

interface Found {
  readonly p: number;
  readonly key: string;
  readonly score: number;
}

/** Members and scores as Redis lists them: one after the other. */
function scored(p: number, answer: readonly string[]): Found[] {
  const found: Found[] = [];
  for (let i = 0; i + 1 < answer.length; i += 2) {
    found.push({ p, key: answer[i] ?? '', score: Number(answer[i + 1]) });
  }
  return found;
}

function sortedRows(rows: readonly RiskRow[], test: (row: RiskRow) => boolean, max: number): RiskRow[] {
  return rows
    .filter(test)
    .sort((a, b) => a.dueAt - b.dueAt || (a.case < b.case ? -1 : 1))
    .slice(0, max);
}

function fits(summary: CaseSummary, { entity, queue, state }: CaseFilter, now: number): boolean {
  if (entity !== undefined && summary.entity !== entity) return false;
  if (queue !== undefined && summary.queue !== queue) return false;
  if (state === undefined) return true;
  if (state !== 'warned') return summary.clocks.some(clock => clock.state === state);
  return summary.clocks.some(clock => clock.warned && Date.parse(clock.dueAt) >= now);
}
