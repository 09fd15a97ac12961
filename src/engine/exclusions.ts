// The time that a cycle leaves out, and what of its calendar's open time remains.
import type { Calendar } from '../policy/compiled.ts';
import type { Cycle } from './cycle.ts';
import { type Span, union, without } from './span.ts';

/** What a cycle leaves out: its pauses less the gaps, and both together. */
export interface Exclusions {
  readonly pauses: readonly Span[];
  readonly all: readonly Span[];
}

const NOTHING: Exclusions = { pauses: [], all: [] };

/** `pauses` is the union of the clock's pauses; gaps go before them. */
export function exclusionsOf({ gaps }: Pick<Cycle, 'gaps'>, pauses: readonly Span[]): Exclusions {
  if (pauses.length === 0 && gaps.length === 0) return NOTHING;
  if (gaps.length === 0) return { pauses, all: pauses };
  const left = union(gaps);
  return { pauses: without(pauses, left), all: union([...pauses, ...left]) };
}

/** Open time of `spans` within [from, to). */
export function openTime(spans: readonly Span[], calendar: Calendar, from: number, to: number): number {
  let sum = 0;
  for (const span of spans) {
    const start = Math.max(span.from, from);
    const end = Math.min(span.to ?? to, to);
    if (end > start) sum += calendar.elapsed(start, end);
  }
  return sum;
}

/** Open time in [from, to) outside `spans`. */
export function spent(calendar: Calendar, from: number, to: number, spans: readonly Span[]): number {
  const open = calendar.elapsed(from, to);
  return spans.length === 0 ? open : open - openTime(spans, calendar, from, to);
}
