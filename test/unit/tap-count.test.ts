// The counting of the continuous integration's last line.
import t from 'tap';
import { countTap } from '../support/tap-count.ts';

t.test('leaves count once, files and subtests do not', async t => {
  const text = `TAP version 14
# Subtest: test/a.test.ts
    # Subtest: one
        ok 1 - x
        not ok 2 - y
          ---
          ok 99 - not an assertion
          ...
        1..2
    not ok 1 - one # time=3ms
    ok 2 - z
    ok 3 - later # SKIP no data
    1..3
not ok 1 - test/a.test.ts # time=5ms
# Subtest: test/b.test.ts
    ok 1 - fine
    1..1
ok 2 - test/b.test.ts # time=5ms
1..2
`;
  t.same(countTap(text), { passed: 3, failed: 1, skipped: 1 });
});

t.test('a file that asserts nothing, crashes or bails out is a failure', async t => {
  t.same(countTap('# Subtest: test/a.test.ts\n    1..0\nok 1 - test/a.test.ts\n1..1\n'), {
    passed: 0,
    failed: 1,
    skipped: 0,
  });
  t.same(countTap('ok 1 - test/a.test.ts # SKIP no tests found\n1..1\n'), {
    passed: 0,
    failed: 1,
    skipped: 0,
  });
  t.same(
    countTap('# Subtest: test/a.test.ts\n    ok 1 - x\n    1..1\nnot ok 1 - test/a.test.ts # exit 1\n'),
    {
      passed: 1,
      failed: 1,
      skipped: 0,
    },
  );
  t.same(countTap('ok 1 - x\nBail out! no\n'), { passed: 1, failed: 1, skipped: 0 });
});
