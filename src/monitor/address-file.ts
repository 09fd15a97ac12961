// Where the monitor of a DATA_DIR answers HTTP: beside the file that says where its servers are, so that commands on this
// machine can tell people.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive } from '../embedded/process.ts';

const ADDRESS = z.object({ pid: z.number().int(), address: z.string() });

function fileIn(dataDir: string): string {
  return join(dataDir, 'monitor.json');
}

/** Notes it until what this returns is called; of several monitors with one folder the latest is noted. */
export function noteAddress(dataDir: string, address: string): () => void {
  const file = fileIn(dataDir);
  writeFileSync(file, JSON.stringify({ pid: process.pid, address }), { mode: 0o600 });
  return () => {
    if (read(file)?.pid === process.pid) rmSync(file, { force: true });
  };
}

/** Null when no monitor that runs has noted one there. */
export function notedAddress(dataDir: string): string | null {
  const noted = read(fileIn(dataDir));
  return noted !== null && isAlive(noted.pid) ? noted.address : null;
}

function read(file: string): z.output<typeof ADDRESS> | null {
  try {
    return ADDRESS.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
