// The monitor's log as a newcomer reads it: warnings and errors as sentences. Whoever asks for more of the log gets its lines.
import { z } from 'zod';
import type { LogLines } from '../server/log.ts';

const WARNING = 40;
const ERROR = 50;
const LINE = z.object({
  level: z.number(),
  msg: z.string(),
  err: z.object({ message: z.string() }).optional(),
});

/** Tells each warning and error as a sentence; what is no such line as it came. */
export function plainLog(tell: (line: string) => void): LogLines {
  return { write: line => tell(sentence(line.trimEnd())) };
}

function sentence(line: string): string {
  const entry = LINE.safeParse(parsed(line)).data;
  if (entry === undefined || entry.level < WARNING) return line;
  const { level, msg, err } = entry;
  const head = level < ERROR ? '注意 · Note' : '错误 · Error';
  return `${head}: ${msg}${err === undefined ? '' : ` (${err.message})`}`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
