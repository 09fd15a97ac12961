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
} from './compiled.ts';
import {
  checkAttribute,
  checkField,
  compileEvents,
  compileStart,
  compileWhen,
  fieldPath,
} from './conditions.ts';
import { DURATION_WANTED, parseDuration } from './duration.ts';
import { type Declared, kindOf } from './fields.ts';
import { nearest } from './nearest.ts';
import type { Place } from './place.ts';
import { CENTURY_ADVICE, findTooFar } from './reach.ts';
import type { ClockText } from './schema.ts';
import { percentOf, sourceOf, timeOf, titleOf } from './texts.ts';
import { warnOfSlip } from './usual.ts';
import { compileWarnings } from './warnings.ts';

/** What clocks share: calendars by name, declared fields, and the pauses met so far. */
export interface ClockContext {
  readonly declared: Declared;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Names of calendars that are written but not sound: they have been complained about already. */
  readonly brokenCalendars: ReadonlySet<string>;
  /** There are calendars of which not even the names can be read. */
  readonly someCalendarUnknown: boolean;
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

const DURATION_ADVICE = { expected: DURATION_WANTED, example: '2h, 30m or 4bd' };

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
  const calendar = findCalendar(place.at('calendar'), text.calendar, context);
  const target = compileTarget(place.at('target'), text, calendar, context);
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
    calendar,
    warn: compileWarnings(place.at('warn'), text.warn, target, calendar),
    atOnce: compileAtOnce(place, text),
    ladder: compileLadder(place, text, calendar, context),
    objective: compileObjective(place.at('objective'), text),
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

function compileDuration(place: Place, text: string, calendar: Calendar): Duration {
  const duration = parseDuration(text);
  if ('kind' in duration && !place.isSettled) {
    checkReach(place, text, duration, calendar);
    return duration;
  }
  if ('error' in duration) place.error(duration.error, DURATION_ADVICE);
  // Longer than anything that is compared with it, so that one mistake is one error.
  return { kind: 'time', ms: Number.POSITIVE_INFINITY };
}

/** Complains about what no start is ever done with: searching a calendar for it would take for ever. */
function checkReach(place: Place, text: string, duration: Duration, calendar: Calendar): void {
  const year = findTooFar(calendar, duration);
  if (year === null) return;
  place.error(
    `"${text}" from the year ${year} on is due more than a hundred years later on the calendar "${calendar.name}"`,
    CENTURY_ADVICE,
  );
}

function compileTarget(
  place: Place,
  clock: ClockText,
  calendar: Calendar,
  { declared }: ClockContext,
): Target {
  const text = clock.target;
  if (typeof text === 'string') return { kind: 'fixed', duration: compileDuration(place, text, calendar) };
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
  // Equal targets are one and the same: so a value that gives another target is known by that.
  const durations = new Map<string, Duration>();
  const durationOf = (at: Place, duration: string): Duration => {
    const compiled = compileDuration(at, duration, calendar);
    const key = JSON.stringify(compiled);
    const known = durations.get(key) ?? compiled;
    durations.set(key, known);
    return known;
  };
  const values = new Map(
    Object.entries(text.values).map(([value, duration]) => {
      warnOfSlip(place.at('values', value), text.by, value, []);
      return [value, durationOf(place.at('values', value), duration)];
    }),
  );
  const otherwise = text.else === undefined ? null : durationOf(place.at('else'), text.else);
  if (values.size === 0 && otherwise === null) {
    place.at('values').error('no value has a target, so the clock never runs', {
      expected: 'a duration for a value, or else',
      example: 'target: { by: distance, values: { local: 24h }, else: 3d }',
    });
  }
  return { kind: 'by', attribute: text.by, values, otherwise };
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

function compileLadder(place: Place, text: ClockText, own: Calendar, context: ClockContext): LadderStep[] {
  // Times of two calendars have no order: one hour of office time may come after three of the clock's.
  const lastOn = new Map<string, number>();
  let isTold = false;
  return (text.ladder ?? []).map((step, i) => {
    const at = place.at('ladder', i);
    const afterMs = timeOf(at.at('after'), step.after);
    const isKnown = !at.at('after').isSettled;
    const on = step.calendar ?? text.calendar ?? 'always';
    const last = lastOn.get(on) ?? -1;
    const isBreach = isKnown && afterMs === 0;
    if (isKnown && (afterMs < last || (isBreach && !isTold && lastOn.size > 0))) {
      at.at('after').error('a step of the ladder comes before one above it', {
        expected: 'steps of a calendar in order of time',
        example: 'ladder: [{ after: 0s, to: supervisor }, { after: 2h, to: manager }]',
      });
    }
    if (isBreach && isTold) {
      at.at('after').error(
        'there is a step at 0s already, which is the breach itself; this one is never told',
        {
          expected: 'one step at 0s that names every role',
          example: 'ladder: [{ after: 0s, to: supervisor and manager }, { after: 2h, to: director }]',
        },
      );
    }
    if (isBreach) isTold = true;
    if (isKnown) lastOn.set(on, Math.max(last, afterMs));
    const calendar =
      step.calendar === undefined ? own : findCalendar(at.at('calendar'), step.calendar, context);
    checkReach(at.at('after'), step.after, { kind: 'time', ms: afterMs }, calendar);
    return { afterMs, to: step.to, calendar };
  });
}

function compileObjective(place: Place, { objective }: ClockText): CompiledClock['objective'] {
  if (objective === undefined) return null;
  const share = percentOf(objective.share);
  if (share <= 0 || share > 1) {
    const advice = { expected: 'a share above 0% and at most 100%', example: 'share: 95%' };
    place.at('share').error(`no share of cycles is ${objective.share}`, advice);
  }
  const windowMs = timeOf(place.at('window'), objective.window);
  if (windowMs < 1000) {
    const advice = { expected: 'at least 1s', example: 'window: 28d' };
    place.at('window').error('the window is too short', advice);
  }
  return { share, windowMs };
}

/** The calendar of a name; `always` is there without being written. */
function findCalendar(place: Place, name: string | undefined, context: ClockContext): Calendar {
  const { calendars, brokenCalendars, someCalendarUnknown } = context;
  const always = calendars.get('always');
  if (always === undefined) throw new Error('a policy has the calendar "always", written or not');
  const found = calendars.get(name ?? 'always');
  if (found !== undefined) return found;
  if (name === undefined || brokenCalendars.has(name) || someCalendarUnknown) return always;
  const near = nearest(name, calendars.keys());
  const hint = near === null ? '' : `; did you mean ${near}?`;
  place.error(`there is no calendar "${name}"${hint}`, {
    expected: 'a name under calendars',
    example: near ?? 'always',
  });
  return always;
}
