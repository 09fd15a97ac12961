// Numbers, durations and instants as text. What is shown stands on the true side of its threshold: digits are
// added until it does, so that 5.0001 % is never "5 %" over a threshold of 5 %, nor 99.995 % ever "100 %".

export type Lang = 'zh' | 'en';
export type Unit = 'ratio' | 'count' | 'seconds' | 'number';
export interface Shown {
  readonly text: string;
  readonly unit: string;
}

const DIGITS_MAX = 6;

/** `value` with the fewest digits, `least` or more, that keep it on its own side of each guard. */
function onTrueSide(value: number, guards: readonly number[], least: number, most = DIGITS_MAX): string {
  for (let digits = least; digits <= most; digits++) {
    const text = value.toFixed(digits);
    const shown = Number(text);
    if (guards.every(guard => Math.sign(shown - guard) === Math.sign(value - guard))) return text;
  }
  const near = guards.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
  return `${value > near ? '>' : '<'}${near}`;
}

/** Puts separators between thousands of a plain decimal, keeping its digits. */
function grouped(text: string): string {
  const [whole = '', rest] = text.split('.');
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? spaced : `${spaced}.${rest}`;
}

/** A percentage as points, cleaned of what binary fractions add: 0.07 → 7, not 7.000000000000001. */
function points(ratio: number): number {
  return Number((ratio * 100).toPrecision(13));
}

/**
 * A share (0–1) in per cent, with one digit or as many as its threshold asks for. Where `most` digits cannot
 * tell it from its threshold, from nothing or from all, it is `>5%` or `<100%`.
 */
export function percent(ratio: number, threshold: number | null = null, most = DIGITS_MAX): string {
  // The side is judged on the ratio itself, since cleaning may move a value onto its guard.
  const guards = threshold === null ? [0, 1] : [0, 1, threshold];
  const value = points(ratio);
  if (guards.some(guard => guard === ratio)) return `${plain(value)}%`;
  const sided = guards.map(points);
  if (sided.includes(value)) {
    const near = guards[sided.indexOf(value)] ?? 0;
    return `${ratio > near ? '>' : '<'}${plain(value)}%`;
  }
  return `${onTrueSide(value, sided, 1, most)}%`;
}

function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(DIGITS_MAX)));
}

/** A whole or decimal number with separators. */
export function count(value: number): string {
  return Number.isInteger(value) ? grouped(String(value)) : grouped(value.toFixed(1));
}

/** A figure's value, apart from its unit so that the unit can be set smaller. */
export function figure(value: number, unit: Unit, threshold: number | null, lang: Lang): Shown {
  switch (unit) {
    case 'ratio':
      return { text: percent(value, threshold).slice(0, -1), unit: '%' };
    case 'seconds':
      return seconds(value, threshold, lang);
    case 'count':
    case 'number': {
      if (threshold !== null && value === threshold) return { text: count(value), unit: '' };
      const least = Number.isInteger(value) ? 0 : 1;
      const text = threshold === null ? value.toFixed(least) : onTrueSide(value, [threshold], least);
      return { text: grouped(text), unit: '' };
    }
    default: {
      const left: never = unit;
      return left;
    }
  }
}

function seconds(value: number, threshold: number | null, lang: Lang): Shown {
  const text = threshold === null ? value.toFixed(0) : onTrueSide(value, [threshold], 0);
  const whole = Number(text);
  if (Number.isNaN(whole) || Math.abs(whole) < 60) return { text, unit: lang === 'zh' ? '秒' : 's' };
  const fraction = text.split('.')[1];
  const parts = clockParts(Math.trunc(whole));
  return { text: fraction === undefined ? parts : `${parts}.${fraction}`, unit: '' };
}

/** Seconds as `m:ss` or `h:mm:ss`. */
function clockParts(total: number): string {
  const s = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`;
}

/** Milliseconds as a running time: `m:ss`, `h:mm:ss`, or days and `h:mm:ss`; parts of a second are cut off. */
export function running(ms: number, lang: Lang): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(total / 86_400);
  const rest = clockParts(total % 86_400);
  if (days === 0) return rest;
  const padded = total % 86_400 < 3600 ? `0:${rest.padStart(5, '0')}` : rest;
  return lang === 'zh' ? `${days}天 ${padded}` : `${days}d ${padded}`;
}

/** The same in a narrow place: from a day on only days and hours, `1d 6h`. */
export function runningShort(ms: number, lang: Lang): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours < 24) return running(ms, lang);
  return lang === 'zh'
    ? `${Math.floor(hours / 24)}天${hours % 24}时`
    : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Time left until an instant: a second that has begun still counts, so 0:00 means that it is due. */
export function remaining(ms: number, lang: Lang): string {
  return running(Math.ceil(Math.max(0, ms) / 1000) * 1000, lang);
}

/** A window's length in words: 24 小时, 7 d. */
export function span(ms: number, lang: Lang): string {
  const steps: readonly [number, string, string][] = [
    [86_400_000, '天', 'd'],
    [3_600_000, '小时', 'h'],
    [60_000, '分钟', 'min'],
  ];
  for (const [size, zh, en] of steps) {
    // A day is written as 24 hours, which is what a sliding window of a day is.
    const least = size === 86_400_000 ? size * 2 : size;
    if (ms >= least && ms % size === 0) return `${ms / size} ${lang === 'zh' ? zh : en}`;
  }
  return `${Math.round(ms / 1000)} ${lang === 'zh' ? '秒' : 's'}`;
}

/** The age of the data in seconds, one digit below ten. */
export function age(ms: number): string {
  const value = Math.max(0, ms) / 1000;
  return value < 10 ? (Math.floor(value * 10) / 10).toFixed(1) : grouped(String(Math.floor(value)));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(
  lang: Lang,
  timezone: string,
  options: Intl.DateTimeFormatOptions,
  name: string,
): Intl.DateTimeFormat {
  const key = `${name}/${lang}/${timezone}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB';
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone: timezone });
  formats.set(key, made);
  return made;
}

/** An instant's time of day in the centre's time zone: 14:05:09. */
export function timeOfDay(at: number, timezone: string): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  return format('en', timezone, options, 'time').format(at);
}

/** An instant's date in the centre's time zone, with the weekday. */
export function dateOf(at: number, timezone: string, lang: Lang): string {
  const month = lang === 'zh' ? 'long' : 'short';
  return format(lang, timezone, { month, day: 'numeric', weekday: 'short' }, 'date').format(at);
}

/** The time of day, and the date before it when it is another day than `now`. */
export function moment(at: number, now: number, timezone: string): string {
  const day = format('en', timezone, { month: '2-digit', day: '2-digit' }, 'day');
  const time = timeOfDay(at, timezone);
  if (day.format(at) === day.format(now)) return time;
  const parts = day.formatToParts(at);
  const part = (type: string) => parts.find(p => p.type === type)?.value ?? '';
  return `${part('month')}-${part('day')} ${time.slice(0, 5)}`;
}
