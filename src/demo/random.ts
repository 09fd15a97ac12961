// Seeded chance for the simulated centre. The generator's whole state is one number, so that a centre that is
// stored and taken up again goes on with the very same draws.

export interface Chance {
  /** The generator's state: an unsigned 32-bit number. */
  state: number;
}

/** A number in [0, 1); advances the state (mulberry32). */
export function draw(chance: Chance): number {
  chance.state = (chance.state + 0x6d2b79f5) >>> 0;
  let x = chance.state;
  x = Math.imul(x ^ (x >>> 15), x | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
}

export function happens(chance: Chance, probability: number): boolean {
  return draw(chance) < probability;
}

/** A number in [from, to). */
export function between(chance: Chance, from: number, to: number): number {
  return from + draw(chance) * (to - from);
}

/** A whole number in [from, to]. */
export function whole(chance: Chance, from: number, to: number): number {
  return Math.floor(between(chance, from, to + 1));
}

export function pick<T>(chance: Chance, list: readonly [T, ...T[]]): T {
  return list[Math.floor(draw(chance) * list.length)] ?? list[0];
}

/** Exponentially distributed waiting time with this mean, at most eight times the mean. */
export function exponential(chance: Chance, mean: number): number {
  return Math.min(8 * mean, -Math.log(1 - draw(chance)) * mean);
}

/** Log-normal with this median; `spread` is the standard deviation of the logarithm. */
export function around(chance: Chance, median: number, spread: number): number {
  const u = Math.sqrt(-2 * Math.log(1 - draw(chance)));
  return median * Math.exp(spread * u * Math.cos(2 * Math.PI * draw(chance)));
}
