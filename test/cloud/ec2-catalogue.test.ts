import { expect, test } from 'vitest';
import { catalogueFor } from '../../src/local/cloud/ec2-catalogue.ts';
import { typeFacts } from '../../src/local/cloud/ec2-types.ts';
import { exampleCluster, launchRequest, testCloud } from '../support/cloud.ts';

test('the example: one subnet, one image an architecture, the group and the profile', () => {
  const { subnets, images, parameters, securityGroups, instanceProfiles } = catalogueFor(exampleCluster());
  const vpcId = 'vpc-0123456789abcdef0';
  expect(subnets).toEqual([{ subnetId: 'subnet-0123456789abcdef0', vpcId, zone: 'us-east-1a', cidr: '10.0.1.0/24' }]);
  expect(images.map(({ arch }) => arch)).toEqual(['amd64', 'arm64']);
  expect(Object.values(parameters)).toEqual(images.map(({ imageId }) => imageId));
  expect(Object.keys(parameters)[0]).toBe(
    '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
  );
  expect({ securityGroups, instanceProfiles }).toEqual({
    securityGroups: ['sg-0123456789abcdef0'],
    instanceProfiles: ['firstboot-worker'],
  });
});

test.each([
  [['10.0.1.20', '10.0.1.21'], '10.0.1.0/24'],
  [['10.0.1.20', '10.0.0.21'], '10.0.0.0/23'],
  [['10.0.1.20', '10.0.200.21'], '10.0.0.0/16'],
  [['192.168.0.9', '10.0.200.21'], '0.0.0.0/0'],
])('without subnetCidr, %o are in %s', ([first, second], cidr) => {
  const cluster = exampleCluster(spec => {
    spec.aws.subnetCidr = null;
    spec.workers = { 'worker-0': { privateIp: first }, 'worker-1': { privateIp: second } };
  });
  expect(catalogueFor(cluster).subnets.map(one => one.cidr)).toEqual([cidr]);
});

test('a worker’s own subnet, image by ID, and what a spec names beside another’s', async () => {
  const cluster = exampleCluster(spec => {
    spec.aws.image = { arm64: 'ami-0123456789abcdef0' };
    spec.workers['worker-1'] = {
      privateIp: '10.0.7.20',
      subnet: 'subnet-11111111',
      arch: 'arm64',
      instanceTypes: ['t4g.small'],
    };
  });
  const cloud = testCloud({ cluster });
  cloud.ec2.setTaken('subnet-11111111', 200);
  cloud.know(cluster);
  expect(await cloud.compute.subnet('subnet-11111111')).toMatchObject({
    zone: 'us-east-1b',
    cidr: '10.0.7.0/24',
    freeAddresses: 51,
  });
  const { arch, zone } = await cloud.compute.launch(launchRequest(cloud, {}, 'worker-1'));
  expect({ arch, zone }).toEqual({ arch: 'arm64', zone: 'us-east-1b' });
});

test.each([
  ['t3.medium', 'amd64', 2],
  ['t2.micro', 'amd64', 2],
  ['m7g.4xlarge', 'arm64', 16],
  ['t3.4xlarge', undefined, undefined],
  ['t3', undefined, undefined],
  ['t3.medium.x', undefined, undefined],
  ['t3.constructor', undefined, undefined],
  ['z9.large', undefined, undefined],
])('the type %s: %s, %s vCPUs', (name, arch, vcpus) => {
  const facts = typeFacts(name);
  expect([facts?.archs[0], facts?.vcpus]).toEqual([arch, vcpus]);
});
