// `make demo`: two workers from a cluster spec to their last day, on the embedded cloud. Each command is shown as a user types
// it, and is the real one. Works in build/demo/, which it makes anew; ends whatever it started.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const program = path.join(root, 'dist/firstboot.cjs');
const folder = path.join(root, 'build/demo');
const example = path.join(root, 'examples/from-scratch');

// The clouds and clusters of whoever runs it stay out of it: no ~/.kube/config, no ~/.aws. Fetched binaries are kept as always.
const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS_|KUBECONFIG$)/.test(name));
const env = {
  ...Object.fromEntries(inherited),
  HOME: folder,
  XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
};

const start = Date.now();
const say = (...lines) => process.stdout.write(`${lines.join('\n')}\n`);

function firstboot(...args) {
  say('', `$ firstboot ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 1, 1] });
  if (status !== 0) throw new Error(`firstboot ${args[0]} ended with ${status ?? 'a signal'}`);
}

function quietly(...args) {
  spawnSync(process.execPath, [program, ...args], { cwd: folder, env, stdio: 'ignore' });
}

function startAnew() {
  // A demo that was killed may have left its cloud running.
  if (fs.existsSync(path.join(folder, '.firstboot-cloud'))) quietly('local', 'down', '--purge');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const file of ['cluster.yaml', 'pins.yaml']) fs.copyFileSync(path.join(example, file), path.join(folder, file));
}

function hasPython() {
  return spawnSync('python3', ['-I', '-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
}

/** The serial console of an instance, and what its rehearsal had to do without. */
function showConsole() {
  const instances = '.firstboot-cloud/instances';
  const [first] = fs.readdirSync(path.join(folder, instances)).filter(name => name.startsWith('i-'));
  const file = `${instances}/${first}/console.log`;
  firstboot('report', file);
  const lines = fs.readFileSync(path.join(folder, file), 'utf8').matchAll(/^rehearsal: left out, .*: (.*?)\r?$/gm);
  const missing = [...new Set([...lines].map(([, name]) => name))];
  if (missing.length > 0) say('', `Left out, as nothing here gives it: ${missing.join(', ')}.`);
}

function demo() {
  const boots = hasPython();
  say(
    'firstboot demo: two workers of examples/from-scratch, from their spec to their last day,',
    'without an AWS account. What AWS would do is done by an embedded EC2, S3 and SSM on',
    boots
      ? 'loopback, and each instance is a rehearsal: the real boot program in a scratch root.'
      : 'loopback. There is no python3 (3.9 or later), so instances are records and boot nothing.',
    '',
    '$ mkdir -p build/demo && cp examples/from-scratch/*.yaml build/demo && cd build/demo',
    '',
    '--- a PKI to throw away, and what each worker boots from ---',
  );
  firstboot('pki', 'issue');
  firstboot('build');

  say('', '--- the embedded cloud, in the background; the private keys go to its bucket ---');
  firstboot('local', 'up', '--instances', boots ? 'rehearse' : 'record');
  firstboot('stage', '--local');

  say('', '--- what would be done, and doing it ---');
  if (boots)
    say(
      'The first boot ever fetches 200 MB of binaries, where there is an Internet; they are kept in ~/.cache/firstboot.',
    );
  firstboot('plan', '--local');
  firstboot('apply', '--local', '--yes', '--wait', boots ? 'booted' : 'none');

  const gone = boots ? '; each key is on its node, and gone from the bucket' : '';
  say('', `--- where it stands${gone} ---`);
  firstboot('status', '--local');
  if (boots) {
    say('', '--- a first boot as its serial console told it ---');
    showConsole();
  }

  say('', '--- the end; there is no api-server here, so nothing can be drained ---');
  firstboot('destroy', '--local', '--yes', '--ignore-drain-failure');
  firstboot('local', 'down', '--purge');
  say(
    '',
    `That took ${Math.round((Date.now() - start) / 1000)} s. build/demo/build/ has what was built: user-data.yaml is readable, bundle.json`,
    'lists every file. `firstboot` is dist/firstboot.cjs; `npm install --global .` puts it on your PATH.',
  );
}

// Ctrl-C ends the command that runs, and then what was started.
process.on('SIGINT', () => {});
startAnew();
try {
  demo();
} catch (error) {
  say('', `demo: ${error.message}.`);
  quietly('local', 'down', '--purge');
  process.exitCode = 1;
}
