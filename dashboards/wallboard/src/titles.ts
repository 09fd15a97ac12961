// The titles of a list are all of one size, so that size means nothing: the largest at which each fits into a line, or
// else the small one on two lines, in rows that have the room for them.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** How a list sets its titles, as styles and rows know it. */
export type TitleSize = 'large' | 'small' | 'lines';

/** Font sizes in root units, as the styles have them. */
const LARGE_REM = 1.0625;
const SMALL_REM = 0.9375;
const ROW_REM = 3.25;
const ROW_OF_LINES_REM = 3.75;

/** The height of a row whose title is set so. */
export function rowRem(size: TitleSize): number {
  return size === 'lines' ? ROW_OF_LINES_REM : ROW_REM;
}

/**
 * The size for `titles`, measured against the narrowest element in `ref` that has the class `of`. All count, also those
 * on other pages, so that a list does not change when it is turned over. Widths must not follow the titles' size.
 */
export function useTitleSize(
  ref: RefObject<HTMLElement | null>,
  of: string,
  titles: readonly string[],
): TitleSize {
  const size = useSignal<TitleSize>('large');
  const measure = () => {
    const shown = ref.current === null ? [] : [...ref.current.getElementsByClassName(of)];
    if (shown.length > 0) size.value = fitting(shown, titles);
  };
  // After each rendering, since what stands beside the titles takes its room first.
  useLayoutEffect(measure);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [titles.join('\n')]);
  return size.value;
}

const context = document.createElement('canvas').getContext('2d');

function fitting(shown: readonly Element[], titles: readonly string[]): TitleSize {
  const [sample] = shown;
  if (sample === undefined || context === null) return 'lines';
  const { fontWeight, fontFamily } = getComputedStyle(sample);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  context.font = `${fontWeight} ${LARGE_REM * rem}px ${fontFamily}`;
  const widest = Math.max(...titles.map(title => context.measureText(title).width));
  // Widths of elements are rounded, so that one pixel is not counted on.
  const room = Math.min(...shown.map(each => each.clientWidth)) - 1;
  if (widest <= room) return 'large';
  return (widest * SMALL_REM) / LARGE_REM <= room ? 'small' : 'lines';
}
