// Where in a policy's text something stands, and the errors that name it.
import { type Document, isMap, isNode, isPair, isScalar, isSeq, type LineCounter, type Node } from 'yaml';

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

  /** One line each, in the order of the text. */
  get warnings(): string[] {
    return this.#odd.toSorted(byPlace).map(one => `${one.file}:${one.line}:${one.column}: ${one.text}`);
  }

  warn(oddity: Oddity): void {
    this.#odd.push(oddity);
  }
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
    const node: unknown = this.part.document.getIn(this.path, true);
    return isNode(node) ? node.toJS(this.part.document) : node;
  }

  error(message: string, advice: Advice): void {
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
  if (!isMap(node)) return null;
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key) || String(pair.key.value) !== String(step)) continue;
    const offset = pair.key.range?.[0];
    return offset === undefined ? null : { node: isNode(pair.value) ? pair.value : null, offset };
  }
  return null;
}

/** An error on one line, as `check` prints it. */
export function formatError(error: PolicyError): string {
  const where = `${error.file}:${error.line}:${error.column}`;
  const key = error.key === '' ? '' : ` ${error.key}:`;
  return `${where}:${key} ${error.message}; expected ${error.expected}, for example ${error.example}`;
}
