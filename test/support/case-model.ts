// A plain model of a case as CONTRACT.md, section 1, tells it: its events in their order, its attributes after each of
// them, and what a figure finds of it. Part of the model of figures.
import type { FieldValue, SlaEvent } from '../../src/contract/event.ts';

/** A value that a condition may ask for. */
export type Scalar = string | number | boolean;
/** What must hold: each path has one of its values. */
export type Tests = Readonly<Record<string, readonly Scalar[]>>;
export interface Condition {
  readonly type: string;
  readonly tests: Tests;
}
/** Since when a case is in a state, of its attributes or between events. */
export interface Level {
  readonly on: string;
  /** Any of them must hold; none: no attribute is asked for. */
  readonly when: readonly Tests[];
  /** Without any the state is that of the attributes alone. */
  readonly from: readonly Condition[];
  readonly to: readonly Condition[];
}

/** What a policy says of attributes. */
export interface Vocabulary {
  /** Attributes beside those of the contract that events carry. */
  readonly declared: readonly string[];
  /** Attributes that are false until an event that meets one of the conditions, and true from then on. */
  readonly derived: Readonly<Record<string, readonly Condition[]>>;
}

type Groupings = readonly (readonly string[])[];
export type Attributes = Readonly<Record<string, FieldValue>>;

/** Section 1, the first row of the table. */
const ATTRIBUTES = [
  ...[
    'channel',
    'kind',
    'urgency',
    'impact',
    'complexity',
    'severity',
    'category',
    'product',
    'queue',
    'team',
  ],
  ...['agent', 'region', 'distance', 'flow', 'customer.id', 'customer.tier'],
];

/** What `status` becomes by the events of these names. */
const STATUS: Readonly<Record<string, string>> = {
  pending: 'pending',
  resolved: 'resolved',
  closed: 'closed',
  cancelled: 'cancelled',
  resumed: 'open',
  reopened: 'open',
};

const OPENING = ['created', 'queued', 'started', 'scheduled', 'signed_on'];

/** One case with its events up to an instant, in the contract's order. */
export class Case {
  readonly entity: string;
  readonly id: string;
  readonly #vocabulary: Vocabulary;
  /** Each event with the attributes that the case has once it has applied. */
  readonly events: readonly (readonly [event: SlaEvent, after: Attributes])[];
  /** What the attributes are now. */
  readonly #current: Attributes;

  /** `events` are those of one case, each of them once. */
  constructor(vocabulary: Vocabulary, entity: string, id: string, events: readonly SlaEvent[]) {
    this.entity = entity;
    this.id = id;
    this.#vocabulary = vocabulary;
    let attributes: Attributes = { status: 'open', ...this.#notYet() };
    this.events = [...events].sort(inOrder).map(event => {
      attributes = this.#after(event, attributes);
      return [event, attributes] as const;
    });
    this.#current = attributes;
  }

  /** Attributes that events set for good are false before, where events of this kind of case set them. */
  #notYet(): Attributes {
    const own = Object.entries(this.#vocabulary.derived).filter(([, conditions]) =>
      conditions.some(({ type }) => type.startsWith(`${this.entity}.`)),
    );
    return Object.fromEntries(own.map(([name]) => [name, false]));
  }

  #after(event: SlaEvent, before: Attributes): Attributes {
    const after: Record<string, FieldValue> = { ...before };
    for (const name of [...ATTRIBUTES, ...this.#vocabulary.declared]) {
      const value = event.fields[name];
      if (value !== undefined) after[name] = value;
    }
    const status = STATUS[nameOf(event)];
    if (status !== undefined) after.status = status;
    for (const [name, conditions] of Object.entries(this.#vocabulary.derived))
      if (conditions.some(one => meets(one, event, after))) after[name] = true;
    return after;
  }

  /** What a figure finds under a path at an event: the case's current attribute, any other field as the event has it. */
  found(path: string, event: SlaEvent): FieldValue | undefined {
    const { declared, derived } = this.#vocabulary;
    const isAttribute =
      path === 'status' || ATTRIBUTES.includes(path) || declared.includes(path) || path in derived;
    return isAttribute ? this.#current[path] : event.fields[path];
  }

  counts(conditions: readonly Condition[], event: SlaEvent): boolean {
    return conditions.some(
      ({ type, tests }) =>
        type === event.type &&
        Object.entries(tests).every(([path, wanted]) => isOneOf(this.found(path, event), wanted)),
    );
  }

  /** The names of the groups that an event of the case is in. */
  groupsOf(event: SlaEvent, by: Groupings): string[] {
    return groupNames(by, path => this.found(path, event));
  }

  /** The names of the groups that the case itself is in. */
  groups(by: Groupings, attributes = this.#current): string[] {
    return groupNames(by, path => attributes[path]);
  }

  /**
   * Since when the case was in a level's state after each of its events; null: it was not in it. Where events begin and
   * end the state, `when` says which cases count.
   */
  *stay({ when, from, to }: Level): Generator<readonly [since: number | null, attributes: Attributes]> {
    let since: number | null = null;
    for (const [event, attributes] of this.events) {
      const meetsOne = (conditions: readonly Condition[]) =>
        conditions.some(one => meets(one, event, attributes));
      const holds = when.length === 0 || when.some(tests => holdsFor(tests, attributes));
      if (from.length === 0) since = holds ? (since ?? event.time) : null;
      else if (meetsOne(to)) since = null;
      else if (meetsOne(from)) since ??= event.time;
      yield [holds ? since : null, attributes];
    }
  }
}

function groupNames(by: Groupings, value: (path: string) => FieldValue | undefined): string[] {
  return ['all', ...by.map(paths => paths.map(path => `${path}=${value(path) ?? ''}`).join(','))];
}

function nameOf({ type }: SlaEvent): string {
  return type.slice(type.indexOf('.') + 1);
}

function isOneOf(value: FieldValue | undefined, wanted: readonly Scalar[]): boolean {
  return wanted.some(one => one === value);
}

export function holdsFor(tests: Tests, attributes: Attributes): boolean {
  return Object.entries(tests).every(([path, wanted]) => isOneOf(attributes[path], wanted));
}

/** An event condition of a clock or a state: each field is looked up in the event, else in the attributes of then. */
export function meets({ type, tests }: Condition, event: SlaEvent, attributes: Attributes): boolean {
  return type === event.type && holdsFor(tests, { ...attributes, ...event.fields });
}

/** Section 1, Order. */
function inOrder(a: SlaEvent, b: SlaEvent): number {
  const ranks = (event: SlaEvent) => [
    event.time,
    OPENING.includes(nameOf(event)) ? 0 : 1,
    event.sequence === undefined ? 1 : 0,
    event.sequence ?? '',
    event.id,
    event.source,
  ];
  const [x, y] = [ranks(a), ranks(b)];
  for (const [i, one] of x.entries()) {
    const other = y[i] ?? one;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
