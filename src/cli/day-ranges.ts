// Ranges of time as people on site read them: local, grouped by day, a line for each day.
import { dayText } from '../engine/explain-words.ts';
import { DAY_MS, type Zone } from '../policy/zone.ts';

/** A line is broken before it gets longer, unless one range alone is. */
const WIDTH_MAX = 88;

/** `11-26 Thu 09:00–12:00 13:30–18:00`: each day's ranges stand behind it; one that ends on another day names that too. */
export function dayRanges(
  ranges: readonly { readonly from: string; readonly to: string }[],
  zone: Zone | null,
  year: number,
  language: 'zh' | 'en',
): string[] {
  const lines: string[] = [];
  let day = Number.NaN;
  for (const range of ranges) {
    const from = localOf(range.from, zone);
    const to = localOf(range.to, zone);
    const own = Math.floor(from / DAY_MS);
    const text = `${timeOf(from)}–${endOf(own, to, year, language)}`;
    const line = lines.at(-1) ?? '';
    const label = dayText(own, year, language);
    if (own !== day) lines.push(`${label} ${text}`);
    else if (line.length + text.length < WIDTH_MAX) lines[lines.length - 1] = `${line} ${text}`;
    else lines.push(`${' '.repeat(label.length)} ${text}`);
    day = own;
  }
  return lines;
}

/** A day that ends at midnight ends at 24:00 rather than on the next one. */
function endOf(day: number, to: number, year: number, language: 'zh' | 'en'): string {
  if (to === (day + 1) * DAY_MS) return '24:00';
  const own = Math.floor(to / DAY_MS);
  return own === day ? timeOf(to) : `${dayText(own, year, language)} ${timeOf(to)}`;
}

function localOf(instant: string, zone: Zone | null): number {
  const at = Date.parse(instant);
  return at + (zone?.offsetAt(at) ?? 0);
}

/** To the minute where it is a whole one: nothing that counted is rounded away. */
function timeOf(local: number): string {
  const text = new Date(local).toISOString().slice(11, 23);
  if (text.endsWith(':00.000')) return text.slice(0, 5);
  return text.endsWith('.000') ? text.slice(0, 8) : text;
}
