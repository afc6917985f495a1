// Writes the generated pages and completions; test/docs.test.ts fails when they are not up to date.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: ['scripts/generate-docs.ts'],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  external: ['zod', 'yaml', 'archiver', 'fflate', 'smol-toml', 'tar-stream', '@peculiar/x509'],
});
mkdirSync('node_modules/.cache', { recursive: true });
const program = path.resolve('node_modules/.cache/generate-docs.mjs');
writeFileSync(program, outputFiles[0].contents);
const { generateDocs } = await import(program);
for (const [file, text] of Object.entries(generateDocs())) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
