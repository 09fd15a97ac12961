// The words of the page in both languages. Names that come from the monitor bring their own.
import { count } from './format.ts';
import { lang } from './settings.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}

const TEXT = {
  overview: { zh: '总览', en: 'Overview' },
  connecting: { zh: '正在连接监控服务', en: 'Connecting to the monitor' },
  connectingHint: { zh: '收到数据后看板即会显示', en: 'The board appears as soon as data arrives' },
  live: { zh: '实时', en: 'Live' },
  lost: { zh: '连接中断', en: 'Disconnected' },
  silent: { zh: '无更新', en: 'No updates' },
  behind: { zh: '数据滞后', en: 'Behind' },
  refused: { zh: '无权查看', en: 'Not allowed' },
  data: { zh: '数据', en: 'data' },
  old: { zh: '秒前', en: 's old' },
  lostBanner: {
    zh: '与监控服务的连接已中断，正在自动重连',
    en: 'Connection to the monitor lost, reconnecting',
  },
  silentBanner: { zh: '监控服务已超过 12 秒没有消息', en: 'No word from the monitor for over 12 seconds' },
  behindBanner: { zh: '监控数据滞后，正在追赶', en: 'The monitor is behind and catching up' },
  refusedBanner: { zh: '此账号无权查看该看板', en: 'This account may not see this board' },
  asOf: { zh: '以下内容停留在', en: 'What you see is as of' },
  pendingEvents: { zh: '条事件待处理', en: 'events waiting' },
  partitions: { zh: '分区', en: 'partitions' },
  toDark: { zh: '切换到深色', en: 'Switch to dark' },
  toLight: { zh: '切换到浅色', en: 'Switch to light' },
  toOther: { zh: 'Switch to English', en: '切换到中文' },
  figures: { zh: '关键指标', en: 'Key figures' },
  window: { zh: '近', en: 'last' },
  now: { zh: '当前', en: 'now' },
  atMost: { zh: '上限', en: 'max' },
  atLeast: { zh: '下限', en: 'min' },
  figureOk: { zh: '正常', en: 'Normal' },
  figurePending: { zh: '越限观察', en: 'Over limit' },
  figureFiring: { zh: '告警', en: 'Alert' },
  figureNoData: { zh: '无数据', en: 'No data' },
  figureFew: { zh: '样本不足', en: 'Few cases' },
  figureStale: { zh: '未知', en: 'Unknown' },
  alerts: { zh: '告警', en: 'Alerts' },
  noAlerts: { zh: '当前没有告警', en: 'No alerts' },
  moreAlerts: { zh: '条更多告警', en: 'more alerts' },
  since: { zh: '始于', en: 'since' },
  all: { zh: '全部', en: 'All' },
  queues: { zh: '队列', en: 'Queues' },
  queue: { zh: '队列', en: 'Queue' },
  unnamed: { zh: '未分配', en: 'Unassigned' },
  waiting: { zh: '等待', en: 'Waiting' },
  longest: { zh: '最长等待', en: 'Longest wait' },
  serviceLevel: { zh: '服务水平', en: 'Service level' },
  abandonment: { zh: '放弃率', en: 'Abandoned' },
  complaints: { zh: '投诉率', en: 'Complaints' },
  openCases: { zh: '未结案件', en: 'Open cases' },
  overdueCases: { zh: '逾期案件', en: 'Overdue cases' },
  clockUnit: { zh: '项时限', en: 'clocks' },
  clockUnitOne: { zh: '项时限', en: 'clock' },
  caseUnit: { zh: '件案件', en: 'cases' },
  caseUnitOne: { zh: '件案件', en: 'case' },
  overdue: { zh: '逾期', en: 'Overdue' },
  overdueUnit: { zh: '已逾期', en: 'Overdue' },
  noQueues: { zh: '还没有队列数据', en: 'No queues yet' },
  atRisk: { zh: '即将到期', en: 'At risk' },
  noRisk: { zh: '没有即将到期的工单', en: 'Nothing is close to its due time' },
  noOverdue: { zh: '没有逾期未结的工单', en: 'Nothing is overdue' },
  left: { zh: '剩余', en: 'Left' },
  late: { zh: '已超时', en: 'Late by' },
  promise: { zh: '承诺', en: 'Promise' },
  customer: { zh: '队列 / 客户', en: 'Queue / customer' },
  due: { zh: '时限', en: 'due' },
  uncovered: {
    zh: '该年份节假日未公布，按普通工时计算',
    en: 'Computed on plain hours: the holidays of that year are not known',
  },
  paused: { zh: '已暂停', en: 'Paused' },
  feed: { zh: '最新动态', en: 'Latest events' },
  noFeed: { zh: '还没有动态', en: 'Nothing has happened yet' },
  agents: { zh: '坐席', en: 'Agents' },
  noAgents: { zh: '没有坐席在线', en: 'No agents signed on' },
  previous: { zh: '上一页', en: 'Previous page' },
  next: { zh: '下一页', en: 'Next page' },
  page: { zh: '页', en: 'Page' },
} as const satisfies Record<string, Words>;

export type TextKey = keyof typeof TEXT;

/** The text in the viewer's language; a component that calls it follows the language. */
export function t(key: TextKey): string {
  return TEXT[key][lang.value];
}

/** What a list counts: clocks, of which a case may have several, or cases. */
export type Counted = 'clock' | 'case';

/** `cases`, to stand behind their number. */
export function unitOf(counted: Counted, of: number): string {
  return t(of === 1 ? `${counted}UnitOne` : `${counted}Unit`);
}

/** How many are not in sight, with their unit: `and 55 more cases`, `另有 55 件`. */
export function andMore(counted: Counted, of: number): string {
  if (lang.value === 'en') return `and ${count(of)} more ${unitOf(counted, of)}`;
  return `另有 ${count(of)} ${counted === 'clock' ? '项' : '件'}`;
}

/** The rule, or nothing where the title beside it is no more than the rule's name. */
export function ruleBeside(rule: string, title: string): string {
  return title === rule ? '' : rule;
}

/** A title that the monitor sent, in the viewer's language or else in the other. */
export function titled(title: Words): string {
  return title[lang.value] || title.zh || title.en;
}

const NAMES: Record<string, Words> = {
  'severity:critical': { zh: '严重', en: 'Critical' },
  'severity:warning': { zh: '警告', en: 'Warning' },
  'severity:info': { zh: '提示', en: 'Notice' },
  'action:special-investigation': { zh: '启动专项调查', en: 'Special investigation' },
  'action:emergency-plan': { zh: '启动应急预案', en: 'Emergency plan started' },
  'action:notify': { zh: '通知', en: 'Told' },
  'role:department-head': { zh: '部门负责人', en: 'department head' },
  'role:supervisor': { zh: '主管', en: 'supervisor' },
  'role:manager': { zh: '经理', en: 'manager' },
  'agent:available': { zh: '空闲', en: 'Available' },
  'agent:busy': { zh: '通话中', en: 'Busy' },
  'agent:wrap_up': { zh: '话后处理', en: 'Wrap-up' },
  'agent:break': { zh: '小休', en: 'Break' },
  'agent:away': { zh: '离开', en: 'Away' },
  'feed:warned': { zh: '预警', en: 'Warning' },
  'feed:breached': { zh: '逾期', en: 'Overdue' },
  'feed:missed': { zh: '超时完成', en: 'Done late' },
  'feed:withdrawn': { zh: '撤回', en: 'Withdrawn' },
  'feed:firing': { zh: '告警', en: 'Alert' },
  'feed:action': { zh: '立即执行', en: 'At once' },
  'feed:resolved': { zh: '告警解除', en: 'Alert over' },
  'path:queue': { zh: '队列', en: 'queue' },
  'path:team': { zh: '班组', en: 'team' },
  'path:product': { zh: '产品', en: 'product' },
};

/** A word of the contract in the viewer's language; one that is not known is shown as it is. */
export function named(
  kind: 'severity' | 'action' | 'agent' | 'feed' | 'path' | 'role',
  value: string,
): string {
  return NAMES[`${kind}:${value}`]?.[lang.value] ?? value;
}

/** An alert's group: `queue=报修,team=x` → 队列 报修 · 班组 x. */
export function groupName(group: string): string {
  if (group === 'all') return t('all');
  return group
    .split(',')
    .map(part => {
      const at = part.indexOf('=');
      if (at < 0) return part;
      return `${named('path', part.slice(0, at))} ${part.slice(at + 1) || t('unnamed')}`;
    })
    .join(' · ');
}
