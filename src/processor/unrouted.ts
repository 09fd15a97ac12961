// What no subject mapping took: good events are moved to the stream of their partition, the rest is rejected. Any process
// may do this, since each message is handed to one of them until it is done with it.
import { AckPolicy, type JsMsg, type NatsConnection } from 'nats';
import type { Logger } from 'pino';
import { Publisher, type PublishOptions } from '../broker/publisher.ts';
import { UNROUTED_STREAM } from '../broker/streams.ts';
import { type Decoded, decodeMessage } from '../contract/decode.ts';
import type { DeclaredFields } from '../contract/fields.ts';
import { parsePublisherSubject, partitionOf, partitionSubject } from '../contract/subject.ts';
import {
  REJECT_DETAIL_HEADER,
  REJECT_SEQUENCE_HEADER,
  REJECT_STREAM_HEADER,
  REJECT_SUBJECT_HEADER,
} from './load.ts';

const CONSUMER = 'mover';
const RETRY_MS = 1_000;

export class UnroutedMover {
  readonly #nc: NatsConnection;
  readonly #partitions: number;
  readonly #declared: DeclaredFields;
  readonly #publisher: Publisher;
  readonly #log: Logger;
  #stop: (() => void) | null = null;
  #stopped = false;
  #task: Promise<void> = Promise.resolve();

  constructor(nc: NatsConnection, partitions: number, declared: DeclaredFields, log: Logger) {
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
    const subject = parsePublisherSubject(message.subject);
    const decoded = decodeMessage(message.data, message.headers, { declared: this.#declared });
    const refusal =
      subject === null ? 'the subject is not cc.events.<entity>.<case id>' : misfit(decoded, subject);
    const stored =
      decoded.ok && refusal === null
        ? await this.#publish(
            partitionSubject(partitionOf(decoded.token, this.#partitions), decoded.event.entity),
            message,
            {
              ...(message.headers === undefined ? {} : { headers: plain(message) }),
            },
          )
        : await this.#publish(`sla.rejects.${decoded.ok ? 'subject' : decoded.reason}`, message, {
            headers: {
              [REJECT_STREAM_HEADER]: UNROUTED_STREAM,
              [REJECT_SEQUENCE_HEADER]: String(message.seq),
              [REJECT_SUBJECT_HEADER]: encodeURI(message.subject),
              [REJECT_DETAIL_HEADER]: encodeURI(decoded.ok ? (refusal ?? '') : decoded.detail).replaceAll(
                '%20',
                ' ',
              ),
            },
          });
    if (stored) message.ack();
    else message.nak(RETRY_MS);
  }

  async #publish(subject: string, message: JsMsg, options: PublishOptions): Promise<boolean> {
    const msgId = `unrouted-${message.seq}`;
    const result = await this.#publisher.publish(subject, message.data, { ...options, msgId });
    return result.result === 'stored';
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
function plain(message: JsMsg): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) {
    if (!name.startsWith('Nats-')) found[name] = values[0] ?? '';
  }
  return found;
}
