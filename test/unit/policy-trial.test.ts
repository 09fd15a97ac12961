// A trial of a policy that takes too long is given up: nobody waits for it any more.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { newCase } from '../../src/engine/case.ts';
import { effectOf } from '../../src/server/policy-trial.ts';
import { CASE_POLICY } from '../support/cases.ts';

t.test('a trial that is out of time looks at no more cases', async t => {
  let read = 0;
  async function* openCases() {
    for (;;) {
      read += 1;
      await sleep(2);
      yield newCase(CASE_POLICY, 'ticket', String(read));
    }
  }
  const desk = { reader: { openCases }, view: { asOf: () => 0 }, policy: () => CASE_POLICY };
  await t.rejects(effectOf(desk, { ...CASE_POLICY, hash: 'other' }, 50), { message: /No answer within/ });
  await sleep(20);
  const before = read;
  await sleep(100);
  t.equal(read, before);
});
