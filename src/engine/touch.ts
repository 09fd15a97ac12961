// What an event concerns on a case, found before it is applied: the attributes that it changes, and by these and its type
// the rules that listen. So the cost of an event follows the rules that it touches, not the size of the policy.
import { ATTRIBUTES, STATUS_BY_NAME } from '../contract/attributes.ts';
import type { Entity, Fields, FieldValue, SlaEvent } from '../contract/event.ts';
import type { CompiledPolicy, Listeners } from '../policy/compiled.ts';
import { happens } from './match.ts';

export interface Touch {
  /** The case's attributes after the event. */
  readonly attributes: Fields;
  readonly changed: readonly string[];
  readonly concern: Concern;
}

/** The rules that events of a type concern which change certain attributes, by index; lists are in rising order. */
export interface Concern {
  /** Whether the event may move this clock. */
  readonly moves: readonly boolean[];
  /** Clocks that it may begin: by starting them, or by opening their gate. */
  readonly begins: readonly number[];
  readonly pauses: readonly number[];
  /** Clocks that it may move, itself or by their pauses. */
  readonly clocks: readonly number[];
  /** Levels, and shares of these clocks: the case's whole contribution may change. */
  readonly whole: readonly number[];
  /** Figures of events: this one adds to them, and where attributes change, earlier ones may count otherwise. */
  readonly counted: readonly number[];
}

/** The policy and the attributes of a case. */
interface Standpoint {
  readonly policy: CompiledPolicy;
  readonly entity: Entity;
  readonly attributes: Fields;
}

/** Finds what an event would change, without changing anything. */
export function touchOf(fold: Standpoint, event: SlaEvent): Touch {
  const changed: string[] = [];
  const attributes = attributesAfter(fold, event, changed);
  return { attributes, changed, concern: concernOf(fold.policy, fold.entity, event.type, changed) };
}

/** Concerns by event type and changed attributes, found once: few combinations occur, and they occur all the time. */
const FOUND = new WeakMap<CompiledPolicy, Map<string, Concern>>();
/** Beyond so many combinations they are forgotten and found again. */
const FOUND_MAX = 5_000;

function concernOf(
  policy: CompiledPolicy,
  entity: Entity,
  type: string,
  changed: readonly string[],
): Concern {
  let known = FOUND.get(policy);
  if (known === undefined || known.size > FOUND_MAX) {
    known = new Map();
    FOUND.set(policy, known);
  }
  const key = changed.length === 0 ? type : `${type} ${changed.join(' ')}`;
  let concern = known.get(key);
  if (concern === undefined) {
    concern = findConcern(policy, entity, type, changed);
    known.set(key, concern);
  }
  return concern;
}

const NOBODY: Listeners = { clocks: [], pauses: [], indicators: [] };

function findConcern(
  policy: CompiledPolicy,
  entity: Entity,
  type: string,
  changed: readonly string[],
): Concern {
  const own = policy.byType.get(type) ?? NOBODY;
  const byAttribute = policy.byAttribute.get(entity);
  const readers = changed.map(path => byAttribute?.get(path) ?? NOBODY);
  const read = new Set(readers.flatMap(({ clocks }) => clocks));
  const moved = new Set([...own.clocks, ...read]);
  const paused = new Set([...own.pauses, ...readers.flatMap(({ pauses }) => pauses)]);
  const indicators = new Set([...own.indicators, ...readers.flatMap(each => each.indicators)]);
  const concerned = policy.clocks.filter(
    ({ index, pauses }) => moved.has(index) || pauses.some(pause => paused.has(pause)),
  );
  const clocks = concerned.map(({ index }) => index);
  const whole = policy.indicators.filter(({ index, measure }) => {
    if (measure.kind === 'clock') return indicators.has(index) || clocks.includes(measure.clock);
    return measure.kind === 'level' && indicators.has(index);
  });
  return {
    moves: policy.clocks.map(({ index }) => moved.has(index)),
    begins: policy.clocks
      .filter(({ index, start }) => {
        const isStart = moved.has(index) && start.some(one => 'type' in one && one.type === type);
        return isStart || read.has(index);
      })
      .map(({ index }) => index),
    pauses: [...paused].sort((a, b) => a - b),
    clocks,
    whole: whole.map(({ index }) => index),
    counted: policy.indicators
      .filter(({ index, measure }) => {
        return indicators.has(index) && measure.kind !== 'level' && measure.kind !== 'clock';
      })
      .map(({ index }) => index),
  };
}

/**
 * The attributes after an event, the same object when it changes none; pushes the paths that it changes. They are never
 * changed in place, so that what was before an event can still be seen after it.
 */
export function attributesAfter(
  { policy, entity, attributes: before }: Standpoint,
  event: SlaEvent,
  changed: string[],
): Fields {
  let after: Record<string, FieldValue> | undefined;
  const lasting = ATTRIBUTES[entity];
  const { attributes: declared } = policy;
  for (const path in event.fields) {
    const value = event.fields[path];
    if (value === undefined || !(lasting.has(path) || declared.has(path))) continue;
    if (sameValue(before[path], value)) continue;
    after ??= { ...before };
    after[path] = value;
    changed.push(path);
  }
  const status = STATUS_BY_NAME.get(event.type.slice(entity.length + 1)) ?? before.status ?? 'open';
  if (status !== before.status) {
    after ??= { ...before };
    after.status = status;
    changed.push('status');
  }
  return derive(policy, event, before, after, changed) ?? before;
}

/**
 * Adds the attributes that the policy derives: each is false from a case's first event on, and true from the first one
 * that sets it. `after` is what the event made of `before`, and belongs to nobody else yet; undefined: it changed nothing.
 */
function derive(
  { derived }: CompiledPolicy,
  event: SlaEvent,
  before: Fields,
  after: Record<string, FieldValue> | undefined,
  changed: string[],
): Fields | undefined {
  let written = after;
  for (const { path, entities, set } of derived) {
    const was = before[path];
    if (was === true || !entities.has(event.entity)) continue;
    const value = happens(set, event, before, written ?? before);
    if (value === was) continue;
    written ??= { ...before };
    written[path] = value;
    changed.push(path);
  }
  return written;
}

/** Whether a field outlives its event on the cases of an entity. */
export function isAttributeOf(
  { attributes, derived }: CompiledPolicy,
  entity: Entity,
  path: string,
): boolean {
  if (path === 'status' || ATTRIBUTES[entity].has(path) || attributes.has(path)) return true;
  for (const one of derived) if (one.path === path) return true;
  return false;
}

function sameValue(a: FieldValue | undefined, b: FieldValue): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
