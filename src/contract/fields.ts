// Flattens checked, masked data into the fields that the engine keeps: those of the contract and those that the
// policy declares. Everything else is left behind here. Texts are Unicode from here on: half a surrogate pair becomes U+FFFD,
// since as part of a group's name it would be another one in Redis than in memory, and none at all in an id.
import type { FieldValue } from './event.ts';
import { isObject } from './object.ts';
import { FIELD_KINDS, type FieldKind } from './schemas.ts';
import { formatTime, parseTime } from './time.ts';

/** Fields that a policy declares, by path. */
export type DeclaredFields = ReadonlyMap<string, 'string' | 'number' | 'boolean'>;

/** Code points of free text that are kept. */
export const TEXT_KEPT_MAX = 200;
/** UTF-16 units of a name that are kept; longer ones occur only on types that do not know the field. */
const NAME_UNITS_MAX = 512;

/** Contract fields inside an object, such as `customer`: key → full path and kind. */
const NESTED: ReadonlyMap<string, ReadonlyMap<string, readonly [string, FieldKind]>> = nestedKinds();

/**
 * Writes into `out` what is kept of `data`. Gives null, or what is wrong with a declared field. A contract field on
 * a type that does not list it is kept if its type fits, and else left out: there it is an unknown field.
 */
export function flattenFields(
  data: Readonly<Record<string, unknown>>,
  declared: DeclaredFields,
  out: Record<string, FieldValue>,
): string | null {
  for (const key in data) {
    const kind = FIELD_KINDS.get(key);
    const value = data[key];
    if (kind !== undefined) keep(out, key, kind, value);
    else if (isObject(value)) keepNested(out, key, value);
  }
  return declared.size === 0 ? null : keepDeclared(data, declared, out);
}

function keepNested(
  out: Record<string, FieldValue>,
  key: string,
  value: Readonly<Record<string, unknown>>,
): void {
  const kinds = NESTED.get(key);
  if (kinds === undefined) return;
  for (const inner in value) {
    const found = kinds.get(inner);
    if (found !== undefined) keep(out, found[0], found[1], value[inner]);
  }
}

function keep(out: Record<string, FieldValue>, path: string, kind: FieldKind, value: unknown): void {
  switch (kind) {
    case 'string':
      if (typeof value === 'string' && value.length <= NAME_UNITS_MAX) out[path] = value.toWellFormed();
      return;
    case 'scalar':
      if (typeof value === 'number') out[path] = value;
      else if (typeof value === 'string' && value.length <= NAME_UNITS_MAX) out[path] = value.toWellFormed();
      return;
    case 'number':
      if (typeof value === 'number') out[path] = value;
      return;
    case 'boolean':
      if (typeof value === 'boolean') out[path] = value;
      return;
    case 'list':
      if (Array.isArray(value))
        out[path] = value.filter(item => typeof item === 'string').map(item => item.toWellFormed());
      return;
    case 'time':
      keepTime(out, path, value);
      return;
    case 'text':
      if (typeof value === 'string') out[path] = cut(value);
      return;
    default:
      kind satisfies never;
  }
}

function keepTime(out: Record<string, FieldValue>, path: string, value: unknown): void {
  if (typeof value !== 'string') return;
  const time = parseTime(value);
  if (time !== null) out[path] = formatTime(time);
}

function keepDeclared(
  data: Readonly<Record<string, unknown>>,
  declared: DeclaredFields,
  out: Record<string, FieldValue>,
): string | null {
  for (const [path, type] of declared) {
    if (FIELD_KINDS.has(path)) continue;
    const value = at(data, path);
    if (value === undefined) continue;
    if (typeof value === 'string' && type === 'string') out[path] = cut(value);
    else if (typeof value === 'number' && type === 'number') out[path] = value;
    else if (typeof value === 'boolean' && type === 'boolean') out[path] = value;
    // A number that was masked because it is somebody's phone or card is left out, here and after HTTP alike.
    else if (!(type === 'number' && typeof value === 'string' && value.startsWith('***'))) {
      return `data.${path}: expected ${type}, found ${value === null ? 'null' : typeof value}`;
    }
  }
  return null;
}

/** The member at a path, own members only. */
function at(data: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(data, path)) return data[path];
  if (!path.includes('.')) return undefined;
  let value: unknown = data;
  for (const part of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** At most 200 code points, never half a surrogate pair. */
function cut(text: string): string {
  if (text.length <= TEXT_KEPT_MAX) return text.toWellFormed();
  let out = '';
  let count = 0;
  for (const char of text) {
    if (count++ === TEXT_KEPT_MAX) break;
    out += char;
  }
  return out.toWellFormed();
}

function nestedKinds(): Map<string, Map<string, readonly [string, FieldKind]>> {
  const nested = new Map<string, Map<string, readonly [string, FieldKind]>>();
  for (const [path, kind] of FIELD_KINDS) {
    const dot = path.indexOf('.');
    if (dot < 0) continue;
    const outer = path.slice(0, dot);
    const inner = nested.get(outer) ?? new Map<string, readonly [string, FieldKind]>();
    nested.set(outer, inner.set(path.slice(dot + 1), [path, kind]));
  }
  return nested;
}
