// What YAML and JSON can say and no file of ours can: a value that contains itself, and the key `__proto__`, which would be
// lost on the way from text to data. Both are errors at their place.
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Node, visit } from 'yaml';
import { type Findings, type Part, Place, type Step } from './place.ts';
import { policySchema } from './schema.ts';
import { meantKey, reportUnknownKey } from './shape.ts';

/**
 * Tells of such keys and takes them out of the document, so that the rest can be checked. False when a value contains
 * itself: there is no data to check then.
 */
export function tidy(part: Part, findings: Findings): boolean {
  let isSound = true;
  visit(part.document, {
    Pair(_, pair, above) {
      if (!isScalar(pair.key) || pair.key.value !== '__proto__') return undefined;
      new Place(part, [...stepsOf(above), '__proto__'], findings).error('"__proto__" is no key here', {
        expected: 'no such key',
        example: 'leave it out',
      });
      return visit.REMOVE;
    },
    Alias(_, alias, above) {
      // To resolve an alias is to walk the whole document, so only those are that may mean what they stand in.
      if (!above.some(node => isNode(node) && !isAlias(node) && node.anchor === alias.source)) return;
      const source: Node | undefined = alias.resolve(part.document);
      if (source === undefined || !above.includes(source)) return;
      isSound = false;
      new Place(part, stepsOf([...above, alias]), findings).error(
        `"*${alias.source}" stands inside the value that it names`,
        { expected: 'an alias of a value that ended before it', example: 'warn: &warn [50%, 80%]' },
      );
    },
  });
  return isSound;
}

/**
 * Tells of keys that a policy does not have, and gives them the name that was meant, so that what stands there is checked
 * and what refers to it finds it.
 */
export function tidySections(part: Part, findings: Findings): void {
  const { contents } = part.document;
  if (!isMap(contents)) return;
  const root = new Place(part, [], findings);
  const keys = contents.items.map(({ key }) => (isScalar(key) ? String(key.value) : String(key)));
  const kept = contents.items.filter(({ key }, i) => {
    const written = keys[i] ?? '';
    if (Object.hasOwn(policySchema.shape, written)) return true;
    reportUnknownKey(root, written);
    const meant = meantKey(root, written);
    if (meant === null || keys.includes(meant) || !isScalar(key)) return false;
    key.value = meant;
    keys.push(meant);
    return true;
  });
  contents.items = kept;
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
