// Sends a board to everyone who watches it: a snapshot, then deltas without a gap. A frame is serialised once and
// the same bytes go to all. A client that does not keep up gets nothing until it has drained, then a fresh snapshot.
// Bounds: deltas kept for a return, bytes waiting per client, frames a second, clients, size and rate of what they send.
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Board, DeltaFrame, ErrorFrame, HeartbeatFrame, SnapshotFrame } from '../contract/frame.ts';

export const BOARD = 'overview';

/** What the hub shows: the board as of now. */
export interface BoardSource {
  build(): {
    readonly board: Board;
    readonly asOf: number;
    readonly centre: string;
    readonly timezone: string;
  };
}

export interface HubOptions {
  readonly source: BoardSource;
  /** The shortest time between two deltas, ms. */
  readonly intervalMs?: number;
  /** Deltas kept for those who come back. */
  readonly keepDeltas?: number;
  /** A client with more than this waiting is skipped ahead, bytes. */
  readonly slowBytes?: number;
  readonly heartbeatMs?: number;
  readonly pingMs?: number;
  readonly onFrames?: (count: number) => void;
  readonly onError?: (error: unknown) => void;
}

interface Client {
  readonly socket: WebSocket;
  readonly stillAllowed: () => boolean;
  subscribed: boolean;
  /** Since when it has been skipped, ms; null while it keeps up. */
  slowSince: number | null;
  answered: boolean;
  messages: number;
}

const subscribeFrame = z.object({
  subscribe: z.string().max(100),
  epoch: z.string().max(100).optional(),
  offset: z.number().int().nonnegative().optional(),
});

const SLOW_CHECK_MS = 250;
/** A client that drains nothing for this long is cut off; it may come back. */
export const SLOW_MS_MAX = 60_000;
/** Messages that a client may send between two heartbeats. */
const MESSAGES_MAX = 20;
export const KEEP_BYTES_MAX = 16 * 1024 * 1024;
/** Without a client the board is still followed, so that one who returns misses nothing, but not as often. */
const IDLE_INTERVAL_MS = 1_000;
/** Windows slide even when nothing happens. */
const REBUILD_MS = 1_000;

export class BoardsHub {
  /** Names this process's numbering of offsets. */
  readonly epoch = randomUUID();
  readonly #options: Required<HubOptions>;
  readonly #clients = new Set<Client>();
  /** The last text of each section: a section is sent when its text differs. */
  readonly #sections = new Map<string, string>();
  readonly #deltas: Buffer[] = [];
  #deltaBytes = 0;
  #offset = 0;
  #asOf = 0;
  #head: Pick<SnapshotFrame, 'centre' | 'timezone'> = { centre: '', timezone: 'UTC' };
  #snapshot: { readonly offset: number; readonly asOf: number; readonly frame: Buffer } | null = null;
  #builtAt = Number.NEGATIVE_INFINITY;
  #pending: NodeJS.Timeout | null = null;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: HubOptions) {
    this.#options = {
      intervalMs: 100,
      keepDeltas: 600,
      slowBytes: 1024 * 1024,
      heartbeatMs: 5_000,
      pingMs: 25_000,
      onFrames: () => {},
      onError: () => {},
      ...options,
    };
  }

  get clients(): number {
    return this.#clients.size;
  }

  start(): void {
    this.#build();
    this.#timers = [
      setInterval(() => this.changed(), REBUILD_MS),
      setInterval(() => this.#heartbeat(), this.#options.heartbeatMs),
      setInterval(() => this.#ping(), this.#options.pingMs),
      setInterval(() => this.#helpSlow(), SLOW_CHECK_MS),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#pending) clearTimeout(this.#pending);
    this.#timers = [];
    this.#pending = null;
  }

  /** Says that what the board shows may have changed. It is built at once, or when the interval allows. */
  changed(): void {
    if (this.#pending || this.#timers.length === 0) return;
    const interval = this.#clients.size > 0 ? this.#options.intervalMs : IDLE_INTERVAL_MS;
    const waitMs = Math.max(0, this.#builtAt + interval - performance.now());
    this.#pending = setTimeout(() => {
      this.#pending = null;
      this.#build();
    }, waitMs);
  }

  /** Takes an open socket. Its handlers are attached before this returns, so that no message is lost. */
  add(socket: WebSocket, stillAllowed: () => boolean): void {
    const client: Client = {
      socket,
      stillAllowed,
      subscribed: false,
      slowSince: null,
      answered: true,
      messages: 0,
    };
    this.#clients.add(client);
    socket.on('message', data => this.#received(client, data.toString()));
    socket.on('pong', () => {
      client.answered = true;
    });
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => socket.terminate());
  }

  /** Asks all clients to come back later (1012), and cuts off those that don't close within the grace. */
  async closeAll(graceMs = 1_000): Promise<void> {
    const open = [...this.#clients];
    for (const { socket } of open) socket.close(1012, 'restart');
    const deadline = performance.now() + graceMs;
    while (this.#clients.size > 0 && performance.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    for (const { socket } of this.#clients) socket.terminate();
  }

  #build(): void {
    this.#builtAt = performance.now();
    let built: ReturnType<BoardSource['build']>;
    try {
      built = this.#options.source.build();
    } catch (error) {
      // A board that can't be built is not sent; the clients turn grey by the age of what they have.
      this.#options.onError(error);
      return;
    }
    this.#asOf = built.asOf;
    if (built.centre !== this.#head.centre || built.timezone !== this.#head.timezone) {
      this.#head = { centre: built.centre, timezone: built.timezone };
      this.#snapshot = null;
    }
    const changes: string[] = [];
    for (const [name, section] of Object.entries(built.board)) {
      const text = JSON.stringify(section);
      if (this.#sections.get(name) === text) continue;
      this.#sections.set(name, text);
      changes.push(`${JSON.stringify(name)}:${text}`);
    }
    if (changes.length === 0) return;
    this.#offset++;
    const head: Omit<DeltaFrame, 'changes'> = {
      type: 'delta',
      offset: this.#offset,
      asOf: instant(this.#asOf),
    };
    this.#keep(Buffer.from(`${JSON.stringify(head).slice(0, -1)},"changes":{${changes.join(',')}}}`));
  }

  #keep(frame: Buffer): void {
    this.#deltas.push(frame);
    this.#deltaBytes += frame.length;
    while (this.#deltas.length > this.#options.keepDeltas || this.#deltaBytes > KEEP_BYTES_MAX) {
      this.#deltaBytes -= this.#deltas.shift()?.length ?? 0;
    }
    let sent = 0;
    for (const client of this.#clients) {
      if (!client.subscribed || client.slowSince !== null) continue;
      if (client.socket.bufferedAmount > this.#options.slowBytes) {
        client.slowSince = performance.now();
        continue;
      }
      send(client, frame);
      sent++;
    }
    if (sent > 0) this.#options.onFrames(sent);
  }

  #received(client: Client, text: string): void {
    if (++client.messages > MESSAGES_MAX) {
      client.socket.close(1008, 'too many messages');
      return;
    }
    for (const frame of this.#answer(client, text)) {
      send(client, frame);
      this.#options.onFrames(1);
    }
  }

  /** What a client's message is answered with; it is subscribed from then on, so nothing falls in between. */
  #answer(client: Client, text: string): readonly Buffer[] {
    const parsed = parseSubscribe(text);
    if (!parsed) return [errorFrame('bad-request')];
    if (parsed.subscribe !== BOARD) return [errorFrame('no-such-board')];
    if (!client.stillAllowed()) return [errorFrame('forbidden')];
    client.subscribed = true;
    client.slowSince = null;
    const missed = parsed.epoch === this.epoch ? this.#since(parsed.offset) : null;
    if (missed === null) return [this.#snapshotFrame()];
    // Nothing missed is said too, so that who came back knows that it is up to date.
    return missed.length === 0 ? [this.#heartbeatFrame()] : missed;
  }

  /** The deltas after an offset, or null when some of them are no longer kept (or never were). */
  #since(offset: number | undefined): readonly Buffer[] | null {
    if (offset === undefined || offset > this.#offset) return null;
    const count = this.#offset - offset;
    if (count > this.#deltas.length) return null;
    const missed = this.#deltas.slice(this.#deltas.length - count);
    // More than a client may have waiting is not sent in one go: a snapshot is smaller.
    return missed.reduce((bytes, frame) => bytes + frame.length, 0) > this.#options.slowBytes ? null : missed;
  }

  #snapshotFrame(): Buffer {
    const cached = this.#snapshot;
    if (cached && cached.offset === this.#offset && cached.asOf === this.#asOf) return cached.frame;
    const head: Omit<SnapshotFrame, 'state'> = {
      type: 'snapshot',
      board: BOARD,
      epoch: this.epoch,
      offset: this.#offset,
      asOf: instant(this.#asOf),
      ...this.#head,
    };
    const state = [...this.#sections].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',');
    const frame = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"state":{${state}}}`);
    this.#snapshot = { offset: this.#offset, asOf: this.#asOf, frame };
    return frame;
  }

  #heartbeatFrame(): Buffer {
    const frame: HeartbeatFrame = { type: 'heartbeat', asOf: instant(this.#asOf) };
    return Buffer.from(JSON.stringify(frame));
  }

  #heartbeat(): void {
    const frame = this.#heartbeatFrame();
    let sent = 0;
    for (const client of this.#clients) {
      client.messages = 0;
      if (!client.stillAllowed()) {
        client.socket.close(4401, 'signed out');
      } else if (client.slowSince === null && client.socket.bufferedAmount <= this.#options.slowBytes) {
        send(client, frame);
        sent++;
      }
    }
    if (sent > 0) this.#options.onFrames(sent);
  }

  #ping(): void {
    for (const client of this.#clients) {
      if (!client.answered) {
        client.socket.terminate();
        continue;
      }
      client.answered = false;
      client.socket.ping();
    }
  }

  /** Sends a snapshot to those who were skipped and have drained. */
  #helpSlow(): void {
    for (const client of this.#clients) {
      if (client.slowSince === null) continue;
      if (client.socket.bufferedAmount === 0) {
        client.slowSince = null;
        send(client, this.#snapshotFrame());
        this.#options.onFrames(1);
      } else if (performance.now() - client.slowSince > SLOW_MS_MAX) {
        client.socket.terminate();
      }
    }
  }
}

/** Frames are text although they are sent as bytes: browsers read them without another step. */
function send(client: Client, frame: Buffer): void {
  client.socket.send(frame, { binary: false });
}

function errorFrame(code: ErrorFrame['code']): Buffer {
  const frame: ErrorFrame = { type: 'error', code };
  return Buffer.from(JSON.stringify(frame));
}

function parseSubscribe(text: string): z.infer<typeof subscribeFrame> | null {
  try {
    return subscribeFrame.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
