// Promises that are about to be broken, and those that are: countdowns that tick with the centre's seconds.
import { useRef } from 'preact/hooks';
import type { RiskRow } from '../../../src/contract/frame.ts';
import { count, moment, remaining, running } from './format.ts';
import { BadIcon, ClockIcon, OkIcon, PausedIcon } from './icons.tsx';
import { boardNow, live, stale } from './live.ts';
import { Pager } from './pager.tsx';
import { useFit, usePages } from './pages.ts';
import { lang } from './settings.ts';
import { andMore, type Counted, ruleBeside, type TextKey, t, titled, unitOf } from './text.ts';
import { rowRem, useTitleSize } from './titles.ts';

interface Props {
  readonly kind: 'atRisk' | 'overdue';
  readonly rows: readonly RiskRow[];
  /** All there are, cases at risk or overdue clocks, of which `rows` are the most pressing clocks. */
  readonly total: number;
  readonly empty: TextKey;
}

export function Risk(props: Props) {
  const { kind, rows, total } = props;
  const ref = useRef<HTMLDivElement>(null);
  const titles = rows.map(row => titled(row.title));
  const size = useTitleSize(ref, 'risk-title', titles);
  const fit = useFit(ref, rowRem(size), rows.length);
  // What is due next must always be seen; of what is overdue the longest comes first, and all turn over.
  const pages = usePages(kind === 'overdue' ? Math.max(1, Math.ceil(rows.length / fit)) : 1);
  const shown = rows.slice(pages.page * fit, (pages.page + 1) * fit);
  const counted: Counted = kind === 'overdue' ? 'clock' : 'case';
  // What no page shows, in the unit of the total, and never less than the rows tell of.
  const seen = pages.pages > 1 ? rows : shown;
  const rest = Math.max(total, numberOf(rows, counted)) - numberOf(seen, counted);
  return (
    <section
      class="card risk"
      data-kind={kind}
      data-empty={rows.length === 0}
      style={{ '--rows': rows.length, '--least': `${rowRem(size)}rem` }}
      aria-labelledby={`${kind}-title`}
      onMouseEnter={() => pages.hold(true)}
      onMouseLeave={() => pages.hold(false)}
    >
      <header class="card-head">
        <h2 id={`${kind}-title`}>{t(kind)}</h2>
        <span class="card-count" data-alarm={kind === 'overdue' && total > 0}>
          {count(total)}
        </span>
        <span class="card-unit">{unitOf(counted, total)}</span>
        {rest > 0 && (
          <span class="card-rest" title={andMore(counted, rest)}>
            {andMore(counted, rest)}
          </span>
        )}
        <Pager pages={pages} />
      </header>
      {shown.some(row => row.uncovered === true) && <p class="card-note">≈ {t('uncovered')}</p>}
      <div class="card-body" data-titles={size} ref={ref}>
        {rows.length === 0 ? (
          <p class="empty">
            {!stale.value && <OkIcon />}
            {t(props.empty)}
          </p>
        ) : (
          <table class="table risk-table">
            <thead class="unseen">
              <tr>
                <th scope="col">{t(kind === 'overdue' ? 'late' : 'left')}</th>
                <th scope="col">{t('promise')}</th>
                <th scope="col">{t('customer')}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(row => (
                <Case key={`${row.entity}/${row.case}/${row.rule}/${row.startedAt}`} row={row} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

/** How many clocks rows are, or how many cases they are of. */
function numberOf(rows: readonly RiskRow[], counted: Counted): number {
  if (counted === 'clock') return rows.length;
  return new Set(rows.map(row => `${row.entity}/${row.case}`)).size;
}

function Case(props: { readonly row: RiskRow }) {
  const { row } = props;
  const title = titled(row.title);
  return (
    <tr data-state={row.state} data-case={row.case}>
      <td class="risk-time">
        <Countdown row={row} />
      </td>
      <td class="risk-what">
        <span class="risk-title" title={title}>
          {title}
        </span>
        <span class="risk-sub">
          <b>{ruleBeside(row.rule, title)}</b> {row.case}
        </span>
      </td>
      <td class="risk-who">
        <span title={row.queue}>{row.queue || t('unnamed')}</span>
        <span class="risk-sub">{row.customer}</span>
      </td>
    </tr>
  );
}

/** The server says when a promise is broken; until it does, a countdown stops at 0:00. */
function Countdown(props: { readonly row: RiskRow }) {
  const { row } = props;
  switch (row.state) {
    case 'paused':
      // Paused time moves the due instant along, so what is left stands still.
      return (
        <>
          <span class="risk-count">
            <PausedIcon />
            {remaining(row.dueAt - live.value.riskAsOf, lang.value)}
          </span>
          <span class="risk-sub">
            {t('paused')} <Unsure row={row} />
          </span>
        </>
      );
    case 'overdue':
      return (
        <>
          <span class="risk-count">
            <BadIcon />+{running(boardNow.value - row.dueAt, lang.value)}
          </span>
          <Due row={row} />
        </>
      );
    case 'running':
      return (
        <>
          <span class="risk-count">
            <ClockIcon />
            {remaining(row.dueAt - boardNow.value, lang.value)}
          </span>
          <Due row={row} />
        </>
      );
    default: {
      const left: never = row.state;
      return left;
    }
  }
}

function Due({ row }: { readonly row: RiskRow }) {
  return (
    <span class="risk-sub">
      {t('due')} <Unsure row={row} />
      {moment(row.dueAt, boardNow.value, live.value.timezone)}
    </span>
  );
}

/** Marks a due instant that was computed across a year whose holidays are not known. */
function Unsure({ row }: { readonly row: RiskRow }) {
  if (row.uncovered !== true) return null;
  return <abbr title={t('uncovered')}>≈</abbr>;
}
