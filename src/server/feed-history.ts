// What happened last, taken from SLA_RECORDS when the server starts, so that a restart does not empty the board's feed.
import type { NatsConnection } from 'nats';
import { z } from 'zod';
import { getMessage, streamState } from '../broker/api.ts';
import { RECORDS_STREAM } from '../broker/streams.ts';
import type { FeedItem } from '../contract/frame.ts';
import { QUIET_MS } from '../contract/record.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { knownOrNull } from '../policy-store/shelf.ts';

/** Records that are looked at, from the latest back, and how many are asked for at a time. */
const LOOK_BACK_MAX = 400;
const AT_A_TIME = 50;

const record = z.union([
  z.object({
    kind: z.literal('clock'),
    id: z.string(),
    at: z.string(),
    seenAt: z.string(),
    rule: z.string(),
    case: z.string(),
    state: z.enum(['breached', 'withdrawn']),
    policy: z.string(),
  }),
  z.object({
    kind: z.literal('alert'),
    id: z.string(),
    at: z.string(),
    seenAt: z.string(),
    rule: z.string(),
    group: z.string(),
    state: z.enum(['firing', 'resolved']),
    policy: z.string(),
    severity: z.string(),
  }),
  z.object({
    kind: z.literal('action'),
    id: z.string(),
    at: z.string(),
    seenAt: z.string(),
    rule: z.string(),
    case: z.string(),
    action: z.string(),
    to: z.array(z.string()),
    policy: z.string(),
  }),
]);

type Told = z.output<typeof record>;

/**
 * At most `count` items, latest first, each in the words of the policy that it names, else of the one in force.
 * @throws when JetStream can't be reached.
 */
export async function recentFeed(
  nc: NatsConnection,
  inForce: CompiledPolicy,
  policyOf: (hash: string) => CompiledPolicy,
  count: number,
): Promise<FeedItem[]> {
  const { firstSeq, lastSeq } = await streamState(nc, RECORDS_STREAM);
  const end = Math.max(firstSeq, lastSeq - LOOK_BACK_MAX + 1);
  const items: FeedItem[] = [];
  for (let from = lastSeq; from >= end && items.length < count; from -= AT_A_TIME) {
    const sequences = Array.from({ length: Math.min(AT_A_TIME, from - end + 1) }, (_, i) => from - i);
    const messages = await Promise.all(sequences.map(seq => getMessage(nc, RECORDS_STREAM, seq)));
    for (const message of messages) {
      const told = message ? toldOf(new TextDecoder().decode(message.data)) : null;
      const item = told ? feedItem(told, [knownOrNull(policyOf, told.policy) ?? inForce, inForce]) : null;
      if (item && items.length < count) items.push(item);
    }
  }
  return items;
}

/** Null for records that a feed does not show. */
function toldOf(text: string): Told | null {
  const value: unknown = JSON.parse(text);
  return record.safeParse(value).data ?? null;
}

/** Null for what tells nobody, and for a rule that neither policy has. */
function feedItem(told: Told, policies: readonly CompiledPolicy[]): FeedItem | null {
  const { id, rule, kind } = told;
  const at = Date.parse(told.at);
  if (Date.parse(told.seenAt) - at > QUIET_MS) return null;
  const title = kind === 'alert' ? indicatorTitle(rule, policies) : clockTitle(rule, policies);
  if (title === null) return null;
  if (told.kind === 'action')
    return { id, at, kind: 'action', rule, title, subject: told.case, action: told.action, to: told.to };
  if (told.kind === 'clock') return { id, at, kind: told.state, rule, title, subject: told.case };
  return { id, at, kind: told.state, rule, title, subject: told.group, severity: told.severity };
}

function indicatorTitle(rule: string, policies: readonly CompiledPolicy[]): FeedItem['title'] | null {
  return policies.flatMap(({ indicators }) => indicators).find(each => each.rule === rule)?.title ?? null;
}

/** Clocks over evidence are measured, and tell nobody. */
function clockTitle(rule: string, policies: readonly CompiledPolicy[]): FeedItem['title'] | null {
  const clock = policies.flatMap(({ clocks }) => clocks).find(each => each.rule === rule);
  return clock === undefined || clock.evidence ? null : clock.title;
}
