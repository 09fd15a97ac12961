// `POST /v1/events`: every form, masked before it is stored, on the partition of its case, answered only after the
// stream has it; what can't be used is answered and kept with its reason.
import t from 'tap';
import { getMessage, streamState } from '../../src/broker/api.ts';
import { partitionOfCase } from '../../src/contract/subject.ts';
import { ADMIN, startRig } from '../support/server-rig.ts';

const rig = await startRig(t, { partitions: 8 });
const { ask, nc } = rig;

function event(id: string, subject: string, data: object = {}): Record<string, unknown> {
  return {
    specversion: '1.0',
    id,
    source: 'crm',
    type: 'ticket.created',
    subject,
    time: '2026-11-20T08:00:00Z',
    data,
  };
}

async function post(type: string | null, body: string, headers: Record<string, string> = {}) {
  const contentType: Record<string, string> = type === null ? {} : { 'content-type': type };
  const response = await ask('/v1/events', ADMIN, {
    method: 'POST',
    body,
    headers: { ...contentType, ...headers },
  });
  const answer: { accepted: number; rejected: { index: number; id: string | null; reason: string }[] } =
    await response.json();
  return { status: response.status, ...answer };
}

/** The last message of a stream, as text with its subject. */
async function last(stream: string): Promise<{ subject: string; text: string; headers: string }> {
  const { lastSeq } = await streamState(nc, stream);
  const message = await getMessage(nc, stream, lastSeq);
  if (!message) throw new Error(`${stream} is empty`);
  const { subject, data, headerText } = message;
  return { subject, text: new TextDecoder().decode(data), headers: headerText };
}

t.test('structured, binary, batch and NDJSON are stored on the partition of their case', async t => {
  const cases = [
    ['T-1', 1],
    ['工单-7', 1],
    ['a.b', 0],
    ['50%', 6],
  ] as const;
  for (const [id, partition] of cases) {
    t.equal(partitionOfCase(id, 8), partition);
    for (const type of ['application/cloudevents+json', 'application/json; charset=utf-8']) {
      t.same(await post(type, JSON.stringify(event(`1-${id}`, id))), {
        status: 202,
        accepted: 1,
        rejected: [],
      });
    }
    const stored = await last(`SLA_EVENTS_${partition}`);
    t.equal(stored.subject, `sla.events.${partition}.ticket`);
    t.equal(JSON.parse(stored.text).subject, id);
    t.notMatch(stored.headers, /Msg-Id/i, 'the processor must see repetitions and conflicts');
  }
  const binary = await post('application/json', JSON.stringify({ queue: 'repair' }), {
    'ce-specversion': '1.0',
    'ce-id': 'b1',
    'ce-source': 'crm',
    'ce-type': 'ticket.created',
    'ce-subject': '%E5%B7%A5%E5%8D%95-7',
    'ce-time': '2026-11-20T08:00:00Z',
  });
  t.same(binary, { status: 202, accepted: 1, rejected: [] });
  t.match(JSON.parse((await last('SLA_EVENTS_1')).text), {
    id: 'b1',
    subject: '工单-7',
    data: { queue: 'repair' },
  });
  const list = JSON.stringify([event('2', 'T-1'), event('3', 'T-1')]);
  t.equal((await post('application/cloudevents-batch+json', list)).accepted, 2);
  t.equal((await post('application/json', list)).accepted, 2);
  t.equal((await post('application/cloudevents-batch+json', '[]')).status, 202);
  const lines = `${JSON.stringify(event('4', 'T-1'))}\r\n\n${JSON.stringify(event('5', 'T-2'))}\n`;
  t.equal((await post('application/x-ndjson', lines)).accepted, 2);
});

t.test('personal data is masked before it is stored', async t => {
  const data = {
    customer: { name: '张三丰', phone: '13812345678' },
    description: '请回电 13912345678，身份证 11010519491231002X',
    unknown: { note: 'card 6222021234567890123' },
  };
  t.equal((await post('application/json', JSON.stringify(event('m1', 'T-1', data)))).accepted, 1);
  const { text } = await last('SLA_EVENTS_1');
  for (const secret of ['三丰', '13812345678', '13912345678', '11010519491231002X', '6222021234567890123']) {
    t.notOk(text.includes(secret), secret);
  }
  t.match(text, /5678/, 'the last four digits stay');
  const bad = { ...event('m2', 'T-1', data), type: 'ticket.unheard_of' };
  t.same((await post('application/json', JSON.stringify(bad))).rejected[0]?.reason, 'unknown-type');
  const rejected = await last('SLA_REJECTS');
  t.equal(rejected.subject, 'sla.rejects.unknown-type');
  t.notOk(rejected.text.includes('13812345678'));
  t.notOk(rig.log.join('').includes('13812345678'));
});

t.test('what can not be used is answered and kept, never in the way of the rest', async t => {
  const before = (await streamState(nc, 'SLA_REJECTS')).messages;
  const lines = [
    JSON.stringify(event('ok', 'T-1')),
    '{ not json 13812345678',
    JSON.stringify({ ...event('x1', 'T-1'), time: '1980-01-01T00:00:00Z' }),
    JSON.stringify({ ...event('x2', 'T-1'), time: new Date(Date.now() + 2 * 86_400_000).toISOString() }),
    JSON.stringify(event('x3', '')),
    JSON.stringify(event('x4', 'T-1', { customer: 'not an object' })),
    JSON.stringify(event('x5', 'T-1', { description: 'x'.repeat(300_000) })),
    '[]',
  ];
  const answer = await post('application/x-ndjson', lines.join('\n'));
  t.equal(answer.status, 202);
  t.equal(answer.accepted, 1);
  t.same(
    answer.rejected.map(({ index, reason }) => [index, reason]),
    [
      [1, 'malformed'],
      [2, 'time'],
      [3, 'time'],
      [4, 'subject'],
      [5, 'schema'],
      [6, 'oversized'],
      [7, 'malformed'],
    ],
  );
  t.equal(answer.rejected[1]?.id, 'x1');
  t.equal((await streamState(nc, 'SLA_REJECTS')).messages, before + 7);
  const scrape = await (await ask('/metrics', ADMIN)).text();
  t.match(scrape, /sla_http_refused_total\{reason="time"\} 2/);
  t.equal((await post('application/json', 'nonsense')).status, 400);
  t.equal((await post('application/json', '')).status, 400);
  t.equal((await post('application/cloudevents-batch+json', '{}')).status, 400);
  t.equal((await post('text/csv', 'a,b')).status, 415);
  t.equal(
    (await post('application/json', JSON.stringify(event('x6', 'T-1', { d: 'x'.repeat(300_000) })))).status,
    413,
  );
  t.equal((await post('application/x-ndjson', '{}\n'.repeat(20_001))).status, 413);
});

t.test('without the stream: 503 with Retry-After, and it goes on when the stream is back', async t => {
  await rig.servers.nats.stop();
  const body = JSON.stringify(event('late', 'T-1'));
  const refused = await ask('/v1/events', ADMIN, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  t.equal(refused.status, 503);
  t.match(refused.headers.get('retry-after'), /^\d+$/);
  t.equal((await ask('/livez', null)).status, 200);
  await rig.servers.nats.start();
  let status = 0;
  for (let i = 0; i < 10 && status !== 202; i++) status = (await post('application/json', body)).status;
  t.equal(status, 202);
  t.equal(JSON.parse((await last('SLA_EVENTS_1')).text).id, 'late');
});
