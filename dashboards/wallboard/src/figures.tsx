// The row of large figures. Each says its state by shape, word and colour, and what it was counted from.
import { useRef } from 'preact/hooks';
import type { AlertRow, Figure } from '../../../src/contract/frame.ts';
import { count, figure, span } from './format.ts';
import { BadIcon, FewIcon, NoDataIcon, OkIcon, WarnIcon } from './icons.tsx';
import { stale } from './live.ts';
import { lang } from './settings.ts';
import { firingAlert, TONE_ICON, type Tone, toneOf } from './severity.ts';
import { type TextKey, t, titled } from './text.ts';
import { useTitleSize } from './titles.ts';

/** More figures than this are set in two rows. */
const ONE_ROW_MAX = 8;

interface Told {
  readonly text: TextKey;
  readonly Icon: typeof OkIcon;
}

/** The group of a figure that is not taken apart. */
const TOTAL = 'all';

const STALE: Told = { text: 'figureStale', Icon: NoDataIcon };
const STATE: Record<Figure['state'], Told> = {
  ok: { text: 'figureOk', Icon: OkIcon },
  pending: { text: 'figurePending', Icon: WarnIcon },
  firing: { text: 'figureFiring', Icon: BadIcon },
  'no-data': { text: 'figureNoData', Icon: NoDataIcon },
  few: { text: 'figureFew', Icon: FewIcon },
};

export function Figures(props: {
  readonly figures: readonly Figure[];
  readonly alerts: readonly AlertRow[];
}) {
  const { figures, alerts } = props;
  const ref = useRef<HTMLElement>(null);
  const size = useTitleSize(
    ref,
    'figure-title',
    figures.map(each => titled(each.title)),
  );
  const columns = figures.length <= ONE_ROW_MAX ? figures.length : Math.ceil(figures.length / 2);
  return (
    <section
      class="figures"
      aria-label={t('figures')}
      data-titles={size}
      style={{ '--columns': Math.max(1, columns) }}
      ref={ref}
    >
      {figures.map(each => (
        <FigureCard key={each.rule} figure={each} alert={firingAlert(alerts, each.rule, TOTAL)} />
      ))}
    </section>
  );
}

function FigureCard(props: { readonly figure: Figure; readonly alert: AlertRow | null }) {
  const { title, unit, value, threshold, variant, state, windowMs, leader } = props.figure;
  // Of a figure that fires without its alert in the list the gravest is supposed.
  const tone = state === 'firing' && !stale.value ? toneOf(props.alert?.severity ?? 'critical') : null;
  const told = tell(props.figure, tone);
  const shown = value === null ? null : figure(value, unit, threshold, lang.value);
  return (
    <article
      class="figure"
      data-state={stale.value ? 'stale' : state}
      data-tone={tone}
      data-rule={props.figure.rule}
    >
      <header class="figure-head">
        <h2 class="figure-title" title={titled(title)}>
          {titled(title)}
        </h2>
        {told && <told.Icon />}
      </header>
      <p class="figure-value" data-long={shown !== null && shown.text.length > 6}>
        {shown === null ? <span aria-hidden="true">—</span> : shown.text}
        {shown !== null && shown.unit !== '' && <small>{shown.unit}</small>}
      </p>
      <Meter figure={props.figure} />
      <footer class="figure-foot">
        <p class="figure-basis">
          <span>
            {told && <b class="figure-state">{t(told.text)}</b>}
            {told && threshold !== null && ' · '}
            {threshold !== null && bound(props.figure, threshold)}
          </span>
          <span>{cases(props.figure)}</span>
        </p>
        <p class="figure-variant">
          {windowMs ? `${t('window')} ${span(windowMs, lang.value)}` : t('now')}
          {leader !== null && ` · ${leader}`}
          {variant !== null && ` · ${titled(variant)}`}
        </p>
      </footer>
    </article>
  );
}

/** The shape and word of a figure's state. A figure without a bound has none to tell, unless it lacks data. */
function tell(of: Figure, tone: Tone | null): Told | null {
  if (stale.value) return STALE;
  if (tone !== null) return { text: 'figureFiring', Icon: TONE_ICON[tone] };
  return of.state === 'ok' && of.threshold === null ? null : STATE[of.state];
}

/** `max 5%` */
function bound(of: Figure, threshold: number): string {
  const shown = figure(threshold, of.unit, threshold, lang.value);
  const gap = of.unit === 'seconds' && shown.unit !== '' ? ' ' : '';
  return `${t(of.badWhen === 'below' ? 'atLeast' : 'atMost')} ${shown.text}${gap}${shown.unit}`;
}

/** The cases behind it: `32 / 508`, or how many a mean was taken of. */
function cases(of: Figure): string {
  if (of.unit === 'ratio') return `${count(of.numerator)} / ${count(of.denominator)}`;
  return of.windowMs && of.denominator > 0 ? `n = ${count(of.denominator)}` : '';
}

/** Where the value stands between nothing and twice its upper bound, or, for a lower bound, up to the whole. */
function Meter(props: { readonly figure: Figure }) {
  const { value, threshold, badWhen, unit } = props.figure;
  if (threshold === null || threshold <= 0) return <div class="meter meter-none" />;
  const full = badWhen === 'below' && unit === 'ratio' ? 1 : threshold * 2;
  const share = (x: number) => `${Math.min(1, Math.max(0, x / full)) * 100}%`;
  return (
    <div class="meter" aria-hidden="true">
      {value !== null && <div class="meter-fill" style={{ width: share(value) }} />}
      <div class="meter-bound" style={{ left: share(threshold) }} />
    </div>
  );
}
