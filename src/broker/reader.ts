// Reads one stream from a sequence on, in order, without a hole and without repeating: by own pull requests on a
// short-lived consumer that acknowledges nothing. Any doubt (a sequence that is not the last + 1, a lost
// connection, a restarted server, silence) throws the consumer away and makes a new one at the position.
// The buffer is bounded: nothing is asked for while it is more than half full.
import type { Msg, MsgHdrs, NatsConnection } from 'nats';
import { z } from 'zod';
import { apiRequest, BrokerApiError, STREAM_NOT_FOUND, streamState } from './api.ts';
import { onConnection } from './connect.ts';
import { parseOwnReply } from './delivery.ts';
import { headersOf } from './headers.ts';
import { HEARTBEAT_MS, PullConsumer } from './pull-consumer.ts';

/** One message of a stream, as stored. `data` stays valid; keep it no longer than needed, it pins its packet. */
export interface RawMessage {
  readonly seq: number;
  /** When the server stored it: milliseconds since 1970, cut. */
  readonly storedMs: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Parsed when asked for; undefined when they can't be parsed. */
  readonly headers: MsgHdrs | undefined;
}

export interface ReaderOptions {
  /** Most messages in the buffer. */
  readonly maxMessages?: number;
  /** Most bytes in the buffer, at least twice the server's largest message. */
  readonly maxBytes?: number;
  /** Only these subjects; sequences then have gaps, and a first sequence beyond the asked one is no error. */
  readonly filter?: string;
  /** Leaves the bodies out: `data` is empty then. */
  readonly headersOnly?: boolean;
}

export interface Reader {
  /**
   * Waits for at least one message and returns up to `max` that are there. Empty after `wake`, `close` or an abort.
   * One call at a time. @throws StreamUnreadableError
   */
  next(max: number, signal?: AbortSignal): Promise<RawMessage[]>;
  /** Lets a `next` that waits return now, empty; when none does, the one that would wait next. */
  wake(): void;
  /** Messages in the buffer. */
  readonly waiting: number;
  /** Stored messages that `next` has not returned yet, as of the latest word from the server. */
  readonly pending: number;
  /** When the server was last heard of, ms since 1970; it speaks at least each other second while it is there. */
  readonly heardAt: number;
  /** How often the consumer was made anew, for logs and tests. */
  readonly remakes: number;
  close(): void;
}

/** `missing`: the stream begins after the position. `beyond`: it ends before it. `replaced`, `gone`: another or no stream. */
export type UnreadableReason = 'missing' | 'beyond' | 'replaced' | 'gone';

/** The stream can't be read from here, now or later: what to do is the caller's decision. */
export class StreamUnreadableError extends Error {
  override readonly name = 'StreamUnreadableError';
  readonly reason: UnreadableReason;
  constructor(reason: UnreadableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A server that says nothing for this long has forgotten the request (a deleted consumer's is told to nobody). */
const SILENCE_MS_MAX = 3_000;
const RETRY_MS = [20, 50, 100, 250, 500, 1_000, 2_000];
/** How long a server that has just started may still say less than it has stored. */
const DOUBT_MS = 2_000;
const CONSUMER = z.object({ num_pending: z.number() });

/** Starts reading at `fromSeq` (1 is the first). Returns at once; the first `next` waits. */
export function openReader(
  nc: NatsConnection,
  stream: string,
  fromSeq: number,
  options: ReaderOptions = {},
): Reader {
  return new StreamReader(nc, stream, fromSeq, options);
}

class StreamReader implements Reader {
  heardAt = 0;
  private readonly nc: NatsConnection;
  private readonly stream: string;
  private readonly filter: string | undefined;
  private readonly headersOnly: boolean;
  private readonly maxMessages: number;
  private readonly maxBytes: number;
  private readonly watch: NodeJS.Timeout;
  private readonly offConnection: () => void;

  private buffer: RawMessage[] = [];
  private bufferedBytes = 0;
  private nextSeq: number;
  private created: string | null = null;
  private behind = 0;
  private madeCount = 0;

  private consumer: PullConsumer | null = null;
  private making = false;
  private doubted = false;
  private closed = false;
  private failure: Error | null = null;
  private waiter: (() => void) | null = null;
  /** Woken while nobody waited: a wake between two calls of `next` must not be lost. */
  private woken = false;
  private wakeRetry: (() => void) | null = null;

  constructor(nc: NatsConnection, stream: string, fromSeq: number, options: ReaderOptions) {
    this.nc = nc;
    this.stream = stream;
    this.filter = options.filter;
    this.headersOnly = options.headersOnly ?? false;
    this.maxMessages = options.maxMessages ?? 2_048;
    const largest = nc.info?.max_payload ?? 1_048_576;
    this.maxBytes = Math.max(options.maxBytes ?? 32 * 1_048_576, 4 * largest);
    this.nextSeq = Math.max(1, fromSeq);
    this.watch = setInterval(() => this.checkSilence(), HEARTBEAT_MS / 2);
    this.watch.unref();
    this.offConnection = onConnection(nc, change => {
      if (change === 'back') this.remake();
    });
    this.remake();
  }

  get waiting(): number {
    return this.buffer.length;
  }

  get pending(): number {
    return this.behind + this.buffer.length;
  }

  get remakes(): number {
    return Math.max(0, this.madeCount - 1);
  }

  async next(max: number, signal?: AbortSignal): Promise<RawMessage[]> {
    if (this.buffer.length === 0) await this.untilSomething(signal);
    const taken = this.buffer.length <= max ? this.buffer : this.buffer.slice(0, max);
    this.buffer = taken === this.buffer ? [] : this.buffer.slice(max);
    for (const message of taken) this.bufferedBytes -= message.data.length;
    // What was read before the failure is good; the failure comes when that is used up.
    if (taken.length === 0 && this.failure !== null) throw this.failure;
    this.request();
    return taken;
  }

  wake(): void {
    const waiter = this.waiter;
    this.waiter = null;
    if (waiter === null) this.woken = true;
    else waiter();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.watch);
    this.offConnection();
    this.drop();
    this.wakeRetry?.();
    this.wake();
  }

  private async untilSomething(signal?: AbortSignal): Promise<void> {
    if (this.closed || this.failure !== null || signal?.aborted === true) return;
    if (this.waiter !== null) throw new Error(`two calls of next at once on ${this.stream}`);
    if (this.woken) {
      this.woken = false;
      return;
    }
    const onAbort = () => this.wake();
    signal?.addEventListener('abort', onAbort, { once: true });
    await new Promise<void>(resolve => {
      this.waiter = resolve;
    });
    signal?.removeEventListener('abort', onAbort);
  }

  /** Throws the consumer away and makes a new one at the position, trying for ever. */
  private remake(): void {
    this.drop();
    this.wakeRetry?.();
    this.doubted = this.making;
    if (this.making || this.closed || this.failure !== null) return;
    this.making = true;
    this.make()
      .catch((error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
        this.wake();
      })
      .finally(() => {
        this.making = false;
        // The connection was lost while the consumer was being made: whether it lives is unknown.
        if (this.doubted) this.remake();
      });
  }

  private async make(): Promise<void> {
    const began = Date.now();
    for (let attempt = 0; !this.closed; attempt++) {
      if (this.nc.isClosed()) throw new StreamUnreadableError('gone', 'the connection is closed');
      try {
        await this.checkStream();
        const consumer = await this.createConsumer();
        // The stream may have been made anew just before the consumer was, which would then read another one.
        await this.checkStream().catch((error: unknown) => {
          consumer.drop();
          throw error;
        });
        if (this.closed) {
          consumer.drop();
          return;
        }
        this.consumer = consumer;
        this.madeCount++;
        this.request();
        return;
      } catch (error) {
        if (error instanceof StreamUnreadableError && Date.now() - began > DOUBT_MS) throw error;
        if (error instanceof StreamUnreadableError && error.reason !== 'beyond' && error.reason !== 'gone')
          throw error;
        await this.pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 1_000);
      }
    }
  }

  /** @throws StreamUnreadableError when the position is not in this stream. */
  private async checkStream(): Promise<void> {
    const state = await streamState(this.nc, this.stream).catch((error: unknown) => {
      if (error instanceof BrokerApiError && error.code === STREAM_NOT_FOUND) {
        throw new StreamUnreadableError('gone', `stream ${this.stream} does not exist`);
      }
      throw error;
    });
    this.created ??= state.created;
    if (state.created !== this.created) {
      throw new StreamUnreadableError('replaced', `stream ${this.stream} was made anew at ${state.created}`);
    }
    if (this.filter === undefined && state.firstSeq > this.nextSeq) {
      throw new StreamUnreadableError(
        'missing',
        `stream ${this.stream} begins at ${state.firstSeq}, but ${this.nextSeq} is the next to read`,
      );
    }
    if (state.lastSeq + 1 < this.nextSeq) {
      throw new StreamUnreadableError(
        'beyond',
        `stream ${this.stream} ends at ${state.lastSeq}, but ${this.nextSeq} is the next to read`,
      );
    }
  }

  private async createConsumer(): Promise<PullConsumer> {
    const consumer = new PullConsumer(this.nc, this.stream);
    try {
      consumer.listen(message => this.onMessage(consumer, message));
      const { num_pending } = await apiRequest(
        this.nc,
        `$JS.API.CONSUMER.CREATE.${this.stream}.${consumer.name}`,
        {
          stream_name: this.stream,
          config: {
            name: consumer.name,
            ack_policy: 'none',
            deliver_policy: 'by_start_sequence',
            opt_start_seq: this.nextSeq,
            replay_policy: 'instant',
            mem_storage: true,
            num_replicas: 1,
            inactive_threshold: 30_000_000_000,
            max_waiting: 8,
            ...(this.filter === undefined ? {} : { filter_subject: this.filter }),
            ...(this.headersOnly ? { headers_only: true } : {}),
          },
        },
        CONSUMER,
      );
      this.behind = num_pending;
      return consumer;
    } catch (error) {
      consumer.drop();
      throw error;
    }
  }

  /** Asks for as much as there is room, if half of it is free and nothing is asked for already. */
  private request(): void {
    const { consumer } = this;
    if (consumer === null || consumer.asked > 0) return;
    const room = this.maxMessages - this.buffer.length;
    const byteRoom = this.maxBytes - this.bufferedBytes;
    if (room * 2 < this.maxMessages || byteRoom * 2 < this.maxBytes) return;
    consumer.ask(room, byteRoom);
  }

  private onMessage(consumer: PullConsumer, message: Msg): void {
    if (consumer !== this.consumer) return;
    consumer.heardAt = Date.now();
    this.heardAt = consumer.heardAt;
    const { reply } = message;
    if (reply === undefined || !reply.startsWith('$JS.ACK.')) {
      this.onStatus(consumer, message);
      return;
    }
    const at = parseOwnReply(reply, consumer.replyPrefix);
    consumer.delivered++;
    const isNext = this.filter === undefined ? at.seq === this.nextSeq : at.seq >= this.nextSeq;
    if (at.consumerSeq !== consumer.delivered || !isNext) {
      this.remake();
      return;
    }
    this.nextSeq = at.seq + 1;
    this.behind = at.pending;
    const raw = new StreamMessage(at.seq, at.storedMs, message);
    this.bufferedBytes += raw.data.length;
    this.buffer.push(raw);
    consumer.asked--;
    if (consumer.asked === 0) this.request();
    if (this.waiter !== null) this.wake();
  }

  /** 404, 408 and a full byte budget end a request; heartbeats (100) only say that it lives; all else is doubt. */
  private onStatus(consumer: PullConsumer, message: Msg): void {
    const { headers } = message;
    const code = headers?.code ?? 0;
    if (code === 100) return;
    if (!consumer.isCurrent(message.subject)) return;
    const { description } = headers ?? { description: '' };
    if (code === 404 || code === 408 || (code === 409 && /exceeds maxbytes/i.test(description))) {
      consumer.asked = 0;
      this.request();
      return;
    }
    this.remake();
  }

  private checkSilence(): void {
    const { consumer } = this;
    if (consumer === null || consumer.asked === 0) return;
    if (Date.now() - consumer.heardAt > SILENCE_MS_MAX) this.remake();
  }

  private drop(): void {
    const { consumer } = this;
    this.consumer = null;
    consumer?.drop();
  }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.wakeRetry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

class StreamMessage implements RawMessage {
  readonly seq: number;
  readonly storedMs: number;
  readonly data: Uint8Array;
  private readonly message: Msg;
  private subjectText: string | null = null;
  constructor(seq: number, storedMs: number, message: Msg) {
    this.seq = seq;
    this.storedMs = storedMs;
    this.data = message.data;
    this.message = message;
  }
  /** The library reads it from the bytes each time. */
  get subject(): string {
    this.subjectText ??= this.message.subject;
    return this.subjectText;
  }
  get headers(): MsgHdrs | undefined {
    return headersOf(this.message);
  }
}
