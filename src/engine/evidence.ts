// Which cases lack what a share counts: the events or cycles of a case that are in an indicator's denominator and not in
// its numerator. The same tests that count the share list what is missing, so that the list and the figure agree.
import type { SlaEvent } from '../contract/event.ts';
import type { CompiledIndicator } from '../policy/compiled.ts';
import { countsIn } from './contribute.ts';
import { type CaseFold, clockOf } from './fold.ts';

/** Something without its evidence. `at` is when it happened or fell due, ms since 1970. */
export interface Lack {
  readonly at: number;
  /** The event's type, or the clock's rule. */
  readonly what: string;
}

/**
 * What a case lacks of an indicator that is a ratio of events or a clock's share, in order; nothing for other figures.
 * `events` are those that are folded.
 */
export function lacksOf(
  indicator: CompiledIndicator,
  fold: CaseFold,
  events: readonly SlaEvent[],
): readonly Lack[] {
  const { measure } = indicator;
  if (measure.kind === 'ratio') {
    return events
      .filter(event => countsIn(measure.of, fold, event) && !countsIn(measure.count, fold, event))
      .map(({ time, type }) => ({ at: time, what: type }));
  }
  if (measure.kind !== 'clock') return [];
  return (clockOf(fold, measure.clock)?.cycles ?? []).flatMap(({ told }) => {
    const last = told.at(-1)?.state;
    if (last === 'met' || last === 'cancelled' || last === 'waived') return [];
    const broken = told.find(({ state }) => state === 'breached' || state === 'missed');
    return broken === undefined ? [] : [{ at: broken.at, what: measure.rule }];
  });
}
