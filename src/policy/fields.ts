// What a condition may name: event types, data fields and their kinds, attributes of cases. The contract's schemas
// say which there are.
import { ATTRIBUTES } from '../contract/attributes.ts';
import { ENTITIES, type Entity } from '../contract/event.ts';
import { EVENT_DATA, FIELD_KINDS, type FieldKind } from '../contract/schemas.ts';

export type Declared = ReadonlyMap<string, 'string' | 'number' | 'boolean'>;

export const EVENT_TYPES: ReadonlySet<string> = new Set(Object.keys(EVENT_DATA));

/** The entity of an event type; types are known to be well formed here. */
export function entityOf(type: string): Entity {
  const found = ENTITIES.find(entity => type.startsWith(`${entity}.`));
  if (found === undefined) throw new Error(`no entity in event type ${type}`);
  return found;
}

/** The kind of a field of events or cases, or null when neither the contract nor the policy knows it. */
export function kindOf(path: string, declared: Declared): FieldKind | null {
  // `status` is the monitor's own: no event carries it.
  return FIELD_KINDS.get(path) ?? declared.get(path) ?? (path === 'status' ? 'string' : null);
}

/** True when a field outlives its event: an attribute of the entity, `status`, or one that the policy declares. */
export function isAttribute(path: string, entity: Entity, declared: Declared): boolean {
  return path === 'status' || declared.has(path) || ATTRIBUTES[entity].has(path);
}

export function attributesOf(entity: Entity, declared: Declared): string[] {
  return ['status', ...ATTRIBUTES[entity], ...declared.keys()];
}

export function fieldsKnown(declared: Declared): string[] {
  return ['status', ...FIELD_KINDS.keys(), ...declared.keys()];
}
