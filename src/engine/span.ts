// Spans of time that a clock leaves out: pauses, and the gaps between a stop and the reopening that undid it.
// Half open, [from, to); `to` null: still going on.

export interface Span {
  readonly from: number;
  readonly to: number | null;
}

/**
 * The union of spans, in order, none inside another. Empty spans vanish. Where one ends and another begins they stay two:
 * it matters when a pause began.
 */
export function union(spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans.filter(span => span.to === null || span.to > span.from);
  const sorted = [...spans].sort((a, b) => a.from - b.from);
  const result: Span[] = [];
  for (const span of sorted) {
    if (span.to !== null && span.to <= span.from) continue;
    const last = result.at(-1);
    if (last === undefined || (last.to !== null && last.to <= span.from)) {
      result.push(span);
    } else if (last.to !== null && (span.to === null || span.to > last.to)) {
      result[result.length - 1] = { from: last.from, to: span.to };
    }
  }
  return result;
}

/** What of `spans` (a union) lies outside `others` (a union). */
export function without(spans: readonly Span[], others: readonly Span[]): readonly Span[] {
  if (others.length === 0) return spans;
  const result: Span[] = [];
  for (const span of spans) {
    let from = span.from;
    const end = span.to ?? Number.POSITIVE_INFINITY;
    for (const other of others) {
      const otherEnd = other.to ?? Number.POSITIVE_INFINITY;
      if (otherEnd <= from || other.from >= end) continue;
      if (other.from > from) result.push({ from, to: other.from });
      from = Math.max(from, otherEnd);
    }
    if (from < end) result.push({ from, to: span.to });
  }
  return result;
}
