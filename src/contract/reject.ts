// Why an event can't be used: the closed list of CONTRACT.md, section 2. The reason is the last token of the
// subject in SLA_REJECTS and the label of the metric.

export const REJECT_REASONS = [
  'malformed',
  'schema',
  'unknown-type',
  'time',
  'oversized',
  'partition',
  'subject',
  'too-late',
  'conflict',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** A refusal. `detail` says which field and what was expected; it never quotes personal data. */
export interface Rejection {
  readonly ok: false;
  readonly reason: RejectReason;
  readonly detail: string;
}

export function rejection(reason: RejectReason, detail: string): Rejection {
  return { ok: false, reason, detail };
}
