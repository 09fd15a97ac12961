// Small readings that clocks and indicators share: titles, documents, percentages, times.
import type { Title } from './compiled.ts';
import { parseDuration, TIME_WANTED } from './duration.ts';
import type { Place } from './place.ts';

type TitleText = string | { readonly zh: string; readonly en: string };

/** A title in both languages; one text stands for both, and the rule's id where there is none. */
export function titleOf(text: TitleText | undefined, rule: string): Title {
  if (text === undefined) return { zh: rule, en: rule };
  return typeof text === 'string' ? { zh: text, en: text } : { zh: text.zh, en: text.en };
}

/** The document a rule comes from: what is written, else the S0 … S4 with which its id begins. */
export function sourceOf(text: string | undefined, rule: string): string | null {
  return text ?? /^S\d+(?=-)/.exec(rule)?.[0] ?? null;
}

/** `80%` or 0.8 → 0.8 */
export function percentOf(text: string | number): number {
  return typeof text === 'number' ? text : Number(text.slice(0, -1)) / 100;
}

/** A time in ms. One that is longer than any may be is told at its place, and 0 stands for it. */
export function timeOf(place: Place, text: string): number {
  const time = parseDuration(text);
  if ('kind' in time && time.kind === 'time') return time.ms;
  const why = 'error' in time ? time.error : `"${text}" is in business days`;
  place.error(why, { expected: TIME_WANTED, example: '2h or 30d' });
  place.settle();
  return 0;
}
