import { computeContract } from '../contract/compute.ts';
import { runContract } from '../contract/contract.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { openStoreWorld } from '../contract/sdk-worlds.ts';
import { need, needs } from './lab.ts';
import { openMotoCompute } from './moto-compute.ts';
import { startMoto } from './servers.ts';

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not checked there' };

runContract(objectStoreContract, {
  name: 'S3 of moto',
  create: async () => {
    const server = await startMoto();
    const world = await openStoreWorld({
      region: 'us-east-1',
      config: { endpoint: server.endpoint, credentials },
      accountId: '123456789012',
      // It obeys a policy without looking at its conditions: everything would be denied.
      refuses: ['policy'],
    });
    return {
      ...world,
      close: async () => {
        await world.close();
        await server.stop();
      },
    };
  },
  require: context => need(context, needs.moto),
  deviations: {
    'the SHA-256 of an object is kept with it': 'HEAD and GET do not tell the checksum',
    'an upload that was broken off goes on where it ended':
      'ListParts does not tell checksums: all parts are sent again',
    'a bucket of another account is refused': 'it looks at ExpectedBucketOwner in some calls only',
    'the policy of a bucket is told': 'a bucket with a policy cannot be used there (see `refuses`)',
    'a new bucket has what AWS gives it, and nothing else': 'new buckets are as they were before April 2023',
  },
});

runContract(computeContract, {
  name: 'EC2, SSM and STS of moto',
  create: openMotoCompute,
  require: context => need(context, needs.moto),
  deviations: {
    'the new interface has the tags of its instance': 'tags for network-interface are dropped',
    'ten launches with one token at once are one instance':
      'it ignores ClientToken; the second one fails by its address',
    'a token with another request is IdempotentParameterMismatch': 'it ignores ClientToken',
    'the token of a terminated instance gives that instance again': 'it ignores ClientToken',
    'an interface is made once for one token': 'it ignores ClientToken',
    'capacity is reserved once for one token': 'it has no capacity reservations (500)',
    'a dry run finds an image that is not there': 'a dry run looks at nothing',
    'user-data of 16,384 bytes is taken, and not one more': 'it does not count',
    'an address outside the subnet is InvalidParameterValue': 'it breaks (500)',
    'a security group that is not there is InvalidGroup.NotFound': 'it does not look',
    'an interface takes no security group that is not there': 'it does not look',
    'a terminated instance has no address': 'it shows the old one',
    'a protected instance is not terminated before its protection is off':
      'it terminates one that was launched protected',
    'an address is in use until its instance and interface are gone': 'it breaks (500), and never releases the address',
    'what is terminated already is terminated again without an error': 'it looks for the interface that is gone',
    'a kept interface outlives its instance, and serves the next one':
      'it stays attached to the instance that is terminated',
    'an interface of one instance is refused to another, and not deleted': 'it attaches it to both',
    'reserved capacity is told by its cluster’s tag until it is cancelled': 'it has no capacity reservations (500)',
    'a reservation that is gone counts as cancelled': 'it has no capacity reservations (500)',
    'a launch into a reservation uses it up': 'it has no capacity reservations (500)',
  },
});
