// What stands in for a member of a policy's piece that has not the language's shape, so that the members beside it are
// judged all the same. Each is of the right shape and gives no errors outside of its own place, of which all is said.
import type { Step } from './place.ts';

/** What stands for broken keys of a piece. */
export interface StandIns {
  /** Null: without it nothing of the piece can be judged. A key without an entry is left out. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** An event of the piece's entity; null where that is not known. */
  readonly event: string | null;
}

const EVENT = Symbol('an event');
const CONDITION = '(?:^|/)(?:start|stop|cancel|count|of|from|to|set)';

/** The steps of a path with slashes between them, and what can stand there; the first that fits holds. */
const MEMBERS: readonly (readonly [path: RegExp, value: unknown])[] = [
  [/^warn\/\d+$/, '50%'],
  [/^ladder\/\d+$/, { after: '0s', to: 'role' }],
  [/^ladder\/\d+\/after$/, '0s'],
  [/^ladder\/\d+\/to$/, 'role'],
  [/^atOnce\/to\/\d+$/, 'role'],
  [/^objective\/share$/, '95%'],
  [/^objective\/window$/, '28d'],
  [/^target\/by$/, 'status'],
  [/^target\/values$/, { open: '1h' }],
  [/^target\/(values\/.+|else)$/s, '1h'],
  [/^target\/at$/, 'data.dueAt'],
  [/^pause\/\d+$/, { from: EVENT, to: EVENT }],
  [new RegExp(`${CONDITION}(/\\d+)?(/type(/\\d+)?)?$`), EVENT],
  [/\/becomes$/, { status: 'open' }],
  [/\/becomes\/[^/]+$/, 'open'],
  [/(^|\/)when\/\d+$/, {}],
  [/\/present\/\d+$/, 'status'],
  [new RegExp(`(${CONDITION}|(^|/)when)/.*/\\d+$`), 'value'],
  [/^by\/\d+(\/\d+)?$/, 'status'],
  [/^alert\/(above|below)$/, 0],
  [/^closed\/\d+$/, '0001-01-01'],
  [/^(hours|open)\/[^/]+(\/\d+)?$/, '00:00-24:00'],
];

/** Undefined where the member is to be left out. */
export function standInAt(path: readonly Step[], { event }: StandIns): unknown {
  const text = path.join('/');
  const found = MEMBERS.find(([pattern]) => pattern.test(text))?.[1];
  const withEvent = (value: unknown): unknown => (value === EVENT ? (event ?? undefined) : value);
  if (typeof found !== 'object' || found === null) return withEvent(found);
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, withEvent(value)]));
}
