// The contract suite on AWS itself: TEST_AWS=1 npx vitest run -c vitest.real.config.ts test/real/aws
// It makes two buckets, launches about thirty small instances, and removes all of it again. It needs credentials as the SDK finds them and
//   TEST_AWS_REGION, TEST_AWS_SUBNET, TEST_AWS_SECURITY_GROUP, TEST_AWS_INSTANCE_PROFILE
//   TEST_AWS_ADDRESS   the first of about a hundred private addresses of the subnet that nobody uses
import { openClients } from '../../../src/adapters/aws/clients.ts';
import { createEc2Compute } from '../../../src/adapters/aws/ec2.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type { Compute } from '../../../src/ports/compute.ts';
import { formatIpv4, parseIpv4 } from '../../../src/spec/address.ts';
import { computeContract } from '../../contract/compute.ts';
import { runContract } from '../../contract/contract.ts';
import { objectStoreContract } from '../../contract/object-store.ts';
import { openStoreWorld } from '../../contract/sdk-worlds.ts';

const parameter = '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id';

function given(name: string): string {
  const value = process.env[`TEST_AWS_${name}`];
  if (!value) throw new Error(`TEST_AWS_${name} is not set`);
  return value;
}

runContract(objectStoreContract, {
  name: 'S3',
  create: async () => {
    const region = given('REGION');
    const clients = await openClients({ region, bucket: 'any', endpoint: null });
    const { accountId } = await createEc2Compute(clients).caller();
    clients.close();
    return openStoreWorld({ region, config: {}, accountId });
  },
  deviations: {},
});

runContract(computeContract, {
  name: 'EC2, SSM and STS',
  create: async () => {
    const clients = await openClients({ region: given('REGION'), bucket: 'any', endpoint: null });
    const { compute, cleanUp } = cleaningUp(createEc2Compute(clients));
    const { accountId } = await compute.caller();
    const { imageId, rootDevice } = await compute.image(`ssm:${parameter}`);
    const subnet = await compute.subnet(given('SUBNET'));
    let next = parseIpv4(given('ADDRESS')) ?? 0;
    return {
      compute,
      clock: systemClock,
      pause: 3000,
      accountId,
      subnetId: subnet.subnetId,
      zone: subnet.zone,
      address: () => formatIpv4(next++),
      image: { id: imageId, parameter, rootDevice },
      instanceType: 't3.micro',
      securityGroup: given('SECURITY_GROUP'),
      instanceProfile: given('INSTANCE_PROFILE'),
      close: async () => {
        await cleanUp();
        clients.close();
      },
    };
  },
  deviations: {},
});

/** Remembers what was made, so that it can be removed when a behaviour broke off. */
function cleaningUp(compute: Compute): { readonly compute: Compute; readonly cleanUp: () => Promise<void> } {
  const instances = new Set<string>();
  const interfaces = new Set<string>();
  const reservations = new Set<string>();
  return {
    compute: {
      ...compute,
      launch: async request => {
        const launched = await compute.launch(request);
        instances.add(launched.instanceId);
        return launched;
      },
      createInterface: async request => {
        const made = await compute.createInterface(request);
        interfaces.add(made.interfaceId);
        return made;
      },
      reserveCapacity: async request => {
        const reserved = await compute.reserveCapacity(request);
        reservations.add(reserved.reservationId);
        return reserved;
      },
    },
    cleanUp: async () => {
      const live = await Promise.all([...instances].map(id => compute.instance(id)));
      const ids = live.flatMap(one => (one && one.state !== 'terminated' ? [one.instanceId] : []));
      for (const id of ids) {
        await compute.setTerminationProtection(id, false);
        await compute.terminate(id);
      }
      for (const id of ids) while ((await compute.instance(id))?.state !== 'terminated') await systemClock.sleep(3000);
      for (const id of interfaces) await compute.deleteInterface(id);
      for (const id of reservations) await compute.cancelReservation(id);
    },
  };
}
