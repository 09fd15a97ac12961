// The reference of the policy language: each key with what it means, from the schema that checks it, then the notations that
// keys share, and what events carry.
import { ENTITIES } from '../../src/contract/event.ts';
import { policyJsonSchema } from '../../src/policy/json-schema.ts';
import { FIELDS, STATUSES } from '../../src/policy/usual.ts';
import { RULES_OF_TIME } from './language-rules.ts';
import { typesOf } from './schemas.ts';
import { code, table } from './table.ts';
import type { Generator } from './types.ts';

export const languageGenerators: readonly Generator[] = [
  { path: 'deploy/policies/LANGUAGE.md', make: language },
];

type Node = Readonly<Record<string, unknown>>;

/** Notations of many keys: they have a table of their own instead of one under each key. */
const NOTATIONS = [
  'duration',
  'time',
  'percent',
  'threshold',
  'rule',
  'title',
  'field',
  'valueOrList',
  'weekdays',
  'range',
  'date',
  'eventType',
  'eventCondition',
  'start',
  'when',
  'tests',
  'matcher',
];

const HEAD = ['key', 'what it means', 'value', 'default', 'example'];
/** Keys of the file that have a section of their own. */
const APART = new Set(['attributes', 'calendars', 'clocks', 'indicators']);

function language(): string {
  const schema: Node = policyJsonSchema();
  const definitions = isNode(schema.definitions) ? schema.definitions : {};
  return `# The policy language

Generated from the schema that checks policies by \`npm run generate\`; \`npm run verify\` fails when it is out of date.
\`streams/schemas/policy.json\` is the same for [editors](README.md#in-an-editor).

A key that is **needed** must be there, in the form of the value to which it belongs; any other may be left out. \`[]\` is each member
of a list, and words in capitals are names that a policy chooses. [How time is counted](#how-time-is-counted) says what needs more than a
sentence.

${keys(schema, definitions)}
## Conditions

An event condition is a type, a list (any of them), or a map of these keys. Where a start stands (\`start\`, both ends of a
\`pause\`, an attribute's \`set\`), \`becomes\` may stand instead of a type.

${conditions(definitions)}

## Notations

${notations(definitions)}

${RULES_OF_TIME}
## Event types

${table(
  ['of', 'types'],
  ENTITIES.map(entity => [entity, typesOf(entity).map(code).join(' ')]),
)}

## Fields

Which event carries which field stands in \`streams/schemas\`, one file a kind of case. Fields without usual values are free; in the
others any other string is allowed as well, and \`check\` warns of one that is nearly a usual one.

${fields()}
`;
}

/** One table of keys for the file, and one for each kind of piece in it. */
function keys(schema: Node, definitions: Node): string {
  const pieces = [
    ['Calendars', 'calendars.NAME', 'calendar'],
    ['Attributes', 'attributes.FIELD', 'attribute'],
    ['Clocks', 'clocks[]', 'clock'],
    ['Indicators', 'indicators[]', 'indicator'],
  ] as const;
  const file = propertiesOf(schema, definitions).flatMap(one => rowOf('', one, definitions, APART));
  const tables = pieces.map(([heading, key, name]) => {
    const node = definitions[name];
    const rows = isNode(node) ? rowOf('', { key, node, needed: false }, definitions) : [];
    return `## ${heading}\n\n${table(HEAD, rows)}\n`;
  });
  return [`## The file\n\n${table(HEAD, file)}\n`, ...tables].join('\n');
}

function conditions(definitions: Node): string {
  const own = ['type', 'present'];
  const ofEvents = propertiesOf(definitions.matcher, definitions).filter(({ key }) => own.includes(key));
  const meaning = 'A field that has the value, or one of a list, in the event or else in its case.';
  return table(HEAD, [
    ...ofEvents.flatMap(one => rowOf('', one, definitions)),
    ['`FIELD`', meaning, 'valueOrList', '', '`by: [agent, bot]`'],
    ...rowsOf('', definitions.start, definitions),
  ]);
}

function notations(definitions: Node): string {
  const rows = Object.entries(definitions).flatMap(([name, node]) => {
    if (!isNode(node) || !NOTATIONS.includes(name) || name === 'matcher') return [];
    const shown = Array.isArray(node.examples) ? node.examples.map(example).join(' ') : '';
    return [[name, String(node.description), shown]];
  });
  return table(['value', 'what it is', 'examples'], rows);
}

function fields(): string {
  const rows = [...FIELDS].map(([path, { description, usual }]) => [
    code(path),
    description,
    usual.map(code).join(' '),
  ]);
  const status = ['`status`', 'The state of the case, which the monitor keeps', STATUSES.map(code).join(' ')];
  return table(['field', 'what it is', 'usual values'], [status, ...rows]);
}

interface Property {
  readonly key: string;
  readonly node: Node;
  readonly needed: boolean;
}

/** The rows of all keys below a node. */
function rowsOf(path: string, node: unknown, definitions: Node): string[][] {
  return propertiesOf(node, definitions).flatMap(one => rowOf(path, one, definitions));
}

/** A key's own row, and those of the keys inside it unless they have a section of their own. */
function rowOf(
  path: string,
  { key, node, needed }: Property,
  definitions: Node,
  apart: ReadonlySet<string> = new Set(),
): string[][] {
  const at = path === '' ? key : `${path}.${key}`;
  const [shown] = Array.isArray(node.examples) ? node.examples : sharedExamples(node, definitions);
  const fallback = node.default === undefined ? '' : code(String(node.default));
  const row = [
    code(at),
    String(node.description ?? ''),
    writtenAs(node, definitions),
    needed ? '**needed**' : fallback,
    shown === undefined ? '' : example(shown),
  ];
  const list = node.type === 'array' || branchesOf(node).some(branch => branch.type === 'array');
  return [row, ...(apart.has(key) ? [] : rowsOf(list ? `${at}[]` : at, node, definitions))];
}

/** The keys of a map, of the members of a list of maps, and of each form that a value may have. */
function propertiesOf(node: unknown, definitions: Node): Property[] {
  if (!isNode(node)) return [];
  const name = refOf(node);
  if (name !== null) return NOTATIONS.includes(name) ? [] : propertiesOf(definitions[name], definitions);
  const needed = Array.isArray(node.required) ? node.required : [];
  const own = Object.entries(isNode(node.properties) ? node.properties : {}).flatMap(([key, one]) =>
    isNode(one) ? [{ key, node: one, needed: needed.includes(key) }] : [],
  );
  const found = [...own, ...[...branchesOf(node), node.items].flatMap(one => propertiesOf(one, definitions))];
  return found.filter((one, i) => found.findIndex(other => other.key === one.key) === i);
}

function sharedExamples(node: Node, definitions: Node): unknown[] {
  const name =
    refOf(node) ??
    branchesOf(node)
      .map(refOf)
      .find(found => found !== null);
  const shared = name === undefined || name === null ? undefined : definitions[name];
  return isNode(shared) && Array.isArray(shared.examples) ? shared.examples : [];
}

/** How a value is written: a notation's name, the words it may be, or its kind. */
function writtenAs(node: Node, definitions: Node): string {
  const name = refOf(node);
  const shared = name === null ? null : definitions[name];
  if (name !== null)
    return NOTATIONS.includes(name) || !isNode(shared) ? name : writtenAs(shared, definitions);
  if (Array.isArray(node.enum)) return node.enum.map(one => code(String(one))).join(', ');
  if (node.const !== undefined) return code(String(node.const));
  if (node.type === 'array') {
    const items = isNode(node.items) ? writtenAs(node.items, definitions) : 'values';
    return `list of ${items.includes(' or ') ? `(${items})` : items}`;
  }
  const kinds = branchesOf(node).map(branch => writtenAs(branch, definitions));
  if (kinds.length > 0) return [...new Set(kinds)].join(' or ');
  return node.type === 'object' ? 'map' : String(node.type ?? 'value');
}

function branchesOf(node: Node): Node[] {
  return [node.anyOf, node.allOf].flatMap(list => (Array.isArray(list) ? list.filter(isNode) : []));
}

/** The definition that a node refers to, be it with words of its own beside. */
function refOf(node: Node): string | null {
  const [only, ...more] = branchesOf(node);
  const ref = node.$ref ?? (node.anyOf === undefined && more.length === 0 ? only?.$ref : undefined);
  return typeof ref === 'string' ? ref.slice(ref.lastIndexOf('/') + 1) : null;
}

/** An example as JSON, which is YAML too; plain words without quotes. */
function example(value: unknown): string {
  const plain = typeof value === 'string' && !/^[\d-]+$|:/.test(value);
  return code(plain ? value : JSON.stringify(value));
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
