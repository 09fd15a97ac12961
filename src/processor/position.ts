// Where a partition stands in its stream: written with the state by every commit, checked on every load.
import * as z from 'zod';
import { FORMAT } from '../engine/codec.ts';

export interface Position {
  /** When the stream was made, as the server says it: another value is another stream. */
  readonly created: string;
  /** The last sequence that is applied; 0 before the first. */
  readonly seq: number;
  /** When that message was stored, ms since 1970. */
  readonly storedMs: number;
  /** The last message of SLA_REJECTS that this partition is known to have stored. */
  readonly rejectSeq: number;
  /** All records up to this sequence of SLA_RECORDS are part of this state, and none of its outbox is among them. */
  readonly recordSeq: number;
  /** The same of actions, up to this sequence of SLA_ACTIONS. */
  readonly actionSeq: number;
  /** Records up to this sequence of SLA_RECORDS were made when the stream held other messages: their floors say nothing. */
  readonly doubtedSeq: number;
  /** The policy in force: its hash, the sequence of the message that brought it (0 for the first), and when. */
  readonly policy: string;
  readonly policySeq: number;
  readonly policyAt: number;
  /** The key up to which open cases were brought under the policy; null when all are. */
  readonly sweep: string | null;
}

/** A position as it was stored, with the format of the state beside it. */
export interface StoredPosition extends Position {
  readonly format: number;
}

const SEQ = z.number().int();
const REST = z.object({
  format: z.number(),
  recordSeq: SEQ,
  actionSeq: SEQ.default(0),
  doubtedSeq: SEQ,
  policy: z.string(),
  policySeq: SEQ,
  policyAt: z.number(),
  sweep: z.string().nullable(),
});
/** Of a position as the first versions wrote it. */
const NO_REST = {
  format: 0,
  recordSeq: 0,
  actionSeq: 0,
  doubtedSeq: 0,
  policy: '',
  policySeq: 0,
  policyAt: 0,
  sweep: null,
};
const LIST = z.tuple([z.string(), SEQ, z.number(), SEQ], z.unknown());

/** A list: stream, sequence and time of the message, last reject; then all else in an object. */
export function encodePosition(position: Position): string {
  const { created, seq, storedMs, rejectSeq, ...rest } = position;
  return JSON.stringify([created, seq, storedMs, rejectSeq, { ...rest, format: FORMAT }]);
}

/** The stored position, or null when there is none. @throws when it is not one that was written here */
export function decodePosition(text: string): StoredPosition | null {
  if (text === '') return null;
  const [created, seq, storedMs, rejectSeq, more] = LIST.parse(JSON.parse(text));
  const rest = typeof more === 'object' ? REST.parse(more) : NO_REST;
  return { created, seq, storedMs, rejectSeq, ...rest };
}

/** Names a stream in record ids: its creation time in base 36, so that a stream made anew makes other ids. */
export function streamToken(created: string): string {
  return Date.parse(created).toString(36);
}
