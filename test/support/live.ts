// A case as the live monitor runs it, without streams and stores: events arrive in some order at logical times that
// only grow, deadlines are rung, states may be encoded and decoded at any point.

import { compareOutcomes, type OutcomeLine } from '../../src/backtest/lines.ts';
import { outcomesOfCase } from '../../src/backtest/outcomes.ts';
import type { SlaEvent } from '../../src/contract/event.ts';
import type { CaseActionRecord, ClockRecord } from '../../src/contract/record.ts';
import { type Acceptance, acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import { caseKey, decodeCase, encodeCase } from '../../src/engine/codec.ts';
import { changePolicy, NO_EFFECT } from '../../src/engine/policy-change.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';

/** One thing that happens to a case: an event arrives, time passes, a policy comes into force, the state is stored and loaded again. */
export type Input =
  | { readonly kind: 'event'; readonly event: SlaEvent; readonly now: number }
  | { readonly kind: 'time'; readonly now: number }
  | { readonly kind: 'policy'; readonly policy: CompiledPolicy; readonly now: number }
  | { readonly kind: 'reload' };

export interface LiveRun {
  readonly outcomes: readonly OutcomeLine[];
  readonly records: readonly ClockRecord[];
  /** Records and what was called for, in the order in which they were told. */
  readonly told: readonly (ClockRecord | CaseActionRecord)[];
  readonly cells: ReadonlyMap<string, number>;
  readonly acceptances: readonly Acceptance[];
  /** The lowest change of any counter in any step: below 0 a counter fell. */
  readonly lowestCount: number;
}

/** Runs one case through `inputs` and then up to `until`. */
export function runLive(policy: CompiledPolicy, inputs: readonly Input[], until: number): LiveRun {
  const first = inputs.find(input => input.kind === 'event');
  if (first?.kind !== 'event') throw new Error('a case needs an event');
  const { entity, case: id } = first.event;
  let state: CaseState = newCase(policy, entity, id);
  const all: (ClockRecord | CaseActionRecord)[] = [];
  const cells = new Map<string, number>();
  const acceptances: Acceptance[] = [];
  let lowestCount = 0;
  let sequence = 0;
  const step = (act: (told: Told, cause: string) => void) => {
    const told: Told = { records: [], cells: new Map() };
    act(told, `s-${++sequence}`);
    all.push(...told.records);
    for (const [key, change] of told.cells) {
      if (key.startsWith('c|')) lowestCount = Math.min(lowestCount, change);
      const value = (cells.get(key) ?? 0) + change;
      if (value === 0) cells.delete(key);
      else cells.set(key, value);
    }
  };
  const stored: string[] = [];
  for (const input of [...inputs, { kind: 'time', now: until } as const]) {
    if (input.kind === 'reload') {
      if (state.events.length > 0) {
        const { head, chunks } = encodeCase(state);
        for (const { index, text } of chunks) stored[index] = text;
        const { policy: inForce } = state;
        state = decodeCase(() => inForce, caseKey(entity, id), head, stored);
      }
    } else if (input.kind === 'policy')
      step((told, id) => {
        const { now } = input;
        reachTime(state, { now, id, at: now }, told);
        state = changePolicy(state, input.policy, { now, id: `${id}p`, at: now }, told, { ...NO_EFFECT });
      });
    else if (input.kind === 'time')
      step((told, cause) => reachTime(state, { now: input.now, id: cause, at: input.now }, told));
    else
      step((told, cause) => {
        const { event, now } = input;
        acceptances.push(acceptEvent(state, event, { now, id: cause, at: event.time }, told));
      });
  }
  const outcomes = outcomesOfCase(state, until).sort(compareOutcomes);
  const records = all.filter(record => record.kind === 'clock');
  return { outcomes, records, told: all, cells, acceptances, lowestCount };
}

/** Cells as they should agree however events arrived: counters less what was withdrawn from them. */
export function netCells(cells: ReadonlyMap<string, number>): Record<string, number> {
  const net: Record<string, number> = {};
  for (const [key, value] of cells) {
    const [kind, name = '', ...rest] = key.split('|');
    const withdrawn = kind === 'c' && name.endsWith('Withdrawn');
    const to = withdrawn ? [kind, name.slice(0, -'Withdrawn'.length), ...rest].join('|') : key;
    net[to] = (net[to] ?? 0) + (withdrawn ? -value : value);
    if (net[to] === 0) delete net[to];
  }
  return Object.fromEntries(Object.entries(net).sort(([a], [b]) => (a < b ? -1 : 1)));
}
