import type {
  InstanceNetworkInterfaceSpecification,
  ResourceType,
  RunInstancesCommandInput,
  Tag,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import type { LaunchRequest, Tags } from '../../ports/compute.ts';

/**
 * RunInstances for one instance. A shutdown from within terminates: an instance that is merely stopped keeps its address
 * and its identity, and the worker could not be launched again.
 */
export function runInstancesInput(request: LaunchRequest): RunInstancesCommandInput {
  return {
    MinCount: 1,
    MaxCount: 1,
    ClientToken: request.clientToken,
    ImageId: request.imageId,
    InstanceType: request.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
    NetworkInterfaces: [networkInterface(request)],
    IamInstanceProfile: { Name: request.instanceProfile },
    UserData: Buffer.from(request.userData).toString('base64'),
    BlockDeviceMappings: [rootVolume(request.root)],
    MetadataOptions: {
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      // A pod without the host's network is a hop further away.
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'disabled',
    },
    InstanceInitiatedShutdownBehavior: 'terminate',
    DisableApiTermination: request.terminationProtection,
    ...(request.spot && {
      InstanceMarketOptions: {
        MarketType: 'spot',
        SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
      },
    }),
    ...(request.reservationId !== null && {
      CapacityReservationSpecification: {
        CapacityReservationTarget: { CapacityReservationId: request.reservationId },
      },
    }),
    TagSpecifications: launchTags(request),
  };
}

/** Whether it gets a public address is left to the subnet. */
function networkInterface({ network, subnetId }: LaunchRequest): InstanceNetworkInterfaceSpecification {
  if (network.kind === 'interface')
    return { DeviceIndex: 0, NetworkInterfaceId: network.interfaceId, DeleteOnTermination: false };
  return {
    DeviceIndex: 0,
    SubnetId: subnetId,
    PrivateIpAddress: network.privateIp,
    Groups: [...network.securityGroups],
    DeleteOnTermination: true,
  };
}

function rootVolume({ device, size, kmsKey }: LaunchRequest['root']) {
  return {
    DeviceName: device,
    Ebs: {
      VolumeSize: size,
      VolumeType: 'gp3' as const,
      Encrypted: true,
      DeleteOnTermination: true,
      ...(kmsKey !== null && { KmsKeyId: kmsKey }),
    },
  };
}

/** Only what this very request creates can be tagged by it: not an interface that is there already. */
function launchTags({ network, tags }: LaunchRequest): TagSpecification[] {
  const kinds: readonly ResourceType[] =
    network.kind === 'interface' ? ['instance', 'volume'] : ['instance', 'volume', 'network-interface'];
  return kinds.map(kind => tagSpecification(kind, tags));
}

export function tagSpecification(kind: ResourceType, tags: Tags): TagSpecification {
  return { ResourceType: kind, Tags: tagList(tags) };
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
