// What the demo shows on the terminal: progress lines, the welcome, and one status line that is kept current.

import type { WriteStream } from 'node:tty';
import { columnsOf } from '../contract/columns.ts';
import type { PolicyInForce } from '../monitor/monitor.ts';
import type { CentreStatus } from './driver.ts';

const STATUS_EVERY_MS = 1_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Writes lines; on a terminal the last one may be a status that later lines push down. */
export class Screen {
  private readonly out: WriteStream;
  private timer: NodeJS.Timeout | undefined;
  private status = '';

  constructor(out: WriteStream) {
    this.out = out;
  }

  line(text: string): void {
    if (this.status !== '') this.out.write(CLEAR_LINE);
    this.out.write(`${text}\n`);
    this.show();
  }

  /** Keeps a status as the last line; only on a terminal. */
  follow(status: () => string): void {
    if (!this.out.isTTY) return;
    const refresh = () => {
      this.status = fit(status(), this.out.columns || 80);
      this.show();
    };
    refresh();
    this.timer = setInterval(refresh, STATUS_EVERY_MS);
  }

  /** Takes the status line away. */
  close(): void {
    clearInterval(this.timer);
    if (this.status !== '') this.out.write(CLEAR_LINE);
    this.status = '';
  }

  private show(): void {
    if (this.status !== '') this.out.write(CLEAR_LINE + this.status);
  }
}

/** Cuts a text to a terminal's columns; Chinese characters and full-width signs take two. */
export function fit(text: string, columns: number): string {
  let width = 0;
  let kept = '';
  for (const char of text) {
    width += columnsOf(char);
    if (width >= columns) return kept;
    kept += char;
  }
  return kept;
}

/** What is to be seen with the pack that ships; of another policy only its author knows. */
const PACK = `看什么 · What to watch
  · 电话 30 秒、铃响 15 秒、在线 30 秒：有的守住，有的超时
    Calls 30 s, rings 15 s, chats 30 s: some promises are kept, some broken
  · 头几分钟内，2 小时受理、24 小时方案、24 小时投诉、30 分钟紧急时限陆续到期
    In the first minutes clocks of 30 minutes, 2 and 24 hours fall due, some of them missed
  · 约 75 秒后投诉激增，投诉率超过 5 %，一分钟后报警并启动专项调查；约 6 分钟后恢复
    After 75 s a burst of complaints takes their rate above 5 %; a minute later the alert opens a special
    investigation; calm again after about six minutes`;

/** The text with which the demo greets, once everything is up. */
export function welcome(link: string, dataDir: string, { name, hash, isPack }: PolicyInForce): string {
  const watch = isPack
    ? PACK
    : `规则 · Policy: ${name} ${hash}（不是随附的规则包 · not the pack that ships）`;
  return `
  看板 · Wallboard   ${link}
  （打开此链接即登录 · opening this link signs you in）

  ${watch}
  · 数据在 · data in ${dataDir}
  · Ctrl-C 结束，下次启动从原状态继续 · ends it; the next start goes on from here
`;
}

/** Told when another policy comes into force while the demo runs. */
export function policyLine({ name, hash, isPack }: PolicyInForce): string {
  const pack = isPack ? '（随附的规则包 · the pack that ships）' : '';
  return `规则已更换 · Another policy is in force: ${name} ${hash}${pack}`;
}

/** One line of what goes on; narrow terminals cut off the end. */
export function statusLine(status: CentreStatus): string {
  const parts = [
    `事件 events ${status.perSecond.toFixed(1)}/s`,
    `投诉率 complaints ${(100 * status.complaintRate).toFixed(1)} %`,
    `等待 waiting: 电话 calls ${status.callsWaiting}, 在线 chats ${status.chatsWaiting}`,
    `工单 tickets ${status.openTickets}`,
  ];
  return (status.stuck ? ['NATS 无响应 · not answering', ...parts] : parts).join(' · ');
}
