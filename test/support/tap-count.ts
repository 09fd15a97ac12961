// Counts the assertions in TAP output, subtests included, each once. What ended badly without an assertion of its own
// (a file that crashed, timed out or asserted nothing) counts as one failure.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export interface TapCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Level {
  /** Anything was seen at this depth since the point above it. */
  seen: boolean;
  passed: number;
  failed: number;
  skipped: number;
}

const POINT = /^( *)(not )?ok\b(.*)$/;
const PLAN = /^( *)1\.\.\d+/;
const DIRECTIVE = /#\s*(skip|todo)\b/i;

/** Reads nested TAP (four spaces a level) and adds up its leaves. */
export function countTap(text: string): TapCounts {
  const levels: Level[] = [];
  const level = (depth: number): Level => {
    while (levels.length <= depth) levels.push({ seen: false, passed: 0, failed: 0, skipped: 0 });
    return levels[depth] ?? { seen: false, passed: 0, failed: 0, skipped: 0 };
  };
  let bailed = false;
  let inDiagnostics = false;
  for (const line of text.split('\n')) {
    if (/^ *---\s*$/.test(line)) inDiagnostics = true;
    else if (/^ *\.\.\.\s*$/.test(line)) inDiagnostics = false;
    if (inDiagnostics) continue;
    if (/^ *Bail out!/.test(line)) bailed = true;
    const plan = PLAN.exec(line);
    if (plan !== null) level(depthOf(plan[1])).seen = true;
    const point = POINT.exec(line);
    if (point === null) continue;
    const depth = depthOf(point[1]);
    const inner = level(depth + 1);
    const own = level(depth);
    own.seen = true;
    const isBad = point[2] !== undefined;
    const directive = DIRECTIVE.exec(point[3] ?? '')?.[1]?.toLowerCase();
    if (inner.seen) {
      own.passed += inner.passed;
      own.skipped += inner.skipped;
      own.failed += inner.failed;
      const empty = inner.passed + inner.skipped + inner.failed === 0;
      if ((isBad && inner.failed === 0) || (empty && depth === 0)) own.failed++;
      levels.length = depth + 1;
    } else if (directive !== undefined) {
      if (depth === 0 && /no tests found/i.test(line)) own.failed++;
      else own.skipped++;
    } else if (isBad) own.failed++;
    else own.passed++;
  }
  const { passed, failed, skipped } = level(0);
  return { passed, failed: failed + (bailed ? 1 : 0), skipped };
}

function depthOf(spaces: string | undefined): number {
  return Math.floor((spaces ?? '').length / 4);
}

const [, program, file, testsCode, verifyCode] = process.argv;
if (program !== undefined && file !== undefined && import.meta.url === pathToFileURL(program).href) {
  const counts = countTap(readFileSync(file, 'utf8'));
  let { failed } = counts;
  if (testsCode !== '0' && failed === 0) failed++;
  if (verifyCode !== '0') failed++;
  if (counts.passed === 0 && failed === 0) failed++;
  process.stdout.write(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
