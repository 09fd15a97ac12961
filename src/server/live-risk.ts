// Keeps the lists of clocks at risk and overdue, read again when a commit says that they changed, and now and then
// because time alone moves a clock from the one to the other. At most four times a second.
import type { RiskLists } from './board.ts';
import type { CaseReader } from './case-reader.ts';
import type { LiveView } from './live-view.ts';

const INTERVAL_MS = 250;
const RECHECK_MS = 2_000;

export interface LiveRiskOptions {
  readonly view: LiveView;
  readonly reader: CaseReader;
  readonly onChange: () => void;
  readonly log: { warn(fields: object, message: string): void };
}

export class LiveRisk {
  lists: RiskLists = { atRisk: [], overdue: [] };
  readonly #options: LiveRiskOptions;
  #timer: NodeJS.Timeout | null = null;
  #recheck: NodeJS.Timeout | null = null;
  #reading = false;
  #again = false;
  #failing = false;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: LiveRiskOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#options.view.on('risk', this.#changed);
    this.#recheck = setInterval(this.#changed, RECHECK_MS);
    await this.#read();
  }

  stop(): void {
    this.#options.view.off('risk', this.#changed);
    if (this.#recheck) clearInterval(this.#recheck);
    if (this.#timer) clearTimeout(this.#timer);
  }

  readonly #changed = (): void => {
    if (this.#timer) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        void this.#read();
      },
      Math.max(0, this.#readAt + INTERVAL_MS - performance.now()),
    );
  };

  async #read(): Promise<void> {
    this.#reading = true;
    this.#again = false;
    this.#readAt = performance.now();
    try {
      this.lists = await this.#options.reader.riskLists(this.#options.view.asOf());
      this.#failing = false;
      this.#options.onChange();
    } catch (error) {
      // The lists stay as they are; the board's age and health tell when its source is gone.
      if (!this.#failing) this.#options.log.warn({ err: error }, 'the clocks at risk can not be read');
      this.#failing = true;
    } finally {
      this.#reading = false;
    }
    if (this.#again) this.#changed();
  }
}
