// What an owner does before it reads: check that the stored position is still true of the stream, and find out which
// records and rejects are stored already, so that nothing is told twice, beyond the broker's window for duplicates too.
import type { NatsConnection } from 'nats';
import * as z from 'zod';
import { getMessage, lastBySubject, type StreamState, streamState } from '../broker/api.ts';
import { openReader } from '../broker/reader.ts';
import { eventsStream, RECORDS_STREAM, REJECTS_STREAM } from '../broker/streams.ts';
import { cellKey } from '../contract/cells.ts';
import { FORMAT } from '../engine/codec.ts';
import type { PartitionSnapshot, PartitionStore } from '../store/partition-store.ts';
import { FLOOR_HEADER, FLOOR_RECORD_HEADER, type Floor } from './outbox.ts';
import { decodePosition, type Position, type StoredPosition, streamToken } from './position.ts';

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
  /** Ids of records that are stored above the floor. */
  readonly storedRecords: ReadonlySet<string>;
  /** Sequences of events whose rejection is stored although the position lies before them. */
  readonly storedRejects: ReadonlySet<number>;
  /** Latest state of each alert that is newer in SLA_RECORDS than in the snapshot. */
  readonly alerts: ReadonlyMap<string, string>;
  /** Why the state was thrown away and is built again from the first message; null when it was good. */
  readonly rebuilt: string | null;
}

/** A server that has just started may for a moment say less than it has stored. */
const DOUBT_MS = 5_000;

/** @throws MissingEventsError when the stream's first message lies beyond the position */
export async function loadPartition(nc: NatsConnection, store: PartitionStore): Promise<Loaded> {
  const { partition } = store;
  const stream = eventsStream(partition);
  let snapshot = await store.load();
  const known = decodePosition(snapshot.position);
  const rebuilt = known === null ? null : await doubt(nc, stream, known);
  if (rebuilt !== null) {
    await store.wipe();
    snapshot = await store.load();
  }
  const state = await streamState(nc, stream);
  const position =
    known !== null && rebuilt === null
      ? known
      : { created: state.created, seq: 0, storedMs: 0, rejectSeq: 0 };
  if (state.firstSeq > position.seq + 1) {
    throw new MissingEventsError(
      `stream ${stream} begins at ${state.firstSeq}, but the state ends at ${position.seq}: ` +
        `events ${position.seq + 1} to ${state.firstSeq - 1} are missing; restore the stream, or restore a newer copy of Redis`,
    );
  }
  const floor = await readFloor(nc, partition, position.created);
  const records = await readStored(nc, partition, position.seq === 0 ? 0 : floor.record, floor.record);
  const storedRejects = await readRejects(nc, stream, position);
  return {
    snapshot,
    position,
    target: state.lastSeq,
    floor,
    storedRecords: records.ids,
    storedRejects,
    alerts: newer(snapshot.alerts, records.alerts),
    rebuilt,
  };
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

/** The floor that the latest record of the partition carries; zero where there is none of this stream. */
async function readFloor(nc: NatsConnection, partition: number, created: string): Promise<Floor> {
  let floor: Floor = { seq: 0, record: 0 };
  for (const kind of ['clock', 'alert', 'action']) {
    const last = await lastBySubject(nc, RECORDS_STREAM, `sla.records.${kind}.${partition}`);
    if (last === null || !last.headerText.includes(`Nats-Msg-Id: ${streamToken(created)}-`)) continue;
    const seq = headerNumber(last.headerText, FLOOR_HEADER);
    if (seq >= floor.seq) {
      const record = headerNumber(last.headerText, FLOOR_RECORD_HEADER);
      floor = { seq, record: Math.max(record, floor.record) };
    }
  }
  return floor;
}

function headerNumber(headerText: string, name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(headerText)?.[1] ?? 0);
}

const ALERT_RECORD = z.object({
  kind: z.literal('alert'),
  rule: z.string(),
  group: z.string(),
  state: z.enum(['firing', 'resolved']),
  number: z.number(),
  at: z.string(),
  value: z.number().nullable(),
  numerator: z.number(),
  denominator: z.number(),
});

/**
 * Reads the partition's records above `from`: ids of those above `floor`, and the latest transition of each alert.
 */
async function readStored(
  nc: NatsConnection,
  partition: number,
  from: number,
  floor: number,
): Promise<{ ids: Set<string>; alerts: Map<string, z.infer<typeof ALERT_RECORD>> }> {
  const ids = new Set<string>();
  const alerts = new Map<string, z.infer<typeof ALERT_RECORD>>();
  const above = async (subject: string, start: number, take: (id: string, data: Uint8Array) => void) => {
    const last = await lastMessage(nc, subject);
    if (last <= start) return;
    const reader = openReader(nc, RECORDS_STREAM, start + 1, { filter: subject });
    try {
      for (let seq = start; seq < last; ) {
        for (const message of await reader.next(1_000)) {
          take(message.headers?.get('Nats-Msg-Id') ?? '', message.data);
          seq = message.seq;
        }
      }
    } finally {
      reader.close();
    }
  };
  for (const kind of ['clock', 'action'])
    await above(`sla.records.${kind}.${partition}`, floor, id => ids.add(id));
  await above(`sla.records.alert.${partition}`, Math.min(from, floor), (id, data) => {
    ids.add(id);
    const parsed = ALERT_RECORD.parse(JSON.parse(Buffer.from(data).toString('utf8')));
    alerts.set(cellKey(parsed.rule, parsed.group), parsed);
  });
  return { ids, alerts };
}

async function lastMessage(nc: NatsConnection, subject: string): Promise<number> {
  return (await lastBySubject(nc, RECORDS_STREAM, subject))?.seq ?? 0;
}

/** What no event can give back: transitions of alerts that are stored as records, but not in this copy of Redis. */
function newer(
  kept: ReadonlyMap<string, string>,
  told: ReadonlyMap<string, z.infer<typeof ALERT_RECORD>>,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [field, record] of told) {
    const text = kept.get(field);
    const number = text === undefined ? 0 : z.object({ number: z.number() }).parse(JSON.parse(text)).number;
    if (record.number <= number) continue;
    const { value, numerator, denominator } = record;
    const state = {
      pendingSince: null,
      firing: record.state === 'firing',
      since: Date.parse(record.at),
      number: record.number,
      value,
      numerator,
      denominator,
    };
    found.set(field, JSON.stringify(state));
  }
  return found;
}

/** Rejections of events after the position were stored by an owner that failed before its commit. */
async function readRejects(nc: NatsConnection, stream: string, position: Position): Promise<Set<number>> {
  const found = new Set<number>();
  const { lastSeq, firstSeq } = await streamState(nc, REJECTS_STREAM);
  const from = Math.max(position.rejectSeq, firstSeq - 1);
  if (lastSeq <= from) return found;
  const reader = openReader(nc, REJECTS_STREAM, from + 1, { filter: 'sla.rejects.>' });
  try {
    for (let seq = from; seq < lastSeq; ) {
      for (const message of await reader.next(1_000)) {
        seq = message.seq;
        if (message.headers?.get(REJECT_STREAM_HEADER) !== stream) continue;
        found.add(Number(message.headers.get(REJECT_SEQUENCE_HEADER)));
      }
    }
  } finally {
    reader.close();
  }
  return found;
}

/** Where a rejected message came from. */
export const REJECT_STREAM_HEADER = 'Sla-Source-Stream';
export const REJECT_SEQUENCE_HEADER = 'Sla-Source-Sequence';
export const REJECT_SUBJECT_HEADER = 'Sla-Source-Subject';
export const REJECT_DETAIL_HEADER = 'Sla-Detail';
