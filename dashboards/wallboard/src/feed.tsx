// What just happened, newest first. A line that comes in while one looks flashes once.
import type { FeedItem } from '../../../src/contract/frame.ts';
import { isWider, moment } from './format.ts';
import { ArrowIcon, BadIcon, ClockIcon, OkIcon, UndoIcon, WarnIcon } from './icons.tsx';
import { boardNow, live } from './live.ts';
import { useFit } from './pages.ts';
import { lang } from './settings.ts';
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

export function Feed(props: { readonly feed: readonly FeedItem[] }) {
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
              <Item key={item.id} item={item} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function Item(props: { readonly item: FeedItem }) {
  const { item } = props;
  const Icon = ICON[item.kind];
  const title = headline(item);
  const { timezone, arrived } = live.value;
  const alert = item.kind === 'firing' || item.kind === 'resolved';
  return (
    <li class="feed-item" data-kind={item.kind} data-arrived={arrived.has(item.id)}>
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
