// The connection to `/ws`: subscribes, follows frames by offset, comes back by itself. The only part of the page
// that knows the network. State is in signals; what a frame means is board.ts's.
import { computed, signal } from '@preact/signals';
import {
  applyFrame,
  EMPTY,
  type LiveState,
  readFrame,
  SILENCE_MS_MAX,
  type Trust,
  trustOf,
} from './board.ts';

const BOARD = 'overview';
const BACKOFF_MS_MIN = 250;
const BACKOFF_MS_MAX = 10_000;
const TICK_MS = 250;
/** Signed out; the server's own code. */
const CLOSE_SIGNED_OUT = 4401;
const CLOSE_FORBIDDEN = 4403;

export const live = signal<LiveState>(EMPTY);
const connected = signal(false);
/** The page's monotonic milliseconds, moved on four times a second. */
const tick = signal(performance.now());
/** How far the server's clock is ahead of the page's monotonic one; null before the first frame. */
const ahead = signal<number | null>(null);

export const trust = computed<Trust>(() => trustOf(live.value, connected.value, tick.value));
export const stale = computed(() => trust.value !== 'live');

/** The server's time now, in milliseconds since 1970. */
const serverNow = computed(() => (ahead.value === null ? Date.now() : tick.value + ahead.value));
/** The same in whole seconds, so that what depends on it is drawn once a second. */
export const second = computed(() => Math.floor(serverNow.value / 1000) * 1000);
/** The instant that countdowns count from: it stands still with the data when the board is out of date. */
export const boardNow = computed(() => (stale.value ? live.value.asOf : second.value));
/** How old the data is, in milliseconds. */
export const dataAge = computed(() => Math.max(0, serverNow.value - live.value.asOf));

let socket: WebSocket | null = null;
let attempt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
/** When the present socket was made, in the page's own milliseconds. */
let madeAt = 0;
/** Whether `ahead` comes from the present socket. */
let sampled = false;
/** On the way to the sign-in page: nothing connects any more. */
let leaving = false;

/** Connects, and stays connected until the page is left. */
export function startLive(): void {
  connect();
  move();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') wake();
  });
  addEventListener('online', wake);
}

/** Ticks on whole quarters of the server's seconds, so that countdowns change when the second does. */
function move(): void {
  tick.value = performance.now();
  // Neither an answer nor a frame that could be applied: a half-open connection, or a server that is lost.
  if (socket !== null && tick.value - Math.max(madeAt, live.value.received) >= SILENCE_MS_MAX) reconnect();
  setTimeout(move, TICK_MS - (serverNow.value % TICK_MS) + 1);
}

/** Back in front of a person: no waiting for a timer that a hidden page was not allowed to run. */
function wake(): void {
  tick.value = performance.now();
  if (live.value.sync === 'refused') return;
  if (socket === null || tick.value - live.value.received >= SILENCE_MS_MAX) reconnect();
}

function reconnect(): void {
  drop();
  attempt = 0;
  connect();
}

/** Lets go of the socket without hearing from it again. */
function drop(): void {
  clearTimeout(retryTimer);
  const old = socket;
  socket = null;
  connected.value = false;
  old?.close();
}

function connect(): void {
  clearTimeout(retryTimer);
  if (leaving) return;
  const address = new URL('/ws', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const own = new WebSocket(address);
  let opened = false;
  socket = own;
  madeAt = performance.now();
  own.onopen = () => {
    if (own !== socket) return;
    opened = true;
    connected.value = true;
    // Samples of the old connection may be from before a sleep, in which monotonic time can stand still.
    sampled = false;
    const { epoch, board } = live.value;
    const resume = board !== null && epoch !== null && live.value.sync !== 'gap';
    if (resume) live.value = { ...live.value, sync: 'resuming' };
    subscribe(own, resume);
  };
  own.onmessage = event => {
    if (own === socket && typeof event.data === 'string') receive(own, event.data);
  };
  own.onclose = event => {
    if (own !== socket) return;
    drop();
    if (event.code === CLOSE_SIGNED_OUT) return signIn();
    if (event.code === CLOSE_FORBIDDEN) {
      live.value = { ...live.value, sync: 'refused', refusal: 'forbidden' };
      return;
    }
    if (!opened) void checkSession();
    retryTimer = setTimeout(connect, backoffMs());
  };
}

/** Full jitter: a uniform share of a bound that doubles up to ten seconds. */
function backoffMs(): number {
  const bound = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt);
  attempt = Math.min(attempt + 1, 16);
  return Math.random() * bound;
}

function subscribe(to: WebSocket, resume: boolean): void {
  const { epoch, offset } = live.value;
  to.send(JSON.stringify(resume ? { subscribe: BOARD, epoch, offset } : { subscribe: BOARD }));
}

function receive(from: WebSocket, text: string): void {
  const frame = readFrame(text);
  const received = performance.now();
  const before = live.value;
  // A frame that can't be read may have been a change: what follows would stand on sand.
  const after = frame === null ? { ...before, sync: 'gap' as const } : applyFrame(before, frame, received);
  if (frame !== null && frame.type !== 'error') {
    // The frame that took the shortest way says most about the server's clock.
    const sample = Date.parse(frame.asOf) - received;
    ahead.value = ahead.value === null || !sampled ? sample : Math.max(ahead.value, sample);
    sampled = true;
  }
  tick.value = received;
  live.value = after;
  if (after.sync === 'synced') attempt = 0;
  if (after.sync === 'gap' && before.sync !== 'gap') subscribe(from, false);
}

/**
 * A browser does not tell why a handshake was refused. The page's own address answers 401 or leads elsewhere
 * when the session is over.
 */
async function checkSession(): Promise<void> {
  try {
    const answer = await fetch('/', { redirect: 'manual', cache: 'no-store', credentials: 'same-origin' });
    if (answer.status === 401 || answer.type === 'opaqueredirect') signIn();
  } catch {
    // The server can't be reached: the retry will see.
  }
}

/** Leaves for the sign-in page, once: a second call would cut the first one's loading short. */
function signIn(): void {
  if (leaving) return;
  leaving = true;
  drop();
  location.assign('/signin');
}
