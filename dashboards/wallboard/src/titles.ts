// The titles of a list are all of one size, so that size means nothing: the largest at which each fits into a line, or
// else the small one on two lines, in rows that have the room for them.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

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
  const known = useRef<Room>({ list: 0, widest: 0, room: 0 });
  const measure = () => {
    const list = ref.current;
    const shown = list === null ? [] : [...list.getElementsByClassName(of)];
    const [sample] = shown;
    if (list === null || sample === undefined) return;
    const widest = widestOf(titles, sample);
    const before = known.current;
    const same = before.list === list.clientWidth && before.widest === widest;
    const room = Math.min(same ? before.room : Number.POSITIVE_INFINITY, ...shown.map(roomOf));
    known.current = { list: list.clientWidth, widest, room };
    size.value = fitting(widest, room);
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

/**
 * The least room that titles have had in a list of this width with this widest title. Rows that a larger size lets in
 * may leave less to all: if only the present room counted, the two sizes could take turns for ever.
 */
interface Room {
  readonly list: number;
  readonly widest: number;
  readonly room: number;
}

/** Widths of elements are rounded, so that one pixel is not counted on. */
function roomOf(title: Element): number {
  return title.clientWidth - 1;
}

const context = document.createElement('canvas').getContext('2d');

/** The width of the widest title, set large in the letters of `sample`. */
function widestOf(titles: readonly string[], sample: Element): number {
  if (context === null) return Number.POSITIVE_INFINITY;
  const { fontWeight, fontFamily } = getComputedStyle(sample);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  context.font = `${fontWeight} ${LARGE_REM * rem}px ${fontFamily}`;
  return Math.max(0, ...titles.map(title => context.measureText(title).width));
}

function fitting(widest: number, room: number): TitleSize {
  if (widest <= room) return 'large';
  return (widest * SMALL_REM) / LARGE_REM <= room ? 'small' : 'lines';
}
