// `npm run build-bundle -- …` is `firstboot build …`; without arguments it builds the example, and issues its throwaway PKI
// on first use.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const program = path.join(root, 'dist/firstboot.cjs');
// npm changes to the package's folder; what the user types is relative to where they stand.
const cwd = process.env.INIT_CWD ?? process.cwd();
const run = (file, args, options = {}) => {
  const { status, signal } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit', cwd, ...options });
  if (status !== 0) process.exit(status ?? (signal ? 1 : 0));
};

if (!existsSync(program)) run('scripts/build.mjs', ['--no-types'], { cwd: root, stdio: ['ignore', 2, 2] });
const args = process.argv.slice(2);
if (args.length > 0) run(program, ['build', ...args]);
else {
  const spec = path.relative(cwd, path.join(root, 'examples/from-scratch/cluster.yaml'));
  run(program, ['pki', 'issue', '--cluster', spec], { stdio: ['ignore', 2, 2] });
  run(program, ['build', '--cluster', spec]);
}
