// NATS subjects and partitions of cases (CONTRACT.md, section 1). A case's partition depends on nothing but the
// encoded token of its id, so the server's subject mapping, HTTP and the command line agree.
import { ENTITIES, type Entity } from './event.ts';

/** Bytes an encoded case id may have at most. */
export const TOKEN_BYTES_MAX = 200;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Characters that need no thought: printable ASCII without `%`, `*`, `.` and `>`. */
const PLAIN = /^[!-$&-)+,\-/-=?-~]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these bytes are encoded.
const ENCODED = /[\u0000-\u0020\u007f%*.>]/g;
const TOKEN = /^(?:%[0-9A-F]{2}|[^%])+$/;

const utf8 = new TextEncoder();

/** A case id as a subject token, or what is wrong with it. */
export type TokenResult =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly detail: string };

/**
 * Encodes a case id as one subject token: bytes 00–20, 7F, `%`, `*`, `.` and `>` become `%XX`, all else stays.
 * No normalisation. Refuses the empty id, more than 200 encoded bytes, and text that is not Unicode.
 */
export function encodeToken(caseId: string): TokenResult {
  if (caseId === '') return { ok: false, detail: 'subject: expected a case id, found an empty string' };
  if (PLAIN.test(caseId)) {
    return caseId.length <= TOKEN_BYTES_MAX ? { ok: true, token: caseId } : tooLong();
  }
  if (caseId.length > TOKEN_BYTES_MAX) return tooLong();
  if (!caseId.isWellFormed()) {
    return { ok: false, detail: 'subject: expected Unicode text, found half a surrogate pair' };
  }
  const token = caseId.replace(ENCODED, percent);
  return utf8.encode(token).length <= TOKEN_BYTES_MAX ? { ok: true, token } : tooLong();
}

/** The case id of a token, or null when no id is encoded so. */
export function decodeToken(token: string): string | null {
  if (!TOKEN.test(token)) return null;
  const id = token.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const again = encodeToken(id);
  return again.ok && again.token === token ? id : null;
}

/** FNV-1a, 32 bit, over the UTF-8 bytes of `text`: what nats-server's `partition()` uses. */
export function fnv1a32(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return fnvBytes(utf8.encode(text));
    hash = Math.imul(hash ^ unit, FNV_PRIME);
  }
  return hash >>> 0;
}

/** The partition of a token among `partitions`, counted from 0. */
export function partitionOf(token: string, partitions: number): number {
  return fnv1a32(token) % partitions;
}

/** The partition of a case id; null when the id can't be encoded. */
export function partitionOfCase(caseId: string, partitions: number): number | null {
  const encoded = encodeToken(caseId);
  return encoded.ok ? partitionOf(encoded.token, partitions) : null;
}

/** Where publishers send a case's events: `cc.events.<entity>.<token>`. */
export function publisherSubject(entity: Entity, token: string): string {
  return `cc.events.${entity}.${token}`;
}

/** Where a partition's events of an entity are stored: `sla.events.<p>.<entity>`. */
export function partitionSubject(partition: number, entity: Entity): string {
  return `sla.events.${partition}.${entity}`;
}

/** The monitor's own subject in a partition's stream: ticks and policy changes. */
export function controlSubject(partition: number): string {
  return `sla.events.${partition}.control`;
}

/** Takes `sla.events.<p>.<entity>` or `.control` apart; null for any other subject. */
export function parsePartitionSubject(
  subject: string,
): { readonly partition: number; readonly entity: Entity | 'control' } | null {
  const parts = subject.split('.');
  const [root, events, number, last] = parts;
  if (parts.length !== 4 || root !== 'sla' || events !== 'events' || number === undefined) return null;
  if (!/^(?:0|[1-9]\d{0,5})$/.test(number)) return null;
  const entity = last === 'control' ? 'control' : ENTITIES.find(name => name === last);
  return entity === undefined ? null : { partition: Number(number), entity };
}

/** Takes `cc.events.<entity>.<token>` apart; null when it is no such subject or its token encodes no id. */
export function parsePublisherSubject(
  subject: string,
): { readonly entity: Entity; readonly token: string; readonly case: string } | null {
  const parts = subject.split('.');
  const [root, events, name, token] = parts;
  if (parts.length !== 4 || root !== 'cc' || events !== 'events' || token === undefined) return null;
  const entity = ENTITIES.find(each => each === name);
  const id = decodeToken(token);
  return entity === undefined || id === null ? null : { entity, token, case: id };
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function fnvBytes(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

function tooLong(): TokenResult {
  return { ok: false, detail: `subject: expected at most ${TOKEN_BYTES_MAX} bytes once encoded` };
}
