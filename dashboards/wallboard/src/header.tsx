// The head of the board: whose it is, what time it is there, and how old the data is.
import { useComputed } from '@preact/signals';
import type { Trust } from './board.ts';
import { age, dateOf, timeOfDay } from './format.ts';
import { BrandIcon, LiveIcon, LostIcon, MoonIcon, SunIcon, WarnIcon } from './icons.tsx';
import { dataAge, live, second, trust } from './live.ts';
import { lang, theme, toggleLang, toggleTheme } from './settings.ts';
import { type TextKey, t } from './text.ts';

const TRUST_TEXT: Record<Trust, TextKey> = {
  live: 'live',
  connecting: 'connecting',
  lost: 'lost',
  silent: 'silent',
  behind: 'behind',
  refused: 'refused',
};

export function Header() {
  const { centre, timezone, board } = live.value;
  return (
    <header class="header">
      <div class="brand">
        <BrandIcon />
      </div>
      <h1 class="centre">
        <span class="centre-name">{centre || 'SLA'}</span>
        <span class="centre-board">{t('overview')}</span>
      </h1>
      {board !== null && <Freshness />}
      <div class="tools">
        <button
          type="button"
          class="tool"
          id="lang"
          onClick={toggleLang}
          title={t('toOther')}
          aria-label={t('toOther')}
        >
          {lang.value === 'zh' ? 'EN' : '中'}
        </button>
        <ThemeButton />
      </div>
      {board !== null && <Clock timezone={timezone} />}
    </header>
  );
}

function ThemeButton() {
  const label = theme.value === 'dark' ? t('toLight') : t('toDark');
  return (
    <button type="button" class="tool" id="theme" onClick={toggleTheme} title={label} aria-label={label}>
      {theme.value === 'dark' ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}

function Freshness() {
  const shown = useComputed(() => age(dataAge.value));
  const state = trust.value;
  const Icon = state === 'live' ? LiveIcon : state === 'behind' ? WarnIcon : LostIcon;
  return (
    <div class="freshness" data-trust={state}>
      <span class="freshness-state" role="status">
        <Icon />
        {t(TRUST_TEXT[state])}
      </span>
      <span class="freshness-age" id="age">
        {t('data')} <b>{shown}</b> {t('old')}
      </span>
    </div>
  );
}

function Clock(props: { readonly timezone: string }) {
  const now = second.value;
  return (
    <div class="clock">
      <time class="clock-time" dateTime={new Date(now).toISOString()}>
        {timeOfDay(now, props.timezone)}
      </time>
      <span class="clock-date">
        {dateOf(now, props.timezone, lang.value)}
        <span class="clock-zone">{props.timezone}</span>
      </span>
    </div>
  );
}
