// The values that events usually carry in a field, as the contract lists them. Any other string is allowed, so one that is
// nearly a usual one is only warned of: most likely it is a slip of the pen, and the rule would never apply.
import { z } from 'zod';
import { STATUS_BY_NAME } from '../contract/attributes.ts';
import type { FieldValue } from '../contract/event.ts';
import { EVENT_DATA } from '../contract/schemas.ts';
import { nearest } from './nearest.ts';
import type { Place } from './place.ts';

interface Field {
  readonly description: string;
  /** Empty where its values are free. */
  readonly usual: readonly string[];
}

const BY_TYPE: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(EVENT_DATA).map(([type, data]) => [type, new Map(fieldsIn('', data.shape))]),
);

/** All fields of events by path, with the values that they usually have in some event. */
export const FIELDS: ReadonlyMap<string, Field> = allFields();

/** All that `status` can ever be: the monitor itself keeps it. */
export const STATUSES: readonly string[] = [...new Set(['open', ...STATUS_BY_NAME.values()])];

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
  const lists = fields.map(one => one.get(path)?.usual ?? []);
  return lists.some(list => list.length === 0) ? [] : [...new Set(lists.flat())];
}

function allFields(): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const [path, field] of [...BY_TYPE.values()].flatMap(one => [...one])) {
    const { description, usual } = fields.get(path) ?? field;
    fields.set(path, {
      description: description.includes(field.description)
        ? description
        : `${description}, or: ${field.description}`,
      usual: [...new Set([...usual, ...field.usual])],
    });
  }
  return fields;
}

function fieldsIn(prefix: string, shape: Readonly<Record<string, unknown>>): [string, Field][] {
  return Object.entries(shape).flatMap(([key, field]): [string, Field][] => {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    if (inner instanceof z.ZodObject) return fieldsIn(`${prefix}${key}.`, inner.shape);
    const { description = '', examples } = inner instanceof z.ZodType ? (inner.meta() ?? {}) : {};
    const usual = Array.isArray(examples) ? examples.filter(one => typeof one === 'string') : [];
    return [[prefix + key, { description, usual }]];
  });
}
