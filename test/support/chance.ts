// The chance by which properties are tried: the same at every run unless told otherwise, so that a red test tells of the
// change that it came with. `npm run test:explore` tries new ones; SEED=n repeats what one of them found, and TIMES=n tries
// n times as many cases.

/** What random cases are made from. */
export const SEED = numberFrom('SEED', 20_261_126);
const TIMES = numberFrom('TIMES', 1);

/** How many cases are tried, where so many are by default. */
export function runs(byDefault: number): number {
  return Math.ceil(byDefault * TIMES);
}

/** The parameters of `fc.assert` for a property that tries so many cases by default. */
export function chance(byDefault: number): { readonly seed: number; readonly numRuns: number } {
  return { seed: SEED, numRuns: runs(byDefault) };
}

function numberFrom(name: string, byDefault: number): number {
  const text = process.env[name];
  if (text === undefined) return byDefault;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} is "${text}", but a number above 0 was expected`);
  return number;
}
