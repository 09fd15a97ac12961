// How a case is kept: its events and when it was last evaluated, as one JSON array. Everything else is folded again.
//   [format, chunks, policy hash, evaluatedAt, acceptedAt, first instant, sources, events]
//   event: [ms after the first instant, type without its entity, id, index of source, digest, fields or 0, sequence?]
// The events of a long life lie in chunks of their own, before those of the head, so that one more event rewrites little.
import { ENTITIES, type Entity, type Fields, type SlaEvent } from '../contract/event.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { type CaseState, restoreCase } from './case.ts';

/** Of all that a partition keeps in Redis: when its meaning changes, this does, and states are built again. */
export const FORMAT = 6;

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
  chunks: number,
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

/** Events in one chunk. */
const CHUNK = 64;

/** A case as it is to be stored: the head always, and the chunks that are not in the store as they are now. */
export interface EncodedCase {
  readonly head: string;
  readonly chunks: readonly { readonly index: number; readonly text: string }[];
}

/** How many chunks lie before the events of the head. */
export function chunkCount(events: number): number {
  return events === 0 ? 0 : Math.floor((events - 1) / CHUNK);
}

/** The same, read from the beginning of a head. */
export function chunksOf(head: string): number {
  return Number(/^\[\d+,(\d+)/.exec(head)?.[1] ?? 0);
}

/**
 * Encodes a case, and takes it for stored. Events of the head that were encoded before and have only been added to are
 * not encoded again.
 */
export function encodeCase(state: CaseState): EncodedCase {
  const { events, policy, evaluatedAt, acceptedAt } = state;
  const first = events[0]?.time ?? 0;
  const chunks = chunkCount(events.length);
  const from = chunks * CHUNK;
  const before = state.encoding;
  const sources = before === null ? sourcesOf(events) : [...before.sources];
  const grown = before !== null && before.from === from;
  let text = grown ? before.text : '';
  if (!grown || before.count < events.length) {
    text += encodeEvents(events, grown ? before.count : from, events.length, first, sources, text !== '');
    state.encoding = { from, count: events.length, text, sources };
  }
  const changed = [];
  for (let index = Math.floor(state.unchanged / CHUNK); index < chunks; index++) {
    const at = index * CHUNK;
    changed.push({ index, text: `[${encodeEvents(events, at, at + CHUNK, first, sources, false)}]` });
  }
  state.unchanged = from;
  const head = `[${FORMAT},${chunks},"${policy.hash}",${evaluatedAt},${acceptedAt},${first},${JSON.stringify(sources)},[${text}]]`;
  return { head, chunks: changed };
}

/** The sources in the order in which they first occur: so an index of an earlier event never changes. */
function sourcesOf(events: readonly SlaEvent[]): string[] {
  return [...new Set(events.map(event => event.source))];
}

function encodeEvents(
  events: readonly SlaEvent[],
  from: number,
  to: number,
  first: number,
  sources: string[],
  more: boolean,
): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const event = events[i];
    if (event === undefined) break;
    const stored = JSON.stringify(storeEvent(event, first, sources));
    text += more || i > from ? `,${stored}` : stored;
  }
  return text;
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
 * Throws when the text is not one that `encodeCase` made, or a chunk is missing: the state is broken, and must not be guessed at.
 */
export function decodeCase(
  policyOf: (hash: string) => CompiledPolicy,
  key: string,
  head: string,
  chunks: readonly string[] = [],
  closedKeepMs?: number,
): CaseState {
  const stored: unknown = JSON.parse(head);
  if (!isStoredCase(stored)) throw new Error(`state of case ${key} is not of format ${FORMAT}`);
  const [, count, hash, evaluatedAt, acceptedAt, first, sources, tail] = stored;
  if (count !== chunks.length)
    throw new Error(`case ${key} has ${count} chunks, ${chunks.length} were found`);
  const list = count === 0 ? tail : [...chunks.flatMap(parseChunk), ...tail];
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
  const state = restoreCase(policyOf(hash), entity, id, events, evaluatedAt, acceptedAt, closedKeepMs);
  state.unchanged = count * CHUNK;
  return state;
}

function parseChunk(text: string): StoredEvent[] {
  return JSON.parse(text);
}

/** Only this program writes states; the outer shape and the format tell whether it was this version. */
function isStoredCase(value: unknown): value is StoredCase {
  return (
    Array.isArray(value) &&
    value.length === 8 &&
    value[0] === FORMAT &&
    typeof value[1] === 'number' &&
    typeof value[2] === 'string' &&
    typeof value[3] === 'number' &&
    Array.isArray(value[6]) &&
    Array.isArray(value[7])
  );
}
