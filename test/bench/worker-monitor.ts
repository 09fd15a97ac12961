// One monitor process of a benchmark: `serve` in full, which says on standard output when it listens.
// It says every 50 ms what it has used, so that the parent can take figures at the end of a drain.
import { settingsFromEnvironment } from '../../src/config.ts';
import { startMonitor } from '../../src/serve.ts';

const monitor = await startMonitor(settingsFromEnvironment());
process.stdout.write(`${JSON.stringify({ address: monitor.address })}\n`);
setInterval(() => {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ rss, heapUsed, cpuMs: (user + system) / 1000 })}\n`);
}, 50);
process.on('SIGTERM', () => {
  void monitor.close().then(() => process.exit(0));
});
