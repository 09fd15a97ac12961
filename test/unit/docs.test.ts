// What the documentation points at is there: files, sections, and the tests that the guarantees name.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/package-root.ts';

const ROOT = packageRoot();
const FOLDERS = ['src', 'streams', 'dashboards', 'deploy', 'test'];
const PAGES = ['README.md', ...FOLDERS.flatMap(pagesIn)];

function pagesIn(folder: string): string[] {
  const all = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter(path => path.endsWith('.md')).map(path => join(folder, path));
}

/** Sections as GitHub names them in links. */
function anchors(page: string): Set<string> {
  const headings = readFileSync(page, 'utf8').match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map(line =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

t.test('links lead somewhere', async t => {
  for (const page of PAGES) {
    for (const [, target = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^\w+:/.test(target)) continue;
      const [path = '', section] = target.split('#');
      const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
      t.ok(existsSync(file), `${page} → ${target}`);
      if (section !== undefined && existsSync(file))
        t.ok(anchors(file).has(decodeURIComponent(section)), `${page} → ${target}`);
    }
  }
});

t.test('each guarantee names tests that exist', async t => {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const guarantees = /\n## Guarantees\n(.*?)\n## /s.exec(text)?.[1]?.match(/^- .*$/gm) ?? [];
  t.ok(guarantees.length >= 9);
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
  for (const line of guarantees) {
    const named = [...line.matchAll(/`test\/([^`]+)`/g)].map(([, path = '']) => path);
    t.not(named.length, 0, line);
    for (const path of named) {
      const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
      t.ok(
        tests.some(file => pattern.test(file)),
        path,
      );
    }
  }
});

t.test('each top-level folder says what it is', async t => {
  for (const folder of FOLDERS) t.ok(existsSync(join(ROOT, folder, 'README.md')), folder);
});
