// What a delivery's reply subject tells: the message's place in the stream and in the consumer, when it was stored,
// and how many come after it.

export interface Delivery {
  readonly seq: number;
  readonly consumerSeq: number;
  readonly storedMs: number;
  readonly pending: number;
}

const DOT = 46;
const ZERO = 48;
/** Nanoseconds since 1970 have 19 digits from 2001 to 2286; the first 13 are milliseconds. */
const NS_DIGITS = 19;
const MS_DIGITS = 13;

/**
 * The same for a reply that begins as expected. It is read digit by digit in one pass, since this is the hottest loop
 * of reading: cutting the text up takes twice as long.
 */
export function parseOwnReply(reply: string, prefix: string): Delivery {
  if (!reply.startsWith(prefix)) return parseReply(reply);
  const end = reply.length;
  let at = prefix.length;
  let code = 0;
  let seq = 0;
  let consumerSeq = 0;
  let storedMs = 0;
  let pending = 0;
  for (; at < end; at++) {
    code = reply.charCodeAt(at);
    if (code === DOT) break;
    seq = seq * 10 + code - ZERO;
  }
  for (at++; at < end; at++) {
    code = reply.charCodeAt(at);
    if (code === DOT) break;
    consumerSeq = consumerSeq * 10 + code - ZERO;
  }
  at++;
  if (reply.charCodeAt(at + NS_DIGITS) !== DOT) return parseReply(reply);
  for (const msEnd = at + MS_DIGITS; at < msEnd; at++) storedMs = storedMs * 10 + reply.charCodeAt(at) - ZERO;
  for (at += NS_DIGITS - MS_DIGITS + 1; at < end; at++) pending = pending * 10 + reply.charCodeAt(at) - ZERO;
  return { seq, consumerSeq, storedMs, pending };
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<seq>.<consumer seq>.<ns>.<pending>`; newer servers put a domain and
 * an account before the stream and a token at the end.
 */
export function parseReply(reply: string): Delivery {
  const parts = reply.split('.');
  const at = parts.length > 9 ? 7 : 5;
  const seq = Number(parts[at]);
  const time = parts[at + 2] ?? '';
  const storedMs = Number(time.slice(0, -6));
  const pending = Number(parts[at + 3]);
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(storedMs) || !Number.isSafeInteger(pending)) {
    throw new Error(`not a delivery: ${reply}`);
  }
  return { seq, consumerSeq: Number(parts[at + 1]), storedMs, pending };
}
