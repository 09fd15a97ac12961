// Puts a great many open cases into Redis as a processor would have left them: states, alarms, risks and cells. A few
// hundred cases are made by the engine; the others are these with other ids, which is all that differs.
import type { Redis } from 'ioredis';
import type { SlaEvent } from '../../src/contract/event.ts';
import { partitionOfCase } from '../../src/contract/subject.ts';
import { acceptEvent, newCase, reachTime } from '../../src/engine/case.ts';
import { encodeCase } from '../../src/engine/codec.ts';
import { addCell, type CellChanges } from '../../src/engine/contribute.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { defaultPolicyFile, readPolicyFile } from '../../src/policy-store/source.ts';
import { partitionKeys } from '../../src/store/keys.ts';
import { knownTicket, random } from './load.ts';
import { PARTITIONS, waitFor } from './rig.ts';

interface Template {
  /** The encoded state, with `@` in place of the id. */
  readonly text: string;
  readonly alarm: number;
  readonly riskAt: number | null;
  readonly cells: CellChanges;
}

const TEMPLATES = 400;
/** Cases in one command. */
const CHUNK = 2_000;
/** Tickets were created up to so long ago: none of the default pack's longer promises is due during a run. */
const AGE_MS_MAX = 50 * 60_000;

interface Chunk {
  readonly states: string[];
  readonly alarms: (number | string)[];
  readonly risks: (number | string)[];
}

/** Tickets `knownTicket(0)` up to `cases` − 1, created and assigned. The streams may be empty: no position is written. */
export async function preload(redis: Redis, cases: number): Promise<void> {
  const now = Date.now();
  const { policy } = readPolicyFile(defaultPolicyFile());
  const next = random(7);
  const templates = Array.from({ length: TEMPLATES }, () => makeTemplate(policy, next, now));
  const chunks = Array.from({ length: PARTITIONS }, emptyChunk);
  const cells = Array.from({ length: PARTITIONS }, (): CellChanges => new Map());
  for (let i = 0; i < cases; i++) {
    const id = knownTicket(i);
    const p = partitionOfCase(id, PARTITIONS) ?? 0;
    const template = templates[i % TEMPLATES];
    const chunk = chunks[p];
    if (template === undefined || chunk === undefined) throw new Error('no such partition');
    const key = `ticket/${id}`;
    chunk.states.push(key, template.text.replaceAll('@', id));
    if (template.alarm < Number.POSITIVE_INFINITY) chunk.alarms.push(template.alarm, key);
    if (template.riskAt !== null) chunk.risks.push(template.riskAt, key);
    for (const [cell, amount] of template.cells) addCell(cells[p] ?? new Map(), cell, amount);
    if (chunk.states.length < 2 * CHUNK) continue;
    await write(redis, p, chunk);
    chunks[p] = emptyChunk();
  }
  for (const [p, chunk] of chunks.entries()) await write(redis, p, chunk);
  for (const [p, changes] of cells.entries())
    if (changes.size > 0) await redis.hset(partitionKeys(p).cells, ...[...changes].flat());
  // A rewrite of the append-only file that this has caused is no part of what follows.
  await waitFor('the append-only file', 60_000, async () =>
    (await redis.info('persistence')).includes('aof_rewrite_in_progress:0'),
  );
}

function emptyChunk(): Chunk {
  return { states: [], alarms: [], risks: [] };
}

async function write(redis: Redis, p: number, { states, alarms, risks }: Chunk): Promise<void> {
  const keys = partitionKeys(p);
  const pipeline = redis.pipeline();
  if (states.length > 0) pipeline.hset(keys.cases, ...states);
  if (alarms.length > 0) pipeline.zadd(keys.alarms, ...alarms);
  if (risks.length > 0) pipeline.zadd(keys.risk, ...risks);
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
}

function makeTemplate(policy: CompiledPolicy, next: () => number, now: number): Template {
  const pick = (...list: readonly string[]) => list[Math.floor(next() * list.length)] ?? '';
  const time = now - Math.floor(next() * AGE_MS_MAX);
  const state = newCase(policy, 'ticket', '@');
  const told = { records: [], cells: new Map() };
  const event = (number: number, name: string, after: number, fields: SlaEvent['fields']): SlaEvent => ({
    id: `e-@-known-${number}`,
    source: '/bench/centre',
    type: `ticket.${name}`,
    entity: 'ticket',
    case: '@',
    time: time + after,
    fields,
    digest: '0123456789ab',
  });
  const created = {
    channel: pick('email', 'web', 'app'),
    kind: pick('consultation', 'problem', 'repair'),
    urgency: pick('normal', 'urgent'),
    queue: pick('repair', 'consulting', 'hotline', 'online'),
    product: pick('sofa', 'table', 'bed'),
    'customer.id': 'U1',
    'customer.name': '王**',
    'customer.phone': '*******5678',
  };
  const events = [event(0, 'created', 0, created), event(1, 'assigned', 1_000, { by: 'agent', agent: 'A7' })];
  for (const each of events) acceptEvent(state, each, { now: each.time, id: '@', at: each.time }, told);
  reachTime(state, { now, id: '@', at: now }, told);
  return {
    text: encodeCase(state).head,
    alarm: state.alarm,
    riskAt: state.standing.riskAt,
    cells: told.cells,
  };
}
