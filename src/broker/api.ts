// Plain requests to JetStream's API, where the library's own calls hide what is needed or hang.
import { type NatsConnection, StringCodec } from 'nats';
import { z } from 'zod';

/** JetStream answered with an error: `code` is its `err_code`, which says more than the HTTP-like `status`. */
export class BrokerApiError extends Error {
  override readonly name = 'BrokerApiError';
  readonly code: number;
  readonly status: number;
  constructor(subject: string, status: number, code: number, description: string) {
    super(`${description} (${code}) on ${subject}`);
    this.code = code;
    this.status = status;
  }
}

export const STREAM_NOT_FOUND = 10_059;
export const MESSAGE_NOT_FOUND = 10_037;

const ERROR = z.object({
  error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }),
});
const strings = StringCodec();

/**
 * One request. @throws BrokerApiError for an error in the answer; the library's NatsError when there is none in time
 * (`TIMEOUT`, `503` when JetStream is not there).
 */
export async function apiRequest<T>(
  nc: NatsConnection,
  subject: string,
  body: unknown,
  schema: z.ZodType<T>,
  timeoutMs = 5_000,
): Promise<T> {
  const payload = body === null ? '' : JSON.stringify(body);
  const answer = await nc.request(subject, strings.encode(payload), { timeout: timeoutMs });
  const parsed: unknown = JSON.parse(strings.decode(answer.data));
  const failed = ERROR.safeParse(parsed);
  if (failed.success) {
    const { code, err_code, description } = failed.data.error;
    throw new BrokerApiError(subject, code, err_code ?? 0, description ?? 'refused');
  }
  return schema.parse(parsed);
}

const STREAM_INFO = z.object({
  created: z.string(),
  state: z.object({
    messages: z.number(),
    bytes: z.number(),
    first_seq: z.number(),
    last_seq: z.number(),
    first_ts: z.string(),
    last_ts: z.string(),
  }),
});

/** Where a stream begins and ends. Empty: `firstSeq` is `lastSeq + 1`. */
export interface StreamState {
  /** When the stream was made (RFC 3339 as the server writes it): another value is another stream. */
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly messages: number;
  readonly bytes: number;
  /** Milliseconds since 1970 at which the first message was stored; 0 when the stream is empty. */
  readonly firstStoredMs: number;
  /** Milliseconds since 1970 at which the last message was stored; null when the stream is empty. */
  readonly lastStoredMs: number | null;
}

/** @throws BrokerApiError with code STREAM_NOT_FOUND */
export async function streamState(nc: NatsConnection, stream: string): Promise<StreamState> {
  const { created, state } = await apiRequest(nc, `$JS.API.STREAM.INFO.${stream}`, null, STREAM_INFO);
  return {
    created,
    // An empty stream reports 0 before its first message.
    firstSeq: Math.max(state.first_seq, 1),
    lastSeq: state.last_seq,
    messages: state.messages,
    bytes: state.bytes,
    firstStoredMs: state.messages === 0 ? 0 : Date.parse(state.first_ts),
    lastStoredMs: state.messages === 0 ? null : Date.parse(state.last_ts),
  };
}

const STORED = z.object({
  message: z.object({
    subject: z.string(),
    seq: z.number(),
    data: z.string().optional(),
    hdrs: z.string().optional(),
    time: z.string(),
  }),
});

export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** Cut to milliseconds. */
  readonly storedMs: number;
  readonly data: Uint8Array;
  /** The header block as stored, empty when there is none. */
  readonly headerText: string;
}

/** The message at a sequence, or null when there is none. */
export function getMessage(nc: NatsConnection, stream: string, seq: number): Promise<StoredMessage | null> {
  return get(nc, stream, { seq });
}

/** The latest message on a subject of the stream, or null. */
export function lastBySubject(
  nc: NatsConnection,
  stream: string,
  subject: string,
): Promise<StoredMessage | null> {
  return get(nc, stream, { last_by_subj: subject });
}

async function get(nc: NatsConnection, stream: string, which: object): Promise<StoredMessage | null> {
  try {
    const { message } = await apiRequest(nc, `$JS.API.STREAM.MSG.GET.${stream}`, which, STORED);
    return {
      subject: message.subject,
      seq: message.seq,
      storedMs: floorMs(message.time),
      data: Buffer.from(message.data ?? '', 'base64'),
      headerText: Buffer.from(message.hdrs ?? '', 'base64').toString('utf8'),
    };
  } catch (error) {
    if (error instanceof BrokerApiError && error.code === MESSAGE_NOT_FOUND) return null;
    throw error;
  }
}

/** Milliseconds of an RFC 3339 time with nanoseconds, cut off, as the reader cuts them. */
function floorMs(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));
}
