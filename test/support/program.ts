// Runs the program itself, as a user would, and gives back what it printed.
import { spawn } from 'node:child_process';
import { childEnvironment } from '../../src/config.ts';
import { packageRoot } from '../../src/package-root.ts';

export interface ProgramRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `sla-monitor ARGS`, with the settings of `env` alone and `input` as standard input. */
export function runProgram(
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly cwd?: string;
  },
): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import=tsx', `${packageRoot()}/src/main.ts`, ...args], {
      cwd: options.cwd ?? packageRoot(),
      env: childEnvironment(options.env ?? {}),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', code => resolve({ code, stdout, stderr }));
    // A program that ends without reading its input closes the pipe; its exit code tells enough.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
