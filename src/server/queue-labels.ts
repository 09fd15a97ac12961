// Bounds the label `queue`: the first 200 queues ever counted keep their names, all later ones are `other`. The choice
// is kept in SLA_CONFIG, not in memory, since one that a restart could change would make a counter fall.
import type { KV, NatsConnection } from 'nats';
import { z } from 'zod';
import { watchPrefix } from '../broker/kv-watch.ts';

const PREFIX = 'metrics.';
const KEY = `${PREFIX}queues`;
export const QUEUES_MAX = 200;
const OTHER = 'other';
const WAIT_MS_MAX = 500;

const queueList = z.array(z.string()).max(QUEUES_MAX);

export class QueueLabels {
  readonly #kv: KV;
  #known: ReadonlySet<string> = new Set(['']);
  #storing: Promise<void> | null = null;
  #stop: () => void = () => {};

  private constructor(kv: KV) {
    this.#kv = kv;
  }

  /** Loads the names that were given and follows the ones that other processes give. */
  static async open(nc: NatsConnection, kv: KV): Promise<QueueLabels> {
    const labels = new QueueLabels(kv);
    labels.#stop = await watchPrefix(nc, kv, PREFIX, {
      changed: (key, value) => {
        if (key === KEY && value) labels.#known = new Set(['', ...parseList(value)]);
      },
      complete: () => {},
    });
    return labels;
  }

  close(): void {
    this.#stop();
  }

  /** The label of a queue, or null while its name is not stored. */
  label(queue: string): string | null {
    if (this.#known.has(queue)) return queue;
    return this.#known.size > QUEUES_MAX ? OTHER : null;
  }

  /** Stores the names that are new, as far as there is room. Gives up waiting after half a second. */
  async know(queues: Iterable<string>): Promise<void> {
    const fresh = [...new Set(queues)].filter(queue => this.label(queue) === null);
    if (fresh.length === 0) return;
    this.#storing ??= this.#store(fresh).finally(() => {
      this.#storing = null;
    });
    await Promise.race([this.#storing, new Promise(resolve => setTimeout(resolve, WAIT_MS_MAX).unref())]);
  }

  async #store(fresh: readonly string[]): Promise<void> {
    try {
      const entry = await this.#kv.get(KEY);
      const list = entry?.operation === 'PUT' ? parseList(entry.value) : [];
      const next = [...new Set([...list, ...fresh])].slice(0, QUEUES_MAX);
      // Of two processes that write at once one fails, and reads the other's names at its next scrape.
      await this.#kv.put(KEY, JSON.stringify(next), { previousSeq: entry?.revision ?? 0 });
      this.#known = new Set(['', ...next]);
    } catch {
      // Not stored means not labelled: the next scrape asks again.
    }
  }
}

function parseList(bytes: Uint8Array): string[] {
  return queueList.parse(JSON.parse(new TextDecoder().decode(bytes)));
}
