// What an alert that fires asks other systems to do, as a record.
import type { AlertActionRecord, AlertRecord } from '../contract/record.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';

/** The record of the action that a firing calls for; none where its indicator names no action. */
export function actionOf(firing: AlertRecord, policy: CompiledPolicy): AlertActionRecord[] {
  const { id, at, rule, group } = firing;
  const action = policy.indicators.find(indicator => indicator.rule === rule)?.alert?.action ?? null;
  if (action === null) return [];
  return [
    {
      id: `${id}-action`,
      kind: 'action',
      at,
      seenAt: firing.seenAt,
      action,
      rule,
      group,
      alert: id,
      policy: firing.policy,
    },
  ];
}
