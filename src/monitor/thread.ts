// A processing thread: runs `startProcessing` on the settings that it is given, reports how it stands and what it has
// measured, and ends when it is told to. Whatever it throws ends the process, as it would in the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { createLogger } from '../server/log.ts';
import { startProcessing } from './processing.ts';
import { CLOSE, type Report, type ThreadData } from './thread-messages.ts';

const PERIOD_MS = 100;

const port = parentPort;
if (port === null) throw new Error('this file runs in a thread of the monitor only');
const { settings, isLogTaken }: ThreadData = workerData;
let timerLags: number[] = [];
let eventLags: number[] = [];
// By itself a log goes to the process's output, past whoever takes what the thread writes.
const log = createLogger(settings.logLevel, isLogTaken ? process.stdout : null);
const processing = await startProcessing(settings, log, {
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
