// What YAML and JSON can say and no file of ours can: a value that contains itself, an alias of nothing, a list or a map as a
// key, and the key `__proto__`, which would be lost on the way from text to data. All are errors at their place.
import { type Alias, isAlias, isMap, isNode, isPair, isScalar, isSeq, type Node, Scalar, visit } from 'yaml';
import { nearest } from './nearest.ts';
import { type Findings, type Part, Place, type Step } from './place.ts';
import { policySchema } from './schema.ts';
import { meantKey, reportUnknownKey } from './shape.ts';

/** Of so many letters of a name one may be a slip of the pen. */
const LETTERS_A_SLIP = 3;
/** Gaps that are followed: aliases of aliases double them with each step, and a text of a few lines could name billions. */
const GAPS_MAX = 10_000;

/**
 * Tells of such keys and takes them out of the document, so that the rest can be checked; an alias of nothing becomes
 * null. False when a value contains itself: there is no data to check then.
 */
export function tidy(part: Part, findings: Findings): boolean {
  let isSound = true;
  const placeOf = (nodes: readonly unknown[]): Place => new Place(part, stepsOf(nodes), findings);
  // To resolve an alias anew is to walk the whole document, so the anchors are kept as they come.
  const anchors = new Map<string, Node>();
  const gaps = new Gaps(placeOf);
  visit(part.document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Pair(_, pair, above) {
      if (isAlias(pair.key) && !anchors.has(pair.key.source)) {
        reportAlias(placeOf(above).at(`*${pair.key.source}`), pair.key, anchors);
        return visit.REMOVE;
      }
      if (isMap(pair.key) || isSeq(pair.key)) {
        placeOf(above).error('a list or a map stands where a key belongs', {
          expected: 'a text as the key',
          example: 'target: 2h',
        });
        return visit.REMOVE;
      }
      if (!isScalar(pair.key) || pair.key.value !== '__proto__') return undefined;
      placeOf(above)
        .at('__proto__')
        .error('"__proto__" is no key here', { expected: 'no such key', example: 'leave it out' });
      return visit.REMOVE;
    },
    Alias(_, alias, above) {
      const source = anchors.get(alias.source);
      if (source === undefined) {
        reportAlias(placeOf([...above, alias]), alias, anchors);
        gaps.add(above, alias);
        return nothingAt(alias);
      }
      gaps.follow(above, alias, source);
      if (!above.includes(source)) return undefined;
      isSound = false;
      placeOf([...above, alias]).error(`"*${alias.source}" stands inside the value that it names`, {
        expected: 'an alias of a value that ended before it',
        example: 'warn: &warn [50%, 80%]',
      });
      return undefined;
    },
  });
  return isSound;
}

function reportAlias(place: Place, { source }: Alias, anchors: ReadonlyMap<string, Node>): void {
  // Short names differ from each other by a letter or two, so of those none is guessed.
  const near = nearest(source, anchors.keys(), Math.floor(source.length / LETTERS_A_SLIP));
  const hint = near === null ? '' : `; did you mean "*${near}"?`;
  place.error(`nothing before "*${source}" in this file has the anchor "&${source}"${hint}`, {
    expected: 'an alias of a value that stands before it',
    example: near === null ? 'warn: &warn [50%, 80%] and later warn: *warn' : `*${near}`,
  });
}

function nothingAt({ range }: Alias): Scalar {
  const nothing = new Scalar(null);
  if (range) nothing.range = range;
  return nothing;
}

/**
 * Where aliases of nothing stand, also by way of an alias of what they stand in: of these places all is said. Beyond the
 * bound something more may be said of them.
 */
class Gaps {
  readonly #placeOf: (nodes: readonly unknown[]) => Place;
  /** The ways from a value with an anchor to the gaps in it. */
  readonly #inside = new Map<unknown, (readonly Step[])[]>();
  #left = GAPS_MAX;

  constructor(placeOf: (nodes: readonly unknown[]) => Place) {
    this.#placeOf = placeOf;
  }

  add(above: readonly unknown[], alias: Alias): void {
    this.#settle(above, stepsOf([...above, alias]));
  }

  follow(above: readonly unknown[], alias: Alias, source: Node): void {
    const ways = this.#inside.get(source);
    if (ways === undefined) return;
    const here = stepsOf([...above, alias]);
    for (const way of ways) {
      if (this.#left === 0) return;
      this.#settle(above, [...here, ...way]);
    }
  }

  #settle(above: readonly unknown[], path: readonly Step[]): void {
    if (this.#left === 0) return;
    this.#left -= 1;
    this.#placeOf([])
      .at(...path)
      .settle();
    above.forEach((node, i) => {
      if (!isNode(node) || isAlias(node) || node.anchor === undefined) return;
      const ways = this.#inside.get(node) ?? [];
      ways.push(path.slice(stepsOf(above.slice(0, i + 1)).length));
      this.#inside.set(node, ways);
    });
  }
}

/**
 * Tells of keys that a policy does not have, and gives them the name that was meant, so that what stands there is checked
 * and what refers to it finds it. What can't be named stays in the document, since aliases may need its anchors.
 */
export function tidySections(part: Part, findings: Findings): void {
  const { contents } = part.document;
  if (!isMap(contents)) return;
  const root = new Place(part, [], findings);
  const keys = contents.items.map(({ key }) => (isScalar(key) ? String(key.value) : String(key)));
  contents.items.forEach(({ key }, i) => {
    const written = keys[i] ?? '';
    if (Object.hasOwn(policySchema.shape, written)) return;
    reportUnknownKey(root, written);
    const meant = meantKey(root, written);
    if (meant === null || keys.includes(meant) || !isScalar(key)) return;
    key.value = meant;
    keys.push(meant);
  });
}

/** The path that leads through these nodes. */
function stepsOf(nodes: readonly unknown[]): Step[] {
  const steps: Step[] = [];
  nodes.forEach((node, i) => {
    const above = nodes[i - 1];
    if (isSeq(above)) steps.push(above.items.indexOf(node));
    else if (isPair(node) && isMap(above)) steps.push(isScalar(node.key) ? String(node.key.value) : '');
  });
  return steps;
}
