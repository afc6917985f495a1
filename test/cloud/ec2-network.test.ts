import { expect, test } from 'vitest';
import type { InterfaceRequest } from '../../src/ports/compute.ts';
import { launchRequest, type TestCloud, testCloud, testPace } from '../support/cloud.ts';
import { outcome, refusal } from './refusals.ts';

const subnetId = 'subnet-0123456789abcdef0';
const heldFor = 2000;

function interfaceRequest(change: Partial<InterfaceRequest> = {}): InterfaceRequest {
  return {
    clientToken: 'interface-of-worker-0',
    subnetId,
    privateIp: '10.0.1.20',
    securityGroups: ['sg-0123456789abcdef0'],
    description: 'worker-0 of from-scratch',
    tags: { 'firstboot:cluster': 'from-scratch', 'firstboot:worker': 'worker-0' },
    ...change,
  };
}

function withInterface(cloud: TestCloud, interfaceId: string, clientToken: string) {
  return launchRequest(cloud, { clientToken, network: { kind: 'interface', interfaceId } });
}

test('an address is in use until its instance is terminated and the interface gone', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { compute, clock } = cloud;
  const { instanceId } = await compute.launch(launchRequest(cloud));
  const next = launchRequest(cloud, { clientToken: 'next' });
  const seen: string[] = [];
  const look = async (after: number) => {
    await clock.advance(after);
    const holder = await compute.interfaceAt(subnetId, '10.0.1.20');
    seen.push(`${await outcome(compute.tryLaunch(next))} ${holder?.status}`);
  };
  await look(20_000);
  await compute.terminate(instanceId);
  await look(testPace.shuttingDownFor - 1);
  await look(1);
  await look(heldFor);
  const inUse = 'InvalidIPAddress.InUse in-use';
  expect(seen).toEqual([inUse, inUse, inUse, 'ok undefined']);
  await compute.launch(next);
  expect(cloud.violations()).toEqual([]);
});

test('the refusal names the address; the interface names its instance', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { instanceId, interfaceIds } = await cloud.compute.launch(launchRequest(cloud));
  const next = launchRequest(cloud, { clientToken: 'next' });
  expect((await refusal(cloud.compute.launch(next))).message).toBe('Address 10.0.1.20 is in use.');
  expect(await cloud.compute.interfaceAt(subnetId, '10.0.1.20')).toMatchObject({
    interfaceId: interfaceIds[0],
    instanceId,
    tags: { 'firstboot:worker': 'worker-0' },
  });
});

test('a kept interface: made, attached, detached by the end of its instance, attached again, deleted', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  const { compute, clock } = cloud;
  const made = await compute.createInterface(interfaceRequest());
  expect(made).toMatchObject({ status: 'pending', instanceId: undefined, description: 'worker-0 of from-scratch' });
  const { interfaceId } = made;
  const status = async () => (await compute.interfaces('from-scratch'))[0]?.status;
  expect(await status()).toBe('available');
  const first = await compute.launch(withInterface(cloud, interfaceId, 'first'));
  expect(first).toMatchObject({ privateIp: '10.0.1.20', interfaceIds: [interfaceId] });
  expect(await status()).toBe('in-use');
  expect(await outcome(compute.deleteInterface(interfaceId))).toBe('InvalidParameterValue');
  expect(await outcome(compute.launch(withInterface(cloud, interfaceId, 'second')))).toBe(
    'InvalidNetworkInterface.InUse',
  );
  await compute.terminate(first.instanceId);
  await clock.advance(testPace.shuttingDownFor);
  expect(await outcome(compute.launch(withInterface(cloud, interfaceId, 'second')))).toBe(
    'InvalidNetworkInterface.InUse',
  );
  await clock.advance(heldFor);
  expect(await status()).toBe('available');
  const second = await compute.launch(withInterface(cloud, interfaceId, 'second'));
  expect(second.privateIp).toBe('10.0.1.20');
  await compute.terminate(second.instanceId);
  await clock.advance(60_000);
  await compute.deleteInterface(interfaceId);
  await compute.deleteInterface(interfaceId);
  expect(await compute.interfaces('from-scratch')).toEqual([]);
  expect(cloud.violations()).toEqual([]);
});

test('the token of an interface: the same again, another request refused, forgotten with the interface', async () => {
  const { compute } = testCloud();
  const { interfaceId } = await compute.createInterface(interfaceRequest());
  expect((await compute.createInterface(interfaceRequest())).interfaceId).toBe(interfaceId);
  const other = interfaceRequest({ description: 'other' });
  expect(await outcome(compute.createInterface(other))).toBe('IdempotentParameterMismatch');
  await compute.deleteInterface(interfaceId);
  expect((await compute.createInterface(interfaceRequest())).interfaceId).not.toBe(interfaceId);
});

test.each([
  [{ privateIp: '10.0.1.2' }, 'InvalidParameterValue'],
  [{ privateIp: '10.9.9.9' }, 'InvalidParameterValue'],
  [{ subnetId: 'subnet-00000000' }, 'InvalidSubnetID.NotFound'],
  [{ securityGroups: ['sg-00000000'] }, 'InvalidGroup.NotFound'],
  [{ tags: { 'aws:x': '' } }, 'InvalidParameterValue'],
])('an interface with %o: %s', async (change, code) => {
  expect(await outcome(testCloud().compute.createInterface(interfaceRequest(change)))).toBe(code);
});

test('a kept interface holds its address without an instance, and is seen and usable a little late', async () => {
  const cloud = testCloud();
  const { compute, clock } = cloud;
  const { interfaceId } = await compute.createInterface(interfaceRequest());
  expect(await compute.interfaces('from-scratch')).toEqual([]);
  expect(await outcome(compute.launch(withInterface(cloud, interfaceId, 'x')))).toBe(
    'InvalidNetworkInterfaceID.NotFound',
  );
  expect(await outcome(compute.launch(launchRequest(cloud)))).toBe('InvalidIPAddress.InUse');
  await clock.advance(testPace.describeLag);
  expect(await outcome(compute.launch(withInterface(cloud, interfaceId, 'x')))).toBe('ok');
});

test('an interface of another subnet is not attached', async () => {
  const cloud = testCloud({ pace: { describeLag: 0 } });
  cloud.ec2.add({ subnets: [{ subnetId: 'subnet-11111111', vpcId: 'v', zone: 'us-east-1b', cidr: '10.0.2.0/24' }] });
  const request = interfaceRequest({ subnetId: 'subnet-11111111', privateIp: '10.0.2.20' });
  const { interfaceId } = await cloud.compute.createInterface(request);
  expect(await outcome(cloud.compute.launch(withInterface(cloud, interfaceId, 'x')))).toBe(
    'InvalidParameterCombination',
  );
});

test('tags on instance, volume and interface: merged, seen a little late, refused as a whole', async () => {
  const cloud = testCloud();
  const { compute, clock, ec2 } = cloud;
  const { instanceId, interfaceIds } = await compute.launch(launchRequest(cloud));
  const { volumeId = '' } = ec2.calls.launchedAs(instanceId) ?? {};
  const ids = [instanceId, volumeId, ...interfaceIds];
  await clock.advance(10_000);
  await compute.tag(ids, { 'firstboot:fingerprint': 'abc', Name: 'other' });
  const tags = async () => [
    (await compute.instance(instanceId))?.tags,
    (await ec2.calls.describeVolumes())[0]?.tags,
    (await compute.interfaceAt(subnetId, '10.0.1.20'))?.tags,
  ];
  const before = { Name: 'worker-0', 'firstboot:cluster': 'from-scratch', 'firstboot:worker': 'worker-0' };
  expect(await tags()).toEqual(Array(3).fill(before));
  await clock.advance(testPace.describeLag);
  const after = { ...before, 'firstboot:fingerprint': 'abc', Name: 'other' };
  expect(await tags()).toEqual(Array(3).fill(after));
  const many = Object.fromEntries(Array.from({ length: 47 }, (_, index) => [`t${index}`, '']));
  expect(await outcome(compute.tag(ids, many))).toBe('TagLimitExceeded');
  expect(await outcome(compute.tag([instanceId, 'vol-00000000'], { x: '' }))).toBe('InvalidVolume.NotFound');
  expect(await outcome(compute.tag([instanceId, 'eni-00000000'], { x: '' }))).toBe(
    'InvalidNetworkInterfaceID.NotFound',
  );
  await clock.advance(testPace.describeLag);
  expect(await tags()).toEqual(Array(3).fill(after));
});

test('tags set many times at once are never shown as none', async () => {
  const cloud = testCloud();
  const { instanceId } = await cloud.compute.launch(launchRequest(cloud));
  await cloud.clock.advance(10_000);
  for (let index = 0; index < 20; index++) await cloud.compute.tag([instanceId], { a: String(index) });
  expect((await cloud.compute.instance(instanceId))?.tags).toMatchObject({ 'firstboot:worker': 'worker-0' });
});

test('subnets, images, types, the caller', async () => {
  const { compute, ec2, cluster } = testCloud();
  expect(await compute.caller()).toEqual({ accountId: '123456789012', arn: 'arn:aws:iam::123456789012:user/operator' });
  expect(await compute.subnet(subnetId)).toEqual({
    subnetId,
    vpcId: 'vpc-0123456789abcdef0',
    zone: 'us-east-1a',
    cidr: '10.0.1.0/24',
    freeAddresses: 251,
  });
  const image = await compute.image(cluster.aws.image.amd64 ?? '');
  expect(image).toMatchObject({ arch: 'amd64', rootDevice: '/dev/sda1', rootSize: 8 });
  expect(await compute.image(image.imageId)).toEqual(image);
  expect(await compute.instanceTypes(['t3.medium', 't4g.medium', 'm6i.4xlarge'])).toEqual([
    { name: 't3.medium', archs: ['amd64'] },
    { name: 't4g.medium', archs: ['arm64'] },
    { name: 'm6i.4xlarge', archs: ['amd64'] },
  ]);
  expect(await outcome(compute.image('ssm:/no/such'))).toBe('ParameterNotFound');
  expect(await outcome(compute.image('ami-00000000'))).toBe('InvalidAMIID.NotFound');
  expect(await outcome(compute.subnet('subnet-00000000'))).toBe('InvalidSubnetID.NotFound');
  expect(await outcome(compute.subnet('net'))).toBe('InvalidSubnetID.Malformed');
  expect(await refusal(compute.instanceTypes(['t3.medium', 't3.gigantic', 't3']))).toMatchObject({
    code: 'InvalidInstanceType',
    message: expect.stringContaining('[t3.gigantic, t3]'),
  });
  ec2.remove(image.imageId);
  expect(await outcome(compute.image(cluster.aws.image.amd64 ?? ''))).toBe('InvalidAMIID.NotFound');
});
