import { describe, expect, test } from 'vitest';
import { imageOf } from '../../src/local/cloud/ec2-catalogue.ts';
import type { LaunchRequest } from '../../src/ports/compute.ts';
import { launchRequest, type TestCloud, testCloud, testPace } from '../support/cloud.ts';
import { outcome, refusal } from './refusals.ts';

describe('client tokens', () => {
  test('the same token and request give the same instance, at once and much later', async () => {
    const cloud = testCloud();
    const { compute, clock, ec2 } = cloud;
    const request = launchRequest(cloud);
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await compute.launch(request)).instanceId));
    expect(new Set(ids).size).toBe(1);
    const sameTags = { ...request, tags: Object.fromEntries(Object.entries(request.tags).reverse()) };
    expect((await compute.launch(sameTags)).instanceId).toBe(ids[0]);
    await clock.advance(10_000);
    await compute.terminate(ids[0] as string);
    await clock.advance(2 * testPace.terminatedShownFor);
    expect(await compute.launch(request)).toMatchObject({ instanceId: ids[0], state: 'terminated' });
    expect(await compute.instance(ids[0] as string)).toBeUndefined();
    expect(ec2.audit().filter(({ kind }) => kind === 'instance')).toHaveLength(1);
  });

  test.each<[string, (request: LaunchRequest) => Partial<LaunchRequest>]>([
    ['user-data', () => ({ userData: new Uint8Array([1]) })],
    ['a tag', ({ tags }) => ({ tags: { ...tags, more: '1' } })],
    ['the instance type', () => ({ instanceType: 't3.large' })],
    ['the address', ({ network }) => ({ network: { ...network, privateIp: '10.0.1.99' } as LaunchRequest['network'] })],
    ['spot', () => ({ spot: true })],
    ['the volume', ({ root }) => ({ root: { ...root, size: 40 } })],
    ['protection', () => ({ terminationProtection: true })],
  ])('the same token with another request is refused: %s', async (_what, change) => {
    const cloud = testCloud();
    const request = launchRequest(cloud);
    await cloud.compute.launch(request);
    const other = { ...request, ...change(request) };
    expect(await outcome(cloud.compute.launch(other))).toBe('IdempotentParameterMismatch');
    expect((await cloud.compute.launch(request)).state).toBe('pending');
  });

  test('in another zone a token stands for another instance', async () => {
    const cloud = testCloud();
    cloud.ec2.add({
      subnets: [{ subnetId: 'subnet-11111111', vpcId: 'vpc-1', zone: 'us-east-1b', cidr: '10.0.2.0/24' }],
    });
    const here = await cloud.compute.launch(launchRequest(cloud));
    const there = await cloud.compute.launch(
      launchRequest(cloud, {
        subnetId: 'subnet-11111111',
        network: { kind: 'address', privateIp: '10.0.2.20', securityGroups: [] },
      }),
    );
    expect(there.instanceId).not.toBe(here.instanceId);
    expect(there.zone).toBe('us-east-1b');
  });

  test('a launch that failed leaves no token behind', async () => {
    const cloud = testCloud();
    const { compute, ec2 } = cloud;
    ec2.setCapacity('t3.medium', 'us-east-1a', 'none');
    expect(await outcome(compute.launch(launchRequest(cloud)))).toBe('InsufficientInstanceCapacity');
    expect(await outcome(compute.launch(launchRequest(cloud, { instanceType: 't3.large' })))).toBe('ok');
    expect(ec2.audit().filter(({ kind }) => kind === 'instance')).toHaveLength(1);
  });

  test.each([
    ['a'.repeat(64), 'ok'],
    ['a'.repeat(65), 'InvalidParameterValue'],
    ['', 'InvalidParameterValue'],
    ['tök', 'InvalidParameterValue'],
  ])('the token %s: %s', async (clientToken, expected) => {
    const cloud = testCloud();
    expect(await outcome(cloud.compute.launch(launchRequest(cloud, { clientToken })))).toBe(expected);
  });
});

type Refused = readonly [
  what: string,
  code: string,
  message: RegExp,
  change: (cloud: TestCloud) => Partial<LaunchRequest>,
];

const address = (privateIp: string) => () => ({
  network: { kind: 'address', privateIp, securityGroups: ['sg-0123456789abcdef0'] } as const,
});
const arm = imageOf('ami-0000000000000a64', 'arm64');

const refused: readonly Refused[] = [
  [
    'user-data a byte too long',
    'InvalidParameterValue',
    /limited to 16384 bytes/,
    () => ({ userData: new Uint8Array(16_385) }),
  ],
  ['an unknown image', 'InvalidAMIID.NotFound', /ami-00000000/, () => ({ imageId: 'ami-00000000' })],
  ['an image ID that is none', 'InvalidAMIID.Malformed', /Invalid id: "ubuntu"/, () => ({ imageId: 'ubuntu' })],
  ['an unknown subnet', 'InvalidSubnetID.NotFound', /subnet-00000000/, () => ({ subnetId: 'subnet-00000000' })],
  ['an unknown type', 'InvalidParameterValue', /'t9.huge' for InstanceType/, () => ({ instanceType: 't9.huge' })],
  [
    'an image for another processor',
    'InvalidParameterValue',
    /'x86_64' of the specified instance type does not match the architecture 'arm64'/,
    ({ ec2 }) => {
      ec2.add({ images: [arm] });
      return { imageId: arm.imageId };
    },
  ],
  [
    'an unknown instance profile',
    'InvalidParameterValue',
    /\(nobody\).*Invalid IAM Instance Profile name/,
    () => ({ instanceProfile: 'nobody' }),
  ],
  [
    'a security group that is gone',
    'InvalidGroup.NotFound',
    /sg-0123456789abcdef0/,
    ({ ec2 }) => {
      ec2.remove('sg-0123456789abcdef0');
      return {};
    },
  ],
  [
    'a volume below the image’s',
    'InvalidBlockDeviceMapping',
    /4GB is smaller/,
    () => ({ root: { device: '/dev/sda1', size: 4, kmsKey: null } }),
  ],
  ['an address outside the subnet', 'InvalidParameterValue', /10.0.2.20 does not fall within/, address('10.0.2.20')],
  ['the network’s own address', 'InvalidParameterValue', /reserved address range/, address('10.0.1.0')],
  ['the router’s address', 'InvalidParameterValue', /reserved address range/, address('10.0.1.1')],
  ['the fourth address', 'InvalidParameterValue', /reserved address range/, address('10.0.1.3')],
  ['the last address', 'InvalidParameterValue', /reserved address range/, address('10.0.1.255')],
  ['no address at all', 'InvalidParameterValue', /parameter address/, address('10.0.1')],
  [
    'a full subnet',
    'InsufficientFreeAddressesInSubnet',
    /not enough free addresses/,
    ({ ec2 }) => {
      ec2.setTaken('subnet-0123456789abcdef0', 251);
      return {};
    },
  ],
  [
    '51 tags',
    'TagLimitExceeded',
    /50/,
    () => ({ tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ''])) }),
  ],
  [
    'a reserved tag',
    'InvalidParameterValue',
    /reserved for internal use/,
    () => ({ tags: { 'aws:cloudformation:x': '' } }),
  ],
  ['a long tag value', 'InvalidParameterValue', /256/, () => ({ tags: { a: 'b'.repeat(257) } })],
  [
    'an interface that is not there',
    'InvalidNetworkInterfaceID.NotFound',
    /eni-00000000/,
    () => ({ network: { kind: 'interface', interfaceId: 'eni-00000000' } }),
  ],
];

test.each(refused)('%s: %s, with DryRun too, and nothing is left behind', async (_what, code, message, change) => {
  const cloud = testCloud();
  const { compute, ec2 } = cloud;
  const request = launchRequest(cloud, change(cloud));
  const before = JSON.stringify(ec2.snapshot());
  expect(await refusal(compute.tryLaunch(request))).toMatchObject({ code, status: 400 });
  expect(await refusal(compute.launch(request))).toMatchObject({
    code,
    status: 400,
    message: expect.stringMatching(message),
  });
  expect(JSON.stringify(ec2.snapshot())).toBe(before);
});

test('what is just allowed', async () => {
  const cloud = testCloud();
  const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`t${index}`, 'v'.repeat(256)]));
  const request = launchRequest(cloud, { userData: new Uint8Array(16_384), tags, ...address('10.0.1.4')() });
  await cloud.compute.launch(request);
  cloud.ec2.setTaken('subnet-0123456789abcdef0', 249);
  const last = launchRequest(cloud, address('10.0.1.254')(), 'worker-1');
  await cloud.compute.launch(last);
  expect((await cloud.compute.subnet('subnet-0123456789abcdef0')).freeAddresses).toBe(0);
});

test('DryRun keeps nothing, and does not look at capacity', async () => {
  const cloud = testCloud();
  const { compute, ec2 } = cloud;
  ec2.setCapacity('t3.medium', 'us-east-1a', 'none');
  const before = JSON.stringify(ec2.snapshot());
  await compute.tryLaunch(launchRequest(cloud));
  expect(JSON.stringify(ec2.snapshot())).toBe(before);
  expect(ec2.callCounts()).toEqual({ 'RunInstances:DryRun': 1 });
});

test('arm64 on arm64', async () => {
  const cloud = testCloud();
  cloud.ec2.add({ images: [arm] });
  const request = launchRequest(cloud, { imageId: arm.imageId, instanceType: 't4g.medium' });
  expect((await cloud.compute.launch(request)).arch).toBe('arm64');
});
