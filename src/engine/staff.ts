// Agents and shifts live for years, and their events never end. What is older than a week and a day is let go, except
// what the present still rests on: the latest event of each type, and the latest that carried each field.
import type { Entity, SlaEvent } from '../contract/event.ts';

const DAY_MS = 86_400_000;
/** What is older than this is no longer kept of agents and shifts, nor accepted. CONTRACT.md, section 1. */
export const STAFF_MEMORY_MS = 8 * DAY_MS;
/** Below so many events nothing is let go: folding again costs more than it saves. */
const PRUNE_AT = 256;

export function isStaff(entity: Entity): boolean {
  return entity === 'agent' || entity === 'shift';
}

/**
 * The events that remain of a list in order, as of `now`, with all that are `pinned`; null when there is little to let go.
 * Attributes that events carry, status and the levels that rest on them are the same after folding what remains.
 */
export function withoutOld(
  events: readonly SlaEvent[],
  now: number,
  pinned: ReadonlySet<SlaEvent>,
): SlaEvent[] | null {
  if (events.length < PRUNE_AT) return null;
  const before = now - STAFF_MEMORY_MS;
  const old = events.findIndex(event => event.time >= before);
  const end = old < 0 ? events.length : old;
  const seen = new Set<string>();
  const kept: SlaEvent[] = [];
  for (let i = end - 1; i >= 0; i--) {
    const event = events[i];
    if (event === undefined) break;
    const names = [event.type, ...Object.keys(event.fields).map(field => `.${field}`)];
    if (!pinned.has(event) && names.every(name => seen.has(name))) continue;
    for (const name of names) seen.add(name);
    kept.push(event);
  }
  if (end - kept.length < PRUNE_AT / 2) return null;
  return [...kept.reverse(), ...events.slice(end)];
}
