// A short-lived consumer on the server that acknowledges nothing, its inbox, and the one request that is open on it.
import { createInbox, type Msg, type NatsConnection, nuid, type Subscription } from 'nats';

/** How long a request stays open; it ends earlier when it is served. */
const REQUEST_MS = 30_000;
/** How often the server says that an open request lives. */
export const HEARTBEAT_MS = 1_000;

export class PullConsumer {
  readonly name = `sla_${nuid.next()}`;
  /** Messages still to come for the open request. */
  asked = 0;
  /** Consumer sequence of the last message: the server counts each delivery, so a lost one shows. */
  delivered = 0;
  heardAt = Date.now();
  /** How delivery subjects of servers up to 2.11 begin. */
  readonly replyPrefix: string;
  private readonly nc: NatsConnection;
  private readonly stream: string;
  private readonly inbox = createInbox();
  private requests = 0;
  private subscription: Subscription | null = null;

  constructor(nc: NatsConnection, stream: string) {
    this.nc = nc;
    this.stream = stream;
    this.replyPrefix = `$JS.ACK.${stream}.${this.name}.1.`;
  }

  listen(onMessage: (message: Msg) => void): void {
    this.subscription = this.nc.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) onMessage(message);
      },
    });
  }

  ask(messages: number, bytes: number): void {
    this.asked = messages;
    this.requests++;
    this.heardAt = Date.now();
    this.nc.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${this.name}`,
      JSON.stringify({
        batch: messages,
        max_bytes: bytes,
        expires: REQUEST_MS * 1_000_000,
        idle_heartbeat: HEARTBEAT_MS * 1_000_000,
      }),
      { reply: `${this.inbox}.${this.requests}` },
    );
  }

  /** True when a status is about the open request; those of requests that are complete change nothing. */
  isCurrent(subject: string): boolean {
    return subject === `${this.inbox}.${this.requests}`;
  }

  /** The server forgets it by itself after 30 s; asking it to is a courtesy that may fail. */
  drop(): void {
    if (this.nc.isClosed()) return;
    this.subscription?.unsubscribe();
    this.nc.publish(`$JS.API.CONSUMER.DELETE.${this.stream}.${this.name}`);
  }
}
