// From the text of a file, YAML or JSON, to its data, with what is needed to name a place in it.
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { Findings, Part } from './place.ts';
import { syntaxMistakes } from './syntax.ts';
import { tidy } from './tidy.ts';

const ALIASES_MAX = 10_000;

export interface LoadedPart extends Part {
  readonly data: unknown;
}

/**
 * Parses a text; what is wrong with it is told, and then it has no data. `example` shows how such a file begins, and
 * `prepare` may set the document right before its data are made.
 */
export function parsePart(
  text: string,
  file: string,
  findings: Findings,
  example = 'version: 1',
  prepare: (part: Part) => void = () => {},
): LoadedPart {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: '1.2',
    logLevel: 'error',
  });
  for (const { offset, ...mistake } of syntaxMistakes({ text, document, lines }, example)) {
    const { line, col } = lines.linePos(offset);
    findings.errors.push({ file, line: Math.max(1, line), column: Math.max(1, col), key: '', ...mistake });
  }
  const part = { file, document, lines };
  if (document.errors.length > 0 || !tidy(part, findings)) return { ...part, data: null };
  prepare(part);
  return { ...part, data: plainData(document, file, findings) };
}

/** The document's data; each alias has its anchor by now, and ones that multiply beyond measure are an error like any other. */
function plainData(document: Document, file: string, findings: Findings): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const advice = {
      expected: `aliases that come to at most ${ALIASES_MAX} values`,
      example: 'warn: &warn [50%, 80%]',
    };
    findings.errors.push({ file, line: 1, column: 1, key: '', message, ...advice });
    return null;
  }
}
