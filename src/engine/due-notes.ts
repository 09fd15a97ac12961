// What explains a due instant beyond its sentence: which days a target in business days counts, and what would end a
// clock that is open.
import type { Calendar, CompiledClock, Duration, Title } from '../policy/compiled.ts';
import { occasionsText, type Shown } from '../policy/condition-words.ts';
import { DAY_MS, weekdayOf, yearOfDay } from '../policy/zone.ts';
import { aboutWord, dayText, reasonWord, roleWord } from './explain-words.ts';

/** Days that are named one by one; a target of more names as many first ones, and its last. */
const DAYS_LISTED_MAX = 12;
const SATURDAY = 5;

type BusinessDays = Extract<Duration, { readonly kind: 'business-days' }>;

/**
 * The business days that the target counts, and the dates between them that it leaves out. They are dates of the
 * calendar's own zone, which is named where the account's times are those of another, `timezone`.
 */
export function businessDaysNote(
  calendar: Calendar,
  timezone: string,
  startedAt: number,
  { days }: BusinessDays,
): Title {
  const { zone } = calendar;
  const startDay = zone.dayAt(startedAt);
  const year = yearOfDay(startDay);
  const listed = Math.min(days, DAYS_LISTED_MAX);
  const first = days === 0 ? 0 : 1;
  const counted: number[] = [];
  for (let n = first; n <= listed; n++) counted.push(businessDay(calendar, startedAt, n));
  const skipped = datesBetween(days === 0 ? counted[0] : startDay, counted);
  if (days > listed) counted.push(businessDay(calendar, startedAt, days));
  const weekend = skipped.filter(day => weekdayOf(day) >= SATURDAY);
  const closed = skipped.filter(day => weekdayOf(day) < SATURDAY);
  const text = (language: 'zh' | 'en') => {
    const words = WORDS[language];
    const list = (all: readonly number[]) => all.map(day => dayText(day, year, language)).join(words.comma);
    const names = counted.map(day => dayText(day, year, language));
    if (days > listed) names.splice(-1, 0, '…');
    return [
      `${words.counted}${names.join(words.comma)}`,
      ...(days === 0 ? [] : [words.start]),
      ...(weekend.length === 0 ? [] : [`${words.weekend}${list(weekend)}`]),
      ...(closed.length === 0 ? [] : [`${words.closed}${list(closed)}`]),
      ...(zone.name === timezone ? [] : [`${words.zone}${zone.name}`]),
    ].join(words.semicolon);
  };
  return { zh: text('zh'), en: text('en') };
}

const WORDS = {
  zh: {
    counted: '计入的工作日：',
    start: '起始当天不计',
    weekend: '跳过周末：',
    closed: '跳过节假日等无工时日：',
    zone: '日期所属时区：',
    comma: '、',
    semicolon: '；',
  },
  en: {
    counted: 'business days counted: ',
    start: 'the starting day does not count',
    weekend: 'weekend left out: ',
    closed: 'holidays and other days without hours left out: ',
    zone: 'dates are those of ',
    comma: ', ',
    semicolon: '; ',
  },
} as const;

/** What would end a clock that is open: its stop as a promise kept or broken, else its cancel. */
export function endNotes({ stop, cancel }: CompiledClock): Title[] {
  const notes: Title[] = [];
  if (stop.length > 0)
    notes.push({
      zh: `停止计时的事件：${occasionsText(stop, 'zh', shownIn('zh'))}`,
      en: `what would stop it: ${occasionsText(stop, 'en', shownIn('en'))}`,
    });
  if (cancel.length > 0)
    notes.push({
      zh: `取消计时的事件：${occasionsText(cancel, 'zh', shownIn('zh'))}`,
      en: `what would cancel it: ${occasionsText(cancel, 'en', shownIn('en'))}`,
    });
  return notes;
}

/** People who act, reasons for waiting and what is told in words, all else as the policy writes it. */
function shownIn(language: 'zh' | 'en'): Shown {
  return {
    type: type => type,
    attribute: path => (language === 'zh' ? (ATTRIBUTES_ZH[path] ?? path) : path),
    value: (attribute, value) => {
      if (attribute === 'by' || attribute === 'to' || attribute === 'level') return roleWord(value)[language];
      if (attribute === 'about') return aboutWord(value)[language];
      return attribute === 'reason' ? reasonWord(value)[language] : value;
    },
  };
}

/** Fields by which events that end clocks are told apart. */
const ATTRIBUTES_ZH: Readonly<Record<string, string>> = {
  by: '处理人',
  to: '对象',
  level: '级别',
  about: '内容',
  reason: '原因',
  expectedAt: '预计时间',
};

/** The date of the `n`th business day. Its close may lie after midnight: then it belongs to the date on which it opened. */
function businessDay(calendar: Calendar, from: number, n: number): number {
  const { zone } = calendar;
  const close = calendar.addBusinessDays(from, n, false);
  const day = zone.dayAt(close - 1);
  const midnight = zone.toInstant(day * DAY_MS);
  const endsAtMidnight = zone.dayAt(close) !== day;
  const runsOn = calendar.isOpen(midnight - 1) && calendar.elapsed(midnight, close) === close - midnight;
  return runsOn && !endsAtMidnight ? day - 1 : day;
}

/** The dates after `from` and before the last of `counted` that are none of them. */
function datesBetween(from: number | undefined, counted: readonly number[]): number[] {
  const last = counted.at(-1);
  const found: number[] = [];
  if (from === undefined || last === undefined) return found;
  for (let day = from + 1; day < last && found.length < 2 * DAYS_LISTED_MAX; day++)
    if (!counted.includes(day)) found.push(day);
  return found;
}
