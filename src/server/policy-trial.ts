// What a policy would change, tried on open cases without changing any: the dry run of `POST /api/v1/policy`.
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import type { CaseState } from '../engine/case.ts';
import {
  type CyclesChanged,
  changePolicy,
  isUnderEarlier,
  NO_EFFECT,
  type PolicyEffect,
} from '../engine/policy-change.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { title } from './api-schemas.ts';
import type { AppOptions } from './app.ts';
import { within } from './within.ts';

/** A trial folds thousands of cases. */
const TRIAL_MS_MAX = 60_000;

/** Cases that a trial looks at; with more open ones it says so. */
export const TRIAL_CASES_MAX = 20_000;
/** Cases between two breaths, so that boards go on meanwhile. */
const STRIDE = 200;

const cyclesChanged = {
  changed: z
    .number()
    .int()
    .describe(
      'open before and after with another due instant, or ended otherwise: with another outcome, only before, only after',
    ),
  started: z.number().int().describe('open now, and before not at all or cancelled'),
  cancelled: z.number().int().describe('open before, and now not at all or cancelled'),
  overdue: z
    .number()
    .int()
    .describe('overdue or missed now, and not before; such a one may be changed or started too'),
  relieved: z
    .number()
    .int()
    .describe('overdue or missed before, and not now; such a one may be changed or cancelled too'),
};
export const effectAnswer = z
  .object({
    cases: z.number().int().describe('cases that would be judged again: the open ones'),
    clocks: z.object(cyclesChanged).describe('clock cycles of these cases, of all rules'),
    byRule: z
      .array(z.object({ rule: z.string(), title, ...cyclesChanged }))
      .describe('the same by rule: those with any, the most first'),
    complete: z
      .boolean()
      .describe(`false when there are more than ${TRIAL_CASES_MAX} such cases: the rest is not in it`),
  })
  .nullable()
  .describe('What it changes on open cases; null when it is in force already.');
type Trial = NonNullable<z.input<typeof effectAnswer>>;

/** What a trial asks for: the open cases, the instant for which they hold, the policy in force. */
interface Desk {
  readonly reader: Pick<AppOptions['reader'], 'openCases'>;
  readonly view: Pick<AppOptions['view'], 'asOf'>;
  readonly policy: AppOptions['policy'];
}

/**
 * What a policy would change on the open cases as they are now.
 * @throws UnavailableError when it takes longer than `msMax`; it is given up then
 */
export async function effectOf(options: Desk, policy: CompiledPolicy, msMax = TRIAL_MS_MAX): Promise<Trial> {
  const { reader, view } = options;
  const ended = new AbortController();
  const trial = tryPolicy(reader.openCases(), policy, view.asOf(), ended.signal);
  const tried = await within(trial, msMax).finally(() => ended.abort());
  const { cases, complete, byRule, ...clocks } = tried;
  // A rule that the policy has no more is known by the title that it has now.
  const known = [...options.policy().clocks, ...policy.clocks];
  const titles = new Map(known.map(clock => [clock.rule, clock.title]));
  const rules = [...byRule].map(([rule, own]) => ({
    rule,
    title: titles.get(rule) ?? { zh: rule, en: rule },
    ...own,
  }));
  return { cases, clocks, byRule: rules.sort((a, b) => sumOf(b) - sumOf(a)), complete };
}

function sumOf({ changed, started, cancelled, overdue, relieved }: CyclesChanged): number {
  return changed + started + cancelled + overdue + relieved;
}

interface Tried extends PolicyEffect {
  readonly byRule: Map<string, CyclesChanged>;
  /** False when there were more open cases than it looked at. */
  readonly complete: boolean;
}

/** Folds open cases under `policy`, as of `now` in ms, until `signal` ends it, and counts what would be different. */
async function tryPolicy(
  cases: AsyncIterable<CaseState>,
  policy: CompiledPolicy,
  now: number,
  signal: AbortSignal,
): Promise<Tried> {
  const effect = { ...NO_EFFECT, byRule: new Map<string, CyclesChanged>() };
  for await (const state of cases) {
    if (signal.aborted || effect.cases === TRIAL_CASES_MAX) return { ...effect, complete: false };
    if (!isUnderEarlier(state, policy)) continue;
    const told = { records: [], cells: new Map<string, number>() };
    changePolicy(state, policy, { now: Math.max(now, state.evaluatedAt), id: '', at: now }, told, effect);
    if (effect.cases % STRIDE === 0) await breathe();
  }
  return { ...effect, complete: true };
}
