import { expect, test } from 'vitest';
import { codeIn, expectText } from './texts.ts';
import { type FailureWorld, failureWorld } from './world.ts';

const applying = ['apply', '--wait', 'booted', '--yes'];

/** Tells it in words (the golden text) and as one JSON document. */
async function expectRefusal(
  world: FailureWorld,
  name: string,
  argv: readonly string[],
  [exit, code]: readonly [number, string],
): Promise<void> {
  const told = await world.run(...argv);
  await expectText(name, argv, told);
  const again = await world.run(...argv, '--json');
  expect([told.code, again.code, codeIn(again)], name).toEqual([exit, exit, code]);
}

test('19: two operators; whose lock it is, resuming by run ID, unlocking by lock ID', async () => {
  const world = await failureWorld();
  const lock = {
    version: 1,
    id: '1b2c3d4e5f60',
    run: 'github-4711',
    holder: 'ada@build-7',
    since: '2026-11-25T02:11:09.000Z',
    command: 'apply',
  };
  const key = 'state/from-scratch/lock.json';
  const hold = () => world.cloud.store().put({ key, bytes: Buffer.from(JSON.stringify(lock)) });
  await hold();
  const held = [1, 'LOCK_HELD'] as const;
  await expectRefusal(world, '19-lock-held', applying, held);
  await expectRefusal(world, '19-lock-held-after-waiting', [...applying, '--lock-timeout', '20s'], held);
  await expectRefusal(world, '19-lock-held-for-stage', ['stage'], held);
  await expectRefusal(world, '19-lock-held-for-gc', ['gc', '--yes'], held);
  await expectRefusal(world, '19-unlock-another', ['unlock', '000000000000', '--yes'], [1, 'LOCK_NOT_FOUND']);
  await expectRefusal(world, '19-unlock-unasked', ['unlock', lock.id], [2, 'USAGE']);
  const unlocked = await world.run('unlock', lock.id, '--yes');
  await expectText('19-unlock', ['unlock', lock.id, '--yes'], unlocked);
  await expectRefusal(world, '19-unlock-nothing', ['unlock', lock.id, '--yes'], [1, 'LOCK_NOT_FOUND']);
  await world.cloud.store().put({ key, bytes: Buffer.from('{"id":') });
  await expectRefusal(world, '19-lock-unreadable', applying, [1, 'LOCK_UNREADABLE']);
  await world.cloud.store().remove(await world.cloud.store().versions(key));
  await hold();
  const resumed = await world.run(...applying, '--run-id', lock.run);
  expect([resumed.code, resumed.err]).toEqual([0, expect.stringContaining(`lock ${lock.id} taken up again`)]);
  expect(await world.cloud.store().get(key)).toBeUndefined();
});

test('20: what was tampered with in the bucket is not staged over, and no instance is launched for it', async () => {
  const world = await failureWorld();
  await world.run('stage');
  const [object] = await world.cloud.store().list('secrets/');
  await world.cloud.store().put({ key: object?.key ?? '', bytes: Buffer.from('tampered with') });
  await expectRefusal(world, '20-tampered-before-launch', ['stage'], [1, 'STAGE_OBJECT_DIFFERS']);
  const told = await world.run(...applying);
  await expectText('20-tampered-before-launch-apply', applying, told);
  expect(world.cloud.ec2.callCounts().RunInstances).toBeUndefined();
});

test('without a kubeconfig, a terminal or a sense', async () => {
  const world = await failureWorld();
  const usage = [2, 'USAGE'] as const;
  await expectRefusal(world, 'no-kubeconfig', ['apply', '--yes'], usage);
  await expectRefusal(world, 'nobody-to-ask', ['apply', '--wait', 'booted'], usage);
  await expectRefusal(world, 'no-such-time', [...applying, '--timeout', 'soon'], usage);
  await expectRefusal(world, 'no-such-wait', ['apply', '--wait', 'bootd'], usage);
  await expectRefusal(world, 'replace-unknown', ['replace', 'worker-7', '--wait', 'booted', '--yes'], usage);
  await expectRefusal(world, 'destroy-unknown', ['destroy', 'worker-7', '--yes'], usage);
  await expectRefusal(world, 'stage-unknown', ['stage', '--worker', 'worker-7'], usage);
  world.folder.write('broken.kubeconfig', 'clusters: [');
  const broken = ['apply', '--yes', '--kubeconfig', 'broken.kubeconfig'];
  await expectRefusal(world, 'kubeconfig-broken', broken, [1, 'KUBE_CONFIG_BROKEN']);
  const missing = ['apply', '--yes', '--kubeconfig', 'missing.kubeconfig'];
  await expectRefusal(world, 'kubeconfig-missing', missing, [1, 'KUBE_CONFIG_NOT_READ']);
  expect(await world.cloud.store().list('')).toEqual([]);
});

test('a plan’s file that is missing, damaged, of another cluster or version, or out of date', async () => {
  const world = await failureWorld();
  const invalid = [1, 'PLAN_FILE_INVALID'] as const;
  await world.run('plan', '--out', 'plan.json');
  const plan = JSON.parse(world.folder.read('plan.json'));
  const files = {
    damaged: world.folder.read('plan.json').slice(0, 40),
    'of-another-cluster': JSON.stringify({ ...plan, cluster: 'staging' }),
    'of-the-future': JSON.stringify({ ...plan, version: 2 }),
    'of-something-else': '[]',
  };
  for (const [name, text] of Object.entries(files)) {
    world.folder.write(`${name}.json`, text);
    await expectRefusal(world, `plan-${name}`, [...applying, `${name}.json`], invalid);
  }
  await expectRefusal(world, 'plan-missing', [...applying, 'none.json'], [1, 'FILE_NOT_READ']);
  expect((await world.run(...applying, 'plan.json')).code).toBe(0);
  await expectRefusal(world, 'plan-out-of-date', [...applying, 'plan.json'], [1, 'PLAN_MOVED']);
  const replacing = ['replace', 'worker-0', '--wait', 'booted', '--yes'];
  await expectRefusal(world, 'replace-without-kubeconfig', replacing, [1, 'DRAIN_IMPOSSIBLE']);
  await expectRefusal(world, 'destroy-without-kubeconfig', ['destroy', '--yes'], [1, 'DRAIN_IMPOSSIBLE']);
  expect(world.cloud.ec2.machines()).toHaveLength(1);
});

test('24, 25: a lost journal and a token whose instance is terminated end in one instance', async () => {
  const world = await failureWorld();
  world.cloud.fault('RunInstances@1=lost');
  expect((await world.run(...applying)).code).toBe(0);
  const forget = async () => {
    const store = world.cloud.store();
    await store.remove(await store.versions('state/from-scratch/workers/'));
  };
  await forget();
  await expectText('25-journal-lost', ['plan'], await world.run('plan'));
  const [machine] = world.cloud.ec2.machines();
  await world.cloud.compute.terminate(machine?.instanceId ?? '');
  await world.clock.sleep(90_000);
  expect((await world.run(...applying)).code).toBe(0);
  // The token of the first generation now stands for another request, too.
  await forget();
  world.folder.spec(spec => {
    spec.kubelet = { config: { maxPods: 42 } };
  });
  expect((await world.run(...applying, '--ignore-drain-failure')).code).toBe(0);
  expect(world.cloud.ec2.machines()).toHaveLength(1);
  expect([world.cloud.violations(), await world.staged()]).toEqual([[], 0]);
});

test('45: secrets that are left are shown and swept; a second instance is an error, and nothing is applied', async () => {
  const world = await failureWorld();
  await world.run(...applying);
  for (const worker of ['worker-0', 'worker-9'])
    await world.cloud.store().put({ key: `secrets/from-scratch/${worker}/left.tar`, bytes: Buffer.from('left') });
  await expectText('45-secrets-left', ['status'], await world.run('status'));
  await expectRefusal(world, '45-gc-unasked', ['gc'], [2, 'USAGE']);
  await expectText('45-gc', ['gc', '--yes'], await world.run('gc', '--yes'));
  expect(await world.staged()).toBe(0);
  const [machine] = world.cloud.ec2.machines();
  const request = world.cloud.ec2.calls.launchedAs(machine?.instanceId ?? '')?.request;
  if (!request) throw new Error('nothing runs');
  const network = { kind: 'address', privateIp: '10.0.1.99', securityGroups: ['sg-0123456789abcdef0'] } as const;
  await world.cloud.compute.launch({ ...request, clientToken: 'by-hand', network });
  await world.clock.sleep(60_000);
  const status = await world.run('status');
  await expectText('45-two-instances', ['status'], status);
  expect([status.code, codeIn(await world.run('status', '--json'))]).toEqual([1, 'error']);
  await expectRefusal(world, '45-two-instances-apply', applying, [1, 'PLAN_TWO_INSTANCES']);
});

test('45: a proven node stays when its secrets cannot be deleted, and the next apply deletes them', async () => {
  const world = await failureWorld();
  world.cloud.fault('DeleteObjects@1=AccessDenied');
  const argv = [...applying, '--run-id', 'ci-1'];
  const told = await world.run(...argv);
  await expectText('45-secrets-not-deleted', argv, told);
  expect([told.code, await world.staged(), world.cloud.ec2.machines().length]).toEqual([1, 1, 1]);
  const [machine] = world.cloud.ec2.machines();
  await expectText('45-secrets-not-deleted-status', ['status'], await world.run('status'));
  expect((await world.run(...applying)).code).toBe(0);
  expect(world.cloud.ec2.machines().map(one => one.instanceId)).toEqual([machine?.instanceId]);
  expect(await world.staged()).toBe(0);
});

test('a lock that cannot be given back is told beside what was done, and the same run takes it up again', async () => {
  const world = await failureWorld();
  world.cloud.fault('DeleteObjects=AccessDenied');
  const argv = ['apply', '--wait', 'none', '--yes', '--run-id', 'ci-1'];
  const told = await world.run(...argv);
  expect([told.code, told.out], told.err).toEqual([0, '1 launched.\n']);
  const [, id] = / lock ([0-9a-f]{12}) taken/.exec(told.err) ?? [];
  expect(told.err).toMatch(new RegExp(`warning: lock ${id} could not be given back: .*firstboot unlock ${id}`));
  world.mend();
  expect((await world.run('gc', '--yes', '--run-id', 'ci-2')).err).toContain('LOCK_HELD');
  expect((await world.run('gc', '--yes', '--run-id', 'ci-1')).code).toBe(0);
  expect(await world.cloud.store().get('state/from-scratch/lock.json')).toBeUndefined();
});
