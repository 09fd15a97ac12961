// The viewer's language and theme: the address first, then what was chosen before, then the browser's own.
import { computed, effect, signal } from '@preact/signals';
import type { Lang } from './format.ts';

export type Theme = 'dark' | 'light';

const query = new URLSearchParams(location.search);
const systemDark = matchMedia('(prefers-color-scheme: dark)');

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage is switched off: the choice lasts as long as the page.
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

function langOf(value: string | null): Lang | null {
  return value === 'zh' || value === 'en' ? value : null;
}

function themeOf(value: string | null): Theme | null {
  return value === 'dark' || value === 'light' ? value : null;
}

export const lang = signal<Lang>(
  langOf(query.get('lang')) ?? langOf(recall('lang')) ?? (/^zh\b/i.test(navigator.language) ? 'zh' : 'en'),
);

const chosenTheme = signal<Theme | null>(themeOf(query.get('theme')) ?? themeOf(recall('theme')));
const system = signal<Theme>(systemDark.matches ? 'dark' : 'light');
export const theme = computed<Theme>(() => chosenTheme.value ?? system.value);

export function toggleLang(): void {
  lang.value = lang.value === 'zh' ? 'en' : 'zh';
  remember('lang', lang.value);
}

export function toggleTheme(): void {
  chosenTheme.value = theme.value === 'dark' ? 'light' : 'dark';
  remember('theme', chosenTheme.value);
}

/** Keeps the document's language and theme as chosen. */
export function applySettings(): void {
  systemDark.addEventListener('change', event => {
    system.value = event.matches ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
  effect(() => {
    document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';
  });
}
