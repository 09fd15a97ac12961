// A BullMQ queue of delayed jobs and its worker, with the settings that a careful team would use.
import { Queue, Worker } from 'bullmq';
import { z } from 'zod';
import { settingsFromEnvironment } from '../../src/config.ts';

export interface DelayedJob {
  /** BullMQ takes no `:` in it. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
}

export interface DelayedJobs {
  ready(): Promise<void>;
  add(job: DelayedJob): Promise<void>;
  addAll(jobs: readonly DelayedJob[]): Promise<void>;
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}

/** Jobs that a worker starts side by side. */
const CONCURRENCY = 100;
const DATA = z.object({ dueAt: z.number() });

/** Opens the queue on the Redis of the environment. `onDue` is called for each job that is started. */
export function openQueue(name: string, onDue: (dueAt: number) => void | Promise<void>): DelayedJobs {
  const { redisUrl } = settingsFromEnvironment();
  if (redisUrl === null) throw new Error('REDIS_URL is needed');
  const { hostname, port, password } = new URL(redisUrl);
  const connection = { host: hostname, port: Number(port), password, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, async job => onDue(DATA.parse(job.data).dueAt), {
    connection,
    concurrency: CONCURRENCY,
    removeOnComplete: { count: 0 },
  });
  const options = ({ id, dueAt }: DelayedJob) => ({
    jobId: id,
    delay: Math.max(0, dueAt - Date.now()),
    removeOnComplete: true,
  });
  return {
    ready: async () => {
      await queue.waitUntilReady();
      await worker.waitUntilReady();
    },
    add: async job => {
      await queue.add('due', { dueAt: job.dueAt }, options(job));
    },
    addAll: async jobs => {
      await queue.addBulk(jobs.map(job => ({ name: 'due', data: { dueAt: job.dueAt }, opts: options(job) })));
    },
    remove: async id => {
      await queue.remove(id);
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
