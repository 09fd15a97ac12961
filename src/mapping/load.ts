// Loads a mapping file: YAML or JSON, checked as a whole; each error names its line.
import { LineCounter, parseDocument } from 'yaml';
import { Findings, Place } from '../policy/place.ts';
import { type Mapping, mappingSchema } from './schema.ts';
import { timeReader } from './time.ts';

export type MappingResult =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly errors: readonly string[] };

/** Checks a mapping's text; `file` is its name in messages. */
export function loadMapping(text: string, file: string): MappingResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  if (document.errors.length > 0) {
    return {
      ok: false,
      errors: document.errors.map(error => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`),
    };
  }
  const findings = new Findings();
  const root = new Place({ file, document, lines }, [], findings);
  const parsed = mappingSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const path = issue.path.filter(step => typeof step !== 'symbol');
      root.at(...path).error(issue.message.replace(/^Invalid input: /, ''), { expected: '', example: '' });
    }
  } else {
    const { format, timezone } = parsed.data.time;
    const reader = timeReader(format, timezone ?? 'UTC');
    if (typeof reader === 'string') root.at('time').error(reader, { expected: '', example: '' });
    const prefix = `${parsed.data.entity}.`;
    parsed.data.emit.forEach((rule, i) => {
      if (rule.type.startsWith(prefix)) return;
      root
        .at('emit', i, 'type')
        .error(`expected a type of ${parsed.data.entity}`, { expected: '', example: '' });
    });
    if (findings.errors.length === 0) return { ok: true, mapping: parsed.data };
  }
  const errors = findings.errors.map(({ line, key, message }) =>
    key === '' ? `${file}:${line}: ${message}` : `${file}:${line}: ${key}: ${message}`,
  );
  return { ok: false, errors };
}
