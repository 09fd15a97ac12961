// What `doctor` finds on this machine without any server: programs, the wallboard, the monitor, policies.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Settings } from '../config.ts';
import { findProgram } from '../embedded/programs.ts';
import { notedAddress } from '../monitor/address-file.ts';
import { packageRoot, packageVersion } from '../package-root.ts';
import { bad, type Finding, ok, unknown, warn } from './finding.ts';
import { checkPolicy, type Kept } from './policy.ts';

const run = promisify(execFile);

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
    checkAddress(settings),
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

/** Where the monitor answers: what a browser asks for first. */
function checkAddress(settings: Settings): Finding {
  const address = settings.natsUrl === null ? notedAddress(settings.dataDir) : null;
  if (address !== null) return ok('monitor', `answers at ${address}`);
  const text = 'its address is not known here';
  return unknown(
    'monitor',
    text,
    'A monitor that runs logged it when it started ("listening"); HTTP_PORT sets its port',
  );
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
