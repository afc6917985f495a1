import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { compiled, launchOf, openSide, sideOf } from '../support/local-cloud.ts';

const local = (cluster: TestCluster, ...argv: string[]) => run(cluster, 'local', ...argv);

async function up(cluster: TestCluster, ...argv: string[]): Promise<void> {
  onTestFinished(async () => void (await local(cluster, 'down')));
  const { code, err } = await local(cluster, 'up', ...argv);
  expect(code, err).toBe(0);
}

test('without a server the cloud is served by the command itself, and its state is there for the next', async () => {
  const subject = await compiled(await makeCluster());
  const first = await sideOf(subject);
  const { instanceId } = await first.compute.launch(launchOf(subject));
  await first.store.put({ key: 'state/lock', bytes: Buffer.from('mine'), onlyIf: { kind: 'absent' } });
  // It waits for the first to give the folder back.
  const opening = openSide(subject);
  await first.close();
  const second = await opening;
  expect((await second.compute.launch(launchOf(subject))).instanceId).toBe(instanceId);
  const again = second.store.put({ key: 'state/lock', bytes: Buffer.from('not mine'), onlyIf: { kind: 'absent' } });
  await expect(again).rejects.toMatchObject({ code: 'PreconditionFailed' });
  expect(second.place).toBe(`the embedded cloud in ${path.join(subject.folder, '.firstboot-cloud')}`);
});

test('the bucket is as firstboot wants a bucket', async () => {
  const subject = await compiled(await makeCluster());
  const { store } = await openSide(subject);
  const posture = await store.posture();
  expect(posture).toMatchObject({
    region: 'us-east-1',
    publicAccessBlock: [true, true, true, true],
    encryption: { algorithm: 'aws:kms' },
    versioning: 'Enabled',
    ownership: 'BucketOwnerEnforced',
    replication: false,
    objectLock: false,
    unknown: {},
  });
  expect(posture.lifecycle).toHaveLength(1);
  expect(posture.policy).toContain('aws:SecureTransport');
});

test('a lost answer is asked for again by the SDK, and gives the same instance', async () => {
  const cluster = await makeCluster();
  const subject = await compiled(cluster);
  await up(cluster, '--fault', 'RunInstances@1=lost');
  const { compute } = await openSide(subject);
  const { instanceId } = await compute.launch(launchOf(subject));
  await new Promise(resolve => setTimeout(resolve, 500));
  expect((await compute.instances('from-scratch')).map(one => one.instanceId)).toEqual([instanceId]);
});

test('what the spec names later is known to a server that runs already', async () => {
  const cluster = await makeCluster();
  await up(cluster);
  cluster.spec(spec => {
    spec.aws.image = { amd64: 'ami-0fedcba9876543210' };
    spec.aws.bucket = 'another-bucket';
  });
  const subject = await compiled(cluster);
  const { compute, store } = await openSide(subject);
  expect(await compute.image('ami-0fedcba9876543210')).toMatchObject({ arch: 'amd64' });
  expect((await store.posture()).versioning).toBe('Enabled');
});

test('a folder that is used, or cannot be used, is said to be', async () => {
  const cluster = await makeCluster();
  const subject = await compiled(cluster);
  const side = await openSide(subject);
  const down = await local(cluster, 'down');
  expect([down.code, down.err]).toEqual([1, expect.stringContaining('LOCAL_FOLDER_IN_USE')]);
  const foreground = await local(cluster, 'up', '--foreground');
  expect([foreground.code, foreground.err]).toEqual([1, expect.stringContaining('LOCAL_FOLDER_IN_USE')]);
  await side.close();
  const below = await local(cluster, 'up', '--state', 'cluster.yaml/below');
  expect([below.code, below.err]).toEqual([1, expect.stringContaining('LOCAL_FOLDER_NOT_WRITTEN')]);
});

test('a server that does not answer is said to be one', async () => {
  const cluster = await makeCluster();
  const subject = await compiled(cluster);
  await (await sideOf(subject)).close();
  const connection = {
    port: 9,
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    accessKeyId: 'a',
    secretAccessKey: 'b',
    token: 'c',
  };
  const file = { pid: process.pid, began: null, kind: 'server', instances: 'record', connection };
  cluster.write('.firstboot-cloud/server.json', JSON.stringify(file));
  await expect(sideOf(subject)).rejects.toMatchObject({
    code: 'LOCAL_NOT_STARTED',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('machines need an image', async () => {
  const subject = await compiled(await makeCluster());
  await expect(sideOf(subject, { instances: 'qemu' })).rejects.toMatchObject({ code: 'LOCAL_INSTANCES_NEED' });
  // It gave the folder back.
  await openSide(subject);
});
