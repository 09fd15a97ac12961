// The monitor's own NATS and Redis: started as children with their data in one folder, found there by other
// processes, adopted when their parent was killed, ended by the last one that uses them.
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Settings, SettingsError } from '../config.ts';
import { counted } from '../contract/words.ts';
import { withLock } from './lock.ts';
import {
  answers,
  endProcess,
  isAlive,
  type Launch,
  launch,
  launchOnFreePort,
  NATS_USER,
  type ServerKind,
} from './process.ts';
import { ensurePrograms, type OnProgress } from './programs.ts';
import { renderNats, renderRedis } from './render.ts';

export interface Servers {
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** Where they come from: named by the settings, found running in DATA_DIR, or started now. */
  readonly source: 'settings' | 'found' | 'started';
  /** True when this call started them. */
  readonly started: boolean;
  /** Lets go of them; the last process that uses own servers ends them. */
  stop(): Promise<void>;
}

const place = z.object({ pid: z.number().int(), port: z.number().int() });
const PLACES = z.object({
  natsUrl: z.string(),
  redisUrl: z.string(),
  partitions: z.number().int(),
  /** True when the store of NATS is encrypted. */
  encrypted: z.boolean(),
  /** The process that looks after them. */
  owner: z.number().int(),
  password: z.string(),
  nats: place,
  redis: place,
});
/** What DATA_DIR/servers.json says. */
export type Places = z.output<typeof PLACES>;

const NAMES: Readonly<Record<ServerKind, string>> = { nats: 'NATS', redis: 'Redis' };

const INSTALLATION = z.object({ partitions: z.number().int() });

/** Milliseconds between two looks at whether the servers, and the process that looks after them, are alive. */
const WATCH_MS = 500;

/**
 * The servers to use: those of the settings, else those that run in DATA_DIR, else null.
 * Commands that only need servers use this; `serve` and `demo` use `startServers`.
 */
export async function resolveServers(settings: Settings): Promise<Servers | null> {
  const named = fromSettings(settings);
  if (named !== null) return named;
  const places = await runningPlaces(settings.dataDir);
  if (places === null) return null;
  return {
    natsUrl: places.natsUrl,
    redisUrl: places.redisUrl,
    source: 'found',
    started: false,
    stop: async () => {},
  };
}

/** One line for people when `resolveServers` found none. */
export function noServersMessage(settings: Settings): string {
  return `No servers: neither are NATS_URL and REDIS_URL set, nor does a monitor run with its data in ${settings.dataDir} (start one with: npm start)`;
}

/**
 * The servers of the settings, or those that run in DATA_DIR, or new ones (installing the programs where missing).
 * @throws SettingsError when the data was made for another number of partitions; ProgramsMissingError.
 */
export async function startServers(
  settings: Settings,
  options: { readonly onProgress?: OnProgress } = {},
): Promise<Servers> {
  const named = fromSettings(settings);
  if (named !== null) return named;
  const onProgress = options.onProgress ?? (() => {});
  mkdirSync(join(settings.dataDir, 'users'), { recursive: true, mode: 0o700 });
  const lockFile = join(settings.dataDir, 'servers.lock');
  return withLock(
    lockFile,
    async () => {
      checkPartitions(settings);
      const found = await runningPlaces(settings.dataDir);
      const places = found ?? (await startBoth(settings, onProgress));
      if (found !== null && !isAlive(found.owner))
        writePlaces(settings.dataDir, { ...found, owner: process.pid });
      writeFileSync(userFile(settings.dataDir), '', { mode: 0o600 });
      const watch = watchServers(settings, lockFile, onProgress);
      return {
        natsUrl: places.natsUrl,
        redisUrl: places.redisUrl,
        source: found === null ? ('started' as const) : ('found' as const),
        started: found === null,
        stop: async () => {
          await watch.stop();
          await withLock(lockFile, () => leave(settings.dataDir));
        },
      };
    },
    () => onProgress('Waiting for another process that starts or stops the servers'),
  );
}

/** What DATA_DIR/servers.json says, if both servers there answer; else null. */
export async function runningPlaces(dataDir: string): Promise<Places | null> {
  const places = readPlaces(dataDir);
  if (places === null) return null;
  const [nats, redis] = await Promise.all([isUp('nats', places), isUp('redis', places)]);
  return nats && redis ? places : null;
}

/** A server of DATA_DIR that a living process looks after, and that does not answer. */
export interface SilentServer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly owner: number;
}

/** Why no servers were found where a monitor runs with its data in DATA_DIR; empty where none does. */
export async function silentServers(dataDir: string): Promise<SilentServer[]> {
  const places = readPlaces(dataDir);
  if (places === null || !isAlive(places.owner)) return [];
  const kinds = ['nats', 'redis'] as const;
  const up = await Promise.all(kinds.map(kind => isUp(kind, places)));
  return kinds
    .filter((_, i) => up[i] === false)
    .map(kind => ({ name: NAMES[kind], ...places[kind], owner: places.owner }));
}

function fromSettings(settings: Settings): Servers | null {
  if (settings.natsUrl === null || settings.redisUrl === null) return null;
  return {
    natsUrl: settings.natsUrl,
    redisUrl: settings.redisUrl,
    source: 'settings',
    started: false,
    stop: async () => {},
  };
}

function checkPartitions(settings: Settings): void {
  const made = readJson(join(settings.dataDir, 'installation.json'), INSTALLATION);
  if (made !== null && made.partitions !== settings.partitions) {
    throw new SettingsError(
      `The data in ${settings.dataDir} was made with ${counted(made.partitions, 'partition')}, PARTITIONS says ${settings.partitions}: the number is fixed`,
    );
  }
}

async function startBoth(settings: Settings, onProgress: OnProgress): Promise<Places> {
  const { dataDir } = settings;
  const programs = await ensurePrograms(['nats-server', 'redis-server'], onProgress);
  const old = readPlaces(dataDir);
  // One of the two may have survived its parent; it holds the data, so it has to end before a new one starts.
  if (old !== null) await endOurs(old);
  const password = randomBytes(24).toString('hex');
  for (const folder of ['nats', 'redis']) mkdirSync(join(dataDir, folder), { recursive: true, mode: 0o700 });
  onProgress('Starting nats-server and redis-server');
  const start = (kind: ServerKind) =>
    launchOnFreePort(
      old?.[kind].port,
      port => writeConfig(settings, programs, { kind, port, password }),
      seconds => onProgress(`Waiting for ${NAMES[kind]} to load its data (${seconds} s)`),
    );
  const nats = await start('nats');
  const redis = await start('redis').catch(async (error: unknown) => {
    await endProcess(nats.pid);
    throw error;
  });
  const places: Places = {
    natsUrl: `nats://${NATS_USER}:${password}@127.0.0.1:${nats.port}`,
    redisUrl: `redis://:${password}@127.0.0.1:${redis.port}`,
    partitions: settings.partitions,
    encrypted: settings.storeKey !== null,
    owner: process.pid,
    password,
    nats,
    redis,
  };
  writePlaces(dataDir, places);
  const installation: z.output<typeof INSTALLATION> = { partitions: settings.partitions };
  writeFileSync(join(dataDir, 'installation.json'), JSON.stringify(installation), { mode: 0o600 });
  return places;
}

/** Writes the configuration of one of the two; returns how to launch it. */
function writeConfig(
  settings: Settings,
  programs: Readonly<Record<`${ServerKind}-server`, string>>,
  server: { readonly kind: ServerKind; readonly port: number; readonly password: string },
): Launch {
  const { kind, port, password } = server;
  const at = (name: string) => join(settings.dataDir, name);
  const dir = at(kind);
  const logFile = at(`${kind}.log`);
  const text =
    kind === 'redis'
      ? renderRedis({ port, password, dir, logFile })
      : renderNats({
          name: 'sla-monitor',
          port,
          user: NATS_USER,
          password,
          storeDir: dir,
          storeBytesMax: settings.storeGbMax === null ? storeBytes(dir) : settings.storeGbMax * 1e9,
          logFile,
          partitions: settings.partitions,
          storeKey: settings.storeKey,
        });
  const configFile = at(`${kind}.conf`);
  writeFileSync(configFile, text, { mode: 0o600 });
  const program = programs[`${kind}-server`];
  return { kind, program, configFile, port, password, outputFile: at(`${kind}.out`), logFile };
}

/** 80 % of what the disk has left, the store's present size included: beyond it NATS refuses to store. */
function storeBytes(dir: string): number {
  const disk = statfsSync(dir);
  return 0.8 * (disk.bavail * disk.bsize) + folderBytes(dir);
}

function folderBytes(dir: string): number {
  let bytes = 0;
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    bytes += statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** Starts a server again that has died, and takes over from an owner that has. */
function watchServers(
  settings: Settings,
  lockFile: string,
  onProgress: OnProgress,
): { stop(): Promise<void> } {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const look = async () => {
    const places = readPlaces(settings.dataDir);
    if (places === null || stopped) return;
    const mine = places.owner === process.pid;
    const dead = !isAlive(places.nats.pid) || !isAlive(places.redis.pid);
    if (mine ? dead : !isAlive(places.owner)) {
      await withLock(lockFile, async () => {
        if (!stopped) await repair(settings, onProgress);
      });
    }
  };
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = look()
      .catch((error: unknown) => onProgress(`The servers could not be looked after: ${String(error)}`))
      .finally(() => {
        busy = false;
      });
  }, WATCH_MS);
  timer.unref();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** Makes this process the owner if the other is gone, and starts those again, on their old ports, that died. */
async function repair(settings: Settings, onProgress: OnProgress): Promise<void> {
  const places = readPlaces(settings.dataDir);
  if (places === null || (places.owner !== process.pid && isAlive(places.owner))) return;
  const programs = await ensurePrograms(['nats-server', 'redis-server'], onProgress);
  let next: Places = { ...places, owner: process.pid };
  for (const kind of ['nats', 'redis'] as const) {
    const { pid, port } = places[kind];
    if (isAlive(pid)) continue;
    onProgress(`${kind}-server has ended; starting it again`);
    const server = writeConfig(settings, programs, { kind, port, password: places.password });
    next = { ...next, [kind]: { pid: await launch(server), port } };
  }
  writePlaces(settings.dataDir, next);
}

/** Ends the servers unless another living process uses them; that one's watch takes them over. */
async function leave(dataDir: string): Promise<void> {
  rmSync(userFile(dataDir), { force: true });
  for (const name of readdirSync(join(dataDir, 'users'))) {
    if (isAlive(Number(name))) {
      const places = readPlaces(dataDir);
      if (places !== null) writePlaces(dataDir, { ...places, owner: Number(name) });
      return;
    }
    rmSync(join(dataDir, 'users', name), { force: true });
  }
  const places = readPlaces(dataDir);
  if (places !== null) await endOurs(places);
  rmSync(join(dataDir, 'servers.json'), { force: true });
}

/** Ends those of the two that are certainly ours: a pid from an old file may be another program's by now. */
async function endOurs(places: Places): Promise<void> {
  const end = async (kind: ServerKind) => {
    const { pid } = places[kind];
    if (isAlive(pid) && (isServer(pid, kind) ?? (await isUp(kind, places)))) await endProcess(pid);
  };
  await Promise.all([end('nats'), end('redis')]);
}

/** Whether the process is such a server; null where the system does not tell. */
function isServer(pid: number, kind: ServerKind): boolean | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${kind}-server`);
  } catch {
    return null;
  }
}

async function isUp(kind: ServerKind, places: Places): Promise<boolean> {
  const { pid, port } = places[kind];
  return isAlive(pid) && (await answers(kind, port, places.password));
}

function userFile(dataDir: string): string {
  return join(dataDir, 'users', String(process.pid));
}

function readPlaces(dataDir: string): Places | null {
  return readJson(join(dataDir, 'servers.json'), PLACES);
}

function writePlaces(dataDir: string, places: Places): void {
  const file = join(dataDir, 'servers.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(places, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
