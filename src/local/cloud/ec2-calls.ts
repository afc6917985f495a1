import type { CloudCalls, LaunchedAs, VolumeView } from './cloud.ts';
import { seenInterfaces } from './ec2-interfaces.ts';
import { viewInstance } from './ec2-life.ts';
import { readParameter } from './ec2-lookups.ts';
import { seenReservations } from './ec2-reservations.ts';
import { type Ec2State, type StoredInstance, tagsAt } from './ec2-state.ts';
import { ask, type Ec2World, knownInstance, seenInstances } from './ec2-world.ts';

/** The same calls for the HTTP shell, which has filters of its own. */
export function shellCalls(world: Ec2World): CloudCalls {
  const { state } = world;
  return {
    describeInstances: () => ask(world, 'DescribeInstances', (_fail, moment) => seenInstances(world, moment)),
    describeInterfaces: () => ask(world, 'DescribeNetworkInterfaces', (_fail, moment) => seenInterfaces(world, moment)),
    describeReservations: () =>
      ask(world, 'DescribeCapacityReservations', (_fail, moment) => seenReservations(world, moment)),
    describeVolumes: () =>
      ask(world, 'DescribeVolumes', (_fail, { seen, pace }) =>
        Object.values(state.instances)
          .filter(one => viewInstance(one, seen, pace) && (one.end?.kind !== 'terminated' || one.end.at > seen))
          .map(one => volumeOf(one, seen)),
      ),
    describeAttributes: instanceId =>
      ask(world, 'DescribeInstanceAttribute', (fail, moment) =>
        launchedAs(state, knownInstance(world, fail, instanceId, moment)),
      ),
    readParameter: name => readParameter(world, name),
    launchedAs(instanceId) {
      const one = state.instances[instanceId];
      return one && launchedAs(state, one);
    },
    subnetOf: interfaceId => state.interfaces[interfaceId]?.subnetId,
  };
}

function launchedAs(state: Ec2State, one: StoredInstance): LaunchedAs {
  const attached = state.interfaces[one.interfaceId];
  return {
    request: {
      ...one.request,
      userData: Buffer.from(one.userData, 'base64'),
      tags: one.tags[0]?.tags ?? {},
      terminationProtection: one.protected,
    },
    terminationProtection: one.protected,
    volumeId: one.volumeId,
    securityGroups: attached?.securityGroups ?? [],
    interfaceId: one.interfaceId,
    privateIp: one.privateIp,
    mac: attached?.mac ?? '',
    zone: one.zone,
    arch: one.arch,
    subnetCidr: state.subnets[one.request.subnetId]?.cidr ?? '',
  };
}

/** The root volume, which ends with its instance. */
function volumeOf(one: StoredInstance, at: number): VolumeView {
  return {
    volumeId: one.volumeId,
    instanceId: one.instanceId,
    zone: one.zone,
    size: one.request.root.size,
    kmsKey: one.request.root.kmsKey,
    tags: tagsAt(one.volumeTags, at),
  };
}
