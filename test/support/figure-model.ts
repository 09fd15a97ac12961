// A plain model of figures and their alerts, written from CONTRACT.md alone: whatever a figure is at an instant is counted
// anew from the whole list of events. It knows no panes to keep, no differences and no engine; it is slow and short.
import type { SlaEvent } from '../../src/contract/event.ts';
import { Case, type Condition, type Level, type Vocabulary } from './case-model.ts';
import { type ClockSpec, type CycleResult, resultsOf } from './cycle-model.ts';

export type Statistic = 'mean' | 'p50' | 'p90' | 'p95' | 'max';

export type Measured =
  | { readonly kind: 'ratio'; readonly count: readonly Condition[]; readonly of: readonly Condition[] }
  | {
      readonly kind: 'field';
      readonly stat: Statistic;
      readonly field: string;
      readonly of: readonly Condition[];
    }
  | { readonly kind: 'share'; readonly field: string; readonly of: readonly Condition[] }
  | { readonly kind: 'clock'; readonly clock: string }
  | (Level & { readonly kind: 'level'; readonly longest: boolean });

export interface AlertSpec {
  readonly above?: number;
  readonly below?: number;
  readonly atLeast?: number;
  readonly forMs?: number;
  readonly clear?: number;
}

export interface FigureSpec {
  readonly rule: string;
  readonly measured: Measured;
  /** 0 for a level, which holds now. */
  readonly windowMs: number;
  readonly paneMs: number;
  readonly by: readonly (readonly string[])[];
  readonly alert: AlertSpec | null;
}

/** A cycle of a clock, as it stands at some instant. */
export interface CycleState {
  readonly entity: string;
  readonly case: string;
  readonly rule: string;
  readonly outcome: string;
  readonly dueAt: number;
  readonly endedAt: number | null;
}

export interface World extends Vocabulary {
  readonly figures: readonly FigureSpec[];
  /** Clocks that are simple enough for a model. */
  readonly clocks: readonly ClockSpec[];
  /** How the cycles of all others stand at `at` after these events: what they come to has tests of its own. */
  readonly cycles: (events: readonly SlaEvent[], at: number) => readonly CycleState[];
}

export interface Figure {
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
}

export interface AlertChange {
  readonly rule: string;
  readonly group: string;
  readonly state: 'firing' | 'resolved';
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly at: number;
}

/** What came twice counts once: as it came first. */
function withoutRepetitions(events: readonly SlaEvent[]): SlaEvent[] {
  const seen = new Set<string>();
  return events.filter(event => {
    const key = [event.entity, event.case, event.id, event.source].join(' ');
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function casesOf(world: World, events: readonly SlaEvent[]): Case[] {
  const cases = new Map<string, SlaEvent[]>();
  for (const event of events) {
    const key = `${event.entity} ${event.case}`;
    cases.set(key, [...(cases.get(key) ?? []), event]);
  }
  return [...cases.values()].flatMap(list => {
    const [first] = list;
    return first === undefined ? [] : [new Case(world, first.entity, first.case, list)];
  });
}

/** What is known at an instant: events that come later are not there yet, whenever they arrived. */
export class Moment {
  readonly at: number;
  readonly cases: readonly Case[];
  readonly #world: World;
  readonly #events: readonly SlaEvent[];
  #cycles: readonly CycleState[] | null = null;

  /** Since the moment `before`, an earlier look at the same events, none may have come: then cases are as they were. */
  constructor(world: World, known: readonly SlaEvent[], at: number, before: Moment | null = null) {
    this.at = at;
    this.#world = world;
    this.#events = withoutRepetitions(known).filter(({ time }) => time <= at);
    const isSame = before !== null && before.#events.length === this.#events.length;
    this.cases = isSame ? before.cases : casesOf(world, this.#events);
  }

  /** The cycles of a case that count in the share of a clock. */
  results(rule: string, one: Case): CycleResult[] {
    const clock = this.#world.clocks.find(each => each.rule === rule);
    if (clock !== undefined) return one.entity === 'ticket' ? resultsOf(clock, one, this.at) : [];
    this.#cycles ??= this.#world.cycles(this.#events, this.at);
    return this.#cycles
      .filter(cycle => cycle.rule === rule && cycle.entity === one.entity && cycle.case === one.id)
      .flatMap(({ outcome, endedAt, dueAt }): CycleResult[] => {
        if (outcome === 'met' && endedAt !== null) return [{ isMet: true, at: endedAt }];
        return outcome === 'missed' || outcome === 'overdue' ? [{ isMet: false, at: dueAt }] : [];
      });
  }
}

/** One event's or cycle's part in a group of a figure. */
interface Part {
  readonly group: string;
  /** Counted above the line; the number that was measured. */
  readonly numerator: number;
  /** Counted below the line. */
  readonly denominator: number;
  /** Of a share: the group that the event is of. */
  readonly name?: string;
}

/**
 * A figure's groups at an instant. Of a level a group is there once a case was in it, and the total always is; of other
 * figures, while something is in the window.
 */
export function figuresAt(spec: FigureSpec, moment: Moment): Map<string, Figure> {
  const { measured, by } = spec;
  const { cases, at } = moment;
  const groups = new Map<string, Part[]>([['all', []]]);
  if (measured.kind === 'level')
    for (const one of cases.filter(({ entity }) => entity === measured.on))
      for (const [since, attributes] of one.stay(measured))
        if (since !== null) for (const group of one.groups(by, attributes)) groups.set(group, []);
  const parts =
    measured.kind === 'clock'
      ? partsOfCycles(measured.clock, spec, moment)
      : cases.flatMap(one => [...partsOfCase(one, spec, at)]);
  for (const part of parts) groups.set(part.group, [...(groups.get(part.group) ?? []), part]);
  return new Map([...groups].map(([group, list]) => [group, figureOf(measured, list)]));
}

function isInWindow({ windowMs, paneMs }: FigureSpec, time: number, at: number): boolean {
  const paneStart = Math.floor(time / paneMs) * paneMs;
  return time <= at && paneStart > at - windowMs - paneMs;
}

/** A cycle enters as met at its stop or as not met at its due instant, and is in no share once cancelled or waived. */
function* partsOfCycles(rule: string, spec: FigureSpec, moment: Moment): Generator<Part> {
  for (const one of moment.cases)
    for (const { isMet, at } of moment.results(rule, one)) {
      if (!isInWindow(spec, at, moment.at)) continue;
      for (const group of one.groups(spec.by)) yield { group, numerator: isMet ? 1 : 0, denominator: 1 };
    }
}

function* partsOfCase(one: Case, spec: FigureSpec, at: number): Generator<Part> {
  const { measured, by } = spec;
  if (measured.kind === 'clock') return;
  if (measured.kind === 'level') {
    const [since] = [...(one.entity === measured.on ? one.stay(measured) : [])].at(-1) ?? [null];
    if (since !== null)
      for (const group of one.groups(by)) yield { group, numerator: (at - since) / 1000, denominator: 1 };
    return;
  }
  for (const [event] of one.events) {
    const part = isInWindow(spec, event.time, at) ? partOf(one, measured, event) : null;
    if (part !== null) for (const group of one.groupsOf(event, by)) yield { group, ...part };
  }
}

function partOf(
  one: Case,
  measured: Measured & { kind: 'ratio' | 'field' | 'share' },
  event: SlaEvent,
): Omit<Part, 'group'> | null {
  const isOf = one.counts(measured.of, event);
  if (measured.kind === 'ratio') {
    const isCounted = one.counts(measured.count, event);
    return isCounted || isOf ? { numerator: isCounted ? 1 : 0, denominator: isOf ? 1 : 0 } : null;
  }
  if (!isOf) return null;
  if (measured.kind === 'share')
    return { numerator: 1, denominator: 1, name: String(one.found(measured.field, event) ?? '') };
  const value = event.fields[measured.field];
  return typeof value === 'number' ? { numerator: value, denominator: 1 } : null;
}

function figureOf(measured: Measured, parts: readonly Part[]): Figure {
  const numbers = parts.map(({ numerator }) => numerator).sort((a, b) => a - b);
  const sum = numbers.reduce((total, one) => total + one, 0);
  const denominator = parts.reduce((total, one) => total + one.denominator, 0);
  const divided = (numerator: number): Figure => ({
    value: denominator === 0 ? null : numerator / denominator,
    numerator,
    denominator,
  });
  switch (measured.kind) {
    case 'ratio':
    case 'clock':
      return divided(sum);
    case 'share': {
      const names = parts.flatMap(({ name = '' }) => (name === '' ? [] : [name]));
      return divided(Math.max(0, ...names.map(name => names.filter(other => other === name).length)));
    }
    case 'level': {
      const value = measured.longest ? Math.max(0, ...numbers) : parts.length;
      return { value, numerator: value, denominator: measured.longest ? Math.min(1, parts.length) : value };
    }
    case 'field': {
      if (measured.stat === 'mean') return divided(sum);
      const percent = { p50: 50, p90: 90, p95: 95, max: 100 }[measured.stat];
      const value = numbers[Math.ceil((percent * numbers.length) / 100) - 1] ?? null;
      return { value, numerator: value ?? 0, denominator };
    }
  }
}

/** All changes of all alerts up to `until`: each is judged at each event and at the end of each pane of its figure. */
export function alertsUpTo(world: World, events: readonly SlaEvent[], until: number): AlertChange[] {
  const read = events.filter(({ time }) => time <= until);
  const times = withoutRepetitions(read).map(({ time }) => time);
  const moments = new Map<number, Moment>();
  return world.figures.flatMap(spec => {
    if (spec.alert === null) return [];
    const { paneMs } = spec;
    const instants = new Set(times);
    const first = Math.floor(Math.min(...times) / paneMs) * paneMs + paneMs;
    for (let end = first; end <= until; end += paneMs) instants.add(end);
    const judges = new Map<string, Judge>();
    const changes: AlertChange[] = [];
    let before: Moment | null = null;
    for (const at of [...instants].sort((a, b) => a - b)) {
      const moment: Moment = moments.get(at) ?? new Moment(world, read, at, before);
      moments.set(at, moment);
      before = moment;
      const figures = figuresAt(spec, moment);
      for (const group of figures.keys())
        if (!judges.has(group)) judges.set(group, new Judge(spec.rule, spec.alert, group));
      for (const [group, judge] of judges)
        changes.push(...judge.look(at, figures.get(group) ?? figureOf(spec.measured, [])));
    }
    return changes;
  });
}

/** The alert of one group. */
class Judge {
  readonly #rule: string;
  readonly #alert: AlertSpec;
  readonly #group: string;
  #outSince: number | null = null;
  #isFiring = false;

  constructor(rule: string, alert: AlertSpec, group: string) {
    this.#rule = rule;
    this.#alert = alert;
    this.#group = group;
  }

  look(at: number, figure: Figure): AlertChange[] {
    const [rule, alert] = [this.#rule, this.#alert];
    const { value, denominator } = figure;
    const tell = (state: 'firing' | 'resolved') => {
      this.#isFiring = state === 'firing';
      this.#outSince = null;
      return [{ rule, group: this.#group, state, ...figure, at }];
    };
    if (this.#isFiring) return isBack(alert, value) ? tell('resolved') : [];
    const isOut = value !== null && isBeyond(alert, value) && denominator >= (alert.atLeast ?? 0);
    this.#outSince = isOut ? (this.#outSince ?? at) : null;
    return this.#outSince !== null && at - this.#outSince >= (alert.forMs ?? 0) ? tell('firing') : [];
  }
}

function isBeyond({ above, below }: AlertSpec, value: number): boolean {
  return above !== undefined ? value > above : value < (below ?? Number.NEGATIVE_INFINITY);
}

function isBack({ above, below, clear }: AlertSpec, value: number | null): boolean {
  if (value === null) return false;
  return above !== undefined ? value <= (clear ?? above) : value >= (clear ?? below ?? 0);
}
