import { expect, test } from 'vitest';
import { observe } from '../../src/rollout/observe.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import { launchRequest, testCloud } from '../support/cloud.ts';
import { createKubeTwin } from '../support/kube-twin.ts';
import { record } from './plan-cases.ts';

function openWorld() {
  const cloud = testCloud();
  const kube = createKubeTwin(cloud.clock);
  const store = cloud.store();
  const world = { cluster: cloud.cluster, compute: cloud.compute, store, kube, clock: cloud.clock };
  return { cloud, kube, store, world, keys: stateKeys(cloud.cluster) };
}

const bytes = (text: string) => new TextEncoder().encode(text);

test('everything is there, by worker, by reference and by owner', async () => {
  const { cloud, kube, store, world, keys } = openWorld();
  const instance = await cloud.compute.launch(launchRequest(cloud));
  await cloud.clock.sleep(60_000);
  kube.join({
    instanceId: instance.instanceId,
    zone: instance.zone,
    name: 'worker-0',
    ip: '10.0.1.20',
    version: '1.36.1',
    uuid: 'u',
  });
  await store.put({ key: keys.worker('worker-0'), bytes: bytes(JSON.stringify({ ...record(), later: { field: 1 } })) });
  const seen = await observe(world);
  expect(seen.at).toBe(cloud.clock.now());
  expect(seen.instances.map(({ instanceId }) => instanceId)).toEqual([instance.instanceId]);
  expect(seen.nodes?.map(({ name }) => name)).toEqual(['worker-0']);
  expect(seen.records.get('worker-0')).toMatchObject({
    record: { later: { field: 1 } },
    etag: expect.stringMatching(/^"/),
  });
  expect([...seen.images.keys()]).toEqual([cloud.cluster.workers[0]?.launch.image]);
});

test('staged secrets are counted by worker or instance, without delete markers, and their names go no further', async () => {
  const { store, world, keys } = openWorld();
  const id = 'abc123'.repeat(10).padEnd(64, '9');
  const worker = `${keys.secrets}worker-0/${id}.tar`;
  const arn = `${keys.secrets}arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0/${id}.tar`;
  for (const key of [worker, worker, arn]) await store.put({ key, bytes: bytes('x') });
  // Of the two versions one is removed for good.
  const [first] = (await store.versions(worker)).filter(({ isLatest }) => !isLatest);
  const before = await observe(world);
  expect([...before.staged]).toEqual([
    ['i-0123456789abcdef0', 1],
    ['worker-0', 2],
  ]);
  if (first) await store.remove([first]);
  const seen = await observe(world);
  expect(seen.staged.get('worker-0')).toBe(1);
  expect(JSON.stringify([...seen.staged])).not.toContain(id);
});

test.each([
  ['no JSON', '{"version": 1', /it is no JSON/],
  ['a later version', JSON.stringify({ ...record(), version: 2 }), /it has version 2, and this firstboot knows 1/],
  ['nothing', 'null', /version/],
  ['no generation', JSON.stringify({ ...record(), generation: 'one' }), /generation/],
  ['an operation of another kind', JSON.stringify({ ...record(), operation: { kind: 'explode' } }), /operation\./],
  ['the record of another', JSON.stringify(record({ worker: 'worker-1' })), /it is the record of worker-1/],
])('a record that cannot be relied on is refused by name: %s', async (_, text, message) => {
  const { store, world, keys } = openWorld();
  await store.put({ key: keys.worker('worker-0'), bytes: bytes(text) });
  await expect(observe(world)).rejects.toMatchObject({
    code: 'JOURNAL_UNREADABLE',
    message: expect.stringMatching(new RegExp(`workers/worker-0\\.json.*${message.source}`)),
  });
});

test('an api-server that does not answer is fatal, or told', async () => {
  const { kube, world } = openWorld();
  kube.faults.unreachable = true;
  await expect(observe(world)).rejects.toMatchObject({ service: 'Kubernetes', code: 'NoResponse' });
  const seen = await observe(world, { nodesOptional: true });
  expect(seen.nodes).toBeUndefined();
  expect(seen.nodesProblem?.code).toBe('NoResponse');
});

test('a thousand workers take a handful of calls beside a read for each record', async () => {
  const { cloud, store, world, keys } = openWorld();
  for (let n = 0; n < 1000; n++)
    await store.put({
      key: keys.worker(`worker-${n}`),
      bytes: bytes(JSON.stringify(record({ worker: `worker-${n}` }))),
    });
  const before = Object.values(cloud.ec2.callCounts()).reduce((sum, count) => sum + count, 0);
  const seen = await observe(world);
  expect(seen.records.size).toBe(1000);
  const calls = Object.values(cloud.ec2.callCounts()).reduce((sum, count) => sum + count, 0) - before;
  expect(calls).toBeLessThan(8);
});
