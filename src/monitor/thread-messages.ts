// What a processing thread and the main one tell each other.
import { z } from 'zod';
import type { ServerSettings } from './processing.ts';

/** What a thread begins with. */
export interface ThreadData {
  readonly settings: ServerSettings;
  /** Whether the main thread takes what it logs, and tells it in another way. */
  readonly isLogTaken: boolean;
}

/** To a thread: finish what is under way and end. */
export const CLOSE = 'close';

/** From a thread. Lags are in seconds, as they were measured since the last message. */
export const REPORT = z.object({
  caughtUp: z.boolean(),
  timerLags: z.array(z.number()),
  eventLags: z.array(z.number()),
});
export type Report = z.infer<typeof REPORT>;
