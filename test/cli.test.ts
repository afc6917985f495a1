import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../src/commands/table.ts';
import { makeCluster, root, run } from './support/cluster.ts';

const nowhere = { folder: root };

test('--help and every command’s --help fit into 80 columns and exit with 0', async () => {
  const pages = [['--help'], ...Object.keys(commands).map(one => [...one.split(' '), '--help'])];
  for (const argv of pages) {
    const { code, out, err } = await run(nowhere, ...argv);
    expect([code, err], argv.join(' ')).toEqual([0, '']);
    expect(out.split('\n').filter(line => line.length > 80)).toEqual([]);
    // An option, its argument, and apart from both what it does.
    const options = out.split('\n').filter(line => line.startsWith('  --'));
    for (const line of options) expect(line).toMatch(/^ {2}--\S+( \S+)?( {2,}\S.*)?$/);
  }
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  expect(await run(nowhere, '--version')).toMatchObject({ code: 0, out: `${version}\n` });
});

test.each([
  [[], /usage: firstboot/],
  [['biuld'], /no command biuld.\n {2}hint: did you mean build\?/],
  [['pki'], /pki is followed by a command.\n {2}hint: there is: pki issue/],
  [['build', '--cluster', ''], /--cluster is empty/],
  [['build', '--json=yes'], /--json takes no value/],
  [['build', '--clutser', 'x'], /no option --clutser.\n {2}hint: did you mean --cluster\?/],
  [['build', '--cluster'], /--cluster needs a value \(FILE\)/],
  [['build', 'worker-0'], /takes no argument “worker-0”/],
  [['init'], /init needs DIR/],
  [['pki', 'issue', '--key-type', 'dsa'], /--key-type is rsa or ec, not “dsa”/],
  [['pki', 'issue', '--days', '-1'], /--days/],
  [['explain', 'PKI_EXPIRD'], /no code PKI_EXPIRD.\n {2}hint: did you mean PKI_EXPIRED\?/],
  [['completion', 'tcsh'], /no completion for tcsh/],
])('wrong usage exits with 2 and says how: %j', async (argv, message) => {
  const { code, out, err } = await run(nowhere, ...argv);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(message);
});

test('a spec that is not there is an error with a hint', async () => {
  const { code, err } = await run(nowhere, 'check', '--cluster', 'nowhere/cluster.yaml');
  expect(code).toBe(1);
  expect(err).toContain(
    'nowhere/cluster.yaml: error SPEC_FILE_UNREADABLE: cluster.yaml cannot be read: there is no such file.',
  );
});

test('a folder that cannot be written is a failed operation that names it', async () => {
  const cluster = await makeCluster();
  cluster.write('taken', 'a file');
  const { code, err } = await run(cluster, 'build', '--out', 'taken/build');
  expect(code).toBe(1);
  expect(err).toMatch(/firstboot: OUTPUT_NOT_WRITTEN: the build cannot be written to\s[\s\S]*taken/);
  expect(err).toContain('hint: a file stands where a folder should be');
});

test('--strict makes a warning an error, and nothing is written', async () => {
  const cluster = await makeCluster();
  await cluster.issue({ notAfter: Date.now() + 20 * 86_400_000 });
  expect((await run(cluster, 'check')).code).toBe(0);
  const strict = await run(cluster, 'build', '--strict');
  expect(strict.code).toBe(1);
  expect(strict.err).toContain('error PKI_EXPIRES_SOON');
  expect(fs.existsSync(path.join(cluster.folder, 'build'))).toBe(false);
});

test('init scaffolds a folder whose spec is sound, and never overwrites', async () => {
  const cluster = await makeCluster();
  const created = await run(cluster, 'init', 'My Cluster');
  expect(created.code).toBe(0);
  const folder = path.join(cluster.folder, 'My Cluster');
  expect(fs.readFileSync(path.join(folder, 'cluster.yaml'), 'utf8')).toContain('name: my-cluster');
  expect((await run({ folder }, 'pki', 'issue', '--key-type', 'ec')).code).toBe(0);
  const built = await run({ folder }, 'build');
  expect([built.code, built.err]).toEqual([0, '']);
  const again = await run(cluster, 'init', 'My Cluster');
  expect(again.code).toBe(1);
  expect(again.err).toContain('FILE_EXISTS');
});

test.each(['bash', 'zsh', 'fish'])('the %s completion knows every command and code', async shell => {
  const { code, out } = await run(nowhere, 'completion', shell);
  expect(code).toBe(0);
  for (const word of ['build', 'explain', 'issue', 'cluster', 'PKI_SAN_IP']) expect(out).toContain(word);
});

test('with --json every failure prints one document of one form', async () => {
  const cluster = await makeCluster();
  cluster.write('taken', 'a file');
  for (const [code, ...argv] of [
    [2, 'check', '--json', '--bogus'],
    [2, 'build', '--json', '--worker', 'nobody'],
    [1, 'build', '--json', '--out', 'taken/build'],
    [1, 'check', '--json', '--cluster', 'nowhere.yaml'],
  ] as const) {
    const result = await run(cluster, ...argv);
    expect(result.code).toBe(code);
    expect(Object.keys(result.json)).toEqual(['diagnostics']);
    expect(result.json.diagnostics[0]).toMatchObject({ severity: 'error', message: expect.stringMatching(/\.$/) });
  }
});

test('a folder stands for the cluster.yaml in it', async () => {
  const cluster = await makeCluster();
  expect((await run(cluster, 'check', '--cluster', '.')).code).toBe(0);
});
