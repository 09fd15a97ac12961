// Takes the CloudEvents out of an HTTP request, as the HTTP binding says: structured, binary and batch, and NDJSON of
// structured events. It only takes apart; whether an event is good is not its question.
import type { IncomingHttpHeaders } from 'node:http';
import { EVENT_BYTES_MAX, readMessage } from '../contract/decode.ts';
import type { RejectReason } from '../contract/reject.ts';

/** One event of a request: its object, or why there is none with the text as it came. */
export type HttpItem =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: RejectReason; readonly text: string };

export type HttpEvents =
  | { readonly ok: true; readonly items: readonly HttpItem[] }
  | {
      readonly ok: false;
      readonly status: 400 | 413 | 415;
      readonly code: 'malformed' | 'too-large' | 'media-type';
      readonly message: string;
    };

/** More events than this in one request are refused. */
export const EVENTS_MAX = 20_000;

const NDJSON = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);
const JSON_TYPE = /^[\w.-]+\/(?:[\w.-]+\+)?json$/;
const BATCH = 'application/cloudevents-batch+json';
const ACCEPTED = `application/cloudevents+json, ${BATCH}, application/json, application/x-ndjson`;

export function readHttpEvents(headers: IncomingHttpHeaders, body: Buffer): HttpEvents {
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const text = body.toString('utf8');
  if (NDJSON.has(mediaType)) return ndjson(text);
  if (mediaType === BATCH) return json(text, true);
  if (mediaType !== '' && !JSON_TYPE.test(mediaType)) {
    return { ok: false, status: 415, code: 'media-type', message: `Expected one of: ${ACCEPTED}.` };
  }
  const binary = headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined;
  if (!binary || mediaType === 'application/cloudevents+json') {
    return json(text, mediaType.startsWith('application/cloudevents') ? false : null);
  }
  const read = readMessage(body, Object.entries(headers), true);
  return { ok: true, items: [read.ok ? read : { ok: false, reason: read.reason, text }] };
}

/** A JSON list of events or one event; `list` says which it must be, null takes both. */
function json(text: string, list: boolean | null): HttpEvents {
  const whole = parse(text);
  if (!whole.ok) return { ok: true, items: [whole] };
  if (list === false || (list === null && !Array.isArray(whole.value))) {
    return { ok: true, items: [bounded(whole.value, text)] };
  }
  if (!Array.isArray(whole.value)) {
    return { ok: false, status: 400, code: 'malformed', message: 'A batch is a JSON list of events.' };
  }
  if (whole.value.length > EVENTS_MAX) return tooMany();
  return { ok: true, items: whole.value.map((event: unknown) => bounded(event, null)) };
}

function ndjson(text: string): HttpEvents {
  const items: HttpItem[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (items.length >= EVENTS_MAX) return tooMany();
    const read = parse(line);
    items.push(read.ok ? bounded(read.value, line) : read);
  }
  return { ok: true, items };
}

function parse(text: string): HttpItem {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false, reason: Buffer.byteLength(text) > EVENT_BYTES_MAX ? 'oversized' : 'malformed', text };
  }
}

/** An event of a batch has no text of its own: what it would be is measured. */
function bounded(value: unknown, text: string | null): HttpItem {
  const own = text ?? JSON.stringify(value);
  return Buffer.byteLength(own) > EVENT_BYTES_MAX
    ? { ok: false, reason: 'oversized', text: own }
    : { ok: true, value };
}

function tooMany(): HttpEvents {
  const message = `A request carries at most ${EVENTS_MAX} events.`;
  return { ok: false, status: 413, code: 'too-large', message };
}
