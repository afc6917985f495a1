import { expect, test } from 'vitest';
import { bootInstances } from '../support/booting.ts';
import { launchRequest, testCloud, testPace } from '../support/cloud.ts';
import { outcome, refusal } from './refusals.ts';

test('pending, running, shutting-down, terminated, gone; each seen a little late', async () => {
  const cloud = testCloud();
  const { compute, clock, ec2 } = cloud;
  const { instanceId, state } = await compute.launch(launchRequest(cloud));
  expect(state).toBe('pending');
  const seen: (string | undefined)[] = [];
  const look = async (after: number) => {
    await clock.advance(after);
    seen.push((await compute.instance(instanceId))?.state);
  };
  await look(0);
  await look(testPace.describeLag);
  await look(testPace.pendingFor);
  await compute.terminate(instanceId);
  await look(0);
  await look(testPace.describeLag);
  await look(testPace.shuttingDownFor);
  await look(testPace.terminatedShownFor - 1);
  await look(1);
  expect(seen).toEqual([
    undefined,
    'pending',
    'running',
    'running',
    'shutting-down',
    'terminated',
    'terminated',
    undefined,
  ]);
  expect(ec2.machines()).toEqual([]);
  expect(cloud.violations()).toEqual([]);
});

test('what Describe shows of an instance', async () => {
  const cloud = testCloud();
  const { compute, clock } = cloud;
  const request = launchRequest(cloud, { spot: true });
  const launchTime = clock.now();
  const { instanceId } = await compute.launch(request);
  await clock.advance(60_000);
  const running = await compute.instance(instanceId);
  expect(running).toMatchObject({
    state: 'running',
    stateReason: undefined,
    launchTime,
    imageId: request.imageId,
    instanceType: 't3.medium',
    arch: 'amd64',
    subnetId: 'subnet-0123456789abcdef0',
    zone: 'us-east-1a',
    privateIp: '10.0.1.20',
    clientToken: request.clientToken,
    spot: true,
    tags: request.tags,
  });
  expect(running?.interfaceIds).toEqual([expect.stringMatching(/^eni-[0-9a-f]{17}$/)]);
  await compute.terminate(instanceId);
  await clock.advance(60_000);
  expect(await compute.instance(instanceId)).toMatchObject({
    state: 'terminated',
    stateReason: { code: 'Client.UserInitiatedShutdown' },
    privateIp: undefined,
    subnetId: undefined,
    interfaceIds: [],
    tags: request.tags,
  });
});

test('instances of another cluster are not listed; terminated ones are', async () => {
  const cloud = testCloud();
  const { compute, clock } = cloud;
  await compute.launch(launchRequest(cloud));
  const other = launchRequest(cloud, { tags: { 'firstboot:cluster': 'other' } }, 'worker-1');
  const { instanceId } = await compute.launch(other);
  expect(await compute.instances('other')).toEqual([]);
  await clock.advance(10_000);
  await compute.terminate(instanceId);
  await clock.advance(60_000);
  expect((await compute.instances('other')).map(({ state }) => state)).toEqual(['terminated']);
  expect((await compute.instances('from-scratch')).map(({ privateIp }) => privateIp)).toEqual(['10.0.1.20']);
});

test('an instance that is not known yet can be neither changed nor ended; later it can, and again', async () => {
  const cloud = testCloud();
  const { compute, clock } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud));
  const calls = () => [
    compute.tag([instanceId], { a: 'b' }),
    compute.setTerminationProtection(instanceId, false),
    compute.consoleOutput(instanceId),
    compute.terminate(instanceId),
    compute.terminate(instanceId),
  ];
  expect(await Promise.all(calls().map(outcome))).toEqual(Array(5).fill('InvalidInstanceID.NotFound'));
  await clock.advance(testPace.describeLag);
  expect(await Promise.all(calls().map(outcome))).toEqual(Array(5).fill('ok'));
  await clock.advance(testPace.shuttingDownFor);
  expect(await outcome(compute.terminate(instanceId))).toBe('ok');
  expect(await outcome(compute.setTerminationProtection(instanceId, true))).toBe('IncorrectInstanceState');
});

test.each([
  ['i-0123456789abcdef0', 'InvalidInstanceID.NotFound'],
  ['i-0123', 'InvalidInstanceID.Malformed'],
  ['worker-0', 'InvalidInstanceID.Malformed'],
])('the ID %s: %s', async (id, code) => {
  const { compute } = testCloud();
  expect(await outcome(compute.terminate(id))).toBe(code);
  expect(await outcome(compute.consoleOutput(id))).toBe(code);
});

test('a protected instance is not terminated until the protection is taken away', async () => {
  const cloud = testCloud();
  const { compute, clock } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud, { terminationProtection: true }));
  await clock.advance(10_000);
  expect((await refusal(compute.terminate(instanceId))).message).toContain('disableApiTermination');
  expect((await compute.instance(instanceId))?.state).toBe('running');
  await compute.setTerminationProtection(instanceId, false);
  expect(await outcome(compute.terminate(instanceId))).toBe('ok');
});

test.each([
  ['spot', 'terminated', 'Server.SpotInstanceTermination', testPace.shuttingDownFor],
  ['host', 'terminated', 'Server.InternalError', testPace.shuttingDownFor],
  ['launch', 'terminated', 'Server.InternalError', 0],
  ['key', 'terminated', 'Client.InternalError', 0],
  ['shutdown', 'stopped', 'Client.InstanceInitiatedShutdown', testPace.shuttingDownFor],
] as const)('%s: %s by %s', async (why, state, code, after) => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { compute, clock, ec2 } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud));
  const ended: string[] = [];
  ec2.onTerminated(id => ended.push(id));
  ec2.interrupt(instanceId, why);
  await clock.advance(after);
  expect(await compute.instance(instanceId)).toMatchObject({ state, stateReason: { code } });
  expect(ended).toEqual([instanceId]);
});

test('a stopped instance holds its address until it is terminated, and then is so at once', async () => {
  const cloud = testCloud({ pace: { describeLag: 0, interfaceHeldFor: 0 } });
  const { compute, clock, ec2 } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud));
  ec2.interrupt(instanceId, 'shutdown');
  await clock.advance(3_600_000);
  const again = launchRequest(cloud, { clientToken: 'again' });
  expect(await outcome(compute.launch(again))).toBe('InvalidIPAddress.InUse');
  await compute.terminate(instanceId);
  expect((await compute.instance(instanceId))?.state).toBe('terminated');
  expect(await outcome(compute.launch(again))).toBe('ok');
});

test('of the console the last 64 KB are kept', async () => {
  const cloud = testCloud();
  const { compute, clock, ec2 } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud));
  await clock.advance(10_000);
  expect(await compute.consoleOutput(instanceId)).toBeUndefined();
  ec2.setConsole(instanceId, `${'a'.repeat(10)}${'b'.repeat(65_535)}c`);
  const text = await compute.consoleOutput(instanceId);
  expect([text?.length, text?.startsWith('b'), text?.endsWith('c')]).toEqual([65_536, true, true]);
});

test('roles: one a live instance, renewed before it expires, valid until then, never in a snapshot', async () => {
  const cloud = testCloud();
  const { compute, clock, ec2 } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud));
  const [first] = ec2.roles();
  expect(first).toMatchObject({ instanceId, expires: clock.now() + 6 * 3_600_000 });
  expect(ec2.machines()[0]?.role).toEqual(first);
  await clock.advance(6 * 3_600_000 - 60_000);
  expect(ec2.roles()).toHaveLength(2);
  expect(ec2.machines()[0]?.role).not.toEqual(first);
  await clock.advance(60_000);
  expect(ec2.roles()).not.toContainEqual(first);
  expect(JSON.stringify(ec2.snapshot())).not.toMatch(/ASIA|secretAccessKey/);
  await compute.terminate(instanceId);
  await clock.advance(60_000);
  expect(ec2.roles()).toEqual([]);
});

test('a saved state goes on by the clock: transitions, tokens, tags, addresses', async () => {
  const cloud = testCloud();
  const { clock } = cloud;
  const request = launchRequest(cloud);
  const { instanceId } = await cloud.compute.launch(request);
  await clock.advance(10_000);
  await cloud.compute.terminate(instanceId);
  const saved = JSON.parse(JSON.stringify(cloud.ec2.snapshot()));
  const restarted = testCloud({ saved, clock });
  const { compute, ec2 } = restarted;
  const [machine] = ec2.machines();
  expect(machine).toMatchObject({ instanceId, privateIp: '10.0.1.20' });
  expect(Buffer.from(machine?.userData ?? []).equals(request.userData)).toBe(true);
  expect((await compute.launch(request)).instanceId).toBe(instanceId);
  expect(await outcome(compute.launch({ ...request, clientToken: 'other' }))).toBe('InvalidIPAddress.InUse');
  await clock.advance(testPace.shuttingDownFor + testPace.describeLag);
  expect(await compute.instance(instanceId)).toMatchObject({ state: 'terminated', tags: request.tags });
  await clock.advance(2000);
  expect((await compute.launch({ ...request, clientToken: 'other' })).instanceId).not.toBe(instanceId);
  expect(restarted.violations()).toEqual([]);
});

test('machines are told of as they come and go', async () => {
  const cloud = testCloud();
  const { compute, clock, ec2 } = cloud;
  const told: string[] = [];
  ec2.onLaunched(({ instanceId }) => told.push(`+${instanceId}`));
  ec2.onTerminated(instanceId => told.push(`-${instanceId}`));
  const { instanceId } = await compute.launch(launchRequest(cloud));
  await compute.launch(launchRequest(cloud));
  await clock.advance(10_000);
  await compute.terminate(instanceId);
  await compute.terminate(instanceId);
  ec2.interrupt(instanceId, 'host');
  expect(told).toEqual([`+${instanceId}`, `-${instanceId}`]);
});

test('an image that knows nothing of cloud-init says nothing of ours', async () => {
  const cloud = testCloud();
  bootInstances(cloud);
  const { instanceId } = await cloud.compute.launch(launchRequest(cloud));
  await cloud.clock.advance(3_600_000);
  expect(await cloud.compute.consoleOutput(instanceId)).toMatch(/^\[ +0\.000000] Linux version \S+\n$/);
});
