// What an owner does before it reads: check that the stored position is still true of the stream, and find out which
// records and rejects are stored already, so that nothing is told twice, beyond the broker's window for duplicates too.
import type { NatsConnection } from 'nats';
import * as z from 'zod';
import { getMessage, lastBySubject, type StreamState, streamState } from '../broker/api.ts';
import { eventsStream, RECORDS_STREAM } from '../broker/streams.ts';
import { cellKey } from '../contract/cells.ts';
import type { AlertRecord } from '../contract/record.ts';
import { RECORD_SCHEMAS } from '../contract/record-schemas.ts';
import { FORMAT } from '../engine/codec.ts';
import type { AlertState } from '../engine/judge.ts';
import type { PartitionSnapshot, PartitionStore } from '../store/partition-store.ts';
import {
  FLOOR_ACTION_HEADER,
  FLOOR_HEADER,
  FLOOR_RECORD_HEADER,
  type Floor,
  type StoredIds,
} from './outbox.ts';
import { decodePosition, type Position, type StoredPosition, streamToken } from './position.ts';
import { eachStored, type StoredRejects, storedIds, storedRejects } from './stored.ts';

/** The stream begins after the position: events are missing, and guessing what they were is not an option. */
export class MissingEventsError extends Error {
  override readonly name = 'MissingEventsError';
}

export interface Loaded {
  readonly snapshot: PartitionSnapshot;
  readonly position: Position;
  /** The last sequence of the stream when it was loaded: before it the partition is catching up. */
  readonly target: number;
  readonly floor: Floor;
  /** Records and actions that are stored although this state may tell them again, or its outbox may hold them. */
  readonly stored: StoredIds;
  readonly storedRejects: StoredRejects;
  /** Latest state of each alert that is newer in SLA_RECORDS than in the snapshot. */
  readonly alerts: ReadonlyMap<string, string>;
  /** Firings that are newer than the snapshot: their actions may be missing. */
  readonly firings: readonly AlertRecord[];
  /** Why the state was thrown away and is built again from the first message; null when it was good. */
  readonly rebuilt: string | null;
}

/** A server that has just started may for a moment say less than it has stored. */
const DOUBT_MS = 5_000;

/**
 * @throws MissingEventsError when the stream's first message lies beyond the position; FencedError when the lease
 * was lost meanwhile
 */
export async function loadPartition(
  nc: NatsConnection,
  store: PartitionStore,
  epoch: string,
  firstPolicy: string,
): Promise<Loaded> {
  const { partition } = store;
  const stream = eventsStream(partition);
  let snapshot = await store.load();
  const known = decodePosition(snapshot.position);
  const rebuilt = known === null ? null : await doubt(nc, stream, known);
  const state = await streamState(nc, stream);
  const startsAt = known === null || rebuilt !== null ? 0 : known.seq;
  if (state.firstSeq > startsAt + 1) {
    throw new MissingEventsError(
      `stream ${stream} begins at ${state.firstSeq}, but the state ends at ${startsAt}: ` +
        `events ${startsAt + 1} to ${state.firstSeq - 1} are missing; restore the stream, or restore a newer copy of Redis`,
    );
  }
  // Where nothing is known all may have been lost while readers still hold what they were told.
  if (rebuilt !== null || known === null) {
    await store.wipe(epoch, Date.now());
    snapshot = await store.load();
  }
  // Another format says nothing against the stream, a stream made anew names its records differently.
  const isDoubtful = rebuilt !== null && known?.format === FORMAT && known.created === state.created;
  const start = known !== null && rebuilt === null ? known : startOf(state.created, firstPolicy);
  const { floor, doubtedSeq } = await findFloor(nc, partition, start, {
    lastSeq: state.lastSeq,
    isDoubtful,
  });
  const position = { ...start, doubtedSeq };
  // What the outbox of an older copy holds may be stored below the floor, alerts know of no floor.
  const { recordSeq, actionSeq } = start;
  const kept = snapshot.outbox.length > 0 ? NO_FLOOR : floor;
  const above = {
    record: Math.max(recordSeq, kept.record),
    action: Math.max(actionSeq, kept.action),
  };
  const told = await readAlerts(nc, partition, recordSeq);
  const newer = told.filter(({ record }) => record.number > keptNumber(snapshot.alerts, record));
  return {
    snapshot,
    position,
    target: state.lastSeq,
    floor,
    stored: await storedIds(nc, partition, above, recordSeq),
    storedRejects: await storedRejects(nc, idPrefixOf(position, partition), position.rejectSeq),
    alerts: statesOf(newer, firedUnder(told, snapshot.alerts)),
    firings: newer.flatMap(({ record, seq }) =>
      // What lies at or before a floor's place was stored together with its action, which came right after it.
      record.state === 'firing' && seq > above.record ? [record] : [],
    ),
    rebuilt,
  };
}

/** Before the first message; `policy` is the hash of the one that was in force before any. */
function startOf(created: string, policy: string): Position {
  return {
    created,
    seq: 0,
    storedMs: 0,
    rejectSeq: 0,
    recordSeq: 0,
    actionSeq: 0,
    doubtedSeq: 0,
    policy,
    policySeq: 0,
    policyAt: 0,
    sweep: null,
  };
}

/** `<stream token>-<partition>`: the beginning of every id of what comes of this stream. */
export function idPrefixOf({ created }: Pick<Position, 'created'>, partition: number): string {
  return `${streamToken(created)}-${partition}`;
}

/** Why the state can't be used: another format, or a position that is not true of this stream; null when it can. */
async function doubt(nc: NatsConnection, stream: string, position: StoredPosition): Promise<string | null> {
  if (position.format !== FORMAT) return `its format is ${position.format}, this version's is ${FORMAT}`;
  const until = Date.now() + DOUBT_MS;
  for (;;) {
    const state = await streamState(nc, stream);
    const reason = await whyNot(nc, stream, position, state);
    if (reason === null) return null;
    const beyond = state.created === position.created && state.lastSeq < position.seq;
    if (!beyond || Date.now() > until) return reason;
    await new Promise(resolve => setTimeout(resolve, 250));
  }
}

async function whyNot(
  nc: NatsConnection,
  stream: string,
  { created, seq, storedMs }: Position,
  state: StreamState,
): Promise<string | null> {
  if (state.created !== created) return `stream ${stream} was made anew at ${state.created}`;
  if (seq === 0 || seq < state.firstSeq) return null;
  const message = await getMessage(nc, stream, seq);
  if (message === null) return `stream ${stream} has no message ${seq} any more`;
  return message.storedMs === storedMs ? null : `message ${seq} of stream ${stream} is another one`;
}

/**
 * The floor to go by, and up to where records' floors say nothing. A stream that lost its last messages and got others
 * in their place makes records of the same sequences again: floors from before would hide them.
 */
async function findFloor(
  nc: NatsConnection,
  partition: number,
  { created, doubtedSeq }: Position,
  { lastSeq, isDoubtful }: { readonly lastSeq: number; readonly isDoubtful: boolean },
): Promise<{ floor: Floor; doubtedSeq: number }> {
  const floor = isDoubtful ? null : await readFloor(nc, partition, created, doubtedSeq);
  if (floor !== null && floor.seq <= lastSeq) return { floor, doubtedSeq };
  const { lastSeq: records } = await streamState(nc, RECORDS_STREAM);
  return { floor: NO_FLOOR, doubtedSeq: records };
}

const NO_FLOOR: Floor = { seq: 0, record: 0, action: 0 };

/** The floor that the latest record of the partition carries; zero where there is none of this stream. */
async function readFloor(
  nc: NatsConnection,
  partition: number,
  created: string,
  above: number,
): Promise<Floor> {
  let floor = NO_FLOOR;
  for (const kind of ['clock', 'alert', 'action']) {
    const last = await lastBySubject(nc, RECORDS_STREAM, `sla.records.${kind}.${partition}`);
    if (last === null || last.seq <= above) continue;
    if (!last.headerText.includes(`Nats-Msg-Id: ${streamToken(created)}-`)) continue;
    const seq = headerNumber(last.headerText, FLOOR_HEADER);
    if (seq < floor.seq) continue;
    const record = headerNumber(last.headerText, FLOOR_RECORD_HEADER);
    floor = { seq, record, action: headerNumber(last.headerText, FLOOR_ACTION_HEADER) };
  }
  return floor;
}

function headerNumber(headerText: string, name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(headerText)?.[1] ?? 0);
}

interface StoredAlert {
  readonly record: AlertRecord;
  readonly seq: number;
}

/** The latest transitions of each alert of the partition that are stored above a sequence, in order. */
async function readAlerts(nc: NatsConnection, partition: number, above: number): Promise<StoredAlert[]> {
  const found: StoredAlert[] = [];
  const range = { from: above, to: Number.MAX_SAFE_INTEGER };
  await eachStored(nc, RECORDS_STREAM, `sla.records.alert.${partition}`, range, (_id, { data, seq }) => {
    const record = RECORD_SCHEMAS.alert.parse(JSON.parse(Buffer.from(data).toString('utf8')));
    found.push({ record, seq });
  });
  return found;
}

const KEPT = z.object({ number: z.number(), policy: z.string().optional() });

function keptNumber(kept: ReadonlyMap<string, string>, { rule, group }: AlertRecord): number {
  const text = kept.get(cellKey(rule, group));
  return text === undefined ? 0 : KEPT.parse(JSON.parse(text)).number;
}

/** The policy under which each alert fired last, by its field, as far as records or what is kept say it. */
function firedUnder(
  told: readonly StoredAlert[],
  kept: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const policies = new Map<string, string>();
  for (const [field, text] of kept) {
    const { policy } = KEPT.parse(JSON.parse(text));
    if (policy !== undefined) policies.set(field, policy);
  }
  for (const { record } of told)
    if (record.state === 'firing') policies.set(cellKey(record.rule, record.group), record.policy);
  return policies;
}

function statesOf(
  newer: readonly StoredAlert[],
  policies: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    newer.map(({ record }) => {
      const field = cellKey(record.rule, record.group);
      return [field, stateOf(record, policies.get(field))];
    }),
  );
}

/** The state of an alert after a transition; `policy` is the one under which it fired. */
function stateOf(record: AlertRecord, policy: string | undefined): string {
  const { value, numerator, denominator, number } = record;
  const state: AlertState = {
    pendingSince: null,
    firing: record.state === 'firing',
    since: Date.parse(record.at),
    number,
    value,
    numerator,
    denominator,
  };
  return JSON.stringify({ ...state, policy });
}
