// Rules that just missed: their start came, but what they ask for does not hold. It answers why a rule that somebody
// expects does not run, most often since a publisher writes a value otherwise than the policy does.
import type { Fields, FieldValue } from '../contract/event.ts';
import type {
  AttributeCondition,
  CompiledClock,
  CompiledPolicy,
  FieldTest,
  Occasion,
  Title,
} from '../policy/compiled.ts';
import type { CaseState } from './case.ts';
import { clockOf, text } from './fold.ts';
import { satisfies } from './match.ts';

/** So many are told; how many there are beyond is counted. */
export const NEAR_MISSES_MAX = 8;

/** What a rule asks of an attribute, and what was found. */
export interface Unmet {
  readonly attribute: string;
  /** Null where the case has none. */
  readonly found: FieldValue | null;
  /** Any of these; null: any value at all. */
  readonly wanted: readonly FieldValue[] | null;
}

export interface NearMiss {
  readonly rule: string;
  readonly title: Title;
  readonly unmet: readonly Unmet[];
  /**
   * True where all that keeps it from running looks like a slip: a value that is written otherwise, in case or blanks alone,
   * or one of the policy's own attributes that none of its rules takes, though they name several.
   */
  readonly slip: boolean;
  readonly text: Title;
}

export interface NearMisses {
  readonly rules: readonly NearMiss[];
  readonly unlisted: number;
}

/** Those that look most like a slip come first: values that differ in case alone, then other values, then missing ones. */
export function nearMisses(state: CaseState): NearMisses {
  const found: { readonly miss: NearMiss; readonly rank: number }[] = [];
  for (const clock of state.policy.clocks) {
    if (clock.entity !== state.entity || clock.evidence) continue;
    const unmet = unmetOf(state, clock);
    if (unmet === null || unmet.length === 0) continue;
    const { rule, title } = clock;
    const slips = unmet.map(each => slipOf(state.policy, each));
    const rank = Math.max(...unmet.map((each, i) => (slips[i] === null ? rankOf(each) : 0)));
    found.push({ miss: { rule, title, unmet, slip: rank === 0, text: sentence(unmet, slips) }, rank });
  }
  const rules = found.sort((a, b) => a.rank - b.rank).map(({ miss }) => miss);
  return {
    rules: rules.slice(0, NEAR_MISSES_MAX),
    unlisted: Math.max(0, rules.length - NEAR_MISSES_MAX),
  };
}

/** What keeps the clock from running; null where its start did not come, nothing where it ran. */
function unmetOf(state: CaseState, clock: CompiledClock): readonly Unmet[] | null {
  if (clockOf(state.fold, clock.index) !== undefined) return [];
  const starts = clock.start.flatMap(occasion => startOf(state, occasion));
  const start = fewest(starts);
  if (start === null) return null;
  const gate = fewest(clock.when.map(condition => unmetTests(condition, state.fold.attributes))) ?? [];
  const all = [...start, ...gate, ...unmetTarget(clock, state.fold.attributes)];
  // An attribute that is amiss in several ways is told once.
  return all.filter(({ attribute }, i) => all.findIndex(other => other.attribute === attribute) === i);
}

/** A value for which the rule names no target keeps it from running as well. */
function unmetTarget({ target }: CompiledClock, attributes: Fields): readonly Unmet[] {
  if (target.kind !== 'by' || target.otherwise !== null) return [];
  const found = attributes[target.attribute] ?? null;
  if (found !== null && target.values.has(text(found))) return [];
  return [{ attribute: target.attribute, found, wanted: [...target.values.keys()] }];
}

/**
 * The ways in which the start came, each with what is amiss. A `becomes` came near where publishers gave all that it tests
 * a value; `status` is the monitor's own, so one that waits for it has just not come yet.
 */
function startOf({ events, applied, fold }: CaseState, occasion: Occasion): (readonly Unmet[])[] {
  if ('becomes' in occasion) {
    const unmet = unmetTests(occasion.becomes, fold.attributes);
    return unmet.every(({ attribute, found }) => found !== null && attribute !== 'status') ? [unmet] : [];
  }
  return events
    .slice(0, applied)
    .filter(({ type }) => type === occasion.type)
    .map(({ fields }) => unmetTests(occasion.tests, { ...fold.attributes, ...fields }))
    .filter(unmet => unmet.every(isSlip));
}

function unmetTests(tests: AttributeCondition, values: Fields): readonly Unmet[] {
  return tests
    .filter((test: FieldTest) => !satisfies(test, values[test.path]))
    .map(({ path, values: wanted }) => ({ attribute: path, found: values[path] ?? null, wanted }));
}

function fewest(all: readonly (readonly Unmet[])[]): readonly Unmet[] | null {
  let least: readonly Unmet[] | null = null;
  for (const unmet of all) if (least === null || unmet.length < least.length) least = unmet;
  return least;
}

function rankOf({ found }: Unmet): number {
  return found === null ? 2 : 1;
}

function slipOf(policy: CompiledPolicy, unmet: Unmet): 'spelling' | 'value' | null {
  if (isSlip(unmet)) return 'spelling';
  const { attribute, found } = unmet;
  if (found === null || !policy.attributes.has(attribute)) return null;
  const taken = takenBy(policy).get(attribute);
  return taken !== undefined && taken.size > 1 && !taken.has(plain(found)) ? 'value' : null;
}

/** The values that a policy's rules name, by attribute, however they are written; found once. */
const TAKEN = new WeakMap<CompiledPolicy, ReadonlyMap<string, ReadonlySet<string>>>();

function takenBy(policy: CompiledPolicy): ReadonlyMap<string, ReadonlySet<string>> {
  const known = TAKEN.get(policy);
  if (known !== undefined) return known;
  const taken = new Map<string, Set<string>>();
  const take = (attribute: string, values: Iterable<FieldValue>) => {
    const names = taken.get(attribute) ?? new Set();
    for (const value of values) names.add(plain(value));
    taken.set(attribute, names);
  };
  for (const { when, start, target } of policy.clocks) {
    for (const test of when.flat()) take(test.path, test.values ?? []);
    for (const one of start)
      for (const test of 'becomes' in one ? one.becomes : one.tests) take(test.path, test.values ?? []);
    if (target.kind === 'by') take(target.attribute, target.values.keys());
  }
  TAKEN.set(policy, taken);
  return taken;
}

function isSlip({ found, wanted }: Unmet): boolean {
  if (found === null || wanted === null) return false;
  return wanted.some(value => plain(value) === plain(found));
}

/** A value without what is most often written otherwise. */
function plain(value: FieldValue): string {
  return text(value).trim().toLowerCase();
}

const SLIPS = {
  spelling: { zh: '（大小写或空格不同）', en: ' (written otherwise)' },
  value: { zh: '（没有规则采用该值）', en: ' (which no rule takes)' },
} as const;

function sentence(unmet: readonly Unmet[], slips: readonly (keyof typeof SLIPS | null)[]): Title {
  const parts = unmet.map(({ attribute, found, wanted }, i) => {
    const slip = slips[i] ?? null;
    const { zh, en } = slip === null ? { zh: '', en: '' } : SLIPS[slip];
    const want = wanted === null ? null : wanted.map(text).join('/');
    return {
      zh: `${attribute} ${found === null ? '未填写' : `为“${text(found)}”`}，须${want === null ? '有值' : `为 ${want}`}${zh}`,
      en: `${attribute} ${found === null ? 'is missing' : `is "${text(found)}"`}, it takes ${want ?? 'any value'}${en}`,
    };
  });
  return { zh: parts.map(({ zh }) => zh).join('；'), en: parts.map(({ en }) => en).join('; ') };
}
