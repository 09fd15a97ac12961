// What a policy would change, tried on open cases without changing any: the dry run of `POST /api/v1/policy`.
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import type { CaseState } from '../engine/case.ts';
import { changePolicy, NO_EFFECT, type PolicyEffect } from '../engine/policy-change.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import type { AppOptions } from './app.ts';
import { within } from './within.ts';

/** A trial folds thousands of cases. */
const TRIAL_MS_MAX = 60_000;

/** Cases that a trial looks at; with more open ones it says so. */
export const TRIAL_CASES_MAX = 20_000;
/** Cases between two breaths, so that boards go on meanwhile. */
const STRIDE = 200;

export const effectAnswer = z
  .object({
    cases: z.number().int(),
    changed: z.number().int(),
    started: z.number().int(),
    cancelled: z.number().int(),
    overdue: z.number().int(),
    complete: z.boolean(),
  })
  .nullable()
  .describe('What it changes on open cases; null when it is in force already.');

export interface Trial extends PolicyEffect {
  /** False when there were more open cases than a trial looks at. */
  readonly complete: boolean;
}

/** What a policy would change on the open cases as they are now. */
export function effectOf({ reader, view }: AppOptions, policy: CompiledPolicy): Promise<Trial> {
  return within(tryPolicy(reader.openCases(), policy, view.asOf()), TRIAL_MS_MAX);
}

/** Folds open cases under `policy`, as of `now` in ms, and counts what would be different. */
async function tryPolicy(
  cases: AsyncIterable<CaseState>,
  policy: CompiledPolicy,
  now: number,
): Promise<Trial> {
  const effect = { ...NO_EFFECT };
  for await (const state of cases) {
    if (effect.cases === TRIAL_CASES_MAX) return { ...effect, complete: false };
    const told = { records: [], cells: new Map<string, number>() };
    changePolicy(state, policy, { now: Math.max(now, state.evaluatedAt), id: '', at: now }, told, effect);
    if (effect.cases % STRIDE === 0) await breathe();
  }
  return { ...effect, complete: true };
}
