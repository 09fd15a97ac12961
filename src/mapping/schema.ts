// The mapping language: how the rows of a helpdesk's CSV export become events. One row is one state of a case;
// rules look at what changed between a case's rows. streams/README.md explains it by an example.
import { z } from 'zod';
import { ENTITIES } from '../contract/event.ts';
import { EVENT_DATA } from '../contract/schemas.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const column = z.string().min(1);
const eventType = z.string().refine(type => Object.hasOwn(EVENT_DATA, type), {
  error: 'expected an event type of the contract, such as ticket.created',
});

/** Where a data field comes from: a column by its name, a constant, or a column whose values are translated. */
const valueSchema = z.union([
  column,
  z.strictObject({ constant: scalar }),
  z.strictObject({
    column,
    values: z.record(z.string(), scalar).optional(),
    /** Values that are not listed: kept as they are, or the field is left out. */
    else: z.enum(['keep', 'drop']).optional(),
    as: z.enum(['string', 'number', 'boolean']).optional(),
  }),
]);

/** Columns with the values that are meant; null is an empty cell. */
const columnTest = z.record(
  column,
  z.union([z.string(), z.null(), z.array(z.union([z.string(), z.null()]))]),
);

/** All that is named must hold. `becomes`: it is so now and the row before had another value, or there is none. */
const conditionSchema = z.strictObject({
  first: z.boolean().optional(),
  is: columnTest.optional(),
  was: columnTest.optional(),
  becomes: columnTest.optional(),
  leaves: columnTest.optional(),
  changed: z.union([column, z.array(column)]).optional(),
});

export const mappingSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  /** The CloudEvents `source`. */
  source: z.string().min(1),
  entity: z.enum(ENTITIES),
  csv: z
    .strictObject({
      delimiter: z.string().min(1).max(4).optional(),
      quote: z.string().length(1).optional(),
      encoding: z.string().optional(),
      /** Cells that mean "nothing", besides the empty one. */
      nulls: z.array(z.string()).optional(),
    })
    .optional(),
  time: z.strictObject({
    column,
    /** `iso`, `epoch-s`, `epoch-ms`, or a pattern such as `dd-MM-yyyy HH:mm`. */
    format: z.string().min(1),
    /** For times without an offset; UTC unless given. */
    timezone: z.string().optional(),
  }),
  /** Template of the case id: `{column}` stands for a cell. Rows with the same one are one case. */
  subject: z.string().min(1),
  /** Template that is different for each row: it makes the event's id, so that publishing again is a duplicate. */
  id: z.string().min(1),
  /** Attributes, by path: carried by the first event that follows their change. */
  data: z.record(z.string(), valueSchema).optional(),
  emit: z
    .array(
      z.strictObject({
        type: eventType,
        when: z.union([conditionSchema, z.array(conditionSchema)]).optional(),
        data: z.record(z.string(), valueSchema).optional(),
      }),
    )
    .min(1),
  /** The type for a row that changes attributes and that no rule takes. */
  update: eventType.optional(),
});

export type Mapping = z.infer<typeof mappingSchema>;
export type MappingCondition = z.infer<typeof conditionSchema>;
export type MappingValue = z.infer<typeof valueSchema>;
export type ColumnTest = z.infer<typeof columnTest>;
