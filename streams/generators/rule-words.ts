// Clocks and figures in words, as rows of a table: conditions, targets, ladders, alerts.
import {
  type AttributeCondition,
  type CompiledClock,
  type CompiledIndicator,
  type CompiledPolicy,
  type DerivedAttribute,
  type Duration,
  NOTIFY,
  type Occasion,
} from '../../src/policy/compiled.ts';
import { conditionText, occasionsText, type Shown } from '../../src/policy/condition-words.ts';
import { code } from './table.ts';

const DAY_MS = 86_400_000;
const UNITS = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** Rule, both titles, document, to what, start, stop, target, what is done at once, ladder, tests. */
export function clockRow(clock: CompiledClock, policy: CompiledPolicy, tests: string): string[] {
  const applies = [clock.entity, clock.when.map(condition).join('; or ')].filter(Boolean).join(': ');
  const modes = [
    clock.each === null ? '' : `each ${clock.each}`,
    clock.repeat ? 'then again' : '',
    clock.once ? 'once' : '',
    clock.overlap === null
      ? ''
      : `each start its own, a stop ends ${clock.overlap === 'all' ? 'all' : 'the latest'}`,
    clock.reopen === 'ignore' ? '' : `reopened: ${clock.reopen}`,
    ...clock.pauses.map(index => pauseWords(policy, index)),
  ].filter(Boolean);
  return [
    clock.rule,
    clock.title.zh,
    clock.title.en,
    clock.source ?? '—',
    [applies, ...modes].join('; '),
    events(clock.start),
    events(clock.stop),
    targetWords(clock) + objectiveWords(clock),
    atOnceWords(clock),
    clock.ladder.map(({ afterMs, to }) => (afterMs === 0 ? to : `${to} after ${span(afterMs)}`)).join(', ') ||
      '—',
    tests,
  ];
}

/** Rule, both titles, document, kind, figure, window, alert, tests. */
export function indicatorRow(indicator: CompiledIndicator, tests: string): string[] {
  const { rule, title, source, variant, windowMs, alert } = indicator;
  return [
    rule,
    variant === null ? title.zh : `${title.zh}（${variant.zh}）`,
    variant === null ? title.en : `${title.en} (${variant.en})`,
    source ?? '—',
    rule.startsWith('E-') ? 'evidence' : 'indicator',
    figure(indicator),
    windowMs === 0 ? 'now' : span(windowMs),
    alert === null ? '—' : alertWords(indicator),
    tests,
  ];
}

/** An attribute that events set for good, and which. */
export function derivedRow({ path, set }: DerivedAttribute): string[] {
  return [code(path), events(set)];
}

function figure({ measure }: CompiledIndicator): string {
  switch (measure.kind) {
    case 'ratio':
      return `${events(measure.count)} / ${events(measure.of)}`;
    case 'clock':
      return `cycles of ${measure.rule} that were kept`;
    case 'field':
      return `${measure.stat} of ${code(measure.field)} of ${events(measure.of)}`;
    case 'share':
      return `largest part by ${code(measure.field)} of ${events(measure.of)}`;
    case 'level': {
      const inside =
        measure.from.length === 0
          ? measure.when.map(condition).join(' or ')
          : `from ${events(measure.from)} to ${events(measure.to)}`;
      return measure.longest ? `longest ${inside}` : `${measure.entity}s ${inside}`;
    }
    default:
      return measure satisfies never;
  }
}

function alertWords({ alert, unit }: CompiledIndicator): string {
  if (alert === null) return '—';
  const value = (bound: number) =>
    unit === 'ratio' ? `${Number((bound * 100).toFixed(4))}%` : String(bound);
  const bound = alert.above === null ? `below ${value(alert.below ?? 0)}` : `above ${value(alert.above)}`;
  return [
    bound,
    alert.atLeast > 0 ? `at least ${alert.atLeast}` : '',
    alert.forMs > 0 ? `for ${span(alert.forMs)}` : '',
    alert.action === null ? alert.severity : `${alert.severity}, ${alert.action}`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** The reference shows values as the policy writes them. */
const SHOWN: Shown = { type: code, attribute: path => path, value: (_, value) => value };

function events(matchers: readonly Occasion[]): string {
  return occasionsText(matchers, 'en', SHOWN);
}

function condition(tests: AttributeCondition): string {
  return conditionText(tests, 'en', SHOWN);
}

function pauseWords({ pauses }: CompiledPolicy, index: number): string {
  const pause = pauses[index];
  return pause === undefined ? '' : `pauses from ${events(pause.from)} to ${events(pause.to)}`;
}

function targetWords({ target }: CompiledClock): string {
  switch (target.kind) {
    case 'fixed':
      return durationWords(target.duration);
    case 'by': {
      const values = [...target.values].map(([value, duration]) => `${value} ${durationWords(duration)}`);
      if (target.otherwise !== null) values.push(`else ${durationWords(target.otherwise)}`);
      return `by ${target.attribute}: ${values.join(', ')}`;
    }
    case 'at':
      return `the instant in ${code(target.field)}`;
    default:
      return target satisfies never;
  }
}

function objectiveWords({ objective }: CompiledClock): string {
  if (objective === null) return '';
  const { share, windowMs } = objective;
  return `; objective ${Number((share * 100).toFixed(6))} % over ${durationWords({ kind: 'time', ms: windowMs })}`;
}

function atOnceWords({ atOnce }: CompiledClock): string {
  if (atOnce === null) return '—';
  const { action, to } = atOnce;
  const plan = action === NOTIFY && to.length > 0 ? [] : [code(action)];
  return [...plan, ...to].join(', ');
}

function durationWords(duration: Duration): string {
  if (duration.kind === 'time') return span(duration.ms);
  if (duration.days === 0) return 'that business day';
  return `${duration.days} bd${duration.sameTime ? ' at the same time' : ''}`;
}

/** Up to three days in hours, as the documents do. */
function span(ms: number): string {
  if (ms >= 3 * DAY_MS && ms % DAY_MS === 0) return `${ms / DAY_MS} d`;
  const unit = UNITS.find(([, size]) => ms % size === 0);
  return unit === undefined ? `${ms} ms` : `${ms / unit[1]} ${unit[0]}`;
}
