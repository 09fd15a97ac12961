// From a clock as a policy writes it to one that the engine runs.
import {
  type AtOnce,
  type Calendar,
  type CompiledClock,
  type CompiledPause,
  type Duration,
  type EventMatcher,
  type LadderStep,
  NOTIFY,
  type Target,
  type Warning,
} from './compiled.ts';
import {
  checkAttribute,
  checkField,
  compileEvents,
  compileStart,
  compileWhen,
  fieldPath,
} from './conditions.ts';
import { parseDuration, parseTime } from './duration.ts';
import { type Declared, kindOf } from './fields.ts';
import { nearest } from './nearest.ts';
import type { Place } from './place.ts';
import type { ClockText, TargetText } from './schema.ts';
import { percentOf, sourceOf, titleOf } from './texts.ts';

/** What clocks share: calendars by name, declared fields, and the pauses met so far. */
export interface ClockContext {
  readonly declared: Declared;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Names of calendars that are written but not sound: they have been complained about already. */
  readonly brokenCalendars: ReadonlySet<string>;
  readonly pauses: PauseBook;
}

/** Pauses that are written alike are one. */
export class PauseBook {
  readonly list: CompiledPause[] = [];
  readonly #byText = new Map<string, number>();

  indexOf(pause: Omit<CompiledPause, 'index'>): number {
    const text = JSON.stringify([pause.entity, pause.from, pause.to]);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const index = this.list.length;
    this.list.push({ index, ...pause });
    this.#byText.set(text, index);
    return index;
  }
}

/** Kinds of fields that can name an instant; a policy declares its own ones as strings. */
const INSTANTS = new Set(['time', 'string']);

const DURATION_ADVICE = { expected: 'a duration: one number and one unit', example: '2h, 30m or 4bd' };

export function compileClock(
  place: Place,
  text: ClockText,
  index: number,
  context: ClockContext,
): CompiledClock {
  const { declared } = context;
  const events = (key: 'stop' | 'cancel'): EventMatcher[] => {
    const condition = text[key];
    return condition === undefined ? [] : compileEvents(place.at(key), condition, text.on, declared);
  };
  const when = compileWhen(place.at('when'), text.when, text.on, declared);
  const start = compileStart(place.at('start'), text.start, text.on, declared);
  const target = compileTarget(place.at('target'), text.target, text, context);
  const reads = new Set(when.flatMap(tests => tests.map(test => test.path)));
  for (const one of start) if ('becomes' in one) for (const test of one.becomes) reads.add(test.path);
  if (target.kind === 'by') reads.add(target.attribute);
  const each = text.each === undefined ? null : fieldPath(text.each);
  if (each !== null) checkField(place.at('each'), each, declared);
  checkModes(place, text, target);
  return {
    index,
    rule: text.rule,
    title: titleOf(text.title, text.rule),
    source: sourceOf(text.source, text.rule),
    entity: text.on,
    when,
    start,
    stop: events('stop'),
    cancel: events('cancel'),
    pauses: compilePauses(place, text, context),
    target,
    calendar: findCalendar(place.at('calendar'), text.calendar, context),
    warn: compileWarnings(place, text, target),
    atOnce: compileAtOnce(place, text),
    ladder: compileLadder(place, text, context),
    objective: compileObjective(text),
    retroactive: text.retroactive ?? true,
    // `{ at: … }` needs a start event of its own, which the end of the cycle before is not.
    repeat: (text.repeat ?? false) && target.kind !== 'at' && text.overlap === undefined,
    once: text.once ?? false,
    overlap: text.overlap ?? null,
    evidence: text.evidence ?? false,
    reopen:
      text.on === 'ticket' && each === null && text.overlap === undefined
        ? (text.reopen ?? 'ignore')
        : 'ignore',
    each,
    reads: [...reads],
  };
}

function checkModes(place: Place, text: ClockText, target: Target): void {
  if (text.repeat === true && target.kind === 'at') {
    place
      .at('repeat')
      .warn('a target that its start event names can not repeat without one; repeat has no effect');
  }
  if (text.repeat === true && text.overlap !== undefined)
    place.at('repeat').warn('cycles that overlap begin with their start events alone; repeat has no effect');
  if ((text.reopen ?? 'ignore') === 'ignore') return;
  if (text.overlap !== undefined)
    place.at('reopen').warn('cycles that overlap are never reopened; it has no effect');
  if (text.each !== undefined)
    place.at('reopen').warn('cycles side by side (each) are never reopened; it has no effect');
  if (text.on !== 'ticket') place.at('reopen').warn('only tickets are reopened; it has no effect');
}

function compilePauses(place: Place, text: ClockText, { declared, pauses }: ClockContext): number[] {
  const written = text.pause;
  if (written === undefined) return [];
  const list = Array.isArray(written) ? written : [written];
  const indices = list.map((pause, i) => {
    const at = Array.isArray(written) ? place.at('pause', i) : place.at('pause');
    return pauses.indexOf({
      entity: text.on,
      from: compileStart(at.at('from'), pause.from, text.on, declared),
      to: compileStart(at.at('to'), pause.to, text.on, declared),
    });
  });
  return [...new Set(indices)];
}

function compileDuration(place: Place, text: string): Duration {
  const duration = parseDuration(text);
  if ('kind' in duration) return duration;
  place.error(duration.error, DURATION_ADVICE);
  return { kind: 'time', ms: 0 };
}

function compileTarget(place: Place, text: TargetText, clock: ClockText, { declared }: ClockContext): Target {
  if (typeof text === 'string') return { kind: 'fixed', duration: compileDuration(place, text) };
  if ('at' in text) {
    const field = fieldPath(text.at);
    if (checkField(place.at('at'), field, declared) && !INSTANTS.has(kindOf(field, declared) ?? '')) {
      place.at('at').error(`"${field}" names no instant`, {
        expected: 'a field with a time',
        example: 'target: { at: data.dueAt }',
      });
    }
    return { kind: 'at', field };
  }
  checkAttribute(place.at('by'), text.by, clock.on, declared);
  const values = new Map(
    Object.entries(text.values).map(([value, duration]) => [
      value,
      compileDuration(place.at('values', value), duration),
    ]),
  );
  const otherwise = text.else === undefined ? null : compileDuration(place.at('else'), text.else);
  return { kind: 'by', attribute: text.by, values, otherwise };
}

/** Every duration that a target may take, in milliseconds; business days and instants of events have no length here. */
function lengthsOf(target: Target): number[] {
  const durations =
    target.kind === 'fixed'
      ? [target.duration]
      : target.kind === 'by'
        ? [...target.values.values(), ...(target.otherwise === null ? [] : [target.otherwise])]
        : [];
  return durations.flatMap(duration =>
    duration.kind === 'time' ? [duration.ms] : [Number.POSITIVE_INFINITY],
  );
}

function compileWarnings(place: Place, text: ClockText, target: Target): Warning[] {
  const written = text.warn;
  if (written === undefined) return [];
  const lengths = lengthsOf(target);
  return (Array.isArray(written) ? written : [written]).map((one, i) => {
    const at = Array.isArray(written) ? place.at('warn', i) : place.at('warn');
    if (one.endsWith('%')) {
      const percent = Number(one.slice(0, -1));
      if (percent > 100) {
        at.error(`a warning at ${one} comes after the target`, { expected: 'at most 100%', example: '80%' });
      }
      return { kind: 'share', percent };
    }
    const ms = parseTime(one) ?? 0;
    if (lengths.length > 0 && ms > Math.max(...lengths)) {
      at.error(`a warning ${one} before the due instant comes before the start`, {
        expected: 'a time shorter than the target',
        example: '80%',
      });
    } else if (lengths.length > 0 && ms > Math.min(...lengths)) {
      at.warn(`${one} is longer than the shortest of the targets`);
    }
    return { kind: 'before', ms };
  });
}

function compileAtOnce(place: Place, { atOnce, evidence }: ClockText): AtOnce | null {
  if (atOnce === undefined) return null;
  if (evidence === true) {
    place.at('atOnce').warn('nobody is told of a clock over evidence; it has no effect');
    return null;
  }
  const { action = NOTIFY, to = [] } = atOnce;
  return { action, to: typeof to === 'string' ? [to] : [...new Set(to)] };
}

function compileLadder(place: Place, text: ClockText, context: ClockContext): LadderStep[] {
  let last = -1;
  return (text.ladder ?? []).map((step, i) => {
    const at = place.at('ladder', i);
    const afterMs = parseTime(step.after) ?? 0;
    if (afterMs < last) {
      at.at('after').error('a step of the ladder comes before the one above it', {
        expected: 'steps in order of time',
        example: 'ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]',
      });
    }
    last = Math.max(last, afterMs);
    return {
      afterMs,
      to: step.to,
      calendar: findCalendar(at.at('calendar'), step.calendar ?? text.calendar, context),
    };
  });
}

function compileObjective(text: ClockText): CompiledClock['objective'] {
  if (text.objective === undefined) return null;
  return { share: percentOf(text.objective.share), windowMs: parseTime(text.objective.window) ?? 0 };
}

/** The calendar of a name; `always` is there without being written. */
function findCalendar(place: Place, name: string | undefined, context: ClockContext): Calendar {
  const { calendars, brokenCalendars } = context;
  const always = calendars.get('always');
  if (always === undefined) throw new Error('a policy has the calendar "always", written or not');
  const found = calendars.get(name ?? 'always');
  if (found !== undefined) return found;
  if (name === undefined || brokenCalendars.has(name)) return always;
  const near = nearest(name, calendars.keys());
  const hint = near === null ? '' : `; did you mean ${near}?`;
  place.error(`there is no calendar "${name}"${hint}`, {
    expected: 'a name under calendars',
    example: near ?? 'always',
  });
  return always;
}
