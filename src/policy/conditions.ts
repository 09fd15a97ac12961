// From conditions as a policy writes them to matchers: types and fields that exist, values of the right kind.
import { ATTRIBUTES } from '../contract/attributes.ts';
import type { Entity, FieldValue } from '../contract/event.ts';
import type { FieldKind } from '../contract/schemas.ts';
import type { AttributeCondition, EventMatcher, FieldTest, Occasion } from './compiled.ts';
import {
  attributesOf,
  type Declared,
  EVENT_TYPES,
  entityOf,
  fieldsKnown,
  isAttribute,
  kindOf,
} from './fields.ts';
import { nearest } from './nearest.ts';
import type {
  EventText,
  OneEventText,
  OneStartText,
  StartText,
  TestsText,
  ValueText,
  WhenText,
} from './notation.ts';
import type { Place } from './place.ts';
import { warnOfSlip } from './usual.ts';

/** Compiles an event condition. With an entity, types of another entity are errors. */
export function compileEvents(
  place: Place,
  text: EventText,
  entity: Entity | null,
  declared: Declared,
): EventMatcher[] {
  if (!Array.isArray(text)) return compileEvent(place, text, entity, declared);
  return text.flatMap((one, i) => compileEvent(place.at(i), one, entity, declared));
}

/** Compiles what may be event conditions and `becomes`: a start, the ends of a pause. */
export function compileStart(place: Place, text: StartText, entity: Entity, declared: Declared): Occasion[] {
  const one = (at: Place, item: OneStartText): Occasion[] => {
    if (isBecomes(item)) {
      if (Object.keys(item.becomes).length === 0) {
        at.at('becomes').error('"becomes" names no attribute, so it never happens', {
          expected: 'attributes with the value that they come to have',
          example: 'start: { becomes: { urgency: urgent } }',
        });
      }
      return [{ becomes: compileAttributes(at.at('becomes'), item.becomes, entity, declared) }];
    }
    return compileEvent(at, item, entity, declared);
  };
  return Array.isArray(text) ? text.flatMap((item, i) => one(place.at(i), item)) : one(place, text);
}

/** Compiles `when`: any of the conditions, each of tests on attributes. */
export function compileWhen(
  place: Place,
  text: WhenText | undefined,
  entity: Entity,
  declared: Declared,
): AttributeCondition[] {
  if (text === undefined) return [];
  if (!isList(text)) return [compileAttributes(place, text, entity, declared)];
  return text.map((tests, i) => compileAttributes(place.at(i), tests, entity, declared));
}

/** A start without a type is no event condition. */
export function isBecomes(item: OneStartText): item is Extract<OneStartText, { becomes: TestsText }> {
  return typeof item !== 'string' && !('type' in item);
}

function isList(text: WhenText): text is TestsText[] {
  return Array.isArray(text);
}

function compileEvent(
  place: Place,
  text: OneEventText,
  entity: Entity | null,
  declared: Declared,
): EventMatcher[] {
  if (typeof text === 'string') return checkType(place, text, entity) ? [{ type: text, tests: [] }] : [];
  const { type, present = [], ...fields } = text;
  const types = Array.isArray(type) ? type : [type];
  const known = types.filter((name, i) =>
    checkType(Array.isArray(type) ? place.at('type', i) : place.at('type'), name, entity),
  );
  const tests = Object.entries(fields).flatMap(([path, values]) =>
    compileTest(place.at(path), path, values, declared, known),
  );
  const listed = Array.isArray(present);
  for (const [i, path] of (listed ? present : [present]).entries()) {
    if (checkField(listed ? place.at('present', i) : place.at('present'), path, declared))
      tests.push({ path, values: null });
  }
  return known.map(name => ({ type: name, tests }));
}

function checkType(place: Place, type: string, entity: Entity | null): boolean {
  const example =
    entity === null ? 'ticket.created' : ([...EVENT_TYPES].find(t => entityOf(t) === entity) ?? '');
  if (!EVENT_TYPES.has(type)) {
    const near = nearest(type, EVENT_TYPES);
    const hint = near === null ? '' : `; did you mean ${near}?`;
    place.error(`no event has the type "${type}"${hint}`, {
      expected: 'an event type',
      example: near ?? example,
    });
    return false;
  }
  if (entity !== null && entityOf(type) !== entity) {
    place.error(`"${type}" is no event of a ${entity}`, { expected: `an event type of ${entity}`, example });
    return false;
  }
  return true;
}

function compileAttributes(place: Place, text: TestsText, entity: Entity, declared: Declared): FieldTest[] {
  return Object.entries(text).flatMap(([path, values]) => {
    // A test that is complained about stays: without it the condition would say more than was written.
    if (!checkAttribute(place.at(path), path, entity, declared))
      return [{ path, values: Array.isArray(values) ? values : [values] }];
    return compileTest(place.at(path), path, values, declared, []);
  });
}

/** Complains about a path that is no attribute of the entity's cases. */
export function checkAttribute(place: Place, path: string, entity: Entity, declared: Declared): boolean {
  if (isAttribute(path, entity, declared)) return true;
  const near = nearest(path, attributesOf(entity, declared));
  const hint = near === null ? '' : `; did you mean ${near}?`;
  const only = kindOf(path, declared) === null ? '' : ' (the field belongs to its event only)';
  const first = [...ATTRIBUTES[entity]][0] ?? 'status';
  place.error(`"${path}" is no attribute of a ${entity}${only}${hint}`, {
    expected: 'an attribute of the contract, status, or one declared under attributes',
    example: near ?? first,
  });
  return false;
}

/** Complains about a path that neither events nor cases have. */
export function checkField(place: Place, path: string, declared: Declared): boolean {
  if (kindOf(path, declared) !== null) return true;
  const near = nearest(path, fieldsKnown(declared));
  const hint = near === null ? '' : `; did you mean ${near}?`;
  place.error(`no schema knows the field "${path}"${hint}`, {
    expected: 'a data field of the contract or one declared under attributes',
    example: near ?? 'attributes: { vip: boolean }',
  });
  return false;
}

function compileTest(
  place: Place,
  path: string,
  values: ValueText,
  declared: Declared,
  types: readonly string[],
): FieldTest[] {
  const list: FieldValue[] = Array.isArray(values) ? values : [values];
  const test = { path, values: list };
  if (!checkField(place, path, declared)) return [test];
  const wanted = typesOf(kindOf(path, declared));
  const wrong = list.findIndex(value => !wanted.includes(typeof value));
  if (wrong >= 0) {
    const at = Array.isArray(values) ? place.at(wrong) : place;
    const expected = wanted.map(type => `a ${type}`).join(' or ');
    at.error(`"${path}" is ${expected}, ${JSON.stringify(list[wrong])} is a ${typeof list[wrong]}`, {
      expected,
      example: `${path}: ${EXAMPLES[wanted[0] ?? 'string']}`,
    });
  }
  for (const [i, value] of list.entries()) {
    const at = Array.isArray(values) ? place.at(i) : place;
    if (at !== place && typeof value === 'string' && value.includes('，'))
      at.warn(`"${value}" is one value: a full-width comma (，) parts none`);
    warnOfSlip(at, path, value, types);
  }
  return [test];
}

const EXAMPLES: Readonly<Record<string, string>> = { boolean: 'true', number: '5', string: '"some text"' };

/** What a tested value may be in JavaScript; a list is tested member by member. */
function typesOf(kind: FieldKind | null): readonly string[] {
  switch (kind) {
    case 'boolean':
      return ['boolean'];
    case 'number':
      return ['number'];
    case 'scalar':
      return ['string', 'number'];
    case 'string':
    case 'list':
    case 'time':
    case 'text':
    case null:
      return ['string'];
  }
}

/** `data.dueAt` and `dueAt` are the same field. */
export function fieldPath(path: string): string {
  return path.startsWith('data.') ? path.slice('data.'.length) : path;
}
