// What no subject mapping took: good events are moved to the stream of their partition, the rest is rejected. Any process
// may do this, since each message is handed to one of them until it is done with it.
import { AckPolicy, type JsMsg, type MsgHdrs, type NatsConnection } from 'nats';
import type { Logger } from 'pino';
import { headersOf } from '../broker/headers.ts';
import { Publisher, type PublishOptions } from '../broker/publisher.ts';
import { rejectMessage } from '../broker/reject-message.ts';
import { UNROUTED_STREAM } from '../broker/streams.ts';
import { type Decoded, decodeMessage } from '../contract/decode.ts';
import type { DeclaredFields } from '../contract/fields.ts';
import { controlSubject, parsePublisherSubject, partitionOf, partitionSubject } from '../contract/subject.ts';
import { encodeRejectNotice } from './control.ts';
import { rejectOptions } from './rejects.ts';

const CONSUMER = 'mover';
const RETRY_MS = 1_000;
/** The server's default, for as long as it has not told its own. */
const MAX_PAYLOAD = 1_048_576;

export class UnroutedMover {
  readonly #nc: NatsConnection;
  readonly #partitions: number;
  readonly #declared: () => DeclaredFields;
  readonly #publisher: Publisher;
  readonly #log: Logger;
  #stop: (() => void) | null = null;
  #stopped = false;
  #task: Promise<void> = Promise.resolve();

  constructor(nc: NatsConnection, partitions: number, declared: () => DeclaredFields, log: Logger) {
    this.#nc = nc;
    this.#partitions = partitions;
    this.#declared = declared;
    this.#publisher = new Publisher(nc);
    this.#log = log;
  }

  start(): void {
    this.#task = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stop?.();
    await this.#task;
    this.#publisher.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#consume();
      } catch (error) {
        if (this.#stopped) return;
        this.#log.warn({ err: error }, 'unrouted events wait; they are tried again');
        await new Promise(resolve => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #consume(): Promise<void> {
    const manager = await this.#nc.jetstreamManager();
    await manager.consumers.add(UNROUTED_STREAM, {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ack_wait: 10_000_000_000,
      max_ack_pending: 100,
    });
    const consumer = await this.#nc.jetstream().consumers.get(UNROUTED_STREAM, CONSUMER);
    const messages = await consumer.consume({ max_messages: 100, abort_on_missing_resource: true });
    this.#stop = () => messages.stop();
    if (this.#stopped) messages.stop();
    for await (const message of messages) await this.#move(message);
  }

  async #move(message: JsMsg): Promise<void> {
    const { data, seq } = message;
    const headers = headersOf(message);
    const subject = parsePublisherSubject(message.subject);
    const decoded = decodeMessage(data, headers, { declared: this.#declared() });
    const refusal =
      subject === null ? 'the subject is not cc.events.<entity>.<case id>' : misfit(decoded, subject);
    // With when it was stored, since the same sequence of a stream that was made anew is another message.
    const msgId = `unrouted-${seq}-${message.info.timestampNanos}`;
    let stored: boolean;
    if (decoded.ok && refusal === null) {
      const to = partitionSubject(partitionOf(decoded.token, this.#partitions), decoded.event.entity);
      stored = await this.#publish(to, data, { msgId, headers: plain(headers) });
    } else {
      const reason = decoded.ok ? 'subject' : decoded.reason;
      const detail = decoded.ok ? (refusal ?? '') : decoded.detail;
      const source = { subject: message.subject, sequence: seq, stream: UNROUTED_STREAM, headers };
      const rejected = rejectMessage(reason, detail, data, source, this.#maxPayload);
      stored = await this.#publish(rejected.subject, data, rejectOptions(rejected, msgId, this.#maxPayload));
      // It lies in no partition's stream, so one of them is told to count it, at a place in its stream like all else.
      const told = encodeRejectNotice({ entity: subject?.entity ?? 'unknown', reason });
      stored &&= await this.#publish(controlSubject(0), told, { msgId: `${msgId}-count` });
    }
    if (stored) message.ack();
    else message.nak(RETRY_MS);
  }

  get #maxPayload(): number {
    return this.#nc.info?.max_payload ?? MAX_PAYLOAD;
  }

  async #publish(subject: string, data: Uint8Array | string, options: PublishOptions): Promise<boolean> {
    return (await this.#publisher.publish(subject, data, options)).result === 'stored';
  }
}

function misfit(
  decoded: Decoded,
  subject: { readonly entity: string; readonly token: string },
): string | null {
  if (!decoded.ok) return decoded.detail;
  if (decoded.event.entity !== subject.entity)
    return `type ${decoded.event.type} on the subject of ${subject.entity}`;
  return decoded.token === subject.token ? null : 'the subject names another case than the event';
}

/** The publisher's own headers, such as those of a binary CloudEvent. */
function plain(headers: MsgHdrs | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, values] of headers ?? []) {
    if (!name.startsWith('Nats-')) found[name] = values[0] ?? '';
  }
  return found;
}
