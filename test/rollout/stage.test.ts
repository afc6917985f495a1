import { expect, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';
import { OperationError } from '../../src/diagnostics/operation-error.ts';
import type { WorkerArtifacts } from '../../src/emit/emit-worker.ts';
import { instanceArn, secretsKey } from '../../src/emit/secrets-url.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { StoredRecord } from '../../src/rollout/observe.ts';
import { stageWorker } from '../../src/rollout/stage.ts';
import { stageFleet } from '../../src/rollout/stage-fleet.ts';
import { readStagedManifest, writeStagedManifest } from '../../src/rollout/staged-manifest.ts';
import { stagedOwners, sweepSecrets, unstageWorker } from '../../src/rollout/unstage.ts';
import { objectId, sha256 } from '../../src/tree/digest.ts';
import { Secret } from '../../src/tree/secret.ts';
import { accountId, exampleCluster, type TestCloud, testCloud } from '../support/cloud.ts';

function artifactsOf(worker: string, content = `archive of ${worker}`): WorkerArtifacts {
  const bytes = new TextEncoder().encode(content);
  return {
    worker,
    fingerprint: sha256(`fingerprint ${content}`),
    digest: sha256(bytes),
    archive: new Secret(bytes),
    userData: new Uint8Array(9000),
    userDataYaml: new Uint8Array(),
    bundleJson: '{}\n',
    notAfter: '2027-11-25T00:00:00.000Z',
    files: 11,
    complete: true,
  };
}

const both = [artifactsOf('worker-0'), artifactsOf('worker-1')];
const scoped = exampleCluster(spec => {
  spec.aws.delivery = 'instance-scoped';
});
const idOf = ({ archive }: WorkerArtifacts) => objectId(archive.reveal());
const keyOf = ({ cluster }: Pick<TestCloud, 'cluster'>, one: WorkerArtifacts) =>
  secretsKey(cluster, one.worker, { objectId: idOf(one), digest: one.digest });

function stage(cloud: TestCloud, artifacts: readonly WorkerArtifacts[], records = new Map<string, StoredRecord>()) {
  return stageFleet({ store: cloud.store(), clock: cloud.clock }, cloud.cluster, artifacts, { records, told() {} });
}

function putsOf(cloud: TestCloud): number {
  return cloud.s3.callCounts().PutObject ?? 0;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof OperationError || error instanceof CallError ? error.code : `no error: ${error}`;
}

test('archives lie where user-data says, with the digest that it has, and the manifest names both workers', async () => {
  const cloud = testCloud();
  const report = await stage(cloud, both);
  expect(report.manifest).toBe('written');
  expect(report.workers.map(({ worker, outcome }) => [worker, outcome])).toEqual([
    ['worker-0', 'put'],
    ['worker-1', 'put'],
  ]);
  for (const one of both) {
    const head = await cloud.store().head(keyOf(cloud, one));
    expect(head).toMatchObject({ sha256: one.digest, encryption: 'aws:kms' });
  }
  const found = await readStagedManifest(cloud.store(), cloud.cluster);
  expect(found?.manifest.workers.map(({ name, digest }) => [name, digest])).toEqual(
    both.map(({ worker, digest }) => [worker, digest]),
  );
  expect(JSON.stringify(found)).not.toContain(idOf(both[0] as WorkerArtifacts));
});

test('a key in the spec is asked for; without one the bucket’s default holds, and no header says otherwise', async () => {
  const seen: unknown[] = [];
  const spying = (cloud: TestCloud): ObjectStore => ({
    ...cloud.store(),
    put: object => {
      seen.push(object.encryption);
      return cloud.store().put(object);
    },
  });
  const kmsKey = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  const keyed = testCloud({
    cluster: exampleCluster(spec => {
      spec.aws.kmsKey = kmsKey;
    }),
  });
  await stageWorker(spying(keyed), keyed.cluster, artifactsOf('worker-0'));
  const plain = testCloud();
  await stageWorker(spying(plain), plain.cluster, artifactsOf('worker-0'));
  expect(seen).toEqual([{ kmsKey }, undefined]);
});

test('a second run puts nothing, and says so', async () => {
  const cloud = testCloud();
  await stage(cloud, both);
  const before = putsOf(cloud);
  const report = await stage(cloud, both);
  expect(report.workers.map(one => one.outcome)).toEqual(['present', 'present']);
  expect(report.manifest).toBe('unchanged');
  // The conditional puts of the archives were refused; the manifest was not even tried.
  expect(putsOf(cloud)).toBe(before + 2);
  expect((await cloud.store().versions('')).length).toBe(3);
});

test('one worker alone leaves the entries of the others, and drops what the spec no longer has', async () => {
  const cloud = testCloud();
  await stage(cloud, both);
  const changed = artifactsOf('worker-1', 'a new archive');
  await stage(cloud, [changed]);
  const { manifest } = (await readStagedManifest(cloud.store(), cloud.cluster)) ?? {};
  expect(manifest?.workers.map(one => one.digest)).toEqual([both[0]?.digest, changed.digest]);
  const smaller = { ...cloud.cluster, workers: cloud.cluster.workers.slice(0, 1) };
  await writeStagedManifest(cloud.store(), smaller, []);
  const after = await readStagedManifest(cloud.store(), cloud.cluster);
  expect(after?.manifest.workers.map(one => one.name)).toEqual(['worker-0']);
});

test('a put whose answer is lost counts as there already, once it is tried again', async () => {
  const cloud = testCloud();
  cloud.fault('PutObject@1=lost');
  const [first = artifactsOf('worker-0')] = both;
  expect(await codeOf(stageWorker(cloud.store(), cloud.cluster, first))).toBe('NoResponse');
  expect(await stageWorker(cloud.store(), cloud.cluster, first)).toBe('present');
});

test('a conflict (409) is tried again', async () => {
  const cloud = testCloud();
  cloud.fault('PutObject@1=ConditionalRequestConflict');
  expect(await stageWorker(cloud.store(), cloud.cluster, artifactsOf('worker-0'))).toBe('put');
  cloud.fault('PutObject=ConditionalRequestConflict');
  expect(await codeOf(stageWorker(cloud.store(), cloud.cluster, artifactsOf('worker-1')))).toBe('STAGE_CONFLICT');
});

test.each([
  ['other bytes of the same size', 'Archive of worker-0'],
  ['bytes cut off', 'archive'],
])('another content under an archive’s name is an error that does not tell the name: %s', async (_, other) => {
  const cloud = testCloud();
  const [first = artifactsOf('worker-0')] = both;
  await cloud.store().put({ key: keyOf(cloud, first), bytes: new TextEncoder().encode(other) });
  const error = await stageWorker(cloud.store(), cloud.cluster, first).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'STAGE_OBJECT_DIFFERS' });
  expect(`${(error as OperationError).message}${(error as OperationError).hint}`).not.toContain(idOf(first));
  const stored = await cloud.store().get(keyOf(cloud, first));
  expect(new TextDecoder().decode(stored?.bytes)).toBe(other);
});

test('where the server keeps no checksum the bytes are compared', async () => {
  const cloud = testCloud();
  const [first = artifactsOf('worker-0')] = both;
  const store = cloud.store();
  const forgetful: ObjectStore = {
    ...store,
    head: async key => {
      const head = await store.head(key);
      return head && { ...head, sha256: undefined };
    },
  };
  await stageWorker(forgetful, cloud.cluster, first);
  expect(await stageWorker(forgetful, cloud.cluster, first)).toBe('present');
  await cloud.store().put({ key: keyOf(cloud, first), bytes: new TextEncoder().encode('other') });
  expect(await codeOf(stageWorker(forgetful, cloud.cluster, first))).toBe('STAGE_OBJECT_DIFFERS');
});

test('what S3 quotes of the name is not passed on', async () => {
  const cloud = testCloud();
  const [first = artifactsOf('worker-0')] = both;
  const denying: ObjectStore = {
    ...cloud.store(),
    put: ({ key }) => {
      const message = `not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::example-firstboot/${key}"`;
      return Promise.reject(new CallError('S3', 'PutObject', 'AccessDenied', message, 403, new Error(message)));
    },
  };
  const error = (await stageWorker(denying, cloud.cluster, first).catch((reason: unknown) => reason)) as CallError;
  expect(error.code).toBe('AccessDenied');
  expect(error.message).toContain('secrets/from-scratch/worker-0/….tar');
  expect(`${error.message}${error.stack}${error.cause}`).not.toContain(idOf(first));
});

test('with instance-scoped delivery nothing is staged before the launch, and then below the instance’s ARN', async () => {
  const cloud = testCloud({ cluster: scoped });
  const report = await stage(cloud, both);
  expect(report.workers.map(one => one.outcome)).toEqual(['later', 'later']);
  expect(report.manifest).toBe('written');
  expect((await cloud.store().list('secrets/')).length).toBe(0);
  const { manifest } = (await readStagedManifest(cloud.store(), scoped)) ?? {};
  expect(manifest?.workers.every(one => one.stagedAt === undefined)).toBe(true);

  const [first = artifactsOf('worker-0')] = both;
  const arn = instanceArn(scoped, accountId, 'i-0123456789abcdef0');
  expect(await stageWorker(cloud.store(), scoped, first, arn)).toBe('put');
  const key = `secrets/from-scratch/arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0/${first.digest}.tar`;
  expect(await cloud.store().head(key)).toMatchObject({ sha256: first.digest });
  expect(await stagedOwners(cloud.store(), scoped)).toEqual(new Map([[arn, 1]]));
  expect(await unstageWorker(cloud.store(), scoped, arn)).toBe(1);
});

test('every version and delete marker of a worker goes, and nothing of worker-10 when worker-1 is unstaged', async () => {
  const cloud = testCloud();
  const store = cloud.store();
  const tenth = `${cloud.cluster.aws.prefix}secrets/from-scratch/worker-10/aa.tar`;
  await store.put({ key: tenth, bytes: new Uint8Array(3) });
  for (const content of ['one', 'two', 'three']) {
    await stageWorker(store, cloud.cluster, artifactsOf('worker-1', content));
    const key = keyOf(cloud, artifactsOf('worker-1', content));
    await store.put({ key, bytes: new Uint8Array(5) });
  }
  const target = { bucket: cloud.cluster.aws.bucket, caller: { kind: 'operator' } as const };
  await cloud.s3.operations.deleteObject(target, { key: keyOf(cloud, artifactsOf('worker-1', 'one')) });
  expect((await stagedOwners(store, cloud.cluster)).get('worker-1')).toBe(7);
  expect(await unstageWorker(store, cloud.cluster, 'worker-1')).toBe(7);
  expect(await stagedOwners(store, cloud.cluster)).toEqual(new Map([['worker-10', 1]]));
  expect(await unstageWorker(store, cloud.cluster, 'worker-1')).toBe(0);
});

test('secrets that come back, or will not go, are an error', async () => {
  const cloud = testCloud();
  await stage(cloud, both);
  const stubborn: ObjectStore = { ...cloud.store(), remove: async () => {} };
  expect(await codeOf(unstageWorker(stubborn, cloud.cluster, 'worker-0'))).toBe('STAGE_SECRETS_LEFT');
});

test('a sweep removes what nobody is to keep, strays of no worker too', async () => {
  const cloud = testCloud();
  const store = cloud.store();
  await stage(cloud, both);
  await store.put({ key: 'secrets/from-scratch/stray.tar', bytes: new Uint8Array(1) });
  await store.put({ key: 'secrets/another-cluster/worker-0/aa.tar', bytes: new Uint8Array(1) });
  const swept = await sweepSecrets(store, cloud.cluster, owner => owner === 'worker-0');
  expect([...swept].sort()).toEqual(['', 'worker-1']);
  expect(await stagedOwners(store, cloud.cluster)).toEqual(new Map([['worker-0', 1]]));
  expect((await store.list('secrets/another-cluster/')).length).toBe(1);
});

test('a worker that runs with its secrets does not get them staged again', async () => {
  const cloud = testCloud();
  const [first = artifactsOf('worker-0')] = both;
  const current = { digest: first.digest, secretsDeleted: true };
  const record = { version: 1, worker: 'worker-0', generation: 1, current, operation: null };
  const records = new Map([['worker-0', { record, etag: '"1"' } as unknown as StoredRecord]]);
  const report = await stage(cloud, both, records);
  expect(report.workers.map(one => one.outcome)).toEqual(['running', 'put']);
  const { manifest } = (await readStagedManifest(cloud.store(), cloud.cluster)) ?? {};
  expect(manifest?.workers.map(one => one.stagedAt !== undefined)).toEqual([false, true]);
});

test('two that write the manifest at once: both entries are in it', async () => {
  const cloud = testCloud();
  await Promise.all(both.map(one => stage(cloud, [one])));
  const { manifest } = (await readStagedManifest(cloud.store(), cloud.cluster)) ?? {};
  expect(manifest?.workers.map(one => one.name)).toEqual(['worker-0', 'worker-1']);
});

test('the manifest is not written when an archive could not be put', async () => {
  const cloud = testCloud();
  cloud.fault('PutObject@2=AccessDenied');
  expect(await codeOf(stage(cloud, both))).toBe('AccessDenied');
  expect(await readStagedManifest(cloud.store(), cloud.cluster)).toBeUndefined();
});

test.each(['no JSON', '{}', 'null', '{"version":2,"workers":[]}', '{"version":1,"cluster":"another","workers":[]}'])(
  'a damaged manifest is an error and stays: %s',
  async text => {
    const cloud = testCloud();
    const key = 'state/from-scratch/manifest.json';
    await cloud.store().put({ key, bytes: new TextEncoder().encode(text) });
    expect(await codeOf(stage(cloud, both))).toBe('STAGE_MANIFEST_DAMAGED');
    expect(new TextDecoder().decode((await cloud.store().get(key))?.bytes)).toBe(text);
  },
);

test('an archive that the lifecycle may soon end is put again, and a fresh one is not', async () => {
  const cloud = testCloud();
  await stage(cloud, both);
  await cloud.clock.sleep(11 * 3_600_000);
  expect((await stage(cloud, both)).workers.map(one => one.outcome)).toEqual(['present', 'present']);
  await cloud.clock.sleep(2 * 3_600_000);
  expect((await stage(cloud, both)).workers.map(one => one.outcome)).toEqual(['put', 'put']);
  expect((await stage(cloud, both)).workers.map(one => one.outcome)).toEqual(['present', 'present']);
  const [first = artifactsOf('worker-0')] = both;
  expect((await cloud.store().head(keyOf(cloud, first)))?.lastModified).toBe(cloud.clock.now());
  expect(await unstageWorker(cloud.store(), cloud.cluster, 'worker-0')).toBe(2);
});
