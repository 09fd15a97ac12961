// Alerts that are over, under their own names: a later policy may call the rule otherwise, or have none of that name.
import type { AlertRow } from '../contract/frame.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { knownOrNull } from '../policy-store/shelf.ts';
import type { AlertState } from './view-wire.ts';

/**
 * The same rows in the same order, where those of alerts that are over have the title, the severity and the action of the
 * policy under which they fired. One that fires is judged by the policy in force and keeps what that says, unless that
 * has no such rule any more.
 */
export function asTheyFired(
  rows: readonly AlertRow[],
  alerts: readonly AlertState[],
  inForce: CompiledPolicy,
  policyOf: (hash: string) => CompiledPolicy,
): AlertRow[] {
  const policies = new Map(alerts.map(({ id, policy }) => [id, policy]));
  const judged = new Set(inForce.indicators.flatMap(({ rule, alert }) => (alert === null ? [] : rule)));
  return rows.map(row => {
    const hash = policies.get(row.id) ?? null;
    if (hash === null || (row.state === 'firing' && judged.has(row.rule))) return row;
    const indicator = knownOrNull(policyOf, hash)?.indicators.find(({ rule }) => rule === row.rule);
    if (!indicator?.alert) return row;
    const { severity, action } = indicator.alert;
    return { ...row, title: indicator.title, severity, action };
  });
}
