// `sla-monitor demo`: servers, monitor and a simulated service centre in one command.
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { settingsFromEnvironment } from '../config.ts';
import { policyLine, Screen, statusLine, welcome } from '../demo/screen.ts';
import { type DemoMonitor, DemoSession } from '../demo/session.ts';
import { startMonitor } from '../monitor/monitor.ts';
import { onHangup, reloadOf } from './hangup.ts';
import { UsageError } from './usage.ts';

export const help = `Usage: sla-monitor demo [--port N] [--speed X] [--seed N]

Starts NATS and Redis (or uses those of NATS_URL and REDIS_URL), the monitor, and a simulated service centre that
publishes events like a real one. Prints the wallboard's address with a link that signs in. Ctrl-C ends all of it;
the next start goes on from the same state, which is in DATA_DIR. SIGHUP reads the policy again: POLICY_FILE, else the
pack that ships.

  --port N    port of the wallboard (default HTTP_PORT; a free one when it is taken)
  --speed X   how many times busier, and better staffed, the centre is (0.2 to 20; default 1)
  --seed N    seed of the simulated centre (only when DATA_DIR has none yet; default 1)
`;

/** A start that installs programs may take minutes; an end takes a second or two. */
const END_MS_MAX = 30_000;

/** Runs until it is interrupted. The exit code is 0 when everything ended well. */
export async function run(argv: string[]): Promise<number> {
  const { port, speed, seed } = readOptions(argv);
  const hangup = onHangup();
  const settings = settingsFromEnvironment();
  const screen = new Screen(process.stdout);
  const session = new DemoSession();
  let ending = false;
  const handlers = closeWithGrace({ delay: END_MS_MAX, logger: false, skip: ['SIGHUP'] }, async ({ err }) => {
    ending = true;
    screen.close();
    if (err) screen.line(err.stack ?? err.message);
    screen.line('正在结束 · Ending (the next start goes on from here)');
    await session.stop();
  });
  const quiet = settings.logLevel === 'info' ? 'warn' : settings.logLevel;
  try {
    const demo = await session.start(
      { ...settings, logLevel: quiet, httpPort: port ?? settings.httpPort },
      {
        seed,
        speed,
        startMonitor: (given, logLines) => startMonitor(given, undefined, logLines),
        onProgress: line => screen.line(line),
      },
    );
    screen.line(welcome(demo.link, settings.dataDir, demo.monitor.policy()));
    hangup(reloading(demo.monitor, line => screen.line(line)));
    screen.follow(() => statusLine(demo.centre.status()));
    await demo.centre.done;
  } catch (error) {
    screen.close();
    // While it ends because of a signal, that is what decides the exit code.
    if (!ending) {
      handlers.uninstall();
      await session.stop();
      throw error;
    }
  }
  // The end is under way: it ends the process when everything has stopped.
  return new Promise(() => {});
}

/** Handles a SIGHUP, and tells of a policy that comes into force in another way, such as over HTTP. */
function reloading(monitor: DemoMonitor, tell: (line: string) => void): () => void {
  let isReloading = false;
  monitor.onPolicy(policy => {
    if (!isReloading) tell(policyLine(policy));
  });
  const reloadPolicy = async () => {
    isReloading = true;
    try {
      return await monitor.reloadPolicy();
    } finally {
      isReloading = false;
    }
  };
  return reloadOf({ reloadPolicy }, tell);
}

function readOptions(argv: string[]): { port: number | null; speed: number; seed: number } {
  const { values } = parseArgs({
    args: argv,
    options: { port: { type: 'string' }, speed: { type: 'string' }, seed: { type: 'string' } },
  });
  return {
    port: values.port === undefined ? null : number('--port', values.port, 0, 65_535, true),
    speed: number('--speed', values.speed ?? '1', 0.2, 20, false),
    seed: number('--seed', values.seed ?? '1', 0, 4_294_967_295, true),
  };
}

function number(name: string, text: string, min: number, max: number, whole: boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `${name}: expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not "${text}"`,
  );
}
