// Copies what the compiler leaves behind, such as src/store/*.lua, beside the compiled files in dist/. Runs after tsc.
import { cpSync, readdirSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
let copied = 0;
for (const entry of sources) {
  if (!entry.isFile() || ['.ts', '.tsx', '.md'].includes(extname(entry.name))) continue;
  const from = join(entry.parentPath ?? entry.path, entry.name);
  cpSync(from, join(root, 'dist', from.slice(root.length)));
  copied += 1;
}
console.log(`dist: ${copied} ${copied === 1 ? 'asset' : 'assets'} copied`);
