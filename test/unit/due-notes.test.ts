// What is said of a due instant beside its sentence: the business days that count, and what would end the clock.
import t from 'tap';
import { businessDaysNote, endNotes } from '../../src/engine/due-notes.ts';
import { policyOf } from '../support/timeline.ts';

const POLICY = policyOf(
  `
  - rule: R
    on: ticket
    start: ticket.created
    stop: [ticket.resolved, { type: ticket.escalated, level: [director, L9] }, { type: ticket.informed, about: [eta, delay], present: expectedAt }]
    cancel: [ticket.cancelled, { type: ticket.pending, reason: parts }, { type: ticket.replied, by: senior }]
    target: 4bd
    calendar: office
`,
  `  holiday: { hours: { mon-fri: ["09:00-18:00"] }, closed: ["2026-11-30"] }
  night: { hours: { mon-fri: ["22:00-02:00"] } }
  la: { timezone: America/Los_Angeles, hours: { mon-fri: ["09:00-18:00"] } }`,
);

function note(calendar: string, start: string, days: number) {
  const found = POLICY.calendars.get(calendar);
  if (found === undefined) throw new Error(`no calendar ${calendar}`);
  return businessDaysNote(found, 'UTC', Date.parse(start), { kind: 'business-days', days, sameTime: false });
}

t.test('the days that count, and those between that do not', async t => {
  t.same(note('office', '2026-11-26T20:16:00Z', 4), {
    zh: '计入的工作日：11-27 周五、11-30 周一、12-01 周二、12-02 周三；起始当天不计；跳过周末：11-28 周六、11-29 周日',
    en: 'business days counted: 11-27 Fri, 11-30 Mon, 12-01 Tue, 12-02 Wed; the starting day does not count; weekend left out: 11-28 Sat, 11-29 Sun',
  });
  t.match(
    note('holiday', '2026-11-26T10:00:00Z', 2).en,
    /11-27 Fri, 12-01 Tue;.*without hours left out: 11-30 Mon$/,
  );
  t.match(
    note('night', '2026-11-26T23:00:00Z', 2).en,
    /counted: 11-27 Fri, 11-30 Mon;/,
    'the date on which it opened',
  );
  t.match(
    note('always', '2026-11-27T23:00:00Z', 2).en,
    /counted: 11-28 Sat, 11-29 Sun; the starting day does not count$/,
  );
  t.equal(note('office', '2026-11-26T10:00:00Z', 0).en, 'business days counted: 11-26 Thu');
  t.match(
    note('office', '2026-11-26T10:00:00Z', 30).en,
    /12-14 Mon, …, 2027-01-07 Thu;/,
    'many are not all listed',
  );
});

t.test('dates are those of the calendar, which may lie in another zone', async t => {
  t.same(note('la', '2026-11-05T01:30:00Z', 3), {
    zh: '计入的工作日：11-05 周四、11-06 周五、11-09 周一；起始当天不计；跳过周末：11-07 周六、11-08 周日；日期所属时区：America/Los_Angeles',
    en: 'business days counted: 11-05 Thu, 11-06 Fri, 11-09 Mon; the starting day does not count; weekend left out: 11-07 Sat, 11-08 Sun; dates are those of America/Los_Angeles',
  });
});

t.test('what would end it', async t => {
  const [clock] = POLICY.clocks;
  if (clock === undefined) throw new Error('no clock');
  t.same(
    endNotes(clock).map(({ en }) => en),
    [
      'what would stop it: ticket.resolved or ticket.escalated level director/L9 or ticket.informed about eta/delay, with expectedAt',
      'what would cancel it: ticket.cancelled or ticket.pending reason parts or ticket.replied by senior agent',
    ],
  );
  t.equal(
    endNotes(clock)[0]?.zh,
    '停止计时的事件：ticket.resolved、ticket.escalated（级别：总监/L9）、ticket.informed（内容：预计时间/延误，有预计时间）',
  );
  t.equal(
    endNotes(clock)[1]?.zh,
    '取消计时的事件：ticket.cancelled、ticket.pending（原因：配件）、ticket.replied（处理人：资深客服）',
  );
});
