// What the page knows: a pure reducer from frames of `/ws` to state. It knows no socket, clock or document.
// Instants of the server are milliseconds since 1970; `received` is the page's own monotonic milliseconds.
import type { Board, ServerFrame } from '../../../src/contract/frame.ts';

/**
 * How far the state can be trusted to follow the server:
 * `empty` nothing came yet; `resuming` asked for what was missed; `synced` follows; `gap` an offset was
 * skipped, so that only a new snapshot helps; `refused` the server said no.
 */
type Sync = 'empty' | 'resuming' | 'synced' | 'gap' | 'refused';

export interface LiveState {
  readonly sync: Sync;
  readonly board: Board | null;
  readonly epoch: string | null;
  readonly offset: number;
  readonly centre: string;
  readonly timezone: string;
  /** The instant for which the figures hold; 0 before the first frame. */
  readonly asOf: number;
  /** The instant for which the list of cases at risk was sent: a paused case counts from it. */
  readonly riskAsOf: number;
  /** When the last frame that was applied came, in the page's own milliseconds. */
  readonly received: number;
  /** Ids of feed items that came while the page was looking: these flash once. */
  readonly arrived: ReadonlySet<string>;
  readonly refusal: string | null;
}

export const EMPTY: LiveState = {
  sync: 'empty',
  board: null,
  epoch: null,
  offset: 0,
  centre: '',
  timezone: 'UTC',
  asOf: 0,
  riskAsOf: 0,
  received: 0,
  arrived: new Set(),
  refusal: null,
};

/** Without a frame for this long the board says that it is out of date. */
export const SILENCE_MS_MAX = 12_000;

/**
 * The state after a frame. A delta at or below the known offset changes nothing; one beyond the next offset
 * makes a `gap`, after which all but a snapshot is left aside.
 */
export function applyFrame(state: LiveState, frame: ServerFrame, received: number): LiveState {
  switch (frame.type) {
    case 'snapshot': {
      const asOf = Date.parse(frame.asOf);
      return {
        sync: 'synced',
        board: frame.state,
        epoch: frame.epoch,
        offset: frame.offset,
        centre: frame.centre,
        timezone: frame.timezone,
        asOf,
        riskAsOf: asOf,
        received,
        arrived: state.board === null ? EMPTY.arrived : arrivals(state, frame.state),
        refusal: null,
      };
    }
    case 'delta': {
      if (state.board === null || (state.sync !== 'synced' && state.sync !== 'resuming')) return state;
      if (frame.offset <= state.offset) return state;
      if (frame.offset > state.offset + 1) return { ...state, sync: 'gap' };
      const board = { ...state.board, ...frame.changes };
      const asOf = Date.parse(frame.asOf);
      return {
        ...state,
        sync: 'synced',
        board,
        offset: frame.offset,
        asOf,
        riskAsOf: frame.changes.atRisk === undefined ? state.riskAsOf : asOf,
        received,
        arrived: frame.changes.feed === undefined ? state.arrived : arrivals(state, board),
      };
    }
    case 'heartbeat':
      if (state.sync !== 'synced' && state.sync !== 'resuming') return state;
      return { ...state, sync: 'synced', asOf: Math.max(state.asOf, Date.parse(frame.asOf)), received };
    case 'error':
      // Asked for what it cannot give from there on: a snapshot will do. Anything else is final.
      return frame.code === 'bad-request' || frame.code === 'not-subscribed'
        ? { ...state, sync: 'gap' }
        : { ...state, sync: 'refused', refusal: frame.code };
    default: {
      const left: never = frame;
      return left;
    }
  }
}

function arrivals(before: LiveState, board: Board): ReadonlySet<string> {
  const known = new Set(before.board?.feed.map(item => item.id));
  const arrived = board.feed.filter(item => !known.has(item.id) || before.arrived.has(item.id));
  return new Set(arrived.map(item => item.id));
}

/** Reads a message at the border: a frame with the parts that the reducer stands on, or null. */
export function readFrame(text: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isFrame(value) ? value : null;
}

function isFrame(value: unknown): value is ServerFrame {
  if (!isObject(value)) return false;
  if (value.type === 'error') return typeof value.code === 'string';
  if (typeof value.asOf !== 'string' || Number.isNaN(Date.parse(value.asOf))) return false;
  if (value.type === 'heartbeat') return true;
  if (!Number.isSafeInteger(value.offset)) return false;
  if (value.type === 'delta') return isObject(value.changes);
  return (
    value.type === 'snapshot' &&
    typeof value.epoch === 'string' &&
    typeof value.centre === 'string' &&
    typeof value.timezone === 'string' &&
    isBoard(value.state)
  );
}

function isBoard(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.health)) return false;
  const { figures, queues, agents, atRisk, overdue, alerts, feed } = value;
  const lists = [figures, queues, atRisk, overdue, alerts, feed];
  return lists.every(Array.isArray) && (agents === null || Array.isArray(agents));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why the board is or is not to be believed. */
export type Trust = 'live' | 'connecting' | 'lost' | 'silent' | 'behind' | 'refused';

/** Judges the state at the page's own instant `now`; only `live` may show colours. */
export function trustOf(state: LiveState, connected: boolean, now: number): Trust {
  if (state.sync === 'refused') return 'refused';
  if (state.board === null) return 'connecting';
  if (!connected) return 'lost';
  if (now - state.received >= SILENCE_MS_MAX) return 'silent';
  if (!state.board.health.fresh) return 'behind';
  return state.sync === 'synced' ? 'live' : 'lost';
}
