// The full account of a backtest: every transition of clocks and of alerts. Cases are run one after the other; what they
// tell is then put into the order of time, outside memory where it is much.
import type { SlaEvent } from '../contract/event.ts';
import type { CaseState } from '../engine/case.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { alertsOf } from './alert-run.ts';
import { CaseRunner, compareSteps, type FigureStep } from './case-run.ts';
import { ExternalSort } from './external-sort.ts';
import { type AlertLine, compareTransitions, type TransitionLine } from './lines.ts';
import type { SpillSpace } from './spill.ts';

export class Replay {
  readonly #policy: CompiledPolicy;
  readonly #runner: CaseRunner;
  readonly #until: number;
  readonly #lines: ExternalSort<TransitionLine | AlertLine>;
  readonly #steps: ExternalSort<FigureStep> | null;

  /** Up to `until`, ms since 1970. Without `transitions` only alerts are kept. */
  constructor(
    policy: CompiledPolicy,
    space: SpillSpace,
    until: number,
    { transitions = true }: { readonly transitions?: boolean } = {},
  ) {
    this.#policy = policy;
    this.#until = until;
    this.#lines = new ExternalSort(space, compareTransitions, parseLine);
    const steps = policy.indicators.some(({ alert }) => alert !== null)
      ? new ExternalSort(space, compareSteps, parseStep)
      : null;
    this.#steps = steps;
    this.#runner = new CaseRunner(policy, {
      transition: line => {
        if (transitions) this.#lines.add(line);
      },
      step: steps === null ? null : step => steps.add(step),
    });
  }

  /** Runs one case from its events in order. */
  add(events: readonly SlaEvent[]): CaseState | null {
    return this.#runner.run(events, this.#until);
  }

  /** Transitions of alerts, once all cases were added, in order of time. */
  alerts(): readonly AlertLine[] {
    return this.#steps === null || this.#steps.size === 0
      ? []
      : alertsOf(this.#policy, this.#steps.sorted(), this.#until);
  }

  /** All transitions in the contract's order, once all cases were added. */
  *lines(): Iterable<TransitionLine | AlertLine> {
    for (const alert of this.alerts()) this.#lines.add(alert);
    yield* this.#lines.sorted();
  }
}

/** Only what this program wrote is read back. */
function parseLine(line: string): TransitionLine | AlertLine {
  return JSON.parse(line);
}

function parseStep(line: string): FigureStep {
  return JSON.parse(line);
}
