// How commands tell that a file can't be read.

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'this is a folder',
  EACCES: 'this file may not be read',
};

/** What keeps a file from being read, with its name once. */
export function fileProblem(file: string, error: unknown): string {
  return cantOpen(file, error) ?? `${file}: ${error instanceof Error ? error.message : String(error)}`;
}

/** The same where the system would not open or read it; null for whatever is wrong with what it holds. */
export function cantOpen(file: string, error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null;
  const reason = REASONS[String(error.code)];
  return reason === undefined ? null : `${reason}: ${file}`;
}
