// When what is told of a cycle became known, as far as the times of its events can say: a deadline at its own instant, or
// only with the event that showed the rule to apply, or its target to be another; and which event took it back, by showing
// that the rule does not apply or that more time is left. What arrives late can't be seen here, since events keep no time
// of arrival: a record's `seenAt` has it.
import type { SlaEvent } from '../contract/event.ts';
import { QUIET_MS } from '../contract/record.ts';
import type { Evaluation, Fact } from './cycle.ts';
import { isEnd } from './tell.ts';

/** A deadline that has been told of the cycle, when it first became known, and the event since which it does not hold. */
interface Finding {
  readonly fact: Fact;
  readonly knownAt: number;
  goneBy: SlaEvent | null;
}

/** A deadline that was told and is not true any more, and the event that made it so. */
export interface Gone {
  readonly fact: Fact;
  readonly by: SlaEvent;
}

/** How a deadline came to be known. Instants in ms since 1970. */
export interface Notice {
  /** The event's instant at which it became known; null where that was its own. */
  readonly knownAt: number | null;
  /** It was long past by then, so that nobody was told. */
  readonly quiet: boolean;
  /** Of a quiet one: when the like had been told of another due instant, which held then; null when it never was. */
  readonly toldBeforeAt: number | null;
}

const IN_TIME: Notice = { knownAt: null, quiet: false, toldBeforeAt: null };

/** Follows the findings of one cycle, in order of time. What was told once needs not be told again when it comes back. */
export class Findings {
  readonly #found = new Map<string, Finding>();
  #called: boolean | null = null;

  /** What has become true by itself since the last look: each at its own instant. */
  passTime({ facts }: Evaluation): void {
    for (const fact of facts) this.#note(fact, fact.at);
  }

  /** What is true after an event; what was told before and is not among it is gone. */
  learn({ facts, begun }: Evaluation, event: SlaEvent): void {
    for (const fact of facts) this.#note(fact, event.time);
    const keys = new Set(facts.map(keyOf));
    for (const [key, finding] of this.#found) if (!keys.has(key)) finding.goneBy ??= event;
    if (begun !== null) this.#called ??= !facts.some(isEnd);
  }

  /** Whether what the rule calls for at once was called for: not where the cycle had ended when it became known. */
  get called(): boolean {
    return this.#called ?? false;
  }

  /** What was told and does not hold in the end, in the order in which it was told. */
  get gone(): Gone[] {
    return [...this.#found.values()].flatMap(({ fact, goneBy }) =>
      goneBy === null ? [] : [{ fact, by: goneBy }],
    );
  }

  noticeOf(fact: Fact): Notice {
    const what = nameOf(fact);
    const known = this.#found.get(keyOf(fact));
    if (known === undefined || known.knownAt <= fact.at) return IN_TIME;
    const { knownAt } = known;
    if (!isQuiet(known)) return { knownAt, quiet: false, toldBeforeAt: null };
    const before = [...this.#found.values()].findLast(
      one => nameOf(one.fact) === what && one.knownAt < knownAt && one.fact.at !== fact.at && !isQuiet(one),
    );
    return { knownAt, quiet: true, toldBeforeAt: before?.knownAt ?? null };
  }

  #note(fact: Fact, knownAt: number): void {
    if (isEnd(fact)) return;
    const key = keyOf(fact);
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { fact, knownAt, goneBy: null });
    else known.goneBy = null;
  }
}

function nameOf({ state, percent, step }: Fact): string {
  return `${state} ${percent} ${step}`;
}

function keyOf(fact: Fact): string {
  return `${nameOf(fact)} ${fact.at}`;
}

function isQuiet({ fact, knownAt }: Finding): boolean {
  return knownAt - fact.at > QUIET_MS;
}
