// A lock between processes of one machine: a file that names its holder. One whose holder is gone is taken over.
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process.ts';

const POLL_MS = 25;

/** Runs `work` while this process holds the lock file. Waits for a living holder, telling so once. */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  const mine = `${process.pid} ${randomUUID()}`;
  let told = false;
  while (!(await take(file, mine))) {
    if (!told) onWait?.();
    told = true;
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if (read(file) === mine) rmSync(file, { force: true });
  }
}

async function take(file: string, mine: string): Promise<boolean> {
  const holder = read(file);
  if (holder !== null && !isAlive(Number.parseInt(holder, 10))) rmSync(file, { force: true });
  try {
    writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
  } catch {
    return false;
  }
  // Another process may have removed our file together with the dead holder's that it had read just before.
  await sleep(POLL_MS);
  return read(file) === mine;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
