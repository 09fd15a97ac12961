// The outbox against simulated streams that lose messages, lose acknowledgements and know no duplicates: whatever
// fails, each record is stored once and in the end all are, and what floors promise holds in every header.
import t from 'tap';
import type { PublishResult } from '../../src/broker/publisher.ts';
import {
  FLOOR_ACTION_HEADER,
  FLOOR_HEADER,
  FLOOR_RECORD_HEADER,
  type Floor,
  Outbox,
  type OutboxEntry,
  type Place,
} from '../../src/processor/outbox.ts';
import { random } from '../bench/load.ts';

interface Stored {
  readonly id: string;
  /** Which of the two streams it lies in, and at which sequence. */
  readonly stream: 'record' | 'action';
  readonly seq: number;
  readonly cause: number;
  readonly floor: Floor;
}

/** Whether it lies at or before a place. */
function isWithin({ stream, seq }: Stored, place: Place): boolean {
  return seq <= place[stream];
}

/** Both streams: store what they are sent, late; now and then a message is lost on the way, or its acknowledgement is. */
class Streams {
  readonly stored: Stored[] = [];
  readonly #next: () => number;
  readonly #open: (() => void)[] = [];
  readonly #lossy: number;
  #last: { record: number; action: number } = { record: 0, action: 0 };

  constructor(next: () => number, lossy: number) {
    this.#next = next;
    this.#lossy = lossy;
  }

  get last(): Place {
    return { ...this.#last };
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
    subject: string,
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
      // What other partitions tell lies between ours.
      const stream = subject.startsWith('sla.actions.') ? 'action' : 'record';
      this.#last[stream] += 1 + Math.floor(this.#next() * 3);
      seq = this.#last[stream];
      const floor = {
        seq: header(FLOOR_HEADER),
        record: header(FLOOR_RECORD_HEADER),
        action: header(FLOOR_ACTION_HEADER),
      };
      this.stored.push({ id, stream, seq, cause: Number(id.split('-')[0]), floor });
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
      const subject = next() < 0.3 ? 'sla.actions.do' : 'sla.records.clock.0';
      const entry = { id: `${cause}-${i}`, subject, data: '' };
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
  const stream = new Streams(next, lossy);
  const all: OutboxEntry[] = [];
  // What was stored before, by owners that came further, and what the copy of the state still has in its outbox.
  const old = batchOf(next, 1, 5);
  for (const { id, subject } of old)
    if (next() < 0.5) stream.send(subject, '', { msgId: id, headers: {} }, () => {});
  while (!stream.isIdle) stream.answer();
  const before = stream.stored.length;
  const { last } = stream;
  const outbox = new Outbox({
    publisher: stream,
    floor: { seq: 0, record: 0, action: 0 },
    above: { record: 0, action: 0 },
    lapsedMs: () => 0,
    storedAbove: async above => ({
      ids: new Set(stream.stored.filter(each => !isWithin(each, above)).map(({ id }) => id)),
      last: stream.last,
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
    const { above } = outbox;
    const hidden = stream.stored.filter(each => waiting.has(each.id) && isWithin(each, above));
    if (hidden.length > 0)
      t.fail(`seed ${seed}: ${hidden[0]?.id} waits, but lies at or below ${JSON.stringify(above)}`);
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
    const wrong = stream.stored.filter(each => each.cause > floor.seq && isWithin(each, floor));
    if (wrong.length > 0) t.fail(`seed ${seed}: the floor of ${id} hides ${wrong[0]?.id}`);
    const owed = all.filter(entry => Number(entry.id.split('-')[0]) <= floor.seq);
    const late = owed.filter(
      entry => !stream.stored.some(each => each.id === entry.id && isWithin(each, floor)),
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
    const stream = new Streams(random(1), 0);
    let lapsed = 100;
    let looked = 0;
    const outbox = new Outbox({
      publisher: stream,
      floor: { seq: 0, record: 0, action: 0 },
      above: { record: 0, action: 0 },
      lapsedMs: () => lapsed,
      storedAbove: async () => {
        looked += 1;
        return { ids: new Set(['1-0']), last: { record: 7, action: 0 } };
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

t.test('what can not be stored for a while is told once, and goes out as soon as it can', async t => {
  const told: unknown[] = [];
  const stored: string[] = [];
  let isThere = false;
  const outbox = new Outbox({
    publisher: {
      hasRoom: true,
      isLost: false,
      close: () => {},
      send: (_subject, _data, options, done) => {
        queueMicrotask(() => {
          if (isThere) stored.push(options?.msgId ?? '');
          const seq = stored.length;
          done(isThere ? { result: 'stored', stream: 'S', seq, duplicate: false } : { result: 'no-stream' });
        });
        return true;
      },
    },
    floor: { seq: 0, record: 0, action: 0 },
    above: { record: 0, action: 0 },
    lapsedMs: () => 0,
    storedAbove: async () => {
      if (!isThere) throw new Error('stream not found');
      return { ids: new Set(), last: { record: 0, action: 0 } };
    },
    onAcknowledged: () => {},
    onStuck: (why, waiting) => told.push([why, waiting]),
  });
  t.teardown(() => outbox.close());
  outbox.push(['1-0', '2-0'].map(id => ({ id, subject: 'sla.records.clock.0', data: '' })));
  while (told.length === 0) await new Promise(resolve => setTimeout(resolve, 20));
  await new Promise(resolve => setTimeout(resolve, 1_100));
  t.same(told, [['stream not found', 2]]);
  isThere = true;
  while (outbox.waiting > 0) await new Promise(resolve => setTimeout(resolve, 20));
  t.same(stored, ['1-0', '2-0']);
});

t.test('what can not be stored is told also where others are stored beside it', async t => {
  const told: unknown[] = [];
  const ids = new Set<string>();
  const outbox = new Outbox({
    publisher: {
      hasRoom: true,
      isLost: false,
      close: () => {},
      send: (subject, _data, options, done) => {
        if (subject.startsWith('sla.actions.')) setTimeout(() => done({ result: 'no-stream' }), 5);
        else {
          ids.add(options?.msgId ?? '');
          queueMicrotask(() => done({ result: 'stored', stream: 'S', seq: ids.size, duplicate: false }));
        }
        return true;
      },
    },
    floor: { seq: 0, record: 0, action: 0 },
    above: { record: 0, action: 0 },
    lapsedMs: () => 0,
    storedAbove: async () => ({ ids: new Set(), last: { record: 0, action: 0 } }),
    onAcknowledged: () => {},
    onStuck: why => told.push(why),
  });
  t.teardown(() => outbox.close());
  outbox.push([{ id: '1-0', subject: 'sla.actions.call', data: '' }]);
  for (let n = 2; n < 400 && told.length === 0; n++) {
    outbox.push([{ id: `${n}-0`, subject: 'sla.records.clock.0', data: '' }]);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  t.same(told, ['no-stream']);
});
