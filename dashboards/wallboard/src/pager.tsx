// Which page of a list is shown, with buttons to turn it; nothing where all is on one.
import { NextIcon, PreviousIcon } from './icons.tsx';
import type { Pages } from './pages.ts';
import { t } from './text.ts';

export function Pager(props: { readonly pages: Pages }) {
  const { page, pages, turn } = props.pages;
  if (pages < 2) return null;
  return (
    <div class="pager">
      <button type="button" onClick={() => turn(-1)} aria-label={t('previous')}>
        <PreviousIcon />
      </button>
      <span>
        {page + 1} / {pages}
      </span>
      <button type="button" onClick={() => turn(1)} aria-label={t('next')}>
        <NextIcon />
      </button>
    </div>
  );
}
