// Which years a policy's calendars run into without knowing their holidays.
import type { CompiledPolicy } from './compiled.ts';
import { DAY_MS } from './zone.ts';

export interface Uncovered {
  readonly calendar: string;
  /** The first instant looked at that lies in a year without holiday data, in milliseconds since 1970 UTC. */
  readonly from: number;
}

/** How long before such a year begins it is told. */
export const TELL_AHEAD_MS = 60 * DAY_MS;

/** Calendars that from `now` to `aheadMs` later reach a year whose holidays are not known. */
export function uncoveredCalendars(
  policy: CompiledPolicy,
  now: number,
  aheadMs = TELL_AHEAD_MS,
): Uncovered[] {
  const found: Uncovered[] = [];
  for (const calendar of policy.calendars.values()) {
    for (let at = now; at <= now + aheadMs; at += DAY_MS) {
      if (!calendar.uncovered(at)) continue;
      found.push({ calendar: calendar.name, from: at });
      break;
    }
  }
  return found;
}
