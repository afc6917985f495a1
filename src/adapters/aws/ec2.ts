import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { STSClient } from '@aws-sdk/client-sts';
import { CallError } from '../../diagnostics/call-error.ts';
import type { Compute, ImageView, InstanceView, LaunchRequest, SubnetView, Tags } from '../../ports/compute.ts';
import { absentAs, called } from './call-errors.ts';
import { ec2Interfaces } from './ec2-interfaces.ts';
import { runInstancesInput, tagList } from './ec2-launch.ts';
import { all, nameFilter } from './ec2-pages.ts';
import { ec2Reservations } from './ec2-reservations.ts';
import { imageView, instanceTypeView, instanceView, subnetView } from './ec2-views.ts';
import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  GetCallerIdentityCommand,
  GetConsoleOutputCommand,
  GetParameterCommand,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from './sdk.ts';

export type ComputeClients = { readonly ec2: EC2Client; readonly ssm: SSMClient; readonly sts: STSClient };

/** Compute on EC2, SSM and STS. */
export function createEc2Compute({ ec2, ssm, sts }: ComputeClients): Compute {
  return {
    caller: () => caller(sts),
    launch: request => launch(ec2, request),
    tryLaunch: request => tryLaunch(ec2, request),
    instances: cluster => instances(ec2, cluster),
    instance: instanceId => instance(ec2, instanceId),
    terminate: instanceId => terminate(ec2, instanceId),
    setTerminationProtection: (instanceId, on) => setTerminationProtection(ec2, instanceId, on),
    consoleOutput: createConsole(ec2),
    image: reference => image(ec2, ssm, reference),
    subnet: subnetId => subnet(ec2, subnetId),
    instanceTypes: async names => {
      const { InstanceTypes = [] } = await called('EC2', 'DescribeInstanceTypes', () =>
        ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [...names] as never[] })),
      );
      return InstanceTypes.map(instanceTypeView);
    },
    ...ec2Interfaces(ec2),
    ...ec2Reservations(ec2),
    tag: (ids, tags) => tag(ec2, ids, tags),
  };
}

async function caller(sts: STSClient): Promise<{ readonly accountId: string; readonly arn: string }> {
  const { Account = '', Arn = '' } = await called('STS', 'GetCallerIdentity', () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  return { accountId: Account, arn: Arn };
}

async function launch(ec2: EC2Client, request: LaunchRequest): Promise<InstanceView> {
  const { Instances = [] } = await called('EC2', 'RunInstances', () =>
    ec2.send(new RunInstancesCommand(runInstancesInput(request))),
  );
  const [first] = Instances;
  if (!first) throw new CallError('EC2', 'RunInstances', 'NoResponse', 'the answer names no instance', undefined);
  return instanceView(first);
}

/** Without the token, so that nothing is remembered of the trial. What would have been allowed is an error, too: DryRunOperation. */
async function tryLaunch(ec2: EC2Client, request: LaunchRequest): Promise<void> {
  const { ClientToken: _, ...input } = runInstancesInput(request);
  await absentAs(['DryRunOperation'], () =>
    called('EC2', 'RunInstances', () => ec2.send(new RunInstancesCommand({ ...input, DryRun: true }))),
  );
}

async function instances(ec2: EC2Client, cluster: string): Promise<readonly InstanceView[]> {
  const reservations = await all(async NextToken => {
    const page = await called('EC2', 'DescribeInstances', () =>
      ec2.send(new DescribeInstancesCommand({ Filters: nameFilter(cluster), MaxResults: 1000, NextToken })),
    );
    return [page.Reservations, page.NextToken];
  });
  return reservations.flatMap(({ Instances = [] }) => Instances.map(instanceView));
}

async function instance(ec2: EC2Client, instanceId: string): Promise<InstanceView | undefined> {
  const answer = await absentAs(['InvalidInstanceID.NotFound'], () =>
    called('EC2', 'DescribeInstances', () => ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }))),
  );
  const [found] = (answer?.Reservations ?? []).flatMap(({ Instances = [] }) => Instances);
  return found && instanceView(found);
}

async function terminate(ec2: EC2Client, instanceId: string): Promise<void> {
  await called('EC2', 'TerminateInstances', () =>
    ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] })),
  );
}

async function setTerminationProtection(ec2: EC2Client, InstanceId: string, on: boolean): Promise<void> {
  await called('EC2', 'ModifyInstanceAttribute', () =>
    ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: on } })),
  );
}

/** The newest output is to be had of Nitro types only; of others, the last snapshot that EC2 took. */
function createConsole(ec2: EC2Client): Compute['consoleOutput'] {
  const snapshotsOnly = new Set<string>();
  const ask = (InstanceId: string, Latest: boolean) =>
    called('EC2', 'GetConsoleOutput', () => ec2.send(new GetConsoleOutputCommand({ InstanceId, Latest })));
  return async instanceId => {
    const newest = snapshotsOnly.has(instanceId)
      ? undefined
      : await absentAs(['UnsupportedOperation'], () => ask(instanceId, true));
    if (!newest) snapshotsOnly.add(instanceId);
    const { Output } = newest ?? (await ask(instanceId, false));
    return Output ? Buffer.from(Output, 'base64').toString('utf8') : undefined;
  };
}

/** An image that is not there, or not shared with this account, throws InvalidAMIID.NotFound; a parameter ParameterNotFound. */
async function image(ec2: EC2Client, ssm: SSMClient, reference: string): Promise<ImageView> {
  const imageId = reference.startsWith('ssm:') ? await parameter(ssm, reference.slice('ssm:'.length)) : reference;
  const { Images = [] } = await called('EC2', 'DescribeImages', () =>
    ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] })),
  );
  const [found] = Images;
  if (!found)
    throw new CallError('EC2', 'DescribeImages', 'InvalidAMIID.NotFound', `there is no image ${imageId}`, undefined);
  return imageView(found);
}

async function parameter(ssm: SSMClient, name: string): Promise<string> {
  const { Parameter } = await called('SSM', 'GetParameter', () => ssm.send(new GetParameterCommand({ Name: name })));
  return Parameter?.Value ?? '';
}

async function subnet(ec2: EC2Client, subnetId: string): Promise<SubnetView> {
  const { Subnets = [] } = await called('EC2', 'DescribeSubnets', () =>
    ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] })),
  );
  const [found] = Subnets;
  if (!found)
    throw new CallError(
      'EC2',
      'DescribeSubnets',
      'InvalidSubnetID.NotFound',
      `there is no subnet ${subnetId}`,
      undefined,
    );
  return subnetView(found);
}

async function tag(ec2: EC2Client, ids: readonly string[], tags: Tags): Promise<void> {
  await called('EC2', 'CreateTags', () =>
    ec2.send(new CreateTagsCommand({ Resources: [...ids], Tags: tagList(tags) })),
  );
}
