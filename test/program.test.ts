import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeCluster, root, run, type TestCluster } from './support/cluster.ts';
import { kubeconfigOf, server, workerIdentity } from './support/pki.ts';

/** The built program, as a user runs it (`make test` builds it). */
const program = path.join(root, 'dist/firstboot.cjs');

/** Enough workers for threads; they take turns at two identities, so the fleet is not sound but for its addresses. */
async function manyWorkers(count: number): Promise<TestCluster> {
  const cluster = await makeCluster();
  const workers: Record<string, unknown> = {};
  for (let n = 0; n < count; n++) {
    const name = `node-${n}`;
    const ip = `10.0.${2 + Math.floor(n / 200)}.${10 + (n % 200)}`;
    workers[name] = { privateIp: ip };
    const identity = await workerIdentity(name, ip, cluster.ca);
    cluster.write(`pki/${name}.pem`, identity.certificate);
    cluster.write(`pki/${name}-key.pem`, identity.key, 0o600);
    cluster.write(`pki/${name}.kubeconfig`, kubeconfigOf(`system:node:${name}`, server, cluster.ca, identity), 0o600);
  }
  cluster.spec(spec => {
    delete spec.aws.subnetCidr;
    spec.workers = workers;
  });
  return cluster;
}

test('many workers are built on all cores to the same bytes as one by one', async () => {
  const cluster = await manyWorkers(260);
  const whole = spawnSync(process.execPath, [program, 'build', '--json'], { cwd: cluster.folder, encoding: 'utf8' });
  expect([whole.status, whole.stderr]).toEqual([0, '']);
  const manifest = JSON.parse(whole.stdout);
  expect(manifest.workers.map((one: { name: string }) => one.name)).toEqual(
    Array.from({ length: 260 }, (_, n) => `node-${n}`),
  );
  const built = (worker: string, name: string) =>
    fs.readFileSync(path.join(cluster.folder, 'build/from-scratch', worker, name));
  const before = ['node-0', 'node-99', 'node-259'].map(worker =>
    ['user-data', 'secrets.tar', 'bundle.json'].map(name => built(worker, name)),
  );
  await run(cluster, 'build', '--worker', 'node-0', '--worker', 'node-99', '--worker', 'node-259');
  const after = ['node-0', 'node-99', 'node-259'].map(worker =>
    ['user-data', 'secrets.tar', 'bundle.json'].map(name => built(worker, name)),
  );
  expect(after).toEqual(before);
}, 60_000);

test('what is wrong with many workers is reported in the order of the files, with the place in each', async () => {
  const cluster = await manyWorkers(240);
  cluster.write('pki/node-7-key.pem', cluster.read('pki/node-8-key.pem'));
  cluster.write('pki/node-230.pem', 'nothing');
  const { status, stdout } = spawnSync(process.execPath, [program, 'check', '--json'], {
    cwd: cluster.folder,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(
    JSON.parse(stdout).diagnostics.map((one: { code: string; file: string }) => `${one.file} ${one.code}`),
  ).toEqual(['pki/node-230.pem PKI_NOT_PEM', 'pki/node-7-key.pem PKI_KEY_MISMATCH']);
}, 60_000);

test('a reader that goes away early is no failure, and nothing is printed in colour to a pipe', () => {
  const out = execFileSync('sh', ['-c', `"${process.execPath}" "${program}" explain | head -n 1`], {
    encoding: 'utf8',
  });
  expect(out).toMatch(/^[A-Z_]+\n$/);
  const { stderr } = spawnSync(process.execPath, [program, 'check', '--cluster', 'nowhere.yaml'], { encoding: 'utf8' });
  expect(stderr).not.toContain('\u001b');
});

test('who stops reading the progress does not end what is under way', async () => {
  const cluster = await makeCluster();
  const script = `"${process.execPath}" "${program}" iam deployer 2>&1 >policy.json | true`;
  execFileSync('sh', ['-c', script], { cwd: cluster.folder });
  expect(JSON.parse(cluster.read('policy.json'))).toMatchObject({ Version: '2012-10-17' });
});

test('many workers that are waited for at once are no leak to Node', async () => {
  const cluster = await manyWorkers(16);
  const argv = ['apply', '--local', '--yes', '--wait', 'booted', '--timeout', '2s'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    cwd: cluster.folder,
    encoding: 'utf8',
  });
  expect([status, stdout.includes('16 failed.')]).toEqual([1, true]);
  expect(stderr).not.toContain('Warning');
}, 60_000);

test('a failure in one of many threads ends the program, with its hint', async () => {
  const cluster = await manyWorkers(260);
  // A file in the place of a worker's folder: whichever thread comes to it fails.
  const preload = path.join(cluster.folder, 'preload.cjs');
  cluster.write(
    'preload.cjs',
    "const fs = require('node:fs'); const mkdir = fs.mkdirSync; fs.mkdirSync = (name, ...rest) => { if (String(name).endsWith('node-200')) { const e = new Error('ENOSPC: no space left on device, mkdir'); e.code = 'ENOSPC'; throw e; } return mkdir(name, ...rest); };",
  );
  const { status, stderr, signal } = spawnSync(process.execPath, ['--require', preload, program, 'build'], {
    cwd: cluster.folder,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect([status, signal]).toEqual([1, null]);
  expect(stderr).toMatch(/OUTPUT_NOT_WRITTEN: .*ENOSPC.*\n {2}hint: the disk is full/);
  expect(stderr).not.toContain('bug');
  expect(fs.existsSync(path.join(cluster.folder, 'build'))).toBe(false);
}, 60_000);

test('an output that cannot be written is said, not reported as a bug', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${program}" --help >/dev/full`], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^firstboot: the output cannot be written: ENOSPC.*\n$/);
});
