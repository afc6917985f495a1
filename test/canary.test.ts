import { createPrivateKey } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from './support/cluster.ts';

/** Every form in which bytes of a key could show: PEM lines, DER, and either in base64, base64url or hex, at each alignment. */
function canaries(pem: string): readonly (string | Buffer)[] {
  const key = createPrivateKey(pem);
  const der = key.export({ format: 'der', type: 'pkcs8' });
  const sec1 = key.export({ format: 'der', type: 'sec1' });
  // The middle of the private number; the outer parts of the DER are the same in every key.
  const secret = sec1.subarray(8, 8 + 30);
  const lines = pem.split('\n').filter(line => line.length === 64 && !line.startsWith('-'));
  const encoded = [0, 1, 2].flatMap(skip => {
    const cut = secret.subarray(skip, 24 + skip);
    return [cut.toString('base64').slice(0, 30), cut.toString('base64url').slice(0, 30)];
  });
  const twice = [0, 1, 2].map(skip =>
    Buffer.from(pem)
      .subarray(skip + 60)
      .toString('base64')
      .slice(4, 64),
  );
  return [
    ...lines.slice(1),
    secret,
    der.subarray(40, 70),
    ...encoded,
    ...twice,
    secret.toString('hex'),
    Buffer.from(secret).reverse(),
    'PRIVATE KEY',
  ];
}

function filesBelow(folder: string): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true } as never)
    .flatMap((entry: any) => (entry.isFile() ? [path.join(entry.parentPath ?? entry.path, entry.name)] : []));
}

function expectNone(content: Buffer, keys: readonly string[], where: string): void {
  for (const key of keys) {
    for (const canary of canaries(key))
      expect(content.includes(canary), `${where} holds ${typeof canary === 'string' ? 'text' : 'bytes'} of a key`).toBe(
        false,
      );
  }
}

const keysOf = (cluster: TestCluster) => [cluster.identities['worker-0'].key, cluster.identities['worker-1'].key];

test('no byte of a key, raw or encoded, in anything that build writes but the archive', async () => {
  const cluster = await makeCluster();
  const result = await run(cluster, 'build');
  expect(result.err).toBe('');
  const files = filesBelow(path.join(cluster.folder, 'build'));
  expect(files.length).toBe(2 * 4 + 1);
  for (const file of files) {
    const content = fs.readFileSync(file);
    if (file.endsWith('secrets.tar'))
      expect(content.includes('PRIVATE KEY'), 'the canary sings where the key is').toBe(true);
    else expectNone(content, keysOf(cluster), file);
    if (file.endsWith('user-data')) expectNone(gunzipSync(content), keysOf(cluster), `${file}, unpacked`);
  }
  expectNone(Buffer.from(result.out + result.err), keysOf(cluster), 'the output');
});

test('no byte of a key in what check and build say of a broken identity', async () => {
  const cluster = await makeCluster();
  const { key } = cluster.identities['worker-0'];
  const broken: readonly [string, string][] = [
    ['pki/worker-0-key.pem', key.replace('-----END', '-----BEGIN')],
    ['pki/worker-0-key.pem', key.slice(0, -60)],
    ['pki/worker-0-key.pem', cluster.identities['worker-1'].key],
    ['pki/worker-0.pem', key],
    ['pki/ca.pem', key],
    ['pki/worker-0.kubeconfig', key],
    [
      'pki/worker-0.kubeconfig',
      cluster.read('pki/worker-0.kubeconfig').replace(/client-key-data: .*/, `client-key-data: ${key.split('\n')[1]}`),
    ],
    ['cluster.yaml', key],
    ['pins.yaml', key],
  ];
  for (const [file, content] of broken) {
    const before = cluster.read(file);
    cluster.write(file, content);
    for (const command of ['check', 'build']) {
      for (const json of [[], ['--json']]) {
        const result = await run(cluster, command, ...json);
        expect(result.code, `${command} with a broken ${file}`).toBe(1);
        expectNone(
          Buffer.from((result.out + result.err).replaceAll('PRIVATE KEY', '')),
          keysOf(cluster),
          `${command} with a broken ${file}`,
        );
      }
    }
    cluster.write(file, before);
  }
});

test('the name of the object in S3 stands in user-data and nowhere else', async () => {
  const cluster = await makeCluster();
  const result = await run(cluster, 'build', '--json');
  for (const worker of ['worker-0', 'worker-1']) {
    const at = (name: string) => path.join(cluster.folder, 'build/from-scratch', worker, name);
    const id = /secrets\/from-scratch\/[^/]+\/([0-9a-f]{64})\.tar/.exec(
      fs.readFileSync(at('user-data.yaml'), 'utf8'),
    )?.[1];
    expect(id).toBeDefined();
    expect(result.out + result.err).not.toContain(id);
    expect(fs.readFileSync(at('bundle.json'), 'utf8')).not.toContain(id);
  }
  expect(fs.readFileSync(path.join(cluster.folder, 'build/from-scratch/manifest.json'), 'utf8')).toBe(
    `${JSON.stringify(result.json, null, 2)}\n`,
  );
});
