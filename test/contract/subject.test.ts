// Subjects and partitions: the contract's own examples, and that encoding can be undone.
import fc from 'fast-check';
import t from 'tap';
import {
  decodeToken,
  encodeToken,
  fnv1a32,
  parsePartitionSubject,
  parsePublisherSubject,
  partitionOfCase,
  partitionSubject,
  publisherSubject,
} from '../../src/contract/subject.ts';
import { chance } from '../support/chance.ts';

t.test('the partitions that the contract names', async t => {
  t.equal(partitionOfCase('T-1', 8), 1);
  t.equal(partitionOfCase('工单-7', 8), 1);
  t.equal(partitionOfCase('a.b', 8), 0);
  t.equal(partitionOfCase('50%', 8), 6);
  t.equal(fnv1a32(''), 0x811c9dc5);
  t.equal(fnv1a32('foobar'), 0xbf9cf968);
});

t.test('tokens: what is encoded, what stays, and the limits', async t => {
  t.same(encodeToken('a.b'), { ok: true, token: 'a%2Eb' });
  t.same(encodeToken('50%'), { ok: true, token: '50%25' });
  t.same(encodeToken('\u0000 \u007f*>'), { ok: true, token: '%00%20%7F%2A%3E' });
  t.same(encodeToken('é/€~工单😀'), { ok: true, token: 'é/€~工单😀' });
  t.equal(encodeToken('').ok, false);
  t.equal(encodeToken('x'.repeat(200)).ok, true);
  t.equal(encodeToken('x'.repeat(201)).ok, false);
  t.equal(encodeToken(`${'.'.repeat(66)}xx`).ok, true);
  t.equal(encodeToken(`${'.'.repeat(66)}xxx`).ok, false);
  t.equal(encodeToken('工'.repeat(66)).ok, true);
  t.equal(encodeToken('工'.repeat(67)).ok, false);
  t.equal(encodeToken('a\ud800').ok, false);
  for (const token of ['', 'a%2eb', 'a%', '%41', 'a.b', '%E5']) t.equal(decodeToken(token), null, token);
});

t.test('property: decoding gives the id back, and the token is one NATS token', async t => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), id => {
        const encoded = encodeToken(id);
        if (!encoded.ok) return true;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what a token must not hold.
        return decodeToken(encoded.token) === id && !/[\u0000-\u0020\u007f*.>]/.test(encoded.token);
      }),
      chance(2000),
    ),
  );
});

t.test('subjects are built and taken apart', async t => {
  t.equal(publisherSubject('ticket', 'a%2Eb'), 'cc.events.ticket.a%2Eb');
  t.equal(partitionSubject(3, 'call'), 'sla.events.3.call');
  t.same(parsePublisherSubject('cc.events.ticket.a%2Eb'), { entity: 'ticket', token: 'a%2Eb', case: 'a.b' });
  t.same(parsePartitionSubject('sla.events.3.call'), { partition: 3, entity: 'call' });
  t.same(parsePartitionSubject('sla.events.0.control'), { partition: 0, entity: 'control' });
  for (const subject of [
    'sla.events.03.call',
    'sla.events.x.call',
    'sla.events.1.case',
    'sla.events.1',
    '',
  ]) {
    t.equal(parsePartitionSubject(subject), null, subject);
  }
  for (const subject of [
    'cc.events.ticket',
    'cc.events.case.1',
    'cc.events.ticket.a.b',
    'cc.events.ticket.%zz',
  ]) {
    t.equal(parsePublisherSubject(subject), null, subject);
  }
});
