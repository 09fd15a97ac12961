// Pauses and stops in accounts: each by its own event, what it took, and what a margin leaves out.
import t from 'tap';
import { account, said } from '../support/accounts.ts';
import { policyOf } from '../support/timeline.ts';

const REOPENED = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    calendar: office
    reopen: continue
    pause: { from: ticket.pending, to: ticket.resumed }
`);

t.test('stops that were undone, and pauses across them', async t => {
  const table = `
    09:30 created
    11:00 pending
    tue 14:00 resumed
    tue 17:30 pending
    wed 10:00 resolved
    wed 15:00 reopened
    wed 15:30 resumed
    thu 16:00 resolved
  `;
  t.same(
    said(REOPENED, table).filter(text => !/ due |missed/.test(text)),
    [
      '11:00 paused by ticket.pending [e001]',
      '11-17 14:00 resumed by ticket.resumed [e002]; 9 h of open time were paused',
      '11-17 17:30 paused by ticket.pending [e003]',
      '11-18 10:00 still paused at ticket.resolved [e004]; 1 h 30 min of open time were paused',
      '11-18 10:00 stopped by ticket.resolved [e004], until it was reopened at 11-18 15:00',
      '11-18 15:00 reopened by ticket.reopened [e005]; the clock goes on',
      '11-18 15:00 paused by ticket.pending [e003], on since 11-17 17:30',
      '11-18 15:30 resumed by ticket.resumed [e006]; 30 min of open time were paused',
    ],
  );
  t.match(
    said(REOPENED, table, 'zh')[5],
    /^11-18 10:00 ticket\.resolved \[e004\] 时仍在暂停；工作时间内暂停 1小时30分$/,
  );
  const { steps, pausedMs } = account(REOPENED, table);
  t.equal(
    steps.reduce((sum, step) => sum + (step.pausedMs ?? 0), 0),
    pausedMs,
  );
});

t.test('what ends while it is paused', async t => {
  const ended = '09:30 created\n11:00 pending\n14:30 resolved';
  t.match(said(REOPENED, ended).slice(1), [
    /^11:00 paused by ticket\.pending \[e001\]$/,
    /^14:30 still paused at ticket\.resolved \[e002\]; 2 h of open time were paused$/,
    /^14:30 paused time does not count; /,
    /^14:30 stopped by ticket\.resolved \[e002\]: met/,
  ]);
});

t.test('a pause is named by the event that began it, not by another of its instant', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    pause: { from: { type: ticket.pending, reason: parts }, to: { type: ticket.resumed, reason: parts } }
  - rule: OTHER
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    pause: { from: { type: ticket.pending, reason: customer }, to: { type: ticket.resumed, reason: customer } }
`);
  const table = `
    09:00 created
    10:00 pending reason=customer
    10:00 pending reason=parts
    11:00 resumed reason=customer
    11:00 resumed reason=parts
    12:00 resolved
  `;
  t.match(said(policy, table)[1], /paused by ticket\.pending \[e002\] \(parts\)$/);
  t.match(said(policy, table)[2], /resumed by ticket\.resumed \[e004\]/);
  t.match(said(policy, table, 'en', 'OTHER')[1], /paused by ticket\.pending \[e001\] \(customer\)$/);
});

t.test('a pause of no length names no other pause of its instant', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 10h
    pause:
      - { from: ticket.pending, to: ticket.resumed }
      - { from: ticket.escalated, to: ticket.informed }
`);
  const table = `
    09:00 created
    09:10 pending reason=customer
    09:10 resumed
    09:10 escalated
    09:20 informed
    12:00 resolved
  `;
  t.match(said(policy, table).slice(1, 3), [
    /^09:10 paused by ticket\.escalated \[e003\]$/,
    /^09:20 resumed by ticket\.informed \[e004\]; 10 min /,
  ]);
});

t.test('a pause is too late or not by the due instant of then', async t => {
  const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { normal: 4h, urgent: 1h } }
    pause: { from: ticket.pending, to: ticket.resumed }
`);
  const table = `
    09:00 created urgency=normal
    11:00 pending
    12:00 resumed
    12:30 updated urgency=urgent
    until 13:00
  `;
  t.match(
    said(policy, table).find(text => text.includes('paused by')),
    /\[e001\]$/,
  );
});

t.test('how early or late: one measure, and named where the wall shows another', async t => {
  const policy = (target: string, calendar = 'office') =>
    policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: ${target}
    calendar: ${calendar}
    pause: { from: ticket.pending, to: ticket.resumed }
`);
  const end = (target: string, table: string, language: 'zh' | 'en' = 'en', calendar = 'office') =>
    said(policy(target, calendar), table, language).at(-1)?.replace(/^.*\]/, '');
  t.equal(
    end('0bd', '09:00 created\n19:30 resolved'),
    ': missed, late by 1 h 30 min, all of it outside hours',
  );
  t.equal(
    end('0bd', '09:00 created\n19:30 resolved', 'zh'),
    ' 停止计时：未达标，超时 1小时30分，均为非工作时间',
  );
  t.equal(
    end('1bd', '09:00 created\ntue 11:00 resolved'),
    ': met, 5 h 30 min of working time before it was due',
  );
  t.equal(
    end('1bd', '09:00 created\ntue 11:00 resolved', 'zh'),
    ' 停止计时：达标，距到期 5小时30分（工作时间）',
  );
  t.equal(end('1bd', '09:00 created\ntue 17:00 resolved'), ': met, 1 h before it was due');
  t.equal(end('2h', '09:00 created\n14:00 resolved'), ': missed, late by 1 h 30 min of working time');
  t.equal(
    end('3h', '09:00 created\n13:00 resolved'),
    ': missed, late by 1 h, all of it outside hours',
    'due at the close',
  );
  t.equal(end('24h', '09:00 created\ntue 08:00 resolved', 'en', 'always'), ': met, 1 h before it was due');
  t.equal(end('1h', '09:00 created\n10:00 resolved', 'en', 'always'), ': met, 0 s before it was due');
  t.equal(
    end('1h', '09:00 created\n10:00 pending\n11:00 resolved', 'en', 'always'),
    ': missed, late by 1 h, all of it paused',
  );
  t.equal(
    end('150m', '09:00 created\n11:30 pending\n13:00 resolved'),
    ': missed, late by 1 h 30 min, all of it outside hours or paused',
  );
});

t.test('what a margin leaves out is said: hours, pauses, stops', async t => {
  const policy = (calendar: string) =>
    policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: 1h
    calendar: ${calendar}
    pause: { from: ticket.pending, to: ticket.resumed }
    reopen: continue
`);
  const margin = (table: string, calendar = 'always') => {
    const in2 = (language: 'zh' | 'en') =>
      said(policy(calendar), table, language)
        .at(-1)
        ?.replace(/^.*(: missed, |未达标，)/, '');
    return [in2('en'), in2('zh')];
  };
  const paused = '09:00 created\n10:10 pending\n10:40 resumed';
  t.same(margin(`${paused}\n11:00 resolved`), [
    'late by 30 min, not counting pauses',
    '超时 30分（不含暂停）',
  ]);
  t.same(
    margin(`${paused}\n11:00 resolved`, 'office'),
    ['late by 30 min, not counting pauses', '超时 30分（不含暂停）'],
    'hours make no difference within them',
  );
  t.same(margin(`${paused}\n14:00 resolved`, 'office'), [
    'late by 2 h of working time, not counting pauses',
    '超时 2小时（工作时间，不含暂停）',
  ]);
  t.same(margin('09:00 created\n12:30 pending\n13:00 resumed\n14:00 resolved', 'office'), [
    'late by 2 h 30 min of working time',
    '超时 2小时30分（工作时间）',
  ]);
  const stopped = '09:00 created\n10:10 resolved\n10:40 reopened';
  t.same(margin(`${stopped}\n11:00 resolved`), [
    'late by 30 min, not counting the time it was stopped',
    '超时 30分（不含停止期间）',
  ]);
  t.same(margin(`${stopped}\n10:50 pending\n10:55 resumed\n11:00 resolved`), [
    'late by 25 min, not counting pauses or the time it was stopped',
    '超时 25分（不含暂停和停止期间）',
  ]);
  t.same(
    margin('09:00 created\n10:00 resolved\n11:00 reopened\n11:00 resolved'),
    ['late by 1 h, all of it stopped', '超时 1小时，均为停止期间'],
    'a gap is no pause',
  );
});

t.test(
  'a target that changes while the clock is paused: each pause moves the due instant by what is left of it',
  async t => {
    const policy = policyOf(`
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: { by: urgency, values: { normal: 8h, urgent: 4h } }
    calendar: always
    pause: { from: ticket.pending, to: ticket.resumed }
`);
    const { steps, dueAt } = account(
      policy,
      `
      09:00 created urgency=urgent
      10:00 pending
      11:00 updated urgency=normal
      12:00 resumed
      12:30 pending
      13:00 resumed
      until 14:00
    `,
    );
    const moves = steps.filter(({ dueTo }) => dueTo !== null);
    t.same(
      moves.map(({ at, dueFrom, dueTo }) => [at, dueFrom, dueTo].map(each => each?.slice(11, 16))),
      [
        ['09:00', undefined, '13:00'],
        ['11:00', '13:00', '14:00'],
        ['11:00', '14:00', '18:00'],
        ['12:00', '18:00', '19:00'],
        ['13:00', '19:00', '19:30'],
      ],
    );
    t.equal(dueAt, '2026-11-16T19:30:00.000Z');
  },
);
