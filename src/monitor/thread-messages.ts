// What a processing thread and the main one tell each other.
import { z } from 'zod';

/** To a thread: finish what is under way and end. */
export const CLOSE = 'close';

/** From a thread. Lags are in seconds, as they were measured since the last message. */
export const REPORT = z.object({
  caughtUp: z.boolean(),
  timerLags: z.array(z.number()),
  eventLags: z.array(z.number()),
});
export type Report = z.infer<typeof REPORT>;
