import { expect, test } from 'vitest';
import { openClients } from '../../src/adapters/aws/clients.ts';
import { runInstancesInput } from '../../src/adapters/aws/ec2-launch.ts';
import { createS3Store } from '../../src/adapters/aws/s3.ts';
import type { CallError } from '../../src/diagnostics/call-error.ts';
import { sha256 } from '../../src/tree/digest.ts';
import { exampleCluster, launchRequest, testCloud } from '../support/cloud.ts';
import { operatorKeys, serveTestCloud } from '../support/cloud-server.ts';
import { adaptersAt, answering, environment, keys } from './aws-world.ts';

const cluster = exampleCluster();

test('RunInstances asks for exactly this', () => {
  const request = launchRequest({ cluster });
  expect(runInstancesInput(request)).toEqual({
    MinCount: 1,
    MaxCount: 1,
    ClientToken: 'token-of-worker-0',
    ImageId: request.imageId,
    InstanceType: 't3.medium',
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: 'subnet-0123456789abcdef0',
        PrivateIpAddress: '10.0.1.20',
        Groups: ['sg-0123456789abcdef0'],
        DeleteOnTermination: true,
      },
    ],
    IamInstanceProfile: { Name: 'firstboot-worker' },
    UserData: Buffer.from('#cloud-config\n').toString('base64'),
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/sda1',
        Ebs: { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true },
      },
    ],
    MetadataOptions: {
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'disabled',
    },
    InstanceInitiatedShutdownBehavior: 'terminate',
    DisableApiTermination: false,
    TagSpecifications: ['instance', 'volume', 'network-interface'].map(ResourceType => ({
      ResourceType,
      Tags: [
        { Key: 'Name', Value: 'worker-0' },
        { Key: 'firstboot:cluster', Value: 'from-scratch' },
        { Key: 'firstboot:worker', Value: 'worker-0' },
      ],
    })),
  });
});

test('a kept interface brings its subnet, address, groups and tags with it', () => {
  const network = { kind: 'interface', interfaceId: 'eni-0123456789abcdef0' } as const;
  const input = runInstancesInput(launchRequest({ cluster }, { network }));
  expect(input.NetworkInterfaces).toEqual([
    { DeviceIndex: 0, NetworkInterfaceId: 'eni-0123456789abcdef0', DeleteOnTermination: false },
  ]);
  expect(input.TagSpecifications?.map(one => one.ResourceType)).toEqual(['instance', 'volume']);
  expect(input).not.toHaveProperty('SubnetId');
});

test('spot, reservation, key and protection are passed on', () => {
  const root = { device: '/dev/xvda', size: 30, kmsKey: 'arn:aws:kms:us-east-1:123456789012:key/k' };
  const change = { spot: true, reservationId: 'cr-1', terminationProtection: true, root };
  expect(runInstancesInput(launchRequest({ cluster }, change))).toMatchObject({
    InstanceMarketOptions: {
      MarketType: 'spot',
      SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
    },
    CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: 'cr-1' } },
    DisableApiTermination: true,
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { KmsKeyId: root.kmsKey } }],
  });
});

test('every request to the bucket says whose it must be', async () => {
  const cloud = testCloud();
  const { client } = await serveTestCloud(cloud);
  const { clients, store } = adaptersAt(client.endpoint);
  clients.s3.config.systemClockOffset = client.systemClockOffset;
  clients.s3.config.credentials = async () => operatorKeys;
  const owners: Record<string, string | undefined> = {};
  clients.s3.middlewareStack.add(
    (next, context) => async input => {
      const { headers } = input.request as { readonly headers: Readonly<Record<string, string>> };
      owners[String(context.commandName)] = headers['x-amz-expected-bucket-owner'];
      return next(input);
    },
    { step: 'finalizeRequest' },
  );
  const bytes = new TextEncoder().encode('one');
  await store.put({ key: 'a', bytes, onlyIf: { kind: 'absent' }, encryption: { kmsKey: null } });
  await store.get('a');
  await store.head('a');
  await store.list('');
  await store.remove(await store.versions(''));
  const read = async (from: number, to: number) => bytes.subarray(from, to);
  await store.putLarge({ key: 'b', size: 3, sha256: sha256(bytes), read });
  await store.putLarge({ key: 'b', size: 3, sha256: sha256('two'), read }).catch(() => {});
  await store.posture();
  expect(Object.keys(owners).length).toBe(21);
  expect(new Set(Object.values(owners))).toEqual(new Set(['123456789012']));
});

test('a put whose reply was lost is asked for again, and fails on the write that it made itself', async () => {
  const cloud = testCloud({ faults: ['PutObject@1=lost'] });
  const { client } = await serveTestCloud(cloud);
  const { clients, store } = adaptersAt(client.endpoint);
  clients.s3.config.systemClockOffset = client.systemClockOffset;
  clients.s3.config.credentials = async () => operatorKeys;
  const bytes = new TextEncoder().encode('one');
  const put = store.put({ key: 'a', bytes, onlyIf: { kind: 'absent' } });
  expect(await put.catch((error: CallError) => error.code)).toBe('PreconditionFailed');
  expect((await store.head('a'))?.sha256).toBe(sha256(bytes));
});

test('a launch whose reply was lost is asked for again, and gives the same instance', async () => {
  const cloud = testCloud({ faults: ['RunInstances@1=lost'] });
  const { client } = await serveTestCloud(cloud);
  const { clients, compute } = adaptersAt(client.endpoint);
  clients.ec2.config.systemClockOffset = client.systemClockOffset;
  clients.ec2.config.credentials = async () => operatorKeys;
  const launched = await compute.launch(launchRequest(cloud));
  expect(cloud.ec2.callCounts().RunInstances).toBe(2);
  expect(cloud.ec2.machines().map(one => one.instanceId)).toEqual([launched.instanceId]);
});

test('where the newest console output is not to be had, the last snapshot is', async () => {
  const refusal =
    '<Response><Errors><Error><Code>UnsupportedOperation</Code><Message>no</Message></Error></Errors></Response>';
  const output = `<GetConsoleOutputResponse><output>${Buffer.from('Linux\n').toString('base64')}</output></GetConsoleOutputResponse>`;
  let first = true;
  const { endpoint, asked } = await answering((_, reply) => {
    reply.writeHead(first ? 400 : 200).end(first ? refusal : output);
    first = false;
  });
  const { compute } = adaptersAt(endpoint);
  expect(await compute.consoleOutput('i-0')).toBe('Linux\n');
  expect(await compute.consoleOutput('i-0')).toBe('Linux\n');
  expect(asked()).toBe(3);
});

/** Host and path of a request for the object “a”. */
async function placeOf(options: { readonly bucket?: string; readonly endpoint?: string | null }) {
  const { bucket = 'example-firstboot', endpoint = null } = options;
  const clients = await openClients({ region: 'eu-west-1', bucket, endpoint });
  let place = '';
  clients.s3.middlewareStack.add(
    () => async input => {
      const { hostname, path } = input.request as { readonly hostname: string; readonly path: string };
      place = `${hostname}${path}`;
      throw new Error('not sent');
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await createS3Store(clients.s3, { bucket, accountId: undefined })
    .get('a')
    .catch(() => {});
  clients.close();
  return { place, bucketHasAccount: clients.bucketHasAccount };
}

const awsPlace = 'example-firstboot.s3.eu-west-1.amazonaws.com/a';
const vpcEndpoint = 'https://bucket.vpce-1a2b3c4d-5e6f.s3.eu-west-1.vpce.amazonaws.com';

test.each([
  ['S3 of the spec’s region', {}, {}, awsPlace, true],
  ['whatever the environment says of the region', { AWS_REGION: 'us-west-2' }, {}, awsPlace, true],
  [
    'a bucket with dots, which no wildcard certificate covers',
    {},
    { bucket: 'a.b' },
    's3.eu-west-1.amazonaws.com/a.b/a',
    true,
  ],
  [
    'an endpoint of all services, which has accounts',
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
    {},
    '127.0.0.1/example-firstboot/a',
    true,
  ],
  [
    'an endpoint of S3 alone, which need not',
    { AWS_ENDPOINT_URL_S3: 'https://objects.example' },
    {},
    'objects.example/example-firstboot/a',
    false,
  ],
  [
    'an interface endpoint of a VPC',
    { AWS_ENDPOINT_URL_S3: vpcEndpoint },
    {},
    `example-firstboot.${vpcEndpoint.slice(8)}/a`,
    true,
  ],
  [
    'the spec’s own endpoint',
    {},
    { endpoint: 'https://objects.example' },
    'objects.example/example-firstboot/a',
    false,
  ],
  [
    'the environment before the spec',
    { AWS_ENDPOINT_URL_S3: 'https://other.example' },
    { endpoint: 'https://objects.example' },
    'other.example/example-firstboot/a',
    false,
  ],
])('the bucket is asked at %s', async (_, variables, options, place, bucketHasAccount) => {
  environment({ ...keys, ...variables });
  expect(await placeOf(options)).toEqual({ place, bucketHasAccount });
});

test('AWS_MAX_ATTEMPTS is obeyed', async () => {
  const { endpoint, asked } = await answering((_, reply) => reply.writeHead(503).end());
  environment({ ...keys, AWS_ENDPOINT_URL: endpoint, AWS_MAX_ATTEMPTS: '2' });
  const clients = await openClients({ region: 'us-east-1', bucket: 'b', endpoint: null });
  const store = createS3Store(clients.s3, { bucket: 'b', accountId: undefined });
  expect(await store.get('a').catch((error: CallError) => error.status)).toBe(503);
  expect(asked()).toBe(2);
  clients.close();
});
