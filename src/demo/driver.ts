// Runs the simulated centre on the wall clock: publishes its events as any publisher would (`cc.events.…`, mapped by
// the server), and stores its state so that the next run goes on from there, after a crash too.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import { z } from 'zod';
import { Publisher } from '../broker/publisher.ts';
import { ENTITIES } from '../contract/event.ts';
import { encodeToken, publisherSubject } from '../contract/subject.ts';
import { counted } from '../contract/words.ts';
import { Centre, type CloudEvent, type FloorState, newCentre, STORE_EVERY } from './centre.ts';

const TICK_MS = 200;
const RETRY_MS = 500;
/** At the end: how long to wait for a server that does not answer. */
const FAREWELL_MS = 3_000;

export interface CentreOptions {
  readonly nc: NatsConnection;
  /** Where the centre's state is kept between runs. */
  readonly stateFile: string;
  /** For a new centre only; one that goes on keeps its own. */
  readonly seed: number;
  /** How many times busier (and better staffed) than normal. */
  readonly speed: number;
  readonly onProgress: (line: string) => void;
}

export interface CentreStatus {
  /** Published since the start. */
  readonly events: number;
  /** Mean of the last ten seconds. */
  readonly perSecond: number;
  readonly callsWaiting: number;
  readonly chatsWaiting: number;
  readonly openTickets: number;
  /** Share of complaints among the tickets of the last 24 hours, 0–1. */
  readonly complaintRate: number;
  /** True while the server does not take events. */
  readonly stuck: boolean;
}

export interface RunningCentre {
  /** True when a stored centre was taken up again. */
  readonly resumed: boolean;
  status(): CentreStatus;
  /** Closes the lines, publishes that, stores the state. */
  stop(): Promise<void>;
  /** Rejects when the centre can't go on (its state can't be stored); else pending until `stop`. */
  readonly done: Promise<void>;
}

/** Opens the centre: publishes its history, which needs the streams to exist, and goes on until `stop`. */
export async function runCentre(options: CentreOptions): Promise<RunningCentre> {
  const known = readState(options.stateFile);
  const centre = new Centre(known ?? newCentre(options.seed, options.speed, Date.now()));
  const outlet = new Outlet(options.nc);
  const store = () => writeState(options.stateFile, centre.state);

  await outlet.publish(centre.finish());
  store();
  await outlet.publish(centre.settle(Date.now()));
  centre.begin(Date.now(), options.speed);
  store();
  const history = centre.open();
  options.onProgress(
    known === null
      ? `Publishing the last 30 hours of the service centre: ${counted(history.length, 'event')}`
      : `The service centre goes on from where it stopped: ${counted(history.length, 'event')} since then`,
  );
  await outlet.publish(history);
  store();
  outlet.countRate();

  let stopping = false;
  const work = async () => {
    let storedAt = centre.state.at;
    while (!stopping) {
      // Never further ahead of the stored state than what a restart after a crash reckons with.
      await outlet.publish(centre.advance(Math.min(Date.now(), storedAt + STORE_EVERY)));
      if (centre.state.at - storedAt >= STORE_EVERY / 2) {
        store();
        storedAt = centre.state.at;
      }
      if (Date.now() - centre.state.at < TICK_MS) await sleep(TICK_MS);
    }
  };
  const done = work();
  return {
    resumed: known !== null,
    status: () => ({
      ...outlet.status(),
      callsWaiting: Object.values(centre.state.calls).filter(call => call.phase !== 'talking').length,
      chatsWaiting: Object.values(centre.state.chats).filter(chat => chat.phase === 'waiting').length,
      openTickets: Object.keys(centre.state.tickets).length,
      complaintRate: centre.complaintRate(),
    }),
    stop: async () => {
      stopping = true;
      outlet.giveUpAfter(FAREWELL_MS);
      await done;
      // What is not published now is told again at the next start, since the state is only stored after it.
      await outlet.publish(centre.close(Math.max(Date.now(), centre.state.at)));
      if (!outlet.gaveUp) store();
      outlet.close();
    },
    done,
  };
}

/** Publishes until the stream has stored it: the same event with the same id as often as it takes. */
class Outlet {
  private readonly publisher: Publisher;
  private recent: number[] = [];
  private since = Date.now();
  /** True when an event was not stored before the time for it was over. */
  gaveUp = false;
  private events = 0;
  private stuck = false;
  private until = Number.POSITIVE_INFINITY;

  constructor(nc: NatsConnection) {
    this.publisher = new Publisher(nc, { maxInFlight: 500 });
  }

  /** Resolves when all are stored, or given up. */
  async publish(events: readonly CloudEvent[]): Promise<void> {
    await Promise.all(events.map(event => this.publishOne(event)));
  }

  status(): { events: number; perSecond: number; stuck: boolean } {
    const now = Date.now();
    while ((this.recent[0] ?? now) < now - 10_000) this.recent.shift();
    const seconds = Math.min(10, Math.max(1, (now - this.since) / 1000));
    return { events: this.events, perSecond: this.recent.length / seconds, stuck: this.stuck };
  }

  /** Counts the rate from now on: what was published so far was history. */
  countRate(): void {
    this.recent = [];
    this.since = Date.now();
  }

  giveUpAfter(ms: number): void {
    this.until = Date.now() + ms;
  }

  close(): void {
    this.publisher.close();
  }

  private async publishOne(event: CloudEvent): Promise<void> {
    const subject = subjectOf(event);
    const body = JSON.stringify(event);
    for (;;) {
      const { result } = await this.publisher.publish(subject, body, { msgId: event.id });
      this.stuck = result !== 'stored';
      if (result === 'stored') {
        this.events += 1;
        this.recent.push(Date.now());
        return;
      }
      if (result === 'closed' || Date.now() > this.until) {
        this.gaveUp = true;
        return;
      }
      await sleep(RETRY_MS);
    }
  }
}

function subjectOf(event: CloudEvent): string {
  const entity = ENTITIES.find(one => event.type.startsWith(`${one}.`));
  const encoded = encodeToken(event.subject);
  if (entity === undefined || !encoded.ok)
    throw new Error(`no subject for ${event.type} of ${event.subject}`);
  return publisherSubject(entity, encoded.token);
}

const STORED = z.looseObject({
  version: z.literal(1),
  tag: z.string(),
  chance: z.object({ state: z.number() }),
  at: z.number(),
  agenda: z.array(z.object({ at: z.number(), action: z.looseObject({ do: z.string() }) })),
  agents: z.array(z.object({ id: z.string() })),
  tickets: z.record(z.string(), z.object({ step: z.number() })),
});

/** The stored centre; null when there is none, or none that this version can take up. */
function readState(file: string): FloorState | null {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8'));
    return STORED.safeParse(state).success ? state : null;
  } catch {
    return null;
  }
}

function writeState(file: string, state: FloorState): void {
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
