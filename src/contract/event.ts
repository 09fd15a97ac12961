// What the engine sees of an event: checked, masked, flat. CONTRACT.md, section 1.

/** The kinds of case that events belong to; entity and id together name a case. */
export const ENTITIES = ['ticket', 'call', 'chat', 'agent', 'shift'] as const;
export type Entity = (typeof ENTITIES)[number];

/** A data field as the engine keeps it. Nested objects are flattened: `customer.tier`. */
export type FieldValue = string | number | boolean | readonly string[];
export type Fields = Readonly<Record<string, FieldValue>>;

/**
 * One accepted event. Only fields that the contract or the policy declares are kept, personal data is masked.
 * `digest` covers the whole masked content (unknown fields too), so that the same `id` and `source` with
 * other content can be told from a repetition.
 */
export interface SlaEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly entity: Entity;
  /** Ticket, call, chat, agent or shift id, as the publisher wrote it (CloudEvents `subject`). */
  readonly case: string;
  /** Milliseconds since 1970 UTC: when it happened. */
  readonly time: number;
  readonly sequence?: string | undefined;
  readonly fields: Fields;
  readonly digest: string;
}

/** Types that open a case's story: they come first among the events of one instant. */
const OPENING = new Set([
  'ticket.created',
  'call.queued',
  'chat.started',
  'shift.started',
  'shift.scheduled',
  'agent.signed_on',
]);

/** Compares strings by Unicode code point; JavaScript's `<` compares UTF-16 units, which differs above U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return surrogateLast(x) - surrogateLast(y);
  }
  return a.length - b.length;
}

/** Moves surrogates above all other units, which is where their code points lie. */
function surrogateLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/**
 * The order of a case's events (CONTRACT.md, section 1): time; opening types first; `sequence` by code point,
 * events without one last; id; source.
 */
export function compareEvents(a: SlaEvent, b: SlaEvent): number {
  if (a.time !== b.time) return a.time - b.time;
  const opening = Number(OPENING.has(b.type)) - Number(OPENING.has(a.type));
  if (opening !== 0) return opening;
  if (a.sequence !== b.sequence) {
    if (a.sequence === undefined) return 1;
    if (b.sequence === undefined) return -1;
    return compareCodePoints(a.sequence, b.sequence);
  }
  return compareCodePoints(a.id, b.id) || compareCodePoints(a.source, b.source);
}
