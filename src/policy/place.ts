// Where in a policy's text something stands, and the errors that name it.
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';

/** One thing wrong with a policy. Lines and columns count from 1. */
export interface PolicyError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The key's path, such as `clocks[2].target`; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
  readonly expected: string;
  readonly example: string;
}

export type Step = string | number;

/** One file of a policy with its parsed text. */
export interface Part {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

export interface Advice {
  readonly expected: string;
  readonly example: string;
}

/** Collects what is wrong with a whole policy, and what is merely odd. */
export class Findings {
  readonly errors: PolicyError[] = [];
  readonly #odd: Oddity[] = [];
  readonly #settled = new Set<string>();

  /** One line each, in the order of the text. */
  get warnings(): string[] {
    return this.#odd.toSorted(byPlace).map(one => `${one.file}:${one.line}:${one.column}: ${one.text}`);
  }

  warn(oddity: Oddity): void {
    this.#odd.push(oddity);
  }

  /** From now on nothing more is said of this place: what is wrong there is told, and all else would follow from it. */
  settle(place: Place): void {
    this.#settled.add(idOf(place, place.path.length));
  }

  isSettled(place: Place): boolean {
    if (this.#settled.size === 0) return false;
    return Array.from({ length: place.path.length + 1 }, (_, i) => idOf(place, i)).some(id =>
      this.#settled.has(id),
    );
  }

  /** Whether any place in this one is settled, or it itself. */
  isPartlySettled(place: Place): boolean {
    const inside = idOf(place, place.path.length).replace(/]$/, ',');
    return this.isSettled(place) || [...this.#settled].some(id => id.startsWith(inside));
  }
}

/** Names the first steps to a place. */
function idOf({ part, path }: Place, length: number): string {
  return JSON.stringify([part.file, ...path.slice(0, length).map(String)]);
}

type Spot = Pick<PolicyError, 'file' | 'line' | 'column'>;

interface Oddity extends Spot {
  readonly text: string;
}

/** The order of the text within one file; files stay in the order in which they were found. */
export function byPlace(a: Spot, b: Spot): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}

/** A place in a part: what it points at is named by its path. */
export class Place {
  readonly part: Part;
  readonly path: readonly Step[];
  readonly #findings: Findings;

  constructor(part: Part, path: readonly Step[], findings: Findings) {
    this.part = part;
    this.path = path;
    this.#findings = findings;
  }

  at(...steps: readonly Step[]): Place {
    return new Place(this.part, [...this.path, ...steps], this.#findings);
  }

  /** The path as people write it. */
  get key(): string {
    return this.path.reduce<string>((text, step) => {
      if (typeof step === 'number') return `${text}[${step}]`;
      return text === '' ? step : `${text}.${step}`;
    }, '');
  }

  /** What is written there, as plain data; undefined when nothing is. */
  value(): unknown {
    const node = this.#node();
    return isNode(node) ? node.toJS(this.part.document) : node;
  }

  /** Whether a key stands there without a value. */
  get isBare(): boolean {
    const node = this.#node();
    return node === null || (isScalar(node) && node.value === null);
  }

  #node(): unknown {
    const { document } = this.part;
    let node: unknown = document.contents;
    for (const step of this.path) {
      const holder = isAlias(node) ? node.resolve(document) : node;
      node = isSeq(holder)
        ? holder.items[Number(step)]
        : isMap(holder)
          ? pairOf(holder, step)?.value
          : undefined;
    }
    return node;
  }

  /** Whether what is written there, or around it, was found wrong, so that something else stands in its place. */
  get isSettled(): boolean {
    return this.#findings.isSettled(this);
  }

  /** The same of the place or of anything in it. */
  get isPartlySettled(): boolean {
    return this.#findings.isPartlySettled(this);
  }

  settle(): void {
    this.#findings.settle(this);
  }

  error(message: string, advice: Advice): void {
    if (this.isSettled) return;
    const { line, column } = this.#position();
    this.#findings.errors.push({ file: this.part.file, line, column, key: this.key, message, ...advice });
  }

  warn(message: string): void {
    this.#findings.warn({ file: this.part.file, ...this.#position(), text: `${this.key}: ${message}` });
  }

  /** Where the value stands, or its key when the key itself is in question, or the nearest parent that is there. */
  #position(): { line: number; column: number } {
    let node: unknown = this.part.document.contents;
    let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const step of this.path) {
      const next = childOf(node, step);
      if (next === null) break;
      offset = next.offset;
      node = next.node;
    }
    const { line, col } = this.part.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** A child's node and where it begins: at its key in a map, so that the line is the one that names it. */
function childOf(node: unknown, step: Step): { node: Node | null; offset: number } | null {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    return isNode(item) && item.range ? { node: item, offset: item.range[0] } : null;
  }
  const pair = isMap(node) ? pairOf(node, step) : undefined;
  const offset = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  return offset === undefined ? null : { node: isNode(pair?.value) ? pair.value : null, offset };
}

function pairOf({ items }: YAMLMap, step: Step): Pair | undefined {
  return items.find(({ key }) => keyOf(key) === String(step));
}

/** A key as it is written, where it is no list or map. */
function keyOf(key: unknown): string | null {
  if (isAlias(key)) return `*${key.source}`;
  return isScalar(key) ? String(key.value) : null;
}

/** An error on one line, as `check` prints it. */
export function formatError(error: PolicyError): string {
  const where = `${error.file}:${error.line}:${error.column}`;
  const key = error.key === '' ? '' : ` ${error.key}:`;
  return `${where}:${key} ${error.message}; expected ${error.expected}, for example ${error.example}`;
}
