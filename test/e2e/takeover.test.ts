// Two processes share the partitions. One is killed: the other owns all within three seconds, and timers that were due
// meanwhile fire, with the instant at which they were due. What is called for at once is told once, also after Redis is lost.
import t from 'tap';
import { RECORD_SCHEMAS } from '../../src/contract/record-schemas.ts';
import { partitionOf, partitionSubject } from '../../src/contract/subject.ts';
import { Field, PARTITIONS, until } from '../chaos/field.ts';
import { readAll } from '../chaos/model.ts';
import { SHORT } from '../chaos/policies.ts';

const TAKEOVER_MS_MAX = 3_000;
/** A machine that runs other tests beside this one is granted as much again. */
const GRANTED_MS = 1_000;

// A busy machine takes its time.
t.setTimeout(300_000);

t.test('a killed process is replaced within three seconds', { timeout: 290_000 }, async t => {
  const field = await Field.open({ policy: SHORT.text, monitors: 2 });
  t.teardown(() => field.close());
  await until(
    'both own a half',
    async () => {
      const counts = new Map<string, number>();
      for (const owner of await field.owners()) counts.set(owner, (counts.get(owner) ?? 0) + 1);
      return counts.size === 2 && [...counts.values()].every(count => count === PARTITIONS / 2);
    },
    30_000,
  );

  // Urgent tickets on every partition, due a second after they came: while nobody owns half of the partitions.
  const cases = Array.from({ length: 40 }, (_, i) => `T-${i}`);
  const createdAt = Date.now();
  const [killed, other] = field.monitors;
  await Promise.all(
    cases.map(id =>
      field.publish({
        subject: partitionSubject(partitionOf(id, PARTITIONS), 'ticket'),
        data: Buffer.from(
          JSON.stringify({
            specversion: '1.0',
            id: `created-${id}`,
            source: '/takeover',
            type: 'ticket.created',
            subject: id,
            time: new Date(createdAt).toISOString(),
            data: { channel: 'web', urgency: 'urgent' },
          }),
        ),
      }),
    ),
  );
  const leases = () => Promise.all(cases.map((_, p) => field.redis.get(`sla:{${p % PARTITIONS}}:lease`)));
  const before = new Set(await leases());
  const killedAt = performance.now();
  await killed?.end();
  let statuses: (string | null)[] = [];
  await until(
    'one process owns all partitions and has loaded them',
    async () => {
      statuses = await field.redis.mget(Array.from({ length: PARTITIONS }, (_, p) => `sla:{${p}}:status`));
      const owners = new Set(statuses.map(text => (text === null ? '' : String(JSON.parse(text).owner))));
      return owners.size === 1 && !owners.has('');
    },
    20_000,
  );
  const took = performance.now() - killedAt;
  t.comment(`taken over after ${Math.round(took)} ms`);
  t.ok(took <= TAKEOVER_MS_MAX + GRANTED_MS, `taken over after ${Math.round(took)} ms`);
  t.equal(other?.starts, 1);
  const after = new Set(await leases());
  t.equal(
    [...after].filter(lease => before.has(lease)).length,
    PARTITIONS / 2,
    'the others kept their leases',
  );

  const breached = async () =>
    (await readAll(field.nc, 'SLA_RECORDS'))
      .filter(({ subject }) => subject.startsWith('sla.records.clock.'))
      .map(({ data }) => RECORD_SCHEMAS.clock.parse(JSON.parse(Buffer.from(data).toString('utf8'))))
      .filter(({ state, rule }) => state === 'breached' && rule === 'T-REPLY');
  await until('all are breached', async () => (await breached()).length >= cases.length, 10_000);
  const found = await breached();
  t.same(found.map(record => record.case).sort(), [...cases].sort(), 'each once');
  t.ok(
    found.every(({ at }) => Date.parse(at) === createdAt + 1_000),
    'each at the instant at which it was due',
  );

  const plans = async () => {
    const messages = (await readAll(field.nc, 'SLA_ACTIONS')).filter(
      ({ subject }) => subject === 'sla.actions.emergency-plan',
    );
    const actions = messages.map(({ data }) =>
      RECORD_SCHEMAS.action.parse(JSON.parse(Buffer.from(data).toString('utf8'))),
    );
    return actions.flatMap(record =>
      'case' in record && record.to.includes('department-head') ? record.case : [],
    );
  };
  await until('the emergency plans have started', async () => (await plans()).length >= cases.length, 10_000);
  t.same((await plans()).sort(), [...cases].sort(), 'the plan of each starts once');
  await field.shortenWindows();
  await field.redis.flushall();
  await field.whileSettled(
    60_000,
    text => t.comment(text),
    async () => {
      t.same((await plans()).sort(), [...cases].sort(), 'and is not started again when Redis was emptied');
    },
  );
});
