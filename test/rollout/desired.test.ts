import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { type DesiredFleet, desiredFleet } from '../../src/commands/desired-fleet.ts';
import type { CommandIo } from '../../src/commands/io.ts';
import { makeCluster, root, run, type TestCluster } from '../support/cluster.ts';
import { generateKeys, issue, kubeconfigOf, server } from '../support/pki.ts';

type Opened = { readonly fleet: DesiredFleet; readonly err: () => string };

async function open(cluster: TestCluster): Promise<Opened> {
  let err = '';
  const io: CommandIo = {
    out: () => {},
    err: text => {
      err += text;
    },
    json: false,
    colour: false,
    now: () => Date.now(),
    cwd: cluster.folder,
    packageFolder: root,
    program: pathToFileURL(path.join(root, 'dist/firstboot.cjs')),
  };
  const fleet = await desiredFleet('cluster.yaml', {}, io);
  if (typeof fleet === 'number') throw new Error(err);
  return { fleet, err: () => err };
}

async function built(cluster: TestCluster): Promise<readonly { name: string; fingerprint: string; digest: string }[]> {
  const { code, json, err } = await run(cluster, 'build', '--json');
  expect(code, err).toBe(0);
  // What the case is about does happen.
  expect(err.includes('USER_DATA_OVERFLOW')).toBe(fs.existsSync(path.join(cluster.folder, 'bundles/ballast')));
  return json.workers;
}

function dropKeys(cluster: TestCluster): void {
  const folder = path.join(cluster.folder, 'pki');
  for (const name of fs.readdirSync(folder)) if (name.endsWith('-key.pem')) fs.rmSync(path.join(folder, name));
}

async function addKubeProxy(cluster: TestCluster): Promise<void> {
  cluster.spec(spec => {
    spec.components = ['containerd', 'kubelet', 'kube-proxy'];
  });
  cluster.edit('pins.yaml', text =>
    text.includes('kube-proxy:')
      ? text
      : `${text.trimEnd()}\n  kube-proxy:\n    1.36.1:\n      amd64: {url: "https://dl.k8s.io/v1.36.1/bin/linux/amd64/kube-proxy", sha256: ${'7'.repeat(64)}}\n`,
  );
  const pair = await issue({ cn: 'system:kube-proxy', o: [], ca: cluster.ca, dns: [] });
  cluster.write('pki/kube-proxy.pem', pair.certificate);
  cluster.write('pki/kube-proxy-key.pem', pair.key, 0o600);
  cluster.write('pki/kube-proxy.kubeconfig', kubeconfigOf('system:kube-proxy', server, cluster.ca, pair), 0o600);
}

/** Random bytes do not compress, so what is public must move to the archive. */
function overflow(cluster: TestCluster): void {
  cluster.spec(spec => {
    spec.components = [...spec.components, 'ballast'];
  });
  cluster.write('bundles/ballast/bundle.yaml', 'requires: [kubelet]\n');
  const noise = Array.from({ length: 400 }, (_, n) => Buffer.from(`${n * 7919} ${n ** 3}`).toString('base64')).join(
    '\n',
  );
  cluster.write('bundles/ballast/files/etc/ballast', `${noise}\n${noise.split('').reverse().join('')}\n`);
  cluster.write('bundles/ballast/files/etc/more', crypto.getRandomValues(Buffer.alloc(12_000)));
}

const cases: readonly (readonly [string, (cluster: TestCluster) => void | Promise<void>])[] = [
  ['EC keys', () => {}],
  [
    'an RSA key',
    async cluster => {
      await cluster.issue({ keys: await generateKeys('rsa2048') });
    },
  ],
  ['kube-proxy with a key of its own', addKubeProxy],
  ['files that overflow to the archive', overflow],
  [
    'both',
    async cluster => {
      await addKubeProxy(cluster);
      overflow(cluster);
    },
  ],
];

test.each(cases)('without private keys the fingerprints are those of a build with them: %s', async (_, change) => {
  const cluster = await makeCluster();
  await change(cluster);
  const workers = await built(cluster);
  const withKeys = await open(cluster);
  dropKeys(cluster);
  const without = await open(cluster);
  const fingerprints = workers.map(({ name, fingerprint }) => [name, fingerprint]);
  const of = ({ fleet }: Opened) => fleet.desired.map(({ worker, fingerprint }) => [worker.name, fingerprint]);
  expect(of(withKeys)).toEqual(fingerprints);
  expect(of(without)).toEqual(fingerprints);
  expect(withKeys.fleet.desired.map(one => one.digest)).toEqual(workers.map(one => one.digest));
  expect(without.fleet.desired.map(one => one.digest)).toEqual(workers.map(() => null));
  expect(without.err()).not.toContain('PKI_KEY_ABSENT');
});

test('another key is another fingerprint', async () => {
  const cluster = await makeCluster();
  const before = (await open(cluster)).fleet.desired.map(one => one.fingerprint);
  await cluster.issue({});
  const after = (await open(cluster)).fleet.desired.map(one => one.fingerprint);
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).toBe(before[1]);
});

test('withKeys reports every missing key before anything is compiled, and gives what build writes', async () => {
  const cluster = await makeCluster();
  const [worker0] = await built(cluster);
  const first = await open(cluster);
  const artifactsOf = await first.fleet.withKeys(['worker-0', 'worker-1']);
  if (typeof artifactsOf === 'number') throw new Error(first.err());
  expect((await artifactsOf('worker-0')).digest).toBe(worker0?.digest);
  dropKeys(cluster);
  const second = await open(cluster);
  expect(await second.fleet.withKeys(['worker-0', 'worker-1'])).toBe(1);
  expect(second.err().match(/error PKI_/g)).toHaveLength(2);
  expect(await second.fleet.withKeys([])).not.toBe(1);
});

test('a folder that changes while a command runs is noticed', async () => {
  const cluster = await makeCluster();
  const { fleet } = await open(cluster);
  await cluster.issue({});
  const artifactsOf = await fleet.withKeys(['worker-0']);
  if (typeof artifactsOf === 'number') throw new Error('no keys');
  await expect(artifactsOf('worker-0')).rejects.toMatchObject({ code: 'PLAN_FOLDER_CHANGED' });
});
