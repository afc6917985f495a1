// `npm run build-bundle -- …` is `firstboot build …`; without arguments it builds the example, issues its throwaway PKI
// on first use, and rehearses both workers.
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
  if (hasPython())
    for (const worker of ['worker-0', 'worker-1']) {
      console.log(`\nfirstboot rehearse ${worker}`);
      run(program, ['rehearse', worker, '--cluster', spec]);
    }
  else console.log('\nnot rehearsed: that needs python3, 3.9 or later (apt install python3)');
}

function hasPython() {
  return spawnSync('python3', ['-I', '-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
}
