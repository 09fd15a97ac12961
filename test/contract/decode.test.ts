// Decoding: both modes, each reason, what is kept, and that nothing at all makes it throw.
import fc from 'fast-check';
import t from 'tap';
import { decodeMessage, decodeObject, EVENT_BYTES_MAX, readMessage } from '../../src/contract/decode.ts';
import type { DeclaredFields } from '../../src/contract/fields.ts';
import { maskEvent } from '../../src/contract/mask-event.ts';
import { EVENT_DATA, eventType } from '../../src/contract/schemas.ts';
import { parseTime } from '../../src/contract/time.ts';
import { chance } from '../support/chance.ts';

const STORED = Date.parse('2026-11-20T09:00:00Z');
const DAY = 86_400_000;
const declared: DeclaredFields = new Map([
  ['vip', 'boolean'],
  ['customer.segment', 'string'],
  ['amount', 'number'],
]);
const base = {
  specversion: '1.0',
  id: 'e-1',
  source: '/helpdesk',
  type: 'ticket.created',
  subject: 'T-1',
  time: '2026-11-20T08:00:00.000Z',
};
const decode = (change: object, storedAt: number | undefined = STORED) =>
  decodeObject({ ...base, ...change }, { declared, storedAt });
const reason = (change: object, storedAt?: number) => {
  const result = decode(change, storedAt);
  return result.ok ? 'ok' : result.reason;
};
const fieldsOf = (data: object, type = base.type) => {
  const result = decode({ type, data });
  return result.ok ? result.event.fields : result;
};

t.test(
  'half a surrogate pair in a kept field becomes the mark of what is no text, as Redis would make it',
  async t => {
    const half =
      '{"queue":"a\\ud800b","agents":["\\udc00"],"customer":{"segment":"\\ud83d"},"description":"x\\ud800"}';
    const result = decode({ type: 'shift.scheduled', data: JSON.parse(half) });
    if (!result.ok) throw new Error(result.detail);
    t.same(result.event.fields, {
      queue: 'a\ufffdb',
      agents: ['\ufffd'],
      'customer.segment': '\ufffd',
      description: 'x\ufffd',
    });
    t.doesNotThrow(
      () => encodeURIComponent(String(result.event.fields.queue)),
      'ids of alerts name the group so',
    );
    t.match(fieldsOf({ queue: '😀' }), { queue: '😀' });
  },
);

t.test('a structured event: flat, masked, known or declared fields only', async t => {
  const data = {
    channel: 'email',
    kind: 'something else',
    customer: { id: 'C-1', name: '张三丰', phone: '138 1234 5678', tier: 'gold', segment: 'b2b', other: 1 },
    description: `张三丰说 13812345678 ${'空'.repeat(300)}`,
    vip: true,
    amount: 12.5,
    unknown: { deep: '13812345678' },
    csat: 'not known to this type, so ignored',
    by: 'agent',
  };
  const result = decodeMessage(JSON.stringify({ ...base, data }), undefined, { declared, storedAt: STORED });
  if (!result.ok) throw new Error(result.detail);
  const { fields, digest, ...rest } = result.event;
  t.same(rest, {
    id: 'e-1',
    source: '/helpdesk',
    type: 'ticket.created',
    entity: 'ticket',
    case: 'T-1',
    time: Date.parse(base.time),
  });
  t.equal(result.token, 'T-1');
  const { description, ...others } = fields;
  t.same(others, {
    channel: 'email',
    kind: 'something else',
    'customer.id': 'C-1',
    'customer.name': '张**',
    'customer.phone': '*******5678',
    'customer.tier': 'gold',
    'customer.segment': 'b2b',
    vip: true,
    amount: 12.5,
    by: 'agent',
  });
  t.match(description, /^张\*\*说 \*{7}5678 空+$/);
  t.equal([...String(description)].length, 200);
  t.match(digest, /^[0-9a-z]{12}$/);
});

t.test('masking first changes nothing: the digest and the fields are those of the original', async t => {
  const event = {
    ...base,
    data: {
      customer: { name: '李四', phone: '13812345678' },
      extra: [{ 手机: '13900001111' }],
      description: '李四 010-66668888',
    },
  };
  const direct = decodeObject(event, { declared, storedAt: STORED });
  const masked = maskEvent(event);
  const stored = decodeMessage(JSON.stringify(masked), undefined, { declared, storedAt: STORED });
  t.same(stored, direct);
  t.same(decodeObject(masked, { declared, storedAt: STORED, maskedAlready: true }), direct);
});

t.test('digest: key order does not matter, everything else does', async t => {
  const digest = (change: object) => {
    const result = decode(change);
    return result.ok ? result.event.digest : result.detail;
  };
  const first = digest({ data: { queue: 'a', x: { p: 1, q: [1, 2] } } });
  t.equal(digest({ data: { x: { q: [1, 2], p: 1 }, queue: 'a' } }), first);
  t.equal(
    digest({ time: '2026-11-20T16:00:00.0004+08:00', data: { queue: 'a', x: { p: 1, q: [1, 2] } } }),
    first,
  );
  const others = [
    { data: { queue: 'b', x: { p: 1, q: [1, 2] } } },
    { data: { queue: 'a', x: { p: 1, q: [2, 1] } } },
    { data: { queue: 'a', x: { p: '1', q: [1, 2] } } },
    { data: { queue: 'a', x: { p: 1, q: [1, 2] } }, sequence: '' },
    { data: { queue: 'a', x: { p: 1, q: [1, 2] } }, time: '2026-11-20T08:00:00.001Z' },
    { data: { queue: 'a', x: { p: 1, q: [1, 2] } }, type: 'ticket.updated' },
    { data: { queue: 'a', p: 1, x: { q: [1, 2] } } },
    { data: {} },
    { data: { queue: 'a', x: { p: true, q: [1, 2] } } },
  ].map(digest);
  t.equal(new Set([first, ...others]).size, others.length + 1);
});

t.test('reasons', async t => {
  const message = (body: string | Uint8Array) => {
    const result = decodeMessage(body, undefined, { declared, storedAt: STORED });
    return result.ok ? 'ok' : result.reason;
  };
  for (const body of ['', '{', 'null', '[]', '"x"', '12', '{}', Buffer.from([0xff, 0xfe])]) {
    t.equal(message(body), 'malformed', String(body));
  }
  t.equal(message(`{"a":"${'x'.repeat(EVENT_BYTES_MAX)}"}`), 'oversized');
  t.equal(message(`{"a":"${'空'.repeat(EVENT_BYTES_MAX / 3)}"}`), 'oversized');
  for (const key of ['specversion', 'id', 'source', 'type']) {
    t.equal(reason({ [key]: undefined }), 'malformed', key);
    t.equal(reason({ [key]: 7 }), 'malformed', key);
    t.equal(reason({ [key]: '' }), key === 'type' ? 'malformed' : 'malformed', key);
  }
  t.equal(reason({ specversion: '0.3' }), 'malformed');
  t.equal(reason({ type: 'ticket.exploded' }), 'unknown-type');
  t.equal(reason({ type: 'toString' }), 'unknown-type');
  t.equal(reason({ subject: undefined }), 'subject');
  t.equal(reason({ subject: '' }), 'subject');
  t.equal(reason({ subject: 'x'.repeat(201) }), 'subject');
  t.equal(reason({ sequence: {} }), 'schema');
  for (const data of [null, [], 'x', 7]) t.equal(reason({ data }), 'schema', String(data));
  t.equal(reason({ data: { channel: 7 } }), 'schema');
  t.equal(reason({ data: { channel: null } }), 'schema');
  t.equal(reason({ data: { channel: 'x'.repeat(100) } }), 'ok');
  t.equal(reason({ data: { channel: '😀'.repeat(100) } }), 'ok');
  t.equal(reason({ data: { channel: 'x'.repeat(101) } }), 'schema');
  t.equal(reason({ data: { customer: 'x' } }), 'schema');
  t.equal(reason({ data: { customer: { tier: 1 } } }), 'schema');
  t.equal(reason({ data: { vip: 'yes' } }), 'schema');
  t.equal(reason({ type: 'ticket.promised', data: { dueAt: 'tomorrow' } }), 'schema');
  t.equal(reason({ type: 'ticket.surveyed', data: { csat: 6 } }), 'schema');
  t.equal(reason({ type: 'shift.scheduled', data: { agents: ['a', 1] } }), 'schema');
  t.equal(reason({ data: undefined }), 'ok');
  const detail = decode({ data: { customer: { tier: 13812345678 } } });
  t.match(detail, { ok: false, detail: 'data.customer.tier: expected string, found number' });
});

t.test('time: both sides of each bound', async t => {
  const at = (ms: number) => new Date(ms).toISOString();
  t.equal(reason({ time: at(STORED + DAY) }), 'ok');
  t.equal(reason({ time: at(STORED + DAY + 1) }), 'time');
  t.equal(decodeObject({ ...base, time: '2099-01-01T00:00:00Z' }, { declared }).ok, true, 'backtest');
  t.equal(reason({ time: '1990-01-01T00:00:00Z' }), 'ok');
  t.equal(reason({ time: '1989-12-31T23:59:59.999Z' }), 'time');
  for (const time of [
    undefined,
    7,
    '',
    'yesterday',
    '2026-11-20',
    '2026-11-20T08:00:00',
    '2026-02-30T00:00:00Z',
  ]) {
    t.equal(reason({ time }), 'time', String(time));
  }
});

t.test('RFC 3339', async t => {
  const same = (text: string, iso: string) => t.equal(parseTime(text), Date.parse(iso), text);
  same('2026-11-20T08:00:00Z', '2026-11-20T08:00:00Z');
  same('2026-11-20t08:00:00.1z', '2026-11-20T08:00:00.100Z');
  same('2026-11-20T08:00:00.9999Z', '2026-11-20T08:00:00.999Z');
  same('2026-11-20T08:00:00.123456789+08:00', '2026-11-20T00:00:00.123Z');
  same('2026-11-20T23:30:00-01:30', '2026-11-21T01:00:00Z');
  same('2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z');
  same('2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z');
  same('1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z');
  same('9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z');
  same('0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z');
  for (const text of [
    '2023-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-20 08:00:00Z',
    '2026-11-20T24:00:00Z',
    // Years that have not four digits in UTC could not be told.
    '9999-12-31T23:59:59-12:00',
    '9999-12-31T23:59:60Z',
    '0000-01-01T00:00:00+00:01',
  ]) {
    t.equal(parseTime(text), null, text);
  }
  for (const text of [
    '2026-11-20T08:00:00.xx0Z',
    '2026-11-20T08:00:00.00xZ',
    '+026-11-20T08:00:00Z',
    'x'.repeat(24),
  ]) {
    t.equal(parseTime(text), null, text);
  }
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        date => {
          return parseTime(date.toISOString()) === date.getTime();
        },
      ),
      chance(100),
    ),
  );
});

t.test('times in data are kept in UTC, numbers and lists as they are', async t => {
  t.same(fieldsOf({ promise: 'P-1', dueAt: '2026-11-20T18:00:00+08:00' }, 'ticket.promised'), {
    promise: 'P-1',
    dueAt: '2026-11-20T10:00:00.000Z',
  });
  t.same(fieldsOf({ agents: ['a1', 'a2'], required: 2 }, 'shift.scheduled'), {
    agents: ['a1', 'a2'],
    required: 2,
  });
  t.same(fieldsOf({ level: 2 }, 'ticket.escalated'), { level: 2 });
  t.same(fieldsOf({ status: 'open', toString: 1, constructor: 'x' }), {});
});

t.test('binary mode', async t => {
  const headers: [string, string | string[]][] = [
    ['CE-SpecVersion', '1.0'],
    ['ce-id', ['e-1']],
    ['ce-source', '/helpdesk'],
    ['Ce-Type', 'ticket.created'],
    ['ce-subject', '%E5%B7%A5%E5%8D%95-7'],
    ['ce-time', '2026-11-20T08:00:00Z'],
    ['ce-sequence', '5'],
    ['Content-Type', 'application/json; charset=UTF-8'],
    ['Nats-Msg-Id', 'x'],
  ];
  const options = { declared, storedAt: STORED };
  const data = { queue: 'repair' };
  const binary = decodeMessage(JSON.stringify(data), headers, options);
  const structured = decode({ subject: '工单-7', sequence: 5, data });
  t.same(binary, structured);
  t.match(binary, { ok: true, event: { case: '工单-7', sequence: '5', fields: { queue: 'repair' } } });
  const subject = (value: string, latin1 = false) => {
    const read = readMessage(
      '',
      [...headers.filter(([name]) => name !== 'ce-subject'), ['ce-subject', value]],
      latin1,
    );
    return read.ok ? Object(read.value).subject : read;
  };
  t.equal(subject('工单-7'), '工单-7');
  t.equal(subject(Buffer.from('工单-7').toString('latin1'), true), '工单-7');
  t.equal(subject('50%'), '50%');
  t.equal(subject('50%25'), '50%');
  t.equal(subject('%E5%'), '%E5%');
  t.equal(subject('"a \\"b\\" %20"'), 'a "b"  ');
  t.equal(decodeMessage('', headers, options).ok, true, 'no data');
  t.match(decodeMessage('{', headers, options), { reason: 'malformed' });
  t.match(decodeMessage('[]', headers, options), { reason: 'schema' });
  const type = (contentType: string, body = JSON.stringify({ ...base, data })) =>
    decodeMessage(body, [['content-type', contentType]], options);
  t.equal(type('application/cloudevents+json; charset=utf-8').ok, true);
  t.equal(type('application/json').ok, true);
  t.match(type('application/cloudevents-batch+json'), { reason: 'malformed' });
  t.match(type('application/cloudevents+avro'), { reason: 'malformed' });
  t.match(decodeMessage('x', [...headers.slice(0, 7), ['content-type', 'text/plain']], options), {
    reason: 'schema',
  });
  t.equal(decode({ data_base64: Buffer.from('{"queue":"q"}').toString('base64') }).ok, true);
});

t.test('every type of the contract is there', async t => {
  t.equal(Object.keys(EVENT_DATA).length, 56);
  for (const type of Object.keys(EVENT_DATA)) t.equal(reason({ type, data: {} }), 'ok', type);
  t.equal(eventType('call.answered')?.entity, 'call');
});

t.test('property: nothing makes it throw', async t => {
  const options = { declared, storedAt: STORED };
  const anything = fc.anything({ withNullPrototype: true, maxDepth: 3 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.jsonValue(), anything, fc.uint8Array(), fc.string(), (json, value, bytes, text) => {
        decodeObject({ ...base, data: json }, options);
        decodeObject(value, options);
        maskEvent(json);
        decodeMessage(bytes, undefined, options);
        decodeMessage(
          text,
          [
            ['ce-id', text],
            ['content-type', text],
          ],
          options,
        );
      }),
      chance(1000),
    ),
  );
  const deep = `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`;
  t.equal(decodeMessage(JSON.stringify(base).replace('}', `,"data":${deep}}`), undefined, options).ok, true);
});
