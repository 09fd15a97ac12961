// Mapping CSV exports to events: the language by small tables, and the incident log of real cases when it is here.
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { decodeObject } from '../src/contract/decode.ts';
import type { SlaEvent } from '../src/contract/event.ts';
import { type MappedRow, mapCsv } from '../src/mapping/csv.ts';
import { loadMapping } from '../src/mapping/load.ts';
import type { Mapping } from '../src/mapping/schema.ts';
import { timeReader } from '../src/mapping/time.ts';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const LOG = at('../shared/data/servicenow-incidents/incident_event_log.csv');
const COUNTS = at('../shared/data/servicenow-incidents/expected_counts.json');
const SERVICENOW = at('streams/servicenow.mapping.yaml');

const BASE = `
version: 1
name: test
source: /test
entity: ticket
time: { column: at, format: "yyyy-MM-dd HH:mm", timezone: Asia/Shanghai }
subject: "H-{id}"
id: "{id}/{n}"
data: { queue: group, customer.tier: { column: tier, values: { g: gold }, else: drop }, vip: { column: vip, as: boolean } }
emit:
  - { type: ticket.created, when: { first: true } }
  - { type: ticket.resumed, when: { leaves: { state: [wait, hold] } } }
  - { type: ticket.pending, when: { becomes: { state: [wait, hold] } }, data: { reason: state } }
  - { type: ticket.resolved, when: { becomes: { state: done } } }
  - { type: ticket.reopened, when: [{ was: { state: done }, is: { state: open } }, { was: { state: done }, is: { state: null } }] }
update: ticket.updated
`;
const HEADER = 'id,n,at,state,group,tier,vip';

t.test('changes between the rows of a case become events, whatever order the file has', async t => {
  const rows = [
    '7,1,2026-11-20 08:00,open,a,g,1',
    '7,2,2026-11-20 09:00,wait,a,g,1',
    '7,3,2026-11-20 09:00,hold,a,x,1',
    '7,4,2026-11-20 10:00,hold,b,,0',
    '7,5,2026-11-20 11:00,done,b,,',
    '7,6,2026-11-20 12:00,,b,,',
    '8,1,2026-11-20 08:30,wait,a,,',
  ];
  const expected = [
    '08:00 H-7 created {"queue":"a","customer":{"tier":"gold"},"vip":true}',
    '08:30 H-8 created {"queue":"a"}',
    '08:30 H-8 pending {"reason":"wait"}',
    '09:00 H-7 pending {"reason":"wait"}',
    '09:00 H-7 resumed {}',
    '09:00 H-7 pending {"reason":"hold"}',
    '10:00 H-7 updated {"queue":"b","vip":false}',
    '11:00 H-7 resumed {}',
    '11:00 H-7 resolved {}',
    '12:00 H-7 reopened {}',
  ];
  const mapping = load(BASE);
  const told = await events([HEADER, ...rows].join('\n'), mapping);
  t.same(told.map(line), expected);
  t.equal(new Set(told.map(event => event.id)).size, told.length);
  const sequences = told
    .filter(event => event.subject === 'H-7' && event.time.includes('01:00'))
    .map(e => e.sequence);
  t.same(sequences, [...sequences].sort());
  const other = [...rows.slice(3), ...rows.slice(0, 3)];
  t.same(await events([HEADER, ...other].join('\r\n'), mapping), told, 'rows in another order');
  t.same(await events(`\ufeff${[HEADER, ...rows].join('\n')}\n\n`, mapping), told, 'a byte order mark');
});

t.test('bad rows are told with their line, and the others go on', async t => {
  const text = [
    HEADER,
    '7,1,2026-11-20 08:00,open,a,,',
    '7,2,20.11.2026,open,a,,',
    '7,3,2026-11-20 09:00,done',
    '7,1,2026-11-20 10:00,done,a,,',
    '8,1,2026-11-20 08:00,"op"en,a,,',
    ',1,2026-11-20 08:00,open,a,,',
    '9,1,2026-11-20 11:00,open,a,,',
    '9,2,2026-11-20 11:00,"open,a,,',
  ].join('\n');
  const rows = await collect(text, load(BASE));
  t.same(rows.flatMap(row => ('error' in row ? [row.row] : [])).sort(), [3, 4, 5, 7, 9]);
  t.same(
    rows.flatMap(row => ('event' in row ? [row.row] : [])),
    [2, 6, 8],
  );
  t.match(await collect('id,n,at\n', load(BASE)), [
    { row: 1, error: /no column "group", "tier", "vip", "state"/ },
  ]);
  t.same(await collect('', load(BASE)), []);
});

t.test('other encodings, delimiters and quotes', async t => {
  const mapping = load(`${BASE}\ncsv: { delimiter: ";", quote: "'", encoding: gb18030, nulls: ["-"] }`);
  const text = `${HEADER.replaceAll(',', ';')}\n7;1;2026-11-20 08:00;open;'`;
  const queue = [0xce, 0xac, 0xd0, 0xde];
  const bytes = Buffer.concat([Buffer.from(text), Buffer.from(queue.slice(0, 1))]);
  const rest = Buffer.concat([Buffer.from(queue.slice(1)), Buffer.from("';-;-\n")]);
  const found = await all(mapCsv(chunks([bytes, rest]), mapping));
  t.match(found, [{ row: 2, event: { data: { queue: '维修' } } }]);
});

t.test('times', async t => {
  const read = (format: string, text: string, zone = 'UTC') => {
    const reader = timeReader(format, zone);
    if (typeof reader === 'string') return reader;
    const ms = reader(text);
    return ms === null ? null : new Date(ms).toISOString();
  };
  t.equal(read('dd-MM-yyyy HH:mm', '29-02-2016 01:16'), '2016-02-29T01:16:00.000Z');
  t.equal(read('dd-MM-yyyy HH:mm', '30-02-2016 01:16'), null);
  t.equal(
    read('dd/MM/yyyy HH:mm:ss.SSS', '1/2/2026 01:16:05.120', 'Asia/Shanghai'),
    '2026-01-31T17:16:05.120Z',
  );
  t.equal(read('yyyy年MM月dd日', '2026年11月20日'), '2026-11-20T00:00:00.000Z');
  t.equal(read('iso', '2026-11-20T08:00:00+08:00', 'Europe/Berlin'), '2026-11-20T00:00:00.000Z');
  t.equal(read('iso', '2026-11-20 08:00', 'Europe/Berlin'), '2026-11-20T07:00:00.000Z');
  t.equal(read('iso', '2026-03-29T02:30', 'Europe/Berlin'), '2026-03-29T01:30:00.000Z', 'skipped');
  t.equal(read('iso', '2026-10-25T02:30', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z', 'twice');
  t.equal(read('epoch-s', '1795161600.5'), '2026-11-20T08:00:00.500Z');
  t.equal(read('epoch-ms', '1795161600001'), '2026-11-20T08:00:00.001Z');
  t.equal(read('epoch-ms', ''), null);
  t.match(read('HH:mm', ''), /expected iso/);
  t.match(read('iso', '', 'Mars/Base'), /no time zone Mars\/Base/);
});

t.test('a mapping is checked as a whole, each error with its line', async t => {
  const bad = BASE.replace('ticket.resolved', 'ticket.solved').replace('version: 1', 'version: 2');
  const result = loadMapping(bad, 'x.yaml');
  t.equal(result.ok, false);
  if (!result.ok) {
    t.match(result.errors[0], /^x\.yaml:2: version: /);
    t.match(result.errors[1], /^x\.yaml:14: emit\[3\]\.type: expected an event type/);
  }
  t.match(loadMapping('a: [', 'x.yaml'), { ok: false });
  t.match(loadMapping(BASE.replace('Asia/Shanghai', 'Mars'), 'x'), {
    ok: false,
    errors: [/no time zone Mars/],
  });
  t.match(loadMapping(BASE.replace('ticket.resolved', 'call.ended'), 'x'), {
    ok: false,
    errors: [/expected a type of ticket/],
  });
});

t.test('the incident log: its cases, states and awaiting periods', async t => {
  const mapping = load(await readFile(SERVICENOW, 'utf8'));
  // Without the data, a handful of rows written by hand in its form stands in for it.
  const source = existsSync(LOG) ? () => createReadStream(LOG) : () => chunks([SAMPLE]);
  const expected = existsSync(COUNTS) ? JSON.parse(await readFile(COUNTS, 'utf8')) : SAMPLE_COUNTS;
  const decoded: SlaEvent[] = [];
  const rowsMapped = new Set<number>();
  for await (const found of mapCsv(source(), mapping)) {
    if ('error' in found) {
      t.fail(`row ${found.row}: ${found.error}`);
      continue;
    }
    rowsMapped.add(found.row);
    const result = decodeObject(found.event, { declared: new Map() });
    if (result.ok) decoded.push(result.event);
    else t.fail(`row ${found.row}: ${result.detail}`);
  }
  const count = (type: string) => decoded.filter(event => event.type === type).length;
  t.equal(new Set(decoded.map(event => event.case)).size, expected.incidents);
  t.equal(count('ticket.created'), expected.incidents);
  t.equal(new Set(decoded.map(event => event.id)).size, decoded.length);
  t.same(
    new Set(decoded.filter(e => e.type === 'ticket.pending').map(e => e.case)).size,
    expected.incidents_with_awaiting_state,
  );
  const minutes = awaitingMinutes(decoded);
  const states = expected.minutes_in_state_between_updates;
  t.equal(minutes.customer ?? 0, states['Awaiting User Info']);
  t.equal(
    minutes.third_party ?? 0,
    states['Awaiting Problem'] + states['Awaiting Vendor'] + states['Awaiting Evidence'],
  );

  const perState = loadMapping(
    (await readFile(SERVICENOW, 'utf8')).replace(
      /emit:[\s\S]*/,
      'emit: [{ type: ticket.updated, data: { category: incident_state } }]',
    ),
    'per state',
  );
  if (!perState.ok) throw new Error(perState.errors.join('\n'));
  const rows: Record<string, number> = {};
  for await (const found of mapCsv(source(), perState.mapping)) {
    if ('error' in found) t.fail(found.error);
    else {
      const result = decodeObject(found.event, { declared: new Map() });
      const state = result.ok ? String(result.event.fields.category) : 'rejected';
      rows[state] = (rows[state] ?? 0) + 1;
    }
  }
  t.same(rows, expected.states);
  t.ok(rowsMapped.size <= expected.rows);
});

/** Minutes from each `pending` to the `resumed` after it, by reason; periods that never end are left out. */
function awaitingMinutes(list: readonly SlaEvent[]): Record<string, number> {
  const since = new Map<string, number>();
  const minutes: Record<string, number> = {};
  for (const event of list) {
    const reason = String(event.fields.reason);
    const key = `${event.case}|${reason}`;
    const from = since.get(key);
    if (event.type === 'ticket.pending') since.set(key, event.time);
    else if (event.type === 'ticket.resumed' && from !== undefined) {
      minutes[reason] = (minutes[reason] ?? 0) + (event.time - from) / 60_000;
      since.delete(key);
    }
  }
  return minutes;
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly sequence: string;
  readonly data: object;
}

function isEvent(event: object): event is Event {
  return 'id' in event && 'type' in event && 'sequence' in event;
}

function line(event: Event): string {
  const local = new Date(Date.parse(event.time) + 8 * 3_600_000).toISOString().slice(11, 16);
  return `${local} ${event.subject} ${event.type.slice(7)} ${JSON.stringify(event.data)}`;
}

function load(text: string): Mapping {
  const result = loadMapping(text, 'mapping.yaml');
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.mapping;
}

async function* chunks(parts: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const part of parts) yield part;
}

async function all(rows: AsyncGenerator<MappedRow>): Promise<MappedRow[]> {
  const list: MappedRow[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

function collect(text: string, mapping: Mapping): Promise<MappedRow[]> {
  return all(mapCsv(chunks([text]), mapping));
}

async function events(text: string, mapping: Mapping): Promise<Event[]> {
  const rows = await collect(text, mapping);
  return rows.flatMap(row => {
    if ('error' in row) throw new Error(`${row.row}: ${row.error}`);
    return isEvent(row.event) ? [row.event] : [];
  });
}

const SAMPLE_COLUMNS =
  'number,incident_state,sys_mod_count,caller_id,sys_updated_at,contact_type,location,category,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to';
const SAMPLE = [
  SAMPLE_COLUMNS,
  ...[
    ['INC1', 'New', 0, '01-03-2026 08:00'],
    ['INC1', 'Active', 1, '01-03-2026 08:30'],
    ['INC1', 'Awaiting User Info', 2, '01-03-2026 09:00'],
    ['INC1', 'Awaiting Problem', 3, '01-03-2026 09:40'],
    ['INC1', 'Resolved', 4, '01-03-2026 10:00'],
    ['INC1', 'Closed', 5, '06-03-2026 10:00'],
    ['INC2', 'Resolved', 1, '01-03-2026 12:00'],
    ['INC2', 'New', 0, '01-03-2026 11:00'],
  ].map(
    ([number, state, count, updated]) =>
      `${number},${state},${count},Caller 1,${updated},Phone,?,Category 1,?,2 - Medium,2 - Medium,3 - Moderate,Group 1,?`,
  ),
].join('\n');
const SAMPLE_COUNTS = {
  rows: 8,
  incidents: 2,
  states: { New: 2, Active: 1, 'Awaiting User Info': 1, 'Awaiting Problem': 1, Resolved: 2, Closed: 1 },
  minutes_in_state_between_updates: {
    'Awaiting User Info': 40,
    'Awaiting Problem': 20,
    'Awaiting Vendor': 0,
    'Awaiting Evidence': 0,
  },
  incidents_with_awaiting_state: 1,
};
