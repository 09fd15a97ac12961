// What `doctor` says about one thing.

/** `bad`: something is wrong. `warn`: it works, but not as it should. `unknown`: it can't be told from here. */
export type FindingState = 'ok' | 'warn' | 'bad' | 'unknown';

export interface Finding {
  readonly topic: string;
  readonly state: FindingState;
  readonly text: string;
  /** What to do; null when nothing needs doing. */
  readonly advice: string | null;
}

export function ok(topic: string, text: string): Finding {
  return { topic, state: 'ok', text, advice: null };
}

export function warn(topic: string, text: string, advice: string): Finding {
  return { topic, state: 'warn', text, advice };
}

export function bad(topic: string, text: string, advice: string): Finding {
  return { topic, state: 'bad', text, advice };
}

export function unknown(topic: string, text: string, advice: string | null = null): Finding {
  return { topic, state: 'unknown', text, advice };
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Bytes for people, in powers of 1,000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? ''}`;
}

/** Clock skew in ms between this process and a server; `uncertainty` is half of the round trip. */
export function skewFinding(topic: string, skewMs: number, uncertaintyMs: number): Finding {
  const text = `${Math.round(skewMs)} ms ahead of this process (± ${Math.ceil(uncertaintyMs)} ms)`;
  if (Math.abs(skewMs) - uncertaintyMs <= 500) return ok(topic, text);
  return warn(topic, text, 'Keep the clocks in step with NTP: deadlines run on the time of NATS');
}
