// What only a full account tells of a cycle: when it started, paused, went on and was reopened.
import { type Cycle, standsAt } from './cycle.ts';
import { exclusionsOf } from './exclusions.ts';
import type { Span } from './span.ts';

export interface StoryFact {
  readonly state: 'started' | 'paused' | 'resumed' | 'reopened';
  readonly at: number;
}

/** When the cycle started, paused, went on and was reopened by `now`, in order of time. */
export function storyOf(cycle: Cycle, pauses: readonly Span[], now: number): readonly StoryFact[] {
  if (cycle.shownAt === null) return [];
  const until = standsAt(cycle, now);
  const facts: StoryFact[] = [{ state: 'started', at: cycle.startedAt }];
  for (const { to } of cycle.gaps) if (to !== null && to <= until) facts.push({ state: 'reopened', at: to });
  // A pause is told when it begins, though the next event of that instant may end it, or the cycle.
  const open = cycle.end === null && cycle.hidden === null;
  for (const { from, to } of exclusionsOf(cycle, pauses).pauses) {
    const begin = Math.max(from, cycle.startedAt);
    if (begin > until || (begin === until && !open)) continue;
    if (from < cycle.startedAt && to !== null && to <= cycle.startedAt) continue;
    facts.push({ state: 'paused', at: begin });
    const stopped = cycle.gaps.some(gap => gap.from === to);
    if (to !== null && to <= until && !stopped) facts.push({ state: 'resumed', at: to });
  }
  return facts.sort((a, b) => a.at - b.at);
}
