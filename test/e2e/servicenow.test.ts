// Real input: an audit log of incidents that others recorded goes through the command line into a running monitor under
// the default pack. Each cycle's last record must be what a backtest at that instant says, and cases, states and
// awaiting periods those that were counted beforehand. Without the data, a few rows in its form stand in for it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { z } from 'zod';
import type { CaseState } from '../../src/engine/case.ts';
import { decodeCase } from '../../src/engine/codec.ts';
import { defaultPolicyFile, readPolicyFile } from '../../src/policy-store/source.ts';
import { defineScripts, PartitionStore } from '../../src/store/partition-store.ts';
import { compare } from '../chaos/compare.ts';
import { Field, PARTITIONS } from '../chaos/field.ts';
import { runProgram } from '../support/program.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const FOLDER = at('../shared/data/servicenow-incidents');
const LOG = join(FOLDER, 'incident_event_log.csv');

const COUNTS = z.object({
  incidents: z.number(),
  incidents_with_awaiting_state: z.number(),
  minutes_in_state_between_updates: z.record(z.string(), z.number()),
});

const SAMPLE = `number,incident_state,sys_mod_count,caller_id,sys_updated_at,contact_type,location,category,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to
INC1,New,0,Caller 1,01-03-2016 09:00,Phone,Here,Cat 1,?,2 - Medium,2 - Medium,3 - Moderate,Group 1,?
INC1,Active,1,Caller 1,01-03-2016 09:10,Phone,Here,Cat 1,?,2 - Medium,2 - Medium,3 - Moderate,Group 1,A 1
INC1,Awaiting User Info,2,Caller 1,01-03-2016 10:00,Phone,Here,Cat 1,?,2 - Medium,2 - Medium,3 - Moderate,Group 1,A 1
INC1,Resolved,3,Caller 1,01-03-2016 12:00,Phone,Here,Cat 1,?,2 - Medium,2 - Medium,3 - Moderate,Group 1,A 1
INC1,Active,4,Caller 1,02-03-2016 08:00,Phone,Here,Cat 1,?,2 - Medium,1 - High,1 - Critical,Group 2,A 1
INC1,Resolved,5,Caller 1,02-03-2016 09:00,Phone,Here,Cat 1,?,2 - Medium,1 - High,1 - Critical,Group 2,A 1
INC1,Closed,6,Caller 1,07-03-2016 12:00,Phone,Here,Cat 1,?,2 - Medium,1 - High,1 - Critical,Group 2,A 1
INC2,New,0,Caller 2,01-03-2016 09:00,Phone,Here,Cat 2,?,1 - High,1 - High,2 - High,Group 1,?
INC2,Awaiting Problem,1,Caller 2,01-03-2016 09:30,Phone,Here,Cat 2,?,1 - High,1 - High,2 - High,Group 1,?
INC2,Awaiting Vendor,2,Caller 2,01-03-2016 11:30,Phone,Here,Cat 2,?,1 - High,1 - High,2 - High,Group 1,?
INC3,New,0,Caller 3,01-03-2016 09:00,Email,There,Cat 2,?,3 - Low,3 - Low,4 - Low,Group 3,?
INC3,Active,1,Caller 3,01-03-2016 09:00,Email,There,Cat 2,?,3 - Low,3 - Low,4 - Low,Group 3,A 2
`;
const SAMPLE_COUNTS = {
  incidents: 3,
  incidents_with_awaiting_state: 2,
  minutes_in_state_between_updates: { 'Awaiting User Info': 120, 'Awaiting Problem': 120 },
};

/** The status that stands for an incident's state. */
const STATUS: Readonly<Record<string, string>> = {
  New: 'open',
  Active: 'open',
  'Awaiting User Info': 'pending',
  'Awaiting Problem': 'pending',
  'Awaiting Vendor': 'pending',
  'Awaiting Evidence': 'pending',
  Resolved: 'resolved',
  Closed: 'closed',
};

const ROWS = z.array(
  z.object({ number: z.string(), incident_state: z.string(), sys_updated_at: z.string() }),
);

/** How many incidents end in each status, by the last row of each. */
function lastStatuses(file: string): Record<string, number> {
  const rows = ROWS.parse(parse(readFileSync(file), { columns: true }));
  const last = new Map<string, { readonly at: string; readonly state: string }>();
  for (const { number, incident_state: state, sys_updated_at: text } of rows) {
    const at = text.replace(/^(\d\d)-(\d\d)-(\d{4})/, '$3-$2-$1');
    const before = last.get(number);
    if (before === undefined || before.at <= at) last.set(number, { at, state });
  }
  return tally([...last.values()].map(({ state }) => STATUS[state] ?? state));
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

// A busy machine takes its time.
t.setTimeout(300_000);

t.test('recorded incidents run through the live monitor', { timeout: 290_000 }, async t => {
  const field = await Field.open({ policy: readFileSync(defaultPolicyFile(), 'utf8'), monitors: 1 });
  t.teardown(() => field.close());
  const isReal = existsSync(LOG);
  const file = isReal ? LOG : join(field.servers.dir, 'sample.csv');
  if (!isReal) writeFileSync(file, SAMPLE);
  const counts = COUNTS.parse(
    isReal ? JSON.parse(readFileSync(join(FOLDER, 'expected_counts.json'), 'utf8')) : SAMPLE_COUNTS,
  );
  const map = ['--map', at('streams/servicenow.mapping.yaml')];
  const env = { ...field.servers.env, PARTITIONS: String(PARTITIONS) };
  const run = await runProgram(['publish', ...map, file], { env });
  t.equal(run.code, 0, run.stderr);

  const { policy } = readPolicyFile(defaultPolicyFile());
  const { wrong, summary } = await field.whileSettled(
    120_000,
    line => t.comment(line),
    () => compare(field, 0),
  );
  t.comment(JSON.stringify(summary));
  t.same(wrong.slice(0, 20), [], 'records, outcomes, counters and rejects are those of a backtest');
  t.equal(summary.rejected, 0);
  t.ok(summary.cycles >= counts.incidents);

  const cases: CaseState[] = [];
  defineScripts(field.redis);
  for (let p = 0; p < PARTITIONS; p++) {
    const store = new PartitionStore(field.redis, p);
    const keys = [
      ...(await field.redis.hkeys(store.keys.cases)),
      ...(await field.redis.hkeys(store.keys.closed)),
    ];
    for (const [i, kept] of (await store.cases(keys)).entries())
      if (kept !== null) cases.push(decodeCase(() => policy, keys[i] ?? '', kept.text, kept.chunks));
  }
  t.equal(cases.length, counts.incidents);
  t.same(tally(cases.map(({ fold }) => String(fold.attributes.status))), lastStatuses(file), 'states');
  const awaiting = cases.filter(({ events }) => events.some(({ type }) => type === 'ticket.pending'));
  t.equal(awaiting.length, counts.incidents_with_awaiting_state, 'cases that ever awaited something');
  const minutes = awaitingMinutes(awaiting);
  const between = counts.minutes_in_state_between_updates;
  t.equal(minutes.customer ?? 0, between['Awaiting User Info'] ?? 0);
  t.equal(
    minutes.third_party ?? 0,
    (between['Awaiting Problem'] ?? 0) +
      (between['Awaiting Vendor'] ?? 0) +
      (between['Awaiting Evidence'] ?? 0),
  );
});

/** Minutes from each `pending` to the `resumed` after it, by reason; those that never end are left out. */
function awaitingMinutes(cases: readonly CaseState[]): Record<string, number> {
  const minutes: Record<string, number> = {};
  for (const { events } of cases) {
    let since: number | null = null;
    for (const { type, time, fields } of events) {
      if (type === 'ticket.pending') since = time;
      else if (type === 'ticket.resumed' && since !== null) {
        const reason = String(fields.reason);
        minutes[reason] = (minutes[reason] ?? 0) + (time - since) / 60_000;
        since = null;
      }
    }
  }
  return minutes;
}
