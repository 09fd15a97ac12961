// Reads pieces of a policy that have not quite the language's shape: what is wrong with the shape is told, and as much as
// possible of the rest is checked all the same, so that all errors come at once. What is put in the place of a broken
// key is chosen so that it gives no errors of its own; nothing of it is ever run, since the policy is not sound.
import type { z } from 'zod';
import { ENTITIES, type Entity } from '../contract/event.ts';
import type { Place, Step } from './place.ts';
import { calendarSchema, clockSchema, indicatorSchema } from './schema.ts';
import { issuesOf, meantKey, reportIssues } from './shape.ts';

/** What stands for a broken key; null: without it nothing of the piece can be judged. A key without an entry is left out. */
type StandIns = (piece: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

const FIRST_EVENTS: Readonly<Record<Entity, string>> = {
  ticket: 'ticket.created',
  call: 'call.queued',
  chat: 'chat.started',
  agent: 'agent.signed_on',
  shift: 'shift.scheduled',
};

/** Each round mends what the one before uncovered; whatever needs more is left alone. */
const ROUNDS_MAX = 8;

export function readClock(place: Place, value: unknown): z.infer<typeof clockSchema> | null {
  return read(place, clockSchema, value, ({ on, start, stop }) => {
    const entity = ENTITIES.find(one => one === on) ?? entityIn(start) ?? entityIn(stop);
    const event = entity === undefined ? null : FIRST_EVENTS[entity];
    // An instant that an event names has no length that warnings could be compared with.
    return { rule: 'rule', on: entity ?? null, start: event, stop: event, target: { at: 'data.dueAt' } };
  });
}

export function readIndicator(place: Place, value: unknown): z.infer<typeof indicatorSchema> | null {
  return read(place, indicatorSchema, value, () => ({
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
  }));
}

export function readCalendar(place: Place, value: unknown): z.infer<typeof calendarSchema> | null {
  return read(place, calendarSchema, value, () => ({ always: null, hours: null }));
}

/** The entity of the first event type that is written. */
function entityIn(condition: unknown): Entity | undefined {
  const text = JSON.stringify(condition) ?? '';
  return ENTITIES.find(entity => new RegExp(`^(?:[{["]|type|:)*${entity}\\.`).test(text));
}

function read<T>(place: Place, schema: z.ZodType<T>, value: unknown, standIns: StandIns): T | null {
  let result = schema.safeParse(value);
  if (result.success) return result.data;
  reportIssues(place, result.error.issues);
  const piece: unknown = structuredClone(value);
  for (let round = 0; round < ROUNDS_MAX && isRecord(piece); round++) {
    if (!mend(piece, place, issuesOf(result.error.issues), standIns(piece))) return null;
    result = schema.safeParse(piece);
    if (result.success) return result.data;
  }
  return null;
}

/** Mends what is wrong; false when too little is left that could be judged. */
function mend(
  piece: Record<string, unknown>,
  place: Place,
  issues: ReturnType<typeof issuesOf>,
  instead: Readonly<Record<string, unknown>>,
): boolean {
  const unknown = issues.filter(({ issue }) => issue.code === 'unrecognized_keys');
  // What is missing may be there under the wrong name: so that is set right first, and the rest is looked at again.
  if (unknown.length === 0) return issues.every(({ path }) => replace(piece, path[0], instead));
  for (const { issue, path } of unknown) {
    if (issue.code !== 'unrecognized_keys') continue;
    for (const key of issue.keys) {
      // A key of the other form of a piece, and nothing tells which of the two was meant.
      if (path.length === 0 && instead[key] === null) return false;
      takeOut(piece, place, path, key);
    }
  }
  return true;
}

/** Takes an unknown key out; what was meant by it stands where it should. */
function takeOut(piece: unknown, place: Place, path: readonly Step[], key: string): void {
  let holder = piece;
  for (const step of path) holder = childOf(holder, step);
  if (!isRecord(holder)) return;
  const meant = meantKey(place.at(...path), key);
  if (meant !== null && !Object.hasOwn(holder, meant)) holder[meant] = holder[key];
  delete holder[key];
}

/** False when the piece can't be judged without the key. */
function replace(
  piece: Record<string, unknown>,
  key: Step | undefined,
  standIns: Readonly<Record<string, unknown>>,
): boolean {
  if (typeof key !== 'string' || standIns[key] === null) return false;
  if (standIns[key] === undefined) delete piece[key];
  else piece[key] = standIns[key];
  return true;
}

function childOf(value: unknown, step: Step): unknown {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isRecord(value) ? value[step] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
