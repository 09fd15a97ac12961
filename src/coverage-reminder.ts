// Says in the log that a calendar runs into a year whose holidays are not known: at start, when that changes, and once a
// day while it lasts.
import type { CompiledPolicy } from './policy/compiled.ts';
import { uncoveredCalendars, uncoveredWarning } from './policy/coverage.ts';

const DAY_MS = 86_400_000;
const LOOK_MS = 60_000;

interface ReminderLog {
  warn(fields: object, message: string): void;
}

export class CoverageReminder {
  readonly #policy: () => CompiledPolicy;
  readonly #log: ReminderLog;
  readonly #now: () => number;
  #told = '';
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(policy: () => CompiledPolicy, log: ReminderLog, now: () => number = Date.now) {
    this.#policy = policy;
    this.#log = log;
    this.#now = now;
  }

  start(): void {
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Tells what is to be told, unless just that was told within a day. */
  look(): void {
    const now = this.#now();
    const found = uncoveredCalendars(this.#policy(), now);
    const text = found.map(({ calendar, year }) => `${calendar} ${year}`).join('\n');
    if (text === this.#told && now - this.#toldAt < DAY_MS) return;
    this.#told = text;
    this.#toldAt = now;
    for (const one of found) {
      const { calendar, country, year } = one;
      this.#log.warn({ calendar, country, year }, uncoveredWarning(one));
    }
  }
}
