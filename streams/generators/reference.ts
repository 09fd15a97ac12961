// The reference of those who run the monitor: settings, metrics, limits, as the code has them.
import { SETTING_ROWS } from '../../src/config.ts';
import { METRICS } from '../../src/server/metrics.ts';
import { LIMIT_ROWS } from './limits.ts';
import { code, table } from './table.ts';
import type { Generator } from './types.ts';

export const referenceGenerators: readonly Generator[] = [{ path: 'deploy/REFERENCE.md', make: reference }];

function reference(): string {
  return `# Reference

Generated from the code by \`npm run generate\`; \`npm run verify\` fails when it is out of date.

## Settings

Read from the environment; an empty variable counts as not set. Values marked † are never printed.

${settings()}

## Metrics

\`GET /metrics\`, in Prometheus's text format. Every process renders the sums over all partitions: add up with
\`max by (…) (increase(…))\`, never \`sum\` over instances. Node's own metrics stand beside them.

${metrics()}

## Limits

${table(['what', 'bound', 'at the bound'], LIMIT_ROWS)}
`;
}

function settings(): string {
  const rows = SETTING_ROWS.map(({ name, fallback, description, secret }) => [
    `${code(name)}${secret ? ' †' : ''}`,
    fallback === null ? '' : code(fallback),
    description,
  ]);
  return table(['variable', 'default', 'what'], rows);
}

function metrics(): string {
  const rows = Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    code(name),
    type,
    labels.map(code).join(' '),
    help,
  ]);
  return table(['metric', 'type', 'labels', 'what'], rows);
}
