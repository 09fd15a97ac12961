// What `doctor` finds on this machine without any server: programs, the wallboard, the policy, holidays.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Settings } from '../config.ts';
import { findProgram } from '../embedded/programs.ts';
import { packageRoot, packageVersion } from '../package-root.ts';
import { defaultPolicyFile, type Read, readPolicyFile } from '../policies.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { uncoveredAdvice, uncoveredCalendars, uncoveredText } from '../policy/coverage.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { bad, type Finding, ok, unknown, warn } from './finding.ts';

const run = promisify(execFile);

/** What SLA_CONFIG adds to what is here. */
export interface Kept {
  readonly years: readonly AddedYear[];
  /** The policy in force with these years; null when none ever was. */
  readonly inForce: Read | null;
}

/** `kept` is null when it is not known. */
export async function checkLocal(
  settings: Settings,
  kept: Kept | null,
  now: number = Date.now(),
): Promise<Finding[]> {
  return [
    checkNode(),
    ...(await checkPrograms(settings)),
    checkWallboard(),
    ...checkPolicy(settings, kept, now),
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

/** The policy as a monitor that starts now would have it: one that was sent stays, unless the settings name a file. */
function checkPolicy(settings: Settings, kept: Kept | null, now: number): Finding[] {
  const file = settings.policyFile ?? defaultPolicyFile();
  const sent = settings.policyFile === null && kept?.inForce?.kept.origin === 'sent' ? kept.inForce : null;
  try {
    const { policy, warnings } = sent ?? readPolicyFile(file, kept?.years);
    const rules = `${policy.clocks.length} clocks, ${policy.indicators.length} indicators`;
    const from = sent === null ? file : 'sent over HTTP';
    return [
      ok('policy', `${policy.name} ${policy.hash}: ${rules} (${from})`),
      ...warnings.map(text => warn('policy', text, 'See the policy')),
      ...checkHolidays(policy, now),
    ];
  } catch (error) {
    return [bad('policy', message(error), `Mend it; sla-monitor check ${file} says more`)];
  }
}

/** `bad` once plain hours hold, `warn` from 60 days before. */
function checkHolidays(policy: CompiledPolicy, now: number): Finding[] {
  const missing = new Map(uncoveredCalendars(policy, now).map(one => [one.calendar, one]));
  return [...policy.calendars.values()].flatMap(calendar => {
    const { name } = calendar;
    if (calendar.always) return [];
    const topic = `calendar ${name}`;
    const one = missing.get(name);
    if (one !== undefined)
      return [(one.from <= now ? bad : warn)(topic, uncoveredText(one), uncoveredAdvice(one))];
    const until = calendar.coveredUntil(now);
    if (until === null) return [ok(topic, 'asks for no holidays')];
    return [ok(topic, `holidays known until ${new Date(until).toISOString()}`)];
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
