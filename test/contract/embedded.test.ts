import { openClientsAt } from '../../src/adapters/aws/clients.ts';
import { createEc2Compute } from '../../src/adapters/aws/ec2.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { createStore } from '../../src/local/cloud/s3-store.ts';
import { dispatch } from '../../src/local/cloud-server/dispatch.ts';
import { listen } from '../../src/local/http.ts';
import { createS3Shell } from '../../src/local/shell/s3-shell.ts';
import type { Compute } from '../../src/ports/compute.ts';
import { accountId, launchRequest, type TestCloud, testCloud } from '../support/cloud.ts';
import { operatorKeys } from '../support/cloud-server.ts';
import { type ComputeWorld, computeContract } from './compute.ts';
import { runContract } from './contract.ts';
import { objectStoreContract } from './object-store.ts';
import { openStoreWorld } from './sdk-worlds.ts';

const region = 'us-east-1';
const nothing = async () => {};

async function computeWorld(cloud: TestCloud, compute: Compute): Promise<ComputeWorld> {
  const { imageId, root, subnetId, instanceProfile } = launchRequest(cloud);
  const { zone, cidr } = await compute.subnet(subnetId);
  let last = 30;
  return {
    compute,
    clock: cloud.clock,
    pause: 5000,
    accountId,
    subnetId,
    zone,
    address: () => cidr.replace(/\d+\/\d+$/, String(last++)),
    image: {
      id: imageId,
      parameter: cloud.cluster.aws.image.amd64?.replace(/^ssm:/, '') ?? '',
      rootDevice: root.device,
    },
    instanceType: 't3.medium',
    securityGroup: cloud.cluster.aws.securityGroups[0] ?? '',
    instanceProfile,
  };
}

/** The same cloud behind its HTTP shell; its clock is the virtual one, and the clients’ is set by it. */
async function serve({ ec2, s3, clock }: TestCloud) {
  const keys = () => [operatorKeys];
  const objects = createS3Shell({ s3, credentials: keys, region, now: clock.now });
  const owner = { accountId, region, now: clock.now };
  const handler = dispatch({ ec2, s3, owner, keys, objects, save: nothing, seed: nothing, token: 'none' });
  const server = await listen(handler, '127.0.0.1');
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    systemClockOffset: clock.now() - systemClock.now(),
    close: server.close,
  };
}

runContract(computeContract, {
  name: 'the embedded EC2, in memory',
  create: async () => {
    const cloud = testCloud();
    return { ...(await computeWorld(cloud, cloud.compute)), close: nothing };
  },
  deviations: {},
});

runContract(computeContract, {
  name: 'the embedded EC2, over HTTP',
  create: async () => {
    const cloud = testCloud();
    const server = await serve(cloud);
    const clients = openClientsAt({ endpoint: server.endpoint, region, ...operatorKeys });
    for (const { config } of [clients.ec2, clients.ssm, clients.sts])
      config.systemClockOffset = server.systemClockOffset;
    return {
      ...(await computeWorld(cloud, createEc2Compute(clients))),
      close: async () => {
        clients.close();
        await server.close();
      },
    };
  },
  deviations: {},
});

runContract(objectStoreContract, {
  name: 'the embedded S3, in memory',
  create: async () => {
    const cloud = testCloud();
    const { s3, store, cluster } = cloud;
    s3.createBucket('plain');
    const target = { bucket: cluster.aws.bucket, caller: { kind: 'operator' } } as const;
    let prefixes = 0;
    return {
      store: store(),
      plain: store('plain'),
      foreign: createStore(s3.operations, { ...target, expectedOwner: '999999999999' }),
      nowhere: store('nowhere'),
      region,
      prefix: () => `contract/${prefixes++}/`,
      now: cloud.clock.now,
      mark: async key => void (await s3.operations.deleteObject(target, { key })),
      calls: name => s3.callCounts()[name] ?? 0,
      close: nothing,
    };
  },
  deviations: {},
});

runContract(objectStoreContract, {
  name: 'the embedded S3, over HTTP',
  create: async () => {
    const cloud = testCloud();
    const { endpoint, systemClockOffset, close } = await serve(cloud);
    const world = await openStoreWorld({
      region,
      config: { endpoint, credentials: operatorKeys, systemClockOffset },
      accountId,
      now: cloud.clock.now,
    });
    return {
      ...world,
      close: async () => {
        await world.close();
        await close();
      },
    };
  },
  deviations: {},
});
