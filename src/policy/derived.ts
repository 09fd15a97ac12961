// Attributes that no event carries: a policy says which events set them, and from then on they are true. So a rule can
// look at something that happened, where the field that told of it belonged to its event only.
import { ENTITIES, type Entity } from '../contract/event.ts';
import type { DerivedAttribute, Occasion } from './compiled.ts';
import { compileEvents, compileStart, isBecomes } from './conditions.ts';
import { checkName } from './declared.ts';
import { type Declared, entityOf, isAttribute, kindOf } from './fields.ts';
import type { OneStartText, StartText } from './notation.ts';
import type { Place } from './place.ts';

/** A derived attribute as it is written, with the place of its declaration. */
export interface DerivedText {
  readonly path: string;
  readonly place: Place;
  readonly set: StartText;
}

/** What conditions may name: the attributes that events carry, and the derived ones, which are true or false. */
export function withDerived(carried: Declared, derived: readonly DerivedText[]): Declared {
  return new Map([...carried, ...derived.map(({ path }) => [path, 'boolean'] as const)]);
}

/** Its conditions may test what events carry, no derived attribute: so none depends on the order of the others. */
export function compileDerived(texts: readonly DerivedText[], carried: Declared): DerivedAttribute[] {
  const seen = new Set<string>();
  return texts.map(({ path, place, set }) => {
    checkName(place, path);
    if (kindOf(path, carried) !== null || seen.has(path)) {
      place.error(`"${path}" is there already, so events can't set it`, {
        expected: 'a name that neither the contract nor the policy knows',
        example: 'awaited_parts: { set: { type: ticket.pending, reason: parts } }',
      });
    }
    seen.add(path);
    const found = (Array.isArray(set) ? set : [set]).map((one, i) =>
      compileOne(Array.isArray(set) ? place.at('set', i) : place.at('set'), one, carried),
    );
    return {
      path,
      entities: new Set(found.flatMap(({ entities }) => entities)),
      set: found.flatMap(({ occasions }) => occasions),
    };
  });
}

interface Setting {
  readonly entities: readonly Entity[];
  readonly occasions: readonly Occasion[];
}

/** An event belongs to its entity; `becomes` concerns every entity whose cases have the attribute. */
function compileOne(place: Place, text: OneStartText, carried: Declared): Setting {
  if (!isBecomes(text)) {
    const events = compileEvents(place, text, null, carried);
    return { entities: events.map(({ type }) => entityOf(type)), occasions: events };
  }
  const entities = ENTITIES.filter(entity =>
    Object.keys(text.becomes).every(path => isAttribute(path, entity, carried)),
  );
  return { entities, occasions: compileStart(place, text, entities[0] ?? 'ticket', carried) };
}
