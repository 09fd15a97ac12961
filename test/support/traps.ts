// Many short timelines on one policy, each named by the trap that it stands for: mistakes that public reports tell of
// other helpdesks. A block begins with `* name`; what follows is a table of test/support/timeline.ts.
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { policyOf, timeline } from './timeline.ts';

const seen = new Set<string>();

/** Runs every block. A name that comes twice is an error: each trap is one of its own. */
export function traps(t: Parameters<typeof timeline>[0], policy: CompiledPolicy, blocks: string): void {
  for (const block of blocks.split(/^\s*\* /m).slice(1)) {
    const name = block.slice(0, block.indexOf('\n')).trim();
    if (seen.has(name)) throw new Error(`the trap is there already: ${name}`);
    seen.add(name);
    timeline(t, name, policy, block.slice(name.length));
  }
}

/** A clock of one target on one calendar. */
export function clockOn(calendar: string, target: string): CompiledPolicy {
  return policyOf(
    `
  - rule: R
    on: ticket
    start: ticket.created
    stop: ticket.resolved
    target: ${target}
    calendar: c
`,
    `  c:\n${calendar.trim().replaceAll(/^ */gm, '    ')}`,
  );
}
