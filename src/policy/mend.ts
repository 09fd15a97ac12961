// Reads pieces of a policy that have not quite the language's shape: what is wrong with the shape is told, and as much as
// possible of the rest is checked all the same, so that all errors come at once. The smallest member that is wrong is
// mended: something stands in for it, or it is left out, and nothing more is said of its place. What stands in is chosen so
// that it gives no errors elsewhere; nothing of it is ever run, since the policy is not sound.
import type { z } from 'zod';
import { ENTITIES, type Entity } from '../contract/event.ts';
import type { Place, Step } from './place.ts';
import { calendarSchema, clockSchema, derivedSchema, indicatorSchema } from './schema.ts';
import { issuesOf, meantKey, reportIssues } from './shape.ts';
import { type StandIns, standInAt } from './stand-ins.ts';

const FIRST_EVENTS: Readonly<Record<Entity, string>> = {
  ticket: 'ticket.created',
  call: 'call.queued',
  chat: 'chat.started',
  agent: 'agent.signed_on',
  shift: 'shift.scheduled',
};

/** Each round mends what the one before uncovered, or something larger where that did not help. */
const ROUNDS_MAX = 16;

export function readClock(place: Place, value: unknown): z.infer<typeof clockSchema> | null {
  return read(place, clockSchema, value, ({ on, start, stop }) => {
    const entity = ENTITIES.find(one => one === on) ?? entityIn(start) ?? entityIn(stop);
    const event = entity === undefined ? null : FIRST_EVENTS[entity];
    // An instant that an event names has no length that warnings could be compared with.
    const keys = {
      rule: 'rule',
      on: entity ?? null,
      start: event,
      stop: event,
      target: { at: 'data.dueAt' },
    };
    return { keys, event };
  });
}

export function readIndicator(place: Place, value: unknown): z.infer<typeof indicatorSchema> | null {
  return read(place, indicatorSchema, value, ({ level }) => {
    const entity = isRecord(level) ? ENTITIES.find(one => one === level.on) : 'ticket';
    return { keys: INDICATOR, event: entity === undefined ? null : FIRST_EVENTS[entity] };
  });
}

const INDICATOR = {
  rule: 'rule',
  count: 'ticket.created',
  of: 'ticket.created',
  window: '24h',
  clock: null,
  level: null,
  mean: 'waitSeconds',
  p50: 'waitSeconds',
  p90: 'waitSeconds',
  p95: 'waitSeconds',
  max: 'waitSeconds',
  share: 'category',
  unit: null,
};

export function readCalendar(place: Place, value: unknown): z.infer<typeof calendarSchema> | null {
  return read(place, calendarSchema, value, () => ({ keys: { always: null, hours: null }, event: null }));
}

/** What is wrong with the shape of an attribute is told already. */
export function mendDerived(place: Place, value: unknown): z.infer<typeof derivedSchema> | null {
  const event = FIRST_EVENTS.ticket;
  return mend(place, derivedSchema, value, () => ({ keys: { set: event }, event }));
}

/** The entity of the first event type that is written. */
function entityIn(condition: unknown): Entity | undefined {
  const text = JSON.stringify(condition) ?? '';
  return ENTITIES.find(entity => new RegExp(`^(?:[{["]|type|:)*${entity}\\.`).test(text));
}

type StandInsOf = (piece: Readonly<Record<string, unknown>>) => StandIns;

function read<T>(place: Place, schema: z.ZodType<T>, value: unknown, standIns: StandInsOf): T | null {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  reportIssues(place, result.error.issues);
  return mend(place, schema, value, standIns);
}

function mend<T>(place: Place, schema: z.ZodType<T>, value: unknown, standIns: StandInsOf): T | null {
  const piece = copyOf(value);
  if (!isRecord(piece)) return null;
  const patient = new Patient(piece, place);
  for (let round = 0; round <= ROUNDS_MAX; round++) {
    const result = schema.safeParse(piece);
    if (result.success) return result.data;
    if (!patient.mend(issuesOf(result.error.issues), standIns(piece))) return null;
  }
  return null;
}

type Path = readonly Step[];
type Holder = Record<string, unknown> | unknown[];

/** A piece that is mended in place, and what was tried of it. */
class Patient {
  readonly #piece: Record<string, unknown>;
  readonly #place: Place;
  readonly #tried = new Set<string>();

  constructor(piece: Record<string, unknown>, place: Place) {
    this.#piece = piece;
    this.#place = place;
  }

  /** Mends what is wrong; false when too little is left that could be judged. */
  mend(issues: ReturnType<typeof issuesOf>, instead: StandIns): boolean {
    const unknown = issues.filter(({ issue }) => issue.code === 'unrecognized_keys');
    // What is missing may be there under the wrong name: so that is set right first, and the rest is looked at again.
    if (unknown.length === 0)
      return issues.every(({ issue, path }) => this.#mendAt(path, issue.code === 'invalid_key', instead));
    for (const { issue, path } of unknown) {
      if (issue.code !== 'unrecognized_keys') continue;
      for (const key of issue.keys) {
        // A key of the other form of a piece, and nothing tells which of the two was meant.
        if (path.length === 0 && instead.keys[key] === null) return false;
        this.#takeOut(path, key);
      }
    }
    return true;
  }

  /** Mends the member at a path, or the smallest one around it that can be. A key that can't be there is taken out. */
  #mendAt(path: Path, isKeyWrong: boolean, instead: StandIns): boolean {
    for (let length = path.length; length > 1; length--) {
      const at = path.slice(0, length);
      const id = JSON.stringify(at);
      if (this.#tried.has(id)) continue;
      this.#tried.add(id);
      const value = isKeyWrong && length === path.length ? undefined : standInAt(at, instead);
      if (this.#replace(at, value)) return true;
    }
    const [key] = path;
    if (typeof key !== 'string' || instead.keys[key] === null) return false;
    return this.#replace([key], instead.keys[key]);
  }

  /** Puts a value at a path, or nothing where it is undefined; false when the one or the other can't be done. */
  #replace(path: Path, value: unknown): boolean {
    const holder = this.#holderAt(path.slice(0, -1));
    const step = path.at(-1) ?? '';
    if (Array.isArray(holder)) {
      // Without the member the others would stand at other places.
      if (typeof step !== 'number' || value === undefined) return false;
      holder[step] = copyOf(value);
    } else if (holder === null) return false;
    else if (value !== undefined) holder[step] = copyOf(value);
    else if (Object.hasOwn(holder, step)) delete holder[step];
    else return false;
    this.#place.at(...path).settle();
    return true;
  }

  /** Takes an unknown key out; what was meant by it stands where it should. */
  #takeOut(path: Path, key: string): void {
    const holder = this.#holderAt(path);
    if (holder === null || Array.isArray(holder)) return;
    const meant = meantKey(this.#place.at(...path), key);
    if (meant !== null && !Object.hasOwn(holder, meant)) holder[meant] = holder[key];
    delete holder[key];
  }

  #holderAt(path: Path): Holder | null {
    let holder: unknown = this.#piece;
    for (const step of path) holder = childOf(holder, step);
    return isRecord(holder) || Array.isArray(holder) ? holder : null;
  }
}

/** A copy in which nothing is there twice, as aliases make it: each place is mended by itself. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyOf(one)]));
}

function childOf(value: unknown, step: Step): unknown {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isRecord(value) ? value[step] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
