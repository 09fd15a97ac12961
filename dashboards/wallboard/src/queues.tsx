// The queues, one row each: who waits, how long, and how the promises stand there.
import { useRef } from 'preact/hooks';
import type { AlertRow, Figure, QueueRow } from '../../../src/contract/frame.ts';
import { count, percent, runningShort } from './format.ts';
import { BadIcon } from './icons.tsx';
import { boardNow } from './live.ts';
import { Pager } from './pager.tsx';
import { useFit, usePages } from './pages.ts';
import { lang } from './settings.ts';
import { TONE_ICON, type Tone, toneOf } from './severity.ts';
import { type TextKey, t } from './text.ts';

const ROW_REM = 2.75;
const CELL_DIGITS_MAX = 2;
const COMPLAINT_RATE = 'S0-20';

/** Columns that a figure of the policy fills, with its rule, from left to right. */
const COLUMNS = {
  waiting: { rule: 'CC-01', head: 'waiting' },
  longestSince: { rule: 'CC-02', head: 'longest' },
  serviceLevel: { rule: 'CC-03', head: 'serviceLevel' },
  abandonment: { rule: 'CC-04', head: 'abandonment' },
  complaintRate: { rule: COMPLAINT_RATE, head: 'complaints' },
} as const satisfies Partial<Record<keyof QueueRow, { rule: string; head: TextKey }>>;

type Column = keyof typeof COLUMNS;
const COLUMN_ORDER = [
  'waiting',
  'longestSince',
  'serviceLevel',
  'abandonment',
  'complaintRate',
] as const satisfies readonly Column[];

interface Props {
  readonly queues: readonly QueueRow[];
  readonly alerts: readonly AlertRow[];
  readonly figures: readonly Figure[];
}

export function Queues(props: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const fit = useFit(ref, ROW_REM, props.queues.length + 1);
  // The header of the table takes one row's place.
  const each = Math.max(1, fit - 1);
  const pages = usePages(Math.max(1, Math.ceil(props.queues.length / each)));
  const shown = props.queues.slice(pages.page * each, (pages.page + 1) * each);
  const bound = props.figures.find(figure => figure.rule === COMPLAINT_RATE)?.threshold ?? null;
  const columns = columnsOf(props);
  const firing = props.alerts.filter(alert => alert.state === 'firing');
  return (
    <section
      class="card queues"
      aria-labelledby="queues-title"
      onMouseEnter={() => pages.hold(true)}
      onMouseLeave={() => pages.hold(false)}
    >
      <header class="card-head">
        <h2 id="queues-title">{t('queues')}</h2>
        <span class="card-count">{count(props.queues.length)}</span>
        <Pager pages={pages} />
      </header>
      <div class="card-body" ref={ref}>
        {props.queues.length === 0 ? (
          <p class="empty">{t('noQueues')}</p>
        ) : (
          <table class="table queue-table">
            <thead>
              <tr>
                <th scope="col">{t('queue')}</th>
                {columns.map(column => (
                  <th key={column} scope="col">
                    {t(COLUMNS[column].head)}
                  </th>
                ))}
                <th scope="col">{t('openCases')}</th>
                <th scope="col">{t('overdueCases')}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(row => (
                <Queue
                  key={row.queue}
                  row={row}
                  columns={columns}
                  bound={bound}
                  firing={firing.filter(a => concerns(a, row))}
                />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

/** A column stays while the policy has its figure, so that none comes and goes with the calls. */
function columnsOf({ queues, figures }: Props): Column[] {
  return COLUMN_ORDER.filter(
    column =>
      queues.some(row => row[column] !== null) ||
      figures.some(figure => figure.rule === COLUMNS[column].rule),
  );
}

/** Whether an alert's group is this queue, or a part of it. */
function concerns(alert: AlertRow, row: QueueRow): boolean {
  return alert.group.split(',').includes(`queue=${row.queue}`);
}

function Queue(props: {
  readonly row: QueueRow;
  readonly columns: readonly Column[];
  readonly bound: number | null;
  readonly firing: readonly AlertRow[];
}) {
  const { row, columns, bound, firing } = props;
  const name = row.queue || t('unnamed');
  const complaints = firing.find(alert => alert.rule === COMPLAINT_RATE);
  const tone = complaints === undefined ? null : toneOf(complaints.severity);
  return (
    <tr data-queue={row.queue}>
      <th scope="row" title={name}>
        {name}
      </th>
      {columns.map(column => (
        <Cell key={column} column={column} row={row} bound={bound} alert={tone} />
      ))}
      <td data-zero={row.openCases === 0}>{count(row.openCases)}</td>
      <td data-zero={row.overdue === 0} class={row.overdue > 0 ? 'bad' : ''}>
        {row.overdue > 0 && <BadIcon />}
        {count(row.overdue)}
      </td>
    </tr>
  );
}

function Cell(props: {
  readonly column: Column;
  readonly row: QueueRow;
  readonly bound: number | null;
  readonly alert: Tone | null;
}) {
  const { column, row, bound, alert } = props;
  switch (column) {
    case 'waiting':
      return <td data-zero={!row.waiting}>{row.waiting === null ? '–' : count(row.waiting)}</td>;
    case 'longestSince':
      return (
        <td data-zero={row.longestSince === null}>
          {row.longestSince === null ? '–' : <Waited since={row.longestSince} />}
        </td>
      );
    case 'serviceLevel':
    case 'abandonment':
      return <Share value={row[column]} bound={null} alert={null} />;
    case 'complaintRate':
      return <Share value={row.complaintRate} bound={bound} alert={alert} />;
    default: {
      const left: never = column;
      return left;
    }
  }
}

function Waited(props: { readonly since: number }) {
  return <>{runningShort(boardNow.value - props.since, lang.value)}</>;
}

function Share(props: {
  readonly value: number | null;
  readonly bound: number | null;
  /** The tone of the alert that fires on it. */
  readonly alert: Tone | null;
}) {
  const { value, bound, alert } = props;
  if (value === null) return <td data-zero="true">–</td>;
  const tone = alert ?? (bound !== null && value > bound ? 'warn' : null);
  const Icon = tone === null ? null : TONE_ICON[tone];
  return (
    <td class={tone ?? ''}>
      {Icon !== null && <Icon />}
      {percent(value, bound, CELL_DIGITS_MAX)}
    </td>
  );
}
