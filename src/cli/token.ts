// `token create`, `list`, `revoke`: access tokens in SLA_CONFIG. The secret is printed once and kept nowhere.
import { parseArgs } from 'node:util';
import type { KV } from 'nats';
import { isRole, ROLES } from '../server/access.ts';
import { createToken, listTokens, revokeToken, TokenNameError } from '../server/access-records.ts';
import { withConfig } from './config-bucket.ts';
import { CommandError, UsageError } from './usage.ts';

export const help = `Usage: sla-monitor token create --role ROLE --name NAME
       sla-monitor token list
       sla-monitor token revoke NAME

create   makes a token and prints its secret, once, on standard output
list     names, roles and when they were made, one a line
revoke   ends a token and the sessions that it opened, at once

Roles: viewer (reads and watches), operator (viewer, and works on alerts),
ingest (POST /v1/events only), admin (all).
`;

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { role: { type: 'string' }, name: { type: 'string' } },
  });
  const [action, name, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`Too many arguments: ${more.join(' ')}`);
  switch (action) {
    case 'create':
      return create(values.role, values.name ?? name);
    case 'list':
      return withConfig('token', list);
    case 'revoke':
      return revoke(name ?? values.name);
    case undefined:
      throw new UsageError('Say what to do: create, list or revoke.');
    default:
      throw new UsageError(`There is no "token ${action}": create, list or revoke.`);
  }
}

function create(role: string | undefined, name: string | undefined): Promise<number> {
  if (role === undefined || !isRole(role)) throw new UsageError(`--role is one of: ${ROLES.join(' ')}.`);
  if (name === undefined) throw new UsageError('--name NAME is missing.');
  return withConfig('token', async kv => {
    try {
      process.stdout.write(`${await createToken(kv, name, role)}\n`);
    } catch (error) {
      if (error instanceof TokenNameError) throw new CommandError(error.message);
      throw error;
    }
    return 0;
  });
}

async function list(kv: KV): Promise<number> {
  for (const { name, role, createdAt } of await listTokens(kv)) {
    process.stdout.write(`${name}\t${role}\t${createdAt}\n`);
  }
  return 0;
}

function revoke(name: string | undefined): Promise<number> {
  if (name === undefined) throw new UsageError('Say which: token revoke NAME.');
  return withConfig('token', async kv => {
    if (!(await revokeToken(kv, name))) throw new CommandError(`There is no token "${name}".`);
    return 0;
  });
}
