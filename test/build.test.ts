import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeCluster, run, type TestCluster } from './support/cluster.ts';

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');
const built = (cluster: TestCluster, name: string) => path.join(cluster.folder, 'build/from-scratch', name);

function digestTree(folder: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map(name => [
      name,
      fs.statSync(path.join(folder, name)).isFile() ? sha256(fs.readFileSync(path.join(folder, name))) : 'folder',
    ]),
  );
}

async function membersOf(
  tar: Buffer,
): Promise<readonly { name: string; mode: number; uid: number; gid: number; mtime: number; content: Buffer }[]> {
  const members: { name: string; mode: number; uid: number; gid: number; mtime: number; content: Buffer }[] = [];
  const unpack = extract();
  unpack.end(tar);
  for await (const entry of unpack) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, mode = 0, uid = -1, gid = -1, mtime } = entry.header;
    members.push({ name, mode, uid, gid, mtime: mtime?.getTime() ?? -1, content: Buffer.concat(chunks) });
  }
  return members;
}

test('user-data is the readable user-data.yaml, compressed, and every file in it has the digest of bundle.json', async () => {
  const cluster = await makeCluster();
  expect((await run(cluster, 'build')).code).toBe(0);
  const yaml = fs.readFileSync(built(cluster, 'worker-0/user-data.yaml'));
  expect(gunzipSync(fs.readFileSync(built(cluster, 'worker-0/user-data')))).toEqual(yaml);
  const config = parse(yaml.toString(), { version: '1.1' });
  expect(config.hostname).toBe('worker-0');
  const bundle = JSON.parse(fs.readFileSync(built(cluster, 'worker-0/bundle.json'), 'utf8'));
  const written = new Map<string, any>(config.write_files.map((entry: any) => [entry.path, entry]));
  for (const file of bundle.files.filter((one: any) => one.via === 'user-data')) {
    const entry = written.get(file.path);
    expect(entry.permissions).toBe(file.mode);
    expect(sha256(Buffer.from(entry.content, entry.encoding === 'b64' ? 'base64' : 'utf8')), file.path).toBe(
      file.sha256,
    );
  }
  expect(bundle.files.filter((one: any) => one.via === 'archive').map((one: any) => one.path)).toEqual([
    '/var/lib/kubelet/kubelet-key.pem',
  ]);
  expect(config.write_files.at(-1).path).toBe('/var/lib/firstboot/ready');
});

test('secrets.tar holds the key alone: 0600, root, time 0; its digest and object name are pinned in user-data', async () => {
  const cluster = await makeCluster();
  await run(cluster, 'build');
  const tar = fs.readFileSync(built(cluster, 'worker-0/secrets.tar'));
  expect(await membersOf(tar)).toEqual([
    {
      name: 'var/lib/kubelet/kubelet-key.pem',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: 0,
      content: Buffer.from(cluster.identities['worker-0'].key),
    },
  ]);
  const config = parse(fs.readFileSync(built(cluster, 'worker-0/user-data.yaml'), 'utf8'), { version: '1.1' });
  const manifest = JSON.parse(
    config.write_files.find((entry: any) => entry.path === '/var/lib/firstboot/manifest.json').content,
  );
  expect(manifest.secrets.sha256).toBe(sha256(tar));
  expect(manifest.secrets.size).toBe(tar.length);
});

test('folders are 0700 and files 0600, whatever the umask', async () => {
  const cluster = await makeCluster();
  const before = process.umask(0);
  try {
    await run(cluster, 'build');
  } finally {
    process.umask(before);
  }
  for (const name of fs.readdirSync(built(cluster, ''), { recursive: true, encoding: 'utf8' })) {
    const stat = fs.statSync(built(cluster, name));
    expect((stat.mode & 0o777).toString(8), name).toBe(stat.isDirectory() ? '700' : '600');
  }
});

test('the same input gives the same bytes, in another folder and another order of the files', async () => {
  const one = await makeCluster();
  const other = await makeCluster();
  for (const name of fs.readdirSync(path.join(other.folder, 'pki')).reverse()) {
    const content = fs.readFileSync(path.join(other.folder, 'pki', name));
    other.remove(`pki/${name}`);
    other.write(`pki/${name}`, content);
  }
  await run(one, 'build');
  await run(other, 'build');
  expect(digestTree(built(one, ''))).toEqual(digestTree(built(other, '')));
});

test('a failed build leaves the last one as it was, and no folder where there was none', async () => {
  const cluster = await makeCluster();
  await run(cluster, 'build');
  const before = digestTree(built(cluster, ''));
  cluster.write('pki/worker-1-key.pem', cluster.identities['worker-0'].key);
  expect((await run(cluster, 'build')).code).toBe(1);
  expect(digestTree(built(cluster, ''))).toEqual(before);
  cluster.remove('build');
  expect((await run(cluster, 'build')).code).toBe(1);
  expect(fs.existsSync(path.join(cluster.folder, 'build'))).toBe(false);
});

test('--worker builds that one and keeps the others; a whole build removes workers that are gone', async () => {
  const cluster = await makeCluster();
  await run(cluster, 'build');
  const before = digestTree(built(cluster, 'worker-1'));
  cluster.spec(spec => {
    spec.workers['worker-0'].labels = { rack: 'a' };
    spec.workers['worker-1'].labels = { rack: 'b' };
  });
  const partial = await run(cluster, 'build', '--worker', 'worker-0', '--json');
  expect(partial.json.workers.map((one: any) => one.name)).toEqual(['worker-0', 'worker-1']);
  expect(digestTree(built(cluster, 'worker-1'))).toEqual(before);
  expect(fs.readFileSync(built(cluster, 'worker-0/user-data.yaml'), 'utf8')).toContain('--node-labels=rack=a');
  cluster.spec(spec => {
    delete spec.workers['worker-1'];
  });
  await run(cluster, 'build');
  expect(fs.readdirSync(built(cluster, '')).sort()).toEqual(['manifest.json', 'worker-0']);
});

test('an unknown worker is wrong usage', async () => {
  const result = await run(await makeCluster(), 'build', '--worker', 'worker-9');
  expect(result.code).toBe(2);
  expect(result.err).toContain('did you mean worker-');
});

test('the fingerprint ignores how a binary is fetched, and changes with what the node is', async () => {
  const cluster = await makeCluster();
  const fingerprint = async () => (await run(cluster, 'build', '--json')).json.workers[0].fingerprint;
  const first = await fingerprint();
  cluster.edit('pins.yaml', text => text.replaceAll('https://dl.k8s.io/', 'https://mirror.example.com/'));
  expect(await fingerprint()).toBe(first);
  cluster.spec(spec => {
    spec.aws.volume = { size: 40 };
  });
  expect(await fingerprint()).not.toBe(first);
});

test('check works where the keys are absent, and build does not', async () => {
  const cluster = await makeCluster();
  for (const name of ['worker-0', 'worker-1']) {
    cluster.remove(`pki/${name}-key.pem`);
    cluster.remove(`pki/${name}.kubeconfig`);
  }
  const checked = await run(cluster, 'check', '--json');
  expect(checked.code).toBe(0);
  expect(checked.json.diagnostics.map((one: any) => one.code)).toEqual(['PKI_KEY_ABSENT', 'PKI_KEY_ABSENT']);
  expect((await run(cluster, 'build')).code).toBe(1);
});

test('pki.readSecret stands between the keys and the compiler', async () => {
  const cluster = await makeCluster();
  for (const name of ['worker-0', 'worker-1']) {
    for (const file of [`pki/${name}-key.pem`, `pki/${name}.kubeconfig`])
      cluster.edit(file, text => Buffer.from(text).toString('base64'));
  }
  expect((await run(cluster, 'build')).code).toBe(1);
  cluster.spec(spec => {
    spec.pki.readSecret = ['base64', '-d', '{file}'];
  });
  const result = await run(cluster, 'build');
  expect(result.err).toBe('');
  expect(result.code).toBe(0);
});

test('a build never replaces the cluster itself, nor a folder that no build wrote', async () => {
  const cluster = await makeCluster();
  const folder = path.join(cluster.folder, 'from-scratch');
  fs.mkdirSync(folder);
  for (const name of ['cluster.yaml', 'pins.yaml', 'pki'])
    fs.renameSync(path.join(cluster.folder, name), path.join(folder, name));
  const before = digestTree(folder);
  for (const [cwd, ...argv] of [
    [folder, '--out', '..'],
    [cluster.folder, '--cluster', 'from-scratch/cluster.yaml', '--out', '.'],
  ] as const) {
    const result = await run({ folder: cwd }, 'build', ...argv);
    expect([result.code, result.err.split(':')[1]]).toEqual([1, ' OUTPUT_TAKEN']);
  }
  cluster.write('out/from-scratch/notes.txt', 'mine');
  const foreign = await run({ folder }, 'build', '--out', '../out');
  expect(foreign.err).toContain('OUTPUT_TAKEN');
  expect(cluster.read('out/from-scratch/notes.txt')).toBe('mine');
  expect(digestTree(folder)).toEqual(before);
});

test('a build that was killed between its two renames is restored by the next', async () => {
  const cluster = await makeCluster();
  await run(cluster, 'build');
  const before = digestTree(built(cluster, ''));
  // Process IDs end at 2^22.
  fs.renameSync(built(cluster, ''), path.join(cluster.folder, 'build/.from-scratch.5000000.old'));
  fs.mkdirSync(path.join(cluster.folder, 'build/.from-scratch.5000000.new/worker-0'), { recursive: true });
  expect((await run(cluster, 'build', '--worker', 'worker-1')).code).toBe(0);
  expect(digestTree(built(cluster, ''))).toEqual(before);
  expect(fs.readdirSync(path.join(cluster.folder, 'build'))).toEqual(['from-scratch']);
});

test('a failing build takes nothing of another with it', async () => {
  const cluster = await makeCluster();
  const other = await makeCluster();
  other.remove('pki/worker-0.pem');
  other.spec(spec => {
    spec.cluster.name = 'other';
  });
  const out = path.join(cluster.folder, 'deep/out');
  expect((await run(other, 'build', '--out', out)).code).toBe(1);
  expect(fs.existsSync(path.join(cluster.folder, 'deep'))).toBe(false);
  await run(cluster, 'build', '--out', out);
  expect((await run(other, 'build', '--out', out)).code).toBe(1);
  expect(fs.readdirSync(out)).toEqual(['from-scratch']);
});

test('pki.readSecret is asked for keys that lie in no file', async () => {
  const cluster = await makeCluster();
  fs.mkdirSync(path.join(cluster.folder, 'vault'));
  for (const name of ['worker-0-key.pem', 'worker-1-key.pem'])
    fs.renameSync(path.join(cluster.folder, 'pki', name), path.join(cluster.folder, 'vault', name));
  for (const name of ['worker-0', 'worker-1']) cluster.remove(`pki/${name}.kubeconfig`);
  cluster.spec(spec => {
    spec.pki.readSecret = ['sh', '-c', 'cat "vault/${1##*/}" 2>/dev/null', 'read', '{file}'];
  });
  const result = await run(cluster, 'build');
  expect(result.err).toBe('');
  expect(result.code).toBe(0);
  cluster.remove('vault');
  const checked = await run(cluster, 'check', '--json');
  expect(checked.json.diagnostics.map((one: any) => one.code)).toEqual(['PKI_KEY_ABSENT', 'PKI_KEY_ABSENT']);
  expect((await run(cluster, 'build')).err).toContain('PKI_READ_SECRET_FAILED');
});
