// Accounts of a case that is written as a timeline, for tests: the sentences that an account makes of it.
import type { ClockView, Explanation } from '../../src/engine/account.ts';
import { restoreCase } from '../../src/engine/case.ts';
import { explainCase } from '../../src/engine/explain.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { parseTable } from './timeline.ts';

/** The accounts of a table's case, as of its `until`. */
function accounts(policy: CompiledPolicy, table: string): ClockView[] {
  const { events, until } = parseTable(table);
  const [first] = events;
  if (first === undefined) throw new Error('no events');
  return explainCase(restoreCase(policy, first.entity, first.case, [...events], until, until), until);
}

/** The account of a rule's first cycle. */
export function account(policy: CompiledPolicy, table: string, rule = 'R'): ClockView & Explanation {
  const view = accounts(policy, table).find(each => each.rule === rule);
  if (view === undefined || view.explanation === null) throw new Error(`no account of ${rule}`);
  return { ...view, ...view.explanation };
}

/** The steps' sentences; times of Monday, on which tables begin, stand without their date and all without seconds. */
export function said(
  policy: CompiledPolicy,
  table: string,
  language: 'zh' | 'en' = 'en',
  rule = 'R',
): string[] {
  return account(policy, table, rule).steps.map(({ text }) =>
    text[language]
      .replaceAll('2026-11-16 ', '')
      .replaceAll('2026-', '')
      .replaceAll(/(\d\d:\d\d):00\b/g, '$1'),
  );
}

/** Where the time went. */
export function partsOf(policy: CompiledPolicy, table: string): string[] {
  return account(policy, table).parts.map(({ text }) => text.en);
}
