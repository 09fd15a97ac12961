// How a case is kept: its events and when it was last evaluated, as one JSON array. Everything else is folded again.
//   [format, policy hash, evaluatedAt, acceptedAt, first instant, sources, events]
//   event: [ms after the first instant, type without its entity, id, index of source, digest, fields or 0, sequence?]
import { ENTITIES, type Entity, type Fields, type SlaEvent } from '../contract/event.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { type CaseState, restoreCase } from './case.ts';

const FORMAT = 1;

type StoredEvent = readonly [
  afterMs: number,
  name: string,
  id: string,
  source: number,
  digest: string,
  fields: Fields | 0,
  sequence?: string,
];
type StoredCase = readonly [
  format: typeof FORMAT,
  policy: string,
  evaluatedAt: number,
  acceptedAt: number,
  first: number,
  sources: readonly string[],
  events: readonly StoredEvent[],
];

/** `entity/id`: the key of a case in a partition's state. */
export function caseKey(entity: Entity, id: string): string {
  return `${entity}/${id}`;
}

export function parseCaseKey(key: string): { readonly entity: Entity; readonly id: string } {
  const slash = key.indexOf('/');
  const entity = ENTITIES.find(name => name === key.slice(0, slash));
  if (entity === undefined) throw new Error(`not a case key: ${key}`);
  return { entity, id: key.slice(slash + 1) };
}

/** Encodes a case. Events that were encoded before and have only been added to are not encoded again. */
export function encodeCase(state: CaseState): string {
  const { events, policy, evaluatedAt, acceptedAt } = state;
  const first = events[0]?.time ?? 0;
  const before = state.encoding;
  if (before === null || before.count < events.length) {
    let text = before?.text ?? '';
    const sources = [...(before?.sources ?? [])];
    for (let i = before?.count ?? 0; i < events.length; i++) {
      const event = events[i];
      if (event === undefined) break;
      const stored: StoredEvent = storeEvent(event, first, sources);
      text += i === 0 ? JSON.stringify(stored) : `,${JSON.stringify(stored)}`;
    }
    state.encoding = { count: events.length, text, sources };
  }
  const { text, sources } = state.encoding ?? { text: '', sources: [] };
  return `[${FORMAT},"${policy.hash}",${evaluatedAt},${acceptedAt},${first},${JSON.stringify(sources)},[${text}]]`;
}

function storeEvent(event: SlaEvent, first: number, sources: string[]): StoredEvent {
  let source = sources.indexOf(event.source);
  if (source < 0) source = sources.push(event.source) - 1;
  const after = event.time - first;
  const name = event.type.slice(event.entity.length + 1);
  const fields = isEmpty(event.fields) ? 0 : event.fields;
  return event.sequence === undefined
    ? [after, name, event.id, source, event.digest, fields]
    : [after, name, event.id, source, event.digest, fields, event.sequence];
}

function isEmpty(fields: Fields): boolean {
  for (const _ in fields) return false;
  return true;
}

const NO_FIELDS: Fields = {};

/**
 * Rebuilds a kept case under the policy by which it was last evaluated, which `policyOf` finds by hash.
 * Throws when the text is not one that `encodeCase` made: the state is broken, and must not be guessed at.
 */
export function decodeCase(
  policyOf: (hash: string) => CompiledPolicy,
  key: string,
  text: string,
  closedKeepMs?: number,
): CaseState {
  const stored: unknown = JSON.parse(text);
  if (!isStoredCase(stored)) throw new Error(`state of case ${key} is not of format ${FORMAT}`);
  const [, hash, evaluatedAt, acceptedAt, first, sources, list] = stored;
  const { entity, id } = parseCaseKey(key);
  const events: SlaEvent[] = list.map(([after, name, eventId, source, digest, fields, sequence]) => ({
    id: eventId,
    source: sources[source] ?? '',
    type: `${entity}.${name}`,
    entity,
    case: id,
    time: first + after,
    sequence,
    fields: fields === 0 ? NO_FIELDS : fields,
    digest,
  }));
  return restoreCase(policyOf(hash), entity, id, events, evaluatedAt, acceptedAt, closedKeepMs);
}

/** Only this program writes states; the outer shape and the format tell whether it was this version. */
function isStoredCase(value: unknown): value is StoredCase {
  return (
    Array.isArray(value) &&
    value.length === 7 &&
    value[0] === FORMAT &&
    typeof value[1] === 'string' &&
    typeof value[2] === 'number' &&
    Array.isArray(value[5]) &&
    Array.isArray(value[6])
  );
}
