// Rows that do not fit are turned over like pages, so that a wall needs no scrolling.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

const TURN_MS = 10_000;
/** Narrow windows scroll as any page does; there everything is shown up to this many rows. */
const ROWS_MAX = 100;
const STRETCH_MAX = 1.25;
const narrow = matchMedia('(max-width: 60rem)');

/**
 * How many rows of at least `rowRem` root units fit into the element of `ref`; it follows the element's size. Up to a
 * quarter of the height that `rows` rows leave over is shared among them, as `--row` on the element.
 */
export function useFit(ref: RefObject<HTMLElement | null>, rowRem: number, rows: number): number {
  const fit = useSignal(1);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const measure = () => {
      const least = rowRem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const height = element.clientHeight;
      const fits = narrow.matches ? ROWS_MAX : Math.max(1, Math.floor((height + 1) / least));
      const share = Math.floor((height * 10) / Math.max(1, Math.min(rows, fits))) / 10;
      fit.value = fits;
      element.style.setProperty('--row', `${Math.min(Math.max(least, share), least * STRETCH_MAX)}px`);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    narrow.addEventListener('change', measure);
    return () => {
      observer.disconnect();
      narrow.removeEventListener('change', measure);
    };
  }, [rowRem, rows]);
  return fit.value;
}

export interface Pages {
  readonly page: number;
  readonly pages: number;
  readonly turn: (by: number) => void;
  /** While true the pages do not turn by themselves. */
  readonly hold: (on: boolean) => void;
}

/** Turns `pages` pages over, one each ten seconds, unless somebody is pointing at them. */
export function usePages(pages: number): Pages {
  const page = useSignal(0);
  const held = useRef(false);
  const shown = Math.min(page.value, pages - 1);
  const turn = (by: number) => {
    page.value = (shown + by + pages) % pages;
  };
  useEffect(() => {
    if (pages < 2) return;
    const timer = setInterval(() => {
      if (!held.current) page.value = (Math.min(page.value, pages - 1) + 1) % pages;
    }, TURN_MS);
    return () => clearInterval(timer);
    // A turn by hand starts the ten seconds anew.
  }, [pages, page.value]);
  const hold = (on: boolean) => {
    held.current = on;
  };
  return { page: shown, pages, turn, hold };
}
