// From a policy's parts to one compiled policy, indexed by what its rules listen to.
import type { Entity } from '../contract/event.ts';
import { AlwaysCalendar } from './calendar.ts';
import { type CalendarSources, compileCalendar } from './calendars.ts';
import { type ClockContext, compileClock, PauseBook } from './clocks.ts';
import type {
  Calendar,
  CompiledClock,
  CompiledIndicator,
  CompiledPause,
  CompiledPolicy,
  Listeners,
} from './compiled.ts';
import { compileDerived, type DerivedText, withDerived } from './derived.ts';
import type { Declared } from './fields.ts';
import { compileIndicator, type Reads } from './indicators.ts';
import type { Place } from './place.ts';
import type { CalendarText, ClockText, IndicatorText } from './schema.ts';
import { zoneOf } from './zone.ts';

/**
 * A piece of a policy with its place; null where it does not have the shape of the language. One that is null and has no
 * name may be any that others refer to.
 */
export interface Piece<T> {
  readonly place: Place;
  readonly name: string;
  readonly text: T | null;
}

/** A policy put together from its files. */
export interface Draft {
  readonly name: string;
  readonly timezone: string;
  readonly timezonePlace: Place;
  readonly attributes: Declared;
  readonly derived: readonly DerivedText[];
  readonly calendars: readonly Piece<CalendarText>[];
  readonly clocks: readonly Piece<ClockText>[];
  readonly indicators: readonly Piece<IndicatorText>[];
}

/**
 * Compiles what is sound and tells the places of the rest; the result counts only when no error was told, or when the
 * policy was accepted once (`mustOpenAgain` is false then: a calendar that no check refused is not left out).
 */
export function compilePolicy(
  draft: Draft,
  hash: string,
  sources: Omit<CalendarSources, 'timezone'>,
): CompiledPolicy {
  const { calendars, broken } = compileCalendars(draft, sources);
  const derived = compileDerived(draft.derived, draft.attributes);
  const declared = withDerived(draft.attributes, draft.derived);
  checkNames([...draft.clocks, ...draft.indicators]);
  const pauses = new PauseBook();
  const context: ClockContext = {
    declared,
    calendars,
    brokenCalendars: broken,
    someCalendarUnknown: draft.calendars.some(isUnknown),
    pauses,
  };
  const clocks: CompiledClock[] = [];
  for (const { place, text } of draft.clocks) {
    if (text !== null) clocks.push(compileClock(place, text, clocks.length, context));
  }
  const byRule = new Map(clocks.map(clock => [clock.rule, clock]));
  const brokenClocks = new Set(draft.clocks.map(piece => piece.name).filter(rule => !byRule.has(rule)));
  const indicators: CompiledIndicator[] = [];
  const reads: Reads[] = [];
  for (const { place, text } of draft.indicators) {
    if (text === null) continue;
    const found = compileIndicator(place, text, indicators.length, {
      declared,
      clocks: byRule,
      brokenClocks,
      someClockUnknown: draft.clocks.some(isUnknown),
    });
    if (found === null) continue;
    indicators.push(found.indicator);
    reads.push(found.reads);
  }
  return {
    hash,
    name: draft.name,
    timezone: draft.timezone,
    clocks,
    pauses: pauses.list,
    indicators,
    attributes: draft.attributes,
    derived,
    calendars,
    byType: indexTypes(clocks, pauses.list, indicators),
    byAttribute: indexAttributes(clocks, pauses.list, reads),
  };
}

function isUnknown({ name, text }: Piece<unknown>): boolean {
  return name === '' && text === null;
}

function compileCalendars(
  draft: Draft,
  sources: Omit<CalendarSources, 'timezone'>,
): { calendars: Map<string, Calendar>; broken: Set<string> } {
  const zone = zoneOf(draft.timezone);
  if (zone === null) {
    const advice = { expected: 'an IANA time zone', example: 'timezone: Asia/Shanghai' };
    draft.timezonePlace.error(`there is no time zone "${draft.timezone}"`, advice);
  }
  const fallback = zone ?? zoneOf('UTC');
  if (fallback === null) throw new Error('this system knows no time zones');
  const calendars = new Map<string, Calendar>([['always', new AlwaysCalendar('always', fallback)]]);
  const broken = new Set<string>();
  for (const { place, name, text } of draft.calendars) {
    // Hours that stand in for others say nothing of when it is open, and so nothing of what runs on it.
    const isGuessed = place.at('hours').isPartlySettled || place.at('open').isPartlySettled;
    const mustOpenAgain = sources.mustOpenAgain && !isGuessed;
    const all = { ...sources, mustOpenAgain, timezone: fallback.name };
    const calendar =
      text === null
        ? null
        : compileCalendar(name, text, all, (path, message, advice) =>
            place.at(...path).error(message, advice),
          );
    if (calendar === null || isGuessed) broken.add(name);
    else calendars.set(name, calendar);
  }
  return { calendars, broken };
}

function checkNames(pieces: readonly Piece<unknown>[]): void {
  const seen = new Map<string, Place>();
  for (const { place, name } of pieces) {
    if (name === '') continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, place);
    else {
      place.at('rule').error(`the rule "${name}" is there already, at ${first.key} of ${first.part.file}`, {
        expected: 'an id of its own for each rule',
        example: `rule: ${name}-2`,
      });
    }
  }
}

interface Lists {
  readonly clocks: Set<number>;
  readonly pauses: Set<number>;
  readonly indicators: Set<number>;
}

class ListenerBook<K> {
  readonly #lists = new Map<K, Lists>();

  add(key: K, kind: keyof Lists, index: number): void {
    const known = this.#lists.get(key);
    const lists = known ?? { clocks: new Set(), pauses: new Set(), indicators: new Set() };
    if (known === undefined) this.#lists.set(key, lists);
    lists[kind].add(index);
  }

  sorted(): Map<K, Listeners> {
    const sort = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);
    return new Map(
      [...this.#lists].map(([key, lists]) => [
        key,
        { clocks: sort(lists.clocks), pauses: sort(lists.pauses), indicators: sort(lists.indicators) },
      ]),
    );
  }
}

function indexTypes(
  clocks: readonly CompiledClock[],
  pauses: readonly CompiledPause[],
  indicators: readonly CompiledIndicator[],
): Map<string, Listeners> {
  const book = new ListenerBook<string>();
  for (const clock of clocks) {
    for (const one of [...clock.start, ...clock.stop, ...clock.cancel]) {
      if ('type' in one) book.add(one.type, 'clocks', clock.index);
    }
    if (clock.entity !== 'ticket') continue;
    // These concern a ticket's clocks without being written in them.
    book.add('ticket.waived', 'clocks', clock.index);
    book.add('ticket.merged', 'clocks', clock.index);
    if (clock.reopen !== 'ignore') book.add('ticket.reopened', 'clocks', clock.index);
  }
  for (const pause of pauses) {
    for (const one of [...pause.from, ...pause.to]) {
      if ('type' in one) book.add(one.type, 'pauses', pause.index);
    }
  }
  for (const { index, measure } of indicators) {
    for (const { type } of matchersOf(measure)) book.add(type, 'indicators', index);
  }
  return book.sorted();
}

function matchersOf(measure: CompiledIndicator['measure']): readonly { readonly type: string }[] {
  switch (measure.kind) {
    case 'ratio':
      return [...measure.count, ...measure.of];
    case 'field':
    case 'share':
      return measure.of;
    case 'level':
      return [...measure.from, ...measure.to];
    case 'clock':
      return [];
  }
}

function indexAttributes(
  clocks: readonly CompiledClock[],
  pauses: readonly CompiledPause[],
  reads: readonly Reads[],
): Map<Entity, Map<string, Listeners>> {
  const books = new Map<Entity, ListenerBook<string>>();
  const add = (entity: Entity, path: string, kind: keyof Lists, index: number): void => {
    const book = books.get(entity) ?? new ListenerBook();
    books.set(entity, book);
    book.add(path, kind, index);
  };
  for (const clock of clocks) for (const path of clock.reads) add(clock.entity, path, 'clocks', clock.index);
  for (const { entity, from, to, index } of pauses) {
    for (const one of [...from, ...to]) {
      if ('becomes' in one) for (const { path } of one.becomes) add(entity, path, 'pauses', index);
    }
  }
  reads.forEach((byEntity, index) => {
    for (const [entity, paths] of byEntity) for (const path of paths) add(entity, path, 'indicators', index);
  });
  return new Map([...books].map(([entity, book]) => [entity, book.sorted()]));
}
