// Small texts of commands: counts, files that can't be read, and how a command is called.
import { join } from 'node:path';
import t from 'tap';
import { cantOpen, fileProblem } from '../../src/cli/file-problem.ts';
import { readPolicy } from '../../src/cli/policy-file.ts';
import { padded } from '../../src/contract/columns.ts';
import { commandLine, counted, titleWords } from '../../src/contract/words.ts';
import { signinPage } from '../../src/server/page.ts';

t.test('one is one', async t => {
  t.same(
    [0, 1, 2, 1_234].map(count => counted(count, 'clock')),
    ['0 clocks', '1 clock', '2 clocks', '1,234 clocks'],
  );
  t.equal(counted(1, 'day off', 'days off'), '1 day off');
  t.equal(counted(3, 'day off', 'days off'), '3 days off');
});

t.test('titles stand in both languages, and Chinese ones in columns', async t => {
  t.equal(titleWords({ zh: '电话接通', en: 'Connect the call' }), '电话接通 / Connect the call');
  t.equal(titleWords({ zh: 'NPS', en: 'NPS' }), 'NPS');
  t.same(
    ['P1 响应', 'P1', '（P1）', 'too long already'].map(name => `${padded(name, 8)}|`),
    ['P1 响应 |', 'P1      |', '（P1）  |', 'too long already|'],
  );
});

t.test('a file that is not there is named once', async t => {
  const file = join(t.testdir({}), 'none.yaml');
  t.throws(() => readPolicy(file, []), { name: 'CommandError', message: `there is no such file: ${file}` });
  t.throws(() => readPolicy(t.testdir({}), []), { message: /^this is a folder: / });
  t.equal(fileProblem('a.csv', new Error('row 3')), 'a.csv: row 3');
  t.equal(cantOpen('a.csv', new Error('row 3')), null, 'what it holds is another matter');
});

t.test('commands are called as they can be from a checkout', async t => {
  t.equal(commandLine('doctor'), 'npm run --silent sla -- doctor');
  t.match(signinPage('en', null, '/'), 'npm run --silent sla -- token create');
});
