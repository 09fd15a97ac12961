// A policy comes into force over cases that are open, closed, or closed and open again; and over what they gave to figures.
import { Redis } from 'ioredis';
import t from 'tap';
import type { RawMessage } from '../../src/broker/reader.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { changePolicy, NO_EFFECT } from '../../src/engine/policy-change.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { Batch, type InForce } from '../../src/processor/batch.ts';
import { type CachedCase, CaseCache } from '../../src/processor/case-cache.ts';
import { CellStore } from '../../src/processor/cell-store.ts';
import { defineScripts, emptyCommit, PartitionStore } from '../../src/store/partition-store.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 16, 9);

function policyOf(reply: string, figures: string): CompiledPolicy {
  const clock = `{ rule: REPLY, on: ticket, start: ticket.created, stop: ticket.replied, cancel: ticket.closed, target: ${reply} }`;
  const loaded = loadPolicy(
    `version: 1\nname: ${reply}\nclocks:\n  - ${clock}\nindicators:\n  - ${figures}\n`,
    { file: 'p.yaml' },
  );
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
  return loaded.policy;
}

function load(clocks: string): CompiledPolicy {
  const loaded = loadPolicy(`version: 1\nname: x\nclocks:\n${clocks}\n`, { file: 'p.yaml' });
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
  return loaded.policy;
}

const STOP = 'stop: ticket.resolved, target: 4h';

function complaints(window: string): string {
  return `{ rule: COMPLAINTS, count: { type: ticket.created, kind: complaint }, of: ticket.created, window: ${window} }`;
}

const LONG = policyOf('4h', complaints('60m'));
const SHORT = policyOf('1h', complaints('60m'));

/** One partition's batch, without a stream and a store: cases stay in memory. */
class Rig {
  readonly cache: CaseCache;
  batch: Batch;
  #seq = 0;

  constructor(first = LONG) {
    const redis = new Redis({ lazyConnect: true });
    defineScripts(redis);
    const store = new PartitionStore(redis, 0);
    const byHash = (hash: string) => (hash === LONG.hash ? LONG : SHORT);
    this.cache = new CaseCache(store, first, byHash, 100, 90 * DAY_MS);
    this.batch = this.#under({ policy: first, seq: 0, at: 0 });
  }

  #under(inForce: InForce): Batch {
    const place = { partition: 0, partitions: 1, idPrefix: 'x-0' };
    return new Batch(place, inForce, this.cache, { push: () => {}, horizon: Number.POSITIVE_INFINITY });
  }

  change(policy: CompiledPolicy, minute: number): void {
    this.#seq += 1;
    this.cache.policy = policy;
    this.batch = this.#under({ policy, seq: this.#seq, at: START + minute * MINUTE_MS });
  }

  /** As after a load: the policy in force is the same, but not the same object. */
  again(policy: CompiledPolicy, minute: number): void {
    this.batch = this.#under({ policy, seq: this.#seq - 1, at: START + minute * MINUTE_MS });
  }

  take(name: string, minute: number): void {
    this.#seq += 1;
    const time = START + minute * MINUTE_MS;
    const event = {
      specversion: '1.0',
      id: `e-${this.#seq}`,
      source: '/t',
      type: `ticket.${name}`,
      subject: 'T-1',
      time: new Date(time).toISOString(),
      data: name === 'waived' ? { rule: 'SOLVE', why: 'test' } : {},
    };
    const message: RawMessage = {
      subject: 'sla.events.0.ticket',
      seq: this.#seq,
      storedMs: time,
      headers: undefined,
      data: Buffer.from(JSON.stringify(event)),
    };
    this.batch.apply(this.batch.decode(message), time);
  }

  ring(at: number, minute: number): void {
    this.batch.ring({ at, key: 'ticket/T-1' }, START + minute * MINUTE_MS, this.#seq);
  }

  get policy(): CompiledPolicy | undefined {
    return this.cache.get('ticket/T-1')?.state.policy;
  }
}

t.test('a closed case stays under the policy of its time until an event opens it again', async t => {
  const rig = new Rig();
  rig.take('created', 0);
  rig.take('closed', 1);
  rig.change(SHORT, 10);
  rig.take('informed', 11);
  t.equal(rig.policy, LONG, 'late evidence opens nothing');
  rig.take('reopened', 20);
  t.equal(rig.policy, SHORT, 'with the event that opens it, not with whatever comes next');
  t.equal(rig.cache.get('ticket/T-1')?.state.evaluatedAt, START + 20 * MINUTE_MS, 'as of that event');
});

t.test('a closed case stays so although a clock of it still runs', async t => {
  const both = (reply: string) =>
    load(`  - { rule: REPLY, on: ticket, start: ticket.created, stop: ticket.replied, target: ${reply} }
  - { rule: CALL, on: ticket, start: ticket.closed, stop: ticket.followed_up, target: 72h }`);
  const [long, short] = [both('4h'), both('1h')];
  const rig = new Rig(long);
  rig.take('created', 0);
  rig.take('replied', 120);
  rig.take('closed', 121);
  t.equal(
    rig.cache.get('ticket/T-1')?.state.alarm,
    START + (121 + 72 * 60) * MINUTE_MS,
    'its deadline is ahead',
  );
  rig.change(short, 130);
  rig.batch.bringUnderPolicy(caseOf(rig), 9);
  rig.take('informed', 140);
  rig.take('followed_up', 150);
  t.equal(rig.policy, long);
  t.same(statesOf(rig), ['REPLY met', 'CALL met'], 'a reply in time is not taken back');
  t.equal(rig.batch.effect.cases, 0);
});

t.test('what a policy changes is said by what became of each clock', async t => {
  const clocks = (solve: string, more = '') =>
    load(`  - { rule: SOLVE, on: ticket, start: ticket.created, ${solve} }${more}`);
  const stops = 'stop: [ticket.resolved, ticket.acknowledged], target: 4h';
  const before = clocks('stop: ticket.resolved, target: 4h');
  type Life = (readonly [name: string, minute: number])[];
  const effect = (after: CompiledPolicy, ...life: Life) => effectAt(200, after, ...life);
  const effectAt = (minute: number, after: CompiledPolicy, ...life: Life) => {
    const rig = new Rig(before);
    for (const [name, at] of life) rig.take(name, at);
    rig.change(after, minute);
    rig.batch.bringUnderPolicy(caseOf(rig), 9);
    const { cases: _, ...counts } = rig.batch.effect;
    return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${what} ${count}`]));
  };
  const late = clocks('stop: ticket.resolved, target: 1h');
  t.same(effect(late, ['created', 0], ['resolved', 90]), ['changed 1', 'overdue 1'], 'met → missed');
  t.same(effect(late, ['created', 0], ['resolved', 30]), [], 'met → met');
  t.same(effect(late, ['created', 0]), ['changed 1', 'overdue 1'], 'running → overdue');
  t.same(effect(clocks('stop: ticket.resolved, target: 8h'), ['created', 0]), ['changed 1'], 'due later');
  t.same(effect(clocks(stops), ['created', 0], ['acknowledged', 10]), ['changed 1'], 'running → met');
  t.same(effect(clocks(`cancel: ticket.acknowledged, ${STOP}`), ['created', 0], ['acknowledged', 10]), [
    'cancelled 1',
  ]);
  const another = '\n  - { rule: ALSO, on: ticket, start: ticket.created, stop: ticket.replied, target: 1h }';
  t.same(effect(clocks(STOP, another), ['created', 0], ['replied', 30]), ['changed 1'], 'none → met');
  t.same(effect(clocks(STOP, another), ['created', 0]), ['started 1', 'overdue 1'], 'none → overdue');
  t.same(effect(late, ['created', 0], ['waived', 90]), [], 'waived, whatever was breached before');
  const other = load(`  - { rule: OTHER, on: ticket, start: ticket.waived, ${STOP} }`);
  t.same(effect(other, ['created', 0], ['resolved', 30]), ['changed 1'], 'met → none');
  t.same(effect(other, ['created', 0]), ['cancelled 1'], 'running → none');
  const longer = clocks('stop: ticket.resolved, target: 8h');
  t.same(
    effectAt(300, longer, ['created', 0], ['informed', 250]),
    ['changed 1', 'relieved 1'],
    'overdue → running',
  );
  t.same(
    effectAt(300, longer, ['created', 0], ['resolved', 250]),
    ['changed 1', 'relieved 1'],
    'missed → met',
  );
  t.same(
    effectAt(300, other, ['created', 0], ['informed', 250]),
    ['cancelled 1', 'relieved 1'],
    'overdue → none',
  );
});

t.test('an alarm that rings too early brings no case under a policy', async t => {
  const rig = new Rig();
  rig.take('created', 0);
  const due = rig.cache.get('ticket/T-1')?.state.alarm ?? 0;
  rig.change(SHORT, 10);
  rig.ring(due - 1, 20);
  t.equal(rig.policy, LONG, 'what Redis still had of an earlier alarm is no part of the stream');
  rig.ring(due, 300);
  t.equal(rig.policy, SHORT);
});

t.test('the same policy, read again, changes nothing', async t => {
  const rig = new Rig();
  rig.take('created', 0);
  rig.change(SHORT, 10);
  rig.take('informed', 20);
  t.equal(rig.policy, SHORT);
  rig.again(policyOf('1h', complaints('60m')), 10);
  rig.take('informed', 200);
  t.equal(rig.policy, SHORT);
  t.same(
    rig.batch.records.map(({ record }) => (record.kind === 'clock' ? record.state : record.action)),
    ['breached'],
    'what was told since it came into force is not taken back',
  );
});

function caseOf(rig: Rig): CachedCase {
  const found = rig.cache.get('ticket/T-1');
  if (found === undefined) throw new Error('no case');
  return found;
}

function statesOf(rig: Rig): string[] {
  return caseOf(rig).state.fold.clocks.flatMap(({ clock, cycles }) =>
    cycles.map(({ told }) => `${clock.rule} ${told.at(-1)?.state}`),
  );
}

function created(id: string, minute: number): SlaEvent {
  return {
    id,
    source: '/t',
    type: 'ticket.created',
    entity: 'ticket',
    case: id,
    time: START + minute * MINUTE_MS,
    fields: { kind: 'complaint' },
    digest: id,
  };
}

t.test('panes stay while cases change from one policy to the next and back', async t => {
  const without = policyOf('1h', '{ rule: OTHER, count: ticket.closed, of: ticket.created, window: 60m }');
  const store = new CellStore(LONG, new Map());
  const cells: Record<string, number | null> = {};
  const apply = (changes: ReadonlyMap<string, number>, minute: number) =>
    store.apply(new Map(changes), START + minute * MINUTE_MS, emptyCommit(), cells);
  const told: Told = { records: [], cells: new Map() };
  const state = newCase(LONG, 'ticket', 'T-1');
  const at = START;
  acceptEvent(state, created('T-1', 0), { now: at, id: 'x', at }, told);
  apply(told.cells, 0);
  const panes = () => Object.entries(cells).filter(([key, value]) => key.startsWith('w|') && value !== null);
  t.equal(panes().length, 2);

  store.hold();
  apply(new Map(), 1);
  // The policy is changed back before this case had its turn: it has added to its panes what it is about to take away.
  store.hold();
  apply(new Map(), 100);
  t.equal(panes().length, 2, 'nothing of it is dropped meanwhile');
  store.follow(without);
  apply(new Map(), 101);
  t.equal(panes().length, 0, 'once all cases are under the next one, what that lacks is dropped');
});

t.test('a window that becomes longer counts what its open cases did before it began', async t => {
  const longer = policyOf('4h', complaints('24h'));
  const told: Told = { records: [], cells: new Map() };
  const state = newCase(LONG, 'ticket', 'T-1');
  acceptEvent(state, created('T-1', 0), { now: START, id: 'x', at: START }, told);
  // Two hours later the pane of the event has been dropped: it can't be taken away once more.
  told.cells.clear();
  const now = START + 120 * MINUTE_MS;
  changePolicy(state, longer, { now, id: 'y', at: now }, told, { ...NO_EFFECT });
  const panes = [...told.cells].filter(([key]) => key.startsWith('w|'));
  t.same(
    panes.map(([, change]) => change),
    [1, 1],
    'numerator and denominator of one pane, and nothing negative',
  );
});
