// Durations of the policy language: one number and one unit. `30s` `5m` `2h` `3d` are milliseconds of open time,
// `4bd` and `4bd@same-time` are business days.
import type { Duration, Target } from './compiled.ts';

/** What a duration looks like, for schemas and messages. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$|^(\d+)bd(@same-time)?$/;
/** Durations that are no business days. */
export const TIME_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** How messages tell people to write one. */
export const DURATION_WANTED = 'a duration: one number and one unit of ms s m h d bd';
export const TIME_WANTED = 'a duration: one number and one unit of ms s m h d';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A century: longer targets are slips of the pen, and searching a calendar for them has no end. */
const LONGEST_MS = 36_525 * 86_400_000;
const LONGEST_DAYS = 36_525;

/** Parses a duration; an explanation instead of the value when it is none. */
export function parseDuration(text: string): Duration | { readonly error: string } {
  const match = DURATION_PATTERN.exec(text.trim());
  if (match === null) return { error: `"${text}" is not one number and one unit` };
  const [, amount, unit, days, sameTime] = match;
  if (days !== undefined) {
    const count = Number(days);
    if (count > LONGEST_DAYS) return { error: `"${text}" is longer than a century` };
    if (count === 0 && sameTime !== undefined) return { error: '"0bd@same-time" names no instant' };
    return { kind: 'business-days', days: count, sameTime: sameTime !== undefined };
  }
  const ms = Math.round(Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN));
  if (ms > LONGEST_MS) return { error: `"${text}" is longer than a century` };
  return { kind: 'time', ms };
}

/** Parses a duration that may not be in business days, in milliseconds; null when it is none. */
export function parseTime(text: string): number | null {
  const duration = parseDuration(text);
  return 'kind' in duration && duration.kind === 'time' ? duration.ms : null;
}

/** Writes a duration as the policy language does: the largest unit that divides it. */
export function formatDuration(duration: Duration): string {
  if (duration.kind === 'business-days') return `${duration.days}bd${duration.sameTime ? '@same-time' : ''}`;
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = UNIT_MS[unit] ?? 1;
    if (duration.ms >= size && duration.ms % size === 0) return `${duration.ms / size}${unit}`;
  }
  return duration.ms === 0 ? '0s' : `${duration.ms}ms`;
}

/** All durations that a target may come to; none where events name the due instant. */
export function durationsOf(target: Target): readonly Duration[] {
  switch (target.kind) {
    case 'fixed':
      return [target.duration];
    case 'by':
      return [...target.values.values(), ...(target.otherwise === null ? [] : [target.otherwise])];
    case 'at':
      return [];
    default:
      return target satisfies never;
  }
}
