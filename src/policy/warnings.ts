// Warnings of a clock: shares of its target or times before it is due, of which each must be able to come.
import type { Calendar, Duration, Target, Warning } from './compiled.ts';
import { durationsOf } from './duration.ts';
import { mostOpenUntilDue } from './lead.ts';
import type { Place } from './place.ts';
import { timeOf } from './texts.ts';

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
  const ms = timeOf(place, text);
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
  const longest = Math.max(...longestOf(durations).map(duration => mostOpenMs(duration, calendar, ms)));
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

/** The longest duration of each kind: no start has more open time before another of that kind is due. */
function longestOf(durations: readonly Duration[]): readonly Duration[] {
  const longest = new Map<string, Duration>();
  const lengthOf = (duration: Duration) => (duration.kind === 'time' ? duration.ms : duration.days);
  for (const duration of durations) {
    const kind = duration.kind === 'time' ? 'time' : duration.sameTime ? 'same-time' : 'close';
    const other = longest.get(kind);
    if (other === undefined || lengthOf(duration) > lengthOf(other)) longest.set(kind, duration);
  }
  return [...longest.values()];
}

/** The most open time between a start and the due instant; any that is more than `enough` when there is more. */
function mostOpenMs(duration: Duration, calendar: Calendar, enough: number): number {
  return duration.kind === 'time' ? duration.ms : mostOpenUntilDue(calendar, duration, enough);
}
