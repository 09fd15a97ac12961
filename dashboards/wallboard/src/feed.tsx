// What just happened, newest first. A line that comes in while one looks flashes once.
import type { AlertRow, FeedItem } from '../../../src/contract/frame.ts';
import { isWider, moment } from './format.ts';
import { ArrowIcon, BadIcon, ClockIcon, OkIcon, UndoIcon, WarnIcon } from './icons.tsx';
import { boardNow, live } from './live.ts';
import { useFit } from './pages.ts';
import { lang } from './settings.ts';
import { firingAlert, TONE_ICON, type Tone, toneOf } from './severity.ts';
import { groupName, named, t, titled } from './text.ts';

const ROW_REM = 3.25;
/** Letters of a title that surely fit into one line on a wall. */
const TITLE_MAX = 22;

const ICON: Record<FeedItem['kind'], typeof OkIcon> = {
  warned: WarnIcon,
  breached: BadIcon,
  missed: ClockIcon,
  withdrawn: UndoIcon,
  firing: BadIcon,
  resolved: OkIcon,
  action: ArrowIcon,
};

export function Feed(props: { readonly feed: readonly FeedItem[]; readonly alerts: readonly AlertRow[] }) {
  const { ref, fit } = useFit<HTMLDivElement>(ROW_REM, props.feed.length);
  return (
    <section class="card feed" aria-labelledby="feed-title">
      <header class="card-head">
        <h2 id="feed-title">{t('feed')}</h2>
      </header>
      <div class="card-body" ref={ref}>
        {props.feed.length === 0 ? (
          <p class="empty">{t('noFeed')}</p>
        ) : (
          <ol class="feed-list">
            {props.feed.slice(0, fit).map(item => (
              <Item key={item.id} item={item} tone={toneOfItem(item, props.alerts)} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

/**
 * The tone of a line that an alert fired, null for others: what its banner shows while it fires, what it had been
 * afterwards.
 */
function toneOfItem({ kind, rule, subject, severity }: FeedItem, alerts: readonly AlertRow[]): Tone | null {
  if (kind !== 'firing') return null;
  return toneOf(firingAlert(alerts, rule, subject)?.severity ?? severity ?? 'critical');
}

function Item(props: { readonly item: FeedItem; readonly tone: Tone | null }) {
  const { item, tone } = props;
  const Icon = tone === null ? ICON[item.kind] : TONE_ICON[tone];
  const title = headline(item);
  const { timezone, arrived } = live.value;
  const alert = item.kind === 'firing' || item.kind === 'resolved';
  return (
    <li class="feed-item" data-kind={item.kind} data-tone={tone} data-arrived={arrived.has(item.id)}>
      <Icon />
      <span class="feed-what">
        <span class="feed-title" data-long={isWider(title, TITLE_MAX)} title={title}>
          {title}
        </span>
        <span class="feed-sub">
          <b>{named('feed', item.kind)}</b> {item.rule} · {alert ? groupName(item.subject) : item.subject}
        </span>
      </span>
      <time class="feed-time" dateTime={new Date(item.at).toISOString()}>
        {moment(item.at, boardNow.value, timezone)}
      </time>
    </li>
  );
}

/** What an action is and who is told, or which promise or figure the line is of. */
function headline({ title, action, to = [] }: FeedItem): string {
  if (action === undefined) return titled(title);
  const roles = to.map(role => named('role', role)).join(lang.value === 'zh' ? '、' : ', ');
  return roles === '' ? named('action', action) : `${named('action', action)} → ${roles}`;
}
