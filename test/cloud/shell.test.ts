import {
  DescribeImagesCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  type EC2ClientConfig,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { createEc2Compute } from '../../src/adapters/aws/ec2.ts';
import { runInstancesInput } from '../../src/adapters/aws/ec2-launch.ts';
import { launchRequest, type TestCloudOptions, testCloud } from '../support/cloud.ts';
import { operatorKeys, serveTestCloud } from '../support/cloud-server.ts';

/** A cloud over HTTP, with clients of the real SDK that ask once. */
async function served(options: TestCloudOptions = {}, change: Partial<EC2ClientConfig> = {}) {
  const cloud = testCloud(options);
  const { client } = await serveTestCloud(cloud);
  const config = { ...client, maxAttempts: 1, ...change } as object;
  const [ec2, ssm, sts] = [new EC2Client(config), new SSMClient(config), new STSClient(config)];
  return { ...cloud, endpoint: client.endpoint, client: ec2, ssm, sts, http: createEc2Compute({ ec2, ssm, sts }) };
}

/** Code and status of what a call throws. */
async function refused(call: Promise<unknown>): Promise<readonly [string, number | undefined]> {
  const error = await call.then(
    () => undefined,
    (thrown: Error & { $metadata?: { httpStatusCode?: number } }) => thrown,
  );
  return [error?.name ?? 'nothing', error?.$metadata?.httpStatusCode];
}

test('the adapter on the real SDK sees over HTTP what the state machine shows', async () => {
  const cloud = await served();
  const request = launchRequest(cloud);
  const launched = await cloud.http.launch(request);
  expect(launched).toEqual(await cloud.compute.launch(request));
  await cloud.clock.advance(60_000);
  const { instanceId } = launched;
  expect(await cloud.http.instance(instanceId)).toEqual(await cloud.compute.instance(instanceId));
  expect(await cloud.http.instances('from-scratch')).toEqual(await cloud.compute.instances('from-scratch'));
  expect(await cloud.http.instances('other')).toEqual([]);
  expect(await cloud.http.interfaces('from-scratch')).toEqual(await cloud.compute.interfaces('from-scratch'));
  expect(await cloud.http.interfaceAt(request.subnetId, '10.0.1.20')).toEqual(
    await cloud.compute.interfaceAt(request.subnetId, '10.0.1.20'),
  );
  expect(await cloud.http.interfaceAt(request.subnetId, '10.0.1.99')).toBeUndefined();
  const image = cloud.cluster.aws.image.amd64 ?? '';
  expect(await cloud.http.image(image)).toEqual(await cloud.compute.image(image));
  expect(await cloud.http.subnet(request.subnetId)).toEqual(await cloud.compute.subnet(request.subnetId));
  expect(await cloud.http.instanceTypes(['t3.medium'])).toEqual(await cloud.compute.instanceTypes(['t3.medium']));
  expect(await cloud.http.caller()).toEqual(await cloud.compute.caller());
  cloud.ec2.setConsole(instanceId, 'Linux “é” <&>\r\nfirstboot: {}\r\n');
  expect(await cloud.http.consoleOutput(instanceId)).toBe('Linux “é” <&>\r\nfirstboot: {}\r\n');
  await cloud.http.tag([instanceId], { a: 'b <&"\'> é' });
  await cloud.clock.advance(60_000);
  expect((await cloud.http.instance(instanceId))?.tags).toMatchObject({ a: 'b <&"\'> é', Name: 'worker-0' });
  await cloud.http.terminate(instanceId);
  await cloud.clock.advance(120_000);
  expect(await cloud.http.instance(instanceId)).toEqual(await cloud.compute.instance(instanceId));
});

test('a launch that firstboot would not make is refused by what is wrong with it', async () => {
  const cloud = await served();
  const good = runInstancesInput(launchRequest(cloud));
  const run = (change: object) => refused(cloud.client.send(new RunInstancesCommand({ ...good, ...change })));
  expect(await run({ MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1 } })).toEqual([
    'Unsupported',
    400,
  ]);
  expect(await run({ MetadataOptions: undefined })).toEqual(['Unsupported', 400]);
  expect(await run({ MaxCount: 2 })).toEqual(['Unsupported', 400]);
  expect(await run({ InstanceInitiatedShutdownBehavior: undefined })).toEqual(['Unsupported', 400]);
  expect(await run({ TagSpecifications: good.TagSpecifications?.slice(1) })).toEqual(['Unsupported', 400]);
  expect(await run({ BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeType: 'gp3' } }] })).toEqual([
    'Unsupported',
    400,
  ]);
  expect(await run({ KeyName: 'mine' })).toEqual(['UnknownParameter', 400]);
  expect(await run({ UserData: 'no base64!' })).toEqual(['InvalidUserData.Malformed', 400]);
  expect(await run({ SubnetId: 'subnet-0123456789abcdef0' })).toEqual(['InvalidParameterCombination', 400]);
  expect(
    await run({
      NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: 'eni-00000000000000000' }],
      TagSpecifications: good.TagSpecifications?.slice(0, 2),
    }),
  ).toEqual(['InvalidNetworkInterfaceID.NotFound', 400]);
  expect(await run({ DryRun: true })).toEqual(['DryRunOperation', 412]);
  expect(cloud.ec2.machines()).toEqual([]);
  expect(await run({})).toEqual(['nothing', undefined]);
});

test('user-data, protection and volume of an instance are as they were asked for', async () => {
  const cloud = await served();
  const userData = new Uint8Array([0x1f, 0x8b, 0, 255, 10]);
  const { instanceId } = await cloud.http.launch(launchRequest(cloud, { userData, terminationProtection: true }));
  await cloud.clock.advance(60_000);
  const attribute = async (Attribute: 'userData' | 'disableApiTermination') =>
    cloud.client.send(new DescribeInstanceAttributeCommand({ InstanceId: instanceId, Attribute }));
  expect((await attribute('userData')).UserData?.Value).toBe(Buffer.from(userData).toString('base64'));
  expect((await attribute('disableApiTermination')).DisableApiTermination?.Value).toBe(true);
  await expect(cloud.http.terminate(instanceId)).rejects.toMatchObject({ code: 'OperationNotPermitted' });
  await cloud.http.setTerminationProtection(instanceId, false);
  await cloud.http.terminate(instanceId);
  const { Volumes = [] } = await cloud.client.send(new DescribeVolumesCommand({}));
  expect(Volumes).toMatchObject([
    { Size: 20, Encrypted: true, VolumeType: 'gp3', Attachments: [{ InstanceId: instanceId }] },
  ]);
});

test('an interface of one’s own, and a reservation, over HTTP', async () => {
  const cloud = await served();
  const { subnetId } = launchRequest(cloud);
  const tags = { 'firstboot:cluster': 'from-scratch' };
  const kept = await cloud.http.createInterface({
    clientToken: 'interface',
    subnetId,
    privateIp: '10.0.1.20',
    securityGroups: ['sg-0123456789abcdef0'],
    description: 'of worker-0',
    tags,
  });
  const ends = cloud.clock.now() + 3_600_000;
  const reserved = await cloud.http.reserveCapacity({
    clientToken: 'r',
    instanceType: 't3.medium',
    zone: 'us-east-1a',
    ends,
    tags,
  });
  await cloud.clock.advance(60_000);
  expect(await cloud.http.reservations('from-scratch')).toMatchObject([
    { reservationId: reserved.reservationId, state: 'active', free: 1, tags },
  ]);
  const network = { kind: 'interface', interfaceId: kept.interfaceId } as const;
  const launched = await cloud.http.launch(launchRequest(cloud, { network, reservationId: reserved.reservationId }));
  await cloud.clock.advance(60_000);
  expect(await cloud.http.instance(launched.instanceId)).toMatchObject({
    interfaceIds: [kept.interfaceId],
    privateIp: '10.0.1.20',
    subnetId,
  });
  expect(await cloud.http.reservations('from-scratch')).toMatchObject([{ free: 0 }]);
  expect(await cloud.http.interfaces('from-scratch')).toMatchObject([
    { status: 'in-use', instanceId: launched.instanceId },
  ]);
  await cloud.http.terminate(launched.instanceId);
  await cloud.http.cancelReservation(reserved.reservationId);
  await cloud.clock.advance(120_000);
  await cloud.http.deleteInterface(kept.interfaceId);
  await cloud.clock.advance(60_000);
  expect(await cloud.http.interfaces('from-scratch')).toEqual([]);
  expect(cloud.violations()).toEqual([]);
});

test('filters and pages of DescribeInstances', async () => {
  const cloud = await served();
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) {
    const network = { kind: 'address', privateIp: `10.0.1.${30 + n}`, securityGroups: [] } as const;
    const tags = { 'firstboot:cluster': n < 5 ? 'from-*' : 'from-scratch', n: String(n) };
    ids.push((await cloud.http.launch(launchRequest(cloud, { clientToken: `t${n}`, network, tags }))).instanceId);
  }
  await cloud.clock.advance(60_000);
  const found = async (name: string, ...Values: string[]) => {
    const answer = await cloud.client.send(new DescribeInstancesCommand({ Filters: [{ Name: name, Values }] }));
    return (answer.Reservations ?? []).flatMap(({ Instances = [] }) =>
      Instances.map(one => ids.indexOf(one.InstanceId ?? '')),
    );
  };
  expect(await found('tag:n', '1', '6')).toEqual([1, 6]);
  expect(await found('tag:firstboot:cluster', 'from-*')).toHaveLength(7);
  expect(await found('tag:firstboot:cluster', 'from-\\*')).toHaveLength(5);
  expect(await found('tag-key', 'n')).toHaveLength(7);
  expect(await found('private-ip-address', '10.0.1.3?')).toHaveLength(7);
  expect(await found('private-ip-address', '10.0.1.3')).toEqual([]);
  expect(await found('client-token', 't3')).toEqual([3]);
  expect(await found('instance-state-name', 'running')).toHaveLength(7);
  expect(await found('instance-state-name', 'pending', 'stopped')).toEqual([]);
  expect((await cloud.http.instances('from-*')).length).toBe(5);
  expect(
    await refused(cloud.client.send(new DescribeInstancesCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] }))),
  ).toEqual(['InvalidParameterValue', 400]);
  const first = await cloud.client.send(new DescribeInstancesCommand({ MaxResults: 5 }));
  const second = await cloud.client.send(new DescribeInstancesCommand({ MaxResults: 5, NextToken: first.NextToken }));
  expect([first.Reservations?.length, second.Reservations?.length, second.NextToken]).toEqual([5, 2, undefined]);
  expect(await refused(cloud.client.send(new DescribeInstancesCommand({ MaxResults: 4 })))).toEqual([
    'InvalidParameterValue',
    400,
  ]);
  expect(await refused(cloud.client.send(new DescribeInstancesCommand({ NextToken: 'x' })))).toEqual([
    'InvalidNextToken',
    400,
  ]);
  const unknown = 'i-00000000000000000';
  expect(await refused(cloud.client.send(new DescribeInstancesCommand({ InstanceIds: [unknown] })))).toEqual([
    'InvalidInstanceID.NotFound',
    400,
  ]);
  expect(await refused(cloud.client.send(new DescribeInstancesCommand({ InstanceIds: ['worker-0'] })))).toEqual([
    'InvalidInstanceID.Malformed',
    400,
  ]);
});

test('errors come as EC2 writes them, and a lost response cuts the connection', async () => {
  const cloud = await served({ faults: ['RunInstances@1=InsufficientInstanceCapacity', 'RunInstances@2=lost'] });
  const launch = () => cloud.http.launch(launchRequest(cloud));
  await expect(launch()).rejects.toMatchObject({
    call: 'RunInstances',
    code: 'InsufficientInstanceCapacity',
    status: 500,
  });
  await expect(launch()).rejects.toMatchObject({ call: 'RunInstances', code: 'NoResponse', status: undefined });
  expect(cloud.ec2.machines()).toHaveLength(1);
  expect((await launch()).instanceId).toBe(cloud.ec2.machines()[0]?.instanceId);
  const answer = await fetch(cloud.endpoint, {
    method: 'POST',
    body: 'Action=DescribeInstances&Version=2016-11-15',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect([answer.status, await answer.text()]).toEqual([
    401,
    expect.stringMatching(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Response><Errors><Error><Code>AuthFailure<\/Code><Message>[^<]+<\/Message><\/Error><\/Errors><RequestID>[0-9a-f-]{36}<\/RequestID><\/Response>$/,
    ),
  ]);
});

test('who signs wrongly is refused by each service with its own code', async () => {
  const asked = async (change: Partial<EC2ClientConfig>) => {
    const { client, ssm, sts } = await served({}, change);
    return Promise.all([
      refused(client.send(new DescribeInstancesCommand({}))),
      refused(ssm.send(new GetParameterCommand({ Name: '/a' }))),
      refused(sts.send(new GetCallerIdentityCommand({}))),
    ]);
  };
  const { accessKeyId } = operatorKeys;
  expect(await asked({ credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'x' } })).toEqual([
    ['AuthFailure', 401],
    ['UnrecognizedClientException', 400],
    ['InvalidClientTokenId', 403],
  ]);
  expect(await asked({ credentials: { accessKeyId, secretAccessKey: 'another' } })).toEqual([
    ['SignatureDoesNotMatch', 403],
    ['InvalidSignatureException', 400],
    ['SignatureDoesNotMatch', 403],
  ]);
  expect((await asked({ region: 'eu-west-1' }))[0]).toEqual(['AuthFailure', 401]);
  const late = await served();
  late.client.config.systemClockOffset -= 3_600_000;
  expect(await refused(late.client.send(new DescribeInstancesCommand({})))).toEqual(['RequestExpired', 400]);
});

test('the role of an instance may ask who it is, and nothing of EC2', async () => {
  const cloud = await served();
  const { instanceId } = await cloud.http.launch(launchRequest(cloud));
  const [role] = cloud.ec2.roles();
  const credentials = {
    accessKeyId: role?.accessKeyId ?? '',
    secretAccessKey: role?.secretAccessKey ?? '',
    sessionToken: role?.token ?? '',
  };
  const { endpoint, region, systemClockOffset } = {
    ...cloud,
    region: 'us-east-1',
    systemClockOffset: cloud.client.config.systemClockOffset,
  };
  const config = { endpoint, region, systemClockOffset, credentials, maxAttempts: 1 };
  expect((await new STSClient(config).send(new GetCallerIdentityCommand({}))).Arn).toBe(
    `arn:aws:sts::123456789012:assumed-role/${role?.name}/${instanceId}`,
  );
  expect(await refused(new EC2Client(config).send(new DescribeInstancesCommand({})))).toEqual([
    'UnauthorizedOperation',
    403,
  ]);
});

test('parameters of SSM name images', async () => {
  const { ssm, cluster, client } = await served();
  const Name = (cluster.aws.image.amd64 ?? '').replace(/^ssm:/, '');
  const { Parameters = [], InvalidParameters } = await ssm.send(new GetParametersCommand({ Names: [Name, '/none'] }));
  expect([Parameters[0]?.Name, InvalidParameters]).toEqual([Name, ['/none']]);
  const { Images = [] } = await client.send(new DescribeImagesCommand({ ImageIds: [Parameters[0]?.Value ?? ''] }));
  expect(Images).toMatchObject([{ ImageId: Parameters[0]?.Value, Architecture: 'x86_64', State: 'available' }]);
  expect(await refused(ssm.send(new GetParameterCommand({ Name: '/none' })))).toEqual(['ParameterNotFound', 400]);
});

test('nothing on the console yet is no output, and terminating gives the states', async () => {
  const cloud = await served();
  const { instanceId } = await cloud.http.launch(launchRequest(cloud));
  await cloud.clock.advance(60_000);
  expect(
    (await cloud.client.send(new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }))).Output ?? '',
  ).toBe('');
  const answer = await cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  expect(answer.TerminatingInstances).toMatchObject([
    { InstanceId: instanceId, CurrentState: { Name: 'shutting-down' } },
  ]);
});

test('the newest of a console is had of Nitro types only', async () => {
  const cloud = await served();
  const { instanceId } = await cloud.http.launch(launchRequest(cloud, { instanceType: 't2.medium' }));
  cloud.ec2.setConsole(instanceId, 'a line\r\n');
  await cloud.clock.advance(60_000);
  const latest = new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true });
  expect(await refused(cloud.client.send(latest))).toEqual(['UnsupportedOperation', 400]);
  expect(await cloud.http.consoleOutput(instanceId)).toBe('a line\r\n');
});
