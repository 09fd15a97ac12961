// A figure that becomes of another kind under the same rule begins anew: none of its old counts, sums, values or names
// are read as what they are not, neither while cases change over nor afterwards.
import t from 'tap';
import type { SlaEvent } from '../../src/contract/event.ts';
import { acceptEvent, newCase } from '../../src/engine/case.ts';
import { CellBook } from '../../src/engine/cell-book.ts';
import type { Told } from '../../src/engine/tell.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { CellStore } from '../../src/processor/cell-store.ts';

const START = Date.UTC(2026, 10, 20, 12);

const KINDS = {
  share: 'share: queue',
  p95: 'p95: waitSeconds',
  mean: 'mean: waitSeconds',
  ratio: 'count: { type: call.answered, queue: repair }',
} as const;
type Kind = keyof typeof KINDS;
const NAMES = ['share', 'p95', 'mean', 'ratio'] as const satisfies readonly Kind[];

/** Of five calls that waited 30 to 34 seconds in the queue repair. */
const WANTED: Readonly<Record<Kind, number>> = { share: 1, p95: 34, mean: 32, ratio: 1 };

function policyOf(kind: Kind): CompiledPolicy {
  const loaded = loadPolicy(
    `version: 1\nindicators:\n  - { rule: I, ${KINDS[kind]}, of: call.answered, window: 24h }\n`,
    { file: `${kind}.yaml` },
  );
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
  return loaded.policy;
}

function answered(id: string, queue: string, waitSeconds: number): SlaEvent {
  const fields = { queue, waitSeconds };
  return {
    id,
    source: '/t',
    type: 'call.answered',
    entity: 'call',
    case: id,
    time: START,
    fields,
    digest: '',
  };
}

/** A partition's cells, and the book of a reader that follows them. */
class Rig {
  readonly cells = new Map<string, number>();
  readonly book = new CellBook();
  readonly store: CellStore;
  #now = START;

  constructor(policy: CompiledPolicy) {
    this.store = new CellStore(policy, this.cells);
  }

  call(policy: CompiledPolicy, queue: string, waitSeconds: number): void {
    const id = `C-${queue}-${waitSeconds}`;
    const told: Told = { records: [], cells: new Map() };
    const cause = { now: START, id, at: START };
    acceptEvent(newCase(policy, 'call', id), answered(id, queue, waitSeconds), cause, told);
    this.commit(told.cells);
  }

  commit(changes: ReadonlyMap<string, number>): void {
    const message: Record<string, number | null> = {};
    this.#now += 1;
    this.store.apply(new Map(changes), this.#now, { cellsSet: [], cellsRemoved: [] }, message);
    for (const [key, value] of Object.entries(message)) this.book.set(0, key, value);
  }
}

for (const from of NAMES)
  for (const to of NAMES) {
    if (from === to) continue;
    t.test(`${from} becomes ${to}`, async t => {
      const [before, after] = [policyOf(from), policyOf(to)];
      const [indicator] = after.indicators;
      if (indicator === undefined) throw new Error('no indicator');
      const rig = new Rig(before);
      for (let i = 0; i < 10; i++) rig.call(before, 'other', 1000 + i);
      rig.store.hold();
      rig.commit(new Map());
      for (let i = 30; i < 35; i++) rig.call(after, 'repair', i);
      const value = () => rig.book.window(indicator, 'all', START + 1000);
      t.match(value(), { value: WANTED[to] }, 'while cases change over');
      const wasThere = rig.cells.size;
      rig.store.follow(after);
      rig.commit(new Map());
      t.match(value(), { value: WANTED[to] }, 'afterwards');
      t.ok(rig.cells.size < wasThere, 'what it was is dropped');
      t.same(rig.book.groups(indicator), ['all']);
    });
  }
