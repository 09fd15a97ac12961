// Small readings that clocks and indicators share: titles, documents, percentages.
import type { Title } from './compiled.ts';

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
