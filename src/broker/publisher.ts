// Publishing with acknowledgements, fast: all answers come to one inbox and are counted by hand. What is not
// acknowledged yet is bounded; nothing is sent again by itself, since only the caller knows its message id.
import { createInbox, type Msg, type NatsConnection, NatsError } from 'nats';
import { onConnection } from './connect.ts';
import { ReadyHeaders } from './headers.ts';

/**
 * What became of a message. `timeout` leaves it open whether it was stored: publish again with the same `msgId`.
 * `no-stream`: no stream takes this subject. `too-large`: beyond the server's `max_payload`, headers included.
 */
export type PublishResult =
  | {
      readonly result: 'stored';
      readonly stream: string;
      readonly seq: number;
      readonly duplicate: boolean;
    }
  | { readonly result: 'no-stream' }
  | { readonly result: 'timeout' }
  | { readonly result: 'refused'; readonly code: number; readonly description: string }
  | { readonly result: 'too-large' }
  | { readonly result: 'closed' };

export interface PublishOptions {
  /** `Nats-Msg-Id`: within the stream's window for duplicates the same id is stored once. */
  readonly msgId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface PublisherOptions {
  /** Most messages without an acknowledgement. */
  readonly maxInFlight?: number;
  readonly timeoutMs?: number;
}

interface Pending {
  readonly sentAt: number;
  readonly done: (result: PublishResult) => void;
}

const decoder = new TextDecoder();
const TIMEOUT_CHECK_MS = 100;

export class Publisher {
  private readonly nc: NatsConnection;
  private readonly maxInFlight: number;
  private readonly timeoutMs: number;
  private readonly inbox = `${createInbox()}.`;
  private readonly pending = new Map<number, Pending>();
  private readonly timer: NodeJS.Timeout;
  private readonly unsubscribe: () => void;
  private waiters: (() => void)[] = [];
  private count = 0;
  private closed = false;
  private lostAt = 0;
  private lost = false;

  constructor(nc: NatsConnection, options: PublisherOptions = {}) {
    this.nc = nc;
    this.maxInFlight = options.maxInFlight ?? 2_000;
    this.timeoutMs = options.timeoutMs ?? 5_000;
    const subscription = nc.subscribe(`${this.inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.onAnswer(message);
      },
    });
    const offConnection = onConnection(nc, change => {
      this.lost = change === 'lost';
      if (this.lost) this.lostAt = Date.now();
      else this.expire(this.lostAt);
    });
    this.unsubscribe = () => {
      offConnection();
      if (!nc.isClosed()) subscription.unsubscribe();
    };
    this.timer = setInterval(() => this.expire(Date.now() - this.timeoutMs), TIMEOUT_CHECK_MS);
    this.timer.unref();
  }

  /** Messages sent and not yet answered. */
  get inFlight(): number {
    return this.pending.size;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** True while there is no connection: of what is sent now some may arrive once it is back, and what was before not. */
  get isLost(): boolean {
    return this.lost;
  }

  /** True when `send` would take another message now. */
  get hasRoom(): boolean {
    return this.pending.size < this.maxInFlight;
  }

  /** Publishes as soon as there is room, resolves with what became of it. Never rejects. */
  async publish(
    subject: string,
    data: Uint8Array | string,
    options?: PublishOptions,
  ): Promise<PublishResult> {
    while (!this.hasRoom && !this.closed) await this.room();
    return new Promise(resolve => {
      if (!this.send(subject, data, options, resolve)) resolve({ result: 'closed' });
    });
  }

  /**
   * For hot paths: publishes now and calls `done` once. False, and nothing is sent, when there is no room (await
   * `room`) or the publisher is closed.
   */
  send(
    subject: string,
    data: Uint8Array | string,
    options: PublishOptions | undefined,
    done: (result: PublishResult) => void,
  ): boolean {
    if (this.closed || !this.hasRoom) return false;
    const number = this.count++;
    const reply = this.inbox + number.toString(36);
    try {
      const head = options === undefined ? undefined : toHeaders(options);
      this.nc.publish(subject, data, head === undefined ? { reply } : { reply, headers: head });
    } catch (error) {
      const result = failureOf(error);
      queueMicrotask(() => done(result));
      return true;
    }
    this.pending.set(number, { sentAt: Date.now(), done });
    return true;
  }

  /** Resolves when there is room again. */
  room(): Promise<void> {
    if (this.hasRoom || this.closed) return Promise.resolve();
    return new Promise(resolve => {
      this.waiters.push(resolve);
    });
  }

  /** Resolves when everything sent so far, and meanwhile, has been answered or has timed out. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) {
      await new Promise<void>(resolve => {
        this.waiters.push(resolve);
      });
    }
  }

  /** Gives up: what is still open is told `closed`. Await `idle` first to lose nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    this.unsubscribe();
    const open = [...this.pending.values()];
    this.pending.clear();
    for (const { done } of open) done({ result: 'closed' });
    this.wakeAll();
  }

  private onAnswer(message: Msg): void {
    const number = Number.parseInt(message.subject.slice(this.inbox.length), 36);
    const entry = this.pending.get(number);
    if (entry === undefined) return;
    this.pending.delete(number);
    entry.done(readAnswer(message));
    // Woken in blocks: a waiter for each answer would cost more than the publishing.
    if (this.waiters.length > 0 && this.pending.size * 2 <= this.maxInFlight) this.wakeAll();
  }

  /** Tells `timeout` to what was sent up to an instant. */
  private expire(upTo: number): void {
    // Insertion order is the order of sending, so the first that is young enough ends the search.
    for (const [number, entry] of this.pending) {
      if (entry.sentAt > upTo) break;
      this.pending.delete(number);
      entry.done({ result: 'timeout' });
    }
    if (this.hasRoom) this.wakeAll();
  }

  private wakeAll(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const wake of waiters) wake();
  }
}

function toHeaders({ msgId, headers: more }: PublishOptions): ReadyHeaders | undefined {
  if (msgId === undefined && more === undefined) return undefined;
  const head = new ReadyHeaders();
  if (msgId !== undefined) head.add('Nats-Msg-Id', msgId);
  if (more !== undefined) for (const name in more) head.add(name, more[name] ?? '');
  return head;
}

function failureOf(error: unknown): PublishResult {
  if (error instanceof NatsError && error.code === 'MAX_PAYLOAD_EXCEEDED') return { result: 'too-large' };
  if (error instanceof NatsError && /CONNECTION/.test(error.code)) return { result: 'closed' };
  throw error;
}

const SEQ = /"seq":\s*(\d+)/;
const STREAM = /"stream":\s*"([^"]*)"/;
const ERROR_CODE = /"err_code":\s*(\d+)/;
const DESCRIPTION = /"description":\s*"([^"]*)"/;

function readAnswer(message: Msg): PublishResult {
  if (message.data.length === 0) {
    return message.headers?.code === 503
      ? { result: 'no-stream' }
      : { result: 'refused', code: message.headers?.code ?? 0, description: 'empty answer' };
  }
  const text = decoder.decode(message.data);
  if (text.startsWith('{"error"')) {
    return {
      result: 'refused',
      code: Number(ERROR_CODE.exec(text)?.[1] ?? 0),
      description: DESCRIPTION.exec(text)?.[1] ?? text,
    };
  }
  const seq = SEQ.exec(text);
  if (seq === null) return { result: 'refused', code: 0, description: text };
  return {
    result: 'stored',
    stream: STREAM.exec(text)?.[1] ?? '',
    seq: Number(seq[1]),
    duplicate: text.includes('"duplicate":'),
  };
}
