// What was meant by a duration that is written as people speak: `10min`, `3 days`, `1h30m`, `2 个工作日`.
import { formatDuration, parseTime } from './duration.ts';

/** The units of the language with other names for them. */
const UNITS: readonly (readonly [unit: string, names: RegExp])[] = [
  ['ms', /^(ms|msecs?|millis|milliseconds?|毫秒)$/],
  ['s', /^(s|secs?|seconds?|秒钟?)$/],
  ['m', /^(m|mins?|minutes?|分钟?)$/],
  ['h', /^(h|hrs?|hours?|个?小时|时)$/],
  ['d', /^(d|days?|天|日)$/],
  ['bd', /^(bds?|wds?|(business|working|work) ?days?|个?工作日)$/],
];

const DAYS_A_WEEK = 7;

/** How the language writes it; null where that isn't clear. */
export function guessDuration(text: string): string | null {
  const parts = [
    ...text
      .trim()
      .toLowerCase()
      .matchAll(/(\d+(?:\.\d+)?)\s*([^\d.]+)/g),
  ];
  if (parts.map(([part]) => part).join('') !== text.trim().toLowerCase()) return null;
  const found = parts.map(([, amount = '', name = '']) => written(amount, name.trim()));
  const [only, ...more] = found;
  if (only === undefined || more.length === 0) return only ?? null;
  const lengths = found.map(part => (part === null ? null : parseTime(part)));
  const ms = lengths.reduce<number | null>(
    (sum, one) => (sum === null || one === null ? null : sum + one),
    0,
  );
  return ms === null ? null : formatDuration({ kind: 'time', ms });
}

function written(amount: string, name: string): string | null {
  if (/^(w|weeks?|周|个?星期)$/.test(name)) return `${Number(amount) * DAYS_A_WEEK}d`;
  const unit = UNITS.find(([, names]) => names.test(name))?.[0];
  if (unit === undefined || (unit === 'bd' && amount.includes('.'))) return null;
  return `${amount}${unit}`;
}
