// What a condition may name: event types, data fields and their kinds, attributes of cases.
import { ATTRIBUTES } from '../contract/attributes.ts';
import { ENTITIES, type Entity } from '../contract/event.ts';

export type FieldKind = 'string' | 'number' | 'boolean' | 'list';
export type Declared = ReadonlyMap<string, 'string' | 'number' | 'boolean'>;

const NAMES: Readonly<Record<Entity, string>> = {
  ticket:
    'created updated acknowledged assigned replied informed solution_proposed solution_rejected solution_implemented ' +
    'confirmed escalated pending resumed promised promise_kept handed_over department_assigned department_finished ' +
    'stage_completed dispatched visit_agreed arrived graded flagged resolved reopened closed cancelled followed_up ' +
    'surveyed reviewed waived merged',
  call: 'queued ringing announced answered held retrieved transferred abandoned ended risk_flagged surveyed',
  chat: 'started message handed_over ended risk_flagged surveyed',
  agent: 'signed_on state_changed signed_off',
  shift: 'scheduled started ended',
};

const KINDS: Readonly<Record<Exclude<FieldKind, 'string'>, string>> = {
  number: 'csat nps rings waitSeconds talkSeconds holdSeconds wrapSeconds required score',
  boolean: 'details customerInformed done passed firstContact',
  list: 'queues agents',
};

const STRINGS =
  'by about expectedAt level to reason promise dueAt what from department stage nextDueAt flag satisfaction reviewer ' +
  'risk state shift start end tier rule why into status';

export const EVENT_TYPES: ReadonlySet<string> = new Set(
  ENTITIES.flatMap(entity => NAMES[entity].split(' ').map(name => `${entity}.${name}`)),
);

const FIELD_KINDS: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  ...STRINGS.split(' ').map(name => [name, 'string'] as const),
  ...ENTITIES.flatMap(entity => [...ATTRIBUTES[entity]].map(name => [name, 'string'] as const)),
  ...KINDS.number.split(' ').map(name => [name, 'number'] as const),
  ...KINDS.boolean.split(' ').map(name => [name, 'boolean'] as const),
  ...KINDS.list.split(' ').map(name => [name, 'list'] as const),
]);

/** The entity of an event type; types are known to be well formed here. */
export function entityOf(type: string): Entity {
  const found = ENTITIES.find(entity => type.startsWith(`${entity}.`));
  if (found === undefined) throw new Error(`no entity in event type ${type}`);
  return found;
}

/** The kind of a field of events or cases, or null when neither the contract nor the policy knows it. */
export function kindOf(path: string, declared: Declared): FieldKind | null {
  return declared.get(path) ?? FIELD_KINDS.get(path) ?? null;
}

/** True when a field outlives its event: an attribute of the entity, `status`, or one that the policy declares. */
export function isAttribute(path: string, entity: Entity, declared: Declared): boolean {
  return path === 'status' || declared.has(path) || ATTRIBUTES[entity].has(path);
}

export function attributesOf(entity: Entity, declared: Declared): string[] {
  return ['status', ...ATTRIBUTES[entity], ...declared.keys()];
}

export function fieldsKnown(declared: Declared): string[] {
  return [...FIELD_KINDS.keys(), ...declared.keys()];
}
