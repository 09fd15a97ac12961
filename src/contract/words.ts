// Small texts that all parts write alike: counts, and how a command is called.

/** `1 clock`, `2 clocks`; `many` is for words that take more than an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** From a checkout commands are not on PATH; the build is installed as `sla-monitor`. */
const PROGRAM = import.meta.url.endsWith('.ts') ? 'npm run --silent sla --' : 'sla-monitor';

/** How to call a command from where this runs, such as `npm run --silent sla -- doctor`. */
export function commandLine(command: string): string {
  return `${PROGRAM} ${command}`;
}

/** A title in both languages, once where they are the same. */
export function titleWords({ zh, en }: { readonly zh: string; readonly en: string }): string {
  return zh === en ? zh : `${zh} / ${en}`;
}
