// Whom accounts charge with a case's time.
import t from 'tap';
import { partsOf } from '../support/accounts.ts';
import { policyOf } from '../support/timeline.ts';

const SOLVE = policyOf(
  '  - { rule: R, on: ticket, start: ticket.created, stop: ticket.resolved, target: 24h }',
);

t.test('time is charged to whoever had it', async t => {
  t.same(
    partsOf(
      SOLVE,
      `
        09:00 created queue=q1
        09:30 assigned agent=A1 team=repair
        10:00 assigned team=logistics
        11:00 handed_over from=team to=warehouse
        15:00 acknowledged by=agent
        until 15:30
      `,
    ),
    [
      'with team warehouse: 4 h 30 min',
      'with team logistics: 1 h',
      'waiting in queue q1: 30 min',
      'with agent A1 / repair: 30 min',
    ],
  );
  t.same(
    partsOf(
      SOLVE,
      `
        09:00 created queue=q1
        10:00 replied by=bot
        11:00 replied by=agent
        15:00 resolved
      `,
    ),
    ['with an agent: 4 h', 'waiting in queue q1: 2 h'],
    'a person who replied has taken it',
  );
});

t.test('who has it after a handover', async t => {
  const after = (row: string) =>
    partsOf(
      SOLVE,
      `09:00 created queue=q1\n09:01 assigned agent=A1 team=repair\n10:00 ${row}\nuntil 18:00`,
    )[0];
  t.same(
    [
      'handed_over from=agent to=bot',
      'handed_over from=agent to=agent',
      'handed_over from=agent to=agent agent=A2',
      'handed_over from=agent to=team team=south',
      'handed_over from=agent to=team',
      'handed_over from=agent to=south agent=A1',
      'handed_over from=agent to=south agent=A2',
      'assigned agent=A2',
      'assigned team=repair',
      'updated team=repair',
      'updated team=south',
      'replied by=agent',
    ].map(after),
    [
      'with the bot: 8 h',
      'with an agent: 8 h',
      'with agent A2 / repair: 8 h',
      'with team south: 8 h',
      'with team repair: 8 h',
      'with team south: 8 h',
      'with agent A2 / south: 8 h',
      'with agent A2 / repair: 8 h',
      'with team repair: 8 h',
      'with agent A1 / repair: 8 h 59 min',
      'with team south: 8 h',
      'with agent A1 / repair: 8 h 59 min',
    ],
  );
  t.same(
    partsOf(
      SOLVE,
      '09:00 created queue=q1\n10:00 handed_over from=bot to=agent\n12:00 replied by=agent\nuntil 18:00',
    ),
    ['with an agent: 6 h', 'waiting in queue q1: 3 h'],
    'what a bot hands over waits for the one who takes it',
  );
});
