// Programs that the monitor or its tests need: found on PATH (and in the sbin folders, which are often not on it),
// else installed with the system's package manager. Installing starts no service.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment, searchPath } from '../config.ts';

interface ProgramSource {
  /** Names of the executable, the first found is taken. */
  readonly executables: readonly string[];
  readonly debian: string;
  readonly brew: readonly string[];
  /** systemd units of the Debian package, which must not run because of us. */
  readonly units: readonly string[];
}

const PROGRAMS = {
  'nats-server': {
    executables: ['nats-server'],
    debian: 'nats-server',
    brew: ['nats-server'],
    units: ['nats-server.service'],
  },
  'redis-server': {
    executables: ['redis-server'],
    debian: 'redis-server',
    brew: ['redis'],
    units: ['redis-server.service'],
  },
  chromium: {
    executables: ['chromium', 'chromium-browser', 'google-chrome', 'Chromium'],
    debian: 'chromium',
    brew: ['--cask', 'chromium'],
    units: [],
  },
  prometheus: {
    executables: ['prometheus'],
    debian: 'prometheus',
    brew: ['prometheus'],
    units: ['prometheus.service', 'prometheus-node-exporter.service'],
  },
  promtool: {
    executables: ['promtool'],
    debian: 'prometheus',
    brew: ['prometheus'],
    units: ['prometheus.service', 'prometheus-node-exporter.service'],
  },
  alertmanager: {
    executables: ['prometheus-alertmanager', 'alertmanager'],
    debian: 'prometheus-alertmanager',
    brew: ['alertmanager'],
    units: ['prometheus-alertmanager.service'],
  },
} as const satisfies Record<string, ProgramSource>;

export type ProgramName = keyof typeof PROGRAMS;

/** Programs are missing and can't be installed here; the message is one line that says what to do. */
export class ProgramsMissingError extends Error {
  override readonly name = 'ProgramsMissingError';
}

export type OnProgress = (line: string) => void;

const MORE_FOLDERS = [
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/usr/local/bin',
  '/usr/bin',
  '/opt/homebrew/bin',
  '/Applications/Chromium.app/Contents/MacOS',
];

/** The program's path, or null when it is not on this machine. */
export function findProgram(name: ProgramName): string | null {
  const folders = new Set([...searchPath(), ...MORE_FOLDERS]);
  for (const executable of PROGRAMS[name].executables) {
    for (const folder of folders) {
      const path = join(folder, executable);
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

/**
 * Finds the programs, installing those that are missing. Returns their paths by name.
 * @throws ProgramsMissingError when one is missing and can't be installed.
 */
export async function ensurePrograms<const N extends ProgramName>(
  names: readonly N[],
  onProgress: OnProgress = () => {},
): Promise<Readonly<Record<N, string>>> {
  const missing = names.filter(name => findProgram(name) === null);
  if (missing.length > 0) await install(missing, onProgress);
  const paths: Partial<Record<N, string>> = {};
  for (const name of names) {
    const path = findProgram(name);
    if (path === null) throw new ProgramsMissingError(`${name} is still not there after it was installed`);
    paths[name] = path;
  }
  return complete(paths, names);
}

function complete<N extends string>(
  paths: Partial<Record<N, string>>,
  names: readonly N[],
): Record<N, string> {
  const isComplete = (value: Partial<Record<N, string>>): value is Record<N, string> =>
    names.every(name => value[name] !== undefined);
  if (!isComplete(paths)) throw new Error('a program has no path');
  return paths;
}

async function install(names: readonly ProgramName[], onProgress: OnProgress): Promise<void> {
  const sources = names.map(name => PROGRAMS[name]);
  if (onDisk('apt-get')) {
    const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    if (prefix.length === 0 || (onDisk('sudo') && (await run(['sudo', '-n', 'true'], () => {})) === 0)) {
      const packages = [...new Set(sources.map(source => source.debian))];
      const units = [...new Set(sources.flatMap(source => [...source.units]))];
      onProgress(`Installing ${packages.join(', ')} with apt-get`);
      const command = [...prefix, 'sh', '-c', aptScript(packages, units)];
      if ((await run(command, onProgress)) === 0) return;
      throw new ProgramsMissingError(`apt-get could not install ${packages.join(' and ')}; ${alternative()}`);
    }
    throw new ProgramsMissingError(
      `${names.join(' and ')} not found; install with: sudo apt-get install ${sources.map(s => s.debian).join(' ')} (or ${alternative()})`,
    );
  }
  if (onDisk('brew')) {
    for (const source of sources) {
      onProgress(`Installing ${source.brew.at(-1) ?? ''} with Homebrew`);
      const code = await run(['brew', 'install', ...source.brew], onProgress);
      if (code !== 0) throw new ProgramsMissingError(`Homebrew could not install it; ${alternative()}`);
    }
    return;
  }
  throw new ProgramsMissingError(
    `${names.join(' and ')} not found and can't be installed here; ${alternative()}`,
  );
}

function alternative(): string {
  return 'use Docker instead: docker compose -f deploy/compose.yaml up';
}

/**
 * Installs packages without starting their services: a policy file says no to `invoke-rc.d` meanwhile. One that is
 * there already is the administrator's and stays. The shell itself removes ours, whatever becomes of this process.
 * Units that come with the packages are new on this machine; they are switched off, for the next boot too.
 */
function aptScript(packages: readonly string[], units: readonly string[]): string {
  return `
set -u
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
get() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 ${packages.join(' ')}; }
if ! get; then
  echo 'Reading the package lists'
  apt-get update -q -o DPkg::Lock::Timeout=300 && get || exit 1
fi
for unit in ${units.join(' ')}; do
  if [ -d /run/systemd/system ]; then systemctl disable --now "$unit" >/dev/null 2>&1
  else
    if command -v systemctl >/dev/null; then systemctl disable "$unit" >/dev/null 2>&1; fi
    name=\${unit%.service}
    if [ -x "/etc/init.d/$name" ]; then "/etc/init.d/$name" stop >/dev/null 2>&1; fi
  fi
done
exit 0
`;
}

/** Runs a command without input, hands on its output by lines, returns the exit code (127: it is not there). */
function run(command: readonly string[], onLine: OnProgress): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: childEnvironment() });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', line => {
        if (line.trim() !== '') onLine(line.trim());
      });
    }
    child.once('error', () => resolve(127));
    child.once('close', code => resolve(code ?? 1));
  });
}

function onDisk(executable: string): boolean {
  return [...searchPath(), ...MORE_FOLDERS].some(folder => isExecutable(join(folder, executable)));
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
