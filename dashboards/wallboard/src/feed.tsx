// What just happened, newest first. A line that comes in while one looks flashes once.
import { useRef } from 'preact/hooks';
import type { AlertRow, FeedItem } from '../../../src/contract/frame.ts';
import { moment } from './format.ts';
import { ArrowIcon, BadIcon, ClockIcon, OkIcon, UndoIcon, WarnIcon } from './icons.tsx';
import { boardNow, live } from './live.ts';
import { useFit } from './pages.ts';
import { lang } from './settings.ts';
import { firingAlert, TONE_ICON, type Tone, toneOf } from './severity.ts';
import { groupName, named, ruleBeside, t, titled } from './text.ts';
import { rowRem, useTitleSize } from './titles.ts';

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
  const ref = useRef<HTMLDivElement>(null);
  const size = useTitleSize(ref, 'feed-title', props.feed.map(headline));
  const fit = useFit(ref, rowRem(size), props.feed.length);
  return (
    <section class="card feed" aria-labelledby="feed-title">
      <header class="card-head">
        <h2 id="feed-title">{t('feed')}</h2>
      </header>
      <div class="card-body" data-titles={size} ref={ref}>
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
  const subject = alert ? groupName(item.subject) : item.subject;
  const sub = [ruleBeside(item.rule, title), subject].filter(part => part !== '').join(' · ');
  return (
    <li class="feed-item" data-kind={item.kind} data-tone={tone} data-arrived={arrived.has(item.id)}>
      <Icon />
      <span class="feed-title" title={title}>
        {title}
      </span>
      <span class="feed-sub" title={sub}>
        <b>{named('feed', item.kind)}</b> {sub}
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
