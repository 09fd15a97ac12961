// Who calls and what about: fictional customers, products and sentences of a home-appliance maker's service centre,
// Chinese and English mixed. Names and numbers are made up; the monitor masks them where they enter its state.
import { type Chance, happens, pick, whole } from './random.ts';

export const CALL_QUEUES = ['hotline', 'repair', 'consultation', 'complaints'] as const;
export type CallQueue = (typeof CALL_QUEUES)[number];

export const TICKET_QUEUES = ['hotline', 'repair', 'consultation', 'online'] as const;
export type TicketQueue = (typeof TICKET_QUEUES)[number];

export interface Customer {
  id: string;
  name: string;
  phone: string;
  tier: string;
}

const SURNAMES = [
  '王',
  '李',
  '张',
  '刘',
  '陈',
  '杨',
  '赵',
  '黄',
  '周',
  '吴',
  '徐',
  '孙',
  '欧阳',
  '司徒',
] as const;
const GIVEN = [
  '伟',
  '芳',
  '秀英',
  '敏',
  '静',
  '丽娟',
  '强',
  '磊',
  '洋',
  '艳',
  '建国',
  '雪',
  '子涵',
  '浩然',
] as const;
const FIRST = ['Olivia', 'James', 'Mia', 'Noah', 'Chloé', 'Lukas', 'Amara', 'Diego'] as const;
const LAST = ['Carter', 'Nguyen', 'Okafor', 'Rossi', 'Schmidt', 'Dubois', 'Silva', 'Patel'] as const;

/** A fictional customer; one in eight writes and speaks English. */
export function customer(chance: Chance): Customer {
  const number = whole(chance, 1, 4000);
  const english = number % 8 === 0;
  return {
    id: `C${String(number).padStart(4, '0')}`,
    name: english
      ? `${pick(chance, FIRST)} ${pick(chance, LAST)}`
      : `${pick(chance, SURNAMES)}${pick(chance, GIVEN)}`,
    phone: english ? `+1 202 555 01${digits(chance, 2)}` : `1990000${digits(chance, 4)}`,
    tier: number % 10 === 0 ? 'vip' : number % 3 === 0 ? 'gold' : 'standard',
  };
}

function digits(chance: Chance, count: number): string {
  return String(whole(chance, 0, 10 ** count - 1)).padStart(count, '0');
}

export function speaksEnglish(who: Customer): boolean {
  return who.phone.startsWith('+');
}

export const PRODUCTS = [
  '智能门锁 L3',
  '恒温花洒 T2',
  '洗碗机 D8',
  '空气净化器 A5',
  '电动窗帘 C1',
  '净水器 W6',
] as const;
export const REGIONS = ['上海', '杭州', '南京', '成都', '广州', '西安'] as const;

type Sentences = readonly [readonly [string, string], ...(readonly [string, string])[]];
const PROBLEMS: Readonly<Record<string, Sentences>> = {
  repair: [
    ['开机后显示 E3，完全没有反应', 'Shows E3 after power-on and does nothing'],
    ['底部漏水，地板已经泡了', 'Leaks from the bottom, the floor is wet already'],
    ['门锁指纹识别失灵，只能用机械钥匙', 'Fingerprint reader fails, only the key works'],
    ['噪音很大，像有东西在里面转', 'Very loud, as if something loose spins inside'],
  ],
  problem: [
    ['App 里一直显示离线', 'The app keeps showing it offline'],
    ['换了路由器以后连不上 Wi-Fi', 'No Wi-Fi since we changed the router'],
    ['定时任务昨晚没有执行', 'The schedule did not run last night'],
  ],
  consultation: [
    ['滤芯多久换一次，怎么买', 'How often to change the filter, and where to buy it'],
    ['搬家后安装要不要收费', 'Is installation charged after moving house'],
    ['保修期从哪天开始算', 'From which day does the warranty count'],
  ],
  query: [
    ['我的维修单到哪一步了', 'How far along is my repair'],
    ['配件什么时候能发货', 'When will the part ship'],
  ],
  request: [
    ['申请上门安装，周末方便', 'Please install at home, weekends suit me'],
    ['开具增值税发票', 'Please send a VAT invoice'],
    ['更换收货地址', 'Change the delivery address'],
  ],
  suggestion: [
    ['希望遥控器能加背光', 'A backlit remote would be nice'],
    ['说明书字太小了', 'The print in the manual is too small'],
  ],
  complaint: [
    ['师傅约好三点没来，也没人打电话', 'The engineer did not come at three and nobody called'],
    ['修了两次还是坏，要求退货', 'Repaired twice and still broken, I want my money back'],
    ['客服态度差，问题踢来踢去', 'Passed from one to the next, nobody helps'],
  ],
};

/** What the burst is about: one bad firmware, first taken for many complaints. */
export const BURST_SENTENCES: Sentences = [
  ['升级固件后门锁打不开，被关在门外，要投诉', 'Locked out after the firmware update, I want to complain'],
  ['门锁更新以后一直报警，全家没法睡', 'The lock has been sounding its alarm since the update'],
  ['更新把门锁弄坏了，你们怎么测试的', 'Your update broke my lock, did nobody test it'],
];

/** One sentence about the matter, in the customer's language; now and then with a number to call back. */
export function describe(chance: Chance, kind: string, who: Customer, from?: Sentences): string {
  const [zh, en] = pick(chance, from ?? PROBLEMS[kind] ?? BURST_SENTENCES);
  const english = speaksEnglish(who);
  const text = english ? en : zh;
  if (!happens(chance, 0.15)) return text;
  return english
    ? `${text}. Call me on ${who.phone}, ${who.name}`
    : `${text}。请回电 ${who.phone}，${who.name}`;
}

export interface AgentProfile {
  id: string;
  team: string;
  queues: string[];
  /** How many conversations at once: 1 by phone, 3 in chats. */
  slots: number;
}

const TEAMS: readonly Omit<AgentProfile, 'id'>[] = [
  { team: 'hotline-1', queues: ['hotline', 'complaints', 'consultation'], slots: 1 },
  { team: 'repair-1', queues: ['repair', 'hotline'], slots: 1 },
  { team: 'online-1', queues: ['online'], slots: 3 },
  { team: 'hotline-1', queues: ['hotline', 'complaints'], slots: 1 },
  { team: 'repair-1', queues: ['repair'], slots: 1 },
  { team: 'consultation-1', queues: ['consultation', 'hotline'], slots: 1 },
];

/** The centre's staff: 18 people, or as many times more as the centre is busier. */
export function staff(speed: number): AgentProfile[] {
  const profiles: AgentProfile[] = [];
  for (let i = 0; i < Math.max(12, Math.round(18 * speed)); i++) {
    const team = TEAMS[i % TEAMS.length];
    if (team) profiles.push({ id: `A${String(i + 1).padStart(2, '0')}`, ...team, queues: [...team.queues] });
  }
  return profiles;
}
