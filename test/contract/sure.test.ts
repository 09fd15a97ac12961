// The quick look before zod: whatever it calls sure the schema accepts, it knows nearly all real events, and it never
// says yes to what zod would change or refuse.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import {
  ENVELOPE,
  EVENT_DATA,
  eventType,
  FIELD_KINDS,
  LISTED_CHARS_MAX,
} from '../../src/contract/schemas.ts';
import { sureOf } from '../../src/contract/sure.ts';
import { chance } from '../support/chance.ts';

const tried = chance(3_000);

const value = fc.oneof(
  fc.string(),
  fc.string({ minLength: LISTED_CHARS_MAX - 1, maxLength: LISTED_CHARS_MAX + 2, unit: 'grapheme' }),
  fc.constantFrom(
    '2026-11-20T08:00:00Z',
    '2026-13-20T08:00:00Z',
    'urgent',
    '',
    null,
    Number.POSITIVE_INFINITY,
  ),
  fc.double(),
  fc.integer({ min: -1, max: 11 }),
  fc.boolean(),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('id', 'name', 'phone', 'tier'), fc.oneof(fc.string(), fc.integer())),
);
const keys = [...new Set([...FIELD_KINDS.keys()].map(path => path.split('.')[0] ?? ''))];
const data = fc.oneof(fc.dictionary(fc.constantFrom(...keys, '__proto__', 'unknown'), value), value);

t.test('what is sure of an event is accepted by its schema', async t => {
  let sure = 0;
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(EVENT_DATA)), data, (type, found) => {
      const known = eventType(type);
      if (known === undefined) throw new Error(`no type ${type}`);
      if (!known.sure(found)) return true;
      sure += 1;
      return known.data.safeParse(found).success;
    }),
    tried,
  );
  t.ok(sure > tried.numRuns / 20, `${sure} were sure`);
});

t.test('what is sure of an envelope is accepted, as it is', async t => {
  const isSure = sureOf(ENVELOPE);
  const good = { specversion: '1.0', id: '1', source: '/a', type: 'ticket.created', subject: 'T', time: 'x' };
  t.ok(isSure(good));
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(good), 'sequence', 'other'), value, (key, found) => {
      const event: Record<string, unknown> = { ...good, [key]: found };
      const parsed = ENVELOPE.safeParse(event);
      if (!isSure({ ...event })) return true;
      return parsed.success && Object.entries(parsed.data).every(([name, one]) => event[name] === one);
    }),
    tried,
  );
});

t.test('nearly every sample is plainly valid', async t => {
  const lines = readFileSync(new URL('../../streams/samples.ndjson', import.meta.url), 'utf8').split('\n');
  const events = lines.filter(Boolean).map(line => ENVELOPE.loose().parse(JSON.parse(line)));
  const sure = events.filter(event => eventType(event.type)?.sure(event.data) === true);
  t.ok(sure.length > 0.9 * events.length, `${sure.length} of ${events.length}`);
});

t.test('what it does not know is left to the schema', async t => {
  t.notOk(sureOf(z.union([z.string(), z.number()]))('text'));
  t.notOk(sureOf(z.int())(1), 'another format of number');
  t.notOk(sureOf(z.number().min(1).max(5))(5), 'a number at its bound');
  t.ok(sureOf(z.number().min(1).max(5))(4));
});
