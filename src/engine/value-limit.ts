// Bounds how many different values one pane of a figure keeps. Up to the bound each is counted for itself; beyond it a
// number not seen yet counts as itself to three significant digits, and a group not seen yet as one without a name:
// the figure's count stays exact, a percentile or maximum is within 0.5 %, a share is at least what it says.

/** Different values of one pane of one group of a figure in a partition. */
export const VALUES_KEPT_MAX = 2_000;

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
  return key.slice(0, begin) + String(Number(Number(key.slice(begin)).toPrecision(3)));
}
