// The events of a backtest by case, however many there are: in memory up to a bound, and beyond it in files, parted by
// the case's hash so that one part after the other fits into memory.
import type { Entity, Fields, SlaEvent } from '../contract/event.ts';
import { fnv1a32 } from '../contract/subject.ts';
import { EventBook } from './book.ts';
import type { SpillFile, SpillSpace } from './spill.ts';

/** Events that are held in memory at once. */
export const EVENTS_IN_MEMORY = 200_000;
const PART_BITS = 6;
/** Beyond so many divisions the bits of the hash are used up. */
const LEVELS_MAX = 5;

/** Why an event was not taken: another of its name has other content, or its case has too many. */
export type Refusal = 'conflict' | 'oversized';
export type OnRefused = (place: string, refusal: Refusal) => void;

interface Part {
  readonly file: SpillFile;
  /** The latest time of an event in it, accepted or not. */
  lastAt: number;
}

export class EventStore {
  readonly #space: SpillSpace;
  readonly #max: number;
  #book: EventBook | null = new EventBook();
  #parts: Part[] = [];

  constructor(space: SpillSpace, eventsInMemory = EVENTS_IN_MEMORY) {
    this.#space = space;
    this.#max = eventsInMemory;
  }

  /** The book of all events while they are in memory: its cases come in order. */
  get book(): EventBook | null {
    return this.#book;
  }

  get isEmpty(): boolean {
    return this.#book !== null && this.#book.size === 0;
  }

  /**
   * Adds an event; `place` says where it was read. A refusal is told at once while the events are in memory, else when
   * the cases are read.
   */
  add(event: SlaEvent, place: string): Refusal | null {
    if (this.#book !== null) {
      const result = this.#book.add(event);
      if (this.#book.size >= this.#max) this.#spill(this.#book);
      return result === 'conflict' || result === 'oversized' ? result : null;
    }
    put(this.#parts, event, place, 0);
    return null;
  }

  #spill(book: EventBook): void {
    this.#book = null;
    this.#parts = newParts(this.#space);
    for (const events of book.cases()) for (const event of events) put(this.#parts, event, '', 0);
  }

  /** The time of the last accepted event, ms since 1970; minus infinity without any. */
  lastAt(): number {
    if (this.#book !== null) return this.#book.lastAt;
    let last = Number.NEGATIVE_INFINITY;
    for (const part of [...this.#parts].sort((a, b) => b.lastAt - a.lastAt)) {
      if (part.lastAt <= last) break;
      for (const events of this.#casesOf(part.file, 0, () => {}))
        last = Math.max(last, events.at(-1)?.time ?? last);
    }
    return last;
  }

  /** Each case with its events in order; the cases in order as long as they are in memory, else in none. */
  *cases(onRefused: OnRefused): Iterable<readonly SlaEvent[]> {
    if (this.#book !== null) yield* this.#book.cases();
    else for (const { file } of this.#parts) yield* this.#casesOf(file, 0, onRefused);
  }

  *#casesOf(file: SpillFile, level: number, onRefused: OnRefused): Iterable<readonly SlaEvent[]> {
    if (file.count > this.#max && level + 1 < LEVELS_MAX) {
      const parts = newParts(this.#space);
      for (const line of file.lines()) {
        const [place, event] = read(line);
        put(parts, event, place, level + 1);
      }
      for (const part of parts) {
        yield* this.#casesOf(part.file, level + 1, onRefused);
        part.file.remove();
      }
      return;
    }
    const book = new EventBook();
    for (const line of file.lines()) {
      const [place, event] = read(line);
      const result = book.add(event);
      if (result === 'conflict' || result === 'oversized') onRefused(place, result);
    }
    yield* book.cases();
  }
}

function newParts(space: SpillSpace): Part[] {
  return Array.from({ length: 1 << PART_BITS }, () => ({
    file: space.file(),
    lastAt: Number.NEGATIVE_INFINITY,
  }));
}

function put(parts: readonly Part[], event: SlaEvent, place: string, level: number): void {
  const part = parts[(fnv1a32(event.case) >>> (level * PART_BITS)) & (parts.length - 1)];
  if (part === undefined) throw new Error('no such part');
  const { id, source, type, entity, case: subject, time, sequence = null, fields, digest } = event;
  const stored: StoredEvent = [place, id, source, type, entity, subject, time, sequence, fields, digest];
  part.file.append(JSON.stringify(stored));
  if (time > part.lastAt) part.lastAt = time;
}

type StoredEvent = readonly [
  place: string,
  id: string,
  source: string,
  type: string,
  entity: Entity,
  subject: string,
  time: number,
  sequence: string | null,
  fields: Fields,
  digest: string,
];

function read(line: string): readonly [place: string, event: SlaEvent] {
  const stored: StoredEvent = JSON.parse(line);
  const [place, id, source, type, entity, subject, time, sequence, fields, digest] = stored;
  return [
    place,
    { id, source, type, entity, case: subject, time, sequence: sequence ?? undefined, fields, digest },
  ];
}
