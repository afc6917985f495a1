import { expect, test } from 'vitest';
import { collect } from '../../src/rollout/gc.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import { applied, defaultOptions, fleet, outline, type TestRollout, testRollout } from '../support/rollout.ts';

const yes = async () => true;
const gc = (rollout: TestRollout) => collect(rollout.world, defaultOptions(true), yes);
const namesOf = (report: Awaited<ReturnType<typeof gc>>) => report?.removed.map(({ kind, name }) => `${kind} ${name}`);

test('a launch that was not waited for is settled by gc once it is proven, and not before', async () => {
  const rollout = testRollout({ cluster: fleet(1) });
  await rollout.apply({ wait: 'none' });
  expect(await rollout.staged()).toBe(1);
  const early = await gc(rollout);
  expect(early).toMatchObject({ removed: [], settled: [] });
  expect(early?.warnings).toMatchObject([expect.stringContaining('not proven yet')]);
  await rollout.cloud.clock.advance(300_000);
  expect(await gc(rollout)).toMatchObject({ settled: ['worker-0'] });
  expect(await rollout.staged()).toBe(0);
  expect((await rollout.record('worker-0'))?.current).toMatchObject({ verified: 'registered', secretsDeleted: true });
});

test('…or by the next apply', async () => {
  const rollout = testRollout({ cluster: fleet(1), kube: false });
  await rollout.apply({ wait: 'none' });
  await rollout.cloud.clock.advance(300_000);
  expect(outline(await rollout.apply())).toEqual([]);
  expect((await rollout.record('worker-0'))?.current).toMatchObject({ verified: 'booted', secretsDeleted: true });
  expect(await rollout.staged()).toBe(0);
});

test('one that failed is told, with what to do', async () => {
  const rollout = testRollout({
    cluster: fleet(1),
    boot: { how: () => ({ kind: 'fails', phase: 'units', code: 'BOOT_UNITS', cause: 'exit 1' }) },
  });
  await rollout.apply({ wait: 'none' });
  await rollout.cloud.clock.advance(300_000);
  expect((await gc(rollout))?.warnings[0]).toMatch(/BOOT_UNITS.*firstboot replace worker-0/);
});

test('one whose instance has ended needs its secrets no more', async () => {
  const rollout = testRollout({ cluster: fleet(1), boot: { how: () => ({ kind: 'silent' }) } });
  rollout.cloud.ec2.onLaunched(({ instanceId }) => {
    void rollout.cloud.clock.sleep(20_000).then(() => rollout.cloud.ec2.interrupt(instanceId, 'spot'));
  });
  await rollout.apply({ wait: 'none' });
  await rollout.cloud.clock.advance(120_000);
  await gc(rollout);
  expect(await rollout.staged()).toBe(0);
});

test('what nothing needs is removed: reservations, interfaces, secrets and copies of user-data', async () => {
  const rollout = testRollout({ cluster: fleet(2) });
  await applied(rollout);
  const { compute, clock } = rollout.cloud;
  const store = rollout.cloud.store();
  const keys = stateKeys(rollout.cluster);
  const tags = { 'firstboot:cluster': 'from-scratch', 'firstboot:worker': 'worker-9' };
  const { reservationId } = await compute.reserveCapacity({
    clientToken: 'left',
    instanceType: 't3.medium',
    zone: 'us-east-1a',
    ends: clock.now() + 30 * 24 * 3_600_000,
    tags,
  });
  const { interfaceId } = await compute.createInterface({
    clientToken: 'left',
    subnetId: rollout.cluster.workers[0]?.launch.subnet ?? '',
    privateIp: '10.0.1.99',
    securityGroups: rollout.cluster.workers[0]?.launch.securityGroups ?? [],
    description: '',
    tags,
  });
  await store.put({ key: `${keys.secrets}worker-9/x.tar`, bytes: new Uint8Array(3) });
  await store.put({ key: keys.userData('0'.repeat(64)), bytes: new Uint8Array(3) });
  await clock.advance(8 * 24 * 3_600_000);
  expect(namesOf(await gc(rollout))?.sort()).toEqual([
    `interface ${interfaceId}`,
    `reservation ${reservationId}`,
    'secrets worker-9',
    `user-data ${keys.userData('0'.repeat(64))}`,
  ]);
  await clock.advance(10_000);
  expect(namesOf(await gc(rollout))).toEqual([]);
  // What runs can still be looked up.
  expect(await store.list(keys.userData(''))).toHaveLength(2);
});

test('nothing is removed when the answer is no', async () => {
  const rollout = testRollout({ cluster: fleet(1) });
  const store = rollout.cloud.store();
  await store.put({ key: `${stateKeys(rollout.cluster).secrets}worker-9/x.tar`, bytes: new Uint8Array(3) });
  expect(await collect(rollout.world, defaultOptions(true), async () => false)).toBeUndefined();
  expect(await rollout.staged()).toBe(1);
});

test('the archive of an operation that was cut off, and one staged for a launch to come, stay', async () => {
  const rollout = testRollout({ cluster: fleet(1) });
  const controller = new AbortController();
  rollout.cloud.ec2.onLaunched(() => controller.abort(new Error('Ctrl-C')));
  expect(outline(await rollout.apply({}, undefined, controller.signal)).at(-1)).toBe('stopped: worker-0');
  expect(await rollout.staged()).toBe(1);
  expect(namesOf(await gc(rollout))).toEqual([]);
  expect(outline(await rollout.apply())).toContain('worker-0 launched');
});
