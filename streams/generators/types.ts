// What a generated file is: where it lies and how it is made.

export interface Generator {
  /** From the project's root, with `/`. */
  readonly path: string;
  /** The whole text of the file. Must depend on the code alone. */
  make(): string | Promise<string>;
}

/** JSON as it is committed. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
