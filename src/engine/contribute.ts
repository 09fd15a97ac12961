// What a case contributes to the figures: to panes of windows and to levels. Contributions are a function of the fold
// and its events; what changes is always the difference between what was and what is, so corrections need no code.
import { cellKey, escapePart, thousandths, valueText } from '../contract/cells.ts';
import type { Fields, FieldValue, SlaEvent } from '../contract/event.ts';
import type { CompiledIndicator, EventMatcher, FieldTest } from '../policy/compiled.ts';
import type { Cycle } from './cycle.ts';
import { type CaseFold, clockOf, text } from './fold.ts';
import { holdsAny, satisfies } from './match.ts';
import { paneKindOf } from './panes.ts';
import { isAttributeOf } from './touch.ts';

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
    case 'share':
      for (const event of events) contributeEvent(indicator, fold, event, sign, changes);
      return;
    case 'clock':
      for (const cycle of clockOf(fold, measure.clock)?.cycles ?? [])
        contributeCycle(indicator, fold, cycle, sign, changes);
      return;
    case 'level':
      contributeLevel(indicator, fold, sign, changes);
      return;
    default:
      measure satisfies never;
  }
}

/** What a single event contributes to a figure of event counts, of a field or of shares; nothing for other figures. */
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
    if (measure.stat === 'mean')
      addPanes(indicator, fold, event, event.time, sign * thousandths(value), sign, changes);
    else addValue(indicator, fold, event, valueText(value), sign, changes);
  } else if (measure.kind === 'share') {
    if (!countsIn(measure.of, fold, event)) return;
    const group = escapePart(text(currentField(measure.field, fold, event)));
    addValue(indicator, fold, event, group, sign, changes);
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
  for (const { type, tests } of matchers)
    if (type === event.type && fits(tests, fold, event, attributes)) return true;
  return false;
}

function fits(tests: readonly FieldTest[], fold: CaseFold, event: SlaEvent, attributes: Fields): boolean {
  for (const test of tests)
    if (!satisfies(test, currentField(test.path, fold, event, attributes))) return false;
  return true;
}

function currentField(
  path: string,
  fold: CaseFold,
  event: SlaEvent | null,
  attributes = fold.attributes,
): FieldValue | undefined {
  return isAttributeOf(fold.policy, fold.entity, path) ? attributes[path] : event?.fields[path];
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
  const { measure, index, by } = indicator;
  const since = fold.members.get(index);
  if (measure.kind !== 'level' || measure.entity !== fold.entity || since === undefined) return;
  if (!holdsAny(measure.when, fold.attributes)) return;
  for (let grouping = ALL; grouping < by.length; grouping++) {
    const keys = keysOf(indicator, grouping, fold, null);
    // To the millisecond, so that no alert fires early or late; there are never more such cells than members.
    if (measure.longest) addCell(changes, `${keys.since}${since}`, sign);
    else addCell(changes, keys.level, sign);
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
  for (let grouping = ALL; grouping < indicator.by.length; grouping++) {
    const keys = keysOf(indicator, grouping, fold, event);
    if (keys.pane !== pane) {
      keys.pane = pane;
      keys.numerator = `${keys.panes}${pane}|n`;
      keys.denominator = `${keys.panes}${pane}|d`;
    }
    addCell(changes, keys.numerator, numerator);
    addCell(changes, keys.denominator, denominator);
  }
}

/** Counts an event under its value. Values are kept rather than sums, so that what is withdrawn leaves no trace. */
function addValue(
  indicator: CompiledIndicator,
  fold: CaseFold,
  event: SlaEvent,
  value: string,
  sign: 1 | -1,
  changes: CellChanges,
): void {
  const pane = paneOf(indicator, event.time);
  for (let grouping = ALL; grouping < indicator.by.length; grouping++) {
    const { panes } = keysOf(indicator, grouping, fold, event);
    addCell(changes, `${panes}${pane}|${value}`, sign);
  }
}

/** The first instant of the pane that holds `at`; panes begin at multiples of their length since 1970. */
export function paneOf(indicator: CompiledIndicator, at: number): number {
  return Math.floor(at / indicator.paneMs) * indicator.paneMs;
}

/** The keys of one group's cells, or how they begin. Those of the pane that was added to last are kept whole. */
interface GroupKeys {
  readonly panes: string;
  readonly level: string;
  readonly since: string;
  pane: number;
  numerator: string;
  denominator: string;
}

/** The grouping of the total; the others are indices of `by`. */
const ALL = -1;
/** Groups of one grouping whose keys are kept; beyond that they are written anew. */
const GROUPS_KEPT_MAX = 5_000;

/** Keys by indicator, grouping and group: writing them for each event would cost more than adding to their cells. */
const KEYS = new WeakMap<CompiledIndicator, Map<string, GroupKeys>[]>();

function keysOf(
  indicator: CompiledIndicator,
  grouping: number,
  fold: CaseFold,
  event: SlaEvent | null,
): GroupKeys {
  let groupings = KEYS.get(indicator);
  if (groupings === undefined) {
    groupings = [new Map(), ...indicator.by.map(() => new Map<string, GroupKeys>())];
    KEYS.set(indicator, groupings);
  }
  const paths = indicator.by[grouping] ?? [];
  const [path] = paths;
  // A single value names its group; several do as they stand in the group's name.
  const value =
    path === undefined || paths.length > 1
      ? groupName(paths, fold, event)
      : text(currentField(path, fold, event));
  const known = groupings[grouping + 1];
  let keys = known?.get(value);
  if (keys === undefined) {
    keys = writeKeys(indicator, paths.length === 0 ? 'all' : groupName(paths, fold, event));
    if (known !== undefined && known.size >= GROUPS_KEPT_MAX) known.clear();
    known?.set(value, keys);
  }
  return keys;
}

function writeKeys(indicator: CompiledIndicator, group: string): GroupKeys {
  const { rule } = indicator;
  return {
    panes: `${cellKey(paneKindOf(indicator), rule, group)}|`,
    level: cellKey('l', rule, group),
    since: `${cellKey('q', rule, group)}|`,
    pane: Number.NaN,
    numerator: '',
    denominator: '',
  };
}

/** `queue=repair,team=x`; a missing value is empty. */
function groupName(paths: readonly string[], fold: CaseFold, event: SlaEvent | null): string {
  return paths.map(path => `${path}=${text(currentField(path, fold, event))}`).join(',');
}

/** Whether a group's name is one that the indicator's groupings make; a value with a comma may hide that it is. */
export function isGroupOf({ by }: CompiledIndicator, group: string): boolean {
  if (group === 'all') return true;
  const names = group.split(',').map(part => part.slice(0, Math.max(0, part.indexOf('='))));
  return by.some(paths => paths.join() === names.join());
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
