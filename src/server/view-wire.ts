// What the processors leave in Redis for readers: the change message, a partition's status, an alert's state.
// Every text is checked before use: a store that holds something else is an error, never a default.
import { z } from 'zod';
import { cellParts } from '../contract/cells.ts';
import type { FeedItem } from '../contract/frame.ts';
import { isObject } from '../contract/object.ts';

const partitionStatus = z.object({
  owner: z.string(),
  /** The owner's wall clock when it wrote this, ms since 1970. */
  wall: z.number(),
  /** The instant for which its state held then, ms since 1970: older than `wall` when it is behind its stream. */
  asOf: z.number(),
  /** Logical time, ms since 1970. */
  time: z.number(),
  /** Messages stored and not yet applied. */
  pending: z.number(),
  /** True once what was stored when the partition was loaded has been applied. */
  caughtUp: z.boolean(),
});
export type PartitionStatus = z.infer<typeof partitionStatus>;

/** As the judge commits it (processor/judge.ts), under the field `rule|group`. */
const judgedState = z.object({
  pendingSince: z.number().nullable(),
  firing: z.boolean(),
  since: z.number(),
  number: z.number().int(),
  value: z.number().nullable(),
  numerator: z.number(),
  denominator: z.number(),
  policy: z.string().optional(),
});

/** How the alert of one rule and group stands. */
export interface AlertState {
  /** Names the episode from its firing to its end. */
  readonly id: string;
  readonly rule: string;
  readonly group: string;
  readonly state: 'pending' | 'firing' | 'resolved';
  /** When it entered this state, ms since 1970. */
  readonly at: number;
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  /** The hash of the policy under which it fired last; null where that is not known. */
  readonly policy: string | null;
}

/** One commit of one partition, as it is told on the channel. */
export interface Change {
  readonly p: number;
  readonly n: number;
  readonly asOf: number;
  readonly cells: Readonly<Record<string, number | null>>;
  readonly risk: boolean;
  readonly feed: readonly FeedItem[];
}

// Cells are the bulk of a change and come many times a second: they are checked one by one where they are set.
const changeHead = z.looseObject({
  p: z.number().int().nonnegative(),
  n: z.number().int(),
  asOf: z.number(),
  risk: z.boolean(),
  feed: z.array(z.unknown()),
});

export function parseStatus(text: string | null): PartitionStatus | null {
  return text === null ? null : partitionStatus.parse(JSON.parse(text));
}

/** The state of an alert from its hash field and value; null for one that never fired and is not about to. */
export function parseAlert(field: string, text: string): AlertState | null {
  const [rule = '', group = ''] = cellParts(field);
  const judged = judgedState.parse(JSON.parse(text));
  const { pendingSince, firing, number, value, numerator, denominator, policy = null } = judged;
  if (number === 0 && pendingSince === null) return null;
  const state = firing ? 'firing' : pendingSince === null ? 'resolved' : 'pending';
  // Transitions are numbered: odd ones fire, the even one after it ends the same episode.
  const episode = state === 'pending' ? number / 2 + 1 : Math.ceil(number / 2);
  return {
    id: `${rule}~${group}~${episode}`,
    rule,
    group,
    state,
    at: pendingSince ?? judged.since,
    value,
    numerator,
    denominator,
    policy,
  };
}

/** @throws Error when the message is no change. */
export function parseChange(text: string): Change {
  const message: unknown = JSON.parse(text);
  changeHead.parse(message);
  if (!isChange(message)) throw new Error('A change without cells.');
  return message;
}

function isChange(message: unknown): message is Change {
  return isObject(message) && isObject(message.cells);
}
