// Words of an explanation for what policies and events name by ids: roles, actions, reasons, statuses, lengths of time.
// An id that the product does not know is shown as its owner wrote it.
import type { Duration, Title } from '../policy/compiled.ts';
import { DAY_MS, dateOfDay, weekdayOf, yearOfDay } from '../policy/zone.ts';
import { type CaseFold, text } from './fold.ts';

/** Who acts, who is told, and what is called for. */
const ROLES_AND_ACTIONS: Readonly<Record<string, Title>> = {
  bot: { zh: '机器人', en: 'bot' },
  customer: { zh: '客户', en: 'customer' },
  agent: { zh: '客服', en: 'agent' },
  senior: { zh: '资深客服', en: 'senior agent' },
  lead: { zh: '组长', en: 'team lead' },
  specialist: { zh: '专员', en: 'specialist' },
  supervisor: { zh: '主管', en: 'supervisor' },
  manager: { zh: '经理', en: 'manager' },
  director: { zh: '总监', en: 'director' },
  management: { zh: '管理层', en: 'management' },
  'department-head': { zh: '部门负责人', en: 'department head' },
  'special-investigation': { zh: '专项调查', en: 'special investigation' },
  'emergency-plan': { zh: '应急预案', en: 'emergency plan' },
};

/** The contract's reasons for waiting. */
const REASONS: Readonly<Record<string, Title>> = {
  customer: { zh: '客户', en: 'customer' },
  parts: { zh: '配件', en: 'parts' },
  third_party: { zh: '第三方', en: 'third party' },
  logistics: { zh: '物流', en: 'logistics' },
  appointment: { zh: '预约', en: 'appointment' },
};

/** What customers are told of. */
const ABOUT: Readonly<Record<string, Title>> = {
  delay: { zh: '延误', en: 'delay' },
  progress: { zh: '进展', en: 'progress' },
  eta: { zh: '预计时间', en: 'eta' },
  milestone: { zh: '节点', en: 'milestone' },
};

const STATUSES: Readonly<Record<string, Title>> = {
  open: { zh: '处理中', en: 'open' },
  pending: { zh: '挂起', en: 'pending' },
  resolved: { zh: '已解决', en: 'resolved' },
  closed: { zh: '已关闭', en: 'closed' },
  cancelled: { zh: '已取消', en: 'cancelled' },
  ended: { zh: '已结束', en: 'ended' },
};

const ENTITIES: Readonly<Record<string, Title>> = {
  ticket: { zh: '工单', en: 'ticket' },
  call: { zh: '通话', en: 'call' },
  chat: { zh: '会话', en: 'chat' },
  agent: { zh: '客服', en: 'agent' },
  shift: { zh: '班次', en: 'shift' },
};

function wordOf(words: Readonly<Record<string, Title>>, id: string): Title {
  return (Object.hasOwn(words, id) ? words[id] : undefined) ?? { zh: id, en: id };
}

export function roleWord(id: string): Title {
  return wordOf(ROLES_AND_ACTIONS, id);
}

export function reasonWord(id: string): Title {
  return wordOf(REASONS, id);
}

export function aboutWord(id: string): Title {
  return wordOf(ABOUT, id);
}

export function statusWord(id: string): Title {
  return wordOf(STATUSES, id);
}

export function entityWord(id: string): Title {
  return wordOf(ENTITIES, id);
}

/**
 * How a case stands, for people. The attribute `status` moves with the events that the contract names alone; a call or a
 * chat has none of them, so it stays open there although the case has ended.
 */
export function shownStatus({ attributes, closedAt }: CaseFold): string {
  const status = text(attributes.status) || 'open';
  return status === 'open' && closedAt !== null ? 'ended' : status;
}

/** Several roles, as a list in each language. */
export function rolesText(ids: readonly string[]): Title {
  const words = ids.map(roleWord);
  return { zh: words.map(({ zh }) => zh).join('、'), en: words.map(({ en }) => en).join(', ') };
}

/** Milliseconds as people read them, nothing left out: `2 h 15 min`, `2小时15分`. */
export function lengthText(ms: number): Title {
  const parts: Title[] = [];
  let left = ms;
  const take = (length: number, zh: string, en: string) => {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push({ zh: `${count}${zh}`, en: `${count} ${en}` });
  };
  take(86_400_000, '天', 'd');
  take(3_600_000, '小时', 'h');
  take(60_000, '分', 'min');
  const seconds = left / 1000;
  if (seconds > 0 || parts.length === 0) parts.push({ zh: `${seconds}秒`, en: `${seconds} s` });
  return { zh: parts.map(({ zh }) => zh).join(''), en: parts.map(({ en }) => en).join(' ') };
}

/** A target in words. Up to three days stand in hours, as service rules write them: a day of a calendar is no day off. */
export function targetText(duration: Duration): Title {
  if (duration.kind === 'business-days') {
    const { days, sameTime } = duration;
    if (days === 0) return { zh: '当个工作日内', en: 'that business day' };
    return {
      zh: `${days}个工作日${sameTime ? '后的同一时刻' : ''}`,
      en: `${days} business day${days === 1 ? '' : 's'}${sameTime ? ' (same time of day)' : ''}`,
    };
  }
  const { ms } = duration;
  const units = [
    [DAY_MS, '天', ' d', 3 * DAY_MS],
    [3_600_000, '小时', ' h', 0],
    [60_000, '分钟', ' min', 0],
  ] as const;
  for (const [size, zh, en, least] of units) {
    if (ms >= size && ms >= least && ms % size === 0) return { zh: ms / size + zh, en: ms / size + en };
  }
  return { zh: `${ms / 1000}秒`, en: `${ms / 1000} s` };
}

const WEEKDAYS = {
  zh: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
  en: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
} as const;

/** `11-26 Thu`; the year is written only where it is another than `year`. Days are counted since 1970-01-01. */
export function dayText(day: number, year: number, language: 'zh' | 'en'): string {
  const date = dateOfDay(day);
  return `${yearOfDay(day) === year ? date.slice(5) : date} ${WEEKDAYS[language][weekdayOf(day)]}`;
}
