// The same events under two policies: which clocks end otherwise, which cases turn from kept to broken or back, how the
// shares of promises kept move, which alerts come more or less often.
import { compareCodePoints, type Entity, type SlaEvent } from '../contract/event.ts';
import type { Outcome } from '../engine/cycle.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { ExternalSort } from './external-sort.ts';
import type { AlertLine, OutcomeLine } from './lines.ts';
import { outcomesOfCase, stateAt } from './outcomes.ts';
import { Replay } from './replay.ts';
import type { SpillSpace } from './spill.ts';
import { type Compliance, evidenceOf, GROUPINGS, type Grouping, isJudged, shareOf, Tally } from './tally.ts';

/** A cycle that ends otherwise; null where there is none under that policy. Cycles of a rule are paired by their start. */
export interface CycleDifference {
  readonly kind: 'cycle';
  readonly entity: Entity;
  readonly case: string;
  readonly rule: string;
  readonly startedAt: string;
  readonly beforeCycle: number | null;
  readonly before: Outcome | null;
  readonly beforeDueAt: string | null;
  readonly afterCycle: number | null;
  readonly after: Outcome | null;
  readonly afterDueAt: string | null;
}

/**
 * A case is broken when any of its clocks was missed or is overdue, kept when some were met and none broken. Clocks over
 * evidence break no case, as they put none at risk.
 */
export interface CaseDifference {
  readonly kind: 'case';
  readonly entity: Entity;
  readonly case: string;
  readonly before: 'met' | 'missed';
  readonly after: 'met' | 'missed';
}

export interface ComplianceMove {
  readonly kind: 'compliance';
  readonly by: Grouping | 'all';
  readonly name: string;
  /** Of a rule: under which of the policies its clock is over evidence, and so in no total. */
  readonly evidence: readonly ('before' | 'after')[];
  readonly beforeMet: number;
  readonly beforeJudged: number;
  readonly beforeShare: number | null;
  readonly afterMet: number;
  readonly afterJudged: number;
  readonly afterShare: number | null;
}

/** How often an alert fires; only those that fire at another number of times or at other instants. */
export interface AlertDifference {
  readonly kind: 'alert';
  readonly rule: string;
  readonly group: string;
  readonly beforeCount: number;
  readonly afterCount: number;
  /** Instants at which it fires only under the one or only under the other, the first ones. */
  readonly gone: readonly string[];
  readonly new: readonly string[];
}

export type Difference = CycleDifference | CaseDifference | ComplianceMove | AlertDifference;

const SIDES = ['before', 'after'] as const;

/** Instants of an alert that are listed. */
const INSTANTS_MAX = 20;

export class Comparison {
  readonly #before: CompiledPolicy;
  readonly #after: CompiledPolicy;
  readonly #until: number;
  readonly #tallies: readonly [Tally, Tally];
  readonly #evidence: readonly [ReadonlySet<string>, ReadonlySet<string>];
  readonly #replays: readonly [Replay, Replay] | null;
  readonly cycles: ExternalSort<CycleDifference>;
  readonly cases: ExternalSort<CaseDifference>;
  /** Cycles that end otherwise, by `before → after`; cases by what they turned into. */
  readonly kinds = new Map<string, number>();
  readonly turned = { missed: 0, met: 0 };
  /** Cycles under the one or the other. */
  compared = 0;

  /** Up to `until`, ms since 1970. */
  constructor(before: CompiledPolicy, after: CompiledPolicy, space: SpillSpace, until: number) {
    this.#before = before;
    this.#after = after;
    this.#until = until;
    this.#tallies = [new Tally(before), new Tally(after)];
    this.#evidence = [evidenceOf(before), evidenceOf(after)];
    this.cycles = new ExternalSort(space, compareCycles, parseCycle);
    this.cases = new ExternalSort(space, byCase, parseCase);
    const alerts = [before, after].some(({ indicators }) => indicators.some(({ alert }) => alert !== null));
    const quiet = { transitions: false };
    this.#replays = alerts
      ? [new Replay(before, space, until, quiet), new Replay(after, space, until, quiet)]
      : null;
  }

  get caseCount(): number {
    return this.#tallies[0].cases;
  }

  /** Compares one case, from its events in order. */
  add(events: readonly SlaEvent[]): void {
    const before = stateAt(this.#before, events, this.#until);
    const after = stateAt(this.#after, events, this.#until);
    if (before === null || after === null) return;
    const linesBefore = outcomesOfCase(before, this.#until);
    const linesAfter = outcomesOfCase(after, this.#until);
    this.#tallies[0].add(before, linesBefore, this.#until);
    this.#tallies[1].add(after, linesAfter, this.#until);
    this.#compareCycles(linesBefore, linesAfter);
    const was = verdictOf(linesBefore, this.#evidence[0]);
    const is = verdictOf(linesAfter, this.#evidence[1]);
    if (was !== null && is !== null && was !== is) {
      this.cases.add({ kind: 'case', entity: before.entity, case: before.id, before: was, after: is });
      this.turned[is] += 1;
    }
    if (this.#replays !== null) for (const replay of this.#replays) replay.add(events);
  }

  #compareCycles(before: readonly OutcomeLine[], after: readonly OutcomeLine[]): void {
    const others = keyed(after);
    for (const [key, line] of keyed(before)) {
      this.#compareCycle(line, others.get(key) ?? null);
      others.delete(key);
    }
    for (const line of others.values()) this.#compareCycle(null, line);
  }

  #compareCycle(before: OutcomeLine | null, after: OutcomeLine | null): void {
    const line = before ?? after;
    this.compared += 1;
    if (line === null || before?.outcome === after?.outcome) return;
    const { entity, case: id, rule, startedAt } = line;
    const kind = `${before?.outcome ?? 'none'} → ${after?.outcome ?? 'none'}`;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    this.cycles.add({
      kind: 'cycle',
      entity,
      case: id,
      rule,
      startedAt,
      beforeCycle: before?.cycle ?? null,
      before: before?.outcome ?? null,
      beforeDueAt: before?.dueAt ?? null,
      afterCycle: after?.cycle ?? null,
      after: after?.outcome ?? null,
      afterDueAt: after?.dueAt ?? null,
    });
  }

  /** The shares under both policies, the total first; every name that occurs under either. */
  compliance(): readonly ComplianceMove[] {
    const [before, after] = this.#tallies;
    const moves = [moveOf('all', '', before.total, after.total, [])];
    for (const by of GROUPINGS) {
      const names = new Set([...before.groups(by), ...after.groups(by)].map(([name]) => name));
      for (const name of [...names].sort()) {
        const evidence = by === 'rule' ? SIDES.filter((_, side) => this.#evidence[side]?.has(name)) : [];
        moves.push(moveOf(by, name, before.of(by, name), after.of(by, name), evidence));
      }
    }
    return moves;
  }

  /** Once all cases were added. */
  alerts(): readonly AlertDifference[] {
    if (this.#replays === null) return [];
    const [before, after] = this.#replays.map(replay => firings(replay.alerts()));
    const keys = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
    const found: AlertDifference[] = [];
    for (const key of [...keys].sort()) {
      const [was, is] = [before?.get(key) ?? NO_FIRING, after?.get(key) ?? NO_FIRING];
      const [wasAt, isAt] = [new Set(was.at), new Set(is.at)];
      const gone = was.at.filter(at => !isAt.has(at));
      const more = is.at.filter(at => !wasAt.has(at));
      if (gone.length === 0 && more.length === 0) continue;
      const { rule, group } = was === NO_FIRING ? is : was;
      found.push({
        kind: 'alert',
        rule,
        group,
        beforeCount: was.at.length,
        afterCount: is.at.length,
        gone: gone.slice(0, INSTANTS_MAX),
        new: more.slice(0, INSTANTS_MAX),
      });
    }
    return found;
  }

  /** All of it, one after the other. */
  *differences(): Iterable<Difference> {
    yield* this.compliance();
    yield* this.alerts();
    yield* this.cases.sorted();
    yield* this.cycles.sorted();
  }
}

interface Firings {
  readonly rule: string;
  readonly group: string;
  readonly at: string[];
}

const NO_FIRING: Firings = { rule: '', group: '', at: [] };

function firings(lines: readonly AlertLine[]): Map<string, Firings> {
  const found = new Map<string, Firings>();
  for (const { rule, group, state, at } of lines) {
    if (state !== 'firing') continue;
    const key = `${rule}\n${group}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { rule, group, at: [at] });
    else known.at.push(at);
  }
  return found;
}

/** By rule and start; several of one start by their order. */
function keyed(lines: readonly OutcomeLine[]): Map<string, OutcomeLine> {
  const found = new Map<string, OutcomeLine>();
  for (const line of lines) {
    for (let nth = 0; ; nth++) {
      const key = `${line.rule}\n${line.startedAt}\n${nth}`;
      if (found.has(key)) continue;
      found.set(key, line);
      break;
    }
  }
  return found;
}

function verdictOf(lines: readonly OutcomeLine[], evidence: ReadonlySet<string>): 'met' | 'missed' | null {
  const judged = lines.filter(line => isJudged(line) && !evidence.has(line.rule));
  if (judged.length === 0) return null;
  return judged.every(({ outcome }) => outcome === 'met') ? 'met' : 'missed';
}

function moveOf(
  by: Grouping | 'all',
  name: string,
  before: Compliance,
  after: Compliance,
  evidence: ComplianceMove['evidence'],
): ComplianceMove {
  return {
    kind: 'compliance',
    by,
    name,
    evidence,
    beforeMet: before.met,
    beforeJudged: before.judged,
    beforeShare: shareOf(before),
    afterMet: after.met,
    afterJudged: after.judged,
    afterShare: shareOf(after),
  };
}

function byCase(
  a: { readonly case: string; readonly entity: Entity },
  b: { readonly case: string; readonly entity: Entity },
): number {
  return compareCodePoints(a.case, b.case) || compareCodePoints(a.entity, b.entity);
}

function compareCycles(a: CycleDifference, b: CycleDifference): number {
  return byCase(a, b) || compareCodePoints(a.rule, b.rule) || compareCodePoints(a.startedAt, b.startedAt);
}

/** Only what this program wrote is read back. */
function parseCycle(line: string): CycleDifference {
  return JSON.parse(line);
}

function parseCase(line: string): CaseDifference {
  return JSON.parse(line);
}
