// The values that events usually carry in a field, as the contract lists them. Any other string is allowed, so one that is
// nearly a usual one is only warned of: most likely it is a slip of the pen, and the rule would never apply.
import { z } from 'zod';
import { STATUS_BY_NAME } from '../contract/attributes.ts';
import type { FieldValue } from '../contract/event.ts';
import { EVENT_DATA } from '../contract/schemas.ts';
import { nearest } from './nearest.ts';
import type { Place } from './place.ts';

/** What a field's value is usually one of, by type and path; a field whose values are free has none. */
const BY_TYPE: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> = new Map(
  Object.entries(EVENT_DATA).map(([type, data]) => [type, new Map(listedIn('', data.shape))]),
);

/** All that `status` can ever be: the monitor itself keeps it. */
const STATUSES: readonly string[] = [...new Set(['open', ...STATUS_BY_NAME.values()])];

/** Some publishers' own values differ from a usual one by a letter in three or more (`minor` and `major`): those are no slips. */
const LETTERS_A_SLIP = 4;

/** Warns of a value that is probably misspelt: of the field in events of these types, or in any where none is given. */
export function warnOfSlip(place: Place, path: string, value: FieldValue, types: readonly string[]): void {
  if (typeof value !== 'string') return;
  if (path === 'status') {
    warnOfStatus(place, value);
    return;
  }
  const usual = usualValues(path, types);
  if (usual.length === 0 || usual.includes(value)) return;
  const near = nearest(value, usual, lettersOff(value));
  if (near !== null) place.warn(`"${value}" is no usual value of ${path}; did you mean "${near}"?`);
}

function warnOfStatus(place: Place, value: string): void {
  if (STATUSES.includes(value)) return;
  const near = nearest(value, STATUSES, lettersOff(value));
  const hint = near === null ? `it is one of ${STATUSES.join(', ')}` : `did you mean "${near}"?`;
  place.warn(`"${value}" is never a value of status; ${hint}`);
}

function lettersOff(value: string): number {
  return Math.max(1, Math.floor(value.length / LETTERS_A_SLIP));
}

/** Empty where the values are free, be it in one of the types only. */
function usualValues(path: string, types: readonly string[]): readonly string[] {
  const carrying = types.flatMap(type => {
    const fields = BY_TYPE.get(type);
    return fields?.has(path) ? [fields] : [];
  });
  // A field that the types don't carry is the case's, from whichever event it came.
  const fields = carrying.length > 0 ? carrying : [...BY_TYPE.values()].filter(one => one.has(path));
  const lists = fields.map(one => one.get(path) ?? []);
  return lists.some(list => list.length === 0) ? [] : [...new Set(lists.flat())];
}

function listedIn(prefix: string, shape: Readonly<Record<string, unknown>>): [string, readonly string[]][] {
  return Object.entries(shape).flatMap(([key, field]): [string, readonly string[]][] => {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    if (inner instanceof z.ZodObject) return listedIn(`${prefix}${key}.`, inner.shape);
    const examples = inner instanceof z.ZodString ? (inner.meta()?.examples ?? []) : [];
    return [[prefix + key, Array.isArray(examples) ? examples.filter(one => typeof one === 'string') : []]];
  });
}
