// From what arrived to what the engine reads: a checked, masked, flat event, or the reason why not. Structured and
// binary CloudEvents as the NATS and HTTP bindings say. Never throws, whatever it is given.
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { digestOf } from './digest.ts';
import type { FieldValue, SlaEvent } from './event.ts';
import { type DeclaredFields, flattenFields } from './fields.ts';
import { maskText } from './mask.ts';
import { dataOfBase64, maskData } from './mask-event.ts';
import { isObject } from './object.ts';
import { type Rejection, rejection } from './reject.ts';
import { ENVELOPE, eventType } from './schemas.ts';
import { encodeToken } from './subject.ts';
import { sureOf } from './sure.ts';
import { AHEAD_MAX_MS, EARLIEST_TIME, parseTime } from './time.ts';

/** Bytes an event may have; more is `oversized`. */
export const EVENT_BYTES_MAX = 256 * 1024;

/** Leaves out a byte order mark; throws at what is no UTF-8. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Header names with their value or values: NATS headers, or `Object.entries` of Node's HTTP headers. */
export type HeaderSource = Iterable<readonly [string, string | readonly string[] | undefined]>;

export interface DecodeOptions {
  /** Fields that the policy declares beyond the contract's. */
  readonly declared: DeclaredFields;
  /** When the stream stored it, milliseconds since 1970 UTC; without it no time is too far ahead. */
  readonly storedAt?: number | undefined;
  /** True when `maskEvent` made this very object. */
  readonly maskedAlready?: boolean | undefined;
}

/** An accepted event with the subject token of its case, which decides its partition. */
export type Decoded = { readonly ok: true; readonly event: SlaEvent; readonly token: string } | Rejection;

const isEnvelope = sureOf(ENVELOPE);

/** A CloudEvent as one object, its data not looked at yet. */
export type ReadResult = { readonly ok: true; readonly value: unknown } | Rejection;

/** Decodes one message: the whole event as JSON, or its data with `ce-*` headers. */
export function decodeMessage(
  body: Uint8Array | string,
  headers: HeaderSource | undefined,
  options: DecodeOptions,
): Decoded {
  const read = readMessage(body, headers);
  return read.ok ? decodeObject(read.value, options) : read;
}

/**
 * Puts a message together as one structured event, in both modes. `latin1` says that header values are bytes read
 * as Latin-1, as Node's HTTP server gives them: UTF-8 in them is then found.
 */
export function readMessage(
  body: Uint8Array | string,
  headers: HeaderSource | undefined,
  latin1 = false,
): ReadResult {
  const bytes = typeof body === 'string' ? stringBytes(body) : body.byteLength;
  if (bytes > EVENT_BYTES_MAX) {
    return rejection('oversized', `expected at most ${EVENT_BYTES_MAX} bytes, found ${bytes}`);
  }
  if (headers === undefined) return parseJson(body);
  const { attributes, contentType } = readHeaders(headers, latin1);
  if (contentType.startsWith('application/cloudevents')) {
    return /^application\/cloudevents(?:\+json)?\s*(?:;|$)/.test(contentType)
      ? parseJson(body)
      : rejection('malformed', 'content-type: expected application/cloudevents+json');
  }
  if (attributes === undefined) return parseJson(body);
  if (contentType !== '' && !/^[\w.-]+\/(?:[\w.-]+\+)?json\s*(?:;|$)/.test(contentType)) {
    return rejection('schema', 'data: expected JSON by its content-type');
  }
  if (bytes === 0) return { ok: true, value: attributes };
  const data = parseJson(body);
  return data.ok ? { ok: true, value: { ...attributes, data: data.value } } : data;
}

/** Checks one CloudEvent that is already an object, as from HTTP, NDJSON or a mapping. */
export function decodeObject(value: unknown, options: DecodeOptions): Decoded {
  if (!isObject(value)) return rejection('malformed', 'expected a CloudEvent as a JSON object');
  const envelope = isEnvelope(value) ? ({ success: true, data: value } as const) : ENVELOPE.safeParse(value);
  if (!envelope.success) return badEnvelope(envelope.error, value);
  const { id, source, type, subject } = envelope.data;
  const found = eventType(type);
  if (found === undefined) return rejection('unknown-type', `type: no such type as ${shown(type)}`);
  const token = encodeToken(subject);
  if (!token.ok) return rejection('subject', token.detail);
  const time = parseTime(envelope.data.time);
  const wrongTime = checkTime(time, options.storedAt);
  if (time === null || wrongTime !== null) return rejection('time', wrongTime ?? 'time: expected RFC 3339');
  const data = dataOf(value);
  if (!isObject(data)) return rejection('schema', 'data: expected an object');
  if (!found.sure(data)) {
    const checked = found.data.safeParse(data);
    if (!checked.success) return rejection('schema', describe('data.', checked.error));
  }
  const masked = options.maskedAlready === true ? data : maskData(data);
  const fields: Record<string, FieldValue> = {};
  const wrong = flattenFields(isObject(masked) ? masked : data, options.declared, fields);
  if (wrong !== null) return rejection('schema', wrong);
  const { sequence: given } = envelope.data;
  const sequence = given === null || given === undefined ? undefined : String(given);
  const digest = digestOf(type, time, sequence, masked);
  const { entity } = found;
  // Two literals rather than a conditional spread, which costs more than the rest of the object.
  const event: SlaEvent =
    sequence === undefined
      ? { id, source, type, entity, case: subject, time, fields, digest }
      : { id, source, type, entity, case: subject, time, sequence, fields, digest };
  return { ok: true, event, token: token.token };
}

/** The event's data; events without any carry the empty object. */
function dataOf(value: Readonly<Record<string, unknown>>): unknown {
  if (value.data !== undefined) return value.data;
  return value.data_base64 === undefined ? {} : dataOfBase64(value.data_base64);
}

/** Which side of each bound is inside: 1990 itself and exactly a day ahead are accepted. */
function checkTime(time: number | null, storedAt: number | undefined): string | null {
  if (time === null) return 'time: expected RFC 3339 with an offset';
  if (time < EARLIEST_TIME) return 'time: expected 1990 or later';
  const ahead = storedAt !== undefined && time > storedAt + AHEAD_MAX_MS;
  return ahead ? 'time: expected at most a day ahead of when it was stored' : null;
}

/** Attributes with a reason of their own use it; any other defect means that it is no CloudEvent. */
function badEnvelope(error: z.ZodError, value: Readonly<Record<string, unknown>>): Rejection {
  const keys = new Set(error.issues.map(issue => issue.path[0]));
  const detail = describe('', error);
  for (const key of ['specversion', 'id', 'source', 'type']) {
    if (keys.has(key)) return rejection('malformed', detail);
  }
  if (typeof value.type === 'string' && eventType(value.type) === undefined) {
    return rejection('unknown-type', `type: no such type as ${shown(value.type)}`);
  }
  if (keys.has('subject')) return rejection('subject', detail);
  return rejection(keys.has('time') ? 'time' : 'schema', detail);
}

/** Says for each of the first three issues which field is wrong and what was expected, without its value. */
function describe(prefix: string, error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(issue => {
      const expected = issue.message.replace(/^Invalid input: ?/, '').replace('received', 'found');
      return `${prefix}${issue.path.map(String).join('.')}: ${expected === '' ? 'wrong type' : expected}`;
    })
    .join('; ');
}

function shown(type: string): string {
  return maskText(type.slice(0, 60));
}

function stringBytes(body: string): number {
  return body.length * 3 > EVENT_BYTES_MAX ? Buffer.byteLength(body) : body.length;
}

function parseJson(body: Uint8Array | string): ReadResult {
  let text: string;
  if (typeof body === 'string') text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body;
  else {
    try {
      text = utf8.decode(body);
    } catch {
      return rejection('malformed', 'expected UTF-8');
    }
  }
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return rejection('malformed', 'expected JSON');
  }
}

/** The `ce-*` headers as attributes, undefined when there are none; names in any case, the first value counts. */
function readHeaders(
  headers: HeaderSource,
  latin1: boolean,
): { attributes: Record<string, unknown> | undefined; contentType: string } {
  let attributes: Record<string, unknown> | undefined;
  let contentType = '';
  for (const [rawName, rawValue] of headers) {
    const value = typeof rawValue === 'string' ? rawValue : rawValue?.[0];
    if (value === undefined) continue;
    const name = rawName.toLowerCase();
    if (name === 'content-type') contentType = value.trim().toLowerCase();
    else if (name.startsWith('ce-') && name !== 'ce-data' && name !== 'ce-__proto__') {
      attributes ??= {};
      attributes[name.slice(3)] = headerText(value.trim(), latin1);
    }
  }
  return { attributes, contentType };
}

/** Undoes quotes, raw UTF-8 read as Latin-1 and percent-encoding; what is no valid encoding stays as it is. */
function headerText(value: string, latin1: boolean): string {
  let text = value;
  if (latin1 && /[\u0080-\u00ff]/.test(text) && !/[\u0100-\uffff]/.test(text)) {
    const bytes = Buffer.from(text, 'latin1');
    if (isUtf8(bytes)) text = bytes.toString('utf8');
  }
  if (text.length >= 2 && text.startsWith('"') && text.endsWith('"')) {
    text = text.slice(1, -1).replace(/\\(.)/gs, '$1');
  }
  if (!text.includes('%')) return text;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, run => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return isUtf8(bytes) ? bytes.toString('utf8') : run;
  });
}
