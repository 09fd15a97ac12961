// Takes events in at the HTTP door: masked, checked, stored on their case's partition; what can't be used is stored,
// masked too, with the reason. It answers once the stream has acknowledged all of it. No message id is set: the same
// event again, or with other content, must reach the processor to be counted as a duplicate or told as a conflict.

import type { Publisher, PublishResult } from '../broker/publisher.ts';
import { decodeObject } from '../contract/decode.ts';
import type { DeclaredFields } from '../contract/fields.ts';
import { maskText } from '../contract/mask.ts';
import { maskEvent } from '../contract/mask-event.ts';
import { isObject } from '../contract/object.ts';
import type { RejectReason } from '../contract/reject.ts';
import { partitionOf, partitionSubject } from '../contract/subject.ts';
import type { HttpItem } from './http-events.ts';

/** Publishes with acknowledgement: the broker's publisher. */
export type EventSink = Pick<Publisher, 'publish'>;

export interface RejectedItem {
  readonly index: number;
  readonly id: string | null;
  readonly reason: RejectReason;
  readonly detail: string;
}

export interface IngestResult {
  readonly accepted: number;
  readonly rejected: readonly RejectedItem[];
}

/** The stream could not be reached or refused to store. */
export class StoreError extends Error {}

export interface IngestOptions {
  readonly sink: EventSink;
  readonly partitions: number;
  readonly declared: () => DeclaredFields;
  /** Counts an event that was refused. */
  readonly refused: (reason: RejectReason) => void;
}

const ID_SHOWN_MAX = 200;

/** @throws StoreError when not all of it could be stored; sending it again then does no harm. */
export async function ingest(items: readonly HttpItem[], options: IngestOptions): Promise<IngestResult> {
  const { sink, partitions } = options;
  const declared = options.declared();
  const rejected: RejectedItem[] = [];
  const stored: Promise<PublishResult>[] = [];
  const storedAt = Date.now();
  const reject = (
    index: number,
    id: unknown,
    reason: RejectReason,
    detail: string,
    payload: string,
  ): void => {
    const shown = typeof id === 'string' ? maskText(id.slice(0, ID_SHOWN_MAX)) : null;
    rejected.push({ index, id: shown, reason, detail });
    options.refused(reason);
    const headers = {
      'Sla-Source-Subject': 'http',
      'Sla-Source-Sequence': String(index),
      'Sla-Detail': headerSafe(detail),
    };
    stored.push(sink.publish(`sla.rejects.${reason}`, payload, { headers }).then(rejectStored));
  };
  for (const [index, item] of items.entries()) {
    if (!item.ok) {
      const detail = item.reason === 'oversized' ? 'more than 256 KB' : 'expected JSON';
      reject(index, null, item.reason, detail, maskText(item.text));
      continue;
    }
    const event = maskEvent(item.value);
    const payload = JSON.stringify(event);
    const decoded = decodeObject(event, { declared, storedAt, maskedAlready: true });
    if (decoded.ok) {
      const subject = partitionSubject(partitionOf(decoded.token, partitions), decoded.event.entity);
      stored.push(sink.publish(subject, payload));
    } else {
      reject(index, isObject(event) ? event.id : null, decoded.reason, decoded.detail, payload);
    }
  }
  const failed = (await Promise.all(stored)).find(({ result }) => result !== 'stored');
  if (failed) throw new StoreError(`The stream did not store all of it: ${failed.result}.`);
  return { accepted: items.length - rejected.length, rejected };
}

/** What is beyond the server's largest message is refused at the door and only counted. */
function rejectStored(outcome: PublishResult): PublishResult {
  return outcome.result === 'too-large'
    ? { result: 'stored', stream: '', seq: 0, duplicate: false }
    : outcome;
}

/** Header values of a message are ASCII on one line. */
function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
}
