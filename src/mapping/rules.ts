// What a mapping's values, templates and conditions say about a row and the row of its case before it. Pure.
import type { ColumnTest, Mapping, MappingCondition, MappingValue } from './schema.ts';

/** The cells of a row that the mapping reads, by column; null is nothing. */
export type Row = Readonly<Record<string, string | null>>;
export type Scalar = string | number | boolean;

/** Every column that a mapping reads, in the order of its text. */
export function columnsOf(mapping: Mapping): string[] {
  const columns = new Set([
    mapping.time.column,
    ...templateColumns(mapping.subject),
    ...templateColumns(mapping.id),
  ]);
  const addValues = (values: Readonly<Record<string, MappingValue>> | undefined) => {
    for (const value of Object.values(values ?? {})) {
      if (typeof value === 'string') columns.add(value);
      else if ('column' in value) columns.add(value.column);
    }
  };
  addValues(mapping.data);
  for (const rule of mapping.emit) {
    addValues(rule.data);
    for (const condition of conditionsOf(rule.when)) {
      for (const test of [condition.is, condition.was, condition.becomes, condition.leaves]) {
        for (const column of Object.keys(test ?? {})) columns.add(column);
      }
      for (const column of [condition.changed ?? []].flat()) columns.add(column);
    }
  }
  return [...columns];
}

/** The text of a template; null when a cell that it names is empty. */
export function fill(template: string, row: Row): string | null {
  let missing = false;
  const text = template.replace(/\{([^{}]+)\}/g, (_, column: string) => {
    const cell = row[column];
    if (cell === null || cell === undefined) missing = true;
    return cell ?? '';
  });
  return missing || text === '' ? null : text;
}

export function templateColumns(template: string): string[] {
  return [...template.matchAll(/\{([^{}]+)\}/g)].flatMap(match => match[1] ?? []);
}

/** The value of a field in a row; undefined when it is left out. */
export function fieldValue(value: MappingValue, row: Row): Scalar | undefined {
  if (typeof value === 'string') return row[value] ?? undefined;
  if ('constant' in value) return value.constant;
  const cell = row[value.column];
  if (cell === null || cell === undefined) return undefined;
  if (value.values !== undefined && Object.hasOwn(value.values, cell)) return value.values[cell];
  return value.else === 'drop' ? undefined : cast(cell, value.as ?? 'string');
}

/** True when any of the conditions holds; a rule without any takes every row. */
export function matches(
  when: MappingCondition | readonly MappingCondition[] | undefined,
  row: Row,
  before: Row | null,
): boolean {
  const conditions = conditionsOf(when);
  return conditions.length === 0 || conditions.some(condition => holds(condition, row, before));
}

function conditionsOf(
  when: MappingCondition | readonly MappingCondition[] | undefined,
): readonly MappingCondition[] {
  if (when === undefined) return [];
  return isList(when) ? when : [when];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function holds(condition: MappingCondition, row: Row, before: Row | null): boolean {
  const { first, is, was, becomes, leaves, changed } = condition;
  if (first !== undefined && first !== (before === null)) return false;
  if (is !== undefined && !all(is, (column, values) => values.includes(cell(row, column)))) return false;
  if (
    was !== undefined &&
    !all(was, (column, values) => before !== null && values.includes(cell(before, column)))
  ) {
    return false;
  }
  if (becomes !== undefined && !all(becomes, (column, values) => enters(row, before, column, values)))
    return false;
  if (leaves !== undefined && !all(leaves, (column, values) => exits(row, before, column, values)))
    return false;
  return changed === undefined || [changed].flat().some(column => differs(row, before, column));
}

function all(
  test: ColumnTest,
  check: (column: string, values: readonly (string | null)[]) => boolean,
): boolean {
  return Object.entries(test).every(([column, value]) => check(column, [value].flat()));
}

function enters(row: Row, before: Row | null, column: string, values: readonly (string | null)[]): boolean {
  const now = cell(row, column);
  return values.includes(now) && (before === null || cell(before, column) !== now);
}

function exits(row: Row, before: Row | null, column: string, values: readonly (string | null)[]): boolean {
  if (before === null) return false;
  const then = cell(before, column);
  return values.includes(then) && cell(row, column) !== then;
}

/** In a case's first row every cell that is not empty has changed. */
function differs(row: Row, before: Row | null, column: string): boolean {
  return cell(row, column) !== (before === null ? null : cell(before, column));
}

function cell(row: Row, column: string): string | null {
  return row[column] ?? null;
}

function cast(text: string, as: 'string' | 'number' | 'boolean'): Scalar | undefined {
  if (as === 'string') return text;
  if (as === 'boolean') return /^(?:true|yes|y|1|是)$/i.test(text.trim());
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
}
