// Warnings of a clock: shares of its target or times before it is due, of which each must be able to come.
import { OpenCalendar } from './calendar.ts';
import type { Calendar, Duration, Target, Warning } from './compiled.ts';
import { parseTime } from './duration.ts';
import type { Place } from './place.ts';

/** A day that a clock change makes longer: no zone has turned its clocks back by more. */
const LONGEST_DAY_MS = 27 * 3_600_000;

export function compileWarnings(
  place: Place,
  written: string | readonly string[] | undefined,
  target: Target,
  calendar: Calendar,
): Warning[] {
  if (written === undefined) return [];
  if (typeof written === 'string') return [compileWarning(place, written, target, calendar)];
  return written.map((one, i) => compileWarning(place.at(i), one, target, calendar));
}

function compileWarning(place: Place, text: string, target: Target, calendar: Calendar): Warning {
  if (text.endsWith('%')) {
    const percent = Number(text.slice(0, -1));
    if (percent > 100 || percent === 0) {
      const why = percent === 0 ? 'comes at the start, and is never told' : 'comes after the target';
      place.error(`a warning at ${text} ${why}`, { expected: 'above 0% and at most 100%', example: '80%' });
    }
    return { kind: 'share', percent };
  }
  const ms = parseTime(text) ?? 0;
  checkBefore(place, text, ms, durationsOf(target), calendar);
  return { kind: 'before', ms };
}

/** A warning at the start or before it is never told. What an event names as due has no length that is known here. */
function checkBefore(
  place: Place,
  text: string,
  ms: number,
  durations: readonly Duration[],
  calendar: Calendar,
): void {
  if (durations.length === 0) return;
  const longest = Math.max(...durations.map(duration => mostOpenMs(duration, calendar)));
  if (ms >= longest) {
    const where = ms === longest ? 'at the start, and is never told' : 'before the start';
    place.error(`a warning ${text} before the due instant comes ${where}`, {
      expected: 'a time shorter than the target',
      example: '80%',
    });
    return;
  }
  const times = durations.flatMap(duration => (duration.kind === 'time' ? [duration.ms] : []));
  if (ms >= Math.min(...times)) place.warn(`${text} is not shorter than the shortest of the targets`);
}

function durationsOf(target: Target): readonly Duration[] {
  switch (target.kind) {
    case 'fixed':
      return [target.duration];
    case 'by':
      return [...target.values.values(), ...(target.otherwise === null ? [] : [target.otherwise])];
    case 'at':
      return [];
  }
}

/** The most open time that can lie between a start and the due instant. */
function mostOpenMs(duration: Duration, calendar: Calendar): number {
  if (duration.kind === 'time') return duration.ms;
  const day = calendar instanceof OpenCalendar ? calendar.longestDayMs : LONGEST_DAY_MS;
  // The starting day, the days that are counted, and what of the next one opens before the last of them closes.
  return (duration.days + 2) * day;
}
