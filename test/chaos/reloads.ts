// Changes of the policy among the faults: by the file and SIGHUP, which one process or both are told, or over HTTP; twice in
// quick succession, back to an earlier one, and just before or after a process, or what it stands on, is killed.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConfig } from '../../src/broker/streams.ts';
import { policyInForce } from '../../src/cli/kept-policies.ts';
import { controlSubject } from '../../src/contract/subject.ts';
import { readPolicyText } from '../../src/policy-store/source.ts';
import { encodePolicyNotice } from '../../src/processor/control.ts';
import { type Field, PARTITIONS, until } from './field.ts';
import type { Next } from './lives.ts';
import type { MonitorProcess } from './monitor-process.ts';
import { FIRST, VARIANTS, type Variant } from './policies.ts';

const DEEDS = [
  'file',
  'file-and-back',
  'sent',
  'file-then-kill',
  'kill-then-sent',
  'file-twice',
  'sent-then-flush',
] as const;
type Deed = (typeof DEEDS)[number];

/** In which a second change comes while the cases are still brought under the first, or before it is even announced. */
const SUCCESSION_MS = 700;
/** A process takes seconds to start beside the load. */
const SEND_WITHIN_MS = 10_000;
const LAST_WITHIN_MS = 30_000;
const BACK_SHARE = 0.3;

const HASH_KEY = /^policy\.[0-9a-f]{12}$/;
const BURST = 4;
const BURST_MS = 30;

/**
 * Several policies come into force on every partition within moments, as where owners change and each has heard something
 * else: one while the cases still wait for the one before.
 */
export async function burst(field: Field, next: Next): Promise<void> {
  const kv = await openConfig(field.nc);
  const hashes: string[] = [];
  for await (const key of await kv.keys('policy.>'))
    if (HASH_KEY.test(key)) hashes.push(key.slice(key.indexOf('.') + 1));
  for (let i = 0; i < BURST; i++) {
    for (let p = 0; p < PARTITIONS; p++) {
      const hash = hashes[Math.floor(next() * hashes.length)];
      if (hash !== undefined) field.nc.publish(controlSubject(p), encodePolicyNotice(hash));
    }
    if (next() < 0.5) await sleep(next() * BURST_MS);
  }
}

export class Reloads {
  readonly next: Next;
  /** How often each deed was done, and how often a policy could not be put into force, since a server was away. */
  readonly done: Record<string, number> = {};
  readonly #field: Field;
  readonly #say: (line: string) => void;
  #now: Variant = FIRST;
  #before: Variant = FIRST;

  constructor(field: Field, next: Next, say: (line: string) => void) {
    this.#field = field;
    this.next = next;
    this.#say = say;
  }

  /** The `i`th change: each deed at least once, then at random. */
  async one(i: number): Promise<void> {
    const deed = DEEDS[i < DEEDS.length ? i : Math.floor(this.next() * DEEDS.length)] ?? 'file';
    this.#count(deed);
    await this.#do(deed);
  }

  /** The whole pack is in force in the end, whatever was before; resolves once it is. */
  async last(): Promise<void> {
    const [whole] = VARIANTS;
    this.#tell('file', whole, this.#field.monitors);
    const { hash } = readPolicyText(whole.text).policy;
    const isInForce = async () => (await policyInForce(await openConfig(this.#field.nc)))?.hash === hash;
    await until('the last policy is in force', isInForce, LAST_WITHIN_MS);
  }

  async #do(deed: Deed): Promise<void> {
    const { monitors } = this.#field;
    const monitor = monitors[Math.floor(this.next() * monitors.length)];
    if (monitor === undefined) return;
    switch (deed) {
      case 'file':
        this.#tell(deed, this.#another(), monitors);
        return;
      case 'file-and-back': {
        const earlier = this.#now;
        this.#tell(deed, this.#another(), [monitor]);
        await this.#moment();
        this.#tell(deed, earlier, [monitor]);
        return;
      }
      case 'file-twice':
        this.#tell(deed, this.#another(), [monitor]);
        await this.#moment();
        this.#tell(deed, this.#another(), monitors);
        return;
      case 'file-then-kill':
        this.#tell(deed, this.#another(), [monitor]);
        await this.#moment();
        monitor.signal('SIGKILL');
        return;
      case 'sent':
        await this.#send(deed, this.#another(), monitor);
        return;
      case 'kill-then-sent':
        monitor.signal('SIGKILL');
        await this.#send(deed, this.#another(), monitors.find(each => each !== monitor) ?? monitor);
        return;
      case 'sent-then-flush':
        await this.#send(deed, this.#another(), monitor);
        await this.#moment();
        await this.#field.redis.flushall();
        return;
      default:
        deed satisfies never;
    }
  }

  async #moment(): Promise<void> {
    await sleep(this.next() * SUCCESSION_MS);
  }

  /** Another policy than the last one; now and then the one before. */
  #another(): Variant {
    if (this.next() < BACK_SHARE && this.#before !== this.#now) return this.#before;
    const others = VARIANTS.filter(variant => variant !== this.#now);
    return others[Math.floor(this.next() * others.length)] ?? VARIANTS[0];
  }

  /** The file says it from now on, to every process that starts; only `told` read it at once. */
  #tell(deed: Deed, variant: Variant, told: readonly MonitorProcess[]): void {
    this.#say(`policy ${variant.name} by ${deed}`);
    writeFileSync(this.#field.policyFile, variant.text);
    for (const monitor of told) monitor.signal('SIGHUP');
    this.#moveTo(variant);
  }

  /** Asks one process, and where that is away another; while a server is away none can do it, and it is tried again. */
  async #send(deed: Deed, variant: Variant, first: MonitorProcess): Promise<void> {
    this.#say(`policy ${variant.name} by ${deed}`);
    const others = this.#field.monitors.filter(each => each !== first);
    const attempt = async (): Promise<boolean> => {
      for (const monitor of [first, ...others]) {
        const done = await this.#field.sendPolicy(variant.text, monitor).catch(() => false);
        if (done) return true;
      }
      return false;
    };
    try {
      await until(`policy ${variant.name} is taken`, attempt, SEND_WITHIN_MS);
      this.#moveTo(variant);
    } catch {
      this.#count('refused');
    }
  }

  #moveTo(variant: Variant): void {
    this.#before = this.#now;
    this.#now = variant;
  }

  #count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1;
  }
}
