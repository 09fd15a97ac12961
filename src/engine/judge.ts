// When a figure leaves its bounds: the state of one alert for one group, moved on by each look at its window.
// Strictly above (or below) the bound it pends, after `for` it fires, at or past `clear` it resolves. Too few cases do
// not fire it, and no case at all neither fires nor resolves it: no data is no evidence.
import type { CompiledAlert } from '../policy/compiled.ts';
import type { WindowSum } from './cell-book.ts';

export interface AlertState {
  /** Since when the bound has been left without a break; null while it is kept or the alert fires already. */
  readonly pendingSince: number | null;
  readonly firing: boolean;
  /** When the current state of firing began or ended. */
  readonly since: number;
  /** How many transitions there have been. */
  readonly number: number;
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
}

export interface Judgement {
  readonly state: AlertState;
  readonly transition: 'firing' | 'resolved' | null;
  /** When to look again although nothing changed: the end of `for`; infinite when there is no such time. */
  readonly againAt: number;
}

export const QUIET: AlertState = {
  pendingSince: null,
  firing: false,
  since: 0,
  number: 0,
  value: null,
  numerator: 0,
  denominator: 0,
};

/** Judges a window's sum at `now`. Pure: the same state, sum and instant give the same judgement. */
export function judge(alert: CompiledAlert, before: AlertState, sum: WindowSum, now: number): Judgement {
  const { value, numerator, denominator } = sum;
  const state = { ...before, value, numerator, denominator };
  if (before.firing) {
    if (value !== null && isClear(alert, value)) return turned(state, 'resolved', now);
    return { state, transition: null, againAt: Number.POSITIVE_INFINITY };
  }
  if (value === null || denominator < alert.atLeast || !isBeyond(alert, value))
    return {
      state: { ...state, pendingSince: null },
      transition: null,
      againAt: Number.POSITIVE_INFINITY,
    };
  const pendingSince = before.pendingSince ?? now;
  if (now - pendingSince >= alert.forMs) return turned(state, 'firing', now);
  return { state: { ...state, pendingSince }, transition: null, againAt: pendingSince + alert.forMs };
}

/** The end of an alert that is judged no more; null where it neither fires nor pends. */
export function over(before: AlertState, now: number): Judgement | null {
  if (before.firing) return turned(before, 'resolved', now);
  if (before.pendingSince === null) return null;
  const state = { ...before, pendingSince: null };
  return { state, transition: null, againAt: Number.POSITIVE_INFINITY };
}

function turned(state: AlertState, transition: 'firing' | 'resolved', now: number): Judgement {
  return {
    state: {
      ...state,
      firing: transition === 'firing',
      pendingSince: null,
      since: now,
      number: state.number + 1,
    },
    transition,
    againAt: Number.POSITIVE_INFINITY,
  };
}

/** Strictly beyond the bound. */
export function isBeyond(alert: CompiledAlert, value: number): boolean {
  return (alert.above !== null && value > alert.above) || (alert.below !== null && value < alert.below);
}

/** At or on the good side of the bound at which it clears. */
function isClear(alert: CompiledAlert, value: number): boolean {
  if (alert.above !== null && value > alert.clear) return false;
  return !(alert.below !== null && alert.above === null && value < alert.clear);
}
