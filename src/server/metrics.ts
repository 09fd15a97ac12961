// The contract's metrics, declared once in a table. Business counters are rendered from committed cells at each
// scrape, so that a restart neither loses nor repeats a count; while they can't be known they are left out.
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import { COUNTERS, type CounterName } from '../contract/cells.ts';
import { ENTITIES } from '../contract/event.ts';
import { REJECT_REASONS } from '../contract/reject.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { figureOf } from './figures.ts';
import type { LiveView } from './live-view.ts';
import type { QueueLabels } from './queue-labels.ts';

/** Why the HTTP door refused a request or an event; the closed set of `sla_http_refused_total`'s label. */
const REFUSALS = [
  'unauthorized',
  'forbidden',
  'too-large',
  'too-many',
  'unavailable',
  ...REJECT_REASONS,
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** What a metric is; the reference table is generated from this. */
interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

export const METRICS = {
  sla_clock_outcomes_total: {
    type: 'counter',
    labels: COUNTERS.outcome,
    help: 'Clock cycles that ended, by outcome.',
  },
  sla_clock_outcomes_withdrawn_total: {
    type: 'counter',
    labels: COUNTERS.outcomeWithdrawn,
    help: 'Outcomes that were counted and then taken back.',
  },
  sla_clock_breaches_total: {
    type: 'counter',
    labels: COUNTERS.breach,
    help: 'Clock cycles that passed their due instant.',
  },
  sla_clock_breaches_withdrawn_total: {
    type: 'counter',
    labels: COUNTERS.breachWithdrawn,
    help: 'Breaches that were counted and then taken back.',
  },
  sla_clock_open: { type: 'gauge', labels: ['rule', 'state'], help: 'Open clock cycles by state.' },
  sla_indicator_ratio: {
    type: 'gauge',
    labels: ['rule', 'group'],
    help: 'Current value of ratio indicators, 0 to 1; absent without data.',
  },
  sla_indicator_value: {
    type: 'gauge',
    labels: ['rule', 'group'],
    help: 'Current value of other indicators; seconds for durations; absent without data.',
  },
  sla_alerts: { type: 'gauge', labels: ['rule', 'severity', 'state'], help: 'Alerts by state.' },
  sla_timer_lag_seconds: {
    type: 'histogram',
    labels: [],
    help: 'From the due instant of a timer until it fired.',
  },
  sla_event_lag_seconds: {
    type: 'histogram',
    labels: [],
    help: 'From the storing of an event until its effects were committed.',
  },
  sla_events_total: { type: 'counter', labels: COUNTERS.event, help: 'Events read, by result.' },
  sla_events_rejected_total: {
    type: 'counter',
    labels: COUNTERS.reject,
    help: 'Events read from the streams that could not be used, by reason; whole in SLA_REJECTS.',
  },
  sla_partition_pending: {
    type: 'gauge',
    labels: ['partition'],
    help: 'Messages that are stored and not yet applied.',
  },
  sla_calendar_covered_until_seconds: {
    type: 'gauge',
    labels: ['calendar'],
    help: 'Unix time of the first instant whose holidays a calendar does not know; plain hours hold from then on.',
  },
  sla_wallboard_clients: { type: 'gauge', labels: [], help: 'Open wallboard connections.' },
  sla_wallboard_frames_total: { type: 'counter', labels: [], help: 'Frames sent to wallboards.' },
  sla_http_refused_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Requests and events that were refused at the HTTP door.',
  },
} as const satisfies Readonly<Record<string, MetricRow>>;
export type MetricName = keyof typeof METRICS;

/** Bounds at the design's aims: 25 ms and 100 ms for timers, 250 ms for boards. */
const TIMER_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];
const EVENT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

/** prom-client's gauges with a counter's suffix, which `promtool check metrics` refuses. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Groups of one indicator beyond this many are left out of the scrape. */
export const GROUPS_MAX = 200;

const CLOCK_STATES = ['running', 'paused', 'overdue'] as const;
const ALERT_STATES = ['pending', 'firing'] as const;

export interface MetricsOptions {
  readonly registry: Registry;
  readonly view: LiveView;
  readonly policy: () => CompiledPolicy;
  readonly queues: Pick<QueueLabels, 'label' | 'know'>;
  readonly clients: () => number;
}

export interface Metrics {
  readonly timerLag: Histogram;
  readonly eventLag: Histogram;
  readonly frames: Counter;
  refused(reason: Refusal): void;
}

/** Declares all metrics in the registry. Lag histograms are observed by the processor of this process, in seconds. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { registry } = options;
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  declareCounters(options);
  declareGauges(options);
  const refused = new Counter({ ...named('sla_http_refused_total'), registers });
  for (const reason of REFUSALS) refused.inc({ reason }, 0);
  return {
    timerLag: new Histogram({ ...named('sla_timer_lag_seconds'), buckets: TIMER_BUCKETS, registers }),
    eventLag: new Histogram({ ...named('sla_event_lag_seconds'), buckets: EVENT_BUCKETS, registers }),
    frames: new Counter({ ...named('sla_wallboard_frames_total'), registers }),
    refused: reason => refused.inc({ reason }),
  };
}

function named(name: MetricName): { name: MetricName; help: string; labelNames: string[] } {
  const { help, labels } = METRICS[name];
  return { name, help, labelNames: [...labels] };
}

type Labels = Record<string, string>;

/** Counters that are cells: the cell's name, the metric's, and the label sets that are there from the start. */
function declareCounters(options: MetricsOptions): void {
  const { registry, view, policy, queues } = options;
  const outcomes = (): Labels[] =>
    policy().clocks.flatMap(({ rule }) => ['met', 'missed'].map(outcome => ({ rule, outcome, queue: '' })));
  const breaches = (): Labels[] => policy().clocks.map(({ rule }) => ({ rule, queue: '' }));
  const events = (): Labels[] =>
    ENTITIES.flatMap(entity => ['applied', 'duplicate', 'rejected'].map(result => ({ entity, result })));
  const table: readonly [CounterName, MetricName, () => Labels[]][] = [
    ['outcome', 'sla_clock_outcomes_total', outcomes],
    ['outcomeWithdrawn', 'sla_clock_outcomes_withdrawn_total', outcomes],
    ['breach', 'sla_clock_breaches_total', breaches],
    ['breachWithdrawn', 'sla_clock_breaches_withdrawn_total', breaches],
    ['event', 'sla_events_total', events],
    ['reject', 'sla_events_rejected_total', () => REJECT_REASONS.map(reason => ({ reason }))],
  ];
  for (const [cell, metric, initial] of table) {
    const labelNames: readonly string[] = COUNTERS[cell];
    new Counter({
      ...named(metric),
      registers: [registry],
      async collect() {
        await queues.know(view.countable && labelNames.includes('queue') ? queuesOf(view) : []);
        // From here on nothing waits: scrapes at the same time must not add to each other.
        this.reset();
        if (!view.countable) return;
        for (const labels of initial()) this.inc(labels, 0);
        for (const [[name, ...values], total] of view.book.entries('c')) {
          if (name !== cell) continue;
          const labels = labelsOf(labelNames, values, queues);
          if (labels) this.inc(labels, total);
        }
      },
    });
  }
}

/** The queues that counters name: the last part of those that have one. */
function* queuesOf(view: LiveView): Iterable<string> {
  for (const [[name, ...values]] of view.book.entries('c')) {
    if (name === 'outcome' || name === 'breach') yield values.at(-1) ?? '';
  }
}

/** Null while the queue has no label yet, which leaves the count out for now rather than under another name. */
function labelsOf(
  names: readonly string[],
  values: readonly string[],
  queues: MetricsOptions['queues'],
): Labels | null {
  const labels: Labels = {};
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? '';
    const label = name === 'queue' ? queues.label(value) : value;
    if (label === null) return null;
    labels[name] = label;
  }
  return labels;
}

function declareGauges({ registry, view, policy, clients }: MetricsOptions): void {
  const registers = [registry];
  const indicatorGauge = (name: MetricName, ratio: boolean): void => {
    new Gauge({
      ...named(name),
      registers,
      collect() {
        this.reset();
        if (!view.countable) return;
        const now = view.asOf();
        for (const indicator of policy().indicators) {
          if ((indicator.unit === 'ratio') !== ratio) continue;
          const groups = ['all', ...view.book.groups(indicator).filter(group => group !== 'all')];
          for (const group of groups.slice(0, GROUPS_MAX)) {
            const { value } = figureOf(indicator, group, view.book, [], now);
            if (value !== null) this.set({ rule: indicator.rule, group }, value);
          }
        }
      },
    });
  };
  new Gauge({
    ...named('sla_clock_open'),
    registers,
    collect() {
      this.reset();
      if (!view.countable) return;
      for (const { rule } of policy().clocks) for (const state of CLOCK_STATES) this.set({ rule, state }, 0);
      for (const [[metric, rule = '', state = ''], total] of view.book.entries('g')) {
        if (metric === 'open') this.set({ rule, state }, total);
      }
    },
  });
  indicatorGauge('sla_indicator_ratio', true);
  indicatorGauge('sla_indicator_value', false);
  new Gauge({
    ...named('sla_alerts'),
    registers,
    collect() {
      this.reset();
      if (!view.countable) return;
      for (const { rule, alert } of policy().indicators) {
        if (!alert) continue;
        for (const state of ALERT_STATES) this.set({ rule, severity: alert.severity, state }, 0);
      }
      for (const { rule, state } of view.alerts) {
        const alert = policy().indicators.find(indicator => indicator.rule === rule)?.alert;
        if (state !== 'resolved') this.inc({ rule, severity: alert?.severity ?? 'none', state });
      }
    },
  });
  new Gauge({
    ...named('sla_partition_pending'),
    registers,
    collect() {
      this.reset();
      for (let p = 0; p < view.partitions; p++) {
        const status = view.status(p);
        if (status) this.set({ partition: String(p) }, status.pending);
      }
    },
  });
  new Gauge({
    ...named('sla_calendar_covered_until_seconds'),
    registers,
    collect() {
      this.reset();
      for (const calendar of policy().calendars.values()) {
        const until = calendar.coveredUntil(Date.now());
        if (until !== null) this.set({ calendar: calendar.name }, until / 1000);
      }
    },
  });
  new Gauge({
    ...named('sla_wallboard_clients'),
    registers,
    collect() {
      this.set(clients());
    },
  });
}
