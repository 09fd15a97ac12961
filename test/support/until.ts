// Waiting for a condition instead of for a time.
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds; fails after the time, in ms, with what was waited for. */
export async function until(
  what: string,
  test: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}
