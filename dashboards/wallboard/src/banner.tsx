// The words over a board that can't be believed at the moment: why, and which instant it shows.
import type { Trust } from './board.ts';
import { moment } from './format.ts';
import { LostIcon, WarnIcon } from './icons.tsx';
import { live, second, trust } from './live.ts';
import { type TextKey, t } from './text.ts';

const BANNER: Partial<Record<Trust, TextKey>> = {
  lost: 'lostBanner',
  silent: 'silentBanner',
  behind: 'behindBanner',
  refused: 'refusedBanner',
};

export function Banner() {
  const key = BANNER[trust.value];
  const { asOf, timezone, board } = live.value;
  return (
    <div class="banner-place" role="alert">
      {key !== undefined && (
        <div class="banner">
          {trust.value === 'behind' ? <WarnIcon /> : <LostIcon />}
          <strong>{t(key)}</strong>
          {trust.value === 'behind' && board !== null && <Behind />}
          {asOf > 0 && (
            <span class="banner-asof">
              {t('asOf')} <b>{moment(asOf, second.value, timezone)}</b>
            </span>
          )}
        </div>
      )}
    </div>
  );
}

function Behind() {
  const health = live.value.board?.health;
  if (health === undefined) return null;
  return (
    <span>
      {health.pending > 0 && `${health.pending.toLocaleString('en')} ${t('pendingEvents')}`}
      {health.pending > 0 && health.behind.length > 0 && ' · '}
      {health.behind.length > 0 && `${t('partitions')} ${health.behind.join(', ')}`}
    </span>
  );
}
