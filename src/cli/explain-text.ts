// An explained case as text for a terminal, in one language. All times are local to the policy's zone, which the header
// names: a reader on site compares them with the clock on the wall.

import type { ClockView } from '../engine/account.ts';
import type { CaseState } from '../engine/case.ts';
import type { Outcome } from '../engine/cycle.ts';
import { Describer } from '../engine/explain-text.ts';
import { entityWord, lengthText, shownStatus, statusWord } from '../engine/explain-words.ts';
import { type NearMisses, nearMisses } from '../engine/near-miss.ts';
import { type Zone, zoneOf } from '../policy/zone.ts';
import { dayRanges } from './day-ranges.ts';
import { printable } from './lines.ts';

export type Language = 'zh' | 'en';

const WORDS = {
  zh: {
    asOf: '截至',
    policy: (name: string, hash: string) => `按规则 ${name}（${hash}）自首个事件起判定，视同事件均即时到达`,
    zone: '时区',
    none: '没有计时的时钟。',
    cycle: '第',
    counted: '计入的时间',
    more: '其余',
    colon: '：',
    went: '时间去向，总计',
    hygiene: '暂停情况',
    late: '到期前最后十分之一时间内才暂停',
    stuck: '暂停超过三天仍未恢复',
    ended: '暂停中结束',
    without: '若无暂停则未达标',
    slipped: '未适用的规则（取值可能有误）：',
    missed: '未适用的规则（开始事件已到，条件不符）：',
    folded: '较早的周期只列结果。',
  },
  en: {
    asOf: 'as of',
    policy: (name: string, hash: string) =>
      `judged by policy ${name} (${hash}) from its first event on, as if each had come in at its time`,
    zone: 'times of',
    none: 'No clock has run.',
    cycle: 'cycle',
    counted: 'counted',
    more: 'and more:',
    colon: ': ',
    went: 'where the time went, in all',
    hygiene: 'pauses',
    late: 'begun within the last tenth of the time before it was due',
    stuck: 'still on after three days',
    ended: 'ended while paused',
    without: 'without pauses it would not have been met',
    slipped: 'Rules that did not apply, it seems since a value is not what was meant:',
    missed: 'Rules whose start came and whose condition does not hold:',
    folded: 'Of the earlier cycles only the outcome is listed.',
  },
} as const;

const UNCOVERED: Readonly<Record<Language, (year: number) => string>> = {
  zh: year => `注意：${year}年节假日未公布，按普通工时计算`,
  en: year => `Mind: computed on plain hours: holidays of ${year} are not known`,
};

const OUTCOMES: Readonly<Record<Outcome, Record<Language, string>>> = {
  met: { zh: '达标', en: 'met' },
  missed: { zh: '未达标', en: 'missed' },
  overdue: { zh: '超时未完成', en: 'overdue' },
  paused: { zh: '暂停中', en: 'paused' },
  running: { zh: '计时中', en: 'running' },
  cancelled: { zh: '已取消', en: 'cancelled' },
  waived: { zh: '已豁免', en: 'waived' },
};

/** The whole account, ending with a line break. `now`: the instant it holds for, ms since 1970. */
export function explanationText(
  state: CaseState,
  views: readonly ClockView[],
  now: number,
  language: Language,
): string {
  const words = WORDS[language];
  const { entity, id, policy } = state;
  const zone = zoneOf(policy.timezone);
  const status = statusWord(shownStatus(state.fold))[language];
  const lines = [
    `${entityWord(entity)[language]} ${id}${language === 'zh' ? `（${status}）` : ` (${status})`}  ${words.asOf} ${new Describer(policy.timezone).at(now)}  ${words.zone} ${policy.timezone}`,
    words.policy(policy.name, policy.hash),
  ];
  if (views.length === 0) lines.push('', words.none);
  for (const view of views) lines.push('', ...clockLines(view, zone, now, language));
  lines.push(...missLines(nearMisses(state), views.length === 0, language));
  return `${lines.map(printable).join('\n')}\n`;
}

/** Where clocks have run, most rules that did not were not meant to: then only what looks like a slip is told. */
function missLines({ rules, unlisted }: NearMisses, all: boolean, language: Language): string[] {
  const words = WORDS[language];
  const told = all ? rules : rules.filter(({ slip }) => slip);
  if (told.length === 0) return [];
  return [
    '',
    all ? words.missed : words.slipped,
    ...told.map(({ rule, title, text }) => `  ${rule} ${title[language]}${words.colon}${text[language]}`),
    ...(all && unlisted > 0 ? [`  ${words.more} ${unlisted}`] : []),
  ];
}

function clockLines(view: ClockView, zone: Zone | null, now: number, language: Language): string[] {
  const words = WORDS[language];
  const colon = words.colon.trimEnd();
  const { rule, title, cycle, each, outcome, why, explanation } = view;
  const which = language === 'zh' ? `${words.cycle}${cycle}周期` : `${words.cycle} ${cycle}`;
  const value = language === 'zh' ? `（${each}）` : ` (${each})`;
  const lines = [
    `${rule} ${title[language]}  ${which}${each === null ? '' : value}  ${OUTCOMES[outcome][language]}`,
    `  ${why.sentence[language]}`,
  ];
  for (const note of why.notes)
    lines.push(...`  ${note[language].replaceAll(/(;|；) ?/g, '$1\n    ')}`.split('\n'));
  if (why.uncoveredYear !== null) lines.push(`  ${UNCOVERED[language](why.uncoveredYear)}`);
  if (explanation === null) {
    lines.push(`  ${words.folded}`);
    return lines;
  }
  const { steps, counted, wholeMs, parts, hygiene } = explanation;
  for (const step of steps) lines.push(`  - ${step.text[language]}`);
  const ranges = dayRanges(counted.ranges, zone, new Date(now).getUTCFullYear(), language);
  if (counted.unlistedMs > 0) ranges.push(`${words.more} ${lengthText(counted.unlistedMs)[language]}`);
  if (ranges.length > 0) lines.push(`  ${words.counted}${colon}`, ...ranges.map(range => `    ${range}`));
  lines.push(`  ${words.went}${language === 'zh' ? '' : ' '}${lengthText(wholeMs)[language]}${colon}`);
  for (const part of parts) lines.push(`    ${part.text[language]}`);
  const found = [
    ...(hygiene.lastMoment > 0 ? [words.late] : []),
    ...(hygiene.stuck > 0 ? [words.stuck] : []),
    ...(hygiene.endedPaused > 0 ? [words.ended] : []),
    ...(hygiene.kept !== hygiene.keptWithout ? [words.without] : []),
  ];
  if (found.length > 0)
    lines.push(`  ${words.hygiene}${words.colon}${found.join(language === 'zh' ? '；' : '; ')}`);
  return lines;
}
