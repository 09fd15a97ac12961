// One partition while this process owns it: reads its stream from the stored position, applies batches, commits them,
// publishes the outbox, and makes time pass by ticks when nothing else does. Any doubt ends it; the next owner, or the
// next try, loads again from what was committed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { openReader, type RawMessage, type Reader } from '../broker/reader.ts';
import { eventsStream } from '../broker/streams.ts';
import { controlSubject } from '../contract/subject.ts';
import { addEffect, NO_EFFECT, type PolicyEffect } from '../engine/policy-change.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { Alarms } from './alarms.ts';
import { Batch, type Incoming, type InForce, keysOf } from './batch.ts';
import { CaseCache } from './case-cache.ts';
import { encodePolicyNotice, readPolicyNotice } from './control.ts';
import { type AlertChange, Ledger, type LedgerOptions } from './ledger.ts';
import { type Loaded, loadPartition } from './load.ts';
import type { Position } from './position.ts';
import { Sweep } from './sweep.ts';
import { Ticker } from './ticker.ts';
import type { Turns } from './turns.ts';

export interface PartitionOptions extends LedgerOptions {
  readonly policies: PolicySource;
  readonly partitions: number;
  readonly batchMax: number;
  /** Shortest time between two commits, ms: at a high rate of events this makes larger batches. */
  readonly lingerMs: number;
  readonly cacheMax: number;
  readonly closedKeepMs: number;
  readonly log: Logger;
  readonly measure: Measure;
  /** Shared by the partitions of a process. */
  readonly turns: Turns;
}

/** The policies that were ever in force. */
export interface PolicySource {
  readonly current: CompiledPolicy;
  /** The one before the first message of any stream. */
  readonly first: CompiledPolicy;
  readonly byHash: (hash: string) => CompiledPolicy;
  /** Looks where policies are kept, too. Rejects when there is none of this hash. */
  find(hash: string): Promise<CompiledPolicy>;
}

/** Where latencies are counted, in seconds. */
export interface Measure {
  timerLag(seconds: number): void;
  eventLag(seconds: number): void;
}

/** Messages that are read ahead, at least. */
const READ_AHEAD = 2_048;
/** Alarms that are rung, and cases that are written, in one commit. */
const RING_MAX = 2_000;
/** With more unacknowledged records than this, nothing more is read: JetStream is slower than we are. */
export const OUTBOX_MAX = 10_000;
/** Lags of events that are measured in one commit. */
const MEASURED_MAX = 100;
/** A stream that is there is heard of each other second. */
const SILENCE_MS_MAX = 3_000;
/** An announced policy that has not come back after this time is announced again, which does no harm. */
const ANNOUNCE_MS = 3_000;

export class Partition {
  readonly number: number;
  readonly #options: PartitionOptions;
  readonly #rebuilt: string | null;
  readonly #ledger: Ledger;
  readonly #cache: CaseCache;
  readonly #alarms: Alarms;
  readonly #reader: Reader;
  readonly #ticker: Ticker;
  /** Where the batch under way has come to; the ledger knows what of it is committed. */
  #position: Position;
  #time: number;
  #inForce: InForce;
  /** Open cases that are still to be brought under the policy in force. */
  #sweep: Sweep | null;
  #effect: PolicyEffect = { ...NO_EFFECT };
  #announced = { hash: '', at: 0 };
  #stopped = false;
  #abandoned: string | null = null;

  static async open(options: PartitionOptions): Promise<Partition> {
    const { nc, store, epoch, policies } = options;
    const loaded = await loadPartition(nc, store, epoch, policies.first.hash);
    const policy = await policies.find(loaded.position.policy);
    const { sweep } = loaded.position;
    return new Partition(options, loaded, policy, sweep === null ? null : await Sweep.over(store, sweep));
  }

  private constructor(
    options: PartitionOptions,
    loaded: Loaded,
    policy: CompiledPolicy,
    sweep: Sweep | null,
  ) {
    const { nc, store, policies } = options;
    const { position, snapshot } = loaded;
    this.#options = options;
    this.number = store.partition;
    this.#rebuilt = loaded.rebuilt;
    this.#ledger = new Ledger(options, loaded, policies.byHash, () => this.#reader.wake());
    this.#cache = new CaseCache(store, policy, policies.byHash, options.cacheMax, options.closedKeepMs);
    this.#alarms = new Alarms(store);
    this.#position = position;
    this.#time = snapshot.time;
    this.#inForce = { policy, seq: position.policySeq, at: position.policyAt };
    this.#sweep = sweep;
    this.#reader = openReader(nc, eventsStream(this.number), position.seq + 1, {
      maxMessages: Math.max(READ_AHEAD, options.batchMax),
    });
    this.#ticker = new Ticker({
      nc,
      partition: this.number,
      owner: options.epoch,
      // Cases that wait to be brought under a policy are in as much of a hurry as a deadline that has passed.
      nextAt: () => (this.#sweep === null ? this.#alarms.nextAt : 0),
      isIdle: () => this.#reader.pending === 0,
      wake: () => this.#reader.wake(),
    });
  }

  /** True once what was stored when it was loaded has been applied. */
  get caughtUp(): boolean {
    return this.#ledger.caughtUp;
  }

  /** Number of the last commit. */
  get change(): number {
    return this.#ledger.change;
  }

  /** Number of the commit that is under way, else of the last one. */
  get changeTried(): number {
    return this.#ledger.changeTried;
  }

  /** States of the alerts that are judged here. */
  get alerts(): ReadonlyMap<string, string> {
    return this.#ledger.alerts;
  }

  /** Stores transitions of alerts with the next commit, which comes at once. */
  addAlerts(changes: readonly AlertChange[]): void {
    this.#ledger.addAlerts(changes);
  }

  get time(): number {
    return this.#time;
  }

  /**
   * The instant, ms since 1970, for which the state holds: now while the stream says that nothing is waiting, else the
   * logical time, or when the stream was last heard of.
   */
  get asOf(): number {
    const now = Date.now();
    const { pending, heardAt } = this.#reader;
    if (pending === 0 && now - heardAt < SILENCE_MS_MAX) return now;
    return pending === 0 ? Math.max(this.#time, heardAt) : this.#time;
  }

  /** Stored messages that are not applied. */
  get pending(): number {
    return this.#reader.pending;
  }

  get position(): number {
    return this.#ledger.position.seq;
  }

  get created(): string {
    return this.#position.created;
  }

  get idPrefix(): string {
    return this.#ledger.idPrefix;
  }

  /** Runs until `stop`, after which `close` is due; throws when the partition can't go on as it is and must be loaded again. */
  async run(): Promise<void> {
    const rebuilt = this.#rebuilt;
    if (rebuilt !== null) this.#options.log.warn({ partition: this.number, rebuilt }, 'state is built again');
    this.#ledger.start();
    await this.#alarms.lookAhead(this.#time);
    while (!this.#stopped) await this.#turn();
    if (this.#abandoned !== null) throw new Error(this.#abandoned);
  }

  /** Ends `run` after the batch that is under way. */
  stop(): void {
    this.#stopped = true;
    this.#reader.wake();
  }

  /** Ends `run` with an error, so that the partition is loaded again. */
  abandon(why: string): void {
    this.#abandoned ??= why;
    this.stop();
  }

  /** Writes into the stream that another policy is in force, so that every reading changes it at the same place. */
  announce(hash: string): void {
    const now = performance.now();
    if (!this.caughtUp || this.#inForce.policy.hash === hash) return;
    if (this.#announced.hash === hash && now - this.#announced.at < ANNOUNCE_MS) return;
    this.#announced = { hash, at: now };
    this.#options.nc.publish(controlSubject(this.number), encodePolicyNotice(hash));
  }

  /** Lets go of everything, whether it ran or not. */
  close(): void {
    this.#stopped = true;
    this.#reader.close();
    this.#ledger.close();
    this.#ticker.close();
  }

  /** One turn: messages, or something else to commit. */
  async #turn(): Promise<void> {
    if (this.#ticker.streamNow() >= this.#alarms.lookAheadAt)
      await this.#alarms.lookAhead(this.#ticker.streamNow());
    this.#ticker.schedule(Date.now() + this.#alarms.lookAheadAt - this.#ticker.streamNow());
    while (this.#ledger.unpublished > OUTBOX_MAX && !this.#stopped) await sleep(5);
    const linger = this.#ledger.committedAt + this.#options.lingerMs - performance.now();
    if (linger > 1 && this.#reader.waiting < this.#options.batchMax) await sleep(linger);
    // Whatever wakes the reader may have come while nobody waited for it: so it is looked at before each wait.
    if (this.#stopped) return;
    const isUrgent = this.#ledger.due === 'now' && this.#reader.waiting === 0;
    const messages = isUrgent ? [] : await this.#reader.next(this.#options.batchMax);
    if (this.#stopped) return;
    if (messages.length > 0) await this.#options.turns.take(() => this.#applyAll(messages));
    else if (this.#ledger.due !== 'nothing') await this.#commit(this.#newBatch(), this.#position);
    this.#cache.evict();
  }

  /** Applies messages in order, in parts: one that brings a policy stands between them. */
  async #applyAll(messages: readonly RawMessage[]): Promise<void> {
    for (let from = 0; from < messages.length; ) {
      const next = messages.findIndex((message, i) => i >= from && readPolicyNotice(message) !== null);
      const to = next < 0 ? messages.length : next;
      if (to > from) await this.#applyPart(messages.slice(from, to));
      const message = messages[to];
      if (message !== undefined) await this.#takePolicy(message);
      from = to + 1;
    }
  }

  /** Puts the announced policy into force, after everything before it is committed, and begins to sweep. */
  async #takePolicy(message: RawMessage): Promise<void> {
    const policy = await this.#options.policies.find(readPolicyNotice(message) ?? '');
    const now = Math.max(this.#time, message.storedMs);
    if (now >= this.#alarms.horizon) await this.#alarms.lookAhead(now);
    if (policy.hash !== this.#inForce.policy.hash) await this.#finishSweep(message.seq);
    const batch = await this.#ringAll(this.#newBatch(), now, message.seq);
    await this.#commit(batch, this.#position);
    this.#time = now;
    const passed = { ...this.#position, seq: message.seq, storedMs: message.storedMs };
    if (policy.hash === this.#inForce.policy.hash) {
      await this.#commit(this.#newBatch(), passed);
      return;
    }
    this.#inForce = { policy, seq: message.seq, at: now };
    this.#cache.policy = policy;
    this.#ledger.hold();
    this.#effect = { ...NO_EFFECT };
    this.#sweep = await Sweep.over(this.#options.store, '');
    await this.#commit(this.#newBatch(), {
      ...passed,
      policy: policy.hash,
      policySeq: message.seq,
      policyAt: now,
      sweep: this.#sweep.cursor,
    });
    this.#endSweep();
  }

  /** No case passes a policy over: those that still wait are brought under it before the next one comes into force. */
  async #finishSweep(seq: number): Promise<void> {
    for (const sweep = this.#sweep; sweep !== null && this.#sweep !== null; this.#endSweep()) {
      const batch = this.#newBatch();
      await sweep.step(this.#cache, batch, seq, true);
      await this.#commit(batch, { ...this.#position, sweep: sweep.cursor });
      this.#cache.evict();
    }
  }

  /** Once all open cases are under the policy, and that is committed, it is said what it changed. */
  #endSweep(): void {
    if (this.#sweep === null || this.#position.sweep !== null) return;
    this.#sweep = null;
    this.#ledger.follow(this.#inForce.policy);
    const { hash } = this.#inForce.policy;
    const effect = { partition: this.number, policy: hash, ...this.#effect };
    this.#options.log.info(effect, 'all open cases are under the policy');
  }

  async #applyPart(messages: readonly RawMessage[]): Promise<void> {
    const isLive = this.#reader.pending === 0;
    let last = this.#time;
    for (const { storedMs } of messages) if (storedMs > last) last = storedMs;
    if (last >= this.#alarms.horizon) await this.#alarms.lookAhead(last);
    let batch = this.#newBatch();
    const incoming = messages.map(message => batch.decode(message));
    await this.#loadCases(incoming, last);
    let passed: RawMessage | undefined;
    for (const each of incoming) {
      const { message } = each;
      const now = Math.max(this.#time, message.storedMs);
      if (this.#alarms.nextAt < now) {
        this.#moveTo(passed);
        const rung = await this.#ringAll(batch, now, message.seq);
        // Where it took several commits, cases of the messages may have made room.
        if (rung !== batch) await this.#cache.load(keysOf(incoming));
        batch = rung;
      }
      this.#time = now;
      batch.apply(each, now);
      const sweep = this.#sweep;
      if (sweep !== null) await sweep.step(this.#cache, batch, message.seq, each.kind === 'control');
      passed = message;
    }
    this.#moveTo(passed);
    for (const { kind, message } of incoming)
      if (kind === 'control') this.#ticker.returned(message.data, message.storedMs);
    const newest = messages.at(-1);
    if (isLive && newest !== undefined) this.#ticker.heard(newest.storedMs);
    await this.#commit(batch, this.#position);
    this.#endSweep();
    this.#measureEvents(messages);
  }

  /** The batch holds everything up to this message. */
  #moveTo(message: RawMessage | undefined): void {
    if (message === undefined) return;
    const { seq, storedMs } = message;
    this.#position = { ...this.#position, seq, storedMs, sweep: this.#sweep?.cursor ?? null };
  }

  /**
   * Rings all alarms before `now`; gives the batch back. What is too much for one commit is committed on the way, in
   * another batch each time, and cases make room: after an outage more may be due than fit into memory.
   */
  async #ringAll(first: Batch, now: number, seq: number): Promise<Batch> {
    let batch = first;
    while (this.#alarms.nextAt < now) {
      const isFull = await this.#ring(batch, now, seq);
      if (!isFull) continue;
      // The rest is rung after this commit, at the same place: the position still lies before the message.
      await this.#commit(batch, this.#position);
      this.#cache.evict();
      batch = this.#newBatch();
    }
    return batch;
  }

  /** Loads what the batch will need: the cases of its events and of the alarms that will ring. */
  async #loadCases(incoming: readonly Incoming[], last: number): Promise<void> {
    await this.#cache.load(new Set([...this.#alarms.keysBefore(last, RING_MAX), ...keysOf(incoming)]));
  }

  /** Rings alarms that lie before `now`, up to the bound; true when the batch is full and should be committed. */
  async #ring(batch: Batch, now: number, seq: number): Promise<boolean> {
    const due = this.#alarms.take(now, RING_MAX);
    if (due.some(({ key }) => !this.#cache.has(key))) await this.#cache.load(due.map(({ key }) => key));
    for (const alarm of due) batch.ring(alarm, now, seq);
    return batch.size >= RING_MAX;
  }

  #newBatch(): Batch {
    const { partitions } = this.#options;
    return new Batch(
      { partition: this.number, partitions, idPrefix: this.#ledger.idPrefix },
      this.#inForce,
      this.#cache,
      this.#alarms,
    );
  }

  async #commit(batch: Batch, position: Position): Promise<void> {
    addEffect(this.#effect, batch.effect);
    await this.#ledger.commit(batch, position, this.#time);
    this.#position = this.#ledger.position;
    if (!this.caughtUp) return;
    const now = Date.now();
    for (const due of batch.fired) this.#options.measure.timerLag(Math.max(0, now - due) / 1000);
  }

  /** Of a large batch only each so many messages are measured: neighbours were stored and committed together. */
  #measureEvents(messages: readonly RawMessage[]): void {
    const now = Date.now();
    const stride = Math.ceil(messages.length / MEASURED_MAX);
    for (let i = 0; i < messages.length; i += stride) {
      const message = messages[i];
      if (message !== undefined) this.#options.measure.eventLag(Math.max(0, now - message.storedMs) / 1000);
    }
  }
}
