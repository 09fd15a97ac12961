// SIGHUP, which asks a monitor to read its policy again.

/** What `hangup` needs of a monitor. */
export interface Reloads {
  reloadPolicy(): Promise<string>;
}

/** A SIGHUP that comes while the program starts must not end it: it is kept for whoever handles it from then on. */
export function onHangup(): (handle: () => void) => void {
  let early = 0;
  let handler = () => {
    early += 1;
  };
  process.on('SIGHUP', () => handler());
  return handle => {
    handler = handle;
    if (early > 0) handle();
  };
}

/** Reads the policy again; what is wrong with it is told, and the one in force stays. */
export function reloadOf(monitor: Reloads, tell: (line: string) => void): () => void {
  return () => {
    monitor.reloadPolicy().then(
      hash => tell(`The policy was read again; ${hash} is in force`),
      (error: unknown) =>
        tell(`The policy stays as it is:\n${error instanceof Error ? error.message : String(error)}`),
    );
  };
}
