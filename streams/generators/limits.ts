// The limits of the reference: each value is the code's own, with what happens there.
import { MEASURE_MAX } from '../../src/contract/cells.ts';
import { EVENT_BYTES_MAX } from '../../src/contract/decode.ts';
import { TEXT_KEPT_MAX } from '../../src/contract/fields.ts';
import { ID_CHARS_MAX, LIST_MAX, LISTED_CHARS_MAX, NAME_CHARS_MAX } from '../../src/contract/schemas.ts';
import { TOKEN_BYTES_MAX } from '../../src/contract/subject.ts';
import { EVENTS_MAX as CASE_EVENTS_MAX } from '../../src/engine/case.ts';
import { VALUE_CELLS_MAX, VALUES_KEPT_MAX } from '../../src/engine/value-limit.ts';
import { RECORD_BYTES_MAX, ROWS_MAX } from '../../src/mapping/csv.ts';
import { OUTBOX_MAX } from '../../src/processor/partition.ts';
import { SESSIONS_MAX } from '../../src/server/access-store.ts';
import { BODY_BYTES_MAX } from '../../src/server/app.ts';
import { KEEP_BYTES_MAX, SLOW_MS_MAX } from '../../src/server/boards-hub.ts';
import { EVENTS_MAX } from '../../src/server/http-events.ts';
import { GROUPS_MAX as SCRAPED_GROUPS_MAX } from '../../src/server/metrics.ts';
import { QUEUES_MAX } from '../../src/server/queue-labels.ts';
import { GROUPS_MAX } from '../../src/server/routes-api.ts';
import { WAITING_BYTES_MAX } from '../../src/server/routes-events.ts';
import { CLIENTS_MAX } from '../../src/server/routes-pages.ts';
import { FAILURES_MAX, FAILURES_TOTAL_MAX } from '../../src/server/signin-limit.ts';
import { ANSWER_MS_MAX } from '../../src/server/within.ts';

/** What is bounded, its bound, and what happens at the bound. */
export const LIMIT_ROWS: readonly (readonly [what: string, bound: string, then: string])[] = [
  ['one event', bytes(EVENT_BYTES_MAX), 'rejected as `oversized`, kept whole'],
  ['a case id, encoded', bytes(TOKEN_BYTES_MAX), 'rejected as `subject`'],
  ["an event's `id`, `source`", chars(ID_CHARS_MAX), 'rejected as `schema`'],
  ['a listed value, such as a channel', chars(LISTED_CHARS_MAX), 'rejected as `schema`'],
  ['a name, such as a queue', chars(NAME_CHARS_MAX), 'rejected as `schema`'],
  ['a list in `data`', `${count(LIST_MAX)} items`, 'rejected as `schema`'],
  ['free text of a case', chars(TEXT_KEPT_MAX), 'state keeps the beginning; the stream keeps all'],
  ['events of one case', count(CASE_EVENTS_MAX), 'further ones are rejected as `oversized`'],
  ['body of a request', bytes(BODY_BYTES_MAX), '413, nothing is stored'],
  ['events in a request', count(EVENTS_MAX), '413, nothing is stored'],
  ['requests that wait for the stream', bytes(WAITING_BYTES_MAX), '503 with Retry-After'],
  ['an answer of Redis to a request', seconds(ANSWER_MS_MAX), '503 with Retry-After'],
  [
    'records not yet acknowledged, a partition',
    count(OUTBOX_MAX),
    'no further events are read until they are',
  ],
  ['wallboards of a process', count(CLIENTS_MAX), 'closed with 1013, they come back later'],
  ['a wallboard that takes nothing', seconds(SLOW_MS_MAX), 'skipped ahead to a fresh snapshot, then cut off'],
  ['changes kept for those who return', bytes(KEEP_BYTES_MAX), 'who missed more gets a snapshot'],
  ['browser sessions', count(SESSIONS_MAX), 'the one that ends first makes room'],
  ['failed sign-ins a minute, one address', count(FAILURES_MAX), '429 for the rest of the minute'],
  ['failed sign-ins a minute, all', count(FAILURES_TOTAL_MAX), '429 for the rest of the minute'],
  ['queues in metric labels', count(QUEUES_MAX), 'further ones count as `other`'],
  ['groups of an indicator in a scrape', count(SCRAPED_GROUPS_MAX), 'further ones are left out'],
  [
    'different values of a pane of a percentile, maximum or share',
    count(VALUES_KEPT_MAX),
    `further numbers count in steps (1 % up to 1e9), ${count(VALUE_CELLS_MAX)} cells in all; further groups as without a name`,
  ],
  [
    'a number that figures are taken of',
    MEASURE_MAX.toExponential().replace('+', ''),
    'counts as this, or as its negative',
  ],
  ['groups of an indicator in the API', count(GROUPS_MAX), 'further ones are left out'],
  ['rows of a CSV file', count(ROWS_MAX), 'an error says to split it'],
  ['one row of a CSV file', bytes(RECORD_BYTES_MAX), 'an error with its line'],
];

function count(value: number): string {
  return value.toLocaleString('en');
}

function chars(value: number): string {
  return `${count(value)} characters`;
}

function bytes(value: number): string {
  if (value % (1024 * 1024) === 0) return `${value / (1024 * 1024)} MB`;
  return value % 1024 === 0 ? `${value / 1024} KB` : `${count(value)} bytes`;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
