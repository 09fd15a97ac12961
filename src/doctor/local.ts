// What `doctor` finds on this machine without any server: programs, the wallboard, the policy, holidays.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Settings } from '../config.ts';
import { findProgram } from '../embedded/programs.ts';
import { packageRoot, packageVersion } from '../package-root.ts';
import { defaultPolicyFile, readPolicyFile } from '../policies.ts';
import { bad, type Finding, ok, unknown, warn } from './finding.ts';

const run = promisify(execFile);
const YEAR_MS = 365 * 86_400_000;

export async function checkLocal(settings: Settings): Promise<Finding[]> {
  return [
    checkNode(),
    ...(await checkPrograms(settings)),
    checkWallboard(),
    ...checkPolicy(settings),
    ...checkDoor(settings),
  ];
}

function checkNode(): Finding {
  const text = `sla-monitor ${packageVersion()} on Node ${process.versions.node}, ${process.platform}`;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < 20 || (major === 20 && minor < 10);
  return isOld ? bad('program', text, 'Install Node 20.10 or later') : ok('program', text);
}

/** The servers' programs matter only where the monitor starts its own servers. */
async function checkPrograms(settings: Settings): Promise<Finding[]> {
  if (settings.natsUrl !== null) return [];
  const findings: Finding[] = [];
  for (const name of ['nats-server', 'redis-server'] as const) {
    const path = findProgram(name);
    if (path === null) {
      findings.push(
        warn(name, 'not found', 'npm start installs it, or set NATS_URL and REDIS_URL to servers elsewhere'),
      );
      continue;
    }
    const version = await run(path, ['--version']).then(
      ({ stdout }) => stdout.trim().split('\n')[0] ?? '',
      () => null,
    );
    findings.push(
      version === null
        ? bad(name, `${path} does not run`, 'Install it again')
        : ok(name, `${path} (${version})`),
    );
  }
  return findings;
}

function checkWallboard(): Finding {
  const page = join(packageRoot(), 'dashboards', 'wallboard', 'dist', 'index.html');
  return existsSync(page)
    ? ok('wallboard', 'built')
    : warn('wallboard', 'not built', 'Run npm run build:wallboard');
}

function checkPolicy(settings: Settings): Finding[] {
  const file = settings.policyFile ?? defaultPolicyFile();
  try {
    const { policy, warnings } = readPolicyFile(file);
    const rules = `${policy.clocks.length} clocks, ${policy.indicators.length} indicators`;
    return [
      ok('policy', `${policy.name} ${policy.hash}: ${rules} (${file})`),
      ...warnings.map(text => warn('policy', text, 'See the policy')),
      ...checkHolidays(policy.calendars),
    ];
  } catch (error) {
    return [bad('policy', message(error), `Mend it; sla-monitor check ${file} says more`)];
  }
}

function checkHolidays(
  calendars: ReadonlyMap<string, { readonly always: boolean; uncovered(at: number): boolean }>,
): Finding[] {
  const year = new Date().getUTCFullYear();
  return [...calendars]
    .filter(([, calendar]) => !calendar.always)
    .map(([name, calendar]) => {
      const covered = (y: number) => !calendar.uncovered(Date.UTC(y, 6, 1));
      let last = year - 1;
      while (last < year + 5 && covered(last + 1)) last++;
      const topic = `calendar ${name}`;
      const advice = `Add the holidays of ${last + 1} as soon as they are announced; until then plain hours hold`;
      if (last < year) return bad(topic, `the holidays of ${year} are not known`, advice);
      if (last >= year + 5) return ok(topic, `holidays known beyond ${last}`);
      const soon = Date.UTC(last + 1, 0, 1) - Date.now() < YEAR_MS / 6;
      const text = `holidays known up to ${last}`;
      return soon ? warn(topic, text, advice) : ok(topic, text);
    });
}

function checkDoor(settings: Settings): Finding[] {
  const findings: Finding[] = [];
  const isLocal = ['127.0.0.1', '::1', 'localhost'].includes(settings.httpHost);
  if (!isLocal && settings.httpTlsCert === null) {
    const text = `listens on ${settings.httpHost} without TLS`;
    const advice = 'Set HTTP_TLS_CERT and HTTP_TLS_KEY, or let only a proxy with TLS reach it';
    findings.push(settings.publicUrl === null ? warn('http', text, advice) : unknown('http', text, advice));
  }
  if (settings.adminToken !== null && settings.adminToken.length < 16) {
    findings.push(warn('http', 'ADMIN_TOKEN is short', 'Take 32 random characters: openssl rand -hex 16'));
  }
  return findings;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
