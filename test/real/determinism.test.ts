import { createHash } from 'node:crypto';
import { chmodSync, cpSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { issueExample, newFolder, program } from './cluster.ts';
import { lab, need, needs, run, succeed } from './lab.ts';
import { variants } from './variants.ts';

const reversed = new URL('./reverse-readdir.mjs', import.meta.url).href;

/** Same input, same bytes: every file of the output tree with its mode, whatever the machine is like. */
describe.each(variants)('the output of $name', variant => {
  let cluster: string;
  let expected: Tree;
  beforeAll(() => {
    cluster = issueExample(variant);
    expected = buildTree({ cluster });
  });

  test('is closed to all but its owner, and complete', () => {
    const modes = Object.entries(expected).map(([path, { mode, digest }]) => ({
      path,
      mode,
      expected: digest ? '0600' : '0700',
    }));
    for (const { path, mode, expected } of modes) expect({ path, mode }).toEqual({ path, mode: expected });
    const files = ['bundle.json', 'secrets.tar', 'user-data', 'user-data.yaml'];
    const workers = ['worker-0', 'worker-1'].flatMap(worker => files.map(file => `from-scratch/${worker}/${file}`));
    expect(Object.keys(expected)).toEqual(expect.arrayContaining(['from-scratch/manifest.json', ...workers]));
  });

  test('is the same when built again', () => {
    expect(buildTree({ cluster })).toEqual(expected);
  });

  test.for([20, 22, 24])('is the same under Node %i', (major, context) => {
    const here = process.versions.node.startsWith(`${major}.`);
    if (!here) need(context, needs.node(major));
    const node = here ? process.execPath : join(lab, 'node', String(major), 'bin/node');
    expect(succeed([node, '--version'])).toMatch(`v${major}.`);
    expect(buildTree({ cluster, node })).toEqual(expected);
  });

  test.each([
    ['TZ', { TZ: 'Pacific/Kiritimati' }],
    ['LANG', { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', LANGUAGE: 'tr' }],
    ['HOME, USER and TMPDIR', { HOME: '/nonexistent', USER: 'nobody', LOGNAME: 'nobody', TMPDIR: '/var/tmp' }],
    ['SOURCE_DATE_EPOCH', { SOURCE_DATE_EPOCH: '1' }],
    ['the order of folders', { NODE_OPTIONS: `--import=${reversed}` }],
  ])('does not depend on %s', (_, env) => {
    expect(buildTree({ cluster, env })).toEqual(expected);
  });

  test.each(['000', '027', '077'])('does not depend on the umask (%s)', umask => {
    expect(buildTree({ cluster, umask })).toEqual(expected);
  });

  test('does not depend on where the cluster lies, nor on the times and modes of its files', () => {
    const copy = join(newFolder('elsewhere'), 'a folder with spaces');
    cpSync(dirname(cluster), copy, { recursive: true });
    for (const name of ['cluster.yaml', 'pki/ca.pem']) chmodSync(join(copy, name), 0o640);
    expect(buildTree({ cluster: join(copy, 'cluster.yaml') })).toEqual(expected);
  });

  test('does not depend on the working folder, nor on where the program lies', () => {
    const installed = newFolder('installed');
    const top = dirname(dirname(program));
    for (const part of ['dist', 'bundles', 'cloud-init', 'package.json'])
      cpSync(join(top, part), join(installed, part), { recursive: true });
    const path = join(installed, relative(top, program));
    expect(buildTree({ cluster: 'cluster.yaml', cwd: dirname(cluster), path })).toEqual(expected);
  });

  test('differs when the input does, so the comparison can fail', () => {
    const other = issueExample({ ...variant, changes: { ...variant.changes, 'cluster.dns': ['10.32.0.11'] } });
    const tree = buildTree({ cluster: other });
    expect(Object.keys(tree)).toEqual(Object.keys(expected));
    expect(tree).not.toEqual(expected);
  });
});

test('the folder order that the check sets is another', () => {
  const list = ['--eval', 'process.stdout.write(JSON.stringify(require("node:fs").readdirSync("/")))'];
  const plain: string[] = JSON.parse(succeed([process.execPath, ...list]));
  expect(JSON.parse(succeed([process.execPath, `--import=${reversed}`, ...list]))).toEqual(plain.reverse());
});

type Tree = Readonly<Record<string, { readonly mode: string; readonly digest?: string }>>;
type How = {
  readonly cluster: string;
  readonly node?: string;
  readonly path?: string;
  readonly cwd?: string;
  readonly umask?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Builds into a new folder; returns each file's digest and mode and each folder's mode, by path. */
function buildTree({ cluster, node = process.execPath, path = program, cwd, umask = '022', env = {} }: How): Tree {
  const out = join(newFolder('out'), 'out');
  const shell = ['sh', '-c', `umask ${umask} && exec "$@"`, 'sh'];
  const options = { env: { ...process.env, ...env }, ...(cwd ? { cwd } : {}) };
  const { code, stderr } = run([...shell, node, path, 'build', '--cluster', cluster, '--out', out], options);
  if (code !== 0) throw new Error(stderr);
  const paths = readdirSync(out, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(['.', ...paths].map(name => [name, describeFile(join(out, name))]));
}

function describeFile(path: string): { mode: string; digest?: string } {
  const status = lstatSync(path);
  const mode = (status.mode & 0o7777).toString(8).padStart(4, '0');
  return status.isDirectory()
    ? { mode }
    : { mode, digest: createHash('sha256').update(readFileSync(path)).digest('hex') };
}
