import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { nodeFiles } from '../../src/adapters/node-files.ts';
import type { AwsSide } from '../../src/commands/aws-side.ts';
import { openLocalSide } from '../../src/commands/local-side.ts';
import { readUserData } from '../../src/emit/read-user-data.ts';
import { loadCluster } from '../../src/pipeline.ts';
import { makeBootCluster } from '../support/boot.ts';
import { makeCluster, root, run, type TestCluster } from '../support/cluster.ts';
import { ioOf } from '../support/local-cloud.ts';

/** The bucket after a command, as an operator sees it. */
async function looking<R>(cluster: TestCluster, look: (side: AwsSide) => Promise<R>): Promise<R> {
  const loaded = loadCluster(nodeFiles(cluster.folder, root), 'cluster.yaml');
  if (!loaded.ok) throw new Error('the spec is broken');
  const side = await openLocalSide(loaded.value, { cluster: 'cluster.yaml' }, ioOf(cluster));
  try {
    return await look(side);
  } finally {
    await side.close();
  }
}

/** Names of objects in S3, as the user-data of a build has them. */
function objectIds(cluster: TestCluster): readonly string[] {
  return ['worker-0', 'worker-1'].map(worker => {
    const userData = fs.readFileSync(path.join(cluster.folder, 'build/from-scratch', worker, 'user-data'));
    const id = /([0-9a-f]{64})\.tar$/.exec(readUserData(userData).manifest.secrets.url)?.[1];
    if (id === undefined) throw new Error('no object id');
    return id;
  });
}

test('stages, says so in a line a worker, and a second run has nothing to do', async () => {
  const cluster = await makeCluster();
  await run(cluster, 'build');
  const first = await run(cluster, 'stage', '--local');
  expect(first.code).toBe(0);
  expect(first.out).toMatch(
    /^worker-0 {2}archive sha256:[0-9a-f]{12} {2}staged\nworker-1 {2}archive sha256:[0-9a-f]{12} {2}staged\n2 staged, 0 there already; manifest written\n$/,
  );
  const second = await run(cluster, 'stage', '--local', '--json');
  expect(second.json).toMatchObject({ version: 1, cluster: 'from-scratch', manifest: 'unchanged' });
  expect(second.json.workers.map((one: { outcome: string }) => one.outcome)).toEqual(['present', 'present']);
  const third = await run(cluster, 'stage', '--local');
  expect(third.out).toContain('nothing to do: 0 staged, 2 there already; manifest unchanged');

  const ids = objectIds(cluster);
  await looking(cluster, async ({ store }) => {
    const keys = (await store.versions('')).map(one => one.key);
    // As the nodes will ask for them; no lock is left.
    const archives = [0, 1].map(one => `secrets/from-scratch/worker-${one}/${ids[one]}.tar`);
    expect([...keys].sort()).toEqual([...archives, 'state/from-scratch/manifest.json'].sort());
  });
  for (const id of ids) expect([first, second, third].map(one => one.out + one.err).join('')).not.toContain(id);
  expect(fs.existsSync(path.join(cluster.folder, '.firstboot-run'))).toBe(false);
}, 60_000);

test('a weak bucket is refused with the commands that mend it, in 80 columns; nothing is put', async () => {
  const cluster = await makeCluster();
  await run(cluster, 'stage', '--local');
  await looking(cluster, async ({ store }) => store.remove(await store.versions('')));
  weaken(cluster);
  const refused = await run(cluster, 'stage', '--local');
  expect(refused.code).toBe(1);
  expect(refused.out).toBe('');
  for (const code of ['STAGE_BUCKET_PUBLIC', 'STAGE_BUCKET_TLS', 'STAGE_BUCKET_ENCRYPTION'])
    expect(refused.err).toContain(`error ${code}`);
  expect(refused.err).toContain(
    '    firstboot iam bucket-policy > bucket-policy.json\n    aws s3api put-bucket-policy --bucket example-firstboot \\\n',
  );
  expect(refused.err).toContain('--allow-weak-bucket goes on all the same');
  const ours = refused.err.split('\n').filter(line => !line.includes('.firstboot-cloud'));
  expect(ours.filter(line => line.length > 80)).toEqual([]);
  await looking(cluster, async ({ store }) => expect(await store.versions('')).toEqual([]));

  const json = await run(cluster, 'stage', '--local', '--json');
  expect(json.json.diagnostics.map((one: { code: string }) => one.code)).toContain('STAGE_BUCKET_TLS');

  const allowed = await run(cluster, 'stage', '--local', '--allow-weak-bucket');
  expect(allowed.code).toBe(0);
  expect(allowed.err).toContain('warning STAGE_BUCKET_PUBLIC');
}, 60_000);

/** Takes the bucket’s configurations out of the embedded cloud’s index. */
function weaken(cluster: TestCluster): void {
  const folder = path.join(cluster.folder, '.firstboot-cloud');
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.json'));
  const index = files.find(name => fs.readFileSync(path.join(folder, name), 'utf8').includes('publicAccessBlock'));
  if (index === undefined) throw new Error(`no index among ${files.join(', ')}`);
  const saved = JSON.parse(fs.readFileSync(path.join(folder, index), 'utf8'));
  for (const bucket of Object.values<any>(saved.buckets ?? saved)) {
    const { posture } = bucket;
    if (!posture) continue;
    for (const key of ['publicAccessBlock', 'policy', 'encryption']) delete posture[key];
  }
  fs.writeFileSync(path.join(folder, index), JSON.stringify(saved));
}

test('a broken spec is said before anything is asked of AWS; a worker that is not there is wrong usage', async () => {
  const cluster = await makeCluster();
  const unknown = await run(cluster, 'stage', '--local', '--worker', 'worker-9');
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('has no worker worker-9')]);
  const time = await run(cluster, 'stage', '--local', '--lock-timeout', 'soon');
  expect(time.code).toBe(2);
  cluster.remove('pki/worker-1-key.pem');
  const keyless = await run(cluster, 'stage', '--local');
  expect(keyless.code).toBe(1);
  expect(keyless.err).toContain('PKI_FILE_MISSING');
  expect(fs.existsSync(path.join(cluster.folder, '.firstboot-cloud'))).toBe(false);
});

/** Every pin is a small file of a mirror folder. */
function mirrored(cluster: TestCluster): readonly string[] {
  const pins = parse(cluster.read('pins.yaml'));
  const digests: string[] = [];
  for (const [binary, versions] of Object.entries<any>(pins.binaries))
    for (const [version, archs] of Object.entries<any>(versions))
      for (const [arch, pin] of Object.entries<any>(archs)) {
        const bytes = Buffer.from(`${binary} ${version} ${arch}\n`.repeat(1000));
        cluster.write(`mirror/${binary}/${version}/${arch}/${path.basename(pin.url)}`, bytes);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        Object.assign(pin, { sha256, size: bytes.length });
        delete pin.files;
        if (arch === 'amd64') digests.push(sha256);
      }
  cluster.write('pins.yaml', stringify(pins));
  return digests;
}

test('--mirror-binaries copies each binary once, says what pins.yaml must name, and that is accepted', async () => {
  const cluster = await makeCluster();
  mirrored(cluster);
  const first = await run(cluster, 'stage', '--local', '--mirror-binaries', '--mirror', 'mirror');
  expect([first.code, first.err.replace(/^.*bucket.*\n/, '')]).toEqual([0, '']);
  const urls = [...first.out.matchAll(/s3\+https:\/\/\S+/g)].map(match => match[0]);
  expect(urls.length).toBe(5);
  expect(first.out).toContain('binaries: 5 copied, 0 there already');

  const pins = parse(cluster.read('pins.yaml'));
  for (const versions of Object.values<any>(pins.binaries))
    for (const { amd64: pin } of Object.values<any>(versions)) {
      const own = urls.find(url => url.includes(pin.sha256));
      if (own) pin.url = [own, pin.url];
    }
  cluster.write('pins.yaml', stringify(pins));
  const second = await run(cluster, 'stage', '--local', '--mirror-binaries', '--json');
  expect(second.json.binaries.map((one: { outcome: string }) => one.outcome)).toEqual(Array(5).fill('present'));
  expect(second.json.diagnostics).toBeUndefined();
  await looking(cluster, async ({ store }) => {
    const keys = (await store.list('bin/')).map(one => one.key);
    expect([...keys].sort()).toEqual(urls.map(url => url.split('.com/')[1]).sort());
  });
}, 60_000);

test('a mirror with another file than the pin’s is refused, and a binary from nowhere is named', async () => {
  const cluster = await makeCluster();
  mirrored(cluster);
  const pins = parse(cluster.read('pins.yaml'));
  const file = `mirror/kubelet/1.36.1/amd64/${path.basename(pins.binaries.kubelet['1.36.1'].amd64.url)}`;
  cluster.write(file, 'x'.repeat(pins.binaries.kubelet['1.36.1'].amd64.size));
  const wrong = await run(cluster, 'stage', '--local', '--mirror-binaries', '--mirror', 'mirror');
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain('STAGE_BINARY_DIFFERS: kubelet 1.36.1 amd64');
  for (const versions of Object.values<any>(pins.binaries))
    for (const archs of Object.values<any>(versions))
      for (const pin of Object.values<any>(archs)) pin.url = pin.url.replace(/^https:\/\/[^/]+/, 'https://127.0.0.1:9');
  cluster.write('pins.yaml', stringify(pins));
  cluster.remove(file);
  const nowhere = await run(cluster, 'stage', '--local', '--mirror-binaries', '--mirror', 'mirror');
  expect(nowhere.code).toBe(1);
  expect(nowhere.err).toContain('STAGE_BINARIES_MISSING');
  expect(nowhere.err).toContain('kubelet 1.36.1');
}, 60_000);

test('a node fetches its binaries from the bucket, signed with its role, by the URLs that are printed', async () => {
  const cluster = await makeBootCluster({ bytes: 16 << 10 });
  const staged = await run(cluster, 'stage', '--local', '--mirror-binaries', '--mirror', cluster.mirror);
  const pins = parse(cluster.read('pins.yaml'));
  for (const versions of Object.values<any>(pins.binaries))
    for (const archs of Object.values<any>(versions))
      for (const pin of Object.values<any>(archs)) {
        const own = [...staged.out.matchAll(/s3\+https:\/\/\S+/g)].find(([url]) => url.includes(pin.sha256));
        if (own) pin.url = own[0];
      }
  cluster.write('pins.yaml', stringify(pins));
  const rehearsed = await run(cluster, 'rehearse', 'worker-0', '--mirror', cluster.mirror, '--json');
  expect(rehearsed.code).toBe(0);
  const { phases } = rehearsed.json.report ?? rehearsed.json;
  expect(phases.find((one: { phase: string }) => one.phase === 'binaries')).toMatchObject({ status: 'ok' });
}, 60_000);
