import { expect, test } from 'vitest';
import { applied, outline, testRollout } from '../support/rollout.ts';

const only = (lines: readonly string[], worker: string) => lines.filter(line => line.startsWith(worker));

test('a launch: every step in order, the secrets gone, the record closed', async () => {
  const rollout = testRollout();
  const events = await rollout.apply();
  expect(only(outline(events), 'worker-0')).toEqual([
    'worker-0 delete-node',
    'worker-0 stage',
    'worker-0 launch',
    'worker-0 await-running',
    'worker-0 await-verified',
    'worker-0 delete-secrets',
    'worker-0 launched',
  ]);
  expect(await rollout.staged()).toBe(0);
  const record = await rollout.record('worker-0');
  expect(record).toMatchObject({
    generation: 1,
    operation: null,
    current: { verified: 'registered', secretsDeleted: true },
  });
  expect((await rollout.plan()).actions.map(({ kind }) => kind)).toEqual(['keep', 'keep']);
  expect(rollout.cloud.violations()).toEqual([]);
});

test('a replacement: the same name and address on a new instance, with a new Node', async () => {
  const rollout = testRollout();
  await applied(rollout);
  const before = await rollout.record('worker-0');
  rollout.version = '2';
  const events = await rollout.apply();
  expect(only(outline(events), 'worker-0')).toEqual([
    'worker-0 reserve',
    'worker-0 cordon',
    'worker-0 drain',
    'worker-0 terminate',
    'worker-0 await-terminated',
    'worker-0 delete-node',
    'worker-0 stage',
    'worker-0 launch',
    'worker-0 await-running',
    'worker-0 await-verified',
    'worker-0 uncordon',
    'worker-0 delete-secrets',
    'worker-0 release',
    'worker-0 replaced',
  ]);
  const after = await rollout.record('worker-0');
  expect(after?.current?.nodeUid).not.toBe(before?.current?.nodeUid);
  expect(after?.current?.generation).toBe(2);
  expect(await rollout.staged()).toBe(0);
  await rollout.cloud.clock.advance(10_000);
  expect((await rollout.cloud.compute.reservations('from-scratch')).filter(({ state }) => state === 'active')).toEqual(
    [],
  );
  expect(rollout.cloud.violations()).toEqual([]);
  expect((await rollout.kube.nodes()).map(({ name, unschedulable }) => [name, unschedulable])).toEqual([
    ['worker-0', false],
    ['worker-1', false],
  ]);
});
