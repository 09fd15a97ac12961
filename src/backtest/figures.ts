// Alerts of a backtest: the cells that the cases' steps change, and every alert judged at each event and at each
// pane's end, on the events' own time.
import { cellParts, isPaneCell, isValueCell } from '../contract/cells.ts';
import type { CellBook } from '../engine/cell-book.ts';
import type { CellChanges } from '../engine/contribute.ts';
import { instantText } from '../engine/instant.ts';
import { type AlertState, judge, QUIET } from '../engine/judge.ts';
import { ValueLimit } from '../engine/value-limit.ts';
import type { CompiledAlert, CompiledIndicator, CompiledPolicy } from '../policy/compiled.ts';
import type { AlertLine } from './lines.ts';

/** One indicator with an alert, and the groups of it that were ever seen. */
interface Watch {
  readonly indicator: CompiledIndicator;
  readonly alert: CompiledAlert;
  readonly groups: Map<string, AlertState>;
  /** Groups whose cells changed since they were last judged, and those that pend. */
  readonly stirred: Set<string>;
  readonly pending: Set<string>;
  /** Keys of cells by the pane they belong to. */
  readonly panes: Map<number, Set<string>>;
  /** False when panes may leave the window between two panes' ends: then every look is at all groups. */
  readonly aligned: boolean;
}

export class Figures {
  readonly #book: CellBook;
  readonly #watches = new Map<string, Watch>();
  readonly #cells = new Map<string, number>();
  readonly #limit = new ValueLimit();

  constructor(policy: CompiledPolicy, book: CellBook) {
    this.#book = book;
    for (const indicator of policy.indicators) {
      const { alert, windowMs, paneMs, rule, measure } = indicator;
      if (alert === null) continue;
      // None in a state is a level too: its total is there before anything ever was in it.
      const known = measure.kind === 'level' ? ['all'] : [];
      this.#watches.set(rule, {
        indicator,
        alert,
        groups: new Map(known.map(group => [group, QUIET])),
        stirred: new Set(known),
        pending: new Set(),
        panes: new Map(),
        aligned: windowMs % paneMs === 0,
      });
    }
  }

  /** Takes the changes of cells that steps left, as of `now`, and empties them. */
  take(changes: CellChanges, now: number): void {
    for (const [key, change] of changes) {
      const kind = key.charAt(0);
      if (kind !== 'l' && kind !== 'q' && !isPaneCell(key)) continue;
      const [, rule = '', group = '', pane = ''] = cellParts(key);
      const watch = this.#watches.get(rule);
      if (watch === undefined) continue;
      const start = isPaneCell(key) ? Number(pane) : null;
      if (start !== null && start <= goneBefore(watch, now)) continue;
      const parts = isValueCell(key)
        ? this.#limit.settle(this.#cells, key, change)
        : [[key, change] as const];
      for (const [kept, part] of parts) {
        if (start !== null) noteKey(watch, start, kept);
        this.#set(kept, (this.#cells.get(kept) ?? 0) + part);
      }
      watch.stirred.add(group);
      if (!watch.groups.has(group)) watch.groups.set(group, QUIET);
    }
    changes.clear();
  }

  #set(key: string, value: number): void {
    const known = this.#cells.has(key);
    if (value === 0) this.#cells.delete(key);
    else this.#cells.set(key, value);
    if (isValueCell(key) && known !== (value !== 0)) this.#limit.count(key, known ? -1 : 1);
    this.#book.set(0, key, value === 0 ? null : value);
  }

  /** The first instant after `now` at which an alert is to be judged although no event comes; infinite without any. */
  nextAt(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const watch of this.#watches.values()) next = Math.min(next, this.#nextOf(watch, now));
    return next;
  }

  #nextOf(watch: Watch, now: number): number {
    const { indicator, alert, pending, groups } = watch;
    const { paneMs, measure } = indicator;
    const paneEnd = (Math.floor(now / paneMs) + 1) * paneMs;
    if (measure.kind !== 'level')
      return watch.panes.size > 0 || pending.size > 0 ? paneEnd : Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const group of pending) {
      const due = (groups.get(group)?.pendingSince ?? now) + alert.forMs;
      next = Math.min(next, Math.max(paneEnd, Math.ceil(due / paneMs) * paneMs));
    }
    // A level changes by events alone; only the age of its oldest member grows by itself.
    if (!measure.longest) return next;
    for (const [group, { firing }] of groups) {
      const since = this.#book.oldestSince(indicator.rule, group);
      const ageMs = ageThatTurns(alert, firing);
      if (since === null || ageMs === null || pending.has(group)) continue;
      next = Math.min(next, Math.max(paneEnd, Math.ceil((since + ageMs) / paneMs) * paneMs));
    }
    return next;
  }

  /**
   * Judges at `now`, an event's instant or one that `nextAt` gave; appends what fired and what was resolved. Where no event
   * comes, only figures of which a pane ends are looked at: what others a policy has changes no alert.
   */
  judge(now: number, at: 'event' | 'pane end', lines: AlertLine[]): void {
    for (const watch of this.#watches.values()) {
      const { indicator } = watch;
      const paneEnds = now % indicator.paneMs === 0;
      if (at === 'pane end' && !paneEnds) continue;
      if (paneEnds) this.#dropPanes(watch, now);
      const longest = indicator.measure.kind === 'level' && indicator.measure.longest;
      const all = !watch.aligned || paneEnds || longest;
      const groups = all ? [...watch.groups.keys()] : [...new Set([...watch.stirred, ...watch.pending])];
      watch.stirred.clear();
      for (const group of groups) this.#judgeGroup(watch, group, now, lines);
    }
  }

  #judgeGroup(
    { indicator, alert, groups, pending }: Watch,
    group: string,
    now: number,
    lines: AlertLine[],
  ): void {
    const before = groups.get(group) ?? QUIET;
    const { state, transition } = judge(alert, before, this.#book.window(indicator, group, now), now);
    groups.set(group, state);
    if (state.pendingSince === null) pending.delete(group);
    else pending.add(group);
    if (transition === null) return;
    const { value, numerator, denominator } = state;
    const { rule } = indicator;
    lines.push({
      kind: 'alert',
      rule,
      group,
      state: transition,
      value,
      numerator,
      denominator,
      at: instantText(now),
    });
  }

  /** Panes that have left the window for good no longer count. */
  #dropPanes(watch: Watch, now: number): void {
    const before = goneBefore(watch, now);
    for (const [start, keys] of watch.panes) {
      if (start > before) continue;
      for (const key of keys) this.#set(key, 0);
      watch.panes.delete(start);
    }
  }
}

/** The age at which an alert on one fires, or is over, though nothing happens; null where growing does not turn it. */
function ageThatTurns({ above, clear }: CompiledAlert, firing: boolean): number | null {
  if (above !== null) return firing ? null : above * 1000 + 1;
  return firing ? clear * 1000 : null;
}

function noteKey({ panes }: Watch, start: number, key: string): void {
  const keys = panes.get(start);
  if (keys === undefined) panes.set(start, new Set([key]));
  else keys.add(key);
}

/** Panes that begin at this instant or before are out of the window at `now`. */
function goneBefore({ indicator }: Watch, now: number): number {
  return now - indicator.windowMs - indicator.paneMs;
}
