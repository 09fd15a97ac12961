// Feeds events from a file or a pipe into their partitions' streams: checks each, waits for the acknowledgements,
// sends again what timed out, and puts what can't be used into SLA_REJECTS. At most `maxInFlight` are open.
import { randomUUID } from 'node:crypto';
import { type DecodeOptions, decodeMessage } from '../contract/decode.ts';
import { partitionOf, partitionSubject } from '../contract/subject.ts';
import type { Publisher, PublishResult } from './publisher.ts';
import { rejectMessage } from './reject-message.ts';

export interface FeedOptions {
  readonly publisher: Publisher;
  readonly partitions: number;
  /** The server's `max_payload` in bytes. */
  readonly maxPayload: number;
  /** Fields that the policy in force declares: an event with a wrong type of one of them is refused here already. */
  readonly declared: DecodeOptions['declared'];
  /** Called for each line that was not stored as an event: `rejected` ones are kept in SLA_REJECTS. */
  readonly onProblem: (line: number, outcome: 'rejected' | 'failed', why: string) => void;
}

export interface FeedCounts {
  readonly stored: number;
  readonly rejected: number;
  readonly failed: number;
}

/** Attempts for one message; a time-out leaves it open whether it was stored, the message id makes that harmless. */
const ATTEMPTS_MAX = 6;

export class EventFeed {
  private readonly options: FeedOptions;
  private readonly run = randomUUID();
  private readonly tally = { stored: 0, rejected: 0, failed: 0 };
  private count = 0;
  private open = 0;
  private whenIdle: (() => void) | null = null;

  constructor(options: FeedOptions) {
    this.options = options;
  }

  get counts(): FeedCounts {
    return { ...this.tally };
  }

  /** Takes one structured event. Resolves when there is room for the next; the outcome comes later. */
  async line(number: number, bytes: Uint8Array): Promise<void> {
    const { declared } = this.options;
    const decoded = decodeMessage(bytes, undefined, { declared, storedAt: Date.now() });
    if (!decoded.ok) return this.refuse(number, bytes, decoded.reason, decoded.detail);
    const partition = partitionOf(decoded.token, this.options.partitions);
    const subject = partitionSubject(partition, decoded.event.entity);
    await this.send(subject, bytes, undefined, result => this.onStored(number, result));
  }

  /** Takes what is no event for a reason known already. */
  async refuse(
    number: number,
    bytes: Uint8Array,
    reason: Parameters<typeof rejectMessage>[0],
    detail: string,
  ): Promise<void> {
    const source = { subject: 'publish', sequence: number };
    const { subject, data, headers } = rejectMessage(reason, detail, bytes, source, this.options.maxPayload);
    const why = `${reason}: ${detail}`;
    await this.send(subject, data, headers, result => {
      if (result.result === 'stored') {
        this.tally.rejected++;
        this.options.onProblem(number, 'rejected', why);
      } else this.fail(number, `${why}; and not kept in SLA_REJECTS either: ${reasonOf(result)}`);
    });
  }

  /** What is too large for the server at all. */
  tooLarge(number: number): void {
    this.fail(number, `oversized: larger than the server takes (${this.options.maxPayload} bytes)`);
  }

  /** Resolves when every line so far has its outcome. */
  async done(): Promise<FeedCounts> {
    if (this.open > 0) {
      await new Promise<void>(resolve => {
        this.whenIdle = resolve;
      });
    }
    return this.counts;
  }

  private onStored(number: number, result: PublishResult): void {
    if (result.result === 'stored') this.tally.stored++;
    else this.fail(number, `not stored: ${reasonOf(result)}`);
  }

  private fail(number: number, why: string): void {
    this.tally.failed++;
    this.options.onProblem(number, 'failed', why);
  }

  private async send(
    subject: string,
    data: Uint8Array,
    headers: Record<string, string> | undefined,
    done: (result: PublishResult) => void,
  ): Promise<void> {
    const { publisher } = this.options;
    // One line may give several events, so their own number names the message.
    const options = { msgId: `${this.run}-${this.count++}`, headers };
    let attempt = 1;
    const onResult = (result: PublishResult) => {
      if (result.result === 'timeout' && attempt < ATTEMPTS_MAX) {
        attempt++;
        again();
        return;
      }
      this.open--;
      done(result);
      if (this.open === 0) this.whenIdle?.();
    };
    const again = () => {
      publisher.publish(subject, data, options).then(onResult, (error: unknown) => {
        onResult({ result: 'refused', code: 0, description: String(error) });
      });
    };
    this.open++;
    while (!publisher.send(subject, data, options, onResult)) {
      if (publisher.isClosed) {
        onResult({ result: 'closed' });
        return;
      }
      await publisher.room();
    }
  }
}

function reasonOf(result: PublishResult): string {
  switch (result.result) {
    case 'refused':
      return `refused (${result.code}: ${result.description})`;
    case 'no-stream':
      return 'no stream takes it';
    case 'timeout':
      return 'no acknowledgement';
    case 'too-large':
      return 'larger than the server takes';
    case 'closed':
      return 'the connection is closed';
    case 'stored':
      return 'stored';
  }
}
