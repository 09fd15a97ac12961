// The outbox against a simulated stream that loses messages, loses acknowledgements and knows no duplicates: whatever
// fails, each record is stored once and in the end all are, and what floors promise holds in every header.
import t from 'tap';
import type { PublishResult } from '../../src/broker/publisher.ts';
import { FLOOR_HEADER, FLOOR_RECORD_HEADER, Outbox, type OutboxEntry } from '../../src/processor/outbox.ts';
import { random } from '../bench/load.ts';

interface Stored {
  readonly id: string;
  readonly seq: number;
  readonly cause: number;
  readonly floor: { readonly seq: number; readonly record: number };
}

/** Stores what it is sent, late; now and then a message is lost on the way, or its acknowledgement is. */
class Stream {
  readonly stored: Stored[] = [];
  readonly #next: () => number;
  readonly #open: (() => void)[] = [];
  readonly #lossy: number;
  #seq = 0;

  constructor(next: () => number, lossy: number) {
    this.#next = next;
    this.#lossy = lossy;
  }

  get ids(): Set<string> {
    return new Set(this.stored.map(({ id }) => id));
  }

  get hasRoom(): boolean {
    return this.#open.length < 20;
  }

  /** Whether the connection is lost: what is sent then may be stored, though what was sent before was not. */
  isLost = false;

  get isIdle(): boolean {
    return this.#open.length === 0;
  }

  send(
    _subject: string,
    _data: Uint8Array | string,
    options:
      | { msgId?: string | undefined; headers?: Readonly<Record<string, string>> | undefined }
      | undefined,
    done: (result: PublishResult) => void,
  ): boolean {
    const id = options?.msgId ?? '';
    const header = (name: string) => Number(options?.headers?.[name] ?? Number.NaN);
    const isLost = this.#next() < this.#lossy;
    const isAckLost = this.#next() < this.#lossy;
    let seq = 0;
    if (!isLost) {
      // Records of other partitions lie between ours.
      this.#seq += 1 + Math.floor(this.#next() * 3);
      seq = this.#seq;
      const floor = { seq: header(FLOOR_HEADER), record: header(FLOOR_RECORD_HEADER) };
      this.stored.push({ id, seq, cause: Number(id.split('-')[0]), floor });
    }
    this.#open.push(() =>
      done(
        isLost || isAckLost
          ? { result: 'timeout' }
          : { result: 'stored', stream: 'SLA_RECORDS', seq, duplicate: false },
      ),
    );
    return true;
  }

  close(): void {}

  /** Answers some of what is open, in the order in which it was sent. */
  answer(): void {
    for (const act of this.#open.splice(0, 1 + Math.floor(this.#next() * 8))) act();
  }
}

/** Entries of a batch, as a partition makes them: the last of each cause may raise the floor. */
function batchOf(next: () => number, from: number, to: number): OutboxEntry[] {
  const entries: OutboxEntry[] = [];
  for (let cause = from; cause <= to; cause++) {
    const count = Math.floor(next() * 4);
    for (let i = 0; i < count; i++) {
      const entry = { id: `${cause}-${i}`, subject: 'sla.records.clock.0', data: '' };
      entries.push(i === count - 1 ? { ...entry, floor: cause } : entry);
    }
  }
  return entries;
}

interface Tap {
  fail(what: string): unknown;
}

/** Resolves with the highest floor that any header carried. */
async function simulate(t: Tap, seed: number, lossy: number): Promise<number> {
  const next = random(seed);
  const stream = new Stream(next, lossy);
  const all: OutboxEntry[] = [];
  // What was stored before, by owners that came further, and what the copy of the state still has in its outbox.
  const old = batchOf(next, 1, 5);
  for (const { id } of old) if (next() < 0.5) stream.send('', '', { msgId: id, headers: {} }, () => {});
  while (!stream.isIdle) stream.answer();
  const before = stream.stored.length;
  const last = stream.stored.at(-1)?.seq ?? 0;
  const outbox = new Outbox({
    publisher: stream,
    floor: { seq: 0, record: 0 },
    recordSeq: 0,
    lapsedMs: () => 0,
    storedAbove: async above => ({
      ids: new Set(stream.stored.filter(({ seq }) => seq > above).map(({ id }) => id)),
      last: stream.stored.at(-1)?.seq ?? 0,
    }),
    onAcknowledged: () => {},
  });
  outbox.restore(old, { ids: stream.ids, last });
  all.push(...old);
  outbox.settle(last);
  let dropped = 0;
  const look = () => {
    dropped += outbox.takeAcknowledged();
    const waiting = new Set(all.slice(dropped).map(({ id }) => id));
    const hidden = stream.stored.filter(({ id, seq }) => waiting.has(id) && seq <= outbox.recordSeq);
    if (hidden.length > 0)
      t.fail(`seed ${seed}: ${hidden[0]?.id} waits, but lies at or below ${outbox.recordSeq}`);
  };
  for (let cause = 6; cause < 60; cause += 3) {
    const entries = batchOf(next, cause, cause + 2);
    all.push(...entries);
    outbox.push(entries);
    for (let i = Math.floor(next() * 4); i > 0; i--) stream.answer();
    look();
    await new Promise(resolve => setImmediate(resolve));
  }
  for (let i = 0; i < 5_000 && outbox.waiting > 0; i++) {
    stream.answer();
    await new Promise(resolve => setTimeout(resolve, stream.isIdle ? 5 : 0));
    look();
  }
  outbox.close();
  const ids = stream.stored.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) t.fail(`seed ${seed}: a record is stored twice`);
  if (outbox.waiting > 0 || dropped !== all.length) t.fail(`seed ${seed}: ${outbox.waiting} are left`);
  const missing = all.filter(({ id }) => !ids.includes(id));
  if (missing.length > 0) t.fail(`seed ${seed}: ${missing[0]?.id} is not stored`);
  for (const { id, floor } of stream.stored.slice(before)) {
    // Only what was stored when the floor was written counts; what came later lies higher anyway.
    const wrong = stream.stored.filter(({ cause, seq }) => cause > floor.seq && seq <= floor.record);
    if (wrong.length > 0) t.fail(`seed ${seed}: the floor of ${id} hides ${wrong[0]?.id}`);
    const owed = all.filter(entry => Number(entry.id.split('-')[0]) <= floor.seq);
    const late = owed.filter(
      entry => !stream.stored.some(({ id, seq }) => id === entry.id && seq <= floor.record),
    );
    if (late.length > 0)
      t.fail(`seed ${seed}: the floor of ${id} promises ${late[0]?.id}, which is not there`);
  }
  return Math.max(...stream.stored.slice(before).map(({ floor }) => floor.seq));
}

t.test('nothing fails', async t => {
  for (let seed = 1; seed <= 10; seed++) {
    const floor = await simulate(t, seed, 0);
    t.ok(floor > 40, `seed ${seed}: the floor rises to ${floor}`);
  }
});

t.test('messages and acknowledgements are lost', async t => {
  const floors: number[] = [];
  for (let seed = 1; seed <= 25; seed++) floors.push(await simulate(t, seed, 0.02));
  t.ok(Math.max(...floors) > 20, 'floors rise nevertheless');
});

t.test(
  'nothing is sent while the lease may have run out; after long, what is stored is looked up first',
  async t => {
    const stream = new Stream(random(1), 0);
    let lapsed = 100;
    let looked = 0;
    const outbox = new Outbox({
      publisher: stream,
      floor: { seq: 0, record: 0 },
      recordSeq: 0,
      lapsedMs: () => lapsed,
      storedAbove: async () => {
        looked += 1;
        return { ids: new Set(['1-0']), last: 7 };
      },
      onAcknowledged: () => {},
    });
    t.teardown(() => outbox.close());
    const entry = (id: string): OutboxEntry => ({ id, subject: 'sla.records.clock.0', data: '' });
    outbox.push([entry('1-0'), entry('2-0')]);
    await new Promise(resolve => setTimeout(resolve, 120));
    t.equal(stream.stored.length, 0);
    lapsed = 60_000;
    await new Promise(resolve => setTimeout(resolve, 120));
    t.equal(stream.stored.length, 0);
    lapsed = 0;
    while (stream.stored.length === 0) await new Promise(resolve => setTimeout(resolve, 10));
    t.equal(looked, 1);
    t.same([...stream.ids], ['2-0'], 'the other owner had told the first one');
  },
);
