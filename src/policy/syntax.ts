// What is wrong with a text that is no YAML: the parser's first complaint in words that say what to look at. One slip makes
// it stumble over line after line; what follows from the first is left out.
import { type Document, isScalar, type LineCounter, visit, type YAMLParseError } from 'yaml';
import type { Advice } from './place.ts';

/** One thing wrong, with the offset in the text where it stands. */
export interface SyntaxMistake extends Advice {
  readonly offset: number;
  readonly message: string;
}

interface Source {
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** These say nothing against the structure: what stands after them is read as it was meant. */
const LOCAL: ReadonlySet<string> = new Set([
  'DUPLICATE_KEY',
  'BAD_DQ_ESCAPE',
  'BAD_ALIAS',
  'TAG_RESOLVE_FAILED',
]);

const INDENTED_BADLY: ReadonlySet<string> = new Set([
  'BLOCK_AS_IMPLICIT_KEY',
  'MULTILINE_IMPLICIT_KEY',
  'BAD_INDENT',
]);

/** The mistakes up to and with the first that hides the structure of what comes after it; `example` is for the others. */
export function syntaxMistakes(source: Source, example: string): SyntaxMistake[] {
  const errors = [...source.document.errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const first = errors.findIndex(({ code }) => !LOCAL.has(code));
  return (first < 0 ? errors : errors.slice(0, first + 1)).map(error => mistakeOf(error, source, example));
}

function mistakeOf(error: YAMLParseError, source: Source, example: string): SyntaxMistake {
  const [offset] = error.pos;
  if (error.code === 'DUPLICATE_KEY') return duplicate(offset, source);
  const tab = tabNear(offset, source);
  if (tab !== null) {
    const advice = { expected: 'spaces', example: 'two spaces more for what is inside' };
    return { offset: tab, message: "a tab can't indent YAML", ...advice };
  }
  if (/^Missing closing .quote$/.test(error.message)) {
    const advice = { expected: 'a quote at the end of the text', example: '"2026-12-31"' };
    return { offset: quoteBefore(offset, source), message: 'this quote is not closed', ...advice };
  }
  const hint = missingIn(error) ?? misreadIn(error, lineFrom(offset, source.text));
  return { offset, ...(hint ?? { message: error.message, expected: 'YAML or JSON', example }) };
}

type Hint = Omit<SyntaxMistake, 'offset'>;

/** Null where no bracket or comma is missing. */
function missingIn({ code, message }: YAMLParseError): Hint | null {
  const bracket = /end with a (\S)$/.exec(message)?.[1];
  if (bracket !== undefined) {
    return {
      message: `"${bracket}" is missing`,
      expected: `a "${bracket}" before this`,
      example: bracket === ']' ? '[urgent, critical]' : '{ on: ticket }',
    };
  }
  if (code !== 'BLOCK_IN_FLOW') return null;
  return {
    message: 'is a comma or a bracket missing before this?',
    expected: 'a comma between the members',
    example: '{ on: ticket, target: 2h }',
  };
}

/** Null where the text is not read as another structure than its author sees. */
function misreadIn({ code, message }: YAMLParseError, rest: string): Hint | null {
  // With a colon of its own further on, the line is a key and a text that happens to have a full-width one.
  if (/^[^\s"'#：:]+：/.test(rest) && !rest.includes(': ')) {
    return {
      message: 'the colon after this key is a full-width one (：)',
      expected: 'a colon and a space between a key and its value',
      example: 'target: 2h',
    };
  }
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && rest.includes(': ')) {
    return {
      message: 'a text with a colon and a space in it needs quotes',
      expected: 'quotes around such a text',
      example: 'title: "Reply: in time"',
    };
  }
  if (message.startsWith('Implicit map keys need')) {
    return {
      message: 'is a colon missing after this key?',
      expected: 'a colon and a space between a key and its value',
      example: 'target: 2h',
    };
  }
  if (!INDENTED_BADLY.has(code) && !message.startsWith('Sequence item without')) return null;
  return {
    message: 'is the indentation right, here and on the next line?',
    expected: 'the keys of one map below each other, indented with spaces',
    example: '"  - rule: S0-03" and below it "    on: ticket"',
  };
}

/** Names the key, and the line on which it was before. */
function duplicate(offset: number, { document, lines }: Source): SyntaxMistake {
  let name = '';
  let line: number | null = null;
  visit(document, {
    Map(_, map) {
      const keys = map.items.flatMap(({ key }) => (isScalar(key) ? [key] : []));
      const again = keys.find(key => key.range?.[0] === offset);
      if (again === undefined) return undefined;
      name = String(again.value);
      const before = keys.find(key => key.value === again.value)?.range?.[0];
      line = before === undefined ? null : lines.linePos(before).line;
      return visit.BREAK;
    },
  });
  const where = line === null ? '' : `, on line ${line}`;
  return {
    offset,
    message: `the key "${name}" is there already${where}`,
    expected: 'each key once in a map',
    example: 'leave one of the two out',
  };
}

/** Where the quoted text begins that runs on to the offset. */
function quoteBefore(offset: number, { document }: Source): number {
  let start = offset;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') && range && range[0] < offset && range[2] >= offset) start = range[0];
    },
  });
  return start;
}

/** The first tab that indents the line at the offset or one beside it; null when none does. */
function tabNear(offset: number, { text, lines }: Source): number | null {
  const { line } = lines.linePos(offset);
  for (const near of [line - 1, line, line + 1]) {
    const start = lines.lineStarts[near - 1];
    if (start === undefined) continue;
    const indent = /^[ \t]*(?=\S)/.exec(lineFrom(start, text))?.[0] ?? '';
    if (indent.includes('\t')) return start + indent.indexOf('\t');
  }
  return null;
}

function lineFrom(offset: number, text: string): string {
  const end = text.indexOf('\n', offset);
  return text.slice(offset, end < 0 ? undefined : end);
}
