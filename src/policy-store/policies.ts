// Policies by their hash: the one in force is read from its file and kept in SLA_CONFIG with all files that it names,
// so that every process, and every later one, can evaluate a case under the policy by which it was judged. Years of
// holidays that an administrator added are part of the policy: one that uses them has a hash of its own.

import { EventEmitter } from 'node:events';
import { type KV, type KvEntry, type NatsConnection, StringCodec } from 'nats';
import { type KvListener, watchPrefix } from '../broker/kv-watch.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { yearsUsed } from '../policy/holiday-file.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { HOLIDAYS_PREFIX, type KeptYear, listYears, putYear } from './holidays.ts';
import { isKeptFrom, type Kept, PolicyShelf } from './shelf.ts';
import { compileKept, defaultPolicyFile, type Read, readKeptPolicy, readPolicyFile } from './source.ts';

const PREFIX = 'policy.';
const strings = StringCodec();

/** Which policy is in force, and since which change. */
const IN_FORCE = `${PREFIX}in-force`;
/** Which policy was in force before the first message of any stream: what is built again from the start begins with it. */
const FIRST = `${PREFIX}first`;

/** On replicas a read may be a moment behind the change that called for it: so it is looked at once more. */
const LOOK_AGAIN_MS = 2_000;

interface PoliciesEvents {
  /** Another policy was put into force, here or by another process. */
  change: [policy: CompiledPolicy];
  /** What is kept can't be taken; the policy in force stays as it is until the next change or reconnect. */
  failed: [error: unknown];
  /** A kept policy is used though this version's checks speak against it, without what is left out. */
  unsound: [told: Unsound];
  /** What the settings of this process name took the place of a policy that was sent over HTTP. */
  replaced: [told: Replaced];
}

export interface Replaced {
  readonly sent: CompiledPolicy;
  readonly by: CompiledPolicy;
}

export interface Unsound {
  readonly hash: string;
  readonly passedOver: readonly string[];
  readonly leftOut: readonly string[];
}

export class Policies extends EventEmitter<PoliciesEvents> {
  readonly #kv: KV;
  readonly #lookAgainMs: number;
  readonly #shelf = new PolicyShelf((text, hash) => this.#compile(text, hash));
  /** What is told once somebody can listen. */
  readonly #early: (() => void)[] = [];
  /** The hash that was told last; it is in force here once it is compiled. */
  #told = '';
  #inForce = '';
  #inForceRevision = 0;
  #first = '';
  #state: 'opening' | 'open' | 'closed' = 'opening';
  /** Whether it changes which policy is in force when added years call for it. */
  readonly #enforces: boolean;
  #isWaiting = false;
  #work: Promise<unknown> = Promise.resolve();
  readonly #stops: (() => void)[] = [];

  private constructor(kv: KV, lookAgainMs: number, enforces: boolean) {
    super();
    this.#kv = kv;
    this.#lookAgainMs = lookAgainMs;
    this.#enforces = enforces;
  }

  /**
   * Follows the policies and the added years that are kept, and puts the policy of `file` into force if it is another
   * than the one that is. @throws PolicyFileError
   */
  static async open(
    nc: NatsConnection,
    kv: KV,
    file: string,
    lookAgainMs: number = LOOK_AGAIN_MS,
  ): Promise<Policies> {
    const read = readPolicyFile(file);
    const policies = new Policies(kv, lookAgainMs, true);
    // A policy that was sent stays in force over restarts, unless the settings name a file.
    const stays = () => read.kept.origin !== 'file' && policies.#sent() !== null;
    return policies.#start(nc, () => (stays() ? policies.#enforce(null) : policies.#enforceFile(read.kept)));
  }

  /**
   * Follows what another Policies of the same process puts into force, and changes nothing itself: a part that starts
   * late must not put the file's policy back over one that was sent meanwhile. @throws when none is in force yet
   */
  static follow(nc: NatsConnection, kv: KV): Promise<Policies> {
    return new Policies(kv, LOOK_AGAIN_MS, false).#start(nc, async () => {});
  }

  async #start(nc: NatsConnection, enforce: () => Promise<unknown>): Promise<this> {
    const follow = async (prefix: string, changed: KvListener['changed']): Promise<void> => {
      const failed: KvListener['failed'] = (_key, error) => this.#report(error);
      this.#stops.push(await watchPrefix(nc, this.#kv, prefix, { changed, failed, complete: () => {} }));
    };
    try {
      await follow(PREFIX, (key, value, revision) => {
        if (value !== null) this.#take(key, strings.decode(value), revision);
      });
      if (this.#enforces) await follow(HOLIDAYS_PREFIX, () => this.#settleSoon());
      await enforce();
      this.#begin();
      return this;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What is needed in any case is compiled at once, so that who can't be judged by it is told at the start. */
  #begin(): void {
    this.byHash(this.#inForce);
    try {
      this.byHash(this.#first);
    } catch (error) {
      this.#report(error);
    }
    this.#state = 'open';
    setImmediate(() => {
      for (const tell of this.#early.splice(0)) tell();
    });
    this.#settleSoon();
  }

  #tell(tell: () => void): void {
    if (this.#state === 'opening') this.#early.push(tell);
    else if (this.#state === 'open') tell();
  }

  #report(error: unknown): void {
    this.#tell(() => this.emit('failed', error));
  }

  #compile(text: string, hash: string): Read {
    const read = readKeptPolicy(text, hash);
    const { passedOver, leftOut } = read;
    if (passedOver.length > 0) this.#tell(() => this.emit('unsound', { hash, passedOver, leftOut }));
    return read;
  }

  close(): void {
    this.#state = 'closed';
    for (const stop of this.#stops) stop();
  }

  /**
   * The policy in force where it was sent over HTTP, else null.
   * @throws KeptPolicyError when the policy in force can't be read: then the settings must name one
   */
  #sent(): CompiledPolicy | null {
    if (!this.#shelf.has(this.#told)) return null;
    const { policy, kept } = this.#shelf.read(this.#told);
    return kept.origin === 'sent' ? policy : null;
  }

  /** Puts what the settings name into force, whatever was sent before. */
  async #enforceFile(wanted: Kept): Promise<CompiledPolicy> {
    const sent = this.#inForce === this.#told ? this.#sent() : null;
    const by = await this.#enforce(wanted);
    if (sent !== null && sent.hash !== by.hash) this.#tell(() => this.emit('replaced', { sent, by }));
    return by;
  }

  /** The policy in force. */
  get current(): CompiledPolicy {
    return this.byHash(this.#inForce);
  }

  /** Whether the policy in force is the pack that ships, whencever it came. */
  get isPack(): boolean {
    const { years } = this.#shelf.read(this.#inForce).kept;
    return readPolicyFile(defaultPolicyFile(), years).policy.hash === this.#inForce;
  }

  /** The policy before the first message of any stream. */
  get first(): CompiledPolicy {
    return this.byHash(this.#first);
  }

  /** @throws KeptPolicyError when no policy of this hash was ever in force on these servers, or it can't be read */
  readonly byHash = (hash: string): CompiledPolicy => this.#shelf.read(hash).policy;

  /** The same, looking where policies are kept, if it is not known yet. */
  async find(hash: string): Promise<CompiledPolicy> {
    await this.#look(hash);
    return this.byHash(hash);
  }

  /**
   * Keeps a policy, with the added years that it uses, and puts it into force; owners of partitions then announce it in
   * their streams.
   */
  put({ kept }: Pick<Read, 'kept'>): Promise<CompiledPolicy> {
    return kept.origin === 'sent' ? this.#enforce(kept) : this.#enforceFile(kept);
  }

  /** The years that were added, by country and year, as they are kept now. */
  years(): Promise<KeptYear[]> {
    return listYears(this.#kv);
  }

  /** The policy in force as it would be with another year. @throws PolicyFileError */
  async withYear(added: AddedYear): Promise<CompiledPolicy> {
    const others = (await this.years()).filter(
      ({ country, year }) => country !== added.country || year !== added.year,
    );
    return compileKept(await this.#keptOf(this.#inForce), [...others, added]).policy;
  }

  /** Keeps a year and puts the policy with it into force. `by` says who added it. */
  async addYear(added: AddedYear, by: string): Promise<CompiledPolicy> {
    await putYear(this.#kv, added, by);
    return this.#enforce(null);
  }

  /**
   * Puts `wanted`, else the policy in force, into force with the years that are kept now. Any process may do so at any
   * time: all come to the same policy, since who was overtaken by another change begins again.
   */
  async #enforce(wanted: Kept | null): Promise<CompiledPolicy> {
    for (;;) {
      // In this order: who puts a policy into force after this revision knows all years that were there by then.
      const entry = await this.#kv.get(IN_FORCE);
      const hash = entry === null ? '' : strings.decode(entry.value);
      const years = await this.years();
      if (wanted === null && (await this.#uses(hash, years))) return this.byHash(hash);
      const read = compileKept(wanted ?? (await this.#keptOf(hash)), years);
      await this.#keep(read);
      const next = read.policy.hash;
      const revision = hash === next ? entry?.revision : await this.#replace(entry, next);
      if (revision === undefined) continue;
      this.#putIntoForce(next, revision);
      return this.byHash(next);
    }
  }

  /** True when the policy of this hash has these years, as far as its calendars use them. */
  async #uses(hash: string, years: readonly AddedYear[]): Promise<boolean> {
    const { calendars } = await this.find(hash);
    const used = yearsUsed(calendars.values(), years);
    return JSON.stringify(used) === JSON.stringify((await this.#keptOf(hash)).years);
  }

  /** The revision with which it came into force; undefined when another change came first. */
  async #replace(entry: KvEntry | null, hash: string): Promise<number | undefined> {
    try {
      return await this.#kv.put(IN_FORCE, strings.encode(hash), { previousSeq: entry?.revision ?? 0 });
    } catch (error) {
      if (error instanceof Error && error.message.includes('wrong last sequence')) return undefined;
      throw error;
    }
  }

  async #keep(read: Read): Promise<void> {
    const { hash } = read.policy;
    this.#shelf.add(read);
    const before = await this.#kv.get(PREFIX + hash);
    // Whence it came last decides what the next start does with it.
    if (before === null || !isKeptFrom(strings.decode(before.value), read.kept))
      await this.#kv.put(PREFIX + hash, strings.encode(JSON.stringify(read.kept)));
    if (this.#first !== '') return;
    // Of two processes that start at once one is first; the other takes what that one wrote.
    await this.#kv.create(FIRST, strings.encode(hash)).catch(() => {});
    const entry = await this.#kv.get(FIRST);
    this.#first = entry === null ? hash : strings.decode(entry.value);
  }

  async #keptOf(hash: string): Promise<Kept> {
    await this.#look(hash);
    return this.#shelf.read(hash).kept;
  }

  async #look(hash: string): Promise<void> {
    if (this.#shelf.has(hash)) return;
    const entry = await this.#kv.get(PREFIX + hash);
    if (entry !== null) this.#shelf.addText(hash, strings.decode(entry.value));
  }

  #take(key: string, text: string, revision: number): void {
    const hash = key.slice(PREFIX.length);
    if (key === FIRST) this.#first = text;
    else if (key === IN_FORCE) {
      this.#putIntoForce(text, revision);
      this.#settleSoon();
    } else {
      this.#shelf.addText(hash, text);
      if (hash === this.#told) this.#change();
    }
  }

  /** What this process is told late of changes that it made itself does not put an earlier policy back. */
  #putIntoForce(hash: string, revision: number): void {
    if (revision <= this.#inForceRevision) return;
    this.#inForceRevision = revision;
    this.#told = hash;
    this.#change();
  }

  /** One that can't be read does not take the place of the one that is in force, which all else asks for. */
  #change(): void {
    const hash = this.#told;
    if (hash === this.#inForce || !this.#shelf.has(hash)) return;
    const policy = this.byHash(hash);
    this.#inForce = hash;
    this.emit('change', policy);
  }

  /** After a change of years or of the policy: is the one in force with the years that are kept? */
  #settleSoon(): void {
    if (this.#isWaiting || this.#state !== 'open' || !this.#enforces) return;
    this.#isWaiting = true;
    setTimeout(() => this.#settle(), this.#lookAgainMs).unref();
    this.#settle();
  }

  #settle(): void {
    this.#work = this.#work
      .then(async () => {
        this.#isWaiting = false;
        if (this.#state === 'open') await this.#enforce(null);
      })
      .catch((error: unknown) => this.#report(error));
  }
}
