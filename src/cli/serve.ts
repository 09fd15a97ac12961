// `sla-monitor serve`: the monitor as a service, on given servers or on its own.
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { settingsFromEnvironment } from '../config.ts';
import { startServers } from '../embedded/servers.ts';
import { noteAddress } from '../monitor/address-file.ts';
import { type ProcessRole, ROLES, startMonitor } from '../monitor/monitor.ts';
import { PolicyFileError } from '../policy-store/source.ts';
import { onHangup, reloadOf } from './hangup.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor serve [--roles ROLES]

Runs the monitor: reads the event streams, keeps clocks and figures, serves wallboards, API and metrics.
With NATS_URL and REDIS_URL it uses those servers; without both it starts its own in DATA_DIR.

Options:
  --roles ROLES   what this process does, separated by commas: processor (owns partitions), server
                  (every process answers HTTP; one with the role server alone owns no partitions). Default: both
SIGHUP reads the policy file again. Ctrl-C or SIGTERM ends it after the batch that is under way.
`;

/** Time for what is under way at the end, ms. */
const GRACE_MS = 15_000;

export async function run(argv: string[]): Promise<number> {
  const roles = readRoles(argv);
  const hangup = onHangup();
  const settings = settingsFromEnvironment();
  const servers = await startServers(settings, { onProgress: line => process.stderr.write(`${line}\n`) });
  const starting = startMonitor({ ...settings, natsUrl: servers.natsUrl, redisUrl: servers.redisUrl }, roles);
  let forget = () => {};
  // From here on: a signal that comes while it starts must not leave the servers behind.
  const { handlers, ended } = untilEnded(async () => {
    forget();
    const monitor = await starting.catch(() => null);
    await monitor?.close();
    await servers.stop();
  });
  try {
    const monitor = await starting;
    process.stderr.write(`sla-monitor: ${monitor.address}\n`);
    // With servers of others DATA_DIR is not used.
    if (servers.source !== 'settings') forget = noteAddress(settings.dataDir, monitor.address);
    if (servers.started && settings.adminToken === null)
      process.stderr.write(`Sign in once with ${await monitor.signinLink('admin')}\n`);
    hangup(reloadOf(monitor, line => process.stderr.write(`${line}\n`)));
    return await ended;
  } catch (error) {
    handlers.uninstall();
    await servers.stop();
    if (error instanceof PolicyFileError) throw new CommandError(error.message);
    throw error;
  }
}

/** Resolves with the exit code once a signal, or an error that nobody caught, has ended the program. */
function untilEnded(end: () => Promise<void>) {
  let resolve: (code: number) => void = () => {};
  const ended = new Promise<number>(done => {
    resolve = done;
  });
  const handlers = closeWithGrace({ delay: GRACE_MS, logger: false, skip: ['SIGHUP'] }, async ({ err }) => {
    if (err) process.stderr.write(`${err.stack ?? err.message}\n`);
    await end();
    resolve(err ? 1 : 0);
  });
  return { handlers, ended };
}

function readRoles(argv: string[]): readonly ProcessRole[] {
  let text: string | undefined;
  try {
    text = parseArgs({ args: argv, options: { roles: { type: 'string' } } }).values.roles;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) return ROLES;
  return text.split(',').map(name => {
    const role = ROLES.find(each => each === name.trim());
    if (role === undefined) throw new UsageError(`--roles: expected ${ROLES.join(', ')}, found ${name}`);
    return role;
  });
}
