// Bounds how many different values one pane of a figure keeps. Up to the bound each is counted for itself. Beyond it a
// number not seen yet counts in one of a fixed set of steps, and a group not seen yet as one without a name: the figure's
// count stays exact, a percentile or maximum is within 1 % up to 1e9, a share is at least what it says.
import { SUM_SCALE, valueText } from '../contract/cells.ts';

/** Different values of one pane of one group of a figure in a partition that are counted each for itself. */
export const VALUES_KEPT_MAX = 2_000;

/** Steps in each power of ten: two lie less than 2 % apart, so that no number is further than 1 % from one. */
const STEPS = 120;
/** The first and the last power of ten with such steps. What lies beyond counts at the end; nearer 0 there are thousandths. */
const LEAST = -1;
const MOST = 9;
/** Thousandths below the first step. */
const THOUSANDTHS = SUM_SCALE * 10 ** LEAST - 1;

/** No pane of a group has more cells in a partition, whatever comes: the values kept, the steps of either sign, and 0. */
export const VALUE_CELLS_MAX = VALUES_KEPT_MAX + 2 * (STEPS * (MOST - LEAST) + 1 + THOUSANDTHS) + 1;

type Change = readonly [key: string, change: number];

export class ValueLimit {
  /** How many values each pane has, by what their cells' keys begin with. */
  readonly #values = new Map<string, number>();

  /**
   * Where a change of a value's cell goes. What a value has cell by cell is withdrawn from there first, and the rest from
   * where it went when there was no room, so that the pane's count never loses or keeps anything.
   */
  settle(cells: ReadonlyMap<string, number>, key: string, change: number): readonly Change[] {
    const kept = cells.get(key);
    if (kept === undefined) {
      const hasRoom = (this.#values.get(paneOf(key)) ?? 0) < VALUES_KEPT_MAX;
      // What is withdrawn and not there was counted elsewhere.
      return [[change > 0 && hasRoom ? key : coarse(key), change]];
    }
    if (kept + change >= 0) return [[key, change]];
    return [
      [key, -kept],
      [coarse(key), kept + change],
    ];
  }

  /** Says that a cell of a value has come, or that it has gone. */
  count(key: string, sign: 1 | -1): void {
    const pane = paneOf(key);
    const count = (this.#values.get(pane) ?? 0) + sign;
    if (count === 0) this.#values.delete(pane);
    else this.#values.set(pane, count);
  }
}

function paneOf(key: string): string {
  return key.slice(0, key.lastIndexOf('|'));
}

function coarse(key: string): string {
  const begin = key.lastIndexOf('|') + 1;
  if (!key.startsWith('v|')) return key.slice(0, begin);
  return key.slice(0, begin) + stepOf(Number(key.slice(begin)));
}

/** The step next to a number, rounded so that the last digits of a logarithm can't make two of one. */
function stepOf(value: number): string {
  const size = Math.abs(value);
  if (size < 10 ** LEAST) return valueText(value);
  const step = Math.min(Math.round(Math.log10(size) * STEPS), MOST * STEPS);
  return String(Math.sign(value) * Number((10 ** (step / STEPS)).toPrecision(6)));
}
