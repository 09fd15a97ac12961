// A quick first look at what a zod schema would accept. Nearly every event is plainly valid, and to find that out by the
// schema itself costs more than all else that is done with the event; whatever is not plainly valid is left to it.
import { z } from 'zod';
import { isObject } from './object.ts';
import { parseTime } from './time.ts';

/** True only for what the schema accepts as it is; false says nothing. */
export type Sure<S extends z.ZodType> = (value: unknown) => value is z.output<S>;

/** Compiles a schema of the contract: objects, and in them texts, numbers, booleans and literals, optional or not. */
export function sureOf<S extends z.ZodType>(schema: S): Sure<S> {
  const test = testOf(schema);
  return (value): value is z.output<S> => test(value);
}

type Test = (value: unknown) => boolean;

const NEVER: Test = () => false;

function testOf(schema: unknown): Test {
  if (schema instanceof z.ZodObject) return objectTest(schema);
  if (schema instanceof z.ZodOptional) {
    const inner = testOf(schema.unwrap());
    return value => value === undefined || inner(value);
  }
  if (schema instanceof z.ZodString) return textTest(schema);
  if (schema instanceof z.ZodNumber) return numberTest(schema);
  if (schema instanceof z.ZodBoolean) return value => typeof value === 'boolean';
  if (schema instanceof z.ZodLiteral) {
    const { values } = schema;
    return value => typeof value === 'string' && values.has(value);
  }
  return NEVER;
}

/** Members that the schema does not name are of no concern, those that it needs must be there. */
function objectTest({ shape }: z.ZodObject): Test {
  const tests = new Map(Object.entries(shape).map(([key, field]) => [key, testOf(field)]));
  const needed = Object.keys(shape).filter(key => !(shape[key] instanceof z.ZodOptional));
  return value => {
    if (!isObject(value)) return false;
    for (const key of needed) if (value[key] === undefined) return false;
    for (const key in value) {
      const test = tests.get(key);
      if (test !== undefined && !test(value[key])) return false;
    }
    return true;
  };
}

/** Texts are bounded by their refinement, which the metadata repeats, or by the schema's own length. */
function textTest(schema: z.ZodString): Test {
  const { maxLength, format } = schema.meta() ?? {};
  if (format === 'date-time' && (schema.def.checks ?? []).length > 0)
    return value => typeof value === 'string' && parseTime(value) !== null;
  const least = schema.minLength ?? 0;
  const most = typeof maxLength === 'number' ? maxLength : (schema.maxLength ?? Number.POSITIVE_INFINITY);
  return value => typeof value === 'string' && value.length >= least && value.length <= most;
}

/** A number at one of its bounds is left to the schema, which knows whether the bound is inside. */
function numberTest({ minValue, maxValue, format }: z.ZodNumber): Test {
  if (format !== null) return NEVER;
  const least = minValue ?? Number.NEGATIVE_INFINITY;
  const most = maxValue ?? Number.POSITIVE_INFINITY;
  return value => typeof value === 'number' && Number.isFinite(value) && value > least && value < most;
}
