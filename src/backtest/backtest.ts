// A backtest: recorded events run through a policy on their own time, by the engine that runs live, without a server.
import type { SlaEvent } from '../contract/event.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { EventBook } from './book.ts';
import type { AlertLine, OutcomeLine, TransitionLine } from './lines.ts';
import { outcomesOf } from './outcomes.ts';
import { Replay } from './replay.ts';
import { SpillSpace } from './spill.ts';

export interface Backtest {
  readonly outcomes: readonly OutcomeLine[];
  /** Empty unless all was asked for. */
  readonly transitions: readonly TransitionLine[];
  readonly alerts: readonly AlertLine[];
}

/**
 * Runs events, in any order, up to `until` (ms since 1970; null: the last event's time). Repeated events count once;
 * of two with one id and source and other content the first given one counts.
 */
export function backtest(
  policy: CompiledPolicy,
  events: Iterable<SlaEvent>,
  until: number | null = null,
  { all = false }: { readonly all?: boolean } = {},
): Backtest {
  const book = new EventBook();
  for (const event of events) if (until === null || event.time <= until) book.add(event);
  const end = until ?? book.lastAt;
  const outcomes = [...outcomesOf(policy, book.cases(), end)];
  return { outcomes, ...(all ? account(policy, book, end) : { transitions: [], alerts: [] }) };
}

function account(
  policy: CompiledPolicy,
  book: EventBook,
  until: number,
): { transitions: TransitionLine[]; alerts: AlertLine[] } {
  const transitions: TransitionLine[] = [];
  const alerts: AlertLine[] = [];
  const space = new SpillSpace();
  try {
    const replay = new Replay(policy, space, until);
    for (const events of book.cases()) replay.add(events);
    for (const line of replay.lines()) {
      if (line.kind === 'alert') alerts.push(line);
      else transitions.push(line);
    }
  } finally {
    space.close();
  }
  return { transitions, alerts };
}
