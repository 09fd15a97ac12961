// Follows the keys of a bucket under a prefix, across reconnects: what is there at first, then each change.

import type { KV, KvEntry, NatsConnection, QueuedIterator } from 'nats';
import { onConnection } from './connect.ts';

const RETRY_MS = 1_000;

export interface KvListener {
  /** A key was set (`value`) or removed (null), with this revision of the bucket. */
  changed(key: string, value: Uint8Array | null, revision: number): void;
  /** `changed` threw for this key; the watch goes on with the next one. Without it the process warns on stderr. */
  failed?(key: string, error: unknown): void;
  /** All keys that exist have been told since the watch began; every other key is gone. */
  complete(keys: ReadonlySet<string>): void;
}

/**
 * Resolves once what is there has been told. A watch does not outlive a restart of the server for certain, so a
 * new one is begun after each reconnect. Returns what ends it.
 */
export async function watchPrefix(
  nc: NatsConnection,
  kv: KV,
  prefix: string,
  listener: KvListener,
): Promise<() => void> {
  let stopped = false;
  let current: QueuedIterator<KvEntry> | null = null;

  /** Resolves to what resolves once all that is there has been told. */
  const begin = async (): Promise<{ readonly completed: Promise<void> }> => {
    current?.stop();
    const seen = new Set<string>();
    let complete: () => void = () => {};
    const completed = new Promise<void>(resolve => {
      complete = resolve;
    });
    const entries = await kv.watch({ key: `${prefix}>`, initializedFn: () => complete() });
    current = entries;
    void completed.then(() => {
      if (current === entries) listener.complete(seen);
    });
    void (async () => {
      for await (const entry of entries) {
        if (current !== entries) return;
        const put = entry.operation === 'PUT';
        if (put) seen.add(entry.key);
        else seen.delete(entry.key);
        tell(listener, entry.key, put ? entry.value : null, entry.revision);
      }
    })().catch(() => {});
    return { completed };
  };

  /** A connection that is back may be gone again before the watch stands: then it is tried once more. */
  const beginAgain = (): void => {
    if (stopped) return;
    begin().catch(() => setTimeout(beginAgain, RETRY_MS).unref());
  };
  const forget = onConnection(nc, change => {
    if (change === 'back') beginAgain();
  });
  await (await begin()).completed;
  return () => {
    stopped = true;
    forget();
    current?.stop();
  };
}

/** One key that its listener can't take must not end the watch: all later ones would be missed, and nobody would know. */
function tell(listener: KvListener, key: string, value: Uint8Array | null, revision: number): void {
  try {
    listener.changed(key, value, revision);
  } catch (error) {
    if (listener.failed !== undefined) listener.failed(key, error);
    else
      process.emitWarning(`${key} can't be taken: ${error instanceof Error ? error.message : String(error)}`);
  }
}
