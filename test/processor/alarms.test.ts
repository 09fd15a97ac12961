// Alarms ring although their instants move while they are held: what a case tells by itself is told with the first message
// after it, whether the case is open or closed; and a closed case is let go once it has nothing more to tell.
import { Redis } from 'ioredis';
import t from 'tap';
import { cellKey } from '../../src/contract/cells.ts';
import type { Entity, SlaEvent } from '../../src/contract/event.ts';
import { Alarms } from '../../src/processor/alarms.ts';
import { Batch } from '../../src/processor/batch.ts';
import { CaseCache } from '../../src/processor/case-cache.ts';
import { defineScripts, emptyCommit, PartitionStore } from '../../src/store/partition-store.ts';
import { policyOf } from '../support/timeline.ts';

const START = Date.UTC(2026, 10, 16, 9);
const POLICY = policyOf(`
  - { rule: A, on: ticket, start: ticket.created, stop: [ticket.closed, ticket.replied], target: 50s }
  - { rule: B, on: ticket, start: ticket.created, stop: ticket.followed_up, target: 55s }
indicators:
  - { rule: ON, level: { on: agent, from: agent.signed_on, to: agent.signed_off } }
`);

/** One partition, committed with each message; of what Redis would keep only the alarms matter here. */
class Rig {
  readonly told: string[] = [];
  readonly #stored = new Map<string, number>();
  readonly #cells = new Map<string, number>();
  readonly #alarms: Alarms;
  readonly #cache: CaseCache;
  readonly #entity: Entity;
  #seq = 0;

  constructor(closedKeepMs = 86_400_000, entity: Entity = 'ticket') {
    this.#entity = entity;
    const redis = new Redis({ lazyConnect: true });
    defineScripts(redis);
    this.#alarms = new Alarms({
      alarms: async (from, to) =>
        [...this.#stored].filter(([, at]) => at >= from && at < to).map(([key, at]) => ({ key, at })),
    });
    const byHash = () => POLICY;
    this.#cache = new CaseCache(new PartitionStore(redis, 0), POLICY, byHash, 100, closedKeepMs);
  }

  /** A message at a second: an event of this name, or null for a tick. */
  async read(second: number, name: string | null): Promise<void> {
    const now = START + second * 1000;
    this.#seq += 1;
    if (now >= this.#alarms.lookAheadAt) await this.#alarms.lookAhead(now);
    const place = { partition: 0, partitions: 1, idPrefix: 'x-0' };
    const batch = new Batch(place, { policy: POLICY, seq: 0, at: 0 }, this.#cache, this.#alarms);
    while (this.#alarms.nextAt < now)
      for (const alarm of this.#alarms.take(now, 10)) batch.ring(alarm, now, this.#seq);
    if (name !== null) batch.apply(this.#incoming(name, now), now);
    this.#commit(batch);
    for (const { record } of batch.records)
      if (record.kind === 'clock') this.told.push(`${second} s: ${record.rule} ${record.state}`);
    for (const { reason } of batch.rejected) this.told.push(`${second} s: ${name} rejected as ${reason}`);
    for (const [key, by] of batch.told.cells) this.#cells.set(key, (this.#cells.get(key) ?? 0) + by);
  }

  /** How many clocks of a rule are counted as overdue. */
  overdue(rule: string): number {
    return this.count('g', 'open', rule, 'overdue');
  }

  /** What a cell comes to. */
  count(...parts: string[]): number {
    return this.#cells.get(cellKey(...parts)) ?? 0;
  }

  #incoming(name: string, time: number) {
    const entity = this.#entity;
    const event: SlaEvent = {
      id: `${name} ${time}`,
      source: '/t',
      type: `${entity}.${name}`,
      entity,
      case: 'T',
      time,
      fields: {},
      digest: name,
    };
    const subject = `sla.events.0.${entity}`;
    const message = { subject, seq: this.#seq, storedMs: time, headers: undefined, data: new Uint8Array() };
    return { kind: 'event', key: `${entity}/T`, message, event } as const;
  }

  #commit(batch: Batch): void {
    const commit = emptyCommit();
    batch.store(commit);
    for (let i = 0; i < commit.alarmsSet.length; i += 2)
      this.#stored.set(String(commit.alarmsSet[i + 1]), Number(commit.alarmsSet[i]));
    for (const key of commit.alarmsRemoved) this.#stored.delete(key);
  }
}

for (const name of ['replied', 'closed', 'informed']) {
  t.test(`the deadlines of a case that was ${name} in the meantime`, async t => {
    const rig = new Rig();
    await rig.read(0, 'created');
    await rig.read(10, name);
    for (let second = 20; second <= 200; second += 5) await rig.read(second, null);
    t.same(
      rig.told,
      name === 'informed' ? ['55 s: A breached', '60 s: B breached'] : ['10 s: A met', '60 s: B breached'],
    );
  });
}

t.test('a closed case is let go although a clock of it stays overdue', async t => {
  const rig = new Rig(60_000);
  await rig.read(0, 'created');
  await rig.read(10, 'closed');
  await rig.read(60, null);
  t.equal(rig.overdue('B'), 1);
  await rig.read(69, 'informed');
  await rig.read(129, 'updated');
  await rig.read(189, null);
  t.equal(rig.overdue('B'), 1, 'each event that comes for it keeps it for as long again');
  await rig.read(190, null);
  t.equal(rig.overdue('B'), 0, 'then it is counted no more');
  await rig.read(191, 'followed_up');
  t.same(rig.told, ['10 s: A met', '60 s: B breached', '191 s: followed_up rejected as too-late']);
});

t.test('a deadline ahead holds a closed case back until it is told', async t => {
  const rig = new Rig(5_000);
  await rig.read(0, 'created');
  await rig.read(10, 'closed');
  for (const second of [20, 40, 54, 56, 57]) await rig.read(second, null);
  t.equal(rig.overdue('B'), 0);
  await rig.read(58, 'followed_up');
  t.same(rig.told, ['10 s: A met', '56 s: B breached', '58 s: followed_up rejected as too-late']);
});

t.test('an agent who comes back after a long holiday is on duty again', async t => {
  const day = 86_400;
  const rig = new Rig(undefined, 'agent');
  await rig.read(0, 'signed_on');
  await rig.read(10, 'signed_off');
  await rig.read(14 * day, null);
  await rig.read(14 * day + 1, 'signed_on');
  t.equal(rig.count('l', 'ON', 'all'), 1);
  await rig.read(14 * day + 9, 'signed_off');
  t.equal(rig.count('l', 'ON', 'all'), 0);
  await rig.read(30 * day, 'signed_on');
  t.same(rig.told, []);
});
