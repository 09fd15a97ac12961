// The words of an account for deadlines: who was told of one and when it became known, and how long before or after it a
// clock was stopped.
import type { Calendar, Title } from '../policy/compiled.ts';
import type { Fact } from './cycle.ts';
import { type Exclusions, openTime } from './exclusions.ts';
import { lengthText, rolesText, roleWord } from './explain-words.ts';
import type { Notice } from './findings.ts';

/** Local time as text. */
type At = (ms: number) => string;

const NOTHING: Title = { zh: '', en: '' };

export function warnedText(at: At, fact: Fact, { knownAt, quiet }: Notice): Title {
  const when = at(fact.at);
  const known = knownText(at, knownAt);
  const late = quiet
    ? { zh: '，已逾一小时，未向任何人预警', en: ', more than an hour later: nobody was warned' }
    : NOTHING;
  return {
    zh: `${when} 预警：已用 ${fact.percent}%${known.zh}${late.zh}`,
    en: `${when} warning: ${fact.percent}% of the target used${known.en}${late.en}`,
  };
}

/** `roles`: whom the rule tells as soon as it is breached; none for evidence, and for clocks that name nobody. */
export function breachedText(at: At, fact: Fact, roles: readonly string[], notice: Notice): Title {
  const when = at(fact.at);
  const whom = rolesText(roles);
  const inTime = roles.length === 0 ? NOTHING : { zh: `，通知${whom.zh}`, en: `, ${whom.en} told` };
  const told = notice.knownAt === null ? inTime : toldLateText(at, notice, whom);
  return {
    zh: `${when} 到期未完成：超时${told.zh}`,
    en: `${when} due instant passed: breached${told.en}`,
  };
}

export function escalatedText(at: At, fact: Fact, notice: Notice): Title {
  const when = at(fact.at);
  const role = roleWord(fact.to ?? '');
  if (notice.knownAt === null)
    return { zh: `${when} 升级通知${role.zh}`, en: `${when} escalated to ${role.en}` };
  const late = toldLateText(at, notice, role);
  return {
    zh: `${when} 应升级至${role.zh}${late.zh}`,
    en: `${when} escalation to ${role.en} fell due${late.en}`,
  };
}

function knownText(at: At, knownAt: number | null): Title {
  if (knownAt === null) return NOTHING;
  return { zh: `；${at(knownAt)} 才得知`, en: `; known only since ${at(knownAt)}` };
}

/** What is said of a deadline that had passed when it became known. `whom`: who is told of such a one; empty for nobody. */
function toldLateText(at: At, { knownAt, quiet, toldBeforeAt }: Notice, whom: Title): Title {
  const known = knownText(at, knownAt);
  if (whom.zh === '') return known;
  if (!quiet) return { zh: `${known.zh}，当时通知${whom.zh}`, en: `${known.en}, ${whom.en} told then` };
  if (toldBeforeAt === null)
    return {
      zh: `${known.zh}，已逾一小时，未通知任何人`,
      en: `${known.en}, more than an hour later: nobody was told`,
    };
  const before = at(toldBeforeAt);
  return {
    zh: `${known.zh}，已逾一小时，未再通知；此前已于 ${before} 按原到期时间通知${whom.zh}`,
    en: `${known.en}, more than an hour later: nobody was told again; ${whom.en} had been told at ${before}, by the due instant of then`,
  };
}

/**
 * How long before the due instant a clock was stopped, or how long after. One measure for both: the calendar's own time,
 * less what was left out, as `overdueMs` is. Where the wall shows another, it is said what the measure leaves out; where
 * none of the time counted, the wall's is told and why.
 */
export function marginText(fact: Fact, calendar: Calendar, left: Exclusions): Title {
  const isLate = fact.at > fact.dueAt;
  const [from, to] = isLate ? [fact.dueAt, fact.at] : [fact.at, fact.dueAt];
  const wallMs = to - from;
  const openMs = calendar.elapsed(from, to);
  const countedMs = isLate ? fact.overdueMs : openMs;
  const pausedMs = isLate ? openTime(left.pauses, calendar, from, to) : 0;
  const without: Without = {
    hours: openMs !== wallMs,
    pauses: pausedMs > 0,
    stops: openMs - countedMs > pausedMs,
  };
  const uncounted = countedMs === 0 && wallMs > 0;
  const length = lengthText(uncounted ? wallMs : countedMs);
  const measure = uncounted ? NOTHING : measureText(without);
  const why = uncounted ? whyUncounted(without) : NOTHING;
  return isLate
    ? { zh: `超时 ${length.zh}${measure.zh}${why.zh}`, en: `late by ${length.en}${measure.en}${why.en}` }
    : {
        zh: `距到期 ${length.zh}${measure.zh}${why.zh}`,
        en: `${length.en}${measure.en} before it was due${why.en}`,
      };
}

/** What of the wall's time a measure leaves out: time outside hours, pauses, and what lay between a stop and its reopening. */
interface Without {
  readonly hours: boolean;
  readonly pauses: boolean;
  readonly stops: boolean;
}

function measureText({ hours, pauses, stops }: Without): Title {
  const left = [...(pauses ? [PAUSES] : []), ...(stops ? [STOPS] : [])];
  const zhLeft = left.length === 0 ? [] : [`不含${left.map(({ zh }) => zh).join('和')}`];
  const zh = [...(hours ? ['工作时间'] : []), ...zhLeft].join('，');
  const enLeft = left.length === 0 ? '' : `, not counting ${left.map(({ en }) => en).join(' or ')}`;
  return { zh: zh === '' ? '' : `（${zh}）`, en: `${hours ? ' of working time' : ''}${enLeft}` };
}

const PAUSES: Title = { zh: '暂停', en: 'pauses' };
const STOPS: Title = { zh: '停止期间', en: 'the time it was stopped' };

function whyUncounted({ hours, pauses, stops }: Without): Title {
  const reasons: Title[] = [
    ...(hours ? [{ zh: '非工作时间', en: 'outside hours' }] : []),
    ...(pauses ? [{ zh: '暂停时间', en: 'paused' }] : []),
    ...(stops ? [{ zh: '停止期间', en: 'stopped' }] : []),
  ];
  const [zh, en] = [reasons.map(each => each.zh).join('或'), reasons.map(each => each.en).join(' or ')];
  return { zh: `，均为${zh}`, en: `, all of it ${en}` };
}
