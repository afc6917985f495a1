import { CreateSecurityGroupCommand, CreateSubnetCommand, CreateVpcCommand } from '@aws-sdk/client-ec2';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { openClientsAt } from '../../src/adapters/aws/clients.ts';
import { createEc2Compute } from '../../src/adapters/aws/ec2.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { ComputeWorld } from '../contract/compute.ts';
import { startMoto } from './servers.ts';

/** One of the images that moto comes with. */
const imageId = 'ami-12c6146b';
const instanceProfile = 'firstboot-worker';
const parameter = '/firstboot/contract/image';

/** EC2, SSM and STS of moto, with what a launch needs. */
export async function openMotoCompute(): Promise<ComputeWorld & { readonly close: () => Promise<void> }> {
  const server = await startMoto();
  const { endpoint } = server;
  const stand = { endpoint, region: 'us-east-1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'unchecked' };
  const clients = openClientsAt(stand);
  const { ec2, ssm } = clients;
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.0.1.0/24', AvailabilityZone: 'us-east-1a' }),
  );
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId: Vpc?.VpcId, GroupName: 'contract', Description: 'contract' }),
  );
  await ssm.send(new PutParameterCommand({ Name: parameter, Value: imageId, Type: 'String' }));
  await createInstanceProfile(endpoint);
  const compute = createEc2Compute(clients);
  const image = await compute.image(imageId);
  let last = 10;
  return {
    compute,
    clock: systemClock,
    pause: 20,
    accountId: '123456789012',
    subnetId: Subnet?.SubnetId ?? '',
    zone: 'us-east-1a',
    address: () => `10.0.1.${last++}`,
    image: { id: imageId, parameter, rootDevice: image.rootDevice },
    instanceType: 't3.medium',
    securityGroup: GroupId,
    instanceProfile,
    close: async () => {
      clients.close();
      await server.stop();
    },
  };
}

/** There is no client for IAM here; moto wants to see for which service a request is signed, and no more. */
async function createInstanceProfile(endpoint: string): Promise<void> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261125/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({
      Action: 'CreateInstanceProfile',
      InstanceProfileName: instanceProfile,
      Version: '2010-05-08',
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
