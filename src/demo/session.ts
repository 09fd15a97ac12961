// One demo from start to end: servers, monitor and simulated service centre, started in this order and ended in the
// reverse one, also when a start fails or is interrupted half-way.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectBroker } from '../broker/connect.ts';
import { CommandError } from '../cli/usage.ts';
import type { Settings } from '../config.ts';
import { freePort, isAlive } from '../embedded/process.ts';
import { startServers } from '../embedded/servers.ts';
import { noteAddress } from '../monitor/address-file.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { LogLines } from '../server/log.ts';
import { type RunningCentre, runCentre } from './driver.ts';
import { plainLog } from './plain-log.ts';

/** What the demo needs of the monitor. */
export type DemoMonitor = Omit<Monitor, 'signinLink'> & {
  /** An address that signs a browser in. */
  signinLink(role: 'viewer' | 'operator' | 'admin'): string | Promise<string>;
};

export interface DemoOptions {
  readonly seed: number;
  readonly speed: number;
  readonly startMonitor: (settings: Settings, logLines: LogLines) => Promise<DemoMonitor>;
  readonly onProgress: (line: string) => void;
}

export interface RunningDemo {
  readonly monitor: DemoMonitor;
  readonly link: string;
  readonly centre: RunningCentre;
}

/** Starts and ends the parts of a demo. `stop` may be called at any time, more than once. */
export class DemoSession {
  private readonly endings: (() => void | Promise<void>)[] = [];
  private starting: Promise<unknown> = Promise.resolve();
  private stopping: Promise<void> | null = null;

  /** @throws CommandError when a demo runs in this DATA_DIR already, or `stop` was called meanwhile. */
  async start(settings: Settings, options: DemoOptions): Promise<RunningDemo> {
    const starting = this.startParts(settings, options);
    this.starting = starting;
    try {
      return await starting;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Ends everything that was started, the latest first; of a start that goes on it waits for the part that it is at.
   * The first failure is thrown after all were tried.
   */
  stop(): Promise<void> {
    this.stopping ??= this.starting.then(
      () => this.end(),
      () => this.end(),
    );
    return this.stopping;
  }

  private async startParts(settings: Settings, options: DemoOptions): Promise<RunningDemo> {
    const { onProgress } = options;
    const servers = await startServers(settings, { onProgress });
    this.began(() => servers.stop());
    this.began(claim(join(settings.dataDir, 'demo.pid')));
    onProgress(servers.started ? 'NATS and Redis are up' : `NATS and Redis: ${servers.source}`);

    const httpPort = await freePort(settings.httpPort);
    if (settings.httpPort !== 0 && httpPort !== settings.httpPort) {
      onProgress(`Port ${settings.httpPort} is taken; using ${httpPort}`);
    }
    const { natsUrl, redisUrl } = servers;
    const monitor = await options.startMonitor(
      { ...settings, natsUrl, redisUrl, httpPort },
      plainLog(onProgress),
    );
    this.began(() => monitor.close());
    if (servers.source !== 'settings') this.began(noteAddress(settings.dataDir, monitor.address));
    onProgress('The monitor is up');

    const place = { natsUrl, natsCreds: settings.natsCreds, natsCa: settings.natsCa };
    const nc = await connectBroker(place, { name: 'sla-demo' });
    this.began(() => nc.close());
    const stateFile = join(settings.dataDir, 'demo-centre.json');
    const { seed, speed } = options;
    const centre = await runCentre({ nc, stateFile, seed, speed, onProgress });
    this.began(() => centre.stop());
    const link = await monitor.signinLink('operator');
    return { monitor, link, centre };
  }

  /** Notes how to end what has just begun. @throws CommandError when the session was stopped meanwhile. */
  private began(ending: () => void | Promise<void>): void {
    this.endings.push(ending);
    if (this.stopping !== null) throw new CommandError('The demo was ended while it started');
  }

  private async end(): Promise<void> {
    const failures: unknown[] = [];
    for (let ending = this.endings.pop(); ending !== undefined; ending = this.endings.pop()) {
      try {
        await ending();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** One centre a folder: two would tell the same cases. Returns how to let go of it. */
function claim(file: string): () => void {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder !== process.pid && isAlive(holder)) {
      throw new CommandError(
        `A demo runs already (process ${holder}); end it, or set another DATA_DIR. If that is no demo, remove ${file}`,
      );
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
  }
  writeFileSync(file, String(process.pid), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}
