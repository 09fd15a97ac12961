// A message for SLA_REJECTS: the raw bytes of what could not be used, and in headers where it came from and why.
import type { RejectReason } from '../contract/reject.ts';

export interface RejectSource {
  /** The subject that it was stored under, or how it came in: `http`, `publish`. */
  readonly subject: string;
  /** Its sequence in that stream, or its line. */
  readonly sequence?: number | undefined;
  readonly stream?: string | undefined;
  /** Its own headers (binary mode), kept as far as they fit. */
  readonly headers?: Iterable<readonly [string, readonly string[]]> | undefined;
}

export interface RejectMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Record<string, string>;
}

/** Room for the header block's first line, separators and our own message id. */
const FRAME_BYTES = 256;
const DETAIL_LENGTH_MAX = 500;

/**
 * Builds it so that it can be stored: what was stored once fills `maxPayload` (bytes) to the brim at most, so with
 * headers added it may no longer fit. Then its own headers go first, ours next, the bytes never.
 */
export function rejectMessage(
  reason: RejectReason,
  detail: string,
  data: Uint8Array,
  source: RejectSource,
  maxPayload: number,
): RejectMessage {
  const subject = `sla.rejects.${reason}`;
  const own: Record<string, string> = { 'Sla-Source-Subject': headerSafe(source.subject) };
  if (source.stream !== undefined) own['Sla-Source-Stream'] = headerSafe(source.stream);
  if (source.sequence !== undefined) own['Sla-Source-Sequence'] = String(source.sequence);
  own['Sla-Detail'] = headerSafe(detail.slice(0, DETAIL_LENGTH_MAX));
  const all: Record<string, string> = { ...own };
  for (const [name, values] of source.headers ?? []) {
    // The server acts on its own headers: a message id or an expected sequence must not be sent again.
    if (/^nats-/i.test(name) || name in all) continue;
    all[name] = headerSafe(values.join(', '));
  }
  for (const headers of [all, own]) {
    if (data.length + headerBytes(headers) <= maxPayload) return { subject, data, headers };
  }
  return { subject, data, headers: {} };
}

/** Text as a header value: printable ASCII stays, all else is percent-encoded as in binary CloudEvents. */
export function headerSafe(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[^\x20-\x7e]+/gu, part => encodeURIComponent(part));
}

function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = FRAME_BYTES;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + 4;
  return bytes;
}
