// Ranges of time in lines of days, as `explain` lists what counted.
import t from 'tap';
import { dayRanges } from '../../src/cli/day-ranges.ts';
import { zoneOf } from '../../src/policy/zone.ts';

t.test('local, by day, wrapped, and exact', async t => {
  const range = (from: string, to: string) => ({ from: `2026-${from}Z`, to: `2026-${to}Z` });
  const ranges = [
    range('11-26T05:30:00.000', '11-26T10:00:00.000'),
    range('11-27T01:00:00.000', '11-27T04:00:00.000'),
    range('11-27T05:30:07.000', '11-27T10:00:00.250'),
    range('11-27T15:00:00.000', '11-27T16:00:00.000'),
    range('11-27T16:00:00.000', '11-28T17:00:00.000'),
    range('12-31T16:00:00.000', '12-31T17:00:00.000'),
  ];
  t.same(dayRanges(ranges, zoneOf('Asia/Shanghai'), 2026, 'en'), [
    '11-26 Thu 13:30–18:00',
    '11-27 Fri 09:00–12:00 13:30:07–18:00:00.250 23:00–24:00',
    '11-28 Sat 00:00–11-29 Sun 01:00',
    '2027-01-01 Fri 00:00–01:00',
  ]);
  const many = Array.from({ length: 12 }, (_, i) =>
    range(`11-26T0${i % 8}:00:00.000`, `11-26T0${i % 8}:30:00.000`),
  );
  const lines = dayRanges(many, zoneOf('UTC'), 2026, 'zh');
  t.equal(lines.length, 2);
  t.ok(lines.every(line => line.length <= 100));
});
