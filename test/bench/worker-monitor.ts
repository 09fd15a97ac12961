// One monitor process of a benchmark: `serve` in full. It says when it listens, every 50 ms what it has used, and when
// asked the lags that the monitor itself measured: the histograms' values are taken as they are observed, since
// their buckets are too wide for a comparison.
import { Histogram } from 'prom-client';
import { settingsFromEnvironment } from '../../src/config.ts';
import { startMonitor } from '../../src/monitor/monitor.ts';
import { cpuMs, Lags, onTold, say } from './worker.ts';

const events = new Lags();
const timers = new Lags();
const LAGS = new Map<unknown, Lags>([
  ['sla_event_lag_seconds', events],
  ['sla_timer_lag_seconds', timers],
]);

/** Each histogram without exemplars copies this method when it is made. */
const METHOD = 'observeWithoutExemplar';
const observe: unknown = Reflect.get(Histogram.prototype, METHOD);
if (typeof observe !== 'function') throw new Error('this version of prom-client observes in another way');
Reflect.set(Histogram.prototype, METHOD, function (this: Histogram, ...values: unknown[]): void {
  Reflect.apply(observe, this, values);
  const seconds = values.at(-1);
  if (typeof seconds === 'number') LAGS.get(Reflect.get(this, 'name'))?.add(seconds * 1000);
});

const monitor = await startMonitor(settingsFromEnvironment());
onTold(what => {
  if (what === 'lags') say({ kind: 'lags', events: events.quantiles, timers: timers.quantiles });
  else if (what === 'reset') for (const lags of LAGS.values()) lags.reset();
});
setInterval(() => {
  say({ kind: 'used', rss: process.memoryUsage.rss(), cpuMs: cpuMs(), timers: timers.count });
}, 50);
process.on('SIGTERM', () => {
  void monitor.close().then(() => process.exit(0));
});
say({ kind: 'ready', address: monitor.address });
