// One monitor as a process of its own, as a supervisor runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { childEnvironment } from '../../src/config.ts';
import { packageRoot } from '../../src/package-root.ts';

const RESTART_MS = 200;
const LISTENING = z.object({ url: z.string() });

/** One monitor as a process; it is started again whenever it ends, until it is stopped. */
export class MonitorProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #wanted = false;
  #held = false;
  #starts = 0;

  constructor(name: string, dir: string, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.logFile = join(dir, `${name}.log`);
    this.#env = env;
  }

  get starts(): number {
    return this.#starts;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    this.#wanted = true;
    this.#spawn();
  }

  #spawn(): void {
    const output = openSync(this.logFile, 'a', 0o600);
    this.#starts += 1;
    const child = spawn(process.execPath, ['--import=tsx', 'src/main.ts', 'serve'], {
      cwd: packageRoot(),
      env: childEnvironment(this.#env),
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child = child;
    if (this.#held) child.kill('SIGSTOP');
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#wanted) setTimeout(() => this.#wanted && this.#child === null && this.#spawn(), RESTART_MS);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Holds it as it is, also if it is just being started again, or lets it go on. */
  hold(held: boolean): void {
    this.#held = held;
    this.signal(held ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Where it answers, as its log says; null while it has not said so since it was last started. */
  get address(): string | null {
    const log = readFileSync(this.logFile, 'utf8');
    const lines = log.slice(log.lastIndexOf('"msg":"starting"')).split('\n');
    const line = lines.findLast(each => each.includes('"msg":"listening"'));
    return line === undefined ? null : LISTENING.parse(JSON.parse(line)).url;
  }

  /** SIGKILL; it is not started again. */
  async end(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}
