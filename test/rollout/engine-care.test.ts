import { describe, expect, test } from 'vitest';
import type { RolloutEvent } from '../../src/rollout/events.ts';
import { takeLock } from '../../src/rollout/lock.ts';
import type { Asked } from '../../src/rollout/plan.ts';
import { exampleCluster, launchRequest } from '../support/cloud.ts';
import { applied, fleet, outline, type TestRollout, testRollout } from '../support/rollout.ts';

type Failed = RolloutEvent & { readonly kind: 'failed' };
const failures = (events: readonly RolloutEvent[]) => events.filter((one): one is Failed => one.kind === 'failed');
const lived = ({ cloud }: TestRollout, worker = 'worker-0') =>
  cloud.ec2.audit().filter(one => one.kind === 'instance' && one.worker === worker);
const alive = (rollout: TestRollout) => lived(rollout).filter(({ until }) => until === null);
const one = (change?: (spec: any) => void) => fleet(1, change);
const retire: Asked = { kind: 'retire', workers: new Set(['worker-0']) };

/** Ends the run as Ctrl-C does, as soon as a step begins. */
async function stoppedAt(rollout: TestRollout, step: string, asked?: Asked): Promise<void> {
  const controller = new AbortController();
  const { store } = rollout.world;
  const put = store.put;
  Object.assign(store, {
    put: async (object: Parameters<typeof put>[0]) => {
      const written = await put(object);
      if (new TextDecoder().decode(object.bytes).includes(`"step": "${step}"`)) controller.abort(new Error('Ctrl-C'));
      return written;
    },
  });
  const events = await rollout.apply({}, asked, controller.signal);
  Object.assign(store, { put });
  expect(outline(events).at(-1)).toBe('stopped: worker-0');
  expect((await rollout.record('worker-0'))?.operation?.step).toBe(step);
}

describe('a node that is proven', () => {
  test('is not ended because its secrets may not be deleted: the next run deletes them', async () => {
    const rollout = testRollout({ cluster: one() });
    rollout.cloud.fault('DeleteObjects=AccessDenied');
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'CALL_DENIED', step: 'delete-secrets' }]);
    expect(alive(rollout)).toHaveLength(1);
    expect((await rollout.record('worker-0'))?.operation).toMatchObject({ failure: null, step: 'delete-secrets' });
    rollout.cloud.mend();
    expect(outline(await rollout.apply())).toContain('worker-0 launched');
    expect(lived(rollout)).toHaveLength(1);
    expect(await rollout.staged()).toBe(0);
  });

  test('is drained like any other when the spec changed before its run was gone on with', async () => {
    const rollout = testRollout({ cluster: one() });
    await stoppedAt(rollout, 'delete-secrets');
    rollout.kube.addPod({ name: 'web-0', node: 'worker-0' });
    rollout.version = '2';
    const events = await rollout.apply();
    expect(failures(events)).toEqual([]);
    expect(outline(events)).toContain('worker-0 drain');
    expect(rollout.kube.changes()).toContain('evict default/web-0');
    expect(await rollout.record('worker-0')).toMatchObject({ generation: 2, operation: null });
    expect(rollout.cloud.violations()).toEqual([]);
  });

  test('is drained when it is destroyed before its run was gone on with', async () => {
    const rollout = testRollout({ cluster: one() });
    await stoppedAt(rollout, 'delete-secrets');
    rollout.kube.addPod({ name: 'web-0', node: 'worker-0' });
    const events = await rollout.apply({}, retire);
    expect(outline(events).at(-1)).toBe('worker-0 retired');
    expect(rollout.kube.changes()).toContain('evict default/web-0');
  });

  test('counts as proven as it was, however the next run would have waited', async () => {
    const rollout = testRollout({ cluster: one() });
    await stoppedAt(rollout, 'delete-secrets');
    expect(outline(await rollout.apply({ wait: 'none' }))).toContain('worker-0 launched');
    expect((await rollout.record('worker-0'))?.current).toMatchObject({ verified: 'registered', secretsDeleted: true });
    expect(await rollout.staged()).toBe(0);
  });
});

describe('an old node', () => {
  const running = async (options: Parameters<typeof testRollout>[0] = {}) => {
    const rollout = testRollout({ cluster: one(), ...options });
    await applied(rollout);
    rollout.version = '2';
    return rollout;
  };

  test('that registered anew since is drained all the same', async () => {
    const rollout = await running();
    const before = await rollout.kube.node('worker-0');
    if (!before) throw new Error('it registered');
    await rollout.kube.deleteNode(before);
    const [instanceId = ''] = alive(rollout).map(({ id }) => id);
    rollout.kube.join({
      ...{ instanceId, zone: 'us-east-1a', name: 'worker-0', version: '1.36.1', uuid: before.systemUuid ?? '' },
      ip: before.internalIps[0] ?? '',
    });
    rollout.kube.addPod({ name: 'web-0', node: 'worker-0' });
    expect(outline(await rollout.apply())).toContain('worker-0 replaced');
    expect(rollout.kube.changes()).toContain('evict default/web-0');
  });

  test('that took pods again since its run was cut off is drained again', async () => {
    const rollout = await running();
    await stoppedAt(rollout, 'terminate');
    const node = await rollout.kube.node('worker-0');
    if (!node) throw new Error('it is cordoned');
    await rollout.kube.setUnschedulable(node, false);
    rollout.kube.addPod({ name: 'web-0', node: 'worker-0' });
    expect(outline(await rollout.apply())).toContain('worker-0 replaced');
    expect(rollout.kube.changes()).toContain('evict default/web-0');
  });

  test('is left cordoned, and nothing is given up, when the credentials expire', async () => {
    const rollout = await running();
    rollout.cloud.fault('TerminateInstances=ExpiredToken');
    expect(failures(await rollout.apply())).toMatchObject([{ code: 'CALL_CREDENTIALS', step: 'terminate' }]);
    expect((await rollout.record('worker-0'))?.operation).toMatchObject({ failure: null, step: 'terminate' });
    rollout.cloud.mend();
    expect(outline(await rollout.apply())).toContain('worker-0 replaced');
  });

  test('is not touched when the address that is wanted belongs to a worker that stays', async () => {
    const rollout = testRollout();
    await applied(rollout);
    rollout.cluster = exampleCluster(spec => {
      spec.workers['worker-0'].privateIp = '10.0.1.21';
      spec.workers['worker-1'].privateIp = '10.0.1.22';
    });
    const asked: Asked = { kind: 'replace', workers: new Set(['worker-0']) };
    await expect(rollout.apply({}, asked)).rejects.toMatchObject({ code: 'ADDRESS_HELD' });
    expect(alive(rollout)).toHaveLength(1);
    expect((await rollout.kube.node('worker-0'))?.unschedulable).toBe(false);
  });

  test('is not touched when the address that is wanted belongs to a stranger', async () => {
    const rollout = await running();
    rollout.cluster = exampleCluster(spec => {
      spec.workers = { 'worker-0': { privateIp: '10.0.1.77' } };
    });
    const [worker] = rollout.cluster.workers;
    await rollout.cloud.compute.createInterface({
      clientToken: 'other',
      subnetId: worker?.launch.subnet ?? '',
      privateIp: '10.0.1.77',
      securityGroups: worker?.launch.securityGroups ?? [],
      description: 'the load balancer of somebody',
      tags: {},
    });
    await rollout.cloud.clock.advance(10_000);
    await expect(rollout.apply()).rejects.toMatchObject({
      code: 'ADDRESS_HELD',
      message: expect.stringContaining('the load balancer of somebody'),
    });
    expect(alive(rollout)).toHaveLength(1);
  });
});

test('a Node of the name whose machine lives, though it is none of ours, is not deleted', async () => {
  const rollout = testRollout({ cluster: one() });
  const [worker] = rollout.cluster.workers;
  const byHand = await rollout.cloud.compute.launch(
    launchRequest(rollout.cloud, {
      clientToken: 'by-hand',
      network: { kind: 'address', privateIp: '10.0.1.9', securityGroups: worker?.launch.securityGroups ?? [] },
      tags: { Name: 'the one before' },
    }),
  );
  await rollout.cloud.clock.advance(60_000);
  rollout.kube.join({
    ...{ instanceId: byHand.instanceId, zone: 'us-east-1a', name: 'worker-0', ip: '10.0.1.9' },
    ...{ version: '1.36.1', uuid: 'x' },
  });
  expect(failures(await rollout.apply())).toMatchObject([{ code: 'NODE_TAKEN', step: 'delete-node' }]);
  expect(await rollout.kube.node('worker-0')).toBeDefined();
  expect(lived(rollout)).toEqual([]);
});

describe('a kept interface', () => {
  const keep = (spec: any) => {
    spec.aws.eni = 'keep';
  };

  test('that the spec keeps no more is removed when its address is needed', async () => {
    const rollout = testRollout({ cluster: one(keep) });
    await applied(rollout);
    rollout.cluster = one();
    rollout.version = '2';
    const start = rollout.cloud.clock.now();
    const events = await rollout.apply();
    expect(failures(events)).toEqual([]);
    expect(rollout.cloud.clock.now() - start).toBeLessThan(600_000);
    const record = await rollout.record('worker-0');
    expect(record?.current?.interfaceId).toBeNull();
    expect(rollout.cloud.violations()).toEqual([]);
  });

  test('of a worker that moved to another address does not hold up the one that takes it over', async () => {
    const keeping = (change: (spec: any) => void = () => {}) =>
      exampleCluster(spec => {
        keep(spec);
        change(spec);
      });
    const rollout = testRollout({ cluster: keeping() });
    await applied(rollout);
    rollout.cluster = keeping(spec => {
      spec.workers['worker-0'].privateIp = '10.0.1.21';
      spec.workers['worker-1'].privateIp = '10.0.1.22';
    });
    const events = await rollout.apply();
    expect(outline(events).filter(line => line.endsWith('replaced'))).toEqual([
      'worker-1 replaced',
      'worker-0 replaced',
    ]);
    expect(rollout.cloud.violations()).toEqual([]);
  });
});

test('an operator whose clock is an hour ahead gives a boot the time that was asked for', async () => {
  const rollout = testRollout({ cluster: one(), boot: { phase: 30_000 }, ahead: 3_600_000 });
  expect(failures(await rollout.apply())).toEqual([]);
});

test('a launch without an answer is not thought undone because it may not be asked for again', async () => {
  const rollout = testRollout({ cluster: one(), pace: { describeLag: 240_000 } });
  const controller = new AbortController();
  rollout.cloud.ec2.onLaunched(() => controller.abort(new Error('killed')));
  rollout.cloud.fault('RunInstances@1=lost');
  await rollout.apply({}, undefined, controller.signal);
  expect((await rollout.record('worker-0'))?.operation).toMatchObject({ instanceId: null, step: 'launch' });
  rollout.version = '2';
  rollout.cloud.fault('RunInstances=UnauthorizedOperation');
  expect(failures(await rollout.apply())).toMatchObject([{ code: 'CALL_DENIED' }]);
  expect((await rollout.record('worker-0'))?.operation).toMatchObject({ attempt: 1, failure: null });
  rollout.cloud.mend();
  const last = await rollout.apply();
  expect(outline(last)).toContain('worker-0 launched');
  expect(alive(rollout)).toHaveLength(1);
  expect(rollout.cloud.violations()).toEqual([]);
});

test('whose lock is waited for is told', async () => {
  const rollout = testRollout({ cluster: one() });
  const wish = { run: 'run-9', holder: 'bob@laptop', command: 'replace', timeout: 0 };
  const held = await takeLock(rollout.world, wish);
  void rollout.cloud.clock.sleep(30_000).then(() => held.release(rollout.world.store));
  const events = await rollout.apply({ lockTimeout: 60_000 });
  expect(events[0]).toMatchObject({ kind: 'lock-held', lock: { holder: 'bob@laptop', run: 'run-9' } });
  expect(events.filter(({ kind }) => kind === 'lock-held')).toHaveLength(1);
  expect(outline(events)).toContain('worker-0 launched');
});

test('a Node with the systemUUID of another machine than the boot report names proves nothing', async () => {
  const rollout = testRollout({ cluster: one() });
  const { join } = rollout.kube;
  Object.assign(rollout.kube, {
    join: (node: Parameters<typeof join>[0]) => join({ ...node, uuid: 'ec2aaaaa-0000-4000-8000-000000000000' }),
  });
  const events = await rollout.apply();
  expect(failures(events)).toMatchObject([{ code: 'VERIFY_NODE_WRONG' }]);
  expect(failures(events)[0]?.message).toContain('systemUUID');
});

describe('an instance that EC2 does not show yet', () => {
  test('is ended when its worker is destroyed', async () => {
    const rollout = testRollout({ cluster: one(), pace: { describeLag: 60_000 } });
    await rollout.apply({ wait: 'none' });
    expect(outline(await rollout.apply({}, retire)).at(-1)).toBe('worker-0 retired');
    await rollout.cloud.clock.advance(300_000);
    expect(alive(rollout)).toEqual([]);
    expect(rollout.cloud.violations()).toEqual([]);
  });
});

test('an old spot instance that is taken away while it is drained is replaced all the same', async () => {
  const rollout = testRollout({
    cluster: one(spec => {
      spec.aws.spot = true;
    }),
  });
  await applied(rollout);
  rollout.kube.addPod({ name: 'web-0', node: 'worker-0', labels: { app: 'web' } });
  rollout.kube.addBudget({ name: 'web', selector: { app: 'web' }, minAvailable: 1 });
  rollout.version = '2';
  const [instanceId = ''] = alive(rollout).map(({ id }) => id);
  void rollout.cloud.clock.sleep(60_000).then(() => rollout.cloud.ec2.interrupt(instanceId, 'spot'));
  const events = await rollout.apply({ acceptCapacityRisk: true });
  expect(failures(events)).toEqual([]);
  expect(outline(events)).toContain('worker-0 replaced');
});
