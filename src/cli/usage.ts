// What all commands share: how wrong usage and expected failures are told.

/** The command was called wrongly: the message goes to standard error, the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something that the message alone explains went wrong: no stack is printed, the exit code is 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What each file of a command exports. */
export interface Command {
  /** The text of `--help`. */
  readonly help: string;
  /** Does it; returns the exit code. */
  run(argv: string[]): Promise<number>;
}
