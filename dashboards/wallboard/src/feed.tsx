// What just happened, newest first. A line that comes in while one looks flashes once.
import type { FeedItem } from '../../../src/contract/frame.ts';
import { moment } from './format.ts';
import { BadIcon, ClockIcon, OkIcon, UndoIcon, WarnIcon } from './icons.tsx';
import { boardNow, live } from './live.ts';
import { useFit } from './pages.ts';
import { groupName, named, t, titled } from './text.ts';

const ROW_REM = 3.25;

const ICON: Record<FeedItem['kind'], typeof OkIcon> = {
  warned: WarnIcon,
  breached: BadIcon,
  missed: ClockIcon,
  withdrawn: UndoIcon,
  firing: BadIcon,
  resolved: OkIcon,
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
  const { timezone, arrived } = live.value;
  const alert = item.kind === 'firing' || item.kind === 'resolved';
  return (
    <li class="feed-item" data-kind={item.kind} data-arrived={arrived.has(item.id)}>
      <Icon />
      <span class="feed-what">
        <span class="feed-title" title={titled(item.title)}>
          {titled(item.title)}
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
