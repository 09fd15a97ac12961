// A processing thread: runs `startProcessing` on the settings that it is given, reports how it stands and what it has
// measured, and ends when it is told to. Whatever it throws ends the process, as it would in the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { createLogger } from '../server/log.ts';
import { type ServerSettings, startProcessing } from './processing.ts';
import { CLOSE, type Report } from './thread-messages.ts';

const PERIOD_MS = 100;

const port = parentPort;
if (port === null) throw new Error('this file runs in a thread of the monitor only');
const settings: ServerSettings = workerData;
let timerLags: number[] = [];
let eventLags: number[] = [];
const processing = await startProcessing(settings, createLogger(settings.logLevel), {
  timerLag: seconds => timerLags.push(seconds),
  eventLag: seconds => eventLags.push(seconds),
});
const report = () => {
  port.postMessage({ caughtUp: processing.caughtUp, timerLags, eventLags } satisfies Report);
  timerLags = [];
  eventLags = [];
};
const timer = setInterval(report, PERIOD_MS);
report();
port.on('message', (message: unknown) => {
  if (message !== CLOSE) return;
  clearInterval(timer);
  void processing.close().then(() => {
    report();
    port.close();
  });
});
