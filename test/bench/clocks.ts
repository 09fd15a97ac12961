// A few clocks for benchmarks, as a policy of ours and as a table for those who write the same by hand, and events on
// tickets for them.
import { encodeToken, partitionOf, partitionSubject } from '../../src/contract/subject.ts';
import type { LoadEvent } from './load.ts';
import { PARTITIONS } from './rig.ts';

export interface SimpleClock {
  readonly rule: string;
  readonly on: 'ticket' | 'call';
  readonly start: string;
  readonly stop: readonly string[];
  readonly pause: readonly [from: string, to: string] | null;
  readonly targetMs: number;
}

/** Clocks that are usual, without warnings: connect a call, acknowledge a ticket, resolve it unless the customer waits. */
export const USUAL: readonly SimpleClock[] = [
  {
    rule: 'B-1',
    on: 'call',
    start: 'call.queued',
    stop: ['call.answered', 'call.ended'],
    pause: null,
    targetMs: 30_000,
  },
  {
    rule: 'B-2',
    on: 'ticket',
    start: 'ticket.created',
    stop: ['ticket.acknowledged', 'ticket.closed'],
    pause: null,
    targetMs: 7_200_000,
  },
  {
    rule: 'B-3',
    on: 'ticket',
    start: 'ticket.created',
    stop: ['ticket.resolved', 'ticket.closed'],
    pause: ['ticket.pending', 'ticket.resumed'],
    targetMs: 86_400_000,
  },
];

/** One clock that nothing stops: each ticket that is created is due after `targetMs`. */
export function dueAfter(targetMs: number): readonly SimpleClock[] {
  return [
    { rule: 'B-9', on: 'ticket', start: 'ticket.created', stop: ['ticket.resolved'], pause: null, targetMs },
  ];
}

/** These clocks as a policy file, which JSON is too. */
export function policyText(clocks: readonly SimpleClock[]): string {
  const rules = clocks.map(({ rule, on, start, stop, pause, targetMs }) => ({
    rule,
    on,
    start,
    stop,
    ...(pause === null ? {} : { pause: { from: pause[0], to: pause[1] } }),
    target: `${targetMs / 1000}s`,
  }));
  return JSON.stringify({ version: 1, name: 'bench', timezone: 'UTC', clocks: rules });
}

/** A ticket that is created at `time`, ms since 1970. */
export function createdTicket(id: string, time: number): LoadEvent {
  const token = encodeToken(id);
  if (!token.ok) throw new Error(token.detail);
  return {
    subject: partitionSubject(partitionOf(token.token, PARTITIONS), 'ticket'),
    data: JSON.stringify({
      specversion: '1.0',
      id: `e-${id}`,
      source: '/bench/centre',
      type: 'ticket.created',
      subject: id,
      time: new Date(time).toISOString(),
      data: { channel: 'web', kind: 'repair', queue: 'repair' },
    }),
  };
}
