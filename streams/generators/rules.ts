// The table of the rulebook: each rule with what runs it in the default pack, in words, and the tests that show it.
// Clocks and figures come from the compiled pack, tests from the timelines themselves: nothing here repeats them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { defaultPolicyFile } from '../../src/policy-store/source.ts';
import { clockRow, derivedRow, indicatorRow } from './rule-words.ts';
import { FLOWS, GOVERNANCE, INDICATORS, type NamedRule, READINGS, REMARKS, type Remark } from './rulebook.ts';
import { code, table } from './table.ts';
import type { Generator } from './types.ts';

export const ruleGenerators: readonly Generator[] = [{ path: 'deploy/policies/RULES.md', make: rules }];

const TESTS = fileURLToPath(new URL('../../test/unit/', import.meta.url));
const TIMELINES = 'rulebook.test.ts';
/** Tests of figures; each names the rules that it shows. */
const FIGURE_TESTS = ['evidence.test.ts', 'pack-figures.test.ts'];

function rules(): string {
  const policy = pack();
  const shown = testsByRule();
  const tests = (rule: string) => shown.get(rule) ?? '—';
  const stages = ({ rule }: NamedRule) => policy.clocks.filter(clock => clock.rule.startsWith(`${rule}.`));
  const flow = FLOWS.flatMap(stages);
  const single = policy.clocks.filter(({ rule }) => /^S\d-\d/.test(rule));
  const other = policy.clocks.filter(clock => !flow.includes(clock) && !single.includes(clock));
  const clockTable = (clocks: CompiledPolicy['clocks']) =>
    table(
      [
        'rule',
        '规则',
        'title',
        'document',
        'applies to',
        'start',
        'stop',
        'target',
        'at once',
        'overdue goes to',
        'shown by',
      ],
      clocks.map(clock => clockRow(clock, policy, tests(clock.rule))),
    );
  const missing = INDICATORS.filter(({ rule }) => !policy.indicators.some(one => one.rule === rule));
  return `# The rules

Generated from \`after-sales.yaml\` and its tests by \`npm run generate\`; \`npm run verify\` fails when it is out of date.

Documents: S0 售后服务监控规则 (after-sales monitoring rules), S1 客户售后服务流程及管理体系 (process and management system),
S2 客户服务热线处理流程标准模板 (hotline), S3 网络客服24小时值班制度 (online duty), S4 客户服务规范标准 (service standard).
Tests stand in \`test/unit\`; a number of timelines is that of \`${TIMELINES}\`, with the outcomes that they show. Business days
(bd) are those of the calendar \`office\`; other times are wall time. Warnings come at 50% and 80% of the target.

## Clocks

${clockTable(single)}

Where the rulebook leaves room:

${remarks(READINGS)}

Attributes of the pack's own; each is false until one of these events, and true from then on:

${table(['attribute', 'true from'], policy.derived.map(derivedRow))}

## Flows

Each stage starts when the one before it ends, the first when the case comes to follow the flow; an event that completes a
stage starts no first one.

${FLOWS.map(one => `### ${one.rule} ${one.zh} (${one.en})\n\n${clockTable(stages(one))}`).join('\n\n')}

## Figures

${table(
  ['rule', '规则', 'title', 'document', 'kind', 'figure', 'window', 'alert', 'shown by'],
  policy.indicators.map(indicator => indicatorRow(indicator, tests(indicator.rule))),
)}

${remarks(REMARKS)}

Clocks that only figures use:

${clockTable(other)}

${missing.length === 0 ? '' : `Not in the pack yet: ${missing.map(({ rule, zh, en }) => `${rule} ${zh} (${en})`).join(', ')}.\n\n`}## Governance

${table(
  ['rule', 'document', 'what', 'how'],
  GOVERNANCE.map(({ rule, document, what, how }) => [rule, document, what, how]),
)}
`;
}

function remarks(all: readonly Remark[]): string {
  return all.map(({ rule, text }) => `- ${rule} ${text}`).join('\n');
}

function pack(): CompiledPolicy {
  const file = defaultPolicyFile();
  const loaded = loadPolicy(readFileSync(file, 'utf8'), { file });
  if (loaded.ok) return loaded.policy;
  throw new Error(`${file} is not sound: run \`npm run sla -- check ${file}\``);
}

/** `4 timelines: met, missed` for rules with timelines; for others the tests that name them. */
function testsByRule(): Map<string, string> {
  const timelines = new Map<string, { count: number; readonly outcomes: Set<string> }>();
  for (const line of readFileSync(`${TESTS}${TIMELINES}`, 'utf8').split('\n')) {
    const [rule = '', timeline, outcomes] = line.split('|').map(cell => cell.trim());
    if (timeline === undefined || outcomes === undefined || !/^[A-Z]\w*-[\w.]+$/.test(rule)) continue;
    const known = timelines.get(rule) ?? { count: 0, outcomes: new Set() };
    known.count += 1;
    for (const outcome of outcomes.split(' ')) known.outcomes.add(outcome === '' ? 'none' : outcome);
    timelines.set(rule, known);
  }
  const shown = new Map<string, string>();
  for (const file of FIGURE_TESTS) {
    const named = new Set(readFileSync(`${TESTS}${file}`, 'utf8').match(/\b(E|CC|S\d)-\d\d\b/g));
    for (const rule of named) {
      const before = shown.get(rule);
      shown.set(rule, before === undefined ? code(file) : `${before}, ${code(file)}`);
    }
  }
  for (const [rule, { count, outcomes }] of timelines)
    shown.set(rule, `${count} ${count === 1 ? 'timeline' : 'timelines'}: ${[...outcomes].sort().join(', ')}`);
  return shown;
}
