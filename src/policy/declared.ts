// Fields that a policy declares: what the contract has already is not declared again, since events of every publisher
// have it with the contract's meaning.
import { ATTRIBUTES } from '../contract/attributes.ts';
import { ENTITIES } from '../contract/event.ts';
import { FIELD_KINDS, type FieldKind } from '../contract/schemas.ts';
import type { Declared } from './fields.ts';
import type { Place } from './place.ts';

type DeclaredKind = Declared extends ReadonlyMap<string, infer Kind> ? Kind : never;

const ADVICE = { expected: 'a name of its own', example: 'attributes: { vip: boolean }' };

/** Whether a name may be a field's: one that JavaScript gives every object is not, and the place is told. */
export function checkName(place: Place, path: string): boolean {
  if (!(path in Object.prototype)) return true;
  place.error(`"${path}" is a name that every event would seem to have`, ADVICE);
  return false;
}

/**
 * Whether a declaration may be used by the rest of the policy; the place is told what is wrong with it. An event-only
 * field of the contract may be declared with its own type: it then outlives its event.
 */
export function checkDeclared(place: Place, path: string, kind: DeclaredKind): boolean {
  if (!checkName(place, path)) return false;
  if (path === 'status') {
    place.error('"status" is kept by the monitor itself, and no event may set it', ADVICE);
    return false;
  }
  if (ENTITIES.some(entity => ATTRIBUTES[entity].has(path))) {
    place.error(`"${path}" is an attribute of the contract already`, {
      expected: 'fields that the contract does not have; leave it out',
      example: ADVICE.example,
    });
    return false;
  }
  const inside = [...FIELD_KINDS.keys()].find(known => known.startsWith(`${path}.`));
  if (inside !== undefined) {
    place.error(`"${path}" is an object of the contract, with "${inside}" in it`, ADVICE);
    return false;
  }
  const outer = [...FIELD_KINDS.keys()].find(known => path.startsWith(`${known}.`));
  if (outer !== undefined) {
    place.error(`"${outer}" is a field of the contract, and nothing is inside it`, ADVICE);
    return true;
  }
  const own = FIELD_KINDS.get(path);
  if (own === undefined) return true;
  const kinds = kindsOf(own);
  if (kinds.includes(kind)) return true;
  const [first] = kinds;
  place.error(
    `"${path}" is a field of the contract and no ${kind}`,
    first === undefined
      ? ADVICE
      : { expected: kinds.join(' or '), example: `attributes: { ${path}: ${first} }` },
  );
  return true;
}

function kindsOf(kind: FieldKind): readonly DeclaredKind[] {
  switch (kind) {
    case 'number':
    case 'boolean':
      return [kind];
    case 'string':
    case 'time':
    case 'text':
      return ['string'];
    case 'scalar':
      return ['string', 'number'];
    case 'list':
      return [];
  }
}
