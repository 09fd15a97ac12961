// Where things lie in Redis. All keys of a partition share the hash tag `{p}`, so that one script may change them all
// and a Redis Cluster keeps them on one node.

export interface PartitionKeys {
  /** String, with expiry: the epoch of the owner. */
  readonly lease: string;
  /** Hash: position, time, change. */
  readonly meta: string;
  /** Hash: case key → encoded state, of open cases. */
  readonly cases: string;
  /** Hash: the same of closed ones, `x` once they are forgotten. */
  readonly closed: string;
  /** Hash: `case key#index` → earlier events of a case with many. */
  readonly chunks: string;
  /** Sorted set: case key → the next instant at which it may change by itself. */
  readonly alarms: string;
  /** Sorted set: case key → due instant of its most urgent clock that was warned or breached. */
  readonly risk: string;
  /** Hash: cell key → number. */
  readonly cells: string;
  /** List: records that are to be published, in order. */
  readonly outbox: string;
  /** Hash: `rule|group` → state of an alert that this partition's owner judges. */
  readonly alerts: string;
  /** String, with expiry: what the owner says about itself. */
  readonly status: string;
}

export function partitionKeys(partition: number): PartitionKeys {
  const key = (name: string) => `sla:{${partition}}:${name}`;
  return {
    lease: key('lease'),
    meta: key('meta'),
    cases: key('cases'),
    closed: key('closed'),
    chunks: key('chunks'),
    alarms: key('alarms'),
    risk: key('risk'),
    cells: key('cells'),
    outbox: key('outbox'),
    alerts: key('alerts'),
    status: key('status'),
  };
}

/** The field of a case's chunk. */
export function chunkField(caseKey: string, index: number): string {
  return `${caseKey}#${index}`;
}

/** Sorted set of processes: id → when they were last heard of. */
export const MEMBERS = 'sla:members';
/** Channel on which each commit tells what it changed. */
export const CHANGES = 'sla:changes';
/** Stands in `closed` for a case that was forgotten: later events of it are too late. */
export const FORGOTTEN = 'x';
