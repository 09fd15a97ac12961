// The accepted events of a backtest, by case: each once, in the contract's order. Nothing is too late or too early
// here, since no event has a stored time; the same id and source with other content is a conflict.
import { compareCodePoints, compareEvents, type SlaEvent } from '../contract/event.ts';
import { EVENTS_MAX } from '../engine/case.ts';

interface OneCase {
  readonly id: string;
  readonly entity: string;
  readonly events: SlaEvent[];
}

export class EventBook {
  readonly #cases = new Map<string, OneCase>();
  readonly #large = new Map<string, Map<string, SlaEvent>>();
  /** Strings that repeat from event to event are kept once. */
  readonly #strings = new Map<string, string>();
  /** How many events are in it, and the time of the last one in ms since 1970; minus infinity without any. */
  size = 0;
  lastAt = Number.NEGATIVE_INFINITY;

  /** Adds an event. A repetition changes nothing; of a conflict the first one stays; a case holds as many as live. */
  add(event: SlaEvent): 'added' | 'duplicate' | 'conflict' | 'oversized' {
    const key = `${event.case}\n${event.entity}`;
    let found = this.#cases.get(key);
    if (found === undefined) {
      found = { id: event.case, entity: event.entity, events: [] };
      this.#cases.set(key, found);
    }
    const { events } = found;
    const other = this.#find(key, events, event);
    if (other !== undefined) return other.digest === event.digest ? 'duplicate' : 'conflict';
    if (events.length >= EVENTS_MAX) return 'oversized';
    const kept = this.#interned(event, events[0]);
    events.push(kept);
    this.#large.get(key)?.set(nameOf(kept), kept);
    this.size += 1;
    if (event.time > this.lastAt) this.lastAt = event.time;
    return 'added';
  }

  /** Cases in order of their id by code point, then entity; each with its events in order. */
  *cases(): Iterable<readonly SlaEvent[]> {
    const cases = [...this.#cases.values()].sort(
      (a, b) => compareCodePoints(a.id, b.id) || compareCodePoints(a.entity, b.entity),
    );
    for (const { events } of cases) yield events.sort(compareEvents);
  }

  /** The event of the same id and source; the few events of most cases are looked through, those of large ones indexed. */
  #find(key: string, events: readonly SlaEvent[], event: SlaEvent): SlaEvent | undefined {
    if (events.length < LARGE_MIN)
      return events.find(other => other.id === event.id && other.source === event.source);
    let index = this.#large.get(key);
    if (index === undefined) {
      index = new Map(events.map(other => [nameOf(other), other]));
      this.#large.set(key, index);
    }
    return index.get(nameOf(event));
  }

  #interned(event: SlaEvent, first: SlaEvent | undefined): SlaEvent {
    return {
      ...event,
      source: this.#intern(event.source),
      type: this.#intern(event.type),
      case: first?.case ?? event.case,
    };
  }

  #intern(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size < STRINGS_MAX) this.#strings.set(text, text);
    return text;
  }
}

const STRINGS_MAX = 10_000;
const LARGE_MIN = 64;

/** The length keeps apart what would read the same, since both may hold any character. */
function nameOf({ id, source }: SlaEvent): string {
  return `${id.length} ${id}${source}`;
}
