// Settings: the environment, checked. The only reader of the environment; the generated settings table and
// `--help` come from the same list, so that no setting can exist without a description and a default.
import { resolve } from 'node:path';
import { z } from 'zod';

/** A setting that is wrong or misses its companion; the message names the variable and what was expected. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const text = z.string();
const path = z.string().transform(value => resolve(value));
const port = z.coerce.number().int().min(0).max(65_535);
const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const url = (...protocols: string[]) =>
  z.string().refine(
    value =>
      value.split(',').every(part => {
        const address = part.trim();
        return URL.canParse(address) && protocols.includes(new URL(address).protocol);
      }),
    { error: `expected an address that starts with ${protocols.map(p => `${p}//`).join(' or ')}` },
  );

/** `host:4222` is a NATS address too. */
function withScheme(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const parts = value.split(',').map(part => part.trim());
  return parts.map(part => (part.includes('://') ? part : `nats://${part}`)).join(',');
}

interface About {
  /** As it would stand in the environment; null: not set. */
  readonly fallback: string | null;
  readonly description: string;
  /** True for values that must not be printed. */
  readonly secret: boolean;
}

const ABOUT = z.registry<About>();

function setting<S extends z.ZodType>(schema: S, fallback: string, description: string): S {
  ABOUT.add(schema, { fallback, description, secret: false });
  return schema;
}

function optional<S extends z.ZodType>(schema: S, description: string, secret = false): z.ZodNullable<S> {
  const nullable = schema.nullable();
  ABOUT.add(nullable, { fallback: null, description, secret });
  return nullable;
}

const SCHEMA = z.object({
  NATS_URL: optional(
    z.preprocess(withScheme, url('nats:', 'tls:')),
    'NATS servers, separated by commas, such as `nats://user:password@host:4222`. Together with `REDIS_URL`; without both, `serve` starts its own servers',
    true,
  ),
  NATS_CREDS: optional(path, 'File of NATS credentials (JWT and seed)'),
  NATS_CA: optional(path, 'File of certificate authorities for NATS over TLS'),
  NATS_REPLICAS: setting(
    count(1, 5),
    '1',
    'Replicas of each stream when it is made; 3 on a JetStream cluster',
  ),
  REDIS_URL: optional(
    url('redis:', 'rediss:'),
    'Redis, such as `redis://:password@host:6379/0`; `rediss://` for TLS',
    true,
  ),
  REDIS_CA: optional(path, 'File of certificate authorities for Redis over TLS'),
  HTTP_HOST: setting(text.min(1), '127.0.0.1', 'Address that the HTTP server listens on'),
  HTTP_PORT: setting(port, '8080', 'Port of the HTTP server; 0 takes a free one'),
  HTTP_TLS_CERT: optional(
    path,
    'Certificate file (PEM) for HTTPS; it is read again when it changes. Together with `HTTP_TLS_KEY`',
  ),
  HTTP_TLS_KEY: optional(path, 'Key file (PEM) for HTTPS'),
  PUBLIC_URL: optional(
    url('http:', 'https:'),
    'Address under which browsers reach the monitor when it stands behind a proxy: its origin is accepted by `/ws`',
  ),
  ADMIN_TOKEN: optional(text.min(1), 'A token that is accepted as an admin from the start', true),
  POLICY_FILE: optional(path, 'Policy file (YAML or JSON); the after-sales pack when not set'),
  PARTITIONS: setting(count(1, 256), '8', 'Number of partitions; fixed once the streams are made'),
  DATA_DIR: setting(path, '.data', "Folder of the own servers' data and of where they are"),
  STORE_KEY: optional(
    text.min(16),
    "Key with which the own NATS server encrypts its store; don't lose it",
    true,
  ),
  STORE_GB_MAX: optional(
    z.coerce.number().positive(),
    'Bound of the own NATS server’s store in GB; 80 % of the free disk when not set',
  ),
  LOG_LEVEL: setting(
    z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    'info',
    'Least level that is logged',
  ),
  CENTRE_NAME: setting(
    text.min(1).max(100),
    '服务中心 Service centre',
    'Name of the service centre on boards and reports',
  ),
  KEEP_CLOSED_DAYS: setting(
    count(1, 3_650),
    '90',
    'Days that a closed case is kept; its repeated events are recognised for that long',
  ),
  CACHE_CASES_MAX: setting(
    count(100, 100_000_000),
    '20000',
    'Case states that a process holds in memory, over all its partitions',
  ),
  PROCESSOR_THREADS: optional(
    count(0, 64),
    'Threads that own partitions, 0: the main one does; one for each core but one, at most 4, when not set',
  ),
  BATCH_EVENTS_MAX: setting(count(1, 10_000), '2000', 'Most events in one commit'),
  BATCH_LINGER_MS: setting(
    count(0, 1_000),
    '5',
    'Milliseconds that a commit waits for more events when its batch is not full',
  ),
  LEASE_MS: setting(
    count(500, 60_000),
    '2000',
    'Milliseconds after which a partition whose owner is silent is taken over',
  ),
});

type Raw = z.output<typeof SCHEMA>;

/** What the programs run on. Paths are absolute; null where something is not set. */
export interface Settings {
  readonly natsUrl: string | null;
  readonly natsCreds: string | null;
  readonly natsCa: string | null;
  readonly natsReplicas: number;
  readonly redisUrl: string | null;
  readonly redisCa: string | null;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly httpTlsCert: string | null;
  readonly httpTlsKey: string | null;
  readonly publicUrl: string | null;
  readonly adminToken: string | null;
  readonly policyFile: string | null;
  readonly partitions: number;
  readonly dataDir: string;
  readonly storeKey: string | null;
  readonly storeGbMax: number | null;
  readonly logLevel: 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly centreName: string;
  readonly keepClosedDays: number;
  readonly cacheCasesMax: number;
  /** Null: as many as the machine is good for. */
  readonly processorThreads: number | null;
  readonly batchEventsMax: number;
  readonly batchLingerMs: number;
  readonly leaseMs: number;
}

/** One row of the settings table. */
export interface SettingRow extends About {
  readonly name: string;
}

/** All settings with their defaults, in the order in which they are explained. */
export const SETTING_ROWS: readonly SettingRow[] = Object.entries(SCHEMA.shape).map(([name, schema]) => {
  const about = ABOUT.get(schema);
  if (about === undefined) throw new Error(`setting ${name} is not described`);
  return { name, ...about };
});

/**
 * Checks the settings of an environment. Pure. Empty variables count as not set.
 * @throws SettingsError naming every variable that is wrong.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given: Record<string, string | null> = {};
  for (const { name, fallback } of SETTING_ROWS) {
    const value = env[name]?.trim();
    given[name] = value === undefined || value === '' ? fallback : value;
  }
  const checked = SCHEMA.safeParse(given);
  if (!checked.success) {
    throw new SettingsError(
      checked.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  }
  const raw = checked.data;
  together('NATS_URL', raw.NATS_URL, 'REDIS_URL', raw.REDIS_URL);
  together('HTTP_TLS_CERT', raw.HTTP_TLS_CERT, 'HTTP_TLS_KEY', raw.HTTP_TLS_KEY);
  return toSettings(raw);
}

/** The settings of this process. @throws SettingsError */
export function settingsFromEnvironment(): Settings {
  return readSettings(process.env);
}

/** The environment for a program that we start: this process's own, without our settings and their secrets. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const names = new Set(SETTING_ROWS.map(row => row.name));
  const kept = Object.entries(process.env).filter(([name]) => !names.has(name));
  return { ...Object.fromEntries(kept), ...extra };
}

/** The folders on PATH, in order. */
export function searchPath(): readonly string[] {
  return (process.env.PATH ?? '').split(':').filter(folder => folder !== '');
}

function toSettings(raw: Raw): Settings {
  return {
    natsUrl: raw.NATS_URL,
    natsCreds: raw.NATS_CREDS,
    natsCa: raw.NATS_CA,
    natsReplicas: raw.NATS_REPLICAS,
    redisUrl: raw.REDIS_URL,
    redisCa: raw.REDIS_CA,
    httpHost: raw.HTTP_HOST,
    httpPort: raw.HTTP_PORT,
    httpTlsCert: raw.HTTP_TLS_CERT,
    httpTlsKey: raw.HTTP_TLS_KEY,
    publicUrl: raw.PUBLIC_URL,
    adminToken: raw.ADMIN_TOKEN,
    policyFile: raw.POLICY_FILE,
    partitions: raw.PARTITIONS,
    dataDir: raw.DATA_DIR,
    storeKey: raw.STORE_KEY,
    storeGbMax: raw.STORE_GB_MAX,
    logLevel: raw.LOG_LEVEL,
    centreName: raw.CENTRE_NAME,
    keepClosedDays: raw.KEEP_CLOSED_DAYS,
    cacheCasesMax: raw.CACHE_CASES_MAX,
    processorThreads: raw.PROCESSOR_THREADS,
    batchEventsMax: raw.BATCH_EVENTS_MAX,
    batchLingerMs: raw.BATCH_LINGER_MS,
    leaseMs: raw.LEASE_MS,
  };
}

function together(a: string, valueA: string | null, b: string, valueB: string | null): void {
  if ((valueA === null) === (valueB === null)) return;
  const [set, missing] = valueA === null ? [b, a] : [a, b];
  throw new SettingsError(`${set} is set but ${missing} is not: they come together`);
}
