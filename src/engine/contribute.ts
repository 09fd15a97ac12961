// What a case contributes to the figures: to panes of windows and to levels. Contributions are a function of the fold
// and its events; what changes is always the difference between what was and what is, so corrections need no code.
import { ATTRIBUTES } from '../contract/attributes.ts';
import { cellKey, SUM_SCALE } from '../contract/cells.ts';
import type { Fields, FieldValue, SlaEvent } from '../contract/event.ts';
import type { CompiledIndicator, EventMatcher } from '../policy/compiled.ts';
import type { Cycle } from './cycle.ts';
import { type CaseFold, clockOf, text } from './fold.ts';
import { holdsAny, satisfies } from './match.ts';

/** Changes of cells that add up: cell key → amount, never 0. */
export type CellChanges = Map<string, number>;

export function addCell(changes: CellChanges, key: string, amount: number): void {
  if (amount === 0) return;
  const sum = (changes.get(key) ?? 0) + amount;
  if (sum === 0) changes.delete(key);
  else changes.set(key, sum);
}

/** Adds `sign` times all that the case contributes to an indicator. */
export function contribute(
  indicator: CompiledIndicator,
  fold: CaseFold,
  events: readonly SlaEvent[],
  sign: 1 | -1,
  changes: CellChanges,
): void {
  const { measure } = indicator;
  switch (measure.kind) {
    case 'ratio':
    case 'field':
      for (const event of events) contributeEvent(indicator, fold, event, sign, changes);
      return;
    case 'clock':
      for (const cycle of clockOf(fold, measure.clock)?.cycles ?? [])
        contributeCycle(indicator, fold, cycle, sign, changes);
      return;
    case 'level':
      contributeLevel(indicator, fold, sign, changes);
      return;
    case 'share':
      return;
    default:
      measure satisfies never;
  }
}

/** What a single event contributes to a figure of event counts or of a field; nothing for other figures. */
export function contributeEvent(
  indicator: CompiledIndicator,
  fold: CaseFold,
  event: SlaEvent,
  sign: 1 | -1,
  changes: CellChanges,
): void {
  const { measure } = indicator;
  if (measure.kind === 'ratio') {
    const numerator = countsIn(measure.count, fold, event) ? sign : 0;
    const denominator = countsIn(measure.of, fold, event) ? sign : 0;
    if (numerator === 0 && denominator === 0) return;
    addPanes(indicator, fold, event, event.time, numerator, denominator, changes);
  } else if (measure.kind === 'field') {
    const value = event.fields[measure.field];
    if (typeof value !== 'number' || !countsIn(measure.of, fold, event)) return;
    addPanes(indicator, fold, event, event.time, sign * Math.round(value * SUM_SCALE), sign, changes);
  }
}

/**
 * In figures an attribute is the case's current one, or that of the `attributes` given, whatever the event said at the
 * time; other fields are the event's.
 */
export function countsIn(
  matchers: readonly EventMatcher[],
  fold: CaseFold,
  event: SlaEvent,
  attributes = fold.attributes,
): boolean {
  for (const { type, tests } of matchers) {
    if (type !== event.type) continue;
    if (tests.every(test => satisfies(test, currentField(test.path, fold, event, attributes)))) return true;
  }
  return false;
}

function currentField(
  path: string,
  fold: CaseFold,
  event: SlaEvent | null,
  attributes = fold.attributes,
): FieldValue | undefined {
  const lasting = path === 'status' || ATTRIBUTES[fold.entity].has(path) || fold.policy.attributes.has(path);
  return lasting ? attributes[path] : event?.fields[path];
}

/** A cycle enters as met at its stop or as not met at its due instant, and stays there; cancelled and waived ones leave. */
function contributeCycle(
  indicator: CompiledIndicator,
  fold: CaseFold,
  cycle: Cycle,
  sign: 1 | -1,
  changes: CellChanges,
): void {
  const last = cycle.told.at(-1);
  if (last === undefined || last.state === 'cancelled' || last.state === 'waived') return;
  if (last.state === 'met') {
    addPanes(indicator, fold, null, last.at, sign, sign, changes);
    return;
  }
  const broken =
    cycle.told.find(fact => fact.state === 'breached') ?? (last.state === 'missed' ? last : undefined);
  if (broken !== undefined) addPanes(indicator, fold, null, broken.at, 0, sign, changes);
}

function contributeLevel(
  indicator: CompiledIndicator,
  fold: CaseFold,
  sign: 1 | -1,
  changes: CellChanges,
): void {
  const { measure, rule, index } = indicator;
  const since = fold.members.get(index);
  if (measure.kind !== 'level' || measure.entity !== fold.entity || since === undefined) return;
  if (!holdsAny(measure.when, fold.attributes)) return;
  for (const group of groupsOf(indicator, fold, null)) {
    if (measure.longest) addCell(changes, cellKey('q', rule, group, Math.floor(since / 1000)), sign);
    else addCell(changes, cellKey('l', rule, group), sign);
  }
}

function addPanes(
  indicator: CompiledIndicator,
  fold: CaseFold,
  event: SlaEvent | null,
  at: number,
  numerator: number,
  denominator: number,
  changes: CellChanges,
): void {
  const pane = paneOf(indicator, at);
  for (const group of groupsOf(indicator, fold, event)) {
    const prefix = cellKey('w', indicator.rule, group, pane);
    addCell(changes, `${prefix}|n`, numerator);
    addCell(changes, `${prefix}|d`, denominator);
  }
}

/** The first instant of the pane that holds `at`; panes begin at multiples of their length since 1970. */
export function paneOf(indicator: CompiledIndicator, at: number): number {
  return Math.floor(at / indicator.paneMs) * indicator.paneMs;
}

/** `all`, and one group for each grouping: `queue=repair,team=x`; a missing value is empty. */
function groupsOf(indicator: CompiledIndicator, fold: CaseFold, event: SlaEvent | null): string[] {
  const groups = ['all'];
  for (const paths of indicator.by) groups.push(groupName(paths, path => currentField(path, fold, event)));
  return groups;
}

/** Whether a group's name is one that the indicator's groupings make; a value with a comma may hide that it is. */
export function isGroupOf({ by }: CompiledIndicator, group: string): boolean {
  if (group === 'all') return true;
  const names = group.split(',').map(part => part.slice(0, Math.max(0, part.indexOf('='))));
  return by.some(paths => paths.join() === names.join());
}

function groupName(paths: readonly string[], valueAt: (path: string) => FieldValue | undefined): string {
  return paths.map(path => `${path}=${text(valueAt(path))}`).join(',');
}

/**
 * Whether the attributes `after` change what the first `applied` events contribute. Most changes concern tests whose
 * answer stays as it was, and taking everything away to add it again costs more than asking.
 */
export function altersEarlier(
  indicator: CompiledIndicator,
  fold: CaseFold,
  events: readonly SlaEvent[],
  applied: number,
  changed: readonly string[],
  after: Fields,
): boolean {
  const { measure, reads, by } = indicator;
  if (!changed.some(path => reads.includes(path))) return false;
  if (measure.kind !== 'ratio' || by.some(paths => paths.some(path => changed.includes(path)))) return true;
  for (let i = 0; i < applied; i++) {
    const event = events[i];
    if (event === undefined) break;
    for (const matchers of [measure.of, measure.count])
      if (countsIn(matchers, fold, event) !== countsIn(matchers, fold, event, after)) return true;
  }
  return false;
}
