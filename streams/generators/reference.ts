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

What late evidence, a reopening or another policy took back stands in the totals and again among the withdrawn: a cycle
that moved from missed to met counts in both outcomes. So a rule's share met is of totals less what was withdrawn:

\`\`\`promql
(
  sum by (rule) (max by (rule, queue) (increase(sla_clock_outcomes_total{outcome="met"}[28d])))
  - sum by (rule) (max by (rule, queue) (increase(sla_clock_outcomes_withdrawn_total{outcome="met"}[28d])))
) / (
  sum by (rule) (max by (rule, outcome, queue) (increase(sla_clock_outcomes_total[28d])))
  - sum by (rule) (max by (rule, outcome, queue) (increase(sla_clock_outcomes_withdrawn_total[28d])))
)
\`\`\`

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
