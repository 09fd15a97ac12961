// How wide texts are on a terminal.

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

/** The columns that a text takes: two for each Chinese character and full-width sign. */
export function columnsOf(text: string): number {
  return [...text].reduce((columns, char) => columns + (WIDE.test(char) ? 2 : 1), 0);
}

/** The text, filled up with blanks to so many columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}
