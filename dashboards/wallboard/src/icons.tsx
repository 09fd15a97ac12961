// Icons, one a meaning, each with an outline of its own so that no state is told by colour alone.
import type { ComponentChildren } from 'preact';

interface Props {
  readonly class?: string;
}

function icon(children: ComponentChildren) {
  return (props: Props) => (
    <svg class={`icon ${props.class ?? ''}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

/** In bounds: a ring with a tick. */
export const OkIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" class="line" />
    <path d="m8 12.4 2.8 2.8L16.2 9.5" class="line" />
  </>,
);

/** Out of bounds but not yet for long enough, warned, or an alert of a lesser severity: a triangle. */
export const WarnIcon = icon(
  <>
    <path d="M12 3.8 21.5 20h-19z" class="line" />
    <path d="M12 10v4.200M12 17v.1" class="line" />
  </>,
);

/** A grave alert, or overdue: a filled octagon. */
export const BadIcon = icon(
  <>
    <path d="M8 2.500h8L21.5 8v8L16 21.500H8L2.5 16V8z" class="fill" />
    <path d="M12 7.500v5.300M12 16.300v.1" class="cut" />
  </>,
);

/** No data: a broken ring with a dash. */
export const NoDataIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" class="line dashed" />
    <path d="M8.5 12h7" class="line" />
  </>,
);

/** Too few cases: a ring with dots. */
export const FewIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" class="line" />
    <path d="M8 12v.1M12 12v.1M16 12v.1" class="line dots" />
  </>,
);

export const PausedIcon = icon(
  <>
    <rect x="6" y="5" width="4" height="14" rx="1" class="fill" />
    <rect x="14" y="5" width="4" height="14" rx="1" class="fill" />
  </>,
);

export const ClockIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" class="line" />
    <path d="M12 7v5.300l3.5 2" class="line" />
  </>,
);

/** Taken back: an arrow that turns round. */
export const UndoIcon = icon(<path d="M8.5 5 4 9.5 8.5 14M4.5 9.500h9a6 6 0 0 1 0 12H9" class="line" />);

export const ArrowIcon = icon(<path d="M4 12h15M13 6l6 6-6 6" class="line" />);
export const PreviousIcon = icon(<path d="m14.5 6-6 6 6 6" class="line" />);
export const NextIcon = icon(<path d="m9.5 6 6 6-6 6" class="line" />);

export const LostIcon = icon(<path d="m6 6 12 12M18 6 6 18" class="line" />);
export const LiveIcon = icon(<circle cx="12" cy="12" r="6" class="fill" />);

export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" class="line" />
    <path
      d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.400M18.4 5.6 17 7M7 17l-1.4 1.4"
      class="line"
    />
  </>,
);
export const MoonIcon = icon(
  <path d="M20 14.200A8.3 8.3 0 1 1 9.8 4a6.6 6.6 0 0 0 10.2 10.200z" class="line" />,
);

export const BrandIcon = icon(
  <>
    <path d="M5 16.500a8 8 0 1 1 14 0" class="line" />
    <path d="m12 14 3.8-4.7" class="line accent" />
  </>,
);
