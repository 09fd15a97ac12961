// What a commit tells boards: what a clock calls for at once, as long as it is no history, and with whom it tells.
import { Redis } from 'ioredis';
import t from 'tap';
import type { RawMessage } from '../../src/broker/reader.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { Batch } from '../../src/processor/batch.ts';
import { CaseCache } from '../../src/processor/case-cache.ts';
import { defineScripts, PartitionStore } from '../../src/store/partition-store.ts';

const START = Date.UTC(2026, 10, 16, 9);
const HOUR_MS = 3_600_000;

const loaded = loadPolicy(
  `version: 1
clocks:
  - rule: S1-01
    title: { zh: 紧急响应, en: Urgent response }
    on: ticket
    start: ticket.created
    stop: ticket.replied
    target: 30m
    atOnce: { action: emergency-plan, to: department-head }
`,
  { file: 'p.yaml' },
);
if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
const { policy } = loaded;

/** The feed of a batch with one ticket, made `lateMs` before it becomes known. */
function feedOf(lateMs: number) {
  const redis = new Redis({ lazyConnect: true });
  defineScripts(redis);
  const cache = new CaseCache(new PartitionStore(redis, 0), policy, () => policy, 100, 90 * 24 * HOUR_MS);
  const place = { partition: 0, partitions: 1, idPrefix: 'x-0' };
  const alarms = { push: () => {}, horizon: Number.POSITIVE_INFINITY };
  const batch = new Batch(place, { policy, seq: 0, at: 0 }, cache, alarms);
  const event = {
    specversion: '1.0',
    id: 'e-1',
    source: '/t',
    type: 'ticket.created',
    subject: 'T-1',
    time: new Date(START - lateMs).toISOString(),
  };
  const message: RawMessage = {
    subject: 'sla.events.0.ticket',
    seq: 1,
    storedMs: START,
    headers: undefined,
    data: Buffer.from(JSON.stringify(event)),
  };
  batch.apply(batch.decode(message), START);
  return batch.feed();
}

t.test('what is called for at once is in the feed', async t => {
  t.match(feedOf(0), [
    {
      at: START,
      kind: 'action',
      rule: 'S1-01',
      title: { zh: '紧急响应', en: 'Urgent response' },
      subject: 'T-1',
      action: 'emergency-plan',
      to: ['department-head'],
    },
  ]);
  t.same(
    feedOf(HOUR_MS + 1).map(({ kind }) => kind),
    ['breached'],
    'history calls for nothing',
  );
});
