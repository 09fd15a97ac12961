// Tables in Markdown.

/** Code, unless it is empty. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** A table; `|` inside a cell is escaped. Each row has as many cells as the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
