// Events from a file or standard input, decoded line by line: NDJSON of CloudEvents, or a helpdesk's CSV by a mapping.
import { createReadStream } from 'node:fs';
import { type Decoded, decodeMessage, decodeObject, EVENT_BYTES_MAX } from '../contract/decode.ts';
import type { DeclaredFields } from '../contract/fields.ts';
import { rejection } from '../contract/reject.ts';
import { parseTime } from '../contract/time.ts';
import { mapCsv } from '../mapping/csv.ts';
import type { Mapping } from '../mapping/schema.ts';
import { byteLines } from './byte-lines.ts';
import { fileProblem } from './file-problem.ts';
import { CommandError, UsageError } from './usage.ts';

/** What was read, and where it stands: `line 7`. */
export interface ReadEvent {
  readonly place: string;
  readonly decoded: Decoded;
}

/** `-` is standard input. Nothing is too late or too far ahead. @throws CommandError when the file can't be read */
export async function* readEventFile(
  file: string,
  mapping: Mapping | null,
  declared: DeclaredFields,
): AsyncGenerator<ReadEvent> {
  const input: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file);
  const options = { declared };
  try {
    if (mapping === null) {
      // One byte more than an event may have, so that what is cut is still seen to be too large.
      for await (const { number, bytes } of byteLines(input, EVENT_BYTES_MAX + 1))
        yield { place: `line ${number}`, decoded: decodeMessage(bytes, undefined, options) };
      return;
    }
    for await (const mapped of mapCsv(input, mapping)) {
      const decoded =
        'event' in mapped ? decodeObject(mapped.event, options) : rejection('schema', mapped.error);
      yield { place: `line ${mapped.row}`, decoded };
    }
  } catch (error) {
    throw new CommandError(fileProblem(file, error));
  }
}

/** An instant given on the command line, ms since 1970; null when it was not given. @throws UsageError */
export function instantOption(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const instant = parseTime(text);
  if (instant === null)
    throw new UsageError(`--${name} ${text}: expected RFC 3339, such as 2026-11-20T08:00:00Z`);
  return instant;
}
