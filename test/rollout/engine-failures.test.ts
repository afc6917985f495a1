import { describe, expect, test } from 'vitest';
import type { RolloutEvent } from '../../src/rollout/events.ts';
import { exampleCluster } from '../support/cloud.ts';
import { applied, fleet, outline, type TestRollout, testRollout } from '../support/rollout.ts';

type Failed = RolloutEvent & { readonly kind: 'failed' };
const failures = (events: readonly RolloutEvent[]) => events.filter((one): one is Failed => one.kind === 'failed');
const tagged = (rollout: TestRollout, key: string) =>
  rollout.cloud.ec2.audit().filter(one => one.kind === 'instance' && one.worker === key);
const one = (change?: (spec: any) => void) => fleet(1, change);
const spot = (spec: any) => {
  spec.aws.spot = true;
};

/** What a failed launch leaves: no live instance, nothing staged, nothing held, and a record that says why. */
async function expectClean(rollout: TestRollout, code: string): Promise<void> {
  await rollout.cloud.clock.advance(120_000);
  const instances = await rollout.cloud.compute.instances(rollout.cluster.name);
  expect(instances.filter(({ state }) => state !== 'terminated')).toEqual([]);
  expect(await rollout.staged()).toBe(0);
  expect((await rollout.record('worker-0'))?.operation?.failure?.code).toBe(code);
  expect(rollout.cloud.violations()).toEqual([]);
}

describe('launch', () => {
  test('21: throttled and lost calls are made again with the same token: one instance', async () => {
    const rollout = testRollout({
      cluster: one(),
      faults: [
        'RunInstances@1=RequestLimitExceeded',
        'RunInstances@2=lost',
        'PutObject@3=lost',
        'TerminateInstances=lost',
      ],
    });
    const events = await rollout.apply();
    expect(failures(events)).toEqual([]);
    expect(tagged(rollout, 'worker-0')).toHaveLength(1);
  });

  test('21: throttled for longer than the deadline: said so, and nothing is given up', async () => {
    const rollout = testRollout({ cluster: one(), faults: ['RunInstances=RequestLimitExceeded'] });
    const start = rollout.cloud.clock.now();
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'CALL_THROTTLED', step: 'launch' }]);
    expect(rollout.cloud.clock.now() - start).toBeLessThan(400_000);
    rollout.cloud.mend();
    expect(outline(await rollout.apply())).toContain('worker-0 launched');
    expect(tagged(rollout, 'worker-0')).toHaveLength(1);
  });

  test('22: types are tried in order, each with a token of its own', async () => {
    const rollout = testRollout({
      cluster: one(spec => {
        spec.aws.instanceTypes = ['t3.medium', 't3a.medium', 'm5.large'];
      }),
    });
    rollout.cloud.ec2.setCapacity('t3.medium', 'us-east-1a', 'none');
    rollout.cloud.ec2.setCapacity('t3a.medium', 'us-east-1a', 'none');
    await applied(rollout);
    const record = await rollout.record('worker-0');
    expect(record?.current?.instanceType).toBe('m5.large');
  });

  test('22: no type is to be had: each is named with EC2’s answer', async () => {
    const rollout = testRollout({ cluster: one() });
    rollout.cloud.ec2.setCapacity('t3.medium', 'us-east-1a', 'none');
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'LAUNCH_NO_CAPACITY' }]);
    expect(failures(events)[0]?.message).toContain('t3.medium: InsufficientInstanceCapacity');
    await expectClean(rollout, 'LAUNCH_NO_CAPACITY');
    rollout.cloud.ec2.setCapacity('t3.medium', 'us-east-1a', 'any');
    expect(outline(await rollout.apply())).toContain('worker-0 launched');
  });

  test('17: a second type that does not go with the image is found before anything is done', async () => {
    const rollout = testRollout({
      cluster: one(spec => {
        spec.aws.instanceTypes = ['t3.medium', 'm5.large'];
      }),
      faults: ['RunInstances:DryRun@2=InvalidParameterCombination'],
    });
    await expect(rollout.apply()).rejects.toMatchObject({ code: 'CALL_FAILED' });
    expect(tagged(rollout, 'worker-0')).toEqual([]);
  });

  test('22: a reservation that stays pending is no capacity: cancelled, the next type is tried, the image’s platform named', async () => {
    const rollout = testRollout({
      cluster: one(spec => {
        spec.aws.instanceTypes = ['t3.medium', 'm5.large'];
      }),
    });
    await applied(rollout);
    rollout.version = '2';
    const { compute } = rollout.cloud;
    const { reserveCapacity, reservations, image } = compute;
    const asked: unknown[] = [];
    const pending = <R extends { readonly instanceType: string; readonly state: string }>(view: R): R =>
      view.instanceType === 't3.medium' && view.state === 'active' ? { ...view, state: 'pending' } : view;
    Object.assign(compute, {
      image: async (reference: string) => ({ ...(await image(reference)), platform: 'SUSE Linux' }),
      reserveCapacity: async (request: Parameters<typeof reserveCapacity>[0]) => {
        asked.push([request.instanceType, request.platform]);
        return pending(await reserveCapacity(request));
      },
      reservations: async (cluster: string) => (await reservations(cluster)).map(pending),
    });
    expect(outline(await rollout.apply())).toContain('worker-0 replaced');
    expect(asked).toEqual([
      ['t3.medium', 'SUSE Linux'],
      ['m5.large', 'SUSE Linux'],
    ]);
    expect((await rollout.record('worker-0'))?.current?.instanceType).toBe('m5.large');
    await rollout.cloud.clock.advance(10_000);
    expect((await reservations('from-scratch')).filter(({ state }) => state === 'active')).toEqual([]);
  });

  test('22: no capacity can be reserved: the old node is not touched', async () => {
    const rollout = testRollout({ cluster: one() });
    await applied(rollout);
    rollout.version = '2';
    rollout.cloud.ec2.setCapacity('t3.medium', 'us-east-1a', 'none');
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'CAPACITY_NOT_RESERVED', step: 'reserve' }]);
    expect(rollout.kube.changes()).toEqual(['join worker-0']);
    expect(tagged(rollout, 'worker-0')).toMatchObject([{ until: null }]);
  });

  test('22: spot needs the operator to accept the risk', async () => {
    const rollout = testRollout({ cluster: one(spot) });
    await applied(rollout);
    rollout.version = '2';
    await expect(rollout.apply()).rejects.toMatchObject({ code: 'CAPACITY_RISK' });
    expect(outline(await rollout.apply({ acceptCapacityRisk: true }))).toContain('worker-0 replaced');
  });

  test('23: EC2 does not show the instance for minutes', async () => {
    const rollout = testRollout({ cluster: one(), pace: { describeLag: 200_000 } });
    expect(outline(await rollout.apply())).toContain('worker-0 launched');
  });

  test('23: it does not for longer than five minutes: given up, and ended before another one is launched', async () => {
    const rollout = testRollout({ cluster: one(), pace: { describeLag: 400_000 } });
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'LAUNCH_NOT_SEEN' }]);
    expect(outline(await rollout.apply({ timeout: 1_800_000 }))).toContain(
      'worker-0 FAILED await-running LAUNCH_NOT_SEEN',
    );
    expect(rollout.cloud.violations()).toEqual([]);
    expect(tagged(rollout, 'worker-0').filter(({ until }) => until === null)).toHaveLength(1);
  });

  test('23: what was launched just now and is not shown yet is not launched again', async () => {
    const rollout = testRollout({ cluster: one(), pace: { describeLag: 60_000 } });
    await rollout.apply({ wait: 'none' });
    const events = await rollout.apply({ wait: 'none' });
    expect(outline(events)).toEqual([]);
    const { actions, warnings } = await rollout.plan();
    expect(actions).toMatchObject([{ kind: 'keep' }]);
    expect(warnings[0]).toMatch(/EC2 does not show i-\S+ yet, which was launched just now/);
    expect(tagged(rollout, 'worker-0')).toHaveLength(1);
    await rollout.cloud.clock.advance(60_000);
    expect(outline(await rollout.apply({ wait: 'none' }))).toEqual([]);
  });

  test('25: a token whose instance is terminated, and one of another request, are settled before a new one', async () => {
    const rollout = testRollout({ cluster: one() });
    // The journal is lost after each, so that the same tokens come again.
    for (const version of ['1', '2', '3']) {
      rollout.version = version;
      const events = await rollout.apply({ timeout: 900_000 });
      expect(failures(events)).toEqual([]);
      const [instance] = (await rollout.cloud.compute.instances('from-scratch')).filter(
        ({ state }) => state === 'running',
      );
      if (instance) await rollout.cloud.compute.terminate(instance.instanceId);
      await rollout.cloud.clock.advance(3_700_000);
      const store = rollout.cloud.store();
      const versions = await store.versions('state/from-scratch/workers/');
      await store.remove(versions);
    }
    expect(rollout.cloud.violations()).toEqual([]);
    expect(tagged(rollout, 'worker-0').length).toBeGreaterThan(2);
  });

  test('26: an address that somebody else holds: the owner is named', async () => {
    const rollout = testRollout({ cluster: one() });
    const [worker] = rollout.cluster.workers;
    await rollout.cloud.compute.createInterface({
      clientToken: 'other',
      subnetId: worker?.launch.subnet ?? '',
      privateIp: worker?.privateIp ?? '',
      securityGroups: worker?.launch.securityGroups ?? [],
      description: 'the load balancer of somebody',
      tags: {},
    });
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'ADDRESS_HELD' }]);
    expect(failures(events)[0]?.message).toContain('the load balancer of somebody');
    await expectClean(rollout, 'ADDRESS_HELD');
  });

  test('27: ended during its boot: EC2’s reason is shown, the secrets are deleted', async () => {
    const rollout = testRollout({ cluster: one(), boot: { how: () => ({ kind: 'hangs', phase: 'clock' }) } });
    rollout.cloud.ec2.onLaunched(({ instanceId }) => {
      void rollout.cloud.clock.sleep(30_000).then(() => rollout.cloud.ec2.interrupt(instanceId, 'spot'));
    });
    const events = await rollout.apply();
    expect(failures(events)).toMatchObject([{ code: 'LAUNCH_ENDED' }]);
    expect(failures(events)[0]?.message).toContain('Server.SpotInstanceTermination');
    await expectClean(rollout, 'LAUNCH_ENDED');
  });

  test('28: no line of the boot program by the deadline', async () => {
    const rollout = testRollout({ cluster: one(), boot: { how: () => ({ kind: 'silent' }) } });
    const events = await rollout.apply({ wait: 'booted' });
    expect(failures(events)).toMatchObject([{ code: 'VERIFY_NO_REPORT' }]);
    expect(failures(events)[0]?.message).toMatch(/has \d+ characters and no line of the boot program within 15 min/);
    await expectClean(rollout, 'VERIFY_NO_REPORT');
    const evidence = await rollout.cloud.store().list('state/from-scratch/evidence/worker-0/');
    expect(evidence).toHaveLength(1);
  });

  test('a boot that fails ends it at once, with the code’s title and the cause', async () => {
    const rollout = testRollout({
      cluster: one(),
      boot: { how: () => ({ kind: 'fails', phase: 'units', code: 'BOOT_UNITS', cause: 'kubelet.service: exit 1' }) },
    });
    const start = rollout.cloud.clock.now();
    const events = await rollout.apply();
    expect(failures(events)[0]).toMatchObject({
      code: 'VERIFY_BOOT_FAILED',
      message: 'worker-0 failed to boot in phase units: BOOT_UNITS: A unit does not start: kubelet.service: exit 1',
    });
    expect(rollout.cloud.clock.now() - start).toBeLessThan(120_000);
    await expectClean(rollout, 'VERIFY_BOOT_FAILED');
  });
});

describe('registration', () => {
  test('37: a stale Node of the name is deleted before the launch, and a new one proves it', async () => {
    const rollout = testRollout({ cluster: one() });
    const stale = rollout.kube.join({
      instanceId: 'i-0dead',
      zone: 'us-east-1a',
      name: 'worker-0',
      ip: '10.0.1.9',
      version: '1.30.0',
      uuid: 'x',
    });
    await applied(rollout);
    const node = await rollout.kube.node('worker-0');
    expect(node?.uid).not.toBe(stale.uid);
    expect((await rollout.record('worker-0'))?.current?.nodeUid).toBe(node?.uid);
  });

  test('39: a kubelet that does not register: the last phase is told', async () => {
    const rollout = testRollout({ cluster: one(), boot: { how: () => ({ kind: 'hangs', phase: 'health' }) } });
    const events = await rollout.apply({ timeout: 300_000 });
    expect(failures(events)[0]).toMatchObject({ code: 'VERIFY_NOT_REGISTERED' });
    expect(failures(events)[0]?.message).toContain('its boot is at health start');
  });

  test('39: an api-server that does not answer the operator: nothing is given up', async () => {
    const rollout = testRollout({ cluster: one() });
    rollout.cloud.ec2.onLaunched(() => {
      rollout.kube.faults.unreachable = true;
    });
    const events = await rollout.apply({ timeout: 300_000 });
    expect(failures(events)).toMatchObject([{ code: 'VERIFY_UNASKED' }]);
    expect((await rollout.record('worker-0'))?.operation).toMatchObject({ failure: null, step: 'await-verified' });
    rollout.kube.faults.unreachable = false;
    expect(outline(await rollout.apply())).toContain('worker-0 launched');
    expect(tagged(rollout, 'worker-0')).toHaveLength(1);
  });

  test('40: Ready must be seen twice', async () => {
    const rollout = testRollout({ cluster: one(), boot: { ready: true } });
    expect(outline(await rollout.apply({ wait: 'ready' }))).toContain('worker-0 launched');
    expect((await rollout.record('worker-0'))?.current?.verified).toBe('ready');
  });

  test('40: never Ready: the kubelet’s own reason', async () => {
    const rollout = testRollout({ cluster: one() });
    const events = await rollout.apply({ wait: 'ready', timeout: 200_000 });
    expect(failures(events)[0]).toMatchObject({ code: 'VERIFY_NOT_READY' });
    expect(failures(events)[0]?.message).toContain('NetworkPluginNotReady');
  });

  test('a kubelet that the api-server does not reach', async () => {
    const rollout = testRollout({ cluster: one() });
    rollout.kube.faults.healthz['worker-0'] = 'error trying to reach service: dial tcp 10.0.1.20:10250: i/o timeout';
    const events = await rollout.apply({ timeout: 200_000 });
    expect(failures(events)[0]).toMatchObject({ code: 'VERIFY_NODE_UNHEALTHY' });
  });
});

describe('replacement', () => {
  const replaced = async (options: Parameters<typeof testRollout>[0] = {}) => {
    const rollout = testRollout({ cluster: one(), ...options });
    await applied(rollout);
    rollout.version = '2';
    return rollout;
  };

  test('41: a budget blocks the drain: uncordoned, nothing terminated, the arithmetic told', async () => {
    const rollout = await replaced();
    rollout.kube.addPod({ name: 'web-0', node: 'worker-0', labels: { app: 'web' } });
    rollout.kube.addBudget({ name: 'web', selector: { app: 'web' }, minAvailable: 1 });
    const events = await rollout.apply();
    expect(failures(events)[0]).toMatchObject({ code: 'DRAIN_FAILED', step: 'drain' });
    expect(failures(events)[0]?.message).toMatch(/default\/web-0 cannot be evicted: PDB default\/web/);
    expect((await rollout.kube.node('worker-0'))?.unschedulable).toBe(false);
    expect(tagged(rollout, 'worker-0')).toMatchObject([{ until: null }]);
  });

  test('41: --ignore-drain-failure goes on all the same, and says so', async () => {
    const rollout = await replaced();
    rollout.kube.addPod({ name: 'bare', node: 'worker-0', controller: undefined });
    const events = await rollout.apply({ ignoreDrainFailure: true });
    expect(outline(events)).toContain('worker-0 replaced');
    expect(events.find(({ kind }) => kind === 'warning')).toMatchObject({
      message: expect.stringContaining('--force'),
    });
  });

  test('44: the new node fails: the roll stops, the others are kept, the next apply tries again', async () => {
    let bad = false;
    const rollout = testRollout({
      boot: {
        how: () => (bad ? { kind: 'fails', phase: 'units', code: 'BOOT_UNITS', cause: 'exit 1' } : { kind: 'works' }),
      },
    });
    await applied(rollout);
    rollout.version = '2';
    bad = true;
    const events = await rollout.apply();
    expect(outline(events).slice(-2)).toEqual([
      'worker-0 FAILED await-verified VERIFY_BOOT_FAILED',
      'stopped: worker-1',
    ]);
    expect(await rollout.staged()).toBe(0);
    bad = false;
    await rollout.cloud.clock.advance(10_000);
    expect(outline(await rollout.apply()).filter(line => line.endsWith('replaced'))).toEqual([
      'worker-0 replaced',
      'worker-1 replaced',
    ]);
    expect(rollout.cloud.violations()).toEqual([]);
  });

  test('without an api-server a node cannot be drained', async () => {
    const rollout = testRollout({ cluster: one(), kube: false });
    await applied(rollout);
    rollout.version = '2';
    await expect(rollout.apply()).rejects.toMatchObject({ code: 'DRAIN_IMPOSSIBLE' });
    expect(outline(await rollout.apply({ ignoreDrainFailure: true }))).toContain('worker-0 replaced');
  });

  test('workers that take over each other’s addresses go in the order in which they are free', async () => {
    const rollout = testRollout();
    await applied(rollout);
    rollout.cluster = exampleCluster(spec => {
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

test('a kept interface gets the security groups of a changed spec', async () => {
  const kept = (group: string) =>
    one(spec => {
      spec.aws.eni = 'keep';
      spec.aws.securityGroups = [group];
    });
  const rollout = testRollout({ cluster: kept('sg-0123456789abcdef0') });
  await applied(rollout);
  const [before] = await rollout.cloud.compute.interfaces('from-scratch');
  rollout.cloud.ec2.add({ securityGroups: ['sg-0fedcba9876543210'] });
  rollout.cluster = kept('sg-0fedcba9876543210');
  expect(outline(await rollout.apply())).toContain('worker-0 replaced');
  const [after] = await rollout.cloud.compute.interfaces('from-scratch');
  expect(after?.interfaceId).toBe(before?.interfaceId);
  expect(after?.securityGroups).toEqual(['sg-0fedcba9876543210']);
});

test('45: destroy leaves nothing but the record with its generation', async () => {
  const rollout = testRollout({
    cluster: one(spec => {
      spec.aws.eni = 'keep';
      spec.aws.terminationProtection = true;
    }),
  });
  await applied(rollout);
  const events = await rollout.apply({}, { kind: 'retire', workers: new Set(['worker-0']) });
  expect(outline(events).at(-1)).toBe('worker-0 retired');
  await rollout.cloud.clock.advance(10_000);
  expect(await rollout.kube.nodes()).toEqual([]);
  expect(await rollout.cloud.compute.interfaces('from-scratch')).toEqual([]);
  expect(await rollout.record('worker-0')).toMatchObject({ generation: 1, current: null, operation: null });
  // Another launch of the name uses another generation, and so another token.
  expect(outline(await rollout.apply())).toContain('worker-0 launched');
  expect(await rollout.record('worker-0')).toMatchObject({ generation: 2 });
});
