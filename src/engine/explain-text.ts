// The sentences of an explanation, in Chinese and English. Times in them are local to the policy's time zone, which is
// how people on site read them; the exact instants stand beside them as fields.
import type { FieldValue, SlaEvent } from '../contract/event.ts';
import { type AtOnce, type Calendar, NOTIFY, type Title } from '../policy/compiled.ts';
import { type Zone, zoneOf } from '../policy/zone.ts';
import type { Fact } from './cycle.ts';
import type { Exclusions } from './exclusions.ts';
import { breachedText, escalatedText, marginText, warnedText } from './explain-deadlines.ts';
import { lengthText, reasonWord, rolesText, roleWord, targetText } from './explain-words.ts';
import type { Notice } from './findings.ts';
import { text } from './fold.ts';
import type { Place, TimePart } from './time-parts.ts';
import type { DueMove, GateMove, UndoneStop } from './trace.ts';

const PLACES: Readonly<Record<Place, Title>> = {
  queue: { zh: '排队等待', en: 'waiting in queue' },
  agent: { zh: '客服处理', en: 'with agent' },
  bot: { zh: '机器人处理', en: 'with the bot' },
  team: { zh: '团队处理', en: 'with team' },
  customer: { zh: '等待客户', en: 'with the customer' },
  'outside-party': { zh: '等待外部', en: 'waiting for' },
  waiting: { zh: '挂起（未说明原因）', en: 'pending, no reason given' },
  'outside-hours': { zh: '非工作时间', en: 'outside hours' },
  ended: { zh: '已结束、重开之前', en: 'ended, before it was reopened' },
};

const SOME_AGENT: Title = { zh: '客服处理（未具名）', en: 'with an agent' };

/** What a due instant follows from. Instants in ms since 1970. */
interface Reason {
  /** The calendar's name. */
  readonly calendar: string;
  /** Null for an instant that an event named. */
  readonly target: Title | null;
  /** The attribute that chose the target, and its value. */
  readonly by: { readonly attribute: string; readonly value: string } | null;
  readonly startedAt: number;
  readonly dueAt: number;
  readonly pausedMs: number;
}

/** What is said of a fact beside itself. */
interface FactNotes {
  /** The event that ended the cycle so; null for deadlines. */
  readonly event: SlaEvent | null;
  readonly calendar: Calendar;
  /** What the cycle leaves out of its time. */
  readonly left: Exclusions;
  /** Who is told as soon as it is breached. */
  readonly told: readonly string[];
  readonly notice: Notice;
}

/** Makes the sentences of one case. */
export class Describer {
  readonly #zone: Zone | null;

  constructor(timezone: string) {
    this.#zone = zoneOf(timezone);
  }

  /** Local time to the second, with milliseconds only where there are any. */
  at(ms: number): string {
    const local = new Date(ms + (this.#zone?.offsetAt(ms) ?? 0)).toISOString();
    const short = local.replace('T', ' ').replace('Z', '');
    return short.endsWith('.000') ? short.slice(0, -4) : short;
  }

  reason({ calendar, target, by, startedAt, dueAt, pausedMs }: Reason): Title {
    const due = this.at(dueAt);
    const start = this.at(startedAt);
    if (target === null) return { zh: `由事件指定：${due}`, en: `Named by the event: ${due}` };
    const paused = lengthText(pausedMs);
    const zhBy = by ? `（${by.attribute} = ${by.value || '无'}）` : '';
    const enBy = by ? ` (${by.attribute} = ${by.value || 'none'})` : '';
    const zhPause = pausedMs > 0 ? `，期间暂停 ${paused.zh}` : '';
    const enPause = pausedMs > 0 ? `, of which ${paused.en} paused` : '';
    return {
      zh: `自 ${start} 起，按日历“${calendar}”计 ${target.zh}${zhBy}${zhPause}，到期 ${due}`,
      en: `${target.en}${enBy} of calendar "${calendar}" from ${start}${enPause}: due ${due}`,
    };
  }

  /** What the rule calls for as soon as it applies; `called` is false where the cycle had ended when it became known. */
  atOnce(at: number, { action, to }: AtOnce, called: boolean): Title {
    const word = roleWord(action);
    const roles = rolesText(to);
    const plan =
      action === NOTIFY && to.length > 0 ? EMPTY : { zh: `启动${word.zh}`, en: `start ${word.en}` };
    const whom = to.length === 0 ? EMPTY : { zh: `通知${roles.zh}`, en: `tell ${roles.en}` };
    const both = plan.zh !== '' && whom.zh !== '';
    if (!called)
      return {
        zh: `${this.at(at)} 得知时已结束，未${plan.zh}${both ? '，也未' : ''}${whom.zh}`,
        en: `${this.at(at)} it had ended when it became known: nothing was called for at once (${plan.en}${both ? ', ' : ''}${whom.en})`,
      };
    return {
      zh: `${this.at(at)} 立即${plan.zh}${both ? '，' : ''}${whom.zh}`,
      en: `${this.at(at)} at once: ${plan.en}${both ? ', ' : ''}${whom.en}`,
    };
  }

  /** A start of which nobody knew yet that the rule would apply. */
  began(at: number, event: SlaEvent): Title {
    const start = this.at(at);
    return {
      zh: `${start} ${nameOf(event).zh} 开始计时；当时规则尚不适用`,
      en: `${start} started by ${nameOf(event).en}; the rule did not apply yet`,
    };
  }

  started(at: number, event: SlaEvent, calendar: string, target: Title | null, due: number): Title {
    const [start, end] = [this.at(at), this.at(due)];
    const zh =
      target === null ? `事件指定到期 ${end}` : `目标 ${target.zh}（日历“${calendar}”），到期 ${end}`;
    const en =
      target === null
        ? `which names the due instant ${end}`
        : `target ${target.en} of calendar "${calendar}", due ${end}`;
    return {
      zh: `${start} ${nameOf(event).zh} 开始计时；${zh}`,
      en: `${start} started by ${nameOf(event).en}; ${en}`,
    };
  }

  /** `retargeted`: the target is another than before. */
  moved(
    { at, from, to, cause, event, changes, target }: DueMove,
    calendar: string,
    retargeted: boolean,
  ): Title {
    const change = changesText(changes);
    const name = event === null ? EMPTY : nameOf(event);
    const when = this.at(at);
    const zhDue = from === null ? `到期 ${this.at(to)}` : `到期由 ${this.at(from)} 改为 ${this.at(to)}`;
    const goal = target === null ? EMPTY : targetText(target);
    const enDue = from === null ? `due ${this.at(to)}` : `due moved from ${this.at(from)} to ${this.at(to)}`;
    switch (cause) {
      case 'pause':
        return event === null
          ? { zh: `${when} 暂停仍在继续；${zhDue}`, en: `${when} the pause goes on; ${enDue}` }
          : { zh: `${when} 暂停时间不计；${zhDue}`, en: `${when} paused time does not count; ${enDue}` };
      case 'target':
        return {
          zh: `${when} ${name.zh} 将目标改为 ${goal.zh}${bracketed(change.zh)}；${zhDue}`,
          en: `${when} ${name.en} changed the target to ${goal.en}${change.en}; ${enDue}`,
        };
      case 'reopening':
        return {
          zh: `${when} ${name.zh} 重开，停止期间不计${retargeted ? `，目标改为 ${goal.zh}` : ''}；${zhDue}`,
          en: `${when} ${name.en} reopened it, the time between does not count${retargeted ? `, the target is ${goal.en} now` : ''}; ${enDue}`,
        };
      case 'gate':
      case 'start': {
        const again = from === null ? { zh: '', en: '' } : { zh: '再次', en: ' again' };
        const zhGoal = target === null ? '' : `目标 ${goal.zh}，`;
        const enGoal =
          target === null ? `, calendar "${calendar}"` : `, target ${goal.en} of calendar "${calendar}"`;
        return {
          zh: `${when} ${name.zh} 起规则${again.zh}适用${bracketed(change.zh, `${zhGoal}日历“${calendar}”`)}；${zhDue}`,
          en: `${when} the rule applies${again.en} since ${name.en}${change.en}${enGoal}; ${enDue}`,
        };
      }
      default:
        return cause satisfies never;
    }
  }

  /** `late`: it came too late to move the due instant; `named`: a named instant is not moved by any. */
  paused(at: number, since: number, event: SlaEvent | null, effect: 'moves' | 'late' | 'named'): Title {
    const name = event === null ? EMPTY : nameOf(event);
    const reason = text(event?.fields.reason);
    const word = reasonWord(reason);
    const zhReason = reason === '' ? '' : `（${word.zh}）`;
    const enReason = reason === '' ? '' : ` (${word.en})`;
    const before =
      since < at ? { zh: `，自 ${this.at(since)} 已暂停`, en: `, on since ${this.at(since)}` } : EMPTY;
    const why = EFFECTS[effect];
    return {
      zh: `${this.at(at)} ${name.zh} 暂停${zhReason}${before.zh}${why.zh}`,
      en: `${this.at(at)} paused by ${name.en}${enReason}${before.en}${why.en}`,
    };
  }

  resumed(at: number, event: SlaEvent | null, pausedMs: number): Title {
    const name = event === null ? EMPTY : nameOf(event);
    const length = lengthText(pausedMs);
    return {
      zh: `${this.at(at)} ${name.zh} 恢复；工作时间内暂停 ${length.zh}`,
      en: `${this.at(at)} resumed by ${name.en}; ${length.en} of open time were paused`,
    };
  }

  /** A pause that was still on when the clock stood still or ended. */
  cutShort(at: number, event: SlaEvent | null, pausedMs: number): Title {
    const name = event === null ? EMPTY : nameOf(event);
    const length = lengthText(pausedMs);
    return {
      zh: `${this.at(at)} ${name.zh} 时仍在暂停；工作时间内暂停 ${length.zh}`,
      en: `${this.at(at)} still paused at ${name.en}; ${length.en} of open time were paused`,
    };
  }

  /** A stop that did not last. */
  stopped({ stoppedBy, reopenedBy }: UndoneStop): Title {
    const when = this.at(stoppedBy.time);
    const until = this.at(reopenedBy.time);
    const rings = ringsText(stoppedBy);
    return {
      zh: `${when} ${nameOf(stoppedBy).zh} 停止计时${rings.zh}，至 ${until} 重开`,
      en: `${when} stopped by ${nameOf(stoppedBy).en}${rings.en}, until it was reopened at ${until}`,
    };
  }

  reopened(event: SlaEvent): Title {
    const when = this.at(event.time);
    return {
      zh: `${when} ${nameOf(event).zh} 重开，继续计时`,
      en: `${when} reopened by ${nameOf(event).en}; the clock goes on`,
    };
  }

  hidden({ event, changes }: GateMove): Title {
    const when = this.at(event.time);
    const change = changesText(changes);
    return {
      zh: `${when} ${nameOf(event).zh} 后规则不再适用${bracketed(change.zh)}`,
      en: `${when} the rule does not apply any more since ${nameOf(event).en}${change.en}`,
    };
  }

  /** A rule shown again without its due instant being another. */
  shown({ event, changes }: GateMove): Title {
    const when = this.at(event.time);
    const change = changesText(changes);
    return {
      zh: `${when} ${nameOf(event).zh} 起规则再次适用${bracketed(change.zh)}，视同从未中断`,
      en: `${when} the rule applies again since ${nameOf(event).en}${change.en}, as if it always had`,
    };
  }

  fact(fact: Fact, { event, calendar, left, told, notice }: FactNotes): Title {
    const at = (ms: number) => this.at(ms);
    const when = at(fact.at);
    const name = event === null ? EMPTY : nameOf(event);
    const rings = ringsText(event);
    switch (fact.state) {
      case 'warned':
        return warnedText(at, fact, notice);
      case 'breached':
        return breachedText(at, fact, told, notice);
      case 'escalated':
        return escalatedText(at, fact, notice);
      case 'met':
      case 'missed': {
        const margin = marginText(fact, calendar, left);
        return fact.state === 'met'
          ? {
              zh: `${when} ${name.zh} 停止计时${rings.zh}：达标，${margin.zh}`,
              en: `${when} stopped by ${name.en}${rings.en}: met, ${margin.en}`,
            }
          : {
              zh: `${when} ${name.zh} 停止计时${rings.zh}：未达标，${margin.zh}`,
              en: `${when} ended by ${name.en}${rings.en}: missed, ${margin.en}`,
            };
      }
      case 'cancelled':
        return {
          zh: `${when} ${name.zh} 取消${rings.zh}`,
          en: `${when} cancelled by ${name.en}${rings.en}`,
        };
      case 'waived':
        return {
          zh: `${when} ${name.zh} 豁免：${text(event?.fields.why)}`,
          en: `${when} waived by ${name.en}: ${text(event?.fields.why)}`,
        };
      default:
        return fact.state satisfies never;
    }
  }

  /** Adds that it does not hold any more since an event. Records withdraw breaches alone: who was warned was warned. */
  gone(told: Title, { state }: Fact, by: SlaEvent): Title {
    const [when, name] = [this.at(by.time), nameOf(by)];
    return state === 'breached'
      ? {
          zh: `${told.zh}；${when} 由 ${name.zh} 撤回`,
          en: `${told.en}; taken back at ${when} by ${name.en}`,
        }
      : {
          zh: `${told.zh}；${when} ${name.zh} 后不再成立`,
          en: `${told.en}; it does not hold any more since ${name.en} at ${when}`,
        };
  }

  part({ place, name, team, ms, pausedMs }: TimePart): Title {
    const label = place === 'agent' && name === '' ? SOME_AGENT : PLACES[place];
    const known = reasonOfPlace(place, name);
    const whom = {
      zh: [known.zh, team].filter(each => each !== '').join(' / '),
      en: [known.en, team].filter(each => each !== '').join(' / '),
    };
    const length = lengthText(ms);
    const paused = lengthText(pausedMs);
    const zhPaused = pausedMs > 0 ? `（其中暂停 ${paused.zh}）` : '';
    const enPaused = pausedMs > 0 ? ` (paused for ${paused.en})` : '';
    return {
      zh: `${label.zh}${whom.zh === '' ? '' : ` ${whom.zh}`}：${length.zh}${zhPaused}`,
      en: `${label.en}${whom.en === '' ? '' : ` ${whom.en}`}: ${length.en}${enPaused}`,
    };
  }
}

const EMPTY: Title = { zh: '', en: '' };
const EFFECTS: Readonly<Record<'moves' | 'late' | 'named', Title>> = {
  moves: EMPTY,
  late: { zh: '；已过到期时间，不再顺延', en: '; too late to move the due instant' },
  named: { zh: '；到期时间由事件指定，不顺延', en: '; a named due instant is not moved' },
};

/** How often a call had rung by this event; null where it does not say. */
export function ringsOf(event: SlaEvent | null): number | null {
  const rings = event?.entity === 'call' ? event.fields.rings : undefined;
  return typeof rings === 'number' ? rings : null;
}

function ringsText(event: SlaEvent | null): Title {
  const rings = ringsOf(event);
  if (rings === null) return EMPTY;
  return { zh: `（响铃${rings}次）`, en: `, after ${rings} ${rings === 1 ? 'ring' : 'rings'}` };
}

/** Whom a case waits for is one of the contract's reasons; elsewhere the name is the owner's own, even where it is the same word. */
function reasonOfPlace(place: Place, name: string): Title {
  return place === 'customer' || place === 'outside-party' ? reasonWord(name) : { zh: name, en: name };
}

/** The event's type and id, and who did it where it says so. */
function nameOf(event: SlaEvent): Title {
  const by = text(event.fields.by);
  const plain = `${event.type} [${event.id}]`;
  if (by === '') return { zh: plain, en: plain };
  const role = roleWord(by);
  return {
    zh: `${event.type}（${role.zh}）[${event.id}]`,
    en: `${event.type} by ${role.en} [${event.id}]`,
  };
}

/** What an event changed; empty for nothing. In Chinese without brackets, since more may belong into them. */
function changesText(changes: DueMove['changes']): Title {
  const shown = (value: FieldValue | null) => (value === null ? '∅' : text(value));
  const each = changes.map(({ path, from, to }) => `${path}: ${shown(from)} → ${shown(to)}`);
  return { zh: each.join('，'), en: each.length === 0 ? '' : ` (${each.join(', ')})` };
}

/** In brackets; nothing where there is nothing to put in them. */
function bracketed(...parts: readonly string[]): string {
  const some = parts.filter(part => part !== '');
  return some.length === 0 ? '' : `（${some.join('；')}）`;
}
