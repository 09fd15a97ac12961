// Conditions: does this event, on a case with these attributes, satisfy what a rule asks for? CONTRACT.md, section 3.
import type { Fields, FieldValue, SlaEvent } from '../contract/event.ts';
import type { AttributeCondition, EventMatcher, FieldTest, Occasion } from '../policy/compiled.ts';

/** A list-valued field satisfies a test when any of its members does. Nothing at all and an empty text are no value. */
export function satisfies({ values }: FieldTest, value: FieldValue | undefined): boolean {
  if (value === undefined) return false;
  if (values === null) return typeof value === 'number' || typeof value === 'boolean' || value.length > 0;
  if (typeof value === 'object') return value.some(member => values.includes(member));
  return values.includes(value);
}

/** True when the event is of the matcher's type and each tested field, looked up in the event, else in the case, fits. */
export function matches(matcher: EventMatcher, event: SlaEvent, attributes: Fields): boolean {
  if (matcher.type !== event.type) return false;
  for (const test of matcher.tests) {
    if (!satisfies(test, event.fields[test.path] ?? attributes[test.path])) return false;
  }
  return true;
}

export function matchesAny(matchers: readonly EventMatcher[], event: SlaEvent, attributes: Fields): boolean {
  for (const matcher of matchers) if (matches(matcher, event, attributes)) return true;
  return false;
}

/** True when every test holds on the attributes. */
export function holds(condition: AttributeCondition, attributes: Fields): boolean {
  for (const test of condition) if (!satisfies(test, attributes[test.path])) return false;
  return true;
}

/** True when any of the conditions holds; no condition at all holds always. */
export function holdsAny(conditions: readonly AttributeCondition[], attributes: Fields): boolean {
  if (conditions.length === 0) return true;
  for (const condition of conditions) if (holds(condition, attributes)) return true;
  return false;
}

/** True when any of the conditions is met by the event, which took the case's attributes from `before` to `after`. */
export function happens(
  occasions: readonly Occasion[],
  event: SlaEvent,
  before: Fields,
  after: Fields,
): boolean {
  for (const occasion of occasions) {
    if ('becomes' in occasion) {
      if (holds(occasion.becomes, after) && !holds(occasion.becomes, before)) return true;
    } else if (matches(occasion, event, after)) return true;
  }
  return false;
}
