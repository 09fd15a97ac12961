// (g) What a step costs with packs of 10, 100 and 1,000 rules: cost should follow the rules that an event touches, not
// the size of the pack. In one row the further rules listen to events that do not come, in the other to all of them.
import type { SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, type CaseState, newCase, reachTime } from '../../src/engine/case.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Row, Sizes } from './report.ts';
import { cpuMs } from './worker.ts';

const PACKS = [10, 100, 1_000];
/** Rules that the events touch where the others listen elsewhere. */
const TOUCHED = 10;
const LIFE = ['created', 'assigned', 'updated', 'replied', 'updated', 'resolved', 'closed'];
const START = Date.UTC(2026, 10, 16, 1);

export async function benchPolicySize({ quick }: Sizes): Promise<Row[]> {
  const cases = quick ? 300 : 2_000;
  const rows: Row[] = [];
  for (const all of [false, true]) {
    let baseline: number | null = null;
    for (const rules of PACKS) {
      const cost = measure(pack(rules, all ? rules : TOUCHED), all && rules > 100 ? cases / 10 : cases);
      const touched = all ? rules : TOUCHED;
      rows.push({
        part: 'g',
        what: `a step with ${rules} rules, ${touched} touched`,
        unit: 'µs',
        ours: cost,
        baseline,
        baselineWhat: baseline === null ? '' : `a pack of ${PACKS[0]} rules`,
        better: 'lower',
        aim: null,
      });
      baseline ??= cost;
    }
  }
  return rows;
}

/** Of `rules` clocks the first `touched` start at a ticket's creation; each of the others starts at a flag of its own. */
function pack(rules: number, touched: number): CompiledPolicy {
  const clocks = Array.from({ length: rules }, (_, i) => ({
    rule: `R-${i}`,
    on: 'ticket',
    start: i < touched ? 'ticket.created' : { type: 'ticket.flagged', flag: `flag-${i}` },
    stop: i < touched ? 'ticket.resolved' : 'ticket.escalated',
    target: `${(i % 20) + 1}h`,
    warn: '80%',
  }));
  const loaded = loadPolicy(JSON.stringify({ version: 1, name: 'bench', timezone: 'UTC', clocks }), {
    file: 'bench.yaml',
  });
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '));
  return loaded.policy;
}

/** Microseconds of processor time for an event, the least of three rounds. */
function measure(policy: CompiledPolicy, cases: number): number {
  const lives = Array.from({ length: cases }, (_, i) => life(i));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const states = lives.map((_, i): CaseState => newCase(policy, 'ticket', `T-${i}`));
    const begin = cpuMs();
    for (const [i, state] of states.entries()) {
      for (const event of lives[i] ?? []) {
        const told: Told = { records: [], cells: new Map() };
        const cause = { now: event.time, id: event.id, at: event.time };
        reachTime(state, cause, told);
        acceptEvent(state, event, cause, told);
      }
    }
    const cost = ((cpuMs() - begin) * 1000) / (cases * LIFE.length);
    // The first round is the compiler's.
    if (round > 0) best = Math.min(best, cost);
  }
  return best;
}

function life(number: number): SlaEvent[] {
  const fields = { channel: 'web', kind: 'repair', queue: 'repair' };
  return LIFE.map((name, i) => ({
    id: `e-${number}-${i}`,
    source: '/bench',
    type: `ticket.${name}`,
    entity: 'ticket',
    case: `T-${number}`,
    time: START + number * 900 + i * 60_000,
    fields: i === 0 ? fields : {},
    digest: `0123456789a${i}`,
  }));
}
