// Processing in threads: each owns partitions and has connections and memory of its own, so that neither wallboards nor
// the memory of one holds up the others, and a machine's cores are used.
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Measure } from '../processor/partition.ts';
import type { LogLines } from '../server/log.ts';
import type { Processing, ServerSettings } from './processing.ts';
import { CLOSE, REPORT, type Report, type ThreadData } from './thread-messages.ts';

/** With more than so many the servers, not the threads, are what limits; whoever knows better sets it. */
const AUTO_MAX = 4;
/** Young memory of a thread, MB: a batch in the making fits, so that little of it is moved. */
const YOUNG_MB = 192;

/** How many threads process: as many as the settings say, or one for each core, but one for the servers. */
export function threadCount({ processorThreads, partitions }: ServerSettings): number {
  const auto = Math.min(AUTO_MAX, Math.max(1, availableParallelism() - 1));
  return Math.min(partitions, processorThreads ?? auto);
}

/**
 * Starts `count` threads; resolves once all of them run. An error of a thread is thrown in this one, before
 * that by the promise, later as one that nobody catches: so it ends the process. `logLines` takes what the threads log, else standard output.
 */
export async function startThreads(
  settings: ServerSettings,
  count: number,
  measure: Measure,
  logLines: LogLines | null = null,
): Promise<Processing> {
  const threads = Array.from({ length: count }, () => new Thread(settings, measure, logLines));
  try {
    await Promise.all(threads.map(thread => thread.started));
  } catch (error) {
    await Promise.all(threads.map(thread => thread.end()));
    throw error;
  }
  return {
    get caughtUp() {
      return threads.every(thread => thread.caughtUp);
    },
    close: async () => {
      await Promise.all(threads.map(thread => thread.close()));
    },
  };
}

/**
 * The module that a thread runs. From source it needs tsx, which does not follow into threads by itself: there a line of
 * code registers it first.
 */
function threadModule(): URL {
  const extension = extname(import.meta.url);
  const file = new URL(`thread${extension}`, import.meta.url);
  if (extension !== '.ts') return file;
  const tsx = import.meta.resolve('tsx/esm/api');
  const code = `import { register } from '${tsx}'; register(); await import('${file.href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

class Thread {
  readonly #worker: Worker;
  readonly started: Promise<void>;
  readonly #ended: Promise<unknown>;
  caughtUp = false;
  #state: 'starting' | 'running' | 'ending' = 'starting';

  constructor(settings: ServerSettings, measure: Measure, logLines: LogLines | null) {
    this.#worker = new Worker(threadModule(), {
      workerData: { settings, isLogTaken: logLines !== null } satisfies ThreadData,
      stdout: logLines !== null,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    if (logLines !== null)
      createInterface({ input: this.#worker.stdout }).on('line', line => logLines.write(`${line}\n`));
    this.#ended = new Promise(resolve => this.#worker.once('exit', resolve));
    this.started = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: unknown) => {
        this.#take(REPORT.parse(message), measure);
        if (this.#state === 'starting') this.#state = 'running';
        resolve();
      });
      // Once it runs there is nobody to tell: whatever ends it ends the process, and the next one goes on.
      const fail = (error: unknown) => {
        const before = this.#state;
        this.#state = 'ending';
        if (before === 'running') throw error;
        if (before === 'starting') reject(error);
      };
      this.#worker.on('error', fail);
      this.#worker.on('exit', code => fail(new Error(`a processing thread ended by itself (${code})`)));
    });
  }

  async close(): Promise<void> {
    this.#state = 'ending';
    this.#worker.postMessage(CLOSE);
    await this.#ended;
  }

  /** Ends it at once, whatever is under way. */
  async end(): Promise<void> {
    this.#state = 'ending';
    await this.#worker.terminate();
  }

  #take({ caughtUp, timerLags, eventLags }: Report, measure: Measure): void {
    this.caughtUp = caughtUp;
    for (const seconds of timerLags) measure.timerLag(seconds);
    for (const seconds of eventLags) measure.eventLag(seconds);
  }
}
