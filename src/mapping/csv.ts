// Turns a CSV export into events by a mapping. Rows of a case may stand anywhere in the file, so it is read as a
// whole, of each row only the columns that the mapping reads; events come in order of time.
import { finished } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { formatTime } from '../contract/time.ts';
import { columnsOf, fieldValue, fill, matches, type Row, type Scalar } from './rules.ts';
import type { Mapping } from './schema.ts';
import { timeReader } from './time.ts';

/** Rows that are read; a longer file has to be split, by case. */
export const ROWS_MAX = 2_000_000;
export const RECORD_BYTES_MAX = 1024 * 1024;

/** What is wrong with a row. `row` is the line in the file at which it ends, the header being 1. */
interface RowError {
  readonly row: number;
  readonly error: string;
}

/** One event, or what is wrong with a row. */
export type MappedRow = { readonly row: number; readonly event: object } | RowError;

interface Item {
  readonly line: number;
  readonly time: number;
  readonly subject: string;
  readonly id: string;
  readonly cells: Row;
}

/** What was last seen of a case. */
interface CaseState {
  before: Row | null;
  /** The attributes as the events so far have told them. */
  readonly told: Map<string, Scalar>;
  readonly ids: Map<string, number>;
  time: number;
  /** How many rows of this instant came before. */
  rank: number;
}

/** Maps a file. Errors of single rows are given as they are found, and the other rows still become events. */
export async function* mapCsv(
  stream: AsyncIterable<Uint8Array | string>,
  mapping: Mapping,
): AsyncGenerator<MappedRow> {
  const items: Item[] = [];
  for await (const found of readRows(stream, mapping)) {
    if ('error' in found) yield found;
    else items.push(found);
  }
  items.sort((a, b) => a.time - b.time || a.line - b.line);
  const cases = new Map<string, CaseState>();
  for (const item of items) {
    const state = cases.get(item.subject) ?? newCase();
    cases.set(item.subject, state);
    yield* eventsOf(item, state, mapping);
  }
}

async function* readRows(
  stream: AsyncIterable<Uint8Array | string>,
  mapping: Mapping,
): AsyncGenerator<Item | RowError> {
  const read = timeReader(mapping.time.format, mapping.time.timezone ?? 'UTC');
  if (typeof read === 'string') throw new Error(read);
  const nulls = new Set(['', ...(mapping.csv?.nulls ?? [])]);
  let header: readonly string[] | null = null;
  let columns: readonly (readonly [string, number])[] = [];
  let count = 0;
  for await (const found of openCsv(stream, mapping)) {
    if ('error' in found) {
      yield found;
      return;
    }
    const { line, record } = found;
    if (header === null) {
      header = record.map(name => name.trim());
      const wanted = columnsOf(mapping);
      const missing = wanted.filter(name => !header?.includes(name));
      if (missing.length > 0) {
        yield { row: line, error: `the header has no column ${missing.map(name => `"${name}"`).join(', ')}` };
        return;
      }
      columns = wanted.map(name => [name, header?.indexOf(name) ?? -1]);
      continue;
    }
    if (record.length !== header.length) {
      yield { row: line, error: `expected ${header.length} cells, found ${record.length}` };
      continue;
    }
    if (++count > ROWS_MAX) {
      yield { row: line, error: `more than ${ROWS_MAX} rows: split the file, keeping each case in one part` };
      return;
    }
    const cells: Record<string, string | null> = {};
    for (const [name, index] of columns) {
      const text = record[index] ?? '';
      cells[name] = nulls.has(text.trim()) ? null : text;
    }
    yield itemOf(line, cells, mapping, read);
  }
}

function itemOf(
  line: number,
  cells: Row,
  mapping: Mapping,
  read: (text: string) => number | null,
): Item | RowError {
  const at = cells[mapping.time.column] ?? null;
  const time = at === null ? null : read(at);
  if (time === null) {
    return { row: line, error: `${mapping.time.column}: expected a time as ${mapping.time.format}` };
  }
  const subject = fill(mapping.subject, cells);
  if (subject === null) return { row: line, error: `subject: ${mapping.subject} is empty` };
  const id = fill(mapping.id, cells);
  if (id === null) return { row: line, error: `id: ${mapping.id} is empty` };
  return { line, time, subject, id, cells };
}

function* eventsOf(item: Item, state: CaseState, mapping: Mapping): Generator<MappedRow> {
  const twin = state.ids.get(item.id);
  if (twin !== undefined) {
    yield { row: item.line, error: `row ${twin} has the same id: add a column to the mapping's id` };
    return;
  }
  state.ids.set(item.id, item.line);
  state.rank = item.time === state.time ? state.rank + 1 : 0;
  state.time = item.time;
  const changes = attributeChanges(item, state, mapping);
  const rules = mapping.emit.filter(rule => matches(rule.when, item.cells, state.before));
  state.before = item.cells;
  const types =
    rules.length === 0 && mapping.update !== undefined && changes.size > 0
      ? [{ type: mapping.update, data: undefined }]
      : rules;
  for (const [index, rule] of types.entries()) {
    const data: Record<string, unknown> = {};
    if (index === 0) {
      for (const [path, value] of changes) {
        put(data, path, value);
        state.told.set(path, value);
      }
    }
    for (const [path, source] of Object.entries(rule.data ?? {})) {
      const value = fieldValue(source, item.cells);
      if (value !== undefined) put(data, path, value);
    }
    const again = types.slice(0, index).filter(other => other.type === rule.type).length;
    yield {
      row: item.line,
      event: {
        specversion: '1.0',
        id: `${item.id}/${rule.type}${again === 0 ? '' : `/${again + 1}`}`,
        source: mapping.source,
        type: rule.type,
        subject: item.subject,
        time: formatTime(item.time),
        // Keeps the order of the file and of the rules among events of one instant.
        sequence: `${String(state.rank).padStart(6, '0')}.${String(index).padStart(3, '0')}`,
        data,
      },
    };
  }
}

/** Attributes that the events so far have not told, or told otherwise; an empty cell takes nothing back. */
function attributeChanges(item: Item, state: CaseState, mapping: Mapping): Map<string, Scalar> {
  const changes = new Map<string, Scalar>();
  for (const [path, source] of Object.entries(mapping.data ?? {})) {
    const value = fieldValue(source, item.cells);
    if (value !== undefined && state.told.get(path) !== value) changes.set(path, value);
  }
  return changes;
}

/** Sets `customer.tier` as a member of an object. */
function put(data: Record<string, unknown>, path: string, value: Scalar): void {
  const dot = path.indexOf('.');
  if (dot < 0) {
    data[path] = value;
    return;
  }
  const key = path.slice(0, dot);
  const inner = data[key];
  const object: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {};
  put(object, path.slice(dot + 1), value);
  data[key] = object;
}

function newCase(): CaseState {
  return { before: null, told: new Map(), ids: new Map(), time: Number.NaN, rank: 0 };
}

interface CsvRecord {
  readonly line: number;
  readonly record: readonly string[];
}

/**
 * The records of the file with their lines. A stray quote stands for itself; one that is never closed ends the
 * reading with an error, for what follows it can't be told apart.
 */
async function* openCsv(
  stream: AsyncIterable<Uint8Array | string>,
  mapping: Mapping,
): AsyncGenerator<CsvRecord | RowError> {
  const { delimiter, quote, encoding } = mapping.csv ?? {};
  const ready: CsvRecord[] = [];
  const parser = parse({
    delimiter: delimiter ?? ',',
    quote: quote ?? '"',
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: RECORD_BYTES_MAX,
    // Taken here and not from the stream's end, which drops what it holds when an error comes.
    on_record: (record: string[], { lines }) => {
      ready.push({ line: lines, record });
      return null;
    },
  });
  let failure: Error | undefined;
  parser.on('error', error => {
    failure = error;
  });
  parser.resume();
  for await (const chunk of decodeText(stream, encoding)) {
    await new Promise<void>(resolve => parser.write(chunk, () => resolve()));
    yield* ready.splice(0);
    if (failure !== undefined) break;
  }
  if (failure === undefined) {
    parser.end();
    await finished(parser).catch(() => {});
    yield* ready.splice(0);
  }
  if (failure === undefined) return;
  if (!(failure instanceof CsvError)) throw failure;
  yield { row: Number(failure.lines ?? 0), error: failure.message };
}

/** The text of the file, in UTF-8 unless the mapping names another encoding, such as gb18030. */
async function* decodeText(
  stream: AsyncIterable<Uint8Array | string>,
  encoding: string | undefined,
): AsyncGenerator<Uint8Array | string> {
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) {
    yield* stream;
    return;
  }
  const decoder = new TextDecoder(encoding);
  for await (const chunk of stream) {
    yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}
