// From an indicator as a policy writes it to one that the engine counts.
import type { Entity } from '../contract/event.ts';
import type { CompiledAlert, CompiledClock, CompiledIndicator, EventMatcher, Measure } from './compiled.ts';
import { checkAttribute, checkField, compileEvents, compileWhen, fieldPath } from './conditions.ts';
import { type Declared, entityOf, isAttribute, kindOf } from './fields.ts';
import { nearest } from './nearest.ts';
import type { Place } from './place.ts';
import { type AlertText, type IndicatorText, STATISTICS } from './schema.ts';
import { sourceOf, timeOf, titleOf } from './texts.ts';

export interface IndicatorContext {
  readonly declared: Declared;
  readonly clocks: ReadonlyMap<string, CompiledClock>;
  /** Rules of clocks that are written but not sound. */
  readonly brokenClocks: ReadonlySet<string>;
  /** There are clocks of which not even the rule can be read. */
  readonly someClockUnknown: boolean;
}

type Unit = CompiledIndicator['unit'];

const KINDS = ['count', 'clock', ...STATISTICS, 'share', 'level'] as const;
const KIND_ADVICE = {
  expected: 'one of count, clock, mean, p50, p90, p95, max, share or level',
  example: 'count: { type: ticket.created, kind: complaint }',
};
const OF_ADVICE = { expected: 'of: an event condition', example: 'of: { type: ticket.created }' };

/** An indicator's entities with the attributes of each that its contributions depend on. */
export type Reads = ReadonlyMap<Entity, ReadonlySet<string>>;

/** Null when the measure is not sound; the place has been told. */
export function compileIndicator(
  place: Place,
  text: IndicatorText,
  index: number,
  context: IndicatorContext,
): { readonly indicator: CompiledIndicator; readonly reads: Reads } | null {
  const measure = compileMeasure(place, text, context);
  const windowMs = compileWindow(place, text, text.level !== undefined);
  const paneMs = compilePane(place, text, windowMs);
  const unit = text.unit ?? (measure === null ? unitMeant(text) : unitOf(measure));
  const alert =
    text.alert === undefined || unit === null ? null : compileAlert(place.at('alert'), text.alert, unit);
  if (measure === null || unit === null) return null;
  const by = compileBy(place, text, measure, context);
  const reads = readsOf(measure, by, context);
  const indicator: CompiledIndicator = {
    index,
    rule: text.rule,
    title: titleOf(text.title, text.rule),
    source: sourceOf(text.source, text.rule),
    variant: text.variant === undefined ? null : titleOf(text.variant, text.rule),
    unit,
    measure,
    windowMs,
    paneMs,
    by,
    alert,
    reads: [...new Set([...reads.values()].flatMap(paths => [...paths]))],
  };
  return { indicator, reads };
}

function compileMeasure(place: Place, text: IndicatorText, context: IndicatorContext): Measure | null {
  const { declared } = context;
  const given = KINDS.filter(kind => text[kind] !== undefined);
  if (given.length !== 1) {
    const message =
      given.length === 0
        ? 'the indicator says nothing to measure'
        : `${given.join(' and ')} exclude each other`;
    place.error(message, KIND_ADVICE);
    return null;
  }
  if (text.clock !== undefined) return compileClockShare(place, text.clock, context);
  if (text.level !== undefined) return compileLevel(place.at('level'), text.level, declared);
  if (text.of === undefined) {
    place.error('there is nothing to divide by', OF_ADVICE);
    return null;
  }
  const of = compileEvents(place.at('of'), text.of, null, declared);
  if (text.count !== undefined) {
    return { kind: 'ratio', count: compileEvents(place.at('count'), text.count, null, declared), of };
  }
  if (text.share !== undefined) {
    const field = fieldPath(text.share);
    return checkField(place.at('share'), field, declared) ? { kind: 'share', of, field } : null;
  }
  for (const stat of STATISTICS) {
    const written = text[stat];
    if (written === undefined) continue;
    const field = fieldPath(written);
    if (!checkField(place.at(stat), field, declared)) return null;
    if (kindOf(field, declared) !== 'number') {
      place.at(stat).error(`"${field}" is no number`, {
        expected: 'a field with numbers',
        example: `${stat}: waitSeconds`,
      });
    }
    return { kind: 'field', stat, of, field };
  }
  return null;
}

function compileClockShare(
  place: Place,
  rule: string,
  { clocks, brokenClocks, someClockUnknown }: IndicatorContext,
): Measure | null {
  const clock = clocks.get(rule);
  if (clock !== undefined) return { kind: 'clock', rule, clock: clock.index };
  if (brokenClocks.has(rule) || someClockUnknown) return null;
  const near = nearest(rule, clocks.keys());
  const hint = near === null ? '' : `; did you mean ${near}?`;
  place.at('clock').error(`no clock has the rule "${rule}"${hint}`, {
    expected: 'the rule of a clock',
    example: near ?? 'S0-06',
  });
  return null;
}

function compileLevel(
  place: Place,
  text: NonNullable<IndicatorText['level']>,
  declared: Declared,
): Measure | null {
  if ((text.from === undefined) !== (text.to === undefined) || (text.from ?? text.when) === undefined) {
    place.error('a level needs when, or from and to', {
      expected: 'attributes, or events that begin and end the state',
      example: 'level: { on: call, from: call.queued, to: [call.answered, call.abandoned] }',
    });
    return null;
  }
  const events = (key: 'from' | 'to'): EventMatcher[] => {
    const condition = text[key];
    return condition === undefined ? [] : compileEvents(place.at(key), condition, text.on, declared);
  };
  return {
    kind: 'level',
    entity: text.on,
    when: compileWhen(place.at('when'), text.when, text.on, declared),
    from: events('from'),
    to: events('to'),
    longest: text.longest ?? false,
  };
}

function compileWindow(place: Place, text: IndicatorText, level: boolean): number {
  if (text.window === undefined) {
    if (!level)
      place.error('the indicator has no window', { expected: 'window: a duration', example: 'window: 24h' });
    return 0;
  }
  const ms = timeOf(place.at('window'), text.window);
  if (level) place.at('window').warn('a level holds now; its window has no effect');
  else if (ms < 1000) {
    place.at('window').error('the window is too short', { expected: 'at least 1s', example: 'window: 24h' });
  }
  return level ? 0 : ms;
}

/** Panes are a sixtieth of the window, at least a second. */
function compilePane(place: Place, text: IndicatorText, windowMs: number): number {
  const standard = Math.max(1000, Math.floor(windowMs / 60));
  if (text.every === undefined) return standard;
  const ms = timeOf(place.at('every'), text.every);
  if (ms >= 1000 && (windowMs === 0 || ms <= windowMs)) return ms;
  place.at('every').error('panes are at least a second and at most the window long', {
    expected: 'a time from 1s to the window',
    example: 'every: 1m',
  });
  return standard;
}

function entitiesOf(measure: Measure, { clocks }: IndicatorContext): Entity[] {
  switch (measure.kind) {
    case 'ratio':
      return unique([...measure.count, ...measure.of].map(matcher => entityOf(matcher.type)));
    case 'field':
    case 'share':
      return unique(measure.of.map(matcher => entityOf(matcher.type)));
    case 'level':
      return [measure.entity];
    case 'clock': {
      const clock = clocks.get(measure.rule);
      return clock === undefined ? [] : [clock.entity];
    }
  }
}

function compileBy(
  place: Place,
  text: IndicatorText,
  measure: Measure,
  context: IndicatorContext,
): string[][] {
  const written = text.by;
  if (written === undefined) return [];
  const flat = (Array.isArray(written) ? written : [written]).every(item => typeof item === 'string');
  const list = Array.isArray(written) ? written : [written];
  const groupings = flat ? [list.flat()] : list.map(item => (Array.isArray(item) ? item : [item]));
  groupings.forEach((paths, i) => {
    paths.forEach((path, j) => {
      const at = !Array.isArray(written) ? place.at('by') : flat ? place.at('by', j) : place.at('by', i);
      if (measure.kind !== 'clock' && measure.kind !== 'level')
        checkField(at, fieldPath(path), context.declared);
      else
        for (const entity of entitiesOf(measure, context)) checkAttribute(at, path, entity, context.declared);
    });
  });
  return groupings.map(paths => paths.map(fieldPath));
}

function unitOf(measure: Measure): Unit {
  switch (measure.kind) {
    case 'ratio':
    case 'clock':
    case 'share':
      return 'ratio';
    case 'field':
      return measure.field.endsWith('Seconds') ? 'seconds' : 'number';
    case 'level':
      return measure.longest ? 'seconds' : 'count';
  }
}

/** The unit of a figure whose measure is not sound; null where that can't be told, and so nothing of its bounds. */
function unitMeant({ clock, count, share }: IndicatorText): Unit | null {
  return [clock, count, share].filter(given => given !== undefined).length === 1 ? 'ratio' : null;
}

function readsOf(measure: Measure, by: readonly (readonly string[])[], context: IndicatorContext): Reads {
  const reads = new Map<Entity, Set<string>>();
  const add = (entity: Entity, path: string): void => {
    if (!isAttribute(path, entity, context.declared)) return;
    const paths = reads.get(entity) ?? new Set();
    reads.set(entity, paths.add(path));
  };
  const matchers =
    measure.kind === 'ratio'
      ? [...measure.count, ...measure.of]
      : measure.kind === 'clock'
        ? []
        : measure.kind === 'level'
          ? [...measure.from, ...measure.to]
          : measure.of;
  for (const { type, tests } of matchers) for (const test of tests) add(entityOf(type), test.path);
  const paths = [
    ...by.flat(),
    ...(measure.kind === 'share' ? [measure.field] : []),
    ...(measure.kind === 'level' ? measure.when.flatMap(tests => tests.map(test => test.path)) : []),
  ];
  for (const entity of entitiesOf(measure, context)) for (const path of paths) add(entity, path);
  return reads;
}

function compileAlert(place: Place, text: AlertText, unit: Unit): CompiledAlert {
  const above = text.above === undefined ? null : threshold(place.at('above'), text.above, unit);
  const below = text.below === undefined ? null : threshold(place.at('below'), text.below, unit);
  if ((above === null) === (below === null)) {
    place.error('an alert has one bound', {
      expected: 'above or below',
      example: 'alert: { above: 5%, clear: 4% }',
    });
  }
  const bound = above ?? below ?? 0;
  const clear = text.clear === undefined ? bound : threshold(place.at('clear'), text.clear, unit);
  const isOne = (above === null) !== (below === null);
  const isKnown = !place.at('above').isSettled && !place.at('below').isSettled;
  if (isOne && isKnown && ((above !== null && clear > above) || (below !== null && clear < below))) {
    place.at('clear').error('the alert would clear where it fires', {
      expected: above === null ? 'at or above the bound' : 'at or below the bound',
      example: 'alert: { above: 5%, clear: 4% }',
    });
  }
  return {
    above,
    below,
    atLeast: text.atLeast ?? 0,
    forMs: text.for === undefined ? 0 : timeOf(place.at('for'), text.for),
    clear,
    severity: text.severity ?? 'warning',
    action: text.action ?? null,
  };
}

/** A bound in the indicator's unit: ratios 0–1, seconds. */
function threshold(place: Place, text: string | number, unit: Unit): number {
  if (typeof text === 'number') return text;
  if (text.endsWith('%')) {
    if (unit !== 'ratio')
      place.error('the figure is no ratio', { expected: 'a number', example: 'above: 5' });
    return Number(text.slice(0, -1)) / 100;
  }
  if (unit !== 'seconds')
    place.error('the figure is no time', { expected: 'a number or a percentage', example: 'above: 5%' });
  return timeOf(place, text) / 1000;
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
