// Which data fields are attributes of their case: they outlive the event that carried them. CONTRACT.md, sections 1 and 3.
import type { Entity } from './event.ts';

const OF_A_REQUEST: ReadonlySet<string> = new Set([
  'channel',
  'kind',
  'urgency',
  'impact',
  'complexity',
  'severity',
  'category',
  'product',
  'queue',
  'team',
  'agent',
  'region',
  'distance',
  'flow',
  'customer.id',
  'customer.name',
  'customer.phone',
  'customer.tier',
  'description',
]);

/** Attributes by entity, without `status`, which the monitor keeps itself, and without those that a policy declares. */
export const ATTRIBUTES: Readonly<Record<Entity, ReadonlySet<string>>> = {
  ticket: OF_A_REQUEST,
  call: OF_A_REQUEST,
  chat: OF_A_REQUEST,
  agent: new Set(['state', 'team', 'shift', 'queues', 'queue']),
  shift: new Set(['shift', 'start', 'end', 'agents', 'required', 'team', 'queue']),
};

/** What `status` becomes by an event's name; other events leave it as it is. It is `open` from the first event. */
export const STATUS_BY_NAME: ReadonlyMap<string, string> = new Map([
  ['pending', 'pending'],
  ['resolved', 'resolved'],
  ['closed', 'closed'],
  ['cancelled', 'cancelled'],
  ['resumed', 'open'],
  ['reopened', 'open'],
]);
