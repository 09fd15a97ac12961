// What the worker processes of benchmarks share: saying something to the parent, and what they have used.
import { type Quantiles, quantiles } from './report.ts';
import type { Said, Told } from './rig.ts';

export function say(what: Said): void {
  process.send?.(what);
}

/** Calls the listener with what the parent tells. A worker whose parent is gone ends. */
export function onTold(listener: (what: Told) => void): void {
  process.on('message', what => {
    if (what === 'lags' || what === 'reset' || what === 'finish') listener(what);
  });
  process.on('disconnect', () => process.exit(1));
}

/** Milliseconds of processor time of this process. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Latencies in milliseconds. */
export class Lags {
  #values: number[] = [];

  get count(): number {
    return this.#values.length;
  }

  add(ms: number): void {
    this.#values.push(ms);
  }

  reset(): void {
    this.#values = [];
  }

  get quantiles(): Quantiles {
    return quantiles(this.#values);
  }
}
