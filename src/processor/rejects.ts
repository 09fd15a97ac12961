// What can't be used is kept whole in SLA_REJECTS, before the position moves past it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Publisher, PublishResult } from '../broker/publisher.ts';
import type { Rejected } from './batch.ts';
import {
  REJECT_DETAIL_HEADER,
  REJECT_SEQUENCE_HEADER,
  REJECT_STREAM_HEADER,
  REJECT_SUBJECT_HEADER,
} from './load.ts';

const TRIES = 20;

/** Stores rejected messages; resolves with the highest sequence in SLA_REJECTS. Throws when the stream can't be reached. */
export async function publishRejects(
  publisher: Publisher,
  stream: string,
  idPrefix: string,
  rejected: readonly Rejected[],
): Promise<number> {
  const stored = await Promise.all(rejected.map(each => publishReject(publisher, stream, idPrefix, each)));
  return Math.max(...stored);
}

async function publishReject(
  publisher: Publisher,
  stream: string,
  idPrefix: string,
  { reason, detail, message }: Rejected,
): Promise<number> {
  const headers = {
    [REJECT_STREAM_HEADER]: stream,
    [REJECT_SEQUENCE_HEADER]: String(message.seq),
    [REJECT_SUBJECT_HEADER]: headerText(message.subject),
    [REJECT_DETAIL_HEADER]: headerText(detail),
  };
  let result: PublishResult = { result: 'timeout' };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    result = await publisher.publish(`sla.rejects.${reason}`, message.data, {
      msgId: `${idPrefix}-${message.seq}`,
      headers,
    });
    if (result.result === 'stored') return result.seq;
    if (result.result === 'closed') break;
    await sleep(Math.min(1_000, 20 * 2 ** attempt));
  }
  throw new Error(`a rejected message could not be stored: ${result.result}`);
}

/** Header values hold one line of ASCII. */
function headerText(value: string): string {
  return encodeURI(value).replaceAll('%20', ' ');
}
